"""Going somewhere by its name: pages in every language, own things and no others, one answer opened at once."""

from __future__ import annotations

import pytest
from flask import url_for

from marketplace.db import now
from marketplace.finder.things import of_own
from marketplace.finder.words import NEW, PAGES
from marketplace.licensing.billing import operations as billing
from tests import factories

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def seated(client):
    person = factories.person()
    house = factories.organisation(person)
    client.login(person)
    return person, house


def test_a_page_is_found_by_its_name_in_either_language(client, seated):
    for typed in ("settings", "设置"):
        assert client.get(f"/zh/go?q={typed}").location == "/zh/settings", typed
    assert client.get("/en/go?q=dispute").location == "/en/agreements?status=disputed"
    several = client.get("/en/go?q=calls").get_data(as_text=True)
    assert all(f'href="/en/{place}"' in several for place in ("open-calls", "open-calls/mine"))


def test_pages_and_beginnings_are_offered_to_whoever_has_them(client, seated):
    mine = client.get("/zh/go").get_data(as_text=True)
    assert "/zh/needs/new" in mine and "/zh/technologies/new" in mine and "/worklist" not in mine and "/operations/" not in mine
    client.login(factories.broker())
    page = client.get("/zh/go").get_data(as_text=True)
    assert "/zh/worklist" in page and "/zh/technologies/new" not in page


def test_every_address_in_the_table_opens(app):
    with app.test_request_context("/en/"):
        assert len({url_for(endpoint, lang="en") for _name, endpoint, _who in (*PAGES, *NEW)}) == len(PAGES) + len(NEW)


def test_a_title_leads_straight_to_the_thing_and_to_nobody_elses(client, session, seated):
    person, house = seated
    need = factories.need(house, title={"zh": "叶片裂纹", "en": "Cracked blades"}, visibility="blind", teaser={"zh": "简介"})
    factories.need(title={"zh": "叶片裂纹", "en": "Cracked blades"})
    assert client.get("/zh/go?q=cracked").location.endswith(f"/needs/{need.public_id}")
    stranger = factories.person()
    factories.organisation(stranger)
    session.commit()
    assert of_own(stranger, "cracked", "en") == [] and [thing.title for thing in of_own(person, "裂纹", "en")] == ["Cracked blades"]


def test_a_deal_is_found_by_what_its_reader_may_see_of_it(session, seated):
    technology = factories.technology(title={"zh": "秘方涂层"}, visibility="blind", teaser={"zh": "一种涂层"})
    deal = factories.deal(factories.match(technology_=technology), factories.broker())
    session.commit()
    assert of_own(deal.broker, "秘方", "zh") == []
    assert [thing.title for thing in of_own(deal.broker, "", "zh")] == ["一种涂层"]


def test_agreements_calls_technologies_and_invoices_by_title_and_number(client, session, seated):
    person, house = seated
    technology = factories.technology(house, title={"zh": "涂层", "en": "Coat"}, application_number="201710601862.3")
    agreement = factories.agreement(house, title={"zh": "涂层许可", "en": "Coat licence"}, proposed=now())
    call = factories.open_call(house, title={"zh": "涂层揭榜", "en": "Coat call"})
    factories.event(agreement, "milestone_accepted", "2026-02-01", id="pilot")
    invoice = billing.issue(person, agreement, "milestone:pilot", now())
    session.commit()
    found = {thing.kind: thing.public_id for thing in of_own(person, "coat", "en")}
    assert found == {"agreement": agreement.public_id, "technology": technology.public_id, "call": call.public_id}
    assert client.get("/en/go?q=201710601862.3").location.endswith(f"/technologies/{technology.public_id}")
    for typed in (invoice.reference.lower(), invoice.reference[-6:]):
        assert client.get(f"/en/go?q={typed}").location.endswith(f"/invoices/{invoice.public_id}"), typed
    assert {thing.kind for thing in of_own(agreement.licensee.memberships[0].person, invoice.reference, "en")} == {"invoice"}


def test_nothing_found_says_so_and_strangers_sign_in_first(client, seated):
    assert "q=qqzzx" in client.get("/zh/go?q=qqzzx").get_data(as_text=True)
    client.logout()
    assert "/sign-in" in client.get("/zh/go").location
