"""Pages of what somebody follows, and the link that stops without signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.alerts import delivery
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.db import now
from marketplace.people import tokens
from marketplace.web import limiter
from tests import factories

pytestmark = pytest.mark.usefixtures("app")

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def two(person) -> list[Subscription]:
    return [subscriptions.follow_search(person, "technology", words, {}, words, factories.NOW) for words in ("laser", "焊接")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_follow_a_search_from_its_page_and_choose_the_pace(client, session, language):
    person = factories.person(language=language)
    address = f"/{language}/technologies?q=laser&field=optics&field=polymers"
    assert "subscriptions/search" not in client.get(address).get_data(as_text=True), "a visitor is asked to sign in"
    client.login(person)
    page = client.get(address).get_data(as_text=True)
    assert f'action="/{language}/subscriptions/search/technologies?q=laser&amp;field=optics&amp;field=polymers"' in page
    gone = client.post(f"/{language}/subscriptions/search/technologies?q=laser&field=optics&field=polymers")
    [row] = session.scalars(select(Subscription)).all()
    assert gone.location.endswith(f"/{language}/subscriptions/{row.public_id}")
    assert (row.listing, row.words, row.filters, row.pace) == ("technology", "laser", {"field": ["optics", "polymers"]}, "daily")
    assert row.name.startswith("laser · ")
    assert client.get(gone.location).status_code == 200
    answer = client.post(gone.location, data={
        "name": "我的激光", "pace": "weekly", "weekday": "4", "hour": "17", "zone": "Europe/Berlin", "version": str(row.version_id)})
    session.expire_all()
    assert answer.status_code == 303 and (row.name, row.pace, row.weekday, row.hour, row.zone) == ("我的激光", "weekly", 4, 17, "Europe/Berlin")
    page = client.get(f"/{language}/subscriptions").get_data(as_text=True)
    assert "我的激光" in page and "q=laser&amp;field=optics&amp;field=polymers" in page and "17:00" in page
    wrong = client.post(gone.location, data={"name": "x", "pace": "weekly", "weekday": "4", "hour": "17", "zone": "Mars/Base", "version": str(row.version_id)})
    assert wrong.status_code == 422


def test_the_sample_shows_what_is_found_today_and_sends_nothing(client, session, arrive):
    person = factories.person(language="zh")
    arrive(factories.technology(title={"zh": "激光焊接头"}))
    row = subscriptions.follow_search(person, "technology", "焊接", {}, "焊接", factories.NOW)
    client.login(person)
    page = client.get(f"/zh/subscriptions/{row.public_id}/sample").get_data(as_text=True)
    assert "激光焊接头" in page and session.scalar(select(func.count()).select_from(Noticed)) == 0


def test_matches_are_followed_by_those_who_work_for_it_alone(client, session):
    author, stranger = factories.person(), factories.person()
    firm = factories.organisation(author)
    need, technology = factories.need(firm), factories.technology(firm)
    for person, allowed in ((author, True), (stranger, False)):
        client.login(person)
        for noun, thing in (("need", need), ("technology", technology), ("organisation", firm)):
            address = f"/zh/subscriptions/{noun}/{thing.public_id}"
            if noun != "organisation":
                page = client.get(f"/zh/{'needs' if noun == 'need' else 'technologies'}/{thing.public_id}").get_data(as_text=True)
                assert (address in page) == allowed
            answer = client.post(address)
            assert answer.status_code == (303 if allowed else 403)
    assert [row.kind for row in session.scalars(select(Subscription).order_by(Subscription.id))] == ["need", "technology", "organisation"]
    page = client.get("/zh/subscriptions")
    assert page.status_code == 200


def test_pause_resume_delete_and_nobody_else_s(client, session):
    person = factories.person()
    first, _second = two(person)
    session.add(Noticed(subscription_id=first.id, thing="technology", thing_id=1, at=now()))
    client.login(factories.person())
    for verb in ("pause", "resume", "delete"):
        assert client.post(f"/zh/subscriptions/{first.public_id}/{verb}").status_code == 404
    assert client.get(f"/zh/subscriptions/{first.public_id}").status_code == 404
    client.login(person)
    client.post(f"/zh/subscriptions/{first.public_id}/pause")
    session.expire_all()
    assert first.paused and session.scalar(select(Noticed.told)) is not None
    client.post(f"/zh/subscriptions/{first.public_id}/resume")
    session.expire_all()
    assert first.paused is None
    client.post(f"/zh/subscriptions/{first.public_id}/delete")
    assert session.scalar(select(func.count()).select_from(Subscription)) == 1


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_link_stops_without_signing_in(client, app, session, language, everything):
    person = factories.person()
    first, second = two(person)
    other = two(factories.person())
    address = f"/{language}/unsubscribe/{subscriptions.token_for(person if everything else first)}"
    session.commit()
    page = client.get(address).get_data(as_text=True)
    main = page.partition("<main")[2].partition("</main>")[0]
    assert main.count("<button") == 1 and ("laser" in main) != everything
    session.expire_all()
    assert first.paused is None, "opening the link changes nothing: mail scanners open it"
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for _ in range(2):
            answer = app.test_client().post(address, data=ONE_CLICK)
            assert answer.status_code == 200
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    session.expire_all()
    assert first.paused and bool(second.paused) == everything and not any(each.paused for each in other)


def test_a_link_does_not_grow_old_and_outlives_its_subscription(client, session, monkeypatch):
    person = factories.person()
    first, second = two(person)
    token = subscriptions.token_for(first)
    assert subscriptions.stopped_by(token, now() + timedelta(days=3650))[0] is first
    subscriptions.remove(person, first)
    assert client.post(f"/zh/unsubscribe/{token}", data=ONE_CLICK).status_code == 200
    session.expire_all()
    assert second.paused is None


def test_forged_and_other_tokens_stop_nothing(client, session):
    person = factories.person()
    first, _ = two(person)
    for token in (subscriptions.token_for(first)[:-2] + "xx", tokens.make("reset", first.public_id, "subscription"), "nonsense"):
        assert client.get(f"/en/unsubscribe/{token}").status_code == 422
        assert client.post(f"/en/unsubscribe/{token}", data=ONE_CLICK).status_code == 422
    session.expire_all()
    assert first.paused is None


def test_one_link_is_pressed_thirty_times_an_hour_at_most(client, session):
    address = f"/en/unsubscribe/{subscriptions.token_for(two(factories.person())[0])}"
    limiter.enabled = True
    try:
        answers = [client.post(address, data=ONE_CLICK).status_code for _ in range(31)]
    finally:
        limiter.enabled = False
    assert answers == [200] * 30 + [429]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whose_mail_comes_back_reads_what_to_do(client, session, language):
    person = factories.person(language=language)
    client.login(person)
    assert "5.1.1" not in client.get(f"/{language}/desk").get_data(as_text=True)
    delivery.close_address(person.address.upper(), "5.1.1", now())
    page = client.get(f"/{language}/desk").get_data(as_text=True)
    assert "5.1.1" in page and f"/{language}/subscriptions/address" in page
    assert client.post(f"/{language}/subscriptions/address").status_code == 303
    assert "5.1.1" not in client.get(f"/{language}/desk").get_data(as_text=True)
