"""What waits for somebody under guarantees: for the desk, the agreement's page and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from marketplace.access import Actor, may
from marketplace.db import session
from marketplace.licensing.models import Agreement
from marketplace.licensing.risk import entries
from marketplace.licensing.risk.models import PENDING_CLAIMS, Claim, Guarantee, GuaranteeEntry
from marketplace.licensing.risk.operations import acceptances_of, living, signing_sides

CLAIM_DUTIES = {"filed": ("claim.accept", "answer_claim"), "accepted": ("claim.pay", "pay"), "paid": ("claim.settle", "confirm")}
DEBT_DUTIES = (("debtor", "repay"), ("guarantor", "expect"))


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do: its code in `words.DUTY_WORDS`, where, and for a debt how much (minor units) until when."""

    code: str
    guarantee: Guarantee
    claim: Claim | None = None
    amount: int | None = None
    due: date | None = None


def duties_of(actor: Actor) -> list[Duty]:
    """What waits for the actor, in the order of the guarantees: requests, offers, claims, then debts."""
    if actor.id is None or not actor.seats:
        return []
    found = [duty for guarantee in living(actor.seats) for duty in _of_guarantee(actor, guarantee)]
    return [*found, *_debts(actor)]


def _of_guarantee(actor: Actor, guarantee: Guarantee) -> list[Duty]:
    found = []
    if guarantee.state == "requested" and may(actor, "guarantee.offer", guarantee):
        found.append(Duty("answer", guarantee))
    if guarantee.state == "offered" and set(signing_sides(actor, guarantee)) - acceptances_of(guarantee).keys():
        found.append(Duty("accept", guarantee))
    for claim in guarantee.claims:
        if claim.state in PENDING_CLAIMS:
            action, code = CLAIM_DUTIES[claim.state]
            if may(actor, action, claim):
                found.append(Duty(code, guarantee, claim, claim.paid or claim.amount))
    return found


def _debts(actor: Actor) -> list[Duty]:
    """Recourse debts that the actor's organisations owe or are owed, the earliest due first."""
    seats = list(actor.seats)
    concerned = or_(Guarantee.guarantor_id.in_(seats), Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats))
    claims = select(Claim).join(Guarantee, Guarantee.id == Claim.guarantee_id).join(Agreement, Agreement.id == Guarantee.agreement_id)
    owing = select(GuaranteeEntry.claim_id).where(GuaranteeEntry.kind == "debt")
    found = []
    for claim in session.scalars(claims.where(concerned, Claim.id.in_(owing)).order_by(Claim.id)):
        debt, rest = entries.debt_of(claim), entries.outstanding(claim)
        if debt is not None and rest > 0:
            sides = claim.sides
            found += [Duty(code, claim.guarantee, claim, rest, debt.due) for side, code in DEBT_DUTIES if sides[side] in actor.seats]
    return sorted(found, key=lambda duty: (duty.due or date.max, duty.claim.id if duty.claim else 0))
