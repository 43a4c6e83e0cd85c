"""Sales as a table: the template comes back as it went out, sums are exact, and every bad cell is named by row and column."""

from __future__ import annotations

import csv
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from marketplace.errors import Refused
from marketplace.licensing.statements import operations, sheet
from marketplace.licensing.statements.preview import period_of
from marketplace.terms.royalty import Period
from tests.licensing.reporting import FIRST, noon, two_sides

QUARTER = Period(date(2026, 1, 15), date(2026, 3, 31), date(2026, 4, 30))
HEADERS = ["产品 Product", "月份 Month", "销售额 Gross sales", "扣减：运费 Freight"]


def book(*rows, headers=HEADERS):
    made = Workbook()
    made.active.append(headers)
    for row in rows:
        made.active.append(row)
    file = BytesIO()
    made.save(file)
    return file.getvalue()


def read(tmp_path, content, figure="gross", places=2):
    path = tmp_path / "sales"
    path.write_bytes(content)
    return sheet.read_sales(path, figure, QUARTER, places)


def faults(tmp_path, content, **how):
    with pytest.raises(sheet.Unreadable) as refused:
        read(tmp_path, content, **how)
    return [(row, column, str(problem)) for row, column, problem in refused.value.faults]


def test_sums_by_column(tmp_path):
    rows = [["A", "2026-01", 1000.5, 10], ["B", "2026-02", "2,000.25", None], ["B", "2026年3月", "3万", "5.05"], ["合计 Total", None, "33000.75", "15.05"]]
    assert read(tmp_path, book(*rows)) == {"gross": "33000.75", "deductions": {"运费 Freight": "15.05"}}


def test_csv_in_gb18030_with_headers_in_one_language(tmp_path):
    text = "产品,月份,销售额,扣减：运费\nA,2026-01,100,1\n"
    assert read(tmp_path, text.encode("gb18030")) == {"gross": "100", "deductions": {"运费": "1"}}
    assert read(tmp_path, b"Product,Month,Gross sales,Deduction: freight\nA,2026-01,100,\n") == {"gross": "100"}


def test_the_template_filled_in_is_read_and_its_own_totals_are_passed_over(tmp_path):
    with sheet.template("gross", QUARTER, ()) as made:
        filled = load_workbook(made)
    page = filled.active
    assert [page.cell(row, 2).value for row in (2, 3, 4)] == ["2026-01", "2026-02", "2026-03"]
    for row in (2, 3, 4):
        page.cell(row, 1, "A")
        page.cell(row, 3, 100.1)
        page.cell(row, 5, 7)
    file = BytesIO()
    filled.save(file)
    assert read(tmp_path, file.getvalue()) == {"gross": "300.3", "deductions": {"运费 Freight": "21"}}


@pytest.mark.parametrize(("cell", "said"), [
    ("viel", "is not an amount"), ("=1+1", "holds a formula"), (-5, "cannot be negative"), ("1.005", "at most 2"), ("1e5", "is not an amount"),
])
def test_a_bad_amount_is_named_by_row_and_column(tmp_path, cell, said):
    ((row, column, reason),) = faults(tmp_path, book(["A", "2026-01", 1, 0], ["B", "2026-02", cell, 0]))
    assert (row, column) == (3, "销售额 Gross sales") and said in reason


def test_all_bad_cells_are_named_at_once(tmp_path):
    found = faults(tmp_path, book(["A", "2026-05", "x", "y"], ["B", "not a month", 1, 2]))
    assert [(row, column.split()[0]) for row, column, _ in found] == [(2, "月份"), (2, "销售额"), (2, "扣减：运费"), (3, "月份")]


def test_a_wrong_total_is_found(tmp_path):
    ((row, column, reason),) = faults(tmp_path, book(["A", "2026-01", 1, 0], ["Total", None, 2, 0]))
    assert (row, column) == (3, "销售额 Gross sales") and "come to 1" in reason


@pytest.mark.parametrize("headers", [["产品 Product", "月份 Month"], [*HEADERS, "颜色"]])
def test_columns_that_are_missing_or_not_known(tmp_path, headers):
    with pytest.raises(Refused) as refused:
        read(tmp_path, book(["A", "2026-01", 1, 1, 1][: len(headers)], headers=headers))
    assert refused.value.field == "file" and refused.value.values["column"]


def test_a_loss_is_read_where_profit_is_stated(tmp_path):
    content = book(["A", "2026-01", "(500.50)"], ["A", "2026-02", "−1"], ["A", "2026-03", 100], headers=["产品 Product", "月份 Month", "利润 Profit"])
    assert read(tmp_path, content, figure="profit") == {"profit": "-401.50"}


def test_units_may_be_fine(tmp_path):
    content = book(["A", "2026-01", "1.125"], headers=["产品 Product", "月份 Month", "数量 Units"])
    assert read(tmp_path, content, figure="units", places=12) == {"units": "1.125"}


@settings(max_examples=40, deadline=None)
@given(amounts=st.lists(st.decimals(0, 10**9, places=2), min_size=1, max_size=30))
def test_sums_are_exact(tmp_path_factory, amounts):
    path = tmp_path_factory.mktemp("sheet") / "sales.csv"
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(["A", "2026-02", f"{amount:,f}", ""] for amount in amounts)
    assert sheet.read_sales(path, "gross", QUARTER, 2)["gross"] == f"{sum(amounts):f}"


def test_a_table_becomes_a_draft_with_the_table_beside_it(app, session):
    two, july = two_sides(), noon(2026, 7, 10)
    period = period_of(two.agreement, FIRST, date(2026, 7, 10))
    content = book(["A", "2026-01", 100, 1])
    made = operations.draft_from_file(two.licensee, two.agreement, period, BytesIO(content), "sales.xlsx", "key", july)
    again = operations.draft_from_file(two.licensee, two.agreement, period, BytesIO(content), "sales.xlsx", "key", july)
    assert again is made and made.values == {"gross": "100", "deductions": {"运费 Freight": "1"}}
    assert [file.name for file in operations.attachments.attachments_of(made)] == ["sales.xlsx"]
    other = operations.draft_from_file(two.licensee, two.agreement, period, BytesIO(book(["A", "2026-01", 200, 1])), "new.xlsx", "other", july)
    assert other is made and made.values["gross"] == "200"
    with pytest.raises(sheet.Unreadable):
        operations.draft_from_file(two.licensee, two.agreement, period, BytesIO(book(["A", "2026-01", "x", 1])), "bad.xlsx", "third", july)
    assert made.values["gross"] == "200"
