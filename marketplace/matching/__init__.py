"""Matching: which technology answers which need, in either language, and why.

Nouns: a *document* (a technology or a need as the index sees it: passages in Chinese and English, facets), a *hit* (a
document with its log-odds as a sum of named contributions) and *evidence* (the sentences and words that carried it).
`text` cuts, `bridge` crosses the languages by dictionary, `lexical` counts words, `semantic` compares meanings, `fusion`
weighs them, `explain` shows them, `index` keeps all on disk, `evaluate` says how good it is. `docs/matching.md` has the
method and the measurements.
"""
