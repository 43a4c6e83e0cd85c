"""Opening a table: csv, tsv or xlsx, told by content, read row by row with bounded memory, and clear words for what
is broken.

A text file is tried as UTF-8 (with or without byte order mark), UTF-16 with its mark, then GB 18030. A workbook is
read from its first sheet that holds anything. A formula is never computed: its text stands in the cell as it is, and
whoever reads a number or a date from it refuses it. The row of headers is the first that looks like one. Blank rows
do not count.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from marketplace.errors import N_, Refused

MOST_COLUMNS = 500
LONGEST_CELL = 1_000_000
MOST_UNPACKED = 1024 * 1024 * 1024
HEAD = 64 * 1024
SAMPLE = 40
MOST_LINES = 300
DELIMITERS = (",", "\t", ";", "|")

TOO_FEW = N_("This row has %(found)s cells instead of %(wanted)s; the file may be cut off here.")
TOO_MANY = N_("This row has %(found)s cells instead of %(wanted)s; a comma or quote may be missing.")
BROKEN_QUOTES = N_("The quotes in this row do not close; the file may be cut off here.")
TOO_LONG = N_("A cell of this row is longer than a million characters.")
HAS_NULL = N_("This row holds characters that are no text.")

csv.field_size_limit(LONGEST_CELL)


@dataclass(frozen=True)
class Row:
    """One row of the file: its number as a spreadsheet counts, its cells as text, and why it cannot be read, if so."""

    number: int
    cells: tuple[str, ...]
    fault: str | None = None
    why: dict[str, Any] | None = None


@dataclass(frozen=True)
class Table:
    """An opened file: its headers (each different) and a function that starts reading its rows anew."""

    kind: str
    headers: tuple[str, ...]
    start: Callable[[], Iterator[Row]]

    def rows(self) -> Iterator[Row]:
        """Every row below the headers that is not blank; one with a fault is yielded too."""
        return self.start()

    def sample(self, count: int = SAMPLE) -> list[Row]:
        """The first rows without a fault."""
        return list(islice((row for row in self.rows() if row.fault is None), count))


def open_table(path: Path) -> Table:
    """Open a file by its content. Raises `Refused` with what is wrong with it as a whole."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise Refused(N_("The file is empty."), field="file")
    if head.startswith(b"PK\x03\x04"):
        return _workbook(path)
    _refuse_binary(head)
    return _text_table(path, _encoding(path, head))


def _refuse_binary(head: bytes) -> None:
    """Refuse what is no text, naming the common mistakes."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(
            N_("This is an Excel file of the old kind (.xls) or one with a password. Save it as .xlsx or .csv."),
            field="file",
        )
    if head.startswith(b"%PDF"):
        raise Refused(N_("This is a PDF. Send the table itself, as .xlsx or .csv."), field="file")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"[{", b'["')):
        raise Refused(N_("This file is no table with rows and columns. Send it as .xlsx or .csv."), field="file")
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    if not wide and (odd > len(head) // 200 or head[:2] == b"\x1f\x8b"):
        raise Refused(N_("This is not a table of text. Send it as .xlsx or .csv."), field="file")


def _encoding(path: Path, head: bytes) -> str:
    """How the text is encoded: what the whole file can be read as. Raises `Refused` when it is neither."""
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        if _decodes(path, encoding):
            return encoding
    raise Refused(N_("The text of this file is neither UTF-8 nor GB 18030. Save it again as UTF-8."), field="file")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(
                b"", final=encoding != "gb18030"
            )  # a character cut in two at the end is the last row's fault
        except UnicodeDecodeError as error:
            return encoding == "utf-8-sig" and error.reason == "unexpected end of data"
    return True


def _text_table(path: Path, encoding: str) -> Table:
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = list(islice(file, 200))
    _refuse_null(lines)
    delimiter = _delimiter(lines)
    first = [row for row, _ in _parsed(iter(lines), delimiter)][:SAMPLE]
    skip, headers = _headers(first)

    def start() -> Iterator[Row]:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            yield from _checked(_parsed(file, delimiter), skip, len(headers))

    return Table("csv", headers, start)


def _refuse_null(lines: Sequence[str]) -> None:
    if any("\x00" in line for line in lines[:3]):
        raise Refused(N_("This is not a table of text. Send it as .xlsx or .csv."), field="file")


def _delimiter(lines: Sequence[str]) -> str:
    """What sets the cells apart: what gives most rows the same number of cells, and more than one."""

    def fitness(delimiter: str) -> tuple[float, int]:
        widths = [len(row) for row, fault in _parsed(iter(lines), delimiter) if row and not fault]
        common = max(set(widths), key=widths.count) if widths else 1
        return (widths.count(common) / len(widths), common) if common > 1 else (0.0, 0)

    best = max(DELIMITERS, key=fitness)
    return best if fitness(best)[0] else ","


class _Lines:
    """The lines of a text, at most `MOST_LINES` for one row, with those of a broken row given back but for the first."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.taken: list[str] = []
        self.waiting: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise StopIteration
        line = self.waiting.popleft() if self.waiting else next(self.lines)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """After a fault: only the first line of the row is lost."""
        self.waiting.extendleft(reversed(self.taken[1:]))


def _parsed(lines: Iterator[str], delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """The rows of a delimited text with the fault of each; after a fault it goes on with the next line."""
    source = _Lines(lines)
    while True:
        source.taken.clear()
        try:
            row, fault = next(csv.reader(source, delimiter=delimiter, strict=True)), None
        except StopIteration:
            return
        except csv.Error as error:
            fault = TOO_LONG if "field limit" in str(error) else BROKEN_QUOTES
            row = [source.taken[0].rstrip("\r\n")[:1000]]
            source.give_back()
        yield row, fault


def _headers(rows: Sequence[Sequence[str]]) -> tuple[int, tuple[str, ...]]:
    """How many rows stand above the data, and the headers, each made different. Raises `Refused` when there is no
    table."""
    widest = max((_filled(row) for row in rows), default=0)
    if not widest:
        raise Refused(N_("The file holds no table: no row with any text was found."), field="file")
    index = next((i for i, row in enumerate(rows[:20]) if _filled(row) * 5 >= widest * 3 and _names(row)), None)
    if index is None:
        index = next(i for i, row in enumerate(rows) if _filled(row))
    cells = list(rows[index])
    while cells and not cells[-1].strip():
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise Refused(
            N_("The table has %(found)s columns; at most %(most)s can be read."),
            field="file",
            found=len(cells),
            most=MOST_COLUMNS,
        )
    return index + 1, _different(cells)


def _filled(row: Sequence[str]) -> int:
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


def _checked(rows: Iterator[tuple[Sequence[str], str | None]], skip: int, width: int) -> Iterator[Row]:
    """Number the rows, leave the headers and blank rows out, and say what is wrong with a row as a whole."""
    for number, (cells, fault) in enumerate(rows, 1):
        if number <= skip or (not fault and not _filled(cells)):
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


def _workbook(path: Path) -> Table:
    damaged = Refused(N_("This Excel file is damaged or cut off. Save it again and send it once more."), field="file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise damaged from None
    if "xl/workbook.xml" not in {entry.filename for entry in entries}:
        raise Refused(N_("This is a zip archive, not a table. Send the table itself, as .xlsx or .csv."), field="file")
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Refused(N_("This Excel file is too large when unpacked. Save it as .csv and send that."), field="file")
    try:
        first = list(islice(_sheet_rows(path), SAMPLE))
    except Refused:
        raise
    except Exception:
        raise damaged from None
    skip, headers = _headers([cells for cells, _ in first])

    def start() -> Iterator[Row]:
        try:
            yield from _checked(
                ((_padded(cells, len(headers)), fault) for cells, fault in _sheet_rows(path)), skip, len(headers)
            )
        except (zipfile.BadZipFile, EOFError, SyntaxError, KeyError, ValueError):
            raise damaged from None

    return Table("xlsx", headers, start)


def _padded(cells: Sequence[str], width: int) -> Sequence[str]:
    """A row of a sheet ends at its last filled cell; that is no fault."""
    return [*cells, *[""] * (width - len(cells))]


def _sheet_rows(path: Path) -> Iterator[tuple[Sequence[str], str | None]]:
    """The rows of the first sheet that holds anything, cells as text."""
    with path.open("rb") as file:  # by name it would insist on a suffix
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheet = next((one for one in book.worksheets if _holds_anything(one)), None)
        for cells in sheet.iter_rows(values_only=True) if sheet else ():
            texts = [_cell_text(value) for value in cells]
            while texts and not texts[-1]:
                texts.pop()
            yield texts, TOO_LONG if any(len(text) > LONGEST_CELL for text in texts) else None


def _holds_anything(sheet: Any) -> bool:
    sheet.reset_dimensions()  # what the file says of its size may be wrong
    return any(any(value is not None for value in cells) for cells in islice(sheet.iter_rows(values_only=True), SAMPLE))


def _cell_text(value: Any) -> str:
    """A cell as text: a whole number without ".0", a day in ISO form, an error as nothing, a formula as it is written."""
    if value is None or (
        isinstance(value, str) and value in ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!")
    ):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(getattr(value, "text", value))
