"""Two at once, on two threads and two transactions: approved once, split once, no cost borne twice, one policy on the table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from marketplace.db import session, to_write
from marketplace.licensing import ledger
from marketplace.licensing.income import costs, inventors, operations, policies, statements
from marketplace.licensing.income.models import IncomePolicy, Split
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.at_once import ends_at_once
from tests.factories import NOW


@pytest.fixture
def committed(own_database: str) -> dict[str, int]:
    """An institute with policy, weights and a cost, and two payments whose jobs have not run: the ids."""
    with to_write():
        people = [factories.person() for _ in range(4)]
        institute = factories.organisation(*people, kind="institute", region="110000")
        agreement = factories.agreement(institute)
        cut = [{"code": "patent_fees", "formula": "costs"}]
        shares = {"inventors": Decimal("0.5"), "school": Decimal("0.5")}
        policies.approve_policy(people[1], policies.propose_policy(people[0], institute, "p", date(2026, 1, 1), shares, cut, at=NOW), NOW)
        weights = inventors.propose_inventorship(people[0], agreement.technology, "w", [inventors.Named("甲某", 1)], at=NOW)
        inventors.approve_inventorship(people[1], weights, NOW)
        cost = costs.record_cost(people[0], agreement.technology, "c", "patent_fees", date(2026, 3, 1), "CNY", 150_000, at=NOW)
        events = [ledger.enter(people[0], agreement, "payment", date(2026, 9, 1), f"k{n}", NOW, amount="1000") for n in range(2)]
        ids = {"institute": institute.id, "agreement": agreement.id, "cost": cost.id, "first": events[0].id, "second": events[1].id}
        ids |= {name: person.id for name, person in zip(("owner", "approver", "third", "fourth"), people, strict=True)}
        session.commit()
        session.remove()
    return ids


def test_two_jobs_of_two_payments_do_not_bear_a_cost_twice(committed):
    assert ends_at_once(lambda: operations.split_payment(committed["first"]), lambda: operations.split_payment(committed["second"])) == ["done", "done"]
    own = select(Split).where(Split.agreement_id == committed["agreement"])
    assert sorted(split.net for split in session.scalars(own)) == [0, 50_000]
    assert costs.recovered([committed["cost"]]) == {committed["cost"]: 150_000}


def test_one_job_that_runs_twice_at_once_leaves_one_split(committed):
    ends_at_once(*[lambda: operations.split_payment(committed["first"])] * 2)
    assert session.scalar(select(func.count()).select_from(Split).where(Split.event_id == committed["first"])) == 1


def test_two_people_approve_at_once_and_one_of_them_is_told(committed):
    assert ends_at_once(lambda: operations.split_payment(committed["first"])) == ["done"]
    split = session.scalar(select(Split.id).where(Split.event_id == committed["first"]))
    session.rollback()

    def approve(person: int) -> Callable[[], object]:
        return lambda: operations.approve_split(session.get_one(Person, person), session.get_one(Split, split), NOW)

    assert sorted(ends_at_once(approve(committed["approver"]), approve(committed["third"]))) == ["Refused", "done"]


def test_a_payment_voided_while_its_split_is_approved_leaves_nothing_awarded(committed):
    assert ends_at_once(lambda: operations.split_payment(committed["first"])) == ["done"]

    def void() -> None:
        agreement = session.get_one(Agreement, committed["agreement"])
        event = next(one for one in agreement.events if one.id == committed["first"])
        ledger.void(session.get_one(Person, committed["owner"]), event, "退票", NOW)

    def approve() -> None:
        split = session.execute(select(Split).where(Split.event_id == committed["first"])).scalar_one()
        operations.approve_split(session.get_one(Person, committed["third"]), split, NOW)

    assert "done" in ends_at_once(void, approve)
    assert ends_at_once(lambda: operations.mirror_payment(committed["first"])) == ["done"]
    session.rollback()
    found = list(session.scalars(select(Split).where(Split.event_id == committed["first"]).order_by(Split.id)))
    assert [split.state for split in found] in (["cancelled"], ["approved", "computed"])
    assert not [fault for fault in statements.faults() if "has no split" not in fault]


def test_two_propose_a_policy_at_once_and_one_is_on_the_table(committed):
    def propose(person: int, key: str) -> Callable[[], object]:
        def act() -> None:
            institute = session.get_one(Organisation, committed["institute"])
            policies.propose_policy(session.get_one(Person, person), institute, key, date(2027, 1, 1), {"inventors": Decimal(1)}, [], at=NOW)
        return act

    assert sorted(ends_at_once(propose(committed["third"], "x"), propose(committed["fourth"], "y"))) == ["Refused", "done"]
    own = (IncomePolicy.organisation_id == committed["institute"], IncomePolicy.state == "proposed")
    assert session.scalar(select(func.count()).select_from(IncomePolicy).where(*own)) == 1
