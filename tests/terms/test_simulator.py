"""The simulator's page: what is typed is calculated, what is wrong stands beside its field, a link and files carry it away."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from bs4 import BeautifulSoup, Tag
from openpyxl import load_workbook

from marketplace.errors import Refused
from marketplace.terms.chart import HEIGHT, WIDTH
from marketplace.terms.payment import parse
from marketplace.terms.reading import TermsError
from marketplace.terms.simulator import link
from marketplace.terms.simulator.columns import Figures, pasted_cells, read_pasted, shown
from tests import factories
from tests.inspection import InspectingClient

NET = {"currency": "CNY", "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}]}}
OFFER = {
    "currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000"}, "buyout": {"price": "300000"},
    "milestones": [{"id": "pilot line", "amount": "50000"}], "royalty": {**NET["royalty"], "minimum_per_year": "20000"}, "cap_total": "500000",
}
Sent = dict[str, list[str]]


def page(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "lxml")


def typed(found: BeautifulSoup) -> Sent:
    """What a browser would send of the form as shown."""
    for hidden in found.find_all("template"):
        hidden.decompose()
    sent: Sent = {}
    for field in found.select("form#simulator :is(input, select, textarea)"):
        if field.get("name") and not (field.get("type") == "checkbox" and not field.has_attr("checked")):
            sent.setdefault(str(field["name"]), []).append(_value(field))
    return sent


def _value(field: Tag) -> str:
    if field.name == "select":
        return str((field.find("option", selected=True) or field.find("option"))["value"])
    return field.get_text().removeprefix("\n") if field.name == "textarea" else str(field.get("value", ""))


def opened(client: InspectingClient, address: str = "/en/simulator") -> Sent:
    response = client.get(address)
    assert response.status_code == 200
    return typed(page(response.get_data(as_text=True)))


def post(client: InspectingClient, sent: Sent, address: str = "/en/simulator", status: int = 200, **changes: str) -> BeautifulSoup:
    """The page that answers a form with some fields changed."""
    response = client.post(address, data=sent | {name.replace("__", "-"): [value] for name, value in changes.items()})
    assert response.status_code == status
    return page(response.get_data(as_text=True))


def column(found: BeautifulSoup, name: str) -> list[str]:
    return [str(field["value"]) for field in found.select(f"input[name={name}]")]


def in_all(found: BeautifulSoup) -> list[str]:
    """What the institute gets, in the three scenarios."""
    return [cell.get_text() for cell in found.select(".sim-sides .sum")[0].find_all("td")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_visitor_sees_an_example_calculated(client: InspectingClient, lang: str) -> None:
    found = page(client.get(f"/{lang}/simulator").get_data(as_text=True))
    assert len(found.select("svg[role=img] > title")) == len(found.select("svg[role=img] > desc")) == 3
    assert all(svg["aria-labelledby"].split() == [svg.title["id"], svg.desc["id"]] for svg in found.select("svg[role=img]"))
    assert len(found.select("table.sim-quarters caption")) == 3
    assert all(th.get("scope") for th in found.select(".sim-outcome th"))
    assert {"封顶", "企业（万元）"} <= {text.get_text() for text in found.find_all("text")} or lang == "en"


def test_the_picture_stays_in_its_frame_and_says_what_the_table_says(client: InspectingClient) -> None:
    sent = opened(client)
    found = post(client, sent, quarters="44", growth="12", fill="level")
    for line in found.select("polyline"):
        points = [tuple(map(float, point.split(","))) for point in line["points"].split()]
        assert len(points) == 44 and all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert [row.th.get_text() for row in found.select("table.sim-quarters")[0].select("tbody tr")][:2] == ["2027", "2028"]


def test_offers_of_a_technology_are_calculated_for_whoever_may_read_them(client: InspectingClient, session: object) -> None:
    technology = factories.technology(offer={"terms": OFFER, "mode": "licence"})
    shown_page = page(client.get(f"/en/technologies/{technology.public_id}").get_data(as_text=True))
    address = shown_page.find("a", string="Work out what it would bring both sides")["href"]
    assert address == f"/en/simulator?offer={technology.public_id}"
    found = page(client.get(address).get_data(as_text=True))
    assert technology.title["en"] in found.get_text() and "pilot line" in found.get_text()
    sent = typed(found)
    assert in_all(post(client, sent, address)) == in_all(found)
    assert in_all(post(client, sent, address, terms__cap_total="300000")) != in_all(found)
    kept = page(client.get(found.select_one("a[data-link]")["href"]).get_data(as_text=True))
    assert in_all(kept) == in_all(found) and technology.title["en"] in kept.get_text()


def test_offers_that_are_closed_or_have_no_terms_are_not_found(client: InspectingClient, session: object) -> None:
    draft = factories.technology(state="draft", offer={"terms": OFFER, "mode": "licence"})
    members = factories.technology(visibility="members", offer={"terms": OFFER, "mode": "licence"})
    without = factories.technology(offer={"terms": None, "mode": "licence"})
    for technology in (draft, members, without):
        assert client.get(f"/en/simulator?offer={technology.public_id}").status_code in (403, 404)
    assert client.get("/en/simulator?offer=nosuchthing").status_code == 404


def test_a_level_fills_the_table_and_cells_may_be_changed(client: InspectingClient) -> None:
    found = post(client, opened(client), level="20万", growth="-10", quarters="4", fill="level")
    assert column(found, "expected") == ["200,000", "180,000", "162,000", "145,800"]
    assert [field["placeholder"] for field in found.select("input[name=good]")] == ["300,000", "270,000", "243,000", "218,700"]
    sent = typed(found)
    sent["expected"][1] = "1.5万"
    sent["good"][1] = "９00,000"
    found = post(client, sent)
    assert column(found, "expected") == ["200,000", "1.5万", "162,000", "145,800"]
    rows = [row.find_all("td")[0].get_text() for row in found.select("table.sim-quarters")[2].select("tbody tr")]
    assert rows[:4] == ["300,000.00", "900,000.00", "243,000.00", "218,700.00"]


def test_a_pasted_column_fills_the_table(client: InspectingClient) -> None:
    found = post(client, opened(client), pasted="\r\n500,000\r\n60万\t７０００００\r\n\r\n¥1,000.50\n\n", fill="pasted")
    assert column(found, "expected") == ["500,000", "600,000", "700,000", "0", "1,000.5"]
    assert found.select_one("#quarters")["value"] == "5"
    sent = typed(found)
    found = post(client, sent, status=422, pasted="1\n2\nabout 3\n", fill="pasted")
    assert "Line 3" in found.select_one("#pasted-note").get_text()
    assert column(found, "expected") == sent["expected"]
    assert "400" in post(client, sent, status=422, pasted="1\n" * 401, fill="pasted").select_one("#pasted-note").get_text()


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("start", "2027-02-30", "start-error"), ("start", "1999-12-31", "start-error"), ("start", "", "start-error"), ("quarters", "0", "quarters-error"),
        ("quarters", "401", "quarters-error"), ("quarters", "x", "quarters-error"), ("growth", "x", "growth-error"),
        ("growth", "-101", "growth-error"), ("margin", "101", "margin-error"), ("margin", "-1", "margin-error"), ("investment", "1e5", "investment-error"),
        ("investment", "1.005", "investment-error"), ("investment", "2000000000000", "investment-error"), ("upfront", "abc", "upfront-error"),
        ("discount", "200", "discount-error"), ("cautious_share", "-5", "cautious_share-error"), ("good_share", "", "good_share-error"),
        ("decision_month", "9", "decision_month-error"), ("decision_month", "10000", "decision_month-error"), ("buyout_quarter", "13", "buyout_quarter-error"),
        ("milestones", "soon", "milestones-0-error"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(client: InspectingClient, session: object, name: str, value: str, where: str) -> None:
    technology = factories.technology(offer={"terms": OFFER, "mode": "licence"})
    address = f"/en/simulator?offer={technology.public_id}"
    found = post(client, opened(client, address), address, 422, **{name: value})
    error = found.find(id=where)
    assert error and error.get_text(strip=True)
    assert found.select_one("[data-part=outcome]").find("table") is None
    field = found.find(attrs={"aria-describedby": where})
    assert field and field["aria-invalid"] == "true" and field["value"] == value


def test_a_growth_that_passes_all_bounds_is_refused_where_it_fills(client: InspectingClient) -> None:
    sent = opened(client)
    found = post(client, sent, status=422, growth="900", quarters="40", fill="level")
    assert "10^12" in found.find(id="growth-error").get_text()
    assert not post(client, sent, growth="900").find(id="growth-error")


def test_a_bad_cell_is_marked_in_the_table(client: InspectingClient) -> None:
    sent = opened(client)
    sent["expected"][2] = "many"
    found = post(client, sent, status=422)
    bad = found.select("input.is-invalid")
    assert [(field["name"], field["value"]) for field in bad] == [("expected", "many")]
    assert found.find(id=bad[0]["aria-describedby"]).get_text(strip=True)


def test_terms_that_cannot_be_read_are_marked_in_the_editor(client: InspectingClient) -> None:
    found = post(client, opened(client), status=422, terms__cap_total="much")
    assert found.select_one(".terms-editor").find_parent("details").has_attr("open")
    assert found.select_one("[data-error-for=terms-cap_total]").get_text(strip=True)


def test_an_instalment_before_the_start_is_the_fault_of_the_start(client: InspectingClient, session: object) -> None:
    terms = {"currency": "CNY", "instalments": [{"id": "1", "amount": "5000", "due": "2027-06-30"}]}
    technology = factories.technology(offer={"terms": terms, "mode": "licence"})
    address = f"/en/simulator?offer={technology.public_id}"
    sent = opened(client, address)
    assert post(client, sent, address, 422, start="2027-07-01").find(id="start-error")
    post(client, sent, address, start="2027-06-30")


def test_units_and_profit_ask_for_what_they_need(client: InspectingClient, session: object) -> None:
    units = {"currency": "CNY", "royalty": {"base": "units", "period": "quarter", "per_unit": "2.5"}}
    profit = {"currency": "CNY", "royalty": {**NET["royalty"], "base": "profit"}}
    for terms, asked, absent in ((units, "unit_margin", "margin"), (profit, "investment", "margin")):
        technology = factories.technology(offer={"terms": terms, "mode": "licence"})
        address = f"/zh/simulator?offer={technology.public_id}"
        found = page(client.get(address).get_data(as_text=True))
        assert found.find(id=asked) and not found.find(id=absent)
    sent = typed(found)
    sent["expected"][0] = "-50,000"
    rows = post(client, sent, address).select("table.sim-quarters")[1].select("tbody tr")
    assert rows[0].find_all("td")[0].get_text() == "−50,000.00"


def test_a_link_carries_the_calculation_and_a_damaged_one_is_refused(client: InspectingClient) -> None:
    sent = opened(client)
    sent["expected"][3] = "123,456"
    found = post(client, sent, upfront="", margin="12.5", terms__cap_total="700000")
    address = found.select_one("a[data-link]")["href"]
    assert len(address) < 600
    again = page(client.get(address).get_data(as_text=True))
    assert in_all(again) == in_all(found) and column(again, "expected") == column(found, "expected")
    assert again.select_one("#upfront")["value"] == "" and again.select_one("#margin")["value"] == "12.5"
    assert page(client.get(found.select_one("a[data-link]")["data-link-other"]).get_data(as_text=True)).html["lang"] == "zh-Hans"
    for word in ("x", "eJw", address.partition("q=")[2][:-4], "é" * 9, "A" * 5000):
        assert client.get("/en/simulator", query_string={"q": word}).status_code == 422


def test_a_word_that_unpacks_to_too_much_or_to_something_else_is_refused() -> None:
    assert link.unpacked(link.packed({"level": ["５"]}) or "") == {"level": ["５"]}
    assert link.packed({"expected": [str(number**7) for number in range(400)]}) is None
    for values in ([1], {"Level": ["1"]}, {"level": "1"}, {"level": [1]}, {"level": ["1" * 101]}, {"x": [""] * 3001}, {"x": ["0" * 99] * 1100}):
        with pytest.raises(Refused):
            link.unpacked(link.packed(values) or "")  # type: ignore[arg-type]


def test_the_table_comes_as_a_file(client: InspectingClient) -> None:
    sent = opened(client) | {"quarters": ["2"], "fill": ["level"]}
    response = client.post("/en/simulator", data=sent | {"download": ["csv"]})
    assert response.mimetype == "text/csv" and "attachment" in response.headers["Content-Disposition"]
    rows = list(csv.reader(StringIO(response.get_data().decode("utf-8-sig"))))
    assert rows[0][:3] == ["Scenario", "Quarter", "Sales"] and {row[0] for row in rows[1:]} == {"Cautious", "Expected", "Good"}
    book = load_workbook(BytesIO(client.post("/zh/simulator", data=sent | {"download": ["xlsx"]}).get_data()))
    cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
    assert cells[0][0] == "情形" and [str(cell) for cell in cells[1][2:4]] == [str(float(cell)).removesuffix(".0") for cell in rows[1][2:4]]


def test_presets_and_rows_work_without_script(client: InspectingClient) -> None:
    sent = opened(client)
    found = post(client, sent, terms__preset="trial_then_pay")
    assert found.select_one("#decision") and not found.select("input[name=milestones]")
    assert len(post(client, sent, terms__add="milestones").select("[data-rows=terms-milestones] [data-row]")) == 3


def test_nothing_is_written_and_a_script_cannot_be_put_in(client: InspectingClient) -> None:
    found = post(client, opened(client), status=422, upfront="<script>1</script>", level='"><b>')
    assert not found.select("main script, main b b") and found.select_one("#upfront")["value"] == "<script>1</script>"


@pytest.mark.parametrize(
    ("text", "cells"),
    [("1\n2", [(1, "1"), (2, "2")]), ("\n\n 1 \r\n\r\n2\n\n", [(3, "1"), (4, ""), (5, "2")]), ("1\t2\t3", [(1, "1"), (1, "2"), (1, "3")]), (" \n\t", [])],
)
def test_cells_of_a_column(text: str, cells: list[tuple[int, str]]) -> None:
    assert pasted_cells(text) == cells


def test_figures_are_read_as_typed() -> None:
    profit, units = Figures(parse({**NET, "royalty": {**NET["royalty"], "base": "profit"}}, template=True)), Figures(
        parse({"currency": "JPY", "royalty": {"base": "units", "period": "year", "per_unit": "1"}}, template=True))
    assert [profit.read(text) for text in ("-3", "−3万", "－３", "4.5")] == [Decimal(-3), Decimal(-30000), Decimal(-3), Decimal("4.5")]
    assert units.read("1.5") == Decimal("1.5") and shown(Decimal("1234.500")) == "1,234.5"
    for figures, text in ((units, "-1"), (profit, "--1"), (profit, "0.001"), (profit, "10000亿1"), (profit, "1000000000001")):
        with pytest.raises(TermsError):
            figures.read(text)
    with pytest.raises(TermsError):
        read_pasted("", profit)
