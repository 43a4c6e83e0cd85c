"""Tables: what every reader yields, whatever the format: headers, and rows of text below them; and how the headers are found.

The row of headers is the first that looks like one. Blank rows do not count. A row that is broken as a whole is yielded
with its fault, so that it is accounted for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from marketplace.errors import N_, Refused
from marketplace.importing.fields import DOCUMENT, HEADERS

MOST_COLUMNS = 500
LONGEST_CELL = 1_000_000
SAMPLE = 40
MOST_BLANK = 20_000
_DATA = re.compile(r"\d{4}")  # a year, a number: no name of a column

TOO_FEW = N_("This row has %(found)s cells instead of %(wanted)s; the file may be cut off here.")
TOO_MANY = N_("This row has %(found)s cells instead of %(wanted)s; a comma or quote may be missing.")
TOO_LONG = N_("A cell of this row is longer than a million characters.")
TOO_MANY_COLUMNS = N_("The table has %(found)s columns; at most %(most)s can be read.")
GOES_ON = N_("More than %(most)s empty rows follow; what may stand below them was not read.")
HAS_NULL = N_("This row holds characters that are no text.")


@dataclass(frozen=True)
class Row:
    """One row of the file: its number as a spreadsheet counts, its cells as text, and why it cannot be read, if so.

    `place` says where it stands in an archive of several files: the file's name and the number there.
    """

    number: int
    cells: tuple[str, ...]
    fault: str | None = None
    why: dict[str, Any] | None = None
    place: str = ""


@dataclass(frozen=True)
class Table:
    """An opened file: its headers (each different) and a function that starts reading its rows anew.

    `format` is the name of a format of `formats.toml`, or "table" for any other; `columns` says what the headers mean
    (header → field) where the format does.
    """

    headers: tuple[str, ...]
    start: Callable[[], Iterator[Row]]
    format: str = "table"
    columns: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """Every row below the headers that is not blank; one with a fault is yielded too."""
        return self.start()

    def sample(self, count: int = SAMPLE) -> list[Row]:
        """The first rows without a fault."""
        return list(islice((row for row in self.rows() if row.fault is None), count))


@dataclass(frozen=True)
class Broken:
    """A document that cannot be read: the reason as a message id, its values, and what of it can be shown."""

    reason: str
    why: dict[str, Any] = field(default_factory=dict)
    shown: str = ""


Document = Mapping[str, str | Sequence[str]]
"""What a document without headers holds: field of `fields.DOCUMENT` → its text, or the entries of a list."""


def of_documents(format: str, start: Callable[[], Iterator[Document | Broken]]) -> Table:
    """Documents (XML, JSON) laid out as a table under the headers of our own template; the first of them is row 1."""

    def rows() -> Iterator[Row]:
        for number, document in enumerate(start(), 1):
            if isinstance(document, Broken):
                yield Row(number, (document.shown[:1000],), document.reason, dict(document.why))
            else:
                yield Row(number, laid_out(document))

    return document_table(format, rows)


def document_table(format: str, rows: Callable[[], Iterator[Row]]) -> Table:
    """A table whose rows are documents laid out already."""
    headers = tuple(HEADERS[name] for name in DOCUMENT)
    return Table(headers, rows, format, dict(zip(headers, DOCUMENT, strict=True)))


def laid_out(document: Document) -> tuple[str, ...]:
    """The cells of a document, in the order of `fields.DOCUMENT`."""
    return tuple(_cell(document.get(name, "")) for name in DOCUMENT)


def _cell(value: str | Sequence[str]) -> str:
    """A list stands in its cell an entry a line; one entry alone is followed by a line's end, so that it is not taken apart."""
    if isinstance(value, str):
        return value.strip()
    entries = [" ".join(entry.split()) for entry in value if entry.strip()]
    return "\n".join(entries) + ("\n" if len(entries) == 1 else "")


def find_headers(rows: Sequence[Sequence[str]], grouping: Collection[int] = ()) -> tuple[int, tuple[str, ...]]:
    """How many rows stand above the data, and the headers, each made different. `grouping` rows (from 0) put several columns
    under one heading: the headers stand below them. Raises `Refused` when there is no table, or one without headers."""
    widest = max((filled(row) for row in rows), default=0)
    if not widest:
        raise Refused(N_("The file holds no table: no row with any text was found."), field="file")
    fitting = [i for i, row in enumerate(rows[:20]) if filled(row) * 5 >= widest * 3 and _names(row)]
    index = next((i for i in fitting if i not in grouping), fitting[0] if fitting else None)
    if index is None:
        index = next(i for i, row in enumerate(rows) if filled(row))
        if any(_DATA.search(cell) for cell in rows[index]):
            raise Refused(N_("The first row looks like data. Put a row with the names of the columns above it."), field="file")
    cells = list(rows[index])
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise Refused(
            TOO_MANY_COLUMNS,
            field="file",
            found=len(cells),
            most=MOST_COLUMNS,
        )
    return index + 1, _different(cells)


def filled(row: Sequence[str]) -> int:
    """How many cells of the row hold anything."""
    return sum(bool(cell.strip()) for cell in row)


def _names(row: Sequence[str]) -> bool:
    """Whether the filled cells read like names of columns: short, mostly words, none twice as a number."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return (
        all(len(cell) <= 100 for cell in cells)
        and sum(any(c.isalpha() for c in cell) for cell in cells) * 5 >= len(cells) * 4
    )


def _different(cells: Sequence[str]) -> tuple[str, ...]:
    """The headers as typed; one that is missing is called by its place, one that comes again is numbered."""
    found: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.replace("\x00", "").split())[:120] or f"#{place}"
        again = sum(re.sub(r" \(\d+\)$", "", known) == name for known in found)
        found.append(f"{name} ({again + 1})" if again else name)
    return tuple(found)


def checked(rows: Iterator[tuple[Sequence[str], str | None]], skip: int, width: int) -> Iterator[Row]:
    """Number the rows, leave the headers and blank rows out, and say what is wrong with a row as a whole.

    A sheet that goes on without anything in it is not read to its end.
    """
    blank = 0
    for number, (cells, fault) in enumerate(rows, 1):
        blank = 0 if fault or filled(cells) else blank + 1
        if blank > MOST_BLANK:
            yield Row(number, (), GOES_ON, {"most": MOST_BLANK})
            return
        if number <= skip or blank:
            continue
        why = {"found": len(cells), "wanted": width}
        if fault:
            yield Row(number, tuple(cells), fault, {})
        elif any("\x00" in cell or "\ufffd" in cell for cell in cells):
            yield Row(number, _printable(cells), HAS_NULL, {})
        elif len(cells) < width:
            yield Row(number, tuple(cells), TOO_FEW, why)
        elif any(cell.strip() for cell in cells[width:]):
            yield Row(number, tuple(cells), TOO_MANY, why)
        else:
            yield Row(number, tuple(cells[:width]))


def _printable(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple("".join(c for c in cell if unicodedata.category(c) != "Cc" or c in "\t\n") for cell in cells)
