"""Mail about money: an invoice came or was cancelled, a payment was reported or answered, something is due.

Whoever works for the organisation concerned hears of it, in their own language; nobody is mailed twice for one happening.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.alerts.wording import Sum
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.licensing.billing.models import STAGES, Invoice, Payment, Reminder
from marketplace.licensing.billing.operations import last_invoice, mirror_of, obligation_of
from marketplace.licensing.models import Agreement
from marketplace.people.models import Membership, Person


def _people(organisation_id: int) -> list[Person]:
    """The owners and members of an organisation, whose accounts are in use; signatories only sign."""
    seats = select(Person).join(Membership, Membership.person_id == Person.id)
    own = seats.where(Membership.organisation_id == organisation_id, Membership.role.in_(("owner", "member")))
    return [person for person in session.scalars(own.order_by(Person.id)) if person.is_active]


def _tell(organisation_id: int, template: str, path: str, agreement: Agreement, minor: int, currency: str, **values: Any) -> None:
    for person in _people(organisation_id):
        language = person.language
        to_person(
            template, person, path, title=agreement.titled(language)[0], amount=Sum(abs(minor), currency),
            **{name: value(language) if callable(value) else value for name, value in values.items()},
        )


@handler("alerts.invoice_issued")
def invoice_issued(thing_id: int) -> None:
    """Tell the customer of a new invoice, unless it is cancelled already."""
    invoice = session.get_one(Invoice, thing_id)
    if mirror_of(invoice) is None:
        _tell(invoice.customer_id, "invoice_issued", f"/invoices/{invoice.public_id}", invoice.agreement, invoice.amount, invoice.currency,
              number=invoice.reference, due=invoice.due or "", again=invoice.round > 0 and invoice.kind == "fee")


@handler("alerts.invoice_cancelled")
def invoice_cancelled(thing_id: int) -> None:
    """Tell the customer that an invoice is cancelled, unless the mail about the one in its place says so."""
    invoice = session.get_one(Invoice, thing_id)
    last = last_invoice(invoice.agreement, invoice.subject or "")
    if last is invoice or last is None:
        _tell(invoice.customer_id, "invoice_cancelled", f"/invoices/{invoice.public_id}", invoice.agreement, invoice.amount, invoice.currency,
              number=invoice.reference)


@handler("alerts.payment_reported")
def payment_reported(thing_id: int) -> None:
    """Ask the licensor whether the money has come."""
    payment = session.get_one(Payment, thing_id)
    if payment.state == "reported":
        _tell(payment.licensor_id, "payment_reported", f"/payments/{payment.public_id}", payment.agreement, payment.amount, payment.currency,
              day=payment.day or "")


@handler("alerts.payment_answered")
def payment_answered(thing_id: int) -> None:
    """Tell the licensee what became of a payment."""
    payment = session.get_one(Payment, thing_id)
    _tell(payment.licensee_id, "payment_answered", f"/payments/{payment.public_id}", payment.agreement, payment.amount, payment.currency,
          state=payment.state, reason=payment.reason or "", day=payment.day or "")


@handler("alerts.payment_reminder")
def payment_reminder(thing_id: int) -> None:
    """Remind the licensee, unless it was paid or disputed in the meantime."""
    reminder = session.get_one(Reminder, thing_id)
    obligation = obligation_of(reminder.agreement, reminder.obligation_key)
    if obligation is None or not obligation.unpaid or obligation.due != reminder.due or reminder.agreement.disputed:
        return
    last = last_invoice(reminder.agreement, reminder.obligation_key)
    number = last.reference if last is not None and mirror_of(last) is None else ""
    _tell(obligation.licensee_id, "payment_reminder", f"/agreements/{reminder.agreement.public_id}/billing", reminder.agreement, obligation.unpaid,
          obligation.currency, stage=reminder.stage, days=abs(STAGES[reminder.stage]), number=number, due=obligation.due or "",
          because=lambda language: obligation.because.get(language, ""))
