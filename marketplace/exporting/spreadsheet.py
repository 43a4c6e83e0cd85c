"""An open list as an Excel file: one sheet with the listings, one that says what they are and where they come from.

It is written row by row into a temporary file, so that twenty thousand listings need no more memory than one. Whatever
somebody typed stands in it as text: `harmless` keeps a spreadsheet from running it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from marketplace.exporting.lists import Cell, Column
from marketplace.exporting.text import printable
from marketplace.importing.fields import harmless

LONGEST = 32_000  # characters of a cell; Excel takes 32,767
PINE, PINE_SOFT = "FF0F6152", "FFE4F0EC"
TOP = Alignment(wrap_text=True, vertical="top")
_NOT_IN_A_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


def cell(value: Cell) -> Cell:
    """A value as it may stand in a cell."""
    return harmless(printable(value)[:LONGEST]) if isinstance(value, str) else value


def written(
    title: str, about_title: str, columns: Sequence[Column], language: str, listings: Iterable[Any], note: str, about: Sequence[tuple[str, Cell]]
) -> IO[bytes]:
    """The file, at its beginning. `note` stands below the listings where there are more; `about` is what the second sheet says."""
    book = Workbook(write_only=True)
    book.properties.title = printable(title)
    _write_list(book, title, columns, _rows(columns, language, listings), note)
    _write_about(book, about_title, title, about)
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _rows(columns: Sequence[Column], language: str, listings: Iterable[Any]) -> Iterator[list[Cell]]:
    for listing in listings:
        yield [cell(column.value(listing, language)) for column in columns]


def _sheet(book: Workbook, name: str, widths: Sequence[int]) -> Any:
    sheet = book.create_sheet(_NOT_IN_A_SHEET_NAME.sub(" ", name)[:31])
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    return sheet


def _write_list(book: Workbook, title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], note: str) -> None:
    """The listings under a header that stays in sight. One cell for each column serves all rows: it is written before it changes."""
    sheet = _sheet(book, title, [column.width for column in columns])
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.append([_styled(sheet, column.heading, Font(bold=True, color=PINE), PatternFill("solid", fgColor=PINE_SOFT)) for column in columns])
    cells = [_styled(sheet, None) for _column in columns]
    count = 1
    for row in rows:
        sheet.append([_filled(place, value) for place, value in zip(cells, row, strict=True)])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"
    if note:
        sheet.append([_styled(sheet, note, Font(bold=True))])


def _filled(place: WriteOnlyCell, value: Cell) -> WriteOnlyCell | None:
    if value is None or value == "":
        return None
    place.value = value
    return place


def _styled(sheet: Any, value: Cell, font: Font | None = None, fill: PatternFill | None = None) -> WriteOnlyCell:
    made = WriteOnlyCell(sheet, cell(value))
    made.alignment = TOP
    if font:
        made.font = font
    if fill:
        made.fill = fill
    return made


def _write_about(book: Workbook, name: str, title: str, about: Sequence[tuple[str, Cell]]) -> None:
    sheet = _sheet(book, name, [24, 90])
    sheet.append([_styled(sheet, title, Font(bold=True, size=14, color=PINE))])
    for label, value in about:
        sheet.append([_styled(sheet, label, Font(bold=True)), _styled(sheet, value)])
