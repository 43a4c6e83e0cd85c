"""Tables of one's own work: counted, ordered by their heads, and as files that hold what the page shows, in its order; nobody else's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from marketplace.exporting.tables import TABLES
from marketplace.exporting.words import TABLE_WORDS
from marketplace.ordering import order
from tests import factories as make
from tests.exporting.test_lists import table
from tests.factories import NOW


def test_a_head_asks_for_its_order_and_turns_it() -> None:
    first = {"since": True, "stage": False}
    usual = order("", first)
    assert (usual.name, usual.falls, usual.arguments) == ("since", True, {}) and order("x; drop", first) == usual == order("-nothing", first)
    assert usual.turned("since") == "-since" and usual.turned("stage") == "stage"
    turned = order("-stage", first)
    assert turned.falls and turned.arguments == {"sort": "-stage"} and turned.turned("stage") == "stage"
    assert order(turned.asked, first) == turned


@pytest.fixture
def cast(session: Any) -> dict[str, Any]:
    """A broker with three deals in different stages, of two firms and a blind technology."""
    broker, institute = make.broker(), make.organisation(make.person(), kind="institute")
    deals = []
    for number, stage in enumerate(("negotiating", "lead", "evaluation")):
        blind = {"visibility": "blind", "teaser": {"zh": "某材料处理办法"}} if stage == "lead" else {}
        technology = make.technology(institute, title={"zh": f"秘密名称{number}"}, **blind)
        match = make.match(make.need(make.organisation(make.person()), title={"zh": f"需求{number}"}), technology)
        deals.append(make.deal(match, broker, stage, since=NOW + timedelta(days=number)))
    session.flush()
    return {"broker": broker, "institute": institute, "deals": deals}


def order_of(client: Any, path: str) -> list[str]:
    page = BeautifulSoup(client.get(path).get_data(as_text=True), "lxml")
    return [row.find("a")["href"].split("/")[-1] for row in page.select("tbody tr")]


def test_deals_are_counted_ordered_and_given_as_a_file(client: Any, cast: dict[str, Any]) -> None:
    client.login(cast["broker"])
    names = [deal.public_id for deal in cast["deals"]]
    assert order_of(client, "/en/deals") == names[::-1]
    assert order_of(client, "/en/deals?sort=-since") == names
    by_stage = order_of(client, "/en/deals?sort=stage")
    assert by_stage == [names[1], names[2], names[0]]
    page = BeautifulSoup(client.get("/en/deals?sort=stage&stage=open").get_data(as_text=True), "lxml")
    assert page.select_one(".list-count").get_text() == "3 deals"
    assert [head.get_text(strip=True) for head in page.select("th[aria-sort=ascending]")] == ["Stage↑"]
    file = next(link["href"] for link in page.select(".exports a") if link.get_text() == "Excel")
    rows = table(client.get(file))
    assert [row["Address"].split("/")[-1] for row in rows] == by_stage, "the file has the filter and the order of its page"
    text = str(rows)
    assert "秘密名称1" not in text and "秘密名称2" in text, "what is blind on the page is blind in the file"


def test_a_table_is_its_reader_s(client: Any, cast: dict[str, Any]) -> None:
    assert set(TABLES) == set(TABLE_WORDS) - {"map"}
    assert client.get("/en/tables/deals.xlsx").status_code in (302, 303)
    stranger = make.person()
    own = make.organisation(stranger)
    make.agreement(cast["institute"], own)
    client.login(stranger)
    for name, one in TABLES.items():
        if name in ("proposals", "ranking"):
            assert client.get(f"/zh/tables/{name}.xlsx?public_id={own.public_id}").status_code == 404, "those of a call, which this is not"
            continue
        rows = table(client.get(f"/zh/tables/{name}.xlsx?public_id={own.public_id}&sort=-{name}"))
        assert len(rows) == {"agreements": 1, "history": 2, "own_history": 1}.get(name, 0), name
        path = {
            "requests": "resource-requests", "own_calls": "open-calls/mine", "own_pools": "pools/mine", "own_proposals": "proposals",
            "history": f"organisations/{own.public_id}/trail", "own_history": "settings/history",
        }.get(name, f"{'money/' + own.public_id + '/' if name in ('invoices', 'arrears') else ''}{name}")
        assert client.get(f"/en/{path}").status_code == 200, one.search
    assert table(client.get("/en/tables/deals.xlsx?endpoint=x&sort=-")) == [] and table(client.get("/en/tables/statements.xlsx?show=sent")) == []
    assert client.get("/en/tables/persons.xlsx").status_code == 404
    assert client.get(f"/en/tables/invoices.xlsx?public_id={cast['institute'].public_id}").status_code in (403, 404)


def test_agreements_are_ordered_by_what_is_due(client: Any, session: Any) -> None:
    owner = make.person()
    firm = make.organisation(owner)
    made = [make.agreement(make.organisation(make.person(), kind="institute"), firm) for _number in range(3)]
    for number, (agreement, due) in enumerate(zip(made, (date(2026, 5, 1), None, date(2026, 3, 1)), strict=True)):
        agreement.standing.next_due, agreement.standing.outstanding = due, (number + 1) * 100
    client.login(owner)
    names = [one.public_id for one in made]
    assert order_of(client, "/en/agreements") == [names[2], names[0], names[1]], "nothing due comes last"
    assert order_of(client, "/en/agreements?sort=-due") == [names[0], names[2], names[1]], "also when it is turned"
    assert order_of(client, "/en/agreements?sort=outstanding") == names[::-1] and order_of(client, "/en/agreements?sort=-newest") == names
    assert [row["Outstanding"] for row in table(client.get("/en/tables/agreements.xlsx?sort=-outstanding"))] == [1, 2, 3]


def test_matches_are_given_as_their_desk_shows_them(client: Any, session: Any) -> None:
    owner, institute = make.person(), make.organisation(make.person(), kind="institute")
    need = make.need(make.organisation(owner), title={"zh": "去毛刺"})
    hidden = make.technology(institute, title={"zh": "秘密名称"}, visibility="blind", teaser={"zh": "某种不露名的办法"})
    for technology, probability in ((make.technology(institute, title={"zh": "磁力研磨"}), 0.62), (hidden, 0.6311)):
        make.match(need, technology, score=probability, probability=probability)
    client.login(owner)
    page = BeautifulSoup(client.get("/zh/matches?side=firm").get_data(as_text=True), "lxml")
    assert page.select_one(".list-count").get_text() == "共2对匹配"
    rows = table(client.get(next(link["href"] for link in page.select(".exports a"))))
    assert [row["成果"] for row in rows] == ["某种不露名的办法", "磁力研磨"] and rows[1]["匹配"] == "62%"
    other = make.match(make.need(need.organisation, title={"zh": "新需求"}), make.technology(institute, title={"zh": "别的办法"}), score=0.1, probability=0.1)
    for sort, first in (("", other.technology), ("newest", other.technology), ("best", hidden)):
        page = BeautifulSoup(client.get(f"/zh/matches?side=firm&sort={sort}").get_data(as_text=True), "lxml")
        ordered = [row["成果"] for row in table(client.get(next(link["href"] for link in page.select(".exports a"))))]
        shown = [each.get_text() for each in page.select("article h3")]
        assert ordered == shown and ordered[0] == (first.teaser or first.title)["zh"], sort
    assert "秘密名称" not in str(rows) and "63" not in str([row["匹配"] for row in rows]), "a band, no figure"


def test_requests_are_given_as_their_page_shows_them(client: Any, session: Any) -> None:
    asker, facility = make.person(), make.facility()
    later, sooner = (make.booking(facility, make.organisation(asker), starts=NOW + timedelta(days=days)) for days in (9, 8))
    make.booking(state="accepted")
    client.login(asker)
    page = BeautifulSoup(client.get(f"/en/resource-requests?sort=starts&side=asker&resource={facility.public_id}").get_data(as_text=True), "lxml")
    assert page.select_one(".list-count").get_text() == "2 requests"
    rows = table(client.get(next(link["href"] for link in page.select(".exports a"))))
    assert [row["Address"].split("/")[-2:] for row in rows] == [["booking", one.public_id] for one in (sooner, later)]


def test_one_s_own_calls_pools_and_proposals_by_state_and_deadline(client: Any, session: Any) -> None:
    owner = make.person()
    house = make.organisation(owner)
    calls = [make.open_call(house, state=state, deadline=NOW + timedelta(days=days)) for state, days in (("draft", 9), ("published", 30), ("published", 10))]
    pool, _other = make.pool(house), make.open_call()
    client.login(owner)

    def shown(path: str) -> tuple[str, list[str]]:
        page = BeautifulSoup(client.get(f"/en/{path}").get_data(as_text=True), "lxml")
        rows = table(client.get(next(link["href"] for link in page.select(".exports a"))))
        return page.select_one(".list-count").get_text(), [row["Address"].split("/")[-1] for row in rows]

    names = [one.public_id for one in calls]
    assert shown("open-calls/mine") == ("3 in all", [names[0], names[2], names[1]]), "drafts first"
    assert shown("open-calls/mine?state=published&sort=deadline") == ("2 in all", names[1:])
    assert shown("pools/mine?state=nonsense&sort=x") == ("1 in all", [pool.public_id])


def test_a_search_ends_and_says_so(client: Any, session: Any, indexed: Any, monkeypatch: Any) -> None:
    for _number in range(3):
        make.technology()
    indexed()
    for name, value in (("LAST", 1), ("PAGE", 2)):
        monkeypatch.setattr(f"marketplace.matching.views.{name}", value)
    said = client.get("/en/technologies?page=900").get_data(as_text=True)
    assert "These are the first 2 of 3." in said and 'rel="next"' not in said and 'rel="prev"' not in said
