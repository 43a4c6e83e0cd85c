"""Reminders: before, on and after the due date, each once, in the reader's language, none while a dispute runs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.licensing import ledger
from marketplace.licensing.billing import operations, payments, reminders
from marketplace.licensing.billing.models import Reminder
from tests import factories
from tests.factories import NOW
from tests.inspection import work

DUE = date(2026, 11, 20)


@pytest.fixture
def owing(two):
    """The milestone is accepted so that it falls due on DUE."""
    two.reach((DUE - timedelta(days=30)).isoformat())
    return two


def on(monkeypatch, day: date) -> None:
    """Let the clock of the job stand at noon of a day, and let it run."""
    moment = NOW.replace(year=day.year, month=day.month, day=day.day, hour=4)
    monkeypatch.setattr(reminders, "now", lambda: moment)
    for agreement in {obligation.agreement for obligation in session.scalars(select(reminders.Obligation))}:
        ledger.refresh(agreement, moment)
    for _pause in reminders.remind():
        session.flush()


def stages() -> list[str]:
    return list(session.scalars(select(Reminder.stage).order_by(Reminder.id)))


def test_each_stage_is_reminded_of_once(owing, monkeypatch):
    for day in range(-12, 45):
        for _time in range(2):
            on(monkeypatch, DUE + timedelta(days=day))
    assert stages() == ["before", "due", "after_7", "after_30"]


@pytest.mark.parametrize(("days", "stage"), [
    (-8, None), (-7, "before"), (-1, "before"), (0, "due"), (6, "due"), (7, "after_7"), (29, "after_7"), (30, "after_30"),
])
def test_a_day_has_its_stage(days, stage):
    assert reminders.stage_of(DUE, DUE + timedelta(days=days)) == stage


def test_after_a_long_silence_one_mail_is_enough(owing, monkeypatch):
    on(monkeypatch, DUE + timedelta(days=40))
    assert stages() == ["after_30"]


def test_a_dispute_and_a_payment_silence_it(owing, monkeypatch):
    owing.agreement.disputed = True
    session.flush()
    on(monkeypatch, DUE)
    assert stages() == []
    owing.agreement.disputed = False
    payment = payments.report_payment(owing.owner, owing.agreement, "k", NOW, amount=5_000_000, day=NOW.date())
    payments.confirm_payment(owing.officer, payment, NOW)
    on(monkeypatch, DUE)
    assert stages() == []


def test_everybody_who_works_there_is_mailed_in_their_language(owing, monkeypatch):
    chinese, signatory, gone = factories.person(language="zh"), factories.person(), factories.person()
    for person, role in ((chinese, "member"), (signatory, "signatory")):
        factories.membership(person, owing.firm, role)
    operations.issue(owing.officer, owing.agreement, "milestone:pilot", NOW)
    on(monkeypatch, DUE + timedelta(days=7))
    work()
    mails = {mail.person_id: mail for mail in session.scalars(select(Mail).where(Mail.template == "payment_reminder"))}
    assert set(mails) == {owing.owner.id, chinese.id} and gone.id not in mails
    reference = operations.last_invoice(owing.agreement, "milestone:pilot").reference
    assert "¥50,000" in mails[owing.owner.id].subject and "overdue" in mails[owing.owner.id].subject and reference in mails[owing.owner.id].body
    assert "5 万元" in mails[chinese.id].subject and "逾期" in mails[chinese.id].body and reference in mails[chinese.id].body
    assert f"/agreements/{owing.agreement.public_id}/billing" in mails[chinese.id].body


def test_what_was_paid_before_the_mail_left_is_not_mailed(owing, monkeypatch):
    on(monkeypatch, DUE)
    payment = payments.report_payment(owing.owner, owing.agreement, "k", NOW, amount=5_000_000, day=NOW.date())
    payments.confirm_payment(owing.officer, payment, NOW)
    work()
    assert session.scalar(select(Mail.id).where(Mail.template == "payment_reminder")) is None


def test_both_sides_hear_what_becomes_of_invoices_and_payments(owing):
    work()
    payment = payments.report_payment(owing.owner, owing.agreement, "k", NOW, amount=100, day=NOW.date())
    work()
    payments.reject_payment(owing.officer, payment, "not in our account", NOW)
    operations.cancel(owing.officer, operations.last_invoice(owing.agreement, "milestone:pilot"), "x", NOW)
    work()
    money = ("invoice_issued", "invoice_cancelled", "payment_reported", "payment_answered")
    mails = [(mail.template, mail.person_id) for mail in session.scalars(select(Mail).where(Mail.template.in_(money)).order_by(Mail.id))]
    assert mails == [("invoice_issued", owing.owner.id), ("payment_reported", owing.officer.id), ("payment_answered", owing.owner.id),
                     ("invoice_cancelled", owing.owner.id)]


def test_the_desk_shows_what_is_near_or_late_and_not_what_is_disputed(owing):
    before, near = NOW.replace(day=10), NOW.replace(day=15)
    assert reminders.money_to_do(owing.owner, before).dues == []
    assert [one.key for one in reminders.money_to_do(owing.owner, near).dues] == ["milestone:pilot"]
    assert reminders.money_to_do(owing.officer, near).dues == []
    owing.agreement.disputed = True
    session.flush()
    assert reminders.money_to_do(owing.owner, near).dues == []
