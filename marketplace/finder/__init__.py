"""Going somewhere by typing its name: pages of the site, things of one's own, and what one may create (直达).

**Nouns.** A *destination* is a link with a name: a page of the site (`words.PAGES`), something to create (`words.NEW`), or a thing of the reader's own.
Pages are found by their names in every language that the site speaks, things by words of their titles and by their numbers.

One field on one page, reached by a link in the head of every page and by Ctrl+K or ⌘K. Exactly one answer is opened at once; several stand as a list.
Without words the page lists what moved last among the reader's own things. Nothing is found here that the lists of these things would not show him.
"""
