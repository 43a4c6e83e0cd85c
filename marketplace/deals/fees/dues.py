"""What is due of the fee in force, kept beside the deal: the one place that writes the copies of `schedule`, and the jobs that bring them up to date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.db import HOME, LANGUAGES, now, session
from marketplace.deals.consents import fee_in_force
from marketplace.deals.fees.because import reason
from marketplace.deals.fees.models import FeeDue, FeeReceipt
from marketplace.deals.fees.schedule import Facts, Payment, schedule
from marketplace.deals.introduction.models import Consent
from marketplace.deals.models import Deal
from marketplace.deals.operations import locked
from marketplace.deals.timeline import tell
from marketplace.jobs import handler
from marketplace.licensing.ledger import amount_of, day_of, standing_events, terms_of
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.record import record
from marketplace.terms.payment import Terms, to_minor


def facts_of(deal: Deal) -> Facts:
    """What the schedule needs to know of the deal and its agreement."""
    introduced = deal.introduced.astimezone(HOME).date() if deal.introduced else None  # days under an agreement are in its own zone
    agreement = deal.agreement
    if agreement is None or agreement.state != "countersigned" or agreement.signed is None:
        return Facts(introduced=introduced)
    terms = terms_of(agreement)
    paid = [event for event in standing_events(agreement) if event.type == "payment"]
    return Facts(
        introduced=introduced, signed=day_of(agreement, agreement.signed), fixed_fees=fixed_fees(terms), currency=terms.currency,
        payments=tuple(Payment(f"{event.id:012d}", event.day, amount_of(event)) for event in paid),
    )


def fixed_fees(terms: Terms) -> Decimal:
    """What the terms fix in amounts: the entry fee and every deferred, instalment, milestone and conditional fee; at most the cap of all fees."""
    fees = (*terms.deferred, *terms.instalments, *terms.milestones, *terms.conditional)
    whole = terms.entry_fee + sum((fee.amount for fee in fees), Decimal(0))
    return whole if terms.cap_total is None else min(whole, terms.cap_total)


def refresh(deal: Deal, at: datetime) -> list[FeeDue]:
    """Bring the kept copies of the dues up to what the schedule says now; what newly arose is told as events."""
    deal, fee = locked(deal), fee_in_force(deal)
    owed = {due.id: due for due in schedule(fee.agreed, facts_of(deal))} if fee else {}
    rows = {row.key: row for row in dues_of(deal)}
    for key, row in rows.items():
        if key not in owed:
            row.amount = 0
    fresh = []
    for key, due in owed.items():
        assert fee is not None
        row = rows.get(key)
        if row is None:
            row = FeeDue(deal=deal, key=key, payer=due.payer, paid=0)
            session.add(row)
            fresh.append(row)
        row.amount, row.currency = to_minor(due.amount, fee.currency) or 0, fee.currency
        row.arose, row.due, row.because = due.on, due.due, {lang: reason(due, fee.agreed, lang) for lang in LANGUAGES}
    session.flush()  # the dues that arose get their ids before they are told
    for row in fresh:
        record(row, "arose", SYSTEM, at)
        tell(SYSTEM, deal, "fee_due", at, about=row, of=row.payer, amount=row.amount, currency=row.currency, due=row.due.isoformat())
    return fresh


def dues_of(deal: Deal) -> list[FeeDue]:
    """The deal's dues, earliest first."""
    return list(session.scalars(select(FeeDue).where(FeeDue.deal_id == deal.id).order_by(FeeDue.due, FeeDue.id)))


def faults(deal: Deal) -> Iterator[str]:
    """Where the kept dues differ from what the schedule says."""
    fee = fee_in_force(deal)
    said = {due.id: to_minor(due.amount, fee.currency) for due in schedule(fee.agreed, facts_of(deal))} if fee else {}
    known = {row.key: row.amount for row in dues_of(deal) if row.amount}
    yield from (f"{key}: kept {known.get(key)}, owed {said.get(key)}" for key in sorted({*said, *known}) if said.get(key) != known.get(key))


def receipts_of(deal: Deal) -> dict[int, list[FeeReceipt]]:
    """Due id → its receipts that count, oldest first."""
    rows = list(session.scalars(select(FeeReceipt).join(FeeDue).where(FeeDue.deal_id == deal.id).order_by(FeeReceipt.id)))
    voided = {row.voids_id for row in rows} | {row.id for row in rows if row.voids_id}
    found: dict[int, list[FeeReceipt]] = {}
    for row in rows:
        if row.id not in voided:
            found.setdefault(row.due_id, []).append(row)
    return found


def of_agreement(agreement_id: int) -> Deal | None:
    """The deal whose agreement this is, if any."""
    return session.scalar(select(Deal).where(Deal.agreement_id == agreement_id))


@handler("deals.refresh_fee")
def refresh_fee(thing_id: int) -> None:
    """Bring the dues of a deal up to date after a step of it."""
    refresh(session.get_one(Deal, thing_id), now())


@handler("deals.refresh_fee_of_consent")
def refresh_fee_of_consent(thing_id: int) -> None:
    """Bring the dues up to date after a side has agreed to a changed fee."""
    deal = session.get_one(Consent, thing_id).deal
    if deal.was_introduced:
        refresh(deal, now())


@handler("deals.refresh_fee_of_event")
def refresh_fee_of_event(thing_id: int) -> None:
    """Bring the dues up to date after a payment under the agreement, or after one was voided."""
    deal = of_agreement(session.get_one(AgreementEvent, thing_id).agreement_id)
    if deal is not None:
        refresh(deal, now())


@handler("deals.refresh_fee_of_agreement")
def refresh_fee_of_agreement(thing_id: int) -> None:
    """Bring the dues up to date after the agreement was signed."""
    deal = of_agreement(session.get_one(Agreement, thing_id).id)
    if deal is not None:
        refresh(deal, now())
