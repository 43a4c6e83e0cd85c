"""Exporting: what goes out of the site as files, for search engines, news readers, spreadsheets, paper and reference lists.

Nouns: structured data (schema.org, on a listing's page), feed (Atom, the newest of a search), sitemap, open list (成果清单,
需求清单, 揭榜榜单, as xlsx or PDF, for a search), citation (BibTeX, RIS). There are no states and no tables: everything is
made from listings when it is asked for, and nothing is written.

Who sees what: structured data, feeds and sitemaps hold what a visitor without account may read, whoever asks, because
they are kept and passed on by machines. An open list and a citation hold what the one who asks may read.

A walk: somebody searches with two filters → takes the address of the feed into a news reader → asks for the list as PDF →
prints it, with the filters, the day and the address of each listing on it.

A further list, of scenarios say, is one entry in `lists.LISTS`.
"""
