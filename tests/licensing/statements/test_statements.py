"""Statements: drafted, seen before they are sent, sent once, corrected by new ones, queried, estimated, taken back; across midnight too."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from marketplace.access import VISITOR, may
from marketplace.catalogue import attachments
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import Obligation
from marketplace.licensing.statements import operations
from marketplace.licensing.statements.models import Statement
from marketplace.licensing.statements.operations import Changed
from marketplace.licensing.statements.preview import preview
from marketplace.record import Event
from tests import factories
from tests.inspection import work
from tests.licensing.reporting import FIRST, SECOND, noon, stated, two_sides

pytestmark = pytest.mark.usefixtures("app")

JULY = noon(2026, 7, 10)


def drafted(two, period=FIRST, values=None, key="form", at=JULY):
    made = operations.draft_statement(two.licensee, two.agreement, period, values or {"gross": "200000"}, key, at=at)
    return made


def owed(two, key):
    return ledger.session.execute(select(Obligation.amount, Obligation.due).where(Obligation.agreement_id == two.agreement.id, Obligation.key == key)).one()


def counted(two):
    return [event for event in ledger.standing_events(two.agreement) if event.type == "statement"]


def test_a_draft_is_kept_seen_and_sent(session):
    two = two_sides()
    draft = drafted(two, values={"gross": "200000", "deductions": {"freight": "5000", "returns": "3000.50"}})
    seen = operations.foreseen(draft, JULY)
    change = next(one for one in seen.changes if one.after.id == "royalty:2026-01-01")
    assert (change.was, change.after.amount, change.after.due) == (None, Decimal("5759.99"), date(2026, 5, 30))
    assert owed(two, "royalty:2026-01-01").amount is None
    sent = operations.send_statement(two.licensee, draft, seen.digest, JULY)
    assert (sent.state, sent.day, sent.sent_by_id) == ("sent", date(2026, 7, 10), two.licensee.id)
    assert owed(two, "royalty:2026-01-01") == (575999, date(2026, 5, 30))
    assert counted(two)[0].key == f"statement:{sent.id}" and sent.event.values["deductions"] == {"freight": "5000", "returns": "3000.50"}
    assert {"id": "royalty:2026-01-01", "was": None, "is": "5759.99", "due": "2026-05-30"} in sent.effect
    assert not list(ledger.faults(two.agreement))


def test_a_button_pressed_twice_drafts_and_sends_once(session):
    two = two_sides()
    draft = drafted(two)
    assert drafted(two) is draft
    digest = operations.foreseen(draft, JULY).digest
    operations.send_statement(two.licensee, draft, digest, JULY)
    assert operations.send_statement(two.licensee, draft, digest, JULY).state == "sent"
    assert len(counted(two)) == 1
    names = session.scalars(select(Event.name).where(Event.thing == "statement", Event.thing_id == draft.id)).all()
    assert names.count("statement.send") == 1


def test_two_drafts_of_one_period_are_refused():
    two = two_sides()
    drafted(two)
    with pytest.raises(Refused) as refused:
        drafted(two, key="another form")
    assert refused.value.field == "period"


def test_a_running_period_keeps_its_draft_until_it_is_over():
    two = two_sides()
    evening = datetime(2026, 6, 29, 15, 59, tzinfo=UTC)  # 23:59 on 29 June in Shanghai: the quarter's last day has not begun there
    draft = drafted(two, SECOND, at=evening)
    seen = operations.foreseen(draft, evening)
    assert seen.day == date(2026, 6, 30)
    with pytest.raises(Refused):
        operations.send_statement(two.licensee, draft, seen.digest, evening)
    assert draft.state == "draft" and not counted(two)
    midnight = evening + timedelta(minutes=1)
    assert operations.send_statement(two.licensee, draft, seen.digest, midnight).day == date(2026, 6, 30)


def test_midnight_between_the_preview_and_the_sending_changes_nothing_but_the_day():
    two = two_sides()
    before = datetime(2026, 6, 30, 15, 59, 59, tzinfo=UTC)
    draft = drafted(two, SECOND, at=before)
    seen = operations.foreseen(draft, before)
    assert seen.day == date(2026, 6, 30)
    sent = operations.send_statement(two.licensee, draft, seen.digest, before + timedelta(seconds=1))  # a new day, and a new period begins
    assert sent.day == date(2026, 7, 1) and [event.day for event in counted(two)] == [date(2026, 7, 1)]
    assert owed(two, "royalty:2026-04-01").amount == 600000


def test_what_changed_since_it_was_shown_is_shown_again_and_nothing_is_sent():
    tiers = {"currency": "CNY", "effective": "2026-01-01",
             "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": "100000", "rate": "0.05"}, {"upto": None, "rate": "0.01"}]}}
    two = two_sides(terms=tiers)
    draft = drafted(two, SECOND)
    seen = operations.foreseen(draft, JULY)
    stated(two, FIRST, "100000")
    with pytest.raises(Changed):
        operations.send_statement(two.licensee, draft, seen.digest, JULY)
    assert draft.state == "draft" and len(counted(two)) == 1
    again = operations.foreseen(draft, JULY)
    assert again.digest != seen.digest
    operations.send_statement(two.licensee, draft, again.digest, JULY)
    assert owed(two, "royalty:2026-04-01").amount == 200000


def test_a_draft_that_a_colleague_changed_is_not_sent_unseen():
    two = two_sides()
    draft = drafted(two)
    seen = operations.foreseen(draft, JULY)
    for figures in ({"gross": "300000"}, {"gross": "200100", "deductions": {"freight": "100"}}):  # the second owes the same
        operations.edit_draft(two.licensee, draft, figures, at=JULY)
        ledger.session.flush()
        with pytest.raises(Changed):
            operations.send_statement(two.licensee, draft, seen.digest, JULY)


def test_trial_over_between_preview_and_sending(session):
    """The window closes by silence in the night: what was shown no longer holds, and the person is told."""
    terms = {"currency": "CNY", "effective": "2026-01-01", "trial": {"months": 6, "sales_counted": True},
             "conversion": {"price": "1000", "window_days": 30, "silence": "convert"},
             "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}]}}
    two = two_sides(terms=terms)
    evening = datetime(2026, 7, 31, 15, 59, tzinfo=UTC)
    draft = drafted(two, at=evening)
    seen = operations.foreseen(draft, evening)
    assert all(change.after.id != "royalty:2026-01-01" for change in seen.changes)
    with pytest.raises(Changed):
        operations.send_statement(two.licensee, draft, seen.digest, evening + timedelta(minutes=1))
    later = operations.foreseen(draft, evening + timedelta(minutes=1))
    operations.send_statement(two.licensee, draft, later.digest, evening + timedelta(minutes=1))
    assert owed(two, "royalty:2026-01-01").amount == 600000


def test_a_correction_replaces_and_nothing_is_edited(session):
    two = two_sides()
    first = stated(two, gross="200000")
    before = dict(first.values), first.event.values
    second = stated(two, gross="250000", at=JULY + timedelta(days=1))
    assert (first.state, second.state, second.replaces_id) == ("replaced", "sent", first.id)
    assert (dict(first.values), first.event.values) == before
    assert {"id": "royalty:2026-01-01", "was": "6000.00", "is": "7500.00", "due": "2026-05-30"} in second.effect
    assert owed(two, "royalty:2026-01-01").amount == 750000
    with pytest.raises(Refused):
        operations.edit_draft(two.licensee, first, {"gross": "1"})


@pytest.mark.parametrize(("values", "field"), [
    ({"gross": ""}, "gross"), ({"gross": "viel"}, "gross"), ({"gross": "1.005"}, "gross"), ({"units": "3"}, "units"),
    ({"gross": "1", "deductions": {"freight": "x"}}, "deductions.freight"),
])
def test_figures_that_cannot_be_counted_are_refused_beside_their_field(values, field):
    two = two_sides()
    with pytest.raises(Refused) as refused:
        drafted(two, values=values)
    assert refused.value.field == field


def test_a_day_on_which_no_period_begins():
    with pytest.raises(Refused) as refused:
        drafted(two_sides(), date(2026, 2, 1))
    assert refused.value.field == "period"


def test_queried_answered_accepted(session):
    two = two_sides()
    statement = stated(two)
    operations.query_statement(two.licensor, statement, "运费为何这么高？", JULY)
    assert statement.state == "queried" and statement.answered == JULY
    operations.reply_to_query(two.licensee, statement, "改走空运。", JULY)
    assert statement.state == "sent"
    operations.accept_statement(two.licensor, statement, JULY + timedelta(days=3))
    assert statement.state == "accepted" and statement.answered == JULY
    assert [remark.kind for remark in statement.remarks] == ["query", "reply"]


def test_a_question_may_be_answered_by_a_new_statement(session):
    two = two_sides()
    statement = stated(two)
    operations.query_statement(two.licensor, statement, "少了一个产品？", JULY)
    assert stated(two, gross="210000", at=JULY + timedelta(days=1)).state == "sent"
    assert statement.state == "replaced"


def test_nothing_sold_takes_one_step_and_shows_the_minimum(session):
    terms = {"currency": "CNY", "effective": "2026-01-01", "end": "2026-03-31",
             "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.03"}], "minimum_per_year": "36500"}}
    two = two_sides(terms=terms)
    seen = preview(two.agreement, FIRST, operations.nothing(two.agreement), JULY)
    assert next(one.after.amount for one in seen.changes if one.after.id == "minimum:2026") == Decimal("9000.00")
    sent = operations.send_zero(two.licensee, two.agreement, FIRST, seen.digest, "zero", JULY)
    assert operations.send_zero(two.licensee, two.agreement, FIRST, seen.digest, "zero", JULY) is sent
    assert sent.values == {"gross": "0"} and owed(two, "minimum:2026").amount == 900000
    assert len(counted(two)) == 1


def test_zero_gives_up_the_draft(session):
    two = two_sides()
    draft = drafted(two)
    seen = preview(two.agreement, FIRST, {"gross": "0"}, JULY)
    operations.send_zero(two.licensee, two.agreement, FIRST, seen.digest, "zero", JULY)
    assert draft.state == "discarded" and operations.standing_statement(two.agreement, FIRST).values == {"gross": "0"}


def test_an_estimate_needs_the_clause_the_days_and_something_to_go_by(session):
    with pytest.raises(Refused):
        other = two_sides(clauses={})
        operations.estimate_statement(other.licensor, other.agreement, SECOND, noon(2026, 11, 1))
    two = two_sides()
    with pytest.raises(Refused):  # due 2026-07-30, and ten days more
        operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 8))
    with pytest.raises(Refused):  # nothing stated before
        operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 9))
    stated(two, gross="200000")
    made = operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 9))
    assert (made.state, made.estimate, made.values) == ("sent", True, {"gross": "200000.00"})
    assert operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 11)) is made
    assert owed(two, "royalty:2026-04-01").amount == 600000
    with pytest.raises(Refused):
        operations.accept_statement(two.licensor, made)
    real = stated(two, SECOND, "90000", noon(2026, 8, 12))
    assert made.state == "replaced" and real.replaces_id == made.id and owed(two, "royalty:2026-04-01").amount == 270000


def test_an_estimate_is_the_average_of_the_last_four_stated(session):
    terms = {"currency": "CNY", "effective": "2026-01-01", "royalty": {"base": "profit", "period": "month", "tiers": [{"upto": None, "rate": "0.1"}]}}
    two = two_sides(terms=terms)
    for month, profit in enumerate(("1000000", "100.01", "-50", "200", "300"), 1):
        stated(two, date(2026, month, 1), at=noon(2026, 8, 20), profit=profit)
    made = operations.estimate_statement(two.licensor, two.agreement, date(2026, 6, 1), noon(2026, 8, 20))
    assert made.values == {"profit": "150.00"}  # (100.01 + 0 + 200 + 300) / 4, half up
    later = operations.estimate_statement(two.licensor, two.agreement, date(2026, 7, 1), noon(2026, 9, 20))
    assert later.values == {"profit": "150.00"}  # the estimate itself does not count


def test_a_draft_of_the_licensee_stands_beside_an_estimate(session):
    two = two_sides()
    stated(two)
    draft = drafted(two, SECOND, at=noon(2026, 8, 20))
    operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 20))
    seen = operations.foreseen(draft, noon(2026, 8, 21))
    operations.send_statement(two.licensee, draft, seen.digest, noon(2026, 8, 21))
    assert operations.standing_statement(two.agreement, SECOND) is draft


def test_evidence_stays_with_what_was_sent(session):
    two = two_sides()
    draft = drafted(two)
    file = operations.attach_evidence(two.licensee, draft, BytesIO("产品,金额\nA,1\n".encode()), "sales.csv")
    with pytest.raises(NotAllowed):
        attachments.attachment_of(two.licensor, draft, file.public_id)
    operations.send_statement(two.licensee, draft, operations.foreseen(draft, JULY).digest, JULY)
    assert attachments.attachment_of(two.licensor, draft, file.public_id) is file
    with pytest.raises(Refused):
        operations.detach_evidence(two.licensee, draft, file.public_id)
    with pytest.raises(NotAllowed):
        operations.attach_evidence(two.licensor, draft, BytesIO(b"x"), "x.txt")
    with pytest.raises(NotAllowed):
        attachments.attachment_of(factories.operator(), draft, file.public_id)
    operations.accept_statement(two.licensor, draft, JULY)
    with pytest.raises(Refused):
        operations.attach_evidence(two.licensee, draft, BytesIO(b"x"), "x.txt")


def test_an_event_taken_back_takes_its_statement_back(session):
    two = two_sides()
    first = stated(two)
    second = stated(two, gross="250000", at=JULY + timedelta(days=1))
    ledger.void(two.licensee, second.event, "typed into the wrong quarter", JULY + timedelta(days=2))
    work()
    work()
    session.refresh(first)
    session.refresh(second)
    assert (first.state, second.state) == ("sent", "void")
    assert owed(two, "royalty:2026-01-01").amount == 600000


def test_what_was_lost_or_doubled_is_found(session):
    two = two_sides()
    made = stated(two)
    stated(two, SECOND, "90000", noon(2026, 8, 12))
    session.flush()
    assert not list(operations.faults(two.agreement))
    made.values = {"gross": "1"}
    session.flush()
    assert len(list(operations.faults(two.agreement))) == 1
    made.event_id = None
    session.flush()
    assert len(list(operations.faults(two.agreement))) == 2


def test_before_both_have_signed_nothing_is_stated():
    two = two_sides(state="proposed")
    with pytest.raises(Refused):
        drafted(two)


def test_without_royalty_there_is_nothing_to_state():
    two = two_sides(terms={"currency": "CNY", "effective": "2026-01-01", "entry_fee": "100"})
    with pytest.raises(Refused):
        operations.figure_of(two.agreement)


# who may

def everybody(two):
    stranger, broker, operator = factories.person(), factories.broker(), factories.operator()
    factories.organisation(stranger)
    member, signatory = factories.person(), factories.person()
    factories.membership(member, two.agreement.licensee)
    factories.membership(signatory, two.agreement.licensor, "signatory")
    return {"visitor": VISITOR, "stranger": stranger, "broker": broker, "operator": operator, "licensor": two.licensor, "licensee": two.licensee,
            "member": member, "signatory": signatory}


LICENSEE, LICENSOR = {"licensee", "member"}, {"licensor", "signatory"}
DENIED = (NotAllowed, NotFound)
VERBS = [
    (lambda who, two, made: operations.draft_statement(who, two.agreement, SECOND, {"gross": "1"}, "k", at=JULY), "sent", LICENSEE),
    (lambda who, two, made: operations.send_zero(who, two.agreement, SECOND, "", "k", JULY), "sent", LICENSEE),
    (lambda who, two, made: operations.edit_draft(who, made, {"gross": "1"}, at=JULY), "draft", LICENSEE),
    (lambda who, two, made: operations.discard_draft(who, made, JULY), "draft", LICENSEE),
    (lambda who, two, made: operations.send_statement(who, made, "", JULY), "draft", LICENSEE),
    (lambda who, two, made: operations.attach_evidence(who, made, BytesIO(b"x"), "x.txt"), "draft", LICENSEE),
    (lambda who, two, made: operations.reply_to_query(who, made, "text", JULY), "sent", LICENSEE),
    (lambda who, two, made: operations.query_statement(who, made, "text", JULY), "sent", LICENSOR),
    (lambda who, two, made: operations.accept_statement(who, made, JULY), "sent", LICENSOR),
    (lambda who, two, made: operations.estimate_statement(who, two.agreement, SECOND, JULY), "sent", LICENSOR),
    (lambda who, two, made: operations.of_agreement(who, two.agreement), "sent", LICENSEE | LICENSOR),
    (lambda who, two, made: operations.by_public_id(who, made.public_id), "sent", LICENSEE | LICENSOR),
    (lambda who, two, made: operations.by_public_id(who, made.public_id), "draft", LICENSEE),
]


@pytest.mark.parametrize("place", range(len(VERBS)))
def test_nobody_but_the_side_whose_business_it_is(session, place):
    verb, state, allowed = VERBS[place]
    two = two_sides()
    made = stated(two) if state == "sent" else drafted(two)
    session.flush()
    for name, who in everybody(two).items():
        nested = session.begin_nested()
        denied = False
        try:
            verb(who, two, made)
        except DENIED:
            denied = True
        except Refused:
            pass
        nested.rollback()
        assert denied is (name not in allowed), (name, place)


def test_lists_show_what_may_be_read(session):
    two = two_sides()
    for state in ("sent", "draft"):
        stated(two, at=noon(2026, 8, 20)) if state == "sent" else drafted(two, SECOND, at=noon(2026, 8, 20))
    discarded = drafted(two, date(2026, 7, 1), key="third", at=noon(2026, 8, 20))
    operations.discard_draft(two.licensee, discarded)
    operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 20))
    rows = session.scalars(select(Statement)).all()
    assert len(rows) == 4
    for who in everybody(two).values():
        listed = set(session.scalars(select(Statement.id).where(operations.visible(who))))
        assert listed == {row.id for row in rows if may(who, "statement.read", row)}


# what is shown is what is owed afterwards

amounts = st.decimals(0, 10_000_000, places=2).map(lambda amount: f"{amount:f}")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gross=amounts, off=amounts, before=amounts, cap=st.none() | amounts, minimum=amounts, threshold=amounts, hours=st.integers(0, 24 * 40))
def test_the_preview_is_what_the_schedule_says_after_sending(app, gross, off, before, cap, minimum, threshold, hours):
    terms = {"currency": "CNY", "effective": "2026-01-01", **({"cap_total": cap} if cap else {}),
             "royalty": {"base": "net_sales", "period": "quarter", "minimum_per_year": minimum, "threshold": threshold,
                         "tiers": [{"upto": "1000000", "rate": "0.05"}, {"upto": None, "rate": "0.02"}]}}
    try:
        two = two_sides(terms=terms)
        stated(two, FIRST, before)
        draft = drafted(two, SECOND, {"gross": gross, "deductions": {"freight": off}})
        at = JULY + timedelta(hours=hours)
        seen = operations.foreseen(draft, at)
        operations.send_statement(two.licensee, draft, seen.digest, at)
        assert ledger.schedule_of(two.agreement, seen.day).obligations == seen.schedule.obligations
    finally:
        ledger.session.rollback()
        ledger.session.expunge_all()


def test_an_estimate_needs_no_answer_in_lists(session):
    two = two_sides()
    stated(two)
    operations.estimate_statement(two.licensor, two.agreement, SECOND, noon(2026, 8, 20))
    assert [one.period for one in operations.waiting_for(two.licensor)] == [FIRST]
    assert operations.waiting_for(two.licensee) == []


def test_what_is_missing_is_listed_for_both_sides(session):
    two = two_sides()
    for who in (two.licensor, two.licensee):
        assert [one.agreement_id for one in operations.due_of(who)] == [two.agreement.id]
    assert operations.due_of(factories.person()) == []


