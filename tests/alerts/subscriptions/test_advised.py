"""What was said of one's listings: one section of the daily digest, never at once, stopped like any other."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.db import now
from marketplace.errors import NotFound
from marketplace.matching.operations import answer_match
from tests import factories, inspection

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def said(session):
    """A technology of one owner, and a function that has another firm decline it; and the pairs."""
    owner = factories.person(language="en")
    technology = factories.technology(factories.organisation(owner, kind="institute"), title={"en": "Deburring head"})

    def decline(code: str, side: str = "firm", **more):
        firm = factories.person(name="沉默的厂长")
        pair = factories.match(factories.need(factories.organisation(firm)), technology)
        answer_match(firm, pair, side, "declined", code, **more)
        inspection.work()
        return firm, pair

    return owner, technology, decline


def own(session, person) -> Subscription | None:
    return session.scalar(select(Subscription).where(Subscription.person_id == person.id, Subscription.kind == "advice"))


def test_many_declines_are_one_line_a_reason_in_one_daily_mail(session, said, tell):
    owner, technology, decline = said
    for code in ("price", "benefit_unclear", "price"):
        decline(code, text="too dear for us")
    assert session.scalars(select(Mail)).all() == [], "nothing is told at once"
    row = own(session, owner)
    assert row.pace == "daily" and row.due > now()
    [mail] = tell()
    assert mail.person_id == owner.id and mail.subject == "3 new things in what you follow" and "What was said of my listings" in mail.body
    assert mail.body.count("Deburring head") == 2 and "Declined 2 times: the price." in mail.body and "Offer to be paid after use" in mail.body
    assert mail.body.index("the price") < mail.body.index("the benefit is unclear") and f"/technologies/{technology.public_id}" in mail.body
    assert "too dear" not in mail.body and "沉默" not in mail.body, "who said it, and in which words, is not in the mail"
    session.execute(update(Subscription).values(due=now()))
    assert tell() == []


def test_one_that_was_taken_back_is_not_told(session, said, tell):
    _owner, _technology, decline = said
    firm, pair = decline("price")
    answer_match(session.merge(firm), session.merge(pair), "firm", "new")
    assert tell() == []


def test_a_brokers_decline_tells_nobody(session, said, tell):
    owner, technology, _decline = said
    pair = factories.match(factories.need(), technology)
    answer_match(factories.broker(), pair, "broker", "declined", "wrong_field")
    inspection.work()
    assert own(session, owner) is None and session.scalars(select(Noticed)).all() == []


def test_a_need_that_an_institute_declines_is_told_to_its_firm_in_its_language(session, tell):
    holder, firm = factories.person(), factories.person(language="zh")
    need = factories.need(factories.organisation(firm), title={"zh": "钳子去毛刺"})
    pair = factories.match(need, factories.technology(factories.organisation(holder, kind="institute")))
    answer_match(holder, pair, "holder", "declined", "capacity")
    inspection.work()
    [mail] = tell()
    assert mail.person_id == firm.id and "被婉拒 1 次，原因：眼下人手不够。" in mail.body and "钳子去毛刺" in mail.body


def test_it_stops_by_the_link_and_stays_stopped(session, said, tell, client):
    owner, _technology, decline = said
    decline("price")
    [mail] = tell()
    row = own(session, owner)
    subscriptions.stop_by_token(VISITOR, subscriptions.token_for(row))
    decline("terms")
    assert tell() == [] and len(session.scalars(select(Subscription).where(Subscription.kind == "advice")).all()) == 1
    subscriptions.resume(owner, row)
    subscriptions.remove(owner, row)
    session.flush()
    decline("price")
    assert own(session, owner).paused is not None and tell() == [], "deleted, it would come back with the next decline"


def test_who_has_stopped_all_mail_is_not_written_to_anew(session, said, tell):
    owner, _technology, decline = said
    subscriptions.pause(owner, subscriptions.follow_search(owner, "technology", "x", {}, "x"))
    decline("price")
    assert own(session, owner).paused is not None and tell() == []


def test_its_pages_offer_no_pace_at_once(session, said, client):
    owner, _technology, decline = said
    decline("price")
    row = own(session, owner)
    client.login(owner)
    page = client.get(f"/zh/subscriptions/{row.public_id}").get_data(as_text=True)
    assert 'value="daily"' in page and 'value="at_once"' not in page and "对方对我方成果和需求的反馈" in page
    assert client.get("/en/subscriptions").status_code == 200
    assert "Declined 1 time: the price." in client.get(f"/en/subscriptions/{row.public_id}/sample").get_data(as_text=True)
    with pytest.raises(NotFound):
        subscriptions.change(owner, row, "x", "at_once", 0, 9, "Asia/Shanghai")
