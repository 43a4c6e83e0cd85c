"""The pages of the simulator: what terms would bring both sides, before anybody signs.

Nouns: *plan* (what is assumed beside the sales), *scenario* (cautious, expected, good: one column of sales each),
*simulation* (their projections and the comparison with an upfront fee; `terms.comparison.simulate` makes it).

Roles: everybody may calculate, also without an account. Nothing is stored: all that was typed is in the form, and a link
carries it to somebody else (`link`). The terms come from the form, or from the offer of a technology that the reader may
read; which terms those are the catalogue says (`views.bind`).

One walk: open the simulator from a technology → its terms are there → move the slider → the page is posted, and the
parts of the answer that changed take the place of the old ones. Without script a button does the same.
"""
