"""Pages of the funnel: what everybody reads, the file, and what is one's own."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from bs4 import BeautifulSoup

from marketplace.db import session
from marketplace.deals.funnel.models import FunnelReport
from marketplace.deals.funnel.picture import draw
from marketplace.deals.funnel.tally import DIMENSIONS, STAGES
from tests import factories

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
FIELDS = {
    "optics": [400, 30, 12, 7, 6], "machine_tools": [300, 22, 9, 0, 5], "food_chemistry": [90, 3, 3, 3, 2], "-": [10, 0, 0, 0, 0],
    "surface_technology": [88, 4, 3, 3, 3], "medical_technology": [7, 1, 0, 0, 0],
}


def report(fields=FIELDS, **values):
    total = [sum(column) for column in zip(*fields.values(), strict=True)]
    by = {name: {"x": total} for name in DIMENSIONS} | {"field": fields, "month": {"2026-10": total}, "firm_region": {"330000": total}}
    by |= {"holder_region": {"110000": total}, "industry": {"C": total}}
    figures = {
        "total": total, "by": by, "without_match": 3, "days": {"lead": {"ended": 40, "days": 6.5, "running": 3, "so_far": 77.7}},
        "lost_stages": {"evaluation": 12, "nda": 2, "lead": 4}, "lost_codes": {"price": 9, "terms": 9}, "declined": {
            "firm": {"too_early": 60}, "holder": {"capacity": 3}, "broker": {}}, **values,
    }
    session.add(FunnelReport(as_of=NOW.date().replace(day=1), computed=NOW, figures=figures))
    session.flush()


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.get_data(as_text=True), "lxml")


def test_before_anything_is_counted_the_page_says_so(client):
    assert "Nothing has been counted yet" in read(client, "/en/funnel").text and client.get("/en/funnel.csv").status_code == 404
    assert read(client, "/en/").select_one("footer a[href$='/funnel']")


def test_the_public_page_joins_what_is_small(client):
    report()
    page = read(client, "/en/funnel")
    table = page.find("div", attrs={"aria-label": "By field of technology"})
    rows = {row.th.get_text(" ", strip=True): [cell.text.strip() for cell in row.find_all("td")] for row in table.tbody.find_all("tr")}
    assert rows["Optics"] == ["400", "30", "12", "7", "6"] and rows["Machine tools"] == ["300", "22", "9", "0", "5"]
    joined, = (cells for name, cells in rows.items() if name.startswith("together:"))
    assert len(rows) == 3 and joined == ["195", "8", "6", "6", "5"]
    assert "fewer than 5" in page.text and "77.7" not in page.text and "6.5" in page.text
    assert "Deals that began without a match are left out of the funnel: fewer than 5." in page.text
    picture = page.select_one("svg[role=img]")
    assert picture["aria-label"].startswith("matches 895, talks 60, contracts 27") and len(picture.select(".funnel-bar")) == 5


def test_a_column_of_fewer_than_five_is_not_told_at_all(client):
    report({"optics": [40, 9, 3, 2, 2], "food_chemistry": [30, 8, 0, 0, 0]})
    page = read(client, "/en/funnel")
    cells = [cell.text.strip() for cell in page.find("div", attrs={"aria-label": "By field of technology"}).select("tbody td")]
    assert cells == ["30", "8", *["fewer than 5"] * 3, "40", "9", *["fewer than 5"] * 3]
    assert page.select_one("svg[role=img]")["aria-label"].endswith("contracts fewer than 5, trials fewer than 5, payments fewer than 5")


def test_the_file_says_the_same_as_the_page(client):
    report()
    answer = client.get("/en/funnel.csv")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert answer.mimetype == "text/csv" and rows[1] == ["All", "", "895", "60", "27", "13", "16"]
    assert ["By field of technology", "Optics", "400", "30", "12", "7", "6"] in rows and all(row[0] for row in rows)
    numbers = [int(cell) for row in rows[1:] for cell in row[3:] if cell.isdigit()]
    assert all(number == 0 or number >= 5 for number in numbers)


def test_no_broker_and_no_house_stands_on_the_public_page(client):
    deal = factories.deal()
    report()
    page = client.get("/zh/funnel").get_data(as_text=True)
    for name in (deal.broker.name, deal.firm.name["zh"], deal.holder.name["zh"], deal.public_id):
        assert name not in page


def test_each_reads_his_own(client):
    deal = factories.deal(stage="introduced")
    client.login(deal.broker)
    page = read(client, "/en/funnel/mine")
    assert "The deals I lead" in page.text and page.select_one(f"a[href$='/deals/{deal.public_id}']")
    client.login(factories.broker())
    assert deal.public_id not in client.get("/en/funnel/mine").get_data(as_text=True)
    owner = deal.firm.memberships[0].person
    client.login(owner)
    page = read(client, "/zh/funnel/mine")
    assert deal.firm.name["zh"] in page.text and page.select_one(f"a[href$='/deals/{deal.public_id}']")
    member = factories.membership(factories.person(), deal.firm).person
    client.login(member)
    assert "nothing to count" in read(client, "/en/funnel/mine").text
    client.login(factories.operator())
    page = read(client, "/en/funnel/mine")
    assert deal.broker.name in page.text and deal.public_id not in str(page) and deal.firm.name["en"] not in page.text
    client.logout()
    assert client.get("/en/funnel/mine").status_code == 303


def test_bars_are_as_long_as_their_powers_of_ten():
    drawing = draw(STAGES, (99, 9, 0, None, 99))
    assert [bar.length for bar in drawing.bars] == [340.0, 170.0, 0.0, 0.0, 340.0] and drawing.bars[3].count is None
    assert [bar.length for bar in draw(STAGES, (0, 0, 0, 0, 0)).bars] == [0.0] * 5
