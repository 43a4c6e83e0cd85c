"""Searches for open calls: followed from their list, noticed when a call is published or amended, told in the digest while it takes proposals."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.calls import operations as calls
from marketplace.db import now
from tests import factories, inspection

pytestmark = pytest.mark.usefixtures("app")


def follow(person, words="", **filters) -> Subscription:
    return subscriptions.follow_search(person, "open_call", words, {name: [value] for name, value in filters.items()}, "我关注的榜单", factories.NOW)


def told_of(mails) -> str:
    return "\n".join(mail.body for mail in mails)


def test_a_published_call_is_told_to_who_follows_and_to_nobody_else(session, arrive, tell):
    person, other = factories.person(language="zh"), factories.person()
    institute = factories.organisation(other, kind="institute")
    factories.technology(institute, title={"zh": "微细刀具涂层"})
    follow(person, "刀具")
    call, away = factories.open_call(title={"zh": "微细刀具寿命"}), factories.open_call(title={"zh": "焊缝气孔"}, brief={"zh": "焊接"}, targets=[])
    arrive(call, away)
    [mail] = tell()
    assert mail.person_id == person.id and "微细刀具寿命" in mail.body and "焊缝气孔" not in mail.body
    assert f"/zh/open-calls/{call.public_id}" in mail.body and tell() == []


def test_an_amended_call_is_told_as_changed_once(session, arrive, tell):
    person, owner = factories.person(language="en"), factories.person()
    call = factories.open_call(factories.organisation(owner, size="large"), title={"en": "Brittle parts"}, published=factories.NOW - timedelta(days=3))
    follow(person, "porosity")
    arrive(call)
    assert tell() == []
    calls.amend_call(owner, session.merge(call), "more precise", brief={"en": "Porosity of castings makes them brittle"})
    inspection.work()
    arrive()
    [mail] = tell()
    assert "Brittle parts" in mail.body and "changed" in mail.body


def test_filters_of_the_list_are_those_of_the_search(session, arrive, tell):
    board = factories.board()
    call = factories.open_call(industry="C358", region="330000", amount=80_000_000, board=board)
    last = (call.deadline + timedelta(days=1)).date().isoformat()
    fit = {"industry": "C35", "region": "330000", "least": "800000", "before": last, "board": board.public_id}
    wrong = {"industry": "A01", "region": "310000", "least": "800001", "before": now().date().isoformat(), "board": "x"}
    people = {}
    for name in fit:
        for side, filters in (("fit", fit), ("wrong", wrong)):
            people[name, side] = factories.person()
            follow(people[name, side], **{name: filters[name]})
    yen = factories.person()
    follow(yen, least="5", currency="JPY")
    arrive(call)
    assert {mail.person_id for mail in tell()} == {people[name, "fit"].id for name in fit}


def test_members_only_and_closed_calls_are_not_told(session, arrive, tell):
    stranger, verified = factories.person(), factories.person()
    factories.organisation(verified)
    for person in (stranger, verified):
        follow(person)
    hidden, gone = factories.open_call(visibility="members"), factories.open_call(title={"zh": "过期的榜单"})
    arrive(hidden, gone)
    assert {row.subscription_id for row in session.scalars(select(Noticed).where(Noticed.thing_id == hidden.id))} == {
        session.scalar(select(Subscription.id).where(Subscription.person_id == verified.id))}
    session.merge(gone).state = "withdrawn"
    [mail] = tell()
    assert mail.person_id == verified.id and hidden.public_id in mail.body and gone.public_id not in mail.body


@pytest.mark.parametrize(("lang", "named"), [("zh", "刀具 · 行业：专用设备制造业"), ("en", "刀具 · Industry: ")])
def test_the_list_is_followed_and_the_link_stops_it(session, client, lang, named):
    person = factories.person(language=lang)
    factories.open_call()
    assert "sign-in" in client.get(f"/{lang}/open-calls?q=刀具").get_data(as_text=True)
    client.login(person)
    page = client.get(f"/{lang}/open-calls?q=刀具&industry=C35&sort=newest&state=all").get_data(as_text=True)
    assert "/subscriptions/search/open-calls?" in page
    answer = client.post(f"/{lang}/subscriptions/search/open-calls?q=刀具&industry=C35&sort=newest&state=all")
    assert answer.status_code == 303
    row = session.scalar(select(Subscription).where(Subscription.person_id == person.id))
    assert (row.listing, row.words, row.filters) == ("open_call", "刀具", {"industry": ["C35"]}) and row.name.startswith(named), row.name
    listed = client.get(f"/{lang}/subscriptions").get_data(as_text=True)
    assert "/open-calls?q=" in listed and "industry=C35" in listed
    assert client.get(f"/{lang}/subscriptions/{row.public_id}/sample").status_code == 200
    client.post(f"/{lang}/subscriptions/search/open-calls?industry=C35&q=刀具")
    assert len(session.scalars(select(Subscription).where(Subscription.person_id == person.id)).all()) == 1
    subscriptions.stop_by_token(VISITOR, subscriptions.token_for(row))
    assert row.paused is not None


def test_the_page_of_a_board_offers_its_own_search(session, client):
    board, person = factories.board(), factories.person()
    assert client.get(f"/en/boards/{board.public_id}").status_code == 200
    client.login(person)
    page = client.get(f"/en/boards/{board.public_id}").get_data(as_text=True)
    assert f"/subscriptions/search/open-calls?board={board.public_id}" in page
