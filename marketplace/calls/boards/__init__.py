"""Boards (榜单): a region's or a ministry's list of calls with its own page.

**Nouns.** A *board* belongs to an agency, or to an organisation of the site's operator. It is *asked* for by the owner of a call and *decides*.

**Roles.** Members of the board's organisation write, publish and close it, and decide on each call; a call's owner can take it off again at any time.
"""
