"""The example spreadsheet of an institute: a list as transfer offices keep it, and what an import would make of it. Nothing of it is stored."""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from marketplace.errors import Refused
from marketplace.importing.duplicates import plain_title
from marketplace.importing.fields import EXAMPLE_HEADER
from marketplace.importing.mapping import Proposal, columns_of, propose
from marketplace.importing.readers import open_table
from marketplace.importing.rows import read_row

ROWS: dict[str, list[tuple[str, ...]]] = {
    "zh": [
        ("成果名称", "简介", "专利申请号", "申请日", "发明人", "技术成熟度", "联系电话", EXAMPLE_HEADER),
        ("不锈钢小件脉冲电解去毛刺", "用短脉冲电流去除内孔和槽口的毛刺，单件 40 秒。", "", "2021-03-15", "甲某；乙某", "6", "0571-0000", "示例"),
        ("薄壁件随动支承铣削", "支承随刀具移动，抑制薄壁振动。", "", "2020-06-01", "丙某", "5", "0571-0000", "示例"),
        ("薄壁件随动支承铣削", "同一项成果，表里写了两遍。", "", "2020-06-01", "丙某", "5", "0571-0000", "示例"),
        ("模具随形冷却镶件", "缩短注塑冷却时间约三成。", "", "2019年13月", "丁某", "7", "0571-0000", "示例"),
    ],
    "en": [
        ("Name of the result", "Abstract", "Application number", "Filing date", "Inventors", "TRL", "Office telephone", EXAMPLE_HEADER),
        ("Pulsed electrolytic deburring of small steel parts", "Short pulses take the burr off bores and slots, 40 s a piece.", "", "2021-03-15",
         "A. Person; B. Person", "6", "0571-0000", "example"),
        ("Following support for milling thin walls", "A support moves with the tool.", "", "2020-06-01", "C. Person", "5", "0571-0000", "example"),
        ("Following support for milling thin walls", "The same result, written down twice.", "", "2020-06-01", "C. Person", "5", "0571-0000", "example"),
        ("Conformally cooled mould insert", "Shortens cooling in injection moulding by a third.", "", "2019-13-01", "D. Person", "7", "0571-0000", "example"),
    ],
}
"""Headers and rows by language: two that would come in, one that is there twice, one with a date that is none, and a column that is not taken."""


@dataclass(frozen=True)
class Line:
    """One row: its number as a spreadsheet counts, its title, what becomes of it, and of a rejected one why, as message id, column and values."""

    number: int
    title: str
    outcome: str
    why: str = ""
    column: str = ""
    values: dict[str, Any] | None = None


@dataclass(frozen=True)
class Reading:
    """What each column is taken for, and what becomes of each row."""

    columns: list[Proposal]
    lines: list[Line]


def written(language: str) -> bytes:
    """The file."""
    book, target = Workbook(write_only=True), io.BytesIO()
    page = book.create_sheet("1")
    for row in ROWS.get(language, ROWS["en"]):
        page.append(row)
    book.save(target)
    return target.getvalue()


def read(language: str) -> Reading:
    """The file as an import reads it: by the same readers, the same proposal of columns, the same reading of rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "example.xlsx")
        path.write_bytes(written(language))
        table = open_table(path)
        proposals, seen = propose(table), set[str]()
        columns = columns_of(proposals)
        lines = [_line(row.number, dict(zip(table.headers, row.cells, strict=False)), columns, table.format, seen) for row in table.rows()]
    return Reading(proposals, lines)


def _line(number: int, cells: dict[str, str], columns: dict[str, str], kind: str, seen: set[str]) -> Line:
    title = next(iter(cells.values()), "")
    try:
        read_row(cells, columns, kind)
    except Refused as problem:
        return Line(number, title, "rejected", problem.message, problem.field or "", problem.values)
    before, plain = len(seen), plain_title(title)
    seen.add(plain)
    return Line(number, title, "created" if len(seen) > before else "duplicate")
