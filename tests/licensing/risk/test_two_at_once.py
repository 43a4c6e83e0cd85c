"""Two people at once, on two threads and two transactions: a cover is never exceeded, nothing is entered twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from marketplace.db import session
from marketplace.licensing.models import AgreementEvent
from marketplace.licensing.risk import claiming, operations
from marketplace.licensing.risk.models import Claim, ClaimLine, Guarantee, GuaranteeEntry
from marketplace.people.models import Person
from tests import factories
from tests.at_once import ends_at_once
from tests.factories import NOW
from tests.licensing.risk.cases import in_force, offered, paid, parties

pytestmark = pytest.mark.usefixtures("own_database")

TWO_FEES = {**factories.TERMS, "milestones": [{"id": "pilot", "amount": "50000"}, {"id": "plant", "amount": "50000"}]}


def ready(terms=None, **cover):
    """Who acts and on what, by ids, committed."""
    of = parties(terms)
    if terms:
        factories.event(of.agreement, "milestone_accepted", "2026-03-02", id="plant")
    guarantee = in_force(of, **cover)
    session.commit()
    return of, guarantee


def claim_of(person: int, guarantee: int, obligation: str, key: str) -> Callable[[], object]:
    """File a claim, having looked first, as the page does."""

    def act() -> object:
        mine = session.get_one(Guarantee, guarantee)
        claiming.claimable(mine, NOW.date())
        return claiming.file_claim(session.get_one(Person, person), mine, [obligation], "未付", key, NOW)

    return act


def test_two_claims_at_once_stay_within_the_cover():
    of, guarantee = ready(TWO_FEES, maximum="60000")
    who, what = of.institute.id, guarantee.id
    session.remove()
    outcomes = ends_at_once(claim_of(who, what, "milestone:pilot", "a"), claim_of(who, what, "milestone:plant", "b"))
    amounts = sorted(session.scalars(select(ClaimLine.amount)))
    assert outcomes == ["done", "done"] and amounts == [2_000_000, 4_000_000]


def test_the_same_loss_claimed_at_once_is_claimed_once():
    of, guarantee = ready()
    who, what = of.institute.id, guarantee.id
    session.remove()
    outcomes = ends_at_once(claim_of(who, what, "milestone:pilot", "a"), claim_of(who, what, "milestone:pilot", "b"))
    assert sorted(outcomes) == ["Refused", "done"] and session.scalars(select(ClaimLine.amount)).all() == [4_000_000]


def test_one_form_sent_twice_at_once_is_one_claim():
    of, guarantee = ready()
    who, what = of.institute.id, guarantee.id
    session.remove()
    assert ends_at_once(*[claim_of(who, what, "milestone:pilot", "same")] * 2) == ["done", "done"]
    assert len(session.scalars(select(Claim)).all()) == 1


def test_a_receipt_confirmed_by_two_at_once_enters_once():
    of, guarantee = ready()
    claim = paid(of, guarantee)
    session.commit()
    who, what = of.institute.id, claim.id
    session.remove()

    def act() -> object:
        return claiming.settle_claim(session.get_one(Person, who), session.get_one(Claim, what), NOW)

    assert ends_at_once(act, act) == ["done", "done"]
    assert len(session.scalars(select(AgreementEvent).where(AgreementEvent.type == "payment")).all()) == 1
    assert session.scalars(select(GuaranteeEntry.amount)).all() == [4_000_000]


def test_refused_by_one_and_withdrawn_by_the_other_at_once():
    of, guarantee = ready()
    claim = claim_of(of.institute.id, guarantee.id, "milestone:pilot", "a")()
    session.commit()
    guarantor, institute, what = of.guarantor.id, of.institute.id, claim.id
    session.remove()
    outcomes = ends_at_once(
        lambda: claiming.refuse_claim(session.get_one(Person, guarantor), session.get_one(Claim, what), "材料不全", NOW),
        lambda: claiming.withdraw_claim(session.get_one(Person, institute), session.get_one(Claim, what), NOW),
    )
    assert sorted(outcomes) == ["Refused", "done"]
    assert session.scalars(select(Claim.state)).one() in ("refused", "withdrawn")


def test_both_sides_accept_at_once_and_it_is_in_force_once():
    of = parties()
    guarantee = offered(of)
    session.commit()
    people, what, sha256 = (of.institute.id, of.firm.id), guarantee.id, operations.version_of(guarantee).sha256
    session.remove()

    def accept(person: int) -> Callable[[], object]:
        return lambda: operations.accept_guarantee(session.get_one(Person, person), session.get_one(Guarantee, what), sha256, NOW)

    assert ends_at_once(*(accept(person) for person in people)) == ["done", "done"]
    found = session.get_one(Guarantee, what)
    assert found.state == "in_force" and len(operations.acceptances_of(found)) == 2
