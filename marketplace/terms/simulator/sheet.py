"""The table of a simulation as a file: every scenario, every quarter, every kind of fee, as csv or as an Excel workbook.

There is no text of a user in it, so that no cell can be taken for a formula.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.styles import Font

from marketplace.terms.comparison import Simulation
from marketplace.terms.simulator import words
from marketplace.terms.simulator.outcome import kinds_of, lines

TYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}

Row = Sequence[str | Decimal]


def written(simulation: Simulation, lang: str, kind: str, say: words.Say) -> bytes:
    """The file, of one of `TYPES`."""
    kinds = kinds_of(simulation.projections.values())
    rows = [words.headings(kinds, say), *_rows(simulation, kinds, lang, say)]
    return _csv(rows) if kind == "csv" else _workbook(rows)


def _rows(simulation: Simulation, kinds: Sequence[str], lang: str, say: words.Say) -> Iterator[Row]:
    marks = words.said(words.MARKS, say)
    for code, projection in simulation.projections.items():
        for line in lines(projection.quarters, kinds, lang, marks, by_year=False):
            yield [
                say(words.SCENARIOS[code]), line.label, line.sales, *line.fees, line.institute, line.institute_total,
                line.margin, line.licensee, line.licensee_total, "; ".join(line.marks),
            ]


def _csv(rows: Sequence[Row]) -> bytes:
    """With the mark by which spreadsheets know UTF-8."""
    out = StringIO()
    csv.writer(out).writerows([f"{cell:f}" if isinstance(cell, Decimal) else cell for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _workbook(rows: Sequence[Row]) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for column in sheet.iter_cols(min_row=1, max_row=1):
        sheet.column_dimensions[column[0].column_letter].width = 18
    sheet.freeze_panes = "C2"
    out = BytesIO()
    book.save(out)
    return out.getvalue()
