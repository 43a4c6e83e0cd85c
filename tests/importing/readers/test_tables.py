"""Opening tables: good ones in every dress, and every bad file with a clear answer and never a traceback."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from marketplace.errors import Refused
from marketplace.importing.readers import Row, Table, delimited, open_table, tables
from marketplace.importing.readers import workbook as workbooks

TABLE = "标题,摘要,申请号\n一种装置,很好,1\n另一种装置,更好,2\n"


@pytest.fixture
def opened(tmp_path: Path):
    """Write bytes to a file without a telling name and open it."""

    def open_bytes(data: bytes | str) -> Table:
        path = tmp_path / "upload"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return open_table(path)

    return open_bytes


def rows(table: Table) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.number, row.cells) for row in table.rows() if row.fault is None]


def faults(table: Table) -> dict[int, str]:
    return {row.number: row.fault for row in table.rows() if row.fault}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(opened, encoding: str) -> None:
    table = opened(TABLE.encode(encoding))
    assert table.headers == ("标题", "摘要", "申请号")
    assert rows(table) == [(2, ("一种装置", "很好", "1")), (3, ("另一种装置", "更好", "2"))]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters(opened, delimiter: str) -> None:
    assert opened(TABLE.replace(",", delimiter)).headers == ("标题", "摘要", "申请号")


def test_quotes_line_breaks_and_carriage_returns(opened) -> None:
    table = opened('title,abstract\r\n"a, b","line one\nline ""two"""\r\n')
    assert rows(table) == [(2, ("a, b", 'line one\nline "two"'))]


def test_one_column_is_a_table_too(opened) -> None:
    assert rows(opened("title\na\nb\n")) == [(2, ("a",)), (3, ("b",))]


def test_lines_above_the_headers_are_left_out(opened) -> None:
    table = opened("search URL:,https://example.com\nid,title,assignee,inventor\nUS-1,foo,bar,baz\n")
    assert table.headers == ("id", "title", "assignee", "inventor")
    assert rows(table) == [(3, ("US-1", "foo", "bar", "baz"))]


def test_headers_missing_or_twice_are_told_apart(opened) -> None:
    assert opened("a,a,,a\n1,2,3,4\n").headers == ("a", "a (2)", "#3", "a (3)")


def test_blank_rows_do_not_count(opened) -> None:
    assert rows(opened("title,n\n\n,,\na,1\n\n")) == [(4, ("a", "1"))]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (bytes(range(256)) * 20, "not a table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "not a table"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old kind"),
        (b"%PDF-1.7\n", "PDF"),
        (b"title,\x00n\nfoo,1\n", "not a table"),
        (b"<html><body>title</body></html>", "no table"),
        (b'[{"title": 1}]', "no table"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n" + b"," * 9_999, "10000 columns"),
        (b"\n\n,,,\n", "no row with any text"),
        (b"a,b\n\xff\xff\xfe\xff,1\n", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(opened, data: bytes, says: str) -> None:
    with pytest.raises(Refused) as refused:
        opened(data)
    assert says in str(refused.value)
    assert refused.value.field == "file"


def test_cut_off_in_the_middle_of_a_row(opened) -> None:
    table = opened("title,abstract,number\na,b,1\nc,d")
    assert rows(table) == [(2, ("a", "b", "1"))]
    assert faults(table) == {3: tables.TOO_FEW}


def test_cut_off_in_the_middle_of_a_quoted_text(opened) -> None:
    table = opened('title,abstract\na,b\nc,"begun and never')
    assert rows(table) == [(2, ("a", "b"))]
    assert faults(table) == {3: delimited.BROKEN_QUOTES}


def test_cut_off_in_the_middle_of_a_character(opened) -> None:
    table = opened("标题,摘要\n一种,二".encode()[:-1])
    assert faults(table) == {2: tables.HAS_NULL}


def test_an_open_quote_in_the_middle_costs_one_row_only(opened) -> None:
    table = opened('title,n\na,1\nb,"2\n' + "".join(f"c{n},{n}\n" for n in range(500)))
    assert len(rows(table)) == 501
    assert faults(table) == {3: delimited.BROKEN_QUOTES}


def test_a_row_with_too_many_cells_or_nulls_is_a_fault_of_that_row(opened) -> None:
    table = opened("title,n\na,1,2\nb,2,\n" + "x,1\n" * 300 + "c\x00,3\n")
    assert faults(table) == {2: tables.TOO_MANY, 304: tables.HAS_NULL}
    assert rows(table)[0] == (3, ("b", "2"))


def test_a_row_of_ten_megabytes_is_a_fault_of_that_row(opened) -> None:
    table = opened("title,n\n" + "x" * 10_000_000 + ",1\nb,2\n")
    assert faults(table) == {2: tables.TOO_LONG}
    assert rows(table) == [(3, ("b", "2"))]


def workbook(*sheets: list[list[object]]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for values in sheets:
        sheet = book.create_sheet()
        for row in values:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_workbook_with_dates_numbers_and_formulas(opened) -> None:
    table = opened(
        workbook(
            [],
            [
                ["成果清单"],
                [],
                ["标题", "申请日", "专利号", "合计"],
                ["甲", datetime(2020, 1, 2), 7438030.0, "=SUM(A1:A9)"],
                ["乙", None],
                [],
                [None, None, 3.5],
            ],
        )
    )
    assert table.headers == ("标题", "申请日", "专利号", "合计")
    assert rows(table) == [
        (4, ("甲", "2020-01-02", "7438030", "=SUM(A1:A9)")),
        (5, ("乙", "", "", "")),
        (7, ("", "", "3.5", "")),
    ]


def test_a_workbook_cut_off_or_of_another_kind_is_refused(opened) -> None:
    data = workbook([["title"], ["a"]])
    with pytest.raises(Refused, match="damaged or cut off"):
        opened(data[: len(data) // 2])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    with pytest.raises(Refused, match="zip archive"):
        opened(buffer.getvalue())


def test_a_workbook_whose_sheet_is_broken_inside_is_refused(opened) -> None:
    good = zipfile.ZipFile(io.BytesIO(workbook([["title"], ["a"]])))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in good.namelist():
            archive.writestr(name, good.read(name)[:300] if "sheet1" in name else good.read(name))
    with pytest.raises(Refused, match="damaged"):
        opened(buffer.getvalue())


def test_a_workbook_with_ten_thousand_columns_is_refused(opened) -> None:
    with pytest.raises(Refused, match="10000 columns"):
        opened(workbook([[f"c{n}" for n in range(10_000)], ["a"] * 10_000]))


def test_a_workbook_that_would_unpack_to_more_than_a_gigabyte_is_refused(
    opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MOST_UNPACKED", 1000)
    with pytest.raises(Refused, match="too large when unpacked"):
        opened(workbook([["title"], *[["a" * 100]] * 100]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=300).map(str.encode),
        st.text('a,";\n\r\t|标', max_size=200).map(str.encode),
    )
)
def test_any_bytes_are_read_or_refused(opened, data: bytes) -> None:
    try:
        table = opened(data)
        for row in table.rows():
            assert isinstance(row, Row)
            assert row.fault or len(row.cells) == len(table.headers)
    except Refused:
        pass


def test_merged_cells_speak_for_all_of_them_and_headers_stand_below_their_groups(opened) -> None:
    book = Workbook()
    sheet = book.active
    for line in (
        ["成果", "专利", None, "单位"], ["名称", "申请号", "申请日", None],
        ["甲", "95115608.X", "2017-01-02", "机械学院"], ["乙", None, None, None], ["丙", None, None, "化工学院"],
    ):
        sheet.append(line)
    for area in ("B1:C1", "D1:D2", "D3:D4"):
        sheet.merge_cells(area)
    buffer = io.BytesIO()
    book.save(buffer)
    table = opened(buffer.getvalue())
    assert table.headers == ("名称", "申请号", "申请日", "单位")
    assert rows(table) == [
        (3, ("甲", "95115608.X", "2017-01-02", "机械学院")), (4, ("乙", "", "", "机械学院")), (5, ("丙", "", "", "化工学院")),
    ]


def test_a_million_empty_rows_end_with_one_reason(opened) -> None:
    head = '<row r="1"><c r="A1" t="inlineStr"><is><t>名称</t></is></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>甲</t></is></c></row>'
    data = workbook([["名称"]])
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                empty = "".join(f'<row r="{number}"/>' for number in range(3, 1_000_003))
                content = content[: content.index(b"<sheetData>")] + f"<sheetData>{head}{empty}</sheetData></worksheet>".encode()
            made.writestr(entry.filename, content)
    table = opened(target.getvalue())
    assert [(row.cells, row.fault) for row in table.rows()] == [(("甲",), None), ((), tables.GOES_ON)]


def test_a_table_without_headers_is_told_so(opened) -> None:
    with pytest.raises(Refused, match="looks like data"):
        opened("2017-01-02,95115608.X,12345\n2018-01-02,97101765.4,23456\n")


def test_texts_that_would_fill_the_memory_are_refused(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_STRINGS", 100)
    with pytest.raises(Refused, match="too large when unpacked"):
        opened(_with_shared_strings([["title"], *[[f"text number {number}"] for number in range(50)]]))


def _with_shared_strings(lines: list[list[str]]) -> bytes:
    """A workbook as Excel itself writes it."""
    source, target = zipfile.ZipFile(io.BytesIO(workbook(lines))), io.BytesIO()
    strings = "".join(f"<si><t>{cell}</t></si>" for line in lines for cell in line)
    with zipfile.ZipFile(target, "w") as made:
        for entry in source.infolist():
            if entry.filename != "xl/sharedStrings.xml":
                made.writestr(entry.filename, source.read(entry))
        made.writestr("xl/sharedStrings.xml", f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{strings}</sst>')
    return target.getvalue()
