"""Reminders of the broker's fee: on its day and once it is overdue, each once, to whoever pays and to the broker, each in his language."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from marketplace.alerts.models import Mail
from marketplace.db import HOME, now, session
from marketplace.deals.fees.models import FeeDue, FeeReminder
from marketplace.deals.fees.operations import receive
from marketplace.deals.fees.reminders import remind, remind_fees, step_on
from marketplace.deals.models import Entry
from marketplace.deals.worklist import operations as worklist
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
TODAY = now().astimezone(HOME).date()


def owing(days: int, payer: str = "firm", deal=None, **values) -> FeeDue:
    """A part of a fee, payable until so many days from today."""
    deal = deal or factories.deal(stage="signed")
    key = f"payment:{session.scalar(select(func.count()).select_from(FeeDue)):012d}:{payer}"
    due = FeeDue(deal=deal, key=key, payer=payer, **{
        "amount": 200_000, "currency": "CNY", "arose": TODAY + timedelta(days=days - 30), "due": TODAY + timedelta(days=days),
        "because": {"zh": "因付款而应付", "en": "It follows from a payment"}, "paid": 0, **values})
    session.add(due)
    session.flush()
    return due


def done() -> None:
    """What a turn of the daily job does, and the mail that follows."""
    for _ in remind_fees():
        session.flush()
    work()


def mails(due: FeeDue) -> list[tuple[str, str]]:
    return [(mail.address, mail.language) for mail in session.scalars(select(Mail).where(Mail.template == "deal").order_by(Mail.id))]


@pytest.mark.parametrize(("days", "values", "step"), [
    (1, {}, None), (0, {}, "payable"), (-1, {}, "overdue"), (-400, {}, "overdue"),
    (0, {"arose": TODAY}, None), (-1, {"paid": 200_000}, None), (-1, {"paid": 199_999}, "overdue"), (-1, {"amount": 0}, None),
])
def test_what_is_insisted_on_when(days, values, step):
    assert step_on(owing(days, **values), TODAY) == step


def test_the_day_is_that_of_china():
    due = owing(0)
    midnight = datetime.combine(TODAY, datetime.min.time(), HOME)
    assert remind(due, midnight - timedelta(minutes=1)) is None
    assert remind(due, midnight).step == "payable" and remind(due, midnight + timedelta(hours=23, minutes=59)) is None
    assert remind(due, midnight + timedelta(days=1)).step == "overdue" and remind(due, midnight + timedelta(days=9)) is None


def test_each_is_told_once_in_his_own_language_whoever_pays_and_the_broker():
    due = owing(-2)
    deal = due.deal
    payer, broker = deal.firm.memberships[0].person, deal.broker
    payer.language, broker.language = "en", "zh"
    done()
    done()
    assert sorted(mails(due)) == sorted([(payer.address, "en"), (broker.address, "zh")])
    english, chinese = (session.scalars(select(Mail).where(Mail.address == one.address)).one() for one in (payer, broker))
    assert "overdue" in english.subject and "¥2,000" in english.body and f"/en/deals/{deal.public_id}#fee" in english.body
    assert "逾期" in chinese.subject and "因付款而应付" in chinese.body and "overdue" not in chinese.body
    assert [entry.kind for entry in session.scalars(select(Entry).where(Entry.deal_id == deal.id))] == ["fee_overdue"]
    due.due = TODAY - timedelta(days=1)
    session.flush()
    done()
    assert len(mails(due)) == 4, "another day that has passed is told anew"


def test_nobody_is_reminded_of_what_is_paid_or_of_a_deal_that_was_lost():
    paid = owing(-2)
    owing(-2, deal=factories.deal(stage="lost"))
    owing(1)
    remind(paid, now())
    receive(paid.deal.broker, paid, TODAY)
    done()
    assert mails(paid) == [] and session.scalars(select(FeeReminder.due_id)).all() == [paid.id]


def test_the_worklist_says_what_of_the_fee_is_overdue_until_it_is_paid(client):
    due = owing(-3)
    deal, broker = due.deal, due.deal.broker
    owing(-9, "holder", deal, amount=300_000, currency="USD")
    other = owing(-1, deal=factories.deal(stage="performing", leading=broker))
    owing(0, deal=deal)
    rows = worklist.worklist(broker)["fee"]
    assert [(row.thing, row.day) for row in rows] == [
        (deal.public_id, TODAY - timedelta(days=9)), (other.deal.public_id, TODAY - timedelta(days=1))]
    assert sorted(rows[0].values["amounts"]) == [(200_000, "CNY"), (300_000, "USD")]
    client.login(broker)
    for lang, amount in (("en", "$3,000"), ("zh", "US$3,000")):
        page = client.get(f"/{lang}/worklist").get_data(as_text=True)
        assert amount in page and f"/{lang}/deals/{deal.public_id}#fee" in page
    receive(broker, other, TODAY)
    worklist.put_off(broker, "fee", deal.public_id, 7)
    session.flush()
    assert "fee" not in worklist.worklist(broker) and "fee" not in worklist.worklist(factories.broker())


def test_the_page_of_the_deal_says_since_when_and_how_often_it_was_reminded(client):
    due = owing(-2)
    owing(0, "holder", due.deal)
    done()
    for reader in (due.deal.broker, due.deal.firm.memberships[0].person):
        client.login(reader)
        page = client.get(f"/en/deals/{due.deal.public_id}").get_data(as_text=True)
        assert page.count("reminded on") == 2 and "due today" in page and "is overdue since" in page and "is payable until today by" in page
        assert "提醒" in client.get(f"/zh/deals/{due.deal.public_id}?kind=fee").get_data(as_text=True)
