"""The map of demand and supply: what is counted, how a cell is read, page and file."""

from __future__ import annotations

import io

import pytest
from bs4 import BeautifulSoup
from openpyxl import load_workbook

from marketplace.db import now, session
from marketplace.deals.funnel.models import FunnelReport
from marketplace.deals.supply.cells import Cells
from marketplace.deals.supply.counting import counted
from marketplace.deals.supply.picture import TALL, draw
from marketplace.matching import operations as matching
from tests import factories
from tests.inspection import playing

COUNTED = {
    "need": {"all": {"C34": 8, "C35": 2, "A01": 1}, "regions": {"320000": {"C34": 6, "C35": 2}, "330000": {"C34": 2, "A01": 1}}},
    "technology": {"all": {"C34": 10, "C35": 40}, "regions": {"320000": {"C34": 1}, "330000": {"C34": 9, "C35": 40}}},
}


def cell(cells, industry, region):
    return next(one for one in cells.all if (one.industry, one.region) == (industry, region))


def test_scarcity_is_the_share_of_needs_over_the_share_of_technologies():
    cells = Cells(COUNTED)
    assert cell(cells, "C34", "320000").scarcity == pytest.approx((6 / 11) / (1 / 50))
    assert cell(cells, "C34", "330000").scarcity == pytest.approx((2 / 11) / (9 / 50))
    readings = [(one.industry, one.region, one.reading) for one in cells.all]
    assert readings == [
        ("A01", "330000", "nowhere"), ("C35", "320000", "elsewhere"), ("C34", "320000", "short"), ("C34", "330000", "even"), ("C35", "330000", "unasked"),
    ]
    assert [one.industry for one in cells.asked] == ["A01", "C35", "C34", "C34"]


def test_the_picture_says_scarcity_by_the_height_of_a_bar_and_joins_the_other_regions():
    drawing = draw(*Cells(COUNTED).rows(), lambda region: region or "others", str)
    assert [row.industry for row in drawing.rows] == ["C34", "C35", "A01"] and not drawing.tilted and drawing.width == 340
    leaning = draw(*Cells(COUNTED).rows(), lambda region: "a name wider than its column" * 2, str)
    assert leaning.tilted and leaning.width > 340 + 100, "the last name leans over the last column and is not cut"
    assert [box.bar for box in drawing.rows[0].boxes] == [TALL / 2, TALL / 4] and drawing.rows[2].boxes[1].bar == TALL
    many = {"need": {"all": {"C34": 45}, "regions": {f"{place}0000": {"C34": place - 10} for place in range(11, 20)}}, "technology": {"all": {}, "regions": {}}}
    columns, lines = Cells(many).rows()
    assert columns[-1] is None and len(columns) == 9 and lines[0][1][-1].needs == 1 and columns[0] == "190000"


@pytest.fixture
def fresh_index(app, tmp_path, monkeypatch):
    """An index of this test alone."""
    matching.index.cache_clear()
    found = matching.index()
    monkeypatch.setattr(found, "folder", tmp_path)
    for name in ("_view", "_generation", "_seen"):
        monkeypatch.setattr(found, name, None)
    yield
    matching.index.cache_clear()


def test_only_what_a_visitor_finds_is_counted(app, fresh_index):
    firm, holder = factories.organisation(region="320000"), factories.organisation(region="330000", kind="institute")
    for visibility in ("public", "members", "public"):
        factories.need(firm, visibility=visibility, industry="C3484", region="320000")
    factories.technology(holder, industries=["C3484", "C3411"])
    session.commit()
    with playing():
        matching.reindex()
    found = counted()
    assert found["need"] == {"all": {"C34": 2}, "regions": {"320000": {"C34": 2}}}
    assert found["technology"] == {"all": {"C34": 1}, "regions": {"330000": {"C34": 1}}}


def report(figures):
    session.add(FunnelReport(as_of=now().date().replace(day=1), computed=now(), figures=figures))
    session.flush()


@pytest.mark.parametrize("figures", [None, {}, {"supply": {"need": {"all": {}, "regions": {}}, "technology": {"all": {}, "regions": {}}}}])
def test_without_counts_the_page_says_so(client, figures):
    if figures is not None:
        report(figures)
    assert "Nothing has been counted yet" in client.get("/en/map").get_data(as_text=True) and client.get("/en/map.xlsx").status_code == 404


def test_the_page_says_the_same_as_picture_and_as_table_and_leads_to_the_lists(client):
    report({"supply": COUNTED})
    page = BeautifulSoup(client.get("/en/map").get_data(as_text=True), "lxml")
    rows = [[part.get_text(strip=True) for part in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    assert len(rows) == 4 and rows[0][1:] == ["Zhejiang", "1", "0", "0", "–", "wanted, and offered nowhere"]
    assert rows[2][1:6] == ["Jiangsu", "6", "1", "10", "27"]
    links = page.select("svg.map a")
    assert len(links) == 4 and "industry=C34" in links[0]["href"] and "region=320000" in links[0]["href"]
    assert "needs 6, technologies 1" in links[0]["aria-label"]
    assert len(page.select("svg.map g[aria-label]")) == 1, "what is offered and not asked for is named too"
    assert "江苏" in client.get("/zh/map").get_data(as_text=True)


def test_the_file_has_every_cell(client):
    report({"supply": COUNTED})
    with client.get("/en/map.xlsx") as sent:
        book = load_workbook(io.BytesIO(sent.data))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 6 and rows[3][1:7] == ("C34", "Jiangsu", 6, 1, 10, 27.27) and rows[5][3:5] == (0, 40)


def test_table_and_file_by_filters_and_in_an_order(client):
    report({"supply": COUNTED})

    def shown(question):
        page = BeautifulSoup(client.get(f"/en/map?{question}").get_data(as_text=True), "lxml")
        with client.get(next(link["href"] for link in page.select("a") if "map.xlsx" in link.get("href", ""))) as sent:
            rows = list(load_workbook(io.BytesIO(sent.data)).worksheets[0].iter_rows(values_only=True))[1:]
        count = page.select_one(".list-count").get_text()
        return count, [int(row.find_all("td")[1].get_text()) for row in page.select("tbody tr")], [row[3] for row in rows]

    assert shown("sort=needs") == ("4 lines", [6, 2, 2, 1], [6, 2, 2, 1, 0]), "the file has those too in which nothing is asked"
    assert shown("sort=-needs&group=C&region=320000") == ("2 lines", [2, 6], [2, 6])
    assert shown("reading=unasked") == ("1 line", [0], [0]) and shown("reading=x&sort=x&group=q")[0] == "0 lines"
    assert shown("sort=-scarcest")[1] == [2, 6, 2, 1]
