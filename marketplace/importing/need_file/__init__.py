"""One need from a file: an enterprise sends the text it has, and the text becomes a draft need.

Nouns: writing (the text of a file), section (a labelled part of it), proposal (a value for one field of the need, with
the words it was read from). `writings` opens plain text and Word files; `sections` finds the labelled parts; `targets`,
`budgets` and `deadlines` read figures, money and dates; `proposals` puts it all together.

Title and problem are the firm's own words and are filled in; whatever else was read is proposed and taken only where
the person ticks it, and what the text leaves open stays open. Between the two steps the text travels in the form, so
that nothing is kept before the person decides. A walk: send the file → read the text and the proposals → tick → draft.
"""
