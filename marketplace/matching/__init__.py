"""Matching: which technology answers which need, in either language, and why.

Nouns: a *document* (a technology or a need as the index sees it: passages in Chinese and English, facets), a *hit* (a
document with its log-odds as a sum of named contributions) and *evidence* (the sentences and words that carried it).
`text` cuts, `bridge` crosses the languages by dictionary, `lexical` counts words, `semantic` compares meanings, `fusion`
weighs them, `explain` shows them, `index` keeps all on disk, `evaluate` says how good it is. `docs/matching.md` has the
method and the measurements.

A *match* is a kept pairing of a need and a technology, with a *scoring* for each calculation and an answer for each side
(firm, holder, broker): new → shortlisted | declined with a code | introduced. Roles: everybody reads what is open to
them; each side answers for itself; a negative result is a warning and never a match.

A walk: a need is published; a job indexes it, another ranks the technologies against it without holding a lock and keeps
the best with their contributions; the author is mailed; the firm opens a match, sees both texts and the waterfall, and
shortlists it, or declines it with a reason that goes back as advice.
"""
