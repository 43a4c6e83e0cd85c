"""Insisting on a statement: each step once, the latest one only, not while there is a dispute; who is written to."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import and_, select

from marketplace.alerts.models import Mail
from marketplace.licensing.statements import operations, reminders
from marketplace.licensing.statements.models import Reminder
from tests import factories
from tests.inspection import work
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides

pytestmark = pytest.mark.usefixtures("app")

DUE = date(2026, 4, 30)


def steps(two, at):
    return [(one.period, one.step) for one in reminders.remind(two.agreement, at)]


@pytest.mark.parametrize(("days", "step"), [(-8, None), (-7, "before"), (-1, "before"), (0, "due"), (6, "due"), (7, "after"), (29, "after"), (30, "escalated")])
def test_the_step_of_a_day(days, step):
    assert reminders.step_on(DUE, DUE + timedelta(days=days)) == step


@given(days=st.lists(st.integers(-20, 90), min_size=1, max_size=40).map(sorted))
def test_steps_only_rise(days):
    order = [None, "before", "due", "after", "escalated"]
    taken = [order.index(reminders.step_on(DUE, DUE + timedelta(days=day))) for day in days]
    assert taken == sorted(taken)


def test_each_step_is_taken_once(session):
    two = two_sides()
    assert steps(two, noon(2026, 4, 22)) == []
    assert steps(two, noon(2026, 4, 23)) == [(FIRST, "before")]
    assert steps(two, noon(2026, 4, 24)) == []
    assert steps(two, noon(2026, 4, 30)) == [(FIRST, "due")]
    assert steps(two, noon(2026, 5, 29)) == [(FIRST, "after")]
    assert steps(two, noon(2026, 5, 30)) == [(FIRST, "escalated")]
    assert steps(two, noon(2026, 7, 23)) == [(SECOND, "before")]


def test_what_was_stated_is_not_insisted_on(session):
    two = two_sides()
    stated(two, at=noon(2026, 4, 20))
    assert steps(two, noon(2026, 4, 30)) == []


def test_a_disputed_agreement_is_left_in_peace(session):
    two = two_sides(disputed=True)
    assert steps(two, noon(2026, 5, 30)) == []
    two.agreement.disputed = False
    assert steps(two, noon(2026, 5, 30)) == [(FIRST, "escalated")]


def test_without_a_duty_to_state_nothing_only_the_first_steps_are_taken(session):
    two = two_sides(clauses={"zero_statement": False})
    assert steps(two, noon(2026, 5, 30)) == []
    assert steps(two, noon(2026, 7, 30)) == [(SECOND, "due")]


def mails(session, two):
    both = and_(Mail.person_id.in_([two.licensor.id, two.licensee.id]), Mail.template.in_(("statement", "statement_reminder", "audit")))
    rows = session.execute(select(Mail.person_id, Mail.template, Mail.subject).where(both).order_by(Mail.id)).all()
    return [(("licensor" if row.person_id == two.licensor.id else "licensee"), row.template, row.subject) for row in rows]


def test_the_licensee_is_reminded_and_a_month_later_both_sides_hear(session):
    two = two_sides()
    member = factories.person()
    factories.membership(member, two.agreement.licensee)
    reminders.remind(two.agreement, noon(2026, 4, 30))
    work()
    assert [(who, template) for who, template, _ in mails(session, two)] == [("licensee", "statement_reminder")]
    assert "今天到期" in mails(session, two)[0][2]
    reminders.remind(two.agreement, noon(2026, 6, 1))
    work()
    assert sorted(who for who, _, _ in mails(session, two)) == ["licensee", "licensee", "licensor"]
    assert session.scalars(select(Mail).where(Mail.person_id == member.id)).all() == []


def test_a_statement_that_comes_before_the_mail_stops_it(session):
    two = two_sides()
    reminders.remind(two.agreement, noon(2026, 4, 30))
    stated(two)
    work()
    assert [template for _, template, _ in mails(session, two)] == ["statement"]


def test_the_job_may_run_twice(session):
    two = two_sides()
    for _again in range(2):
        for _pause in reminders.remind_statements():
            session.flush()
    rows = session.scalars(select(Reminder).where(Reminder.agreement_id == two.agreement.id)).all()
    assert len({(row.period, row.step) for row in rows}) == len(rows) > 0


def test_mails_tell_what_came_and_what_is_asked(session):
    two = two_sides()
    statement = stated(two)
    operations.query_statement(two.licensor, statement, "为什么？")
    work()
    operations.reply_to_query(two.licensee, statement, "因为。")
    operations.accept_statement(two.licensor, statement)
    work()
    assert [(who, template) for who, template, _ in mails(session, two)] == [
        ("licensor", "statement"), ("licensee", "statement"), ("licensor", "statement"), ("licensee", "statement")]
