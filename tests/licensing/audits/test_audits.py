"""Audits: asked for within the clause, run after their notice, closed with findings that change nothing but draft the correction."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.audits import operations
from marketplace.licensing.statements import operations as statements
from marketplace.licensing.statements.models import Statement
from tests import factories
from tests.inspection import work
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides

pytestmark = pytest.mark.usefixtures("app")

AUGUST = noon(2026, 8, 1)
LATER = noon(2026, 8, 20)


def asked(two, key="form", at=AUGUST):
    made = operations.ask_audit(two.licensor, two.agreement, FIRST, SECOND, "数字与海关数据不符", key, at)
    ledger.session.flush()
    return made


def running(two):
    return operations.start_audit(two.licensor, asked(two), LATER)


def closed(two, found=None, **values):
    stated(two, FIRST, "200000")
    stated(two, SECOND, "100000", noon(2026, 7, 20))
    audit = running(two)
    return operations.close_audit(two.licensor, audit, found or {FIRST: {"gross": "230000"}, SECOND: {"gross": "100000"}}, "漏报一个产品", at=LATER, **values)


def test_notice_runs_before_the_audit(session):
    two = two_sides()
    audit = asked(two)
    assert (audit.state, audit.day, audit.begins) == ("asked", date(2026, 8, 1), date(2026, 8, 11))
    assert asked(two) is audit
    with pytest.raises(Refused):
        operations.start_audit(two.licensor, audit, noon(2026, 8, 10))
    assert operations.start_audit(two.licensor, audit, noon(2026, 8, 11)).state == "running"


def test_as_often_a_year_as_agreed_and_withdrawn_ones_do_not_count(session):
    two = two_sides()
    asked(two)
    operations.withdraw_audit(two.licensor, asked(two, "second"), AUGUST)
    asked(two, "third")
    with pytest.raises(Refused):
        asked(two, "fourth")
    assert asked(two, "next year", noon(2027, 1, 1)).state == "asked"


def test_without_the_clause_there_is_no_right():
    with pytest.raises(Refused):
        asked(two_sides(clauses={}))


@pytest.mark.parametrize(("first", "until"), [(SECOND, FIRST), (date(2026, 7, 1), date(2026, 7, 1)), (date(2020, 1, 1), date(2020, 4, 1))])
def test_periods_that_are_over_and_in_order(first, until):
    two = two_sides()
    with pytest.raises(Refused) as refused:
        operations.ask_audit(two.licensor, two.agreement, first, until, "why", "k", AUGUST)
    assert refused.value.field == "until"


def test_findings_come_to_what_the_schedule_says(session):
    two = two_sides()
    audit = closed(two, cost=500000)
    # 3 % of 30,000 is 900 of 9,900 found: 9.09 %, above five, so the licensee bears the cost
    assert (audit.state, audit.underpaid, audit.share, audit.bears, audit.cost) == ("closed", 90000, "0.0909", "licensee", 500000)
    assert [(one.period, one.owed_stated, one.owed_found) for one in audit.findings] == [(FIRST, 600000, 690000), (SECOND, 300000, 300000)]
    assert audit.findings[0].stated == {"gross": "200000"}


@pytest.mark.parametrize(("gross", "bears"), [("210000", "licensor"), ("210526.32", "licensee"), ("190000", "licensor"), ("200000", "licensor")])
def test_who_bears_the_cost(session, gross, bears):
    two = two_sides()
    stated(two, FIRST, "200000")
    audit = operations.close_audit(two.licensor, running(two), {FIRST: {"gross": gross}}, "结论", at=LATER)
    assert audit.bears == bears


def test_nothing_changes_until_the_licensee_sends_the_correction(session):
    two = two_sides()
    audit = closed(two)
    standing = statements.standing_statement(two.agreement, FIRST)
    assert standing.values == {"gross": "200000"} and standing.state == "sent"
    (draft,) = session.scalars(select(Statement).where(Statement.audit_id == audit.id)).all()
    assert (draft.period, draft.state, draft.values) == (FIRST, "draft", {"gross": "230000"})
    with pytest.raises(NotAllowed):
        statements.send_statement(two.licensor, draft, "", LATER)
    statements.send_statement(two.licensee, draft, statements.foreseen(draft, LATER).digest, LATER)
    assert standing.state == "replaced"
    royalty = next(one for one in ledger.schedule_of(two.agreement, date(2026, 8, 20)).obligations if one.id == "royalty:2026-01-01")
    assert royalty.amount == 6900 and not list(ledger.faults(two.agreement))


def test_a_draft_in_the_way_is_given_up_and_stays_as_a_row(session):
    two = two_sides()
    audit = running(two)
    own = statements.draft_statement(two.licensee, two.agreement, FIRST, {"gross": "1"}, "own", at=AUGUST)
    operations.close_audit(two.licensor, audit, {FIRST: {"gross": "230000"}}, "结论", at=LATER)
    session.flush()
    assert own.state == "discarded" and statements.draft_of(two.agreement, FIRST).audit_id == audit.id


def test_findings_are_agreed_or_disputed_by_the_licensee(session):
    two = two_sides()
    audit = closed(two)
    operations.dispute_findings(two.licensee, audit, "那是另一份协议的产品。", LATER)
    assert audit.state == "disputed" and audit.remarks[0].kind == "dispute"
    operations.agree_findings(two.licensee, audit, LATER)
    assert audit.state == "agreed"
    with pytest.raises(Refused):
        operations.dispute_findings(two.licensee, audit, "又不同意", LATER)


def test_closing_twice_is_refused(session):
    two = two_sides()
    audit = closed(two)
    with pytest.raises(Refused):
        operations.close_audit(two.licensor, audit, {FIRST: {"gross": "1"}}, "again", at=LATER)
    assert len(audit.findings) == 2


@pytest.mark.parametrize(("found", "field"), [
    ({}, None), ({date(2026, 7, 1): {"gross": "1"}}, None), ({FIRST: {"gross": "x"}}, "2026-01-01.gross"),
    ({FIRST: {"gross": "1"}, SECOND: {"gross": "1.005"}}, "2026-04-01.gross"),
    ({FIRST: {"gross": "1"}, SECOND: {"gross": "9" * 28}}, "2026-04-01.gross"),
])
def test_findings_that_cannot_be_counted(session, found, field):
    two = two_sides()
    stated(two)
    audit = running(two)
    with pytest.raises(Refused) as refused:
        operations.close_audit(two.licensor, audit, found, "结论", at=LATER)
    assert refused.value.field == field and audit.state == "running"


def test_both_sides_hear_of_it(session):
    two = two_sides()
    audit = closed(two)
    work()
    operations.agree_findings(two.licensee, audit, LATER)
    work()
    told = session.execute(select(Mail.person_id, Mail.subject).where(Mail.template == "audit").order_by(Mail.id)).all()
    assert [one.person_id for one in told if one.person_id in (two.licensor.id, two.licensee.id)] == [two.licensee.id, two.licensee.id, two.licensor.id]
    assert len({one.subject for one in told}) == 3, "what happened is told as it was, though the audit has gone on meanwhile"


def test_an_audit_that_has_begun_is_told_still_and_one_that_was_withdrawn_is_not(session):
    two = two_sides()
    running(two)
    operations.withdraw_audit(two.licensor, asked(two, "second"), AUGUST)
    work()
    told = session.scalars(select(Mail.person_id).where(Mail.template == "audit")).all()
    assert told == [two.licensee.id]


LICENSOR, LICENSEE = {"licensor", "signatory"}, {"licensee", "member"}
VERBS = [
    (lambda who, two, audit: operations.ask_audit(who, two.agreement, FIRST, FIRST, "why", "k", AUGUST), "asked", LICENSOR),
    (lambda who, two, audit: operations.start_audit(who, audit, LATER), "asked", LICENSOR),
    (lambda who, two, audit: operations.withdraw_audit(who, audit, LATER), "asked", LICENSOR),
    (lambda who, two, audit: operations.close_audit(who, audit, {FIRST: {"gross": "1"}}, "c", at=LATER), "asked", LICENSOR),
    (lambda who, two, audit: operations.attach_report(who, audit, BytesIO(b"report"), "r.txt"), "asked", LICENSOR),
    (lambda who, two, audit: operations.agree_findings(who, audit, LATER), "closed", LICENSEE),
    (lambda who, two, audit: operations.dispute_findings(who, audit, "no", LATER), "closed", LICENSEE),
    (lambda who, two, audit: operations.audits_of(who, two.agreement), "asked", LICENSEE | LICENSOR),
    (lambda who, two, audit: operations.by_public_id(who, audit.public_id), "closed", LICENSEE | LICENSOR),
]


@pytest.mark.parametrize("place", range(len(VERBS)))
def test_nobody_but_the_side_whose_business_it_is(session, place):
    verb, state, allowed = VERBS[place]
    two = two_sides()
    audit = closed(two) if state == "closed" else asked(two)
    session.flush()
    stranger, member, signatory = factories.person(), factories.person(), factories.person()
    factories.organisation(stranger)
    factories.membership(member, two.agreement.licensee)
    factories.membership(signatory, two.agreement.licensor, "signatory")
    everybody = {"visitor": VISITOR, "stranger": stranger, "broker": factories.broker(), "operator": factories.operator(), "member": member,
                 "signatory": signatory, "licensor": two.licensor, "licensee": two.licensee}
    for name, who in everybody.items():
        nested, denied = session.begin_nested(), False
        try:
            verb(who, two, audit)
        except (NotAllowed, NotFound):
            denied = True
        except Refused:
            pass
        nested.rollback()
        assert denied is (name not in allowed), name


def test_the_year_turns_in_the_agreements_zone(session):
    two = two_sides(clauses={"audit": {"per_year": 1}})
    new_year = noon(2027, 1, 1) - timedelta(hours=12)  # midnight in Shanghai
    asked(two, at=new_year - timedelta(seconds=1))
    assert asked(two, "next", new_year).day == date(2027, 1, 1)
