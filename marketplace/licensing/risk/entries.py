"""Money between a guarantor and a side: premiums by their own schedule, recourse debts and what was repaid; only ever added.

A wrong row is taken back by its mirror, the same amount with the other sign, and both stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.risk.claims import share_of
from marketplace.licensing.risk.cover import Recourse
from marketplace.licensing.risk.models import PENDING_CLAIMS, Claim, ClaimLine, Guarantee, GuaranteeEntry
from marketplace.licensing.risk.operations import cover_of, held
from marketplace.record import Event, record
from marketplace.terms.events import read
from marketplace.terms.payment import from_minor, parse
from marketplace.terms.schedule import Schedule, schedule


def by_public_id(actor: Actor, public_id: str) -> GuaranteeEntry:
    """The entry under this id, for whoever may read its guarantee. Raises `NotFound`."""
    entry = session.scalar(select(GuaranteeEntry).where(GuaranteeEntry.public_id == public_id))
    if entry is None or not may(actor, "guarantee.read", entry.guarantee):
        raise NotFound()
    return entry


def standing(rows: Sequence[GuaranteeEntry]) -> list[GuaranteeEntry]:
    """The rows that count: neither mirrors nor mirrored."""
    mirrored = {row.voids_id for row in rows if row.voids_id}
    return [row for row in rows if row.voids_id is None and row.id not in mirrored]


def _rows(guarantee: Guarantee, *kinds: str) -> list[GuaranteeEntry]:
    own = select(GuaranteeEntry).where(GuaranteeEntry.guarantee_id == guarantee.id, GuaranteeEntry.kind.in_(kinds))
    return list(session.scalars(own.order_by(GuaranteeEntry.id)))


def premiums_of(guarantee: Guarantee) -> list[GuaranteeEntry]:
    """The premiums received, with the rows that take some of them back."""
    return _rows(guarantee, "premium")


def entries_of(claim: Claim) -> list[GuaranteeEntry]:
    """The recourse debts of the claim and their repayments, in the order in which they were entered."""
    own = select(GuaranteeEntry).where(GuaranteeEntry.claim_id == claim.id)
    return list(session.scalars(own.order_by(GuaranteeEntry.id)))


def outstanding(claim: Claim) -> int:
    """What the other side still owes the guarantor for the claim, minor units; below 0 is what the guarantor has to give back."""
    return sum(row.amount if row.kind == "debt" else -row.amount for row in entries_of(claim))


def debt_of(claim: Claim) -> GuaranteeEntry | None:
    """The recourse debt that stands, if there is one."""
    return next((row for row in standing(entries_of(claim)) if row.kind == "debt"), None)


def premium_schedule(guarantee: Guarantee, as_of: date) -> Schedule | None:
    """The premium's own schedule from the day the guarantee came into force, with what was paid; None without premium or before."""
    premium = cover_of(guarantee).premium
    if premium is None or guarantee.since is None:
        return None
    terms = parse({**premium.terms, "effective": guarantee.since.isoformat()}, template=False)
    paid = [
        {"type": "payment", "date": row.day.isoformat(), "amount": f"{from_minor(row.amount, guarantee.currency):f}"}
        for row in standing(premiums_of(guarantee))
    ]
    return schedule(terms, read(paid, terms), as_of)


def _add(actor: Actor, guarantee: Guarantee, kind: str, amount: int, day: date, key: str, at: datetime, **more: Any) -> GuaranteeEntry:
    entry = GuaranteeEntry(guarantee=guarantee, kind=kind, amount=amount, day=day, key=key, person_id=actor.id, at=at, **more)
    session.add(entry)
    record(entry, kind, actor, at, guarantee=guarantee.id)
    return entry


def _same(guarantee: Guarantee, key: str) -> GuaranteeEntry | None:
    return session.scalar(select(GuaranteeEntry).where(GuaranteeEntry.guarantee_id == guarantee.id, GuaranteeEntry.key == key))


def _check_day(guarantee: Guarantee, day: date, at: datetime, amount: int) -> None:
    if day > ledger.day_of(guarantee.agreement, at):
        raise Refused(N_("This day lies in the future."), field="day")
    if guarantee.since is None or day < guarantee.since:
        raise Refused(N_("This day lies before the guarantee came into force."), field="day")
    if amount <= 0:
        raise Refused(N_("This must be more than nothing."), field="amount")


def record_premium(actor: Actor, guarantee: Guarantee, amount: int, day: date, key: str, at: datetime | None = None) -> GuaranteeEntry:
    """The guarantor has received premium, `amount` in minor units. The same key again gives the row that is there."""
    require(actor, "guarantee.premium", guarantee)
    moment = at or now()
    guarantee = held(guarantee)
    known = _same(guarantee, key)
    if known is not None:
        return known
    if cover_of(guarantee).premium is None:
        raise Refused(N_("This guarantee has no premium."))
    _check_day(guarantee, day, moment, amount)
    return _add(actor, guarantee, "premium", amount, day, key, moment)


def owe(claim: Claim, recourse: Recourse | None, at: datetime) -> None:
    """Enter what the other side now owes the guarantor, where the cover has recourse; once for each payment of the claim."""
    amount = share_of(claim.paid, recourse.share) if recourse else 0
    key = f"debt:{claim.id}:{claim.round}"
    if not recourse or not amount or _same(claim.guarantee, key) is not None:
        return
    due = claim.paid_day + timedelta(days=recourse.days)
    _add(SYSTEM, claim.guarantee, "debt", amount, claim.paid_day, key, at, claim=claim, due=due)


def cancel_debt(actor: Actor, claim: Claim, reason: str, at: datetime) -> None:
    """Take the claim's recourse debt back by its mirror row, if one stands."""
    debt = debt_of(claim)
    if debt is not None:
        _take_back(actor, debt, reason, at)


def _take_back(actor: Actor, entry: GuaranteeEntry, reason: str, at: datetime) -> GuaranteeEntry:
    mirror = GuaranteeEntry(
        guarantee_id=entry.guarantee_id, claim_id=entry.claim_id, kind=entry.kind, amount=-entry.amount, day=entry.day, due=entry.due,
        key=f"void:{entry.id}", voids_id=entry.id, reason=reason, person_id=actor.id, at=at,
    )
    session.add(mirror)
    record(mirror, "taken_back", actor, at, guarantee=entry.guarantee_id)
    return mirror


def record_repayment(actor: Actor, claim: Claim, amount: int, day: date, key: str, at: datetime | None = None) -> GuaranteeEntry:
    """The guarantor has got back `amount` (minor units) of a recourse debt. Refused beyond what is outstanding."""
    require(actor, "guarantee.repay", claim.guarantee)
    moment = at or now()
    guarantee = held(claim.guarantee)
    known = _same(guarantee, key)
    if known is not None:
        return known
    _check_day(guarantee, day, moment, amount)
    if amount > outstanding(claim):
        raise Refused(N_("This is more than is outstanding."), field="amount")
    return _add(actor, guarantee, "repayment", amount, day, key, moment, claim=claim)


def take_back(actor: Actor, entry: GuaranteeEntry, reason: str, at: datetime | None = None) -> GuaranteeEntry:
    """Enter that a premium or a repayment was wrong and counts no longer. A debt goes only with the payment that made it."""
    require(actor, "guarantee.premium", entry.guarantee)
    if not reason.strip():
        raise Refused(N_("Give the reason."), field="reason")
    if entry.kind == "debt" or entry.voids_id is not None:
        raise Refused(N_("This row cannot be taken back by itself."))
    held(entry.guarantee)
    known = session.scalar(select(GuaranteeEntry).where(GuaranteeEntry.voids_id == entry.id))
    if known is not None:
        return known
    return _take_back(actor, entry, reason.strip(), at or now())


def facts_of(claim: Claim, verb: str) -> list[dict[str, Any]]:
    """The facts of the claim's events of this name, oldest first."""
    own = select(Event).where(Event.thing == "claim", Event.thing_id == claim.id, Event.name == f"claim.{verb}")
    return [event.facts for event in session.scalars(own.order_by(Event.id))]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one organisation stands for in one currency, minor units; `recovered` and `owed` are of the recourse debts."""

    currency: str
    committed: int = 0
    claimed: int = 0
    paid: int = 0
    recovered: int = 0
    owed: int = 0


def exposure_of(actor: Actor) -> list[Exposure]:
    """The exposure of the actor's organisations as guarantors, a row a currency: greatest amounts of what is in force, claims that wait,
    claims settled, recourse got back and still owed."""
    given = Guarantee.guarantor_id.in_(list(actor.seats))
    sums: dict[str, dict[str, int]] = {}
    in_force = select(Guarantee.currency, func.sum(Guarantee.maximum).label("committed")).where(given, Guarantee.state == "in_force")
    lines = select(
        Guarantee.currency, func.sum(case((Claim.state.in_(PENDING_CLAIMS), ClaimLine.amount), else_=0)).label("claimed"),
        func.sum(case((Claim.state == "settled", ClaimLine.paid), else_=0)).label("paid"),
    ).select_from(ClaimLine).join(Claim).join(Guarantee).where(given)
    money = select(
        Guarantee.currency, func.sum(case((GuaranteeEntry.kind == "repayment", GuaranteeEntry.amount), else_=0)).label("recovered"),
        func.sum(case((GuaranteeEntry.kind == "debt", GuaranteeEntry.amount), (GuaranteeEntry.kind == "repayment", -GuaranteeEntry.amount), else_=0)
                 ).label("owed"),
    ).select_from(GuaranteeEntry).join(Guarantee).where(given)
    for query in (in_force, lines, money):
        for row in session.execute(query.group_by(Guarantee.currency)).mappings():
            sums.setdefault(row["currency"], {}).update({name: int(row[name]) for name in row if name != "currency"})
    return [Exposure(currency, **found) for currency, found in sorted(sums.items())]
