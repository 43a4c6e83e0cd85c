"""Facilities, experts and scenarios in the engine: searched like technologies, and suggested beside needs, technologies and matches.

Nouns: a *suggestion*, a resource with its hit; a *gap*, the levels of maturity between what is offered and what is wanted. The three kinds are
kinds of documents of the one index (docs/decisions/0017): each is asked for alone, its filter is one bitmap, and what a term weighs
comes from all that the site knows. A question is the text of the need or technology in full, the facts of both sides are weighed by the same rules.

A walk: a match offers TRL 4 where 7 is wanted; its page names up to three facilities that can take the technology there, ordered by meaning, by how
much of the gap each covers and by region, and scenarios and experts beside them.
"""
