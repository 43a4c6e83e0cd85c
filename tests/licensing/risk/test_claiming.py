"""Claims: what can be claimed when, how much in which order, the payment in the agreement's ledger, recourse, bounced payments."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import AgreementEvent, Standing
from marketplace.licensing.risk import claiming, entries, operations, watching
from marketplace.licensing.risk.models import Claim
from marketplace.record import Event
from tests import factories
from tests.factories import NOW
from tests.licensing.risk.cases import filed, in_force, owed, paid, parties, settled

pytestmark = pytest.mark.usefixtures("app")

FEE = 5_000_000
DUE = date(2026, 3, 31)


def falls_on(guarantee, day=NOW.date(), keys=None):
    session.flush()
    return {one.obligation.key: (one.part.falls, one.part.amount) for one in claiming.claimable(guarantee, day, keys)}


def test_a_claim_paid_and_confirmed_lowers_what_the_licensee_owes_and_becomes_its_debt():
    of = parties()
    guarantee = in_force(of)
    claim = settled(of, guarantee)
    assert (claim.state, claim.amount, claim.paid) == ("settled", 4_000_000, 4_000_000)
    row = owed(of)
    assert (row.paid, row.unpaid, row.state) == (4_000_000, 1_000_000, "overdue")
    assert session.get(Standing, of.agreement.id).outstanding == 1_000_000
    [event] = session.query(AgreementEvent).filter_by(agreement_id=of.agreement.id, type="payment")
    assert event.values == {"amount": "40000.00", "obligation": "milestone:pilot"} and event.key == f"claim:{claim.id}:{claim.lines[0].id}:1"
    debt = entries.debt_of(claim)
    assert (debt.amount, debt.day, debt.due) == (4_000_000, NOW.date(), NOW.date() + timedelta(days=30))
    assert entries.outstanding(claim) == 4_000_000 and guarantee.debtor is of.agreement.licensee


def test_confirmed_twice_it_enters_once():
    of = parties()
    claim = settled(of, in_force(of))
    claiming.settle_claim(of.institute, claim, NOW)
    assert session.query(AgreementEvent).filter_by(type="payment").count() == 1 and len(entries.entries_of(claim)) == 1


def test_filed_twice_it_is_one():
    of = parties()
    guarantee = in_force(of)
    twice = [claiming.file_claim(of.institute, guarantee, ["milestone:pilot"], "", "same", NOW) for _ in range(2)]
    assert twice[0] is twice[1] and session.query(Claim).count() == 1


@pytest.mark.parametrize(("day", "open_"), [
    (DUE, False), (DUE + timedelta(days=29), False), (DUE + timedelta(days=30), True), (DUE + timedelta(days=395), True),
    (DUE + timedelta(days=396), False),
])
def test_when_a_claim_may_be_filed(day, open_):
    of = parties()
    assert bool(claiming.claimable(in_force(of), day)) is open_


def test_what_was_due_before_or_after_the_cover_is_not_covered():
    of = parties()
    assert falls_on(in_force(of, since=DUE)) and not falls_on(in_force(of, since=DUE + timedelta(days=1)))
    late = in_force(of, until="2026-12-31")
    row = owed(of)
    assert falls_on(late)
    row.due = date(2027, 1, 1)
    assert claiming.lost_on(late, row, None) == date(2027, 1, 1) and not falls_on(late, date(2027, 3, 1))


def test_the_greatest_amount_and_the_own_share_hold_over_all_claims():
    of = parties({**factories.TERMS, "milestones": [{"id": "pilot", "amount": "50000"}, {"id": "plant", "amount": "50000"}]})
    factories.event(of.agreement, "milestone_accepted", "2026-03-02", id="plant")
    guarantee = in_force(of, maximum="60000", deductible="5000")
    assert falls_on(guarantee) == {"milestone:pilot": (4_000_000, 3_500_000), "milestone:plant": (2_500_000, 2_500_000)}
    settled(of, guarantee)
    assert falls_on(guarantee) == {"milestone:plant": (2_500_000, 2_500_000)}, "the own share was borne once, 25,000 is left of 60,000"
    filed(of, guarantee, "milestone:plant")
    assert falls_on(guarantee) == {}
    with pytest.raises(Refused) as refused:
        filed(of, guarantee, "milestone:plant")
    assert refused.value.field == "obligations"


def test_the_order_of_first_loss():
    of = parties()
    other = factories.person()
    fund = in_force(of, by=other, company=factories.organisation(other), kind="fund", rank=1, share="0.3")
    bank = in_force(of, rank=2, share="0.8")
    assert falls_on(fund) == {"milestone:pilot": (1_500_000, 1_500_000)}
    assert falls_on(bank) == {"milestone:pilot": (3_500_000, 3_500_000)}, "80 % would be 40,000; the fund bears 15,000 before it"
    settled(of, fund, by=other)
    assert falls_on(fund) == {} and falls_on(bank) == {"milestone:pilot": (3_500_000, 3_500_000)}
    settled(of, bank)
    assert owed(of).state == "paid"


def test_a_refused_claim_passes_to_nobody_and_can_be_made_again():
    of = parties()
    other = factories.person()
    fund = in_force(of, by=other, company=factories.organisation(other), kind="fund", rank=1, share="0.3")
    bank = in_force(of, rank=2)
    claim = filed(of, fund)
    with pytest.raises(Refused) as refused:
        claiming.refuse_claim(other, claim, " ", NOW)
    assert refused.value.field == "answer"
    assert claiming.refuse_claim(other, claim, "缺催告函", NOW).state == "refused"
    assert falls_on(bank)["milestone:pilot"][0] == 3_500_000 and falls_on(fund)["milestone:pilot"][0] == 1_500_000


def test_a_guarantor_pays_no_more_than_is_still_owed():
    of = parties()
    guarantee = in_force(of)
    claim = filed(of, guarantee)
    factories.event(of.agreement, "payment", "2026-10-01", amount="45000", obligation="milestone:pilot")
    claiming.accept_claim(of.guarantor, claim, NOW)
    assert claiming.pay_claim(of.guarantor, claim, NOW.date(), "", NOW).paid == 500_000
    claiming.settle_claim(of.institute, claim, NOW)
    assert owed(of).state == "paid" and entries.outstanding(claim) == 500_000


def test_nothing_is_paid_once_the_licensee_has_paid_everything():
    of = parties()
    claim = filed(of, in_force(of))
    claiming.accept_claim(of.guarantor, claim, NOW)
    factories.event(of.agreement, "payment", "2026-10-01", amount="50000", obligation="milestone:pilot")
    with pytest.raises(Refused):
        claiming.pay_claim(of.guarantor, claim, NOW.date(), "", NOW)
    assert claiming.withdraw_claim(of.institute, claim, NOW).state == "withdrawn"


@pytest.mark.parametrize("day", [NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=1)])
def test_the_day_of_payment_lies_between_claim_and_today(day):
    of = parties()
    claim = filed(of, in_force(of))
    claiming.accept_claim(of.guarantor, claim, NOW)
    with pytest.raises(Refused) as refused:
        claiming.pay_claim(of.guarantor, claim, day, "", NOW)
    assert refused.value.field == "day" and claim.paid == 0


def test_money_that_never_came_is_waited_for_again():
    of = parties()
    claim = claiming.deny_claim(of.institute, paid(of, in_force(of)), NOW)
    assert (claim.state, claim.paid, claim.paid_day) == ("accepted", 0, None) and owed(of).paid == 0


def test_a_bounced_payment_reopens_the_claim_and_cancels_the_debt_by_a_mirror():
    of = parties()
    claim = settled(of, in_force(of))
    claiming.reopen_claim(of.institute, claim, "退票", NOW)
    assert (claim.state, claim.round, claim.paid) == ("accepted", 2, 0)
    assert owed(of).unpaid == FEE and entries.outstanding(claim) == 0
    assert [(row.kind, row.amount) for row in entries.entries_of(claim)] == [("debt", 4_000_000), ("debt", -4_000_000)]
    claiming.pay_claim(of.guarantor, claim, NOW.date(), "回单 2", NOW)
    claiming.settle_claim(of.institute, claim, NOW)
    assert owed(of).unpaid == 1_000_000 and entries.outstanding(claim) == 4_000_000


def test_a_payment_voided_in_the_ledger_reopens_the_claim_once():
    of = parties({**factories.TERMS, "milestones": [{"id": "pilot", "amount": "50000"}, {"id": "plant", "amount": "20000"}]})
    factories.event(of.agreement, "milestone_accepted", "2026-03-02", id="plant")
    claim = settled(of, in_force(of), "milestone:pilot", "milestone:plant")
    first, second = session.query(AgreementEvent).filter_by(type="payment").order_by(AgreementEvent.id)
    ledger.void(of.institute, first, "退票", NOW)
    for _twice in range(2):
        watching.reopen_claim(first.id)
        session.flush()
        assert (claim.state, claim.round) == ("accepted", 2)
    assert session.query(AgreementEvent).filter_by(voids_id=second.id).count() == 1, "one transfer paid both"
    assert owed(of).unpaid == FEE and owed(of, "milestone:plant").unpaid == 2_000_000 and entries.outstanding(claim) == 0


def test_a_job_that_comes_late_leaves_the_next_payment_alone():
    of = parties()
    claim = settled(of, in_force(of))
    [first] = session.query(AgreementEvent).filter_by(type="payment")
    claiming.reopen_claim(of.institute, claim, "退票", NOW)
    claiming.pay_claim(of.guarantor, claim, NOW.date(), "回单 2", NOW)
    claiming.settle_claim(of.institute, claim, NOW)
    watching.reopen_claim(first.id)
    assert claim.state == "settled" and owed(of).unpaid == 1_000_000


def test_a_payment_of_the_licensee_after_the_guarantors_is_told_once():
    of = parties()
    claim = settled(of, in_force(of))
    event = factories.event(of.agreement, "payment", "2026-11-02", amount="50000", obligation="milestone:pilot")
    for _twice in range(2):
        watching.watch_payment(event.id)
        session.flush()
    assert claiming.notes_of(claim) == [{"event": event.id, "amount": 4_000_000, "day": "2026-11-02", "date": date(2026, 11, 2)}]
    assert session.get(Standing, of.agreement.id).credit == 4_000_000


def test_a_payment_of_what_is_left_is_no_news():
    of = parties()
    claim = settled(of, in_force(of))
    event = factories.event(of.agreement, "payment", "2026-11-02", amount="10000", obligation="milestone:pilot")
    watching.watch_payment(event.id)
    [own] = session.query(AgreementEvent).filter(AgreementEvent.key.startswith("claim:"))
    watching.watch_payment(own.id)
    assert claiming.notes_of(claim) == [] and owed(of).state == "paid"


def test_the_firm_is_covered_against_paying_for_what_fails():
    terms = {"currency": "CNY", "effective": "2026-01-01", "entry_fee": "100000", "conditional": [{"id": "test", "amount": "80000"}]}
    of = parties(terms, overdue=False)
    guarantee = in_force(of, protects="licensee", kind="insurer", kinds=["entry", "conditional"], after_days=10, within_days=90, maximum="90000")
    factories.event(of.agreement, "payment", "2026-02-01", amount="100000", obligation="entry")
    assert falls_on(guarantee) == {}, "nothing has failed"
    factories.event(of.agreement, "rejected", "2026-10-01", id="test")
    assert falls_on(guarantee, date(2026, 10, 10)) == {} and falls_on(guarantee, date(2026, 10, 11)) == {"entry": (8_000_000, 8_000_000)}
    with pytest.raises(NotAllowed):
        claiming.file_claim(of.institute, guarantee, ["entry"], "", "x", NOW)
    claim = settled(of, guarantee, "entry")
    assert owed(of, "entry").paid == 10_000_000, "what the insurer pays back is no payment to the institute"
    assert entries.outstanding(claim) == 8_000_000 and guarantee.debtor is of.agreement.licensor
    factories.event(of.agreement, "accepted", "2026-11-02", id="test")
    assert claiming.failed_on(of.agreement) is None and falls_on(guarantee) == {}


def test_without_recourse_nothing_is_owed():
    of = parties()
    guarantee = in_force(of, recourse={"share": "0.5", "days": 10})
    assert entries.outstanding(settled(of, guarantee)) == 2_000_000
    other = parties()
    terms = {key: value for key, value in operations.version_of(guarantee).terms.items() if key != "recourse"}
    fund = in_force(other)
    operations.version_of(fund).terms = terms
    claim = settled(other, fund)
    assert entries.debt_of(claim) is None and entries.entries_of(claim) == []


def test_every_step_of_a_claim_is_denied_by_default():
    of = parties()
    clerk = factories.person()
    factories.membership(clerk, of.company)
    guarantee = in_force(of)
    outsiders = (VISITOR, factories.person(), factories.operator(), factories.broker())
    for who in (*outsiders, of.firm, of.guarantor):
        with pytest.raises(NotAllowed):
            claiming.file_claim(who, guarantee, ["milestone:pilot"], "", "x", NOW)
    claim = filed(of, guarantee)
    for who in outsiders:
        with pytest.raises(NotFound):
            claiming.by_public_id(who, claim.public_id)
    guarantors = {
        "accept": lambda who: claiming.accept_claim(who, claim, NOW), "refuse": lambda who: claiming.refuse_claim(who, claim, "nein", NOW),
        "pay": lambda who: claiming.pay_claim(who, claim, NOW.date(), "", NOW),
    }
    protected = {
        "withdraw": lambda who: claiming.withdraw_claim(who, claim, NOW), "settle": lambda who: claiming.settle_claim(who, claim, NOW),
        "deny": lambda who: claiming.deny_claim(who, claim, NOW), "reopen": lambda who: claiming.reopen_claim(who, claim, "x", NOW),
    }
    for step in guarantors.values():
        for who in (*outsiders, of.institute, of.firm):
            with pytest.raises(NotAllowed):
                step(who)
    for step in protected.values():
        for who in (*outsiders, of.guarantor, of.firm):
            with pytest.raises(NotAllowed):
                step(who)
    for name in ("accept", "refuse"):
        with pytest.raises(NotAllowed):
            guarantors[name](clerk)
    session.flush()
    assert claim.state == "filed" and session.query(Event).filter_by(thing="claim").count() == 1


def test_a_step_from_an_old_page_is_refused():
    of = parties()
    claim = filed(of, in_force(of))
    claiming.withdraw_claim(of.institute, claim, NOW)
    with pytest.raises(Refused):
        claiming.accept_claim(of.guarantor, claim, NOW)
