"""What follows of itself: a voided payment reopens its claim, a payment made nevertheless is told, covers end, debts fall overdue.

All of it are jobs, which may run twice and then change nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation
from marketplace.licensing.risk import claiming, entries
from marketplace.licensing.risk.models import PENDING_CLAIMS, Claim, ClaimLine, Guarantee
from marketplace.licensing.risk.operations import cover_of, covered_by
from marketplace.record import move, record
from marketplace.terms.payment import to_minor

CLOSED = ("declined", "lapsed", "bought_out", "terminated", "ended")
BATCH = 100


@handler("licensing.reopen_claim")
def reopen_claim(thing_id: int) -> None:
    """When the ledger's payment of a settled claim was voided, the claim waits for payment again."""
    event = session.get_one(AgreementEvent, thing_id)
    name, _, rest = event.key.partition(":")
    if name != "claim":
        return
    claim_id, _line, number = rest.split(":")
    claim = session.get_one(Claim, int(claim_id))
    correction = session.scalar(select(AgreementEvent).where(AgreementEvent.voids_id == event.id))
    if correction is not None and claim.state == "settled" and claim.round == int(number):
        claiming.reopen_claim(SYSTEM, claim, correction.reason or correction.key)


@handler("licensing.watch_payment")
def watch_payment(thing_id: int) -> None:
    """When the licensee pays what a guarantor has paid already, the rest is credit; the guarantor is told, once for each payment."""
    event = session.get_one(AgreementEvent, thing_id)
    agreement = event.agreement
    counted = ledger.standing_events(agreement)
    if event.key.startswith("claim:") or event not in counted:
        return
    named = event.values.get("obligation")
    settled = select(Claim).join(ClaimLine).join(Guarantee).where(
        Guarantee.agreement_id == agreement.id, Guarantee.protects == "licensor", Claim.state == "settled", ClaimLine.paid > 0
    )
    claims = session.scalars(settled.where(ClaimLine.key == named) if named else settled).unique()
    excess = _excess(agreement, event, counted.index(event))
    for claim in claims:
        if excess and event.id not in {facts["event"] for facts in entries.facts_of(claim, "paid_twice")}:
            record(claim, "paid_twice", SYSTEM, event=event.id, amount=excess, day=event.day.isoformat())


def _excess(agreement: Agreement, event: AgreementEvent, place: int) -> int:
    """What of a payment did not go to the obligation it named (or, naming none, to any) on its day; minor units."""
    currency = ledger.terms_of(agreement).currency
    named = event.values.get("obligation")
    taken = [
        allotment.amount for allotment in ledger.schedule_of(agreement, event.day).allotments
        if allotment.payment == place and named in (None, allotment.obligation)
    ]
    return (to_minor(Decimal(event.values["amount"]), currency) or 0) - sum(to_minor(amount, currency) or 0 for amount in taken)


@handler("licensing.watch_guarantees", every=timedelta(days=1))
def watch_guarantees() -> Iterator[None]:
    """End the guarantees whose last day for a claim has passed, and tell of recourse debts that have fallen overdue."""
    last = 0
    while batch := list(session.scalars(select(Guarantee).where(Guarantee.id > last, Guarantee.state.in_(("in_force", "ended")))
                                        .order_by(Guarantee.id).limit(BATCH))):
        for guarantee in batch:
            last = guarantee.id
            today = ledger.day_of(guarantee.agreement, now())
            if guarantee.state == "in_force" and is_over(guarantee, today):
                move(guarantee, "end", SYSTEM)
            for claim in guarantee.claims:
                _tell_overdue(claim, today)
        yield


def is_over(guarantee: Guarantee, today: date) -> bool:
    """Whether no claim waits and none can come any more: the cover has run out, or the agreement has closed with nothing left to claim."""
    if any(claim.state in PENDING_CLAIMS for claim in guarantee.claims):
        return False
    cover = cover_of(guarantee)
    days = timedelta(days=cover.after_days + cover.within_days)
    if cover.until is not None and cover.until + days < today:
        return True
    standing = guarantee.agreement.standing
    if standing is None or standing.status not in CLOSED:
        return False
    failed = claiming.failed_on(guarantee.agreement)
    return not any(_may_come(guarantee, row, failed, days, today) for row in covered_by(guarantee))


def _may_come(guarantee: Guarantee, row: Obligation, failed: date | None, days: timedelta, today: date) -> bool:
    """Whether the obligation is still to be paid, or lost so lately that it can be claimed."""
    lost = claiming.lost_on(guarantee, row, failed)
    return row.state == "open" or (lost is not None and lost + days >= today)


def _tell_overdue(claim: Claim, today: date) -> None:
    debt = entries.debt_of(claim)
    late = debt is not None and debt.due is not None and debt.due < today and entries.outstanding(claim) > 0
    if late and debt.id not in {facts["debt"] for facts in entries.facts_of(claim, "recourse_overdue")}:
        record(claim, "recourse_overdue", SYSTEM, debt=debt.id)
