"""Credit records: counted from facts, the sum of their entries, seen by the other side of an agreement and by nobody else, commented on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.audits import operations as audits
from marketplace.licensing.credit import entries, operations
from marketplace.licensing.credit.models import KINDS, CreditEntry
from marketplace.licensing.performing import operations as performing
from marketplace.licensing.statements import operations as statements
from tests import factories
from tests.inspection import work
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides

pytestmark = pytest.mark.usefixtures("app")

NOVEMBER = noon(2026, 11, 1)


def refreshed(two, at=NOVEMBER):
    ledger.refresh(two.agreement, at)
    entries.refresh_credit(two.agreement, at)
    assert not list(entries.faults(two.agreement, ledger.day_of(two.agreement, at)))
    rows = ledger.session.scalars(select(CreditEntry).where(CreditEntry.agreement_id == two.agreement.id)).all()
    return {row.key: row for row in rows if not row.key.startswith("dispute")}


def shown(entry):
    return entry.outcome, entry.days_late, entry.mark


def test_statements_and_payments_against_their_days(session):
    two = two_sides()
    stated(two, FIRST, at=noon(2026, 4, 30))
    factories.event(two.agreement, "payment", "2026-06-09", amount="6000")
    stated(two, SECOND, at=noon(2026, 8, 2))
    found = refreshed(two)
    assert shown(found["statement:2026-01-01"]) == ("on_time", 0, None)
    assert shown(found["royalty:2026-01-01"]) == ("late", 10, None)
    assert shown(found["statement:2026-04-01"]) == ("late", 3, None)
    assert shown(found["royalty:2026-04-01"]) == ("overdue", 0, None) and found["royalty:2026-04-01"].late_on(date(2026, 11, 1)) == 64
    assert shown(found["statement:2026-07-01"]) == ("overdue", 0, None)
    assert "milestone:pilot" not in found and "statement:2026-10-01" not in found  # open ones are no entry


def test_a_correction_does_not_make_a_statement_late(session):
    two = two_sides()
    stated(two, at=noon(2026, 4, 20))
    stated(two, gross="1", at=noon(2026, 9, 1))
    assert shown(refreshed(two)["statement:2026-01-01"]) == ("on_time", 0, None)


def test_an_estimate_is_not_the_licensees_statement(session):
    two = two_sides()
    stated(two, at=noon(2026, 4, 20))
    statements.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 9, 1))
    assert refreshed(two)["statement:2026-04-01"].outcome == "estimated"
    stated(two, SECOND, "5", noon(2026, 9, 3))
    assert shown(refreshed(two)["statement:2026-04-01"]) == ("late", 35, None)


def test_without_a_duty_to_state_nothing_a_missing_statement_is_no_fault(session):
    assert refreshed(two_sides(clauses={"zero_statement": False})) == {}


def test_while_there_is_a_dispute_what_is_not_done_does_not_count(session):
    two = two_sides()
    stated(two, at=noon(2026, 5, 2))
    two.agreement.disputed = True
    found = refreshed(two)
    assert shown(found["statement:2026-01-01"]) == ("late", 2, None)
    assert shown(found["statement:2026-04-01"]) == ("overdue", 0, "disputed")
    assert operations.counts(two.agreement.licensee)["statement"]["overdue"].number == 0


def test_an_answer_within_thirty_days(session):
    two = two_sides()
    first = stated(two, FIRST, at=noon(2026, 7, 1))
    statements.query_statement(two.licensor, first, "?", noon(2026, 7, 31))
    second = stated(two, SECOND, at=noon(2026, 7, 1))
    found = refreshed(two)
    assert shown(found[f"answer:{first.id}"]) == ("on_time", 0, None) and shown(found[f"answer:{second.id}"]) == ("overdue", 0, None)
    statements.accept_statement(two.licensor, second, noon(2026, 8, 2))
    assert shown(refreshed(two)[f"answer:{second.id}"]) == ("late", 2, None)
    assert found[f"answer:{first.id}"].organisation_id == two.agreement.licensor_id


def test_time_alone_makes_an_answer_late(session):
    two = two_sides()
    statement = stated(two, at=datetime(2026, 7, 1, 4, tzinfo=UTC))
    for _pause in entries.refresh_unanswered():
        session.flush()
    row = session.scalars(select(CreditEntry).where(CreditEntry.key == f"answer:{statement.id}")).one()
    assert row.outcome == "overdue"


@pytest.mark.parametrize(("gross", "there"), [("230000", True), ("201000", False)])
def test_an_audit_above_the_limit_is_noted(session, gross, there):
    two = two_sides()
    stated(two, at=noon(2026, 4, 20))
    audit = audits.ask_audit(two.licensor, two.agreement, FIRST, FIRST, "why", "k", noon(2026, 8, 1))
    audits.start_audit(two.licensor, audit, noon(2026, 8, 20))
    audits.close_audit(two.licensor, audit, {FIRST: {"gross": gross}}, "c", at=noon(2026, 8, 20))
    found = refreshed(two)
    assert (f"audit:{audit.id}" in found) is there
    if there:
        audits.dispute_findings(two.licensee, audit, "no", noon(2026, 8, 21))
        assert refreshed(two)[f"audit:{audit.id}"].mark == "disputed"


def test_disputes_are_noted_for_both(session):
    two = two_sides()
    found = performing.dispute(two.licensor, two.agreement, "退货", "退货是否可以扣减", "k", noon(2026, 8, 1))
    session.flush()
    refreshed(two)
    assert found.id
    for side in (two.agreement.licensor, two.agreement.licensee):
        assert operations.counts(side)["dispute"]["noted"].number == 1


def test_what_was_taken_back_goes_or_is_marked_where_somebody_wrote(session):
    two = two_sides()
    stated(two, FIRST, at=noon(2026, 5, 20))
    second = stated(two, SECOND, at=noon(2026, 8, 20))
    refreshed(two)
    operations.comment_on(two.licensee, refreshed(two)["royalty:2026-04-01"], "银行节假日。", NOVEMBER)
    ledger.void(two.licensee, second.event, "wrong", NOVEMBER)
    statements.statement_voided(second.event_id)
    found = refreshed(two)
    assert found["royalty:2026-04-01"].mark == "void" and f"answer:{second.id}" not in found
    assert found["statement:2026-04-01"].outcome == "overdue"
    assert operations.counts(two.agreement.licensee)["payment"]["overdue"].number == 1  # the first royalty; the void one is not counted


def test_the_record_follows_by_itself(session):
    two = two_sides()
    statement = stated(two, at=noon(2026, 5, 20))
    factories.session.flush()
    work()
    assert operations.counts(two.agreement.licensee)["statement"]["late"].number == 1
    ledger.enter(two.licensor, two.agreement, "payment", date(2026, 7, 20), "paid", noon(2026, 7, 20), amount="6000")
    work()
    assert operations.counts(two.agreement.licensee)["payment"]["late"].days_late == 51
    statements.accept_statement(two.licensor, statement, noon(2026, 6, 1))
    work()
    assert operations.counts(two.agreement.licensor)["answer"]["on_time"].number == 1


months = st.integers(1, 10)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(late=st.lists(st.tuples(months, st.integers(0, 80)), max_size=8, unique_by=lambda one: one[0]), disputed=st.booleans(),
       paid=st.lists(st.integers(0, 150), max_size=4))
def test_counts_are_the_sum_of_the_entries_and_these_are_the_facts(app, late, disputed, paid):
    terms = {"currency": "CNY", "effective": "2026-01-01", "royalty": {"base": "units", "period": "month", "per_unit": "1"}}
    try:
        two = two_sides(terms=terms, disputed=disputed)
        for month, days in sorted(late, key=lambda one: date(2026, one[0], 28) + timedelta(days=one[1] + 4)):
            at = min(noon(2026, month, 28) + timedelta(days=days + 4), NOVEMBER)
            stated(two, date(2026, month, 1), at=at, units="100")
        for days in paid:
            day = date(2026, 3, 1) + timedelta(days=days)
            ledger.enter(two.licensor, two.agreement, "payment", day, f"paid:{day}", NOVEMBER, amount="100")
        found = refreshed(two)
        assert len({key for key in found if key.startswith("statement:2026")}) <= 10
        for side in (two.agreement.licensor, two.agreement.licensee):
            own = [one for one in found.values() if one.organisation_id == side.id and one.mark is None]
            counts = operations.counts(side)
            assert sum(one.number for outcomes in counts.values() for one in outcomes.values()) == len(own)
            assert sum(one.days_late for outcomes in counts.values() for one in outcomes.values()) == sum(one.days_late for one in own)
            for kind in KINDS:
                assert counts[kind]["on_time"].number == sum(one.kind == kind and one.outcome == "on_time" for one in own)
    finally:
        ledger.session.rollback()
        ledger.session.expunge_all()


def test_a_changed_entry_is_found(session):
    two = two_sides()
    stated(two, at=noon(2026, 5, 20))
    refreshed(two)["statement:2026-01-01"].outcome = "on_time"
    session.flush()
    assert len(list(entries.faults(two.agreement, date(2026, 11, 1)))) == 1


# who sees it

@pytest.mark.parametrize(("state", "seen"), [("draft", False), ("proposed", True), ("countersigned", True), ("withdrawn", False)])
def test_the_other_side_sees_it_from_the_proposal_on(session, state, seen):
    two = two_sides(state=state, proposed=None if state == "draft" else noon(2026, 1, 1))
    assert operations.may_see_credit(two.licensor, two.agreement.licensee) is seen
    assert operations.may_see_credit(two.licensee, two.agreement.licensee)


def test_nobody_else_sees_it(session):
    two = two_sides()
    stranger = factories.person()
    factories.organisation(stranger)
    for who in (VISITOR, stranger, factories.broker(), factories.operator(), factories.person()):
        for side in (two.agreement.licensor, two.agreement.licensee):
            assert not operations.may_see_credit(who, side)
            with pytest.raises(NotFound):
                operations.entries_of(who, side, 0, 10)


def test_comments_of_both_sides_with_their_wordings(session):
    two = two_sides()
    stated(two, at=noon(2026, 5, 20))
    entry = refreshed(two)["statement:2026-01-01"]
    operations.comment_on(two.licensor, entry, "此前一直准时。", NOVEMBER)
    operations.comment_on(two.licensee, entry, "系统升级。", NOVEMBER)
    operations.comment_on(two.licensee, entry, "系统升级，已补报。", NOVEMBER)
    operations.comment_on(two.licensee, entry, "系统升级，已补报。", NOVEMBER)
    assert [(one.text, one.number) for one in operations.comments_shown(entry)] == [("系统升级，已补报。", 2), ("此前一直准时。", 1)]
    assert len(entry.comments) == 3
    with pytest.raises(Refused):
        operations.comment_on(two.licensee, entry, "   ")


def test_only_the_two_sides_of_the_entry_comment(session):
    two = two_sides()
    stated(two, at=noon(2026, 5, 20))
    entry = refreshed(two)["statement:2026-01-01"]
    third = factories.person()
    factories.agreement(factories.organisation(third, kind="institute"), two.agreement.licensee, state="proposed")
    assert operations.may_see_credit(third, two.agreement.licensee)
    for who in (VISITOR, third, factories.broker(), factories.operator()):
        with pytest.raises((NotAllowed, NotFound)):
            operations.comment_on(who, entry, "x")
        with pytest.raises(NotFound):
            operations.entry_by_public_id(who, entry.public_id)
