"""One's own history: what members read of their organisation's things and of nobody else's, and each person of his account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from marketplace.access import SYSTEM
from marketplace.catalogue import operations as catalogue
from marketplace.db import now
from marketplace.errors import NotAllowed
from marketplace.record import record
from marketplace.trail.own import operations
from marketplace.trail.own.operations import Asked
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")


def rows(actor, house, **asked) -> list[tuple[str, str]]:
    """What stands on the first page: kind of thing and verb, newest first."""
    return [(one.noun, one.verb) for one in operations.of_organisation(actor, house, Asked(**asked), 50)[1]]


def house(kind: str = "institute"):
    owner = factories.person()
    return owner, factories.organisation(owner, kind=kind)


def test_members_read_their_own_things_and_nobody_else_does(session):
    owner, institute = house()
    member = factories.membership(factories.person(), institute, "member").person
    stranger, other = house()
    for own, by in ((institute, owner), (other, stranger)):
        record(factories.technology(own, visibility="blind"), "publish", by, NOW, origin="draft", target="published")
    record(institute, "edit", owner, NOW)
    session.flush()
    assert rows(member, institute) == [("organisation", "edit"), ("technology", "publish")]
    assert rows(member, institute, kind="technology") == [("technology", "publish")]
    assert rows(member, institute, since=NOW + timedelta(seconds=1)) == []
    for outsider in (stranger, factories.operator(), factories.broker()):
        with pytest.raises(NotAllowed):
            operations.of_organisation(outsider, institute, Asked(), 50)


def test_a_text_is_shown_before_and_after(client, session):
    owner, institute = house()
    technology = factories.technology(institute, title={"zh": "电解去毛刺"})
    catalogue.revise(technology, owner, catalogue.content(technology), NOW - timedelta(days=1))
    technology.title = {"zh": "微细电解去毛刺"}
    catalogue.revise(technology, owner, catalogue.content(technology), NOW)
    record(technology, "revised", owner, NOW, revision=2)
    session.commit()
    client.login(owner)
    page = BeautifulSoup(client.get(f"/zh/organisations/{institute.public_id}/trail").get_data(as_text=True), "lxml")
    assert (page.select_one("del").get_text(), page.select_one("ins").get_text()) == ("电解去毛刺", "微细电解去毛刺")
    assert page.select_one(".list-count").get_text() == "共1条记录"


def test_a_deal_stands_there_for_who_takes_part_and_names_the_other_sides_people_after_the_introduction(session):
    firm_owner, firm = house("enterprise")
    holder_owner, institute = house()
    member = factories.membership(factories.person(), institute, "member").person
    broker = factories.broker()
    technology = factories.technology(institute, visibility="blind", title={"zh": "秘密名称"}, teaser={"zh": "某种办法"})
    deal = factories.deal(factories.match(factories.need(firm), technology), broker, "qualified", since=NOW)
    record(deal, "open", firm_owner, NOW)
    session.flush()
    assert rows(member, institute) == [], "who takes no part in it reads nothing of it"
    [of_holder] = operations.of_organisation(holder_owner, institute, Asked(), 9)[1]
    [of_firm] = operations.of_organisation(firm_owner, firm, Asked(), 9)[1]
    assert (of_holder.person, of_holder.who) == ("", "other") and of_firm.person == firm_owner.name
    assert "秘密" in of_holder.title and "秘密" not in of_firm.title


def test_an_agreement_that_was_never_proposed_is_its_writers_alone(session):
    firm_owner, firm = house("enterprise")
    holder_owner, institute = house()
    agreement = factories.agreement(institute, firm, state="draft", proposed=None, drafted_by_id=firm.id)
    record(agreement, "create", firm_owner, NOW)
    session.flush()
    assert rows(firm_owner, firm) == [("agreement", "create")] and rows(holder_owner, institute) == []
    agreement.state, agreement.proposed = "proposed", NOW + timedelta(hours=1)
    record(agreement, "propose", firm_owner, agreement.proposed, origin="draft", target="proposed")
    session.flush()
    assert rows(holder_owner, institute) == [("agreement", "propose")], "nor what was written before"
    [seen] = operations.of_organisation(holder_owner, institute, Asked(), 9)[1]
    assert (seen.person, seen.who, seen.fields) == ("", "other", (("state", "draft", "proposed"),))


def test_pages_go_on_by_key_and_the_filter_stays(client, session):
    owner, institute = house()
    technology = factories.technology(institute)
    for number in range(23):
        record(technology, "edit", SYSTEM if number else owner, NOW + timedelta(minutes=number))
    session.commit()
    client.login(owner)
    path = f"/en/organisations/{institute.public_id}/trail?kind=technology"
    first = BeautifulSoup(client.get(path).get_data(as_text=True), "lxml")
    following = first.select_one(".pager a[rel=next]")["href"]
    assert "kind=technology" in following
    second = BeautifulSoup(client.get(following).get_data(as_text=True), "lxml")
    assert [len(page.select("tbody tr")) for page in (first, second)] == [20, 3]
    assert first.select_one(".list-count").get_text() == second.select_one(".list-count").get_text() == "23 entries"
    assert client.get(path + "x&since=never&after=x").status_code == 200
    file = first.select_one(".exports a")["href"]
    answer = client.get(file)
    assert "/tables/history.xlsx" in file and answer.get_data()[:2] == b"PK"
    answer.close()


def test_everybody_reads_his_own_account(client, session):
    person = factories.person(address="known@example.com", language="en")
    record(factories.person(), "password_changed", person, NOW)
    record(person, "appointed", factories.operator(name="Quinn"), now())
    session.commit()
    client.post("/en/sign-in", data={"address": "known@example.com", "password": factories.PASSWORD})
    page = client.get("/en/settings/history").get_data(as_text=True)
    assert "signed in" in page and "made technology manager" in page and "password changed" not in page
    assert "an operator of the site" in page and "Quinn" not in page
