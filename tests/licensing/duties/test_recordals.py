"""Recordals: when they are due, who is reminded and how often, what is entered of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from marketplace.alerts.models import Mail
from marketplace.errors import NotAllowed, Refused
from marketplace.licensing.duties import recordals
from marketplace.licensing.duties.models import Recordal, RecordalReminder
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, parties, signed, work_on

pytestmark = pytest.mark.usefixtures("app")


def recorded(who, terms=None, at=NOW) -> Recordal | None:
    agreement = signed(who, terms, at)
    recordals.begin_recordal(agreement.id)
    recordals.begin_recordal(agreement.id)
    recordals.session.flush()
    return recordals.recordal_of(agreement)


@pytest.mark.parametrize(("effective", "due"), [
    ("2026-11-02", "2027-02-02"), ("2026-11-30", "2027-02-28"), ("2026-10-20", "2027-02-02"),
])
def test_it_is_due_three_months_after_effect_or_signature(effective, due):
    found = recorded(parties(), {**TRIAL, "effective": effective})
    assert found.due == date.fromisoformat(due), "a day that the month lacks is its last; an effect before the signature begins with it"


@pytest.mark.parametrize("values", [{"kind": "know_how"}, {"kind": "patent_application"}, {"publication_number": "US9254383B2"}])
def test_what_is_no_patent_of_the_office_owes_none(values):
    who = parties()
    for name, value in values.items():
        setattr(who.technology, name, value)
    assert recorded(who) is None


def test_reminders_come_once_each_at_thirty_and_seven_days_and_when_overdue(session, monkeypatch):
    who = parties()
    found = recorded(who)
    session.query(Mail).delete()
    told = []
    for day in ("2027-01-02", "2027-01-03", "2027-01-04", "2027-01-26", "2027-01-27", "2027-02-02", "2027-02-03", "2027-03-01"):
        monkeypatch.setattr(recordals, "now", lambda day=day: datetime.fromisoformat(day).replace(hour=2, tzinfo=UTC))
        list(recordals.remind_recordals())
        list(recordals.remind_recordals())
        session.flush()
        told.append([one.kind for one in session.query(RecordalReminder).order_by(RecordalReminder.id)][len(sum(told, [])):])
    assert told == [[], ["before_30"], [], ["before_7"], [], [], ["overdue"], []]
    work_on("alerts.recordal_reminder")
    mails = session.query(Mail).filter_by(template="recordal").all()
    assert {mail.person_id for mail in mails} >= {who.holder_signatory.id, who.firm_signatory.id} and len(mails) % 3 == 0
    assert found.state == "open"


def test_filed_it_reminds_no_more_and_the_offices_number_ends_it():
    who = parties()
    found = recorded(who)
    later = NOW + timedelta(days=5)
    for person in (factories.person(), factories.operator()):
        with pytest.raises(NotAllowed):
            recordals.file_recordal(person, found, NOW.date(), at=later)
    for day in (date(2026, 11, 1), date(2026, 11, 8)):
        with pytest.raises(Refused):
            recordals.file_recordal(who.holder_member, found, day, at=later)
    recordals.file_recordal(who.holder_member, found, date(2026, 11, 4), at=later)
    assert recordals.wanted(found, date(2027, 6, 1)) is None
    for number, day in (("", date(2026, 11, 5)), ("X1", date(2026, 11, 3))):
        with pytest.raises(Refused):
            recordals.enter_recordal(who.firm_member, found, number, day, at=later)
    recordals.enter_recordal(who.firm_member, found, " X2026330000001 ", date(2026, 11, 6), at=later)
    assert (found.state, found.number) == ("recorded", "X2026330000001")
    with pytest.raises(Refused):
        recordals.enter_recordal(who.firm_member, found, "X2", date(2026, 11, 6), at=later)
