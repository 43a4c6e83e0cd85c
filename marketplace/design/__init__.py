"""The design page: every component in all its states, on one page a language, drawn by the macros that the pages use.

**Nouns.** A *token* is a named colour of the style sheet with a value by day and one by night. A *ground* is a token that others stand on. A
*specimen* is a component filled with invented content, so that it can be looked at without an account and without a catalogue.

**Who.** Whoever builds the site, on a development site; in production there is no such page. Nothing here is read from the database to be
shown, and nothing is written.

**Walk.** Open `/zh/design` or `/en/design`, change a macro of `templates/components` or a rule of `static/techbridge.css`, look again. A macro
without a specimen fails a test, and so does a colour that cannot be read on its ground.
"""
