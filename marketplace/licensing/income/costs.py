"""The verbs of costs, and what of each is still to be recovered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from marketplace.access import Actor, may, require
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.income.formula import DEDUCTIONS, Cost
from marketplace.licensing.income.models import IncomeCost, Split, SplitLine
from marketplace.licensing.income.policies import locked, today
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import move, record
from marketplace.terms.payment import MINOR_UNITS

STANDS = ("waiting", "computed", "approved", "paid")


def by_public_id(actor: Actor, public_id: str) -> IncomeCost:
    """The cost under this id, for the institute's heads. Raises `NotFound`."""
    found = session.scalar(select(IncomeCost).where(IncomeCost.public_id == public_id))
    if found is None or not may(actor, "income_cost.read", found):
        raise NotFound()
    return found


def costs_of(organisation: Organisation, limit: int = 500) -> list[IncomeCost]:
    """The institute's costs, newest first."""
    own = select(IncomeCost).where(IncomeCost.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(IncomeCost.day.desc(), IncomeCost.id.desc()).limit(limit)))


def recovered(ids: list[int]) -> dict[int, int]:
    """What splits that stand have deducted of each cost, in minor units; a mirror gives it back."""
    lines = select(SplitLine.cost_id, func.sum(SplitLine.amount)).join(Split, Split.id == SplitLine.split_id)
    rows = session.execute(lines.where(SplitLine.cost_id.in_(ids), Split.state.in_(STANDS)).group_by(SplitLine.cost_id))
    return {cost_id: int(amount) for cost_id, amount in rows}


def to_recover(split: Split) -> list[Cost]:
    """The costs that a payment may bear, oldest first: of its technology, or of its agreement alone, in its currency."""
    own = select(IncomeCost).where(
        IncomeCost.technology_id == split.technology_id, IncomeCost.state == "recorded", IncomeCost.currency == split.currency,
        IncomeCost.agreement_id.is_(None) | (IncomeCost.agreement_id == split.agreement_id),
    )
    found = list(session.scalars(own.order_by(IncomeCost.day, IncomeCost.id)))
    borne = recovered([one.id for one in found])
    return [Cost(one.id, one.code, one.amount - borne.get(one.id, 0)) for one in found]


def record_cost(
    actor: Actor, technology: Technology, key: str, code: str, day: date, currency: str, amount: int, note: str | None = None,
    agreement: Agreement | None = None, at: datetime | None = None,
) -> IncomeCost:
    """Record what was spent, in minor units. The same key again gives the cost that is there."""
    require(actor, "organisation.divide_income", technology)
    moment = at or now()
    locked(technology.organisation_id)
    same = session.scalar(select(IncomeCost).where(IncomeCost.organisation_id == technology.organisation_id, IncomeCost.key == key))
    if same is not None:
        return same
    if code not in DEDUCTIONS or currency not in MINOR_UNITS or amount <= 0:
        raise Refused(N_("Give an amount above 0."), field="amount")
    if day > today(moment):
        raise Refused(N_("This day lies in the future."), field="day")
    if agreement is not None and (agreement.technology_id, agreement.licensor_id) != (technology.id, technology.organisation_id):
        raise NotFound()
    cost = IncomeCost(
        organisation_id=technology.organisation_id, technology=technology, agreement_id=agreement.id if agreement else None, code=code, day=day,
        currency=currency, amount=amount, note=note, key=key, state="recorded", recorded_by_id=acting_person(actor).id, created=moment,
    )
    session.add(cost)
    record(cost, "record", actor, moment)
    return cost


def withdraw_cost(actor: Actor, cost: IncomeCost, at: datetime | None = None) -> IncomeCost:
    """Take a cost back that was recorded wrongly; what payments have borne of it stays as it was approved."""
    move(cost, "withdraw", actor, at)
    return cost
