"""Sales as a table: the template to fill, and what a filled one comes to.

One row is a product in a month, with its gross sales and a column for each deduction (or its profit, or its units). The row
“合计 Total” is optional and only compared with the sums. Whatever cannot be read is refused with its row and column, all of it at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from marketplace.errors import N_, Refused
from marketplace.importing.cells import parse_day, refuse_formula
from marketplace.importing.fields import harmless, plain
from marketplace.importing.readers import Row, open_table
from marketplace.terms.figures import typed_amount
from marketplace.terms.royalty import Period

PRODUCT, MONTH, TOTAL = "产品 Product", "月份 Month", "合计 Total"
FIGURES = {"gross": "销售额 Gross sales", "profit": "利润 Profit", "units": "数量 Units"}
DEDUCTION = "扣减："
USUAL_DEDUCTIONS = ("退货 Returns", "运费 Freight", "税金 Taxes")
MOST_FAULTS, MOST_ROWS = 20, 20_000
WHERE = N_("Row %(row)s, column “%(column)s”: %(what)s")
_DEDUCTION = re.compile(r"\s*(?:扣减|扣除|deductions?)\s*[:：]\s*(?P<name>.+)", re.IGNORECASE)
_TOTALS = frozenset({plain(TOTAL), plain("合计"), plain("总计"), plain("Total")})
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")

Fault = tuple[int, str, Refused]
"""What is wrong with a cell: its row as a spreadsheet counts, its column's header, and the reason."""


@dataclass
class Sums:
    """The sums of the columns read so far, and every fault met."""

    figure: Decimal = Decimal(0)
    deductions: dict[str, Decimal] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    rows: int = 0


@dataclass(frozen=True)
class Columns:
    """Where what stands, by place."""

    product: int | None
    month: int | None
    figure: int
    deductions: dict[int, str]
    headers: tuple[str, ...]


class Unreadable(Refused):
    """The table has cells that cannot be read; `faults` names them all, up to `MOST_FAULTS`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(N_("Some cells of this table cannot be read. Nothing was taken over; mend them and send the file again."), field="file")
        self.faults = list(faults[:MOST_FAULTS])


def template(figure: str, period: Period, deductions: Sequence[str]) -> IO[bytes]:
    """The workbook to fill for a period: a file at its beginning, that vanishes when it is closed."""
    names = [DEDUCTION + name for name in deductions or USUAL_DEDUCTIONS] if figure == "gross" else []
    headers = [PRODUCT, MONTH, FIGURES[figure], *names]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("销售报表 Statement")
    sheet.freeze_panes = "A2"
    for number in range(1, len(headers) + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 22
    sheet.append([_headed(sheet, harmless(header)) for header in headers])
    months = list(_months(period))
    for month in months:
        sheet.append([None, month])
    letters = [get_column_letter(number) for number in range(3, len(headers) + 1)]
    sheet.append([_headed(sheet, TOTAL), None, *(f"=SUM({letter}2:{letter}{len(months) + 1})" for letter in letters)])
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book.save(file)
    file.seek(0)
    return file


def _headed(sheet: Any, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font, cell.fill, cell.alignment = Font(bold=True), PatternFill("solid", fgColor="E7EFE9"), Alignment(wrap_text=True, vertical="top")
    return cell


def _months(period: Period) -> Iterator[str]:
    year, month = period.first.year, period.first.month
    while (year, month) <= (period.last.year, period.last.month):
        yield f"{year}-{month:02}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def read_sales(path: Path, figure: str, period: Period, places: int) -> dict[str, Any]:
    """The figures of a statement, summed up from a table. Raises `Refused`, or `Unreadable` with every cell that is wrong."""
    table = open_table(path)
    columns, sums = _columns(table.headers, figure), Sums()
    for row in table.rows():
        if len(sums.faults) >= MOST_FAULTS:
            break
        sums.rows += 1
        if sums.rows > MOST_ROWS:
            raise Refused(N_("The table has more than %(most)s rows."), field="file", most=MOST_ROWS)
        _add(row, columns, sums, period, (places, figure == "profit"))
    if sums.faults:
        raise Unreadable(sums.faults)
    if not sums.rows:
        raise Refused(N_("The table has headers but no rows below them."), field="file")
    values: dict[str, Any] = {figure: f"{sums.figure:f}"}
    kept = {name: f"{amount:f}" for name, amount in sums.deductions.items() if amount}
    return values | ({"deductions": kept} if kept else {})


def _columns(headers: tuple[str, ...], figure: str) -> Columns:
    """What the columns mean, by their headers in either language. Raises `Refused` for one that is missing or not known."""
    known = {plain(part): code for code, text in {"product": PRODUCT, "month": MONTH, figure: FIGURES[figure]}.items()
             for part in (text, *text.split(" ", 1))}
    places: dict[str, int] = {}
    deductions: dict[int, str] = {}
    for place, header in enumerate(headers):
        code = known.get(plain(header))
        match = _DEDUCTION.fullmatch(header) if figure == "gross" else None
        if code:
            places.setdefault(code, place)
        elif match:
            deductions[place] = match["name"].strip()
        else:
            raise Refused(N_("The column “%(column)s” is not known. Use the template; a deduction's header begins with “%(mark)s”."),
                          field="file", column=header, mark=DEDUCTION)
    if figure not in places:
        raise Refused(N_("The column “%(column)s” is missing."), field="file", column=FIGURES[figure])
    return Columns(places.get("product"), places.get("month"), places[figure], deductions, headers)


def _add(row: Row, columns: Columns, sums: Sums, period: Period, how: tuple[int, bool]) -> None:
    """Add a row to the sums, or note what is wrong with it."""
    if row.fault:
        sums.faults.append((row.number, "–", Refused(row.fault, **(row.why or {}))))
        return
    named = row.cells[columns.product] if columns.product is not None else row.cells[0]
    if plain(named) in _TOTALS:
        _compare(row, columns, sums, how)
        return
    if columns.month is not None:
        _noted(row, columns.month, columns, sums, lambda cell: _in_period(cell, period))
    sums.figure += _noted(row, columns.figure, columns, sums, lambda cell: amount_in(cell, *how))
    for place, name in columns.deductions.items():
        sums.deductions[name] = sums.deductions.get(name, Decimal(0)) + _noted(row, place, columns, sums, lambda cell: amount_in(cell, how[0]))


def _noted(row: Row, place: int, columns: Columns, sums: Sums, read: Callable[[str], Decimal]) -> Decimal:
    """What a cell holds; nothing, with the fault noted, when it cannot be read."""
    try:
        return read(row.cells[place])
    except Refused as fault:
        sums.faults.append((row.number, columns.headers[place], fault))
        return Decimal(0)


def amount_in(cell: str, places: int, signed: bool = False) -> Decimal:
    """An amount in a cell, none where it is empty; of a profit it may be negative. Raises `Refused`."""
    refuse_formula(cell)
    text = cell.strip().lstrip("'").replace("−", "-")
    if not text:
        return Decimal(0)
    negative = text.startswith("-") or (text.startswith("(") and text.endswith(")"))
    written = typed_amount(text.strip("-()"))
    if not _NUMBER.fullmatch(written):
        raise Refused(N_("“%(typed)s” is not an amount."), typed=cell[:40])
    if negative and not signed:
        raise Refused(N_("An amount cannot be negative here; what goes off the sales is a deduction."))
    if -int(Decimal(written).normalize().as_tuple().exponent) > places:
        raise Refused(N_("Amounts in this currency have at most %(places)s decimal places."), places=places)
    return -Decimal(written) if negative else Decimal(written)


def _in_period(cell: str, period: Period) -> Decimal:
    """Nothing, when the month in the cell (if any) touches the period. Raises `Refused` when it does not."""
    day = parse_day(cell.strip().removesuffix("月"))  # 2026年3月 is a month as people write it
    if day is not None and not (period.first.year, period.first.month) <= (day.year, day.month) <= (period.last.year, period.last.month):
        raise Refused(N_("This month does not belong to the period from %(first)s to %(last)s."),
                      first=period.first, last=period.last)
    return Decimal(0)


def _compare(row: Row, columns: Columns, sums: Sums, how: tuple[int, bool]) -> None:
    """The row of totals must say the sums of what stands above it; a formula is the spreadsheet's own sum and is passed over."""
    expected = {columns.figure: sums.figure} | {place: sums.deductions.get(name, Decimal(0)) for place, name in columns.deductions.items()}
    for place, total in expected.items():
        cell = row.cells[place]
        if not cell.strip() or cell.startswith("="):
            continue
        found = _noted(row, place, columns, sums, lambda text: amount_in(text, *how))
        if found != total and not any(fault[0] == row.number for fault in sums.faults):
            sums.faults.append((row.number, columns.headers[place], Refused(
                N_("The total says %(found)s, the rows above it come to %(total)s."), found=f"{found:f}", total=f"{total:f}")))

