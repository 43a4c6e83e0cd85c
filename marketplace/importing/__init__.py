"""Importing: bringing files of technologies and needs in, every row accounted for.

Nouns: table (a file opened, with its headers and rows), format (a kind of file that is known), column mapping (which column
means what), import run, import row with its outcome: created, updated, unchanged, duplicate or rejected. `readers` open
files of any kind and yield rows of text; `formats` knows tables by their headers, `mapping` proposes what the columns of any
other mean; `cells` and `rows` (`need_rows`) turn a row into values or say what is wrong with which column; `batch` with
`technologies` and `needs` decides what becomes of it, `duplicates` what it may repeat. The verbs are in `operations` until
the rows are read, then in `releasing`; `review` is what a run holds. `template` writes what comes back without loss. A new
format is a table of headers in `formats.toml`, or a reader that yields the same rows. `need_file` brings in one need from a
text.

What became of a row follows from whom it is about: number on this site, application number, publication number, the
source's own key, title; the first two whatever file it came in:

- nobody yet: **created**, as a draft;
- a listing of the organisation: **updated** where the file says something new, else **unchanged**. Whether it is new is
  judged against what this source said last time, else against what any file said, so that the same file changes nothing even
  where somebody has since mended a listing by hand. An empty cell erases nothing, but in a row of our template that names its
  listing. A draft is changed at once, what readers see when the run is published;
- one that an earlier row was about, that is of the same patent family, that has nearly the same title and the same owner, or
  that is known by its title alone from elsewhere: **duplicate**, with the evidence; one by likeness may be kept apart;
- a row that cannot be read is **rejected** with its column and the reason, and comes back in a file to be mended.

Rows are written in batches; a run that was broken off goes on after its last whole batch, one whose job was given up when
somebody has it go on. A run can be taken back: what it created is withdrawn, what it changed gets its old values back, what
somebody changed since stays. A walk: upload → the columns are proposed and mended → start → read → review → hold back,
keep apart → publish → take back.
"""
