"""Under a signed agreement: who may enter what, corrections by both sides, disputes and settlements, reminders once each, the desk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import AgreementEvent
from marketplace.licensing.performing import operations, reminders
from marketplace.licensing.performing.desk import tasks_of
from marketplace.licensing.performing.models import Dispute, Reminder
from tests import factories
from tests.factories import NOW
from tests.inspection import work
from tests.licensing.agreement.parties import TRIAL, give, parties, proposed, signed

pytestmark = pytest.mark.usefixtures("app")
TODAY = date(2026, 11, 2)
LATER = NOW + timedelta(hours=1)
RICH = {**TRIAL, "conditional": [{"id": "burr", "amount": "30000"}]}


def enter(person, agreement, kind, key="k", day=TODAY, at=LATER, **values):
    return operations.enter_event(person, agreement, kind, day, key, at, **values)


BY_LICENSEE = ("converted", "declined", "first_revenue", "milestone_accepted", "accepted", "rejected", "bought_out")


@pytest.mark.parametrize("kind", operations.KINDS)
def test_strangers_enter_nothing_and_each_side_its_own(session, kind):
    who = parties()
    agreement = signed(who, RICH)
    more = {"id": "pilot"} if kind == "milestone_accepted" else {"id": "burr"} if kind in ("submitted", "accepted", "rejected") else {}
    more |= {"months": 1} if kind == "trial_extended" else {"reason": "x"} if kind == "terminated" else {}
    for person in (factories.operator(), factories.broker(), factories.person(), VISITOR):
        with pytest.raises((NotAllowed, NotFound)):
            enter(person, agreement, kind, **more)
    wrong = who.holder_signatory if kind in BY_LICENSEE else who.firm_signatory if kind in ("trial_extended", "submitted") else None
    if wrong:
        with pytest.raises(NotAllowed):
            enter(wrong, agreement, kind, **more)
    if kind in ("converted", "declined", "bought_out", "terminated"):
        with pytest.raises(NotAllowed):
            enter(who.firm_member, agreement, kind, **more)
    right = who.holder_signatory if kind in ("trial_extended", "submitted") else who.firm_signatory
    made = enter(right, agreement, kind, **more)
    session.flush()
    assert made.type == kind and list(ledger.faults(agreement)) == []


def test_statements_and_payments_are_not_entered_here():
    who = parties()
    agreement = signed(who)
    with pytest.raises(NotFound):
        enter(who.firm, agreement, "payment", amount="1")


def test_the_steps_offered_are_those_that_the_schedule_accepts(session):
    who = parties()
    agreement = signed(who, RICH)
    offered = {step.kind for step in operations.steps_of(who.firm_signatory, agreement, LATER)}
    assert offered == {"trial_started", "converted", "declined", "first_revenue", "milestone_accepted", "accepted", "rejected", "bought_out", "terminated"}
    assert {step.kind for step in operations.steps_of(who.firm_member, agreement, LATER)} == {
        "trial_started", "first_revenue", "milestone_accepted", "accepted", "rejected"}
    enter(who.firm_signatory, agreement, "converted")
    session.flush()
    left = {step.kind: step.names for step in operations.steps_of(who.firm_signatory, agreement, LATER)}
    assert "converted" not in left and "declined" not in left and left["milestone_accepted"] == ("pilot",)
    assert operations.steps_of(factories.person(), agreement, LATER) == []


def test_a_refusal_stands_beside_its_field():
    who = parties()
    agreement = signed(who)
    for values, field in (({"day": date(2026, 11, 3)}, "day"), ({"day": date(2026, 11, 1)}, "day")):
        with pytest.raises(Refused) as refused:
            enter(who.firm_signatory, agreement, "converted", **values)
        assert refused.value.field == field
    with pytest.raises(Refused) as refused:
        enter(who.firm_signatory, agreement, "terminated", reason=" ")
    assert refused.value.field == "reason"
    with pytest.raises(Refused) as refused:
        enter(who.firm_member, agreement, "milestone_accepted", id="none")
    assert refused.value.field == "id"


def test_a_wrong_event_is_taken_back_when_both_sides_say_so(session):
    who = parties()
    agreement = signed(who)
    event = enter(who.firm_signatory, agreement, "converted")
    session.flush()
    asked = operations.ask_correction(who.firm_member, agreement, event, "zu früh", LATER)
    session.flush()
    assert operations.ask_correction(who.firm_member, agreement, event, "again", LATER) is asked
    for person in (who.firm, who.firm_signatory):
        with pytest.raises(Refused):
            operations.agree_correction(person, asked, LATER)
    for person in (factories.operator(), factories.person()):
        with pytest.raises(NotAllowed):
            operations.agree_correction(person, asked, LATER)
    operations.agree_correction(who.holder_member, asked, LATER)
    session.flush()
    assert asked.state == "agreed" and agreement.standing.status == "on_trial" and list(ledger.faults(agreement)) == []
    assert [row.voids_id for row in session.query(AgreementEvent).order_by(AgreementEvent.id)] == [None, event.id]
    with pytest.raises(Refused):
        operations.agree_correction(who.holder_member, asked, LATER)
    with pytest.raises(NotFound):
        operations.ask_correction(who.firm_member, agreement, event, "once more", LATER)


def test_a_refused_correction_lets_the_event_stand(session):
    who = parties()
    agreement = signed(who)
    event = enter(who.firm_signatory, agreement, "converted")
    session.flush()
    asked = operations.ask_correction(who.holder_member, agreement, event, "no", LATER)
    session.flush()
    with pytest.raises(Refused):
        operations.withdraw_correction(who.firm, asked, LATER)
    operations.refuse_correction(who.firm, asked, LATER)
    session.flush()
    assert asked.state == "refused" and agreement.standing.status == "active"


def test_an_event_on_which_others_rest_cannot_be_taken_back(session):
    who = parties()
    agreement = signed(who)
    declined = enter(who.firm_signatory, agreement, "declined")
    session.flush()
    give(who.firm_signatory, agreement, LATER, of="certificate")
    asked = operations.ask_correction(who.firm_member, agreement, declined, "wrong", LATER)
    session.flush()
    with pytest.raises(Refused):
        operations.agree_correction(who.holder_member, asked, LATER)


def test_a_dispute_is_marked_settled_by_both_and_pauses_reminders(session):
    who = parties()
    agreement = signed(who)
    for person in (factories.operator(), factories.person(), VISITOR):
        with pytest.raises((NotAllowed, NotFound)):
            operations.dispute(person, agreement, "s", "t", "key", LATER)
    found = operations.dispute(who.firm_member, agreement, "Quality", "It does not work.", "key", LATER)
    session.flush()
    assert operations.dispute(who.firm_member, agreement, "Quality", "It does not work.", "key", LATER) is found
    second = operations.dispute(who.holder_member, agreement, "Money", "Pay.", "other", LATER)
    session.flush()
    assert agreement.disputed and reminders.remind_once(agreement, "lapsed", TODAY, LATER) is None
    operations.offer_settlement(who.firm_member, found, "Half.", LATER)
    session.flush()
    with pytest.raises(Refused):
        operations.settle(who.firm, found, "Half.", LATER)
    with pytest.raises(Refused):
        operations.settle(who.holder_member, found, "All.", LATER)
    operations.settle(who.holder_member, found, "Half.", LATER)
    session.flush()
    assert found.state == "settled" and agreement.disputed, "the second one is open"
    operations.offer_settlement(who.holder_member, second, "Paid.", LATER)
    session.flush()
    operations.decline_settlement(who.firm_member, second, LATER)
    session.flush()
    assert second.state == "open" and second.settlement is None
    operations.offer_settlement(who.firm_member, second, "Paid.", LATER)
    session.flush()
    operations.settle(who.holder_member, second, "Paid.", LATER)
    session.flush()
    assert not agreement.disputed and session.query(Dispute).filter_by(state="settled").count() == 2


def run_reminders(monkeypatch, moment):
    monkeypatch.setattr(reminders, "now", lambda: moment)
    for _batch in reminders.remind():
        pass


def test_each_reminder_comes_once(session, monkeypatch):
    who = parties()
    agreement = signed(who)  # the trial ends on 2 December, the window on 1 January
    seen = []
    for day in (1, 20, 25, 35, 55, 58, 62, 90, 95):
        moment = NOW + timedelta(days=day)
        ledger.refresh(agreement, moment)
        run_reminders(monkeypatch, moment)
        run_reminders(monkeypatch, moment)
        seen.append([row.kind for row in session.query(Reminder).order_by(Reminder.id)])
    assert seen[0] == [] and seen[1] == ["trial_ending"] and seen[3] == ["trial_ending"]
    assert seen[4] == ["trial_ending", "window_ending"] and "lapsed" in seen[6]
    assert seen[-1] == ["trial_ending", "window_ending", "lapsed", "certificate_due", "certificate_overdue"]
    work()
    told = {mail.address for mail in session.query(Mail).filter_by(template="agreement")}
    assert told >= {who.firm_signatory.address, who.holder_signatory.address, who.firm_member.address} and who.holder.address not in told


def test_the_desk_shows_what_waits(session):
    who = parties()
    agreement = proposed(who)
    assert [task.what for task in tasks_of(who.holder_member, NOW)] == ["proposal"] and tasks_of(who.firm_member, NOW) == []
    give(who.firm_signatory, agreement)
    give(who.holder_signatory, agreement)
    assert tasks_of(who.firm_member, NOW) == []
    ledger.refresh(agreement, NOW + timedelta(days=20))
    assert [(task.what, task.until) for task in tasks_of(who.firm_member, NOW + timedelta(days=20))] == [("trial_ending", date(2026, 12, 2))]
    ledger.refresh(agreement, NOW + timedelta(days=70))
    assert [task.what for task in tasks_of(who.firm_member, NOW + timedelta(days=70))] == ["certificate"]
    assert tasks_of(who.holder_member, NOW + timedelta(days=70)) == [] == tasks_of(factories.person(), NOW)
