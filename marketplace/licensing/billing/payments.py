"""The verbs of payments: report, say what it would pay, confirm, reject, take back when it bounced.

A payment counts once. The form that reports it carries a key; the same day, amount and reference need somebody's word that
they are two; the bank's own id of a transfer is taken once; and the events that a confirmed payment becomes are named after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import func, select

from marketplace.access import Actor, may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.billing.attribution import plain
from marketplace.licensing.billing.models import BankLine, Payment
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Organisation
from marketplace.record import move, record
from marketplace.terms.payment import from_minor, to_minor
from marketplace.terms.reading import TermsError

LIVE = ("reported", "confirmed")
MOST = Decimal(10**12)  # of any currency, in its major unit


def by_public_id(actor: Actor, public_id: str) -> Payment:
    """The payment under this id, for the two sides alone. Raises `NotFound`."""
    payment = session.scalar(select(Payment).where(Payment.public_id == public_id))
    if payment is None or not may(actor, "payment.read", payment):
        raise NotFound()
    return payment


def payments_of(agreement: Agreement) -> list[Payment]:
    """The payments of an agreement, newest day first."""
    own = select(Payment).where(Payment.agreement_id == agreement.id)
    return list(session.scalars(own.order_by(Payment.day.desc(), Payment.id.desc())))


def waiting_for(organisation: Organisation, limit: int) -> list[Payment]:
    """The payments that the organisation, as licensor, has yet to confirm or reject, oldest first."""
    own = select(Payment).where(Payment.licensor_id == organisation.id, Payment.state == "reported")
    return list(session.scalars(own.order_by(Payment.id).limit(limit)))


def report_payment(actor: Actor, agreement: Agreement, key: str, at: datetime | None = None, **values: Any) -> Payment:
    """Say that money has moved: amount, day, reference, and if known obligation_key, interest, transaction, line.

    The same key again gives the payment that is there. Refused when one of the same day, amount and reference is recorded and
    `again` is not true, and when the bank's transaction is.
    """
    require(actor, "agreement.report_payment", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    same = session.scalar(select(Payment).where(Payment.agreement_id == agreement.id, Payment.key == key))
    if same is not None:
        return same
    again = values.pop("again", False)
    payment = _payment(agreement, key=key, person_id=actor.id, at=moment, **values)
    _refuse_odd(payment, ledger.day_of(agreement, moment))
    payment.twin = _twin(payment, again)
    session.add(payment)
    session.flush()  # the database says at once whether the bank's transaction is free
    record(payment, "reported", actor, moment)
    return payment


def _payment(agreement: Agreement, **values: Any) -> Payment:
    reference = " ".join((values.pop("reference", "") or "").split())[:300]
    return Payment(
        agreement=agreement, agreement_id=agreement.id, licensor_id=agreement.licensor_id, licensee_id=agreement.licensee_id, state="reported",
        reference=reference, reference_key=plain(reference), currency=ledger.terms_of(agreement).currency, **{"interest": 0, **values},
    )


def _refuse_odd(payment: Payment, today: date) -> None:
    """Raise `Refused` for what no payment under this agreement can be."""
    if payment.agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))
    if not 0 < payment.amount <= (to_minor(MOST, payment.currency) or 0):
        raise Refused(N_("Type an amount above 0, at most 10¹²."), field="amount")
    if payment.day > today:
        raise Refused(N_("This day lies in the future."), field="day")
    if not 0 <= payment.interest <= payment.amount:
        raise Refused(N_("The part for interest cannot exceed the amount."), field="interest")
    known = (Payment.transaction == payment.transaction) & Payment.state.in_(LIVE)
    taken = select(Payment.id).where(Payment.licensor_id == payment.licensor_id, known)
    if payment.transaction and session.scalar(taken.limit(1)) is not None:
        raise Refused(N_("This transaction of the bank is recorded already."), field="transaction")
    _foreseen(payment)


def _twin(payment: Payment, again: bool) -> int:
    """0 for the first payment of its day, amount and reference; a further one needs somebody's word."""
    like = select(func.max(Payment.twin)).where(
        Payment.agreement_id == payment.agreement_id, Payment.day == payment.day, Payment.amount == payment.amount,
        Payment.reference_key == payment.reference_key, Payment.state.in_(LIVE),
    )
    last = session.scalar(like)
    if last is not None and not again:
        raise Refused(
            N_("A payment of this amount on this day with this reference is recorded already. Tick the box if this is another one."), field="again")
    return 0 if last is None else last + 1


def add_proof(actor: Actor, payment: Payment, source: BinaryIO, name: str) -> Attachment:
    """Put a proof beside the payment."""
    return attachments.attach(actor, payment, source, name)


def proof_of(actor: Actor, payment: Payment, file_id: str) -> Attachment:
    """One proof of the payment, for the two sides. Raises `NotFound`."""
    require(actor, "payment.read", payment)
    found = next((one for one in attachments.attachments_of(payment) if one.public_id == file_id), None)
    if found is None:
        raise NotFound()
    return found


def _events(payment: Payment) -> list[tuple[str, str, dict[str, Any]]]:
    """What a confirmed payment enters: (type, key, values); fees and interest apart."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    if payment.amount > payment.interest:
        named = {"obligation": payment.obligation_key} if payment.obligation_key else {}
        found.append(("payment", f"payment:{payment.public_id}", {"amount": _written(payment.amount - payment.interest, payment.currency), **named}))
    if payment.interest:
        found.append(("interest_paid", f"interest:{payment.public_id}", {"amount": _written(payment.interest, payment.currency)}))
    return found


def _written(minor: int, currency: str) -> str:
    return f"{from_minor(minor, currency):f}"


@dataclass(frozen=True)
class Part:
    """What of a payment goes where: an obligation's key, "interest", or "credit"; minor units."""

    key: str
    amount: int


def preview(payment: Payment, at: datetime | None = None) -> Sequence[Part]:
    """What the payment would pay if it were confirmed now, or pays already. Raises `Refused` where the schedule does not accept it."""
    if payment.state in ("rejected", "bounced"):
        return []
    return _parts(payment, ledger.day_of(payment.agreement, at or now()))


def _foreseen(payment: Payment) -> None:
    """Raise `Refused` where the schedule would not accept the payment on its day."""
    _parts(payment, payment.day)


def _parts(payment: Payment, today: date) -> list[Part]:
    agreement, currency = payment.agreement, payment.currency
    standing = ledger.standing_events(agreement)
    keys = {key for _kind, key, _values in _events(payment)}
    places = {place for place, event in enumerate(standing) if event.key in keys}
    also = [] if places else [{"type": kind, "date": payment.day.isoformat(), **values} for kind, _key, values in _events(payment)]
    try:
        answer = ledger.schedule_of(agreement, max(today, payment.day), also=also)
    except TermsError as error:
        field = {"obligation": "obligation", "amount": "interest"}.get(error.path.rpartition(".")[2], "day")
        raise Refused(error.message, field=field, **error.values) from error
    own = places or set(range(len(standing), len(standing) + len(also)))
    paid: dict[str, int] = {}
    for one in answer.allotments:
        if one.payment in own:
            paid[one.obligation] = paid.get(one.obligation, 0) + (to_minor(one.amount, currency) or 0)
    rest = payment.amount - payment.interest - sum(paid.values())
    extra = [Part("interest", payment.interest)] if payment.interest else []
    return [*(Part(key, amount) for key, amount in paid.items()), *extra, *([Part("credit", rest)] if rest else [])]


def confirm_payment(actor: Actor, payment: Payment, at: datetime | None = None) -> Payment:
    """The licensor has the money: the payment becomes events of the agreement. Two who confirm at once confirm it once."""
    require(actor, "payment.confirm", payment)
    moment = at or now()
    ledger.locked(payment.agreement)
    session.refresh(payment)
    move(payment, "confirm", actor, moment)
    payment.answered = moment
    session.flush()  # whoever confirms the same payment at this moment is turned away here
    for kind, key, values in _events(payment):
        ledger.enter(actor, payment.agreement, kind, payment.day, key, moment, **values)
    return payment


def reject_payment(actor: Actor, payment: Payment, reason: str, at: datetime | None = None) -> Payment:
    """The licensor does not find the money, and says why; a bank line that was taken for it is open again."""
    moment = at or now()
    _answer(actor, payment, "reject", reason, moment)
    _reopen(actor, payment, moment)
    return payment


def bounce_payment(actor: Actor, payment: Payment, reason: str, at: datetime | None = None) -> Payment:
    """A confirmed payment was none after all: its events are taken back, and its bank line is open again."""
    moment = at or now()
    _answer(actor, payment, "bounce", reason, moment)
    for _kind, key, _values in _events(payment)[::-1]:
        own = select(AgreementEvent).where(AgreementEvent.agreement_id == payment.agreement_id, AgreementEvent.key == key)
        ledger.void(actor, session.scalars(own).one(), payment.reason or "", moment)
    _reopen(actor, payment, moment)
    return payment


def _reopen(actor: Actor, payment: Payment, moment: datetime) -> None:
    if payment.line is not None:
        move(payment.line, "reopen", actor, moment)


def _answer(actor: Actor, payment: Payment, verb: str, reason: str, at: datetime | None) -> None:
    require(actor, f"payment.{verb}", payment)
    if not reason.strip():
        raise Refused(N_("Say why."), field="reason")
    moment = at or now()
    ledger.locked(payment.agreement)
    session.refresh(payment)
    payment.reason = reason.strip()
    move(payment, verb, actor, moment)
    payment.answered = moment
    session.flush()  # whoever answers the same payment at this moment is turned away here


def take_line(
    actor: Actor, line: BankLine, agreement: Agreement, payment: Payment | None = None, at: datetime | None = None, **values: Any
) -> Payment:
    """Let a line of a bank statement be a payment under the agreement, or the proof of one that was reported; it is taken once.

    The payment is reported by it: what it pays can be looked at before it is confirmed.
    """
    require(actor, "bank_line.take", line)
    require(actor, "agreement.payment", agreement)
    moment = at or now()
    move(line, "take", actor, moment)
    session.flush()  # two who take the same line: the second is turned away here
    if payment is None:
        how = {"amount": line.amount, "day": line.day, "reference": line.reference, "transaction": line.transaction, "line": line, "again": True}
        return report_payment(actor, agreement, f"line:{line.public_id}:{line.version_id}", moment, **{**how, **values})
    if payment.state != "reported" or (payment.amount, payment.currency) != (line.amount, line.currency):
        raise Refused(N_("This payment is answered already, or its amount differs."))
    payment.line, payment.transaction = line, line.transaction
    return payment
