"""How pages travel: one small style sheet, addresses that can be kept for a year, parts of pages, tokens that compression does not betray.

**Nouns.** The *sheet* is `/static/site.css`: of Bootstrap what the pages use, then our own style sheet. The *version* of a static file is a part
of the hash of its content; it stands in its address as `v`. A *part* is what a script fetches of a page to put it in the place of the old one.

**Who.** Every page. Nothing here knows what a page is about.

**Walk.** `base.html` asks `url_for("static", filename="site.css")`; the address names the version, so the answer may be kept for a year, and a new
release has new addresses. A page of a visitor says by its ETag whether it has changed. A form that a script has sent is answered, instead of by a
redirect, by where to go on (`X-Go`), so that the script can tell the same page from another one before anything of it is fetched.

Decision 0021 says why each of these is so.
"""
