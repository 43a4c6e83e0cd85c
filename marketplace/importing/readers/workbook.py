"""Excel workbooks (xlsx): the first sheet that holds anything, row by row with bounded memory.

A formula is never computed: its text stands in the cell as it is, and whoever reads a number or a date from it refuses it.
What stands in merged cells counts for all of them, as whoever merged them meant it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string

from marketplace.errors import N_, Refused
from marketplace.importing.readers.tables import LONGEST_CELL, SAMPLE, TOO_LONG, Row, Table, checked, find_headers

MOST_UNPACKED = 1024 * 1024 * 1024
MOST_STRINGS = 200 * 1024 * 1024
"""Bytes of the list of texts that all cells share: it is held in memory as a whole."""
MOST_MERGED = 10_000
CHUNK = 1 << 20
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')

TOO_LARGE = N_("This Excel file is too large when unpacked. Save it as .csv and send that.")
Line = tuple[Sequence[str], str | None]


class Merged(NamedTuple):
    """A rectangle of cells that are one: first and last row from 1, first and last column from 0."""

    top: int
    bottom: int
    left: int
    right: int


def open_workbook(path: Path) -> Table:
    """The table in a workbook. Raises `Refused`."""
    damaged = Refused(N_("This Excel file is damaged or cut off. Save it again and send it once more."), field="file")
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_large(archive.infolist())
        merged = _merged(path)
        first = list(islice(_sheet_rows(path, [one for one in merged if one.left == one.right]), SAMPLE))
    except Refused:
        raise
    except Exception:
        raise damaged from None
    grouping = {one.top - 1 for one in merged if one.right > one.left}
    skip, headers = find_headers([cells for cells, _ in first], grouping)

    def start() -> Iterator[Row]:
        try:
            lines = _sheet_rows(path, [one for one in merged if one.bottom > skip])
            yield from checked(((_padded(cells, len(headers)), fault) for cells, fault in lines), skip, len(headers))
        except Exception:
            raise damaged from None

    return Table(headers, start)


def _refuse_large(entries: Sequence[zipfile.ZipInfo]) -> None:
    strings = sum(entry.file_size for entry in entries if entry.filename.endswith("sharedStrings.xml"))
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED or strings > MOST_STRINGS:
        raise Refused(TOO_LARGE, field="file")


def _padded(cells: Sequence[str], width: int) -> Sequence[str]:
    """A row of a sheet ends at its last filled cell; that is no fault."""
    return [*cells, *[""] * (width - len(cells))]


def _merged(path: Path) -> list[Merged]:
    """The merged cells of the sheet that is read. They stand behind its rows, so that its bytes are looked through for them."""
    with path.open("rb") as file:
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = _sheet(book)
        found: list[Merged] = []
        with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path.lstrip("/")) as part:  # read-only sheets do not tell it otherwise
            rest = b""
            while len(found) < MOST_MERGED and (chunk := part.read(CHUNK)):
                text = rest + chunk
                found += [_rectangle(match) for match in _MERGED.finditer(text)]
                rest = text[text.rfind(b"<") :][-200:]
    return found


def _rectangle(match: re.Match[bytes]) -> Merged:
    left, right = (column_index_from_string(match[place].decode()) - 1 for place in (1, 3))
    return Merged(int(match[2]), int(match[4]), left, right)


def _sheet(book: Any) -> Any:
    return next((one for one in book.worksheets if _holds_anything(one)), book.worksheets[0])


def _sheet_rows(path: Path, merged: Sequence[Merged]) -> Iterator[Line]:
    """The rows of the first sheet that holds anything, cells as text."""
    with path.open("rb") as file:  # by name it would insist on a suffix
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        waiting, going = sorted(merged, reverse=True), dict[Merged, str]()
        for number, cells in enumerate(_sheet(book).iter_rows(values_only=True), 1):
            texts = [_cell_text(value) for value in cells]
            while waiting and waiting[-1].top <= number:
                one = waiting.pop()
                going[one] = texts[one.left] if one.top == number and one.left < len(texts) else ""
            going = {one: text for one, text in going.items() if one.bottom >= number}
            for one, text in going.items():
                _fill(texts, one, text)
            while texts and not texts[-1]:
                texts.pop()
            yield texts, TOO_LONG if any(len(text) > LONGEST_CELL for text in texts) else None


def _fill(texts: list[str], merged: Merged, text: str) -> None:
    """Let the cells of a row that belong to merged ones say what these say, as far as the row reaches."""
    if text:
        texts += [""] * (merged.left + 1 - len(texts))
        for place in range(merged.left, min(merged.right + 1, len(texts))):
            texts[place] = texts[place] or text


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
