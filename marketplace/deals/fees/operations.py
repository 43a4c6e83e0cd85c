"""The verbs of the broker's fee: put one on the table, bring the dues up to date, mark what has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.db import HOME, now, session
from marketplace.deals.consents import fee_in_force, fee_on_table
from marketplace.deals.fees.dues import receipts_of, refresh
from marketplace.deals.fees.models import BrokerFee, FeeDue, FeeReceipt
from marketplace.deals.fees.schedule import ALLOWED
from marketplace.deals.models import OPEN_STAGES, Deal
from marketplace.deals.operations import locked
from marketplace.deals.timeline import tell
from marketplace.errors import N_, NotFound, Refused
from marketplace.record import record
from marketplace.terms.payment import MINOR_UNITS

MOST = 10**15
KINDS = ("fee_set", "fee_due", "fee_payable", "fee_overdue", "fee_received", "fee_receipt_void")


@dataclass(frozen=True)
class Wanted:
    """A fee as the broker types it; amounts in minor units, `rate` and `firm_share` in millionths."""

    kind: str
    of: str | None = None
    rate: int | None = None
    amount: int | None = None
    currency: str = "CNY"
    payer: str | None = None
    firm_share: int = 500_000
    moment: str | None = None
    due_days: int = 30
    cap: int | None = None


def set_fee(actor: Actor, deal: Deal, wanted: Wanted, at: datetime | None = None) -> BrokerFee:
    """Put a fee on the table as a new revision; what the sides agreed to under an earlier one counts no longer for this one.

    After the introduction the fee that was agreed to stays in force until both have agreed to the new one; a waiver counts at once.
    """
    require(actor, "deal.set_fee", deal)
    values = _checked(wanted)
    moment, deal = at or now(), locked(deal)
    if deal.state not in OPEN_STAGES:
        raise Refused(N_("This deal has ended in the meantime."))
    last = fee_on_table(deal)
    if last is not None and all(getattr(last, name) == value for name, value in values.items()):
        raise Refused(N_("This is the fee that is on the table already."))
    fee = BrokerFee(deal_id=deal.id, deal=deal, revision=last.revision + 1 if last else 1, person_id=actor.id, at=moment, **values)
    session.add(fee)
    session.flush()  # the number is taken: another revision made at this moment fails here
    record(fee, "set", actor, moment, deal=deal.id)
    tell(actor, deal, "fee_set", moment, about=fee, revision=fee.revision)
    if fee.kind == "none":
        refresh(deal, moment)
    return fee


def _checked(wanted: Wanted) -> dict[str, Any]:
    """The columns of a fee. Raises `Refused` beside the field that does not fit the others."""
    if wanted.kind == "none":
        return {"kind": "none", "of": None, "rate": None, "amount": None, "currency": wanted.currency, "payer": None, "firm_share": 0, "moment": None,
                "due_days": 0, "cap": None}
    of = wanted.of if wanted.kind == "percent" else None
    if (wanted.kind, of) not in ALLOWED:
        raise Refused(N_("Say what the percentage is taken of."), field="of")
    if wanted.moment not in ALLOWED[wanted.kind, of]:
        raise Refused(N_("This percentage cannot be known at that moment. Choose a later one."), field="moment")
    if wanted.kind == "percent" and not 0 < (wanted.rate or 0) <= 1_000_000:
        raise Refused(N_("The percentage lies above 0 and up to 100."), field="rate")
    if wanted.kind == "fixed" and not 0 < (wanted.amount or 0) <= MOST:
        raise Refused(N_("Give the amount."), field="amount")
    if wanted.cap is not None and not 0 < wanted.cap <= MOST:
        raise Refused(N_("The limit is an amount above nought, or nothing."), field="cap")
    if wanted.payer not in ("firm", "holder", "both"):
        raise Refused(N_("Say who bears the fee."), field="payer")
    if wanted.currency not in MINOR_UNITS:
        raise Refused(N_("Choose a currency."), field="currency")
    if not 0 <= wanted.due_days <= 3650:
        raise Refused(N_("Give the days until the fee is payable, from 0 to 3650."), field="due_days")
    share = {"firm": 1_000_000, "holder": 0}.get(wanted.payer, wanted.firm_share)
    if wanted.payer == "both" and not 0 < share < 1_000_000:
        raise Refused(N_("Where both bear it, the firm's part lies between 0 and 100 per cent."), field="firm_share")
    return {"kind": wanted.kind, "of": of, "rate": wanted.rate if wanted.kind == "percent" else None, "payer": wanted.payer, "firm_share": share,
            "amount": wanted.amount if wanted.kind == "fixed" else None, "currency": wanted.currency, "moment": wanted.moment,
            "due_days": wanted.due_days, "cap": wanted.cap}


def due_by_id(deal: Deal, key: str) -> FeeDue:
    """One due of the deal by its key."""
    found = session.scalar(select(FeeDue).where(FeeDue.deal_id == deal.id, FeeDue.key == key))
    if found is None:
        raise NotFound()
    return found


def receive(actor: Actor, due: FeeDue, day: date, at: datetime | None = None) -> FeeReceipt:
    """Mark what is unpaid of a due as received on a day."""
    require(actor, "deal.mark_fee", due.deal)
    moment = at or now()
    locked(due.deal)
    session.refresh(due)
    if due.unpaid <= 0:
        raise Refused(N_("Nothing is unpaid of this any more."))
    if day > moment.astimezone(HOME).date():
        raise Refused(N_("This day lies in the future."), field="day")
    receipt = FeeReceipt(due=due, amount=due.unpaid, day=day, person_id=actor.id, at=moment)
    due.paid += receipt.amount
    session.add(receipt)
    record(receipt, "marked", actor, moment)
    tell(actor, due.deal, "fee_received", moment, about=due, of=due.payer, amount=receipt.amount, currency=due.currency, day=day.isoformat())
    return receipt


def take_back(actor: Actor, due: FeeDue, at: datetime | None = None) -> FeeReceipt:
    """Void the newest receipt of a due: it was marked by mistake."""
    require(actor, "deal.mark_fee", due.deal)
    moment = at or now()
    locked(due.deal)
    session.refresh(due)
    counting = receipts_of(due.deal).get(due.id, [])
    if not counting:
        raise Refused(N_("Nothing has been marked as received here."))
    last = counting[-1]
    void = FeeReceipt(due=due, amount=last.amount, day=last.day, voids_id=last.id, person_id=actor.id, at=moment)
    due.paid -= last.amount
    session.add(void)
    record(void, "voided", actor, moment)
    tell(actor, due.deal, "fee_receipt_void", moment, about=due, of=due.payer, amount=last.amount, currency=due.currency)
    return void


def clauses_of(deal: Deal) -> dict[str, Any]:
    """The fee as the agreement's clauses can say it: a percentage of what is received, borne by one side or by both in equal parts."""
    fee = fee_in_force(deal)
    if fee is None or fee.kind != "percent" or fee.of != "received" or fee.moment != "each_payment":
        return {}
    payer = {"firm": "licensee", "holder": "licensor"}.get(fee.payer or "", "both" if fee.firm_share == 500_000 else None)
    rate = f"{fee.agreed.rate.normalize():f}"
    return {"broker_fee": {"rate": rate, **({"payer": payer} if payer else {})}}
