"""Examples: ready-made texts with which somebody new tries the site before writing anything; thrown away wholly, and by nobody else ever seen.

Nouns: an *example* (示例) is one person's copy of a ready-made need, technology or pair of both, with the words he has changed in it and the answers he
has given. What is found for it is found anew each time among what is published, for his eyes.
States: none; an example of a pair has a *stage*, that of a deal which is only played. It stands until it is thrown away or is thirty days old.
Roles: the person alone. Not even the operator sees it.

An example is no listing. It stands in a table of its own that no other room reads, so that it cannot come into search, counts, feeds, mails,
exports or the funnel (docs/decisions/0020): there is nothing to leave out there, and nothing to be published here.

A walk: an owner who has just entered his workshop presses "Try it with an example first" → he reads a problem like his own, and under it what is
found with the reasons → he keeps one and sees what would come next → "Throw the example away" → he writes his own.
"""
