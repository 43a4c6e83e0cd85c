"""Excel workbooks (xlsx): the first sheet that holds anything, row by row with bounded memory.

A formula is never computed: its text stands in the cell as it is, and whoever reads a number or a date from it refuses it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from marketplace.errors import N_, Refused
from marketplace.importing.readers.tables import LONGEST_CELL, SAMPLE, TOO_LONG, Row, Table, checked, find_headers

MOST_UNPACKED = 1024 * 1024 * 1024


def open_workbook(path: Path) -> Table:
    """The table in a workbook. Raises `Refused`."""
    damaged = Refused(N_("This Excel file is damaged or cut off. Save it again and send it once more."), field="file")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise damaged from None
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise Refused(N_("This Excel file is too large when unpacked. Save it as .csv and send that."), field="file")
    try:
        first = list(islice(_sheet_rows(path), SAMPLE))
    except Refused:
        raise
    except Exception:
        raise damaged from None
    skip, headers = find_headers([cells for cells, _ in first])

    def start() -> Iterator[Row]:
        try:
            yield from checked(
                ((_padded(cells, len(headers)), fault) for cells, fault in _sheet_rows(path)), skip, len(headers)
            )
        except (zipfile.BadZipFile, EOFError, SyntaxError, KeyError, ValueError):
            raise damaged from None

    return Table(headers, start)


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
