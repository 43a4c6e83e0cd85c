"""Importing: bringing a file of technologies in, every row accounted for.

Nouns: table (a file opened, with its headers and rows), column mapping (which column means what), import run, import
row with its outcome: created, updated, unchanged, duplicate or rejected. `reading` opens files of any kind and yields
rows of text; `mapping` proposes what the columns mean; `rows` turns one row into values or says what is wrong with
which column; `operations` are the verbs. A new format is a reader that yields the same rows.

What became of a row follows from whom it is about (design.md §6: number, else key, else title):

- nobody yet: **created**, as a draft;
- a technology that came from the same source: **updated** where the file says something new, else **unchanged**.
  Whether it is new is judged against what the file said last time, so that the same file changes nothing even where
  somebody has since mended a technology by hand. An empty cell erases nothing. A draft is changed at once, what
  readers see when the run is published;
- one that an earlier row of this file was about, that this source calls by another key, or that did not come from
  this source: **duplicate**, and of which;
- a row that cannot be read is **rejected** with its column and the reason, and comes back in a file to be mended.

Rows are written in batches; a run that was broken off goes on after its last whole batch. A walk: upload → the
columns are proposed and mended → start → read → review → publish.
"""
