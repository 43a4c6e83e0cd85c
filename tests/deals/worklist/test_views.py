"""Pages of the worklist: buttons, putting off, declining in place, what one works in, what a blind listing keeps to itself."""

from __future__ import annotations

from bs4 import BeautifulSoup
from sqlalchemy import select

from marketplace.db import session
from marketplace.deals.worklist.models import Snooze, Specialty
from marketplace.matching.models import MatchAnswer
from tests import factories


def page(client, address="/en/worklist"):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.get_data(as_text=True), "lxml")


def signed_in(client):
    broker = factories.broker(language="en")
    client.login(broker)
    return broker


def test_a_broker_lands_here_and_finds_it_in_the_navigation(client):
    broker = factories.broker(language="en")
    answer = client.post("/en/sign-in", data={"address": broker.address, "password": factories.PASSWORD})
    assert answer.status_code == 303 and answer.location.endswith("/en/worklist")
    assert page(client).select_one("nav a[aria-current]").text == "Worklist"
    client.logout()
    client.login(factories.person())
    assert client.get("/en/worklist").status_code == 403 and "Worklist" not in client.get("/en/").get_data(as_text=True)


def test_each_row_has_one_step_and_can_be_put_off_and_the_next_one_follows(client):
    first, second = factories.match(probability=0.9), factories.match(probability=0.5)
    signed_in(client)
    rows = page(client).select("[data-row]")
    assert [row["id"] for row in rows] == [f"row-pair-{first.public_id}", f"row-pair-{second.public_id}"]
    assert all(len(row.select("[data-step]")) == 1 and row.select_one(".work-why").text.startswith("Match ") for row in rows)
    sent = {field["name"]: field["value"] for field in rows[0].select_one("[action$=put-off]").select("input[value]")}
    answer = client.post("/en/worklist/put-off", data={**sent, "days": "7"})
    assert answer.status_code == 303 and answer.location.endswith(f"/en/worklist#row-pair-{second.public_id}")
    assert [row["id"] for row in page(client).select("[data-row]")] == [f"row-pair-{second.public_id}"]
    assert "One row is put off." in page(client).text
    client.post("/en/worklist/take-up")
    assert len(page(client).select("[data-row]")) == 2


def test_a_pair_is_declined_where_it_stands(client):
    match = factories.match()
    signed_in(client)
    address = f"/en/worklist/pairs/{match.public_id}/decline"
    asked = client.post(address, data={"code": ""})
    assert asked.status_code == 422 and "Choose why" in asked.get_data(as_text=True)
    assert client.post(address, data={"code": "other"}).status_code == 422
    assert client.post(address, data={"code": "too_early", "next": "pair-abc"}).location.endswith("/en/worklist#row-pair-abc")
    session.expire_all()
    assert session.scalars(select(MatchAnswer.answer).where(MatchAnswer.match_id == match.id)).all() == ["declined"] and not page(client).select("[data-row]")
    assert client.post("/en/worklist/pairs/nonsense/decline", data={"code": "price"}).status_code == 404


def test_the_next_row_is_never_an_address_of_somebody_elses(client):
    match = factories.match()
    signed_in(client)
    sent = {"kind": "pair", "thing": match.public_id, "days": "1", "next": "//evil.example"}
    assert client.post("/en/worklist/put-off", data=sent).status_code == 422
    assert session.query(Snooze).count() == 0


def test_what_one_works_in_is_said_and_changed(client):
    broker = signed_in(client)
    shown = page(client, "/zh/worklist/specialty")
    assert len(shown.select("input[name=fields]")) == 35
    client.post("/en/worklist/specialty", data={"fields": ["food_chemistry", "optics"], "industries": ["C13"], "regions": ["330000"]})
    found = session.query(Specialty).filter_by(person_id=broker.id).one()
    assert (found.fields, found.industries, found.regions) == (["food_chemistry", "optics"], ["C13"], ["330000"])
    checked = page(client, "/en/worklist/specialty").select("input[checked]")
    assert {field["value"] for field in checked} == {"food_chemistry", "optics", "C13", "330000"}
    assert client.post("/en/worklist/specialty", data={"fields": ["magic"]}).status_code == 422
    assert client.post("/en/worklist/specialty", data={"version": "1"}).status_code == 303
    assert client.post("/en/worklist/specialty", data={"version": "1"}).status_code == 409


def test_a_blind_listing_keeps_its_secret_on_the_worklist(client):
    secret = factories.organisation(factories.person(), kind="institute", name={"zh": "暗河研究院", "en": "Dark River"}, region="510000")
    blind = factories.technology(secret, visibility="blind", title={"zh": "绝密涂层", "en": "Secret coating"}, teaser={"zh": "一种涂层", "en": "A coating"})
    factories.match(None, blind, probability=0.31415)
    lead = factories.deal(factories.match(factories.need(factories.organisation(factories.person())), blind))
    lead.broker = None
    broker = signed_in(client)
    standing = factories.deal(factories.match(factories.need(factories.organisation(factories.person())), blind), broker, "qualified")
    standing.since = factories.NOW.replace(year=2025)
    session.flush()
    text = client.get("/en/worklist").get_data(as_text=True)
    assert "A coating" in text and "fair match" in text and "An introduction was asked for" in text and "days in the stage" in text
    for leak in ("Secret", "绝密", "Dark River", "暗河", "31%", "0.31", "Sichuan"):
        assert leak not in text


def test_it_is_said_in_chinese(client):
    factories.match()
    broker = signed_in(client)
    factories.deal(None, broker, "qualified", since=factories.NOW.replace(year=2025))
    assert "工作清单" in page(client, "/zh/worklist").text
