"""The verbs of invoices: say how an organisation bills, issue, cancel by a mirror, bill interest, note a tax invoice's number.

An invoice copies everything it states. When the obligation behind it changes, it is cancelled by a mirror and a new one is
issued over the whole amount: so the one live invoice of an obligation always says what the obligation says, and a bookkeeper
sees both steps. A supplementary invoice would leave the sum to be put together by the reader.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.billing.models import BillingProfile, Invoice, TaxInvoice
from marketplace.licensing.billing.series import take_number
from marketplace.licensing.billing.stated import base_of
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation, Standing
from marketplace.ordering import Order, order
from marketplace.people.models import Organisation
from marketplace.record import record
from marketplace.terms.payment import to_minor

INTEREST = "interest"
CHANGED = N_("What is owed has changed.")
GONE = N_("What was billed is no longer owed.")


def profile_of(organisation_id: int) -> BillingProfile:
    """How the organisation bills; the defaults where it has said nothing yet (that row is not kept)."""
    return session.get(BillingProfile, organisation_id) or BillingProfile(
        organisation_id=organisation_id, address={}, tax_note={}, automatic=True, zone="Asia/Shanghai"
    )


def edit_profile(actor: Actor, organisation: Organisation, **values: Any) -> BillingProfile:
    """Say how the organisation bills from now on; what is issued stays as it is."""
    require(actor, "organisation.billing", organisation)
    profile = profile_of(organisation.id)
    session.add(profile)
    for name, value in values.items():
        setattr(profile, name, value)
    record(organisation, "billing_changed", actor)
    return profile


def today_of(organisation_id: int, at: datetime) -> date:
    """The organisation's calendar day at a moment."""
    return at.astimezone(ZoneInfo(profile_of(organisation_id).zone)).date()


def by_public_id(actor: Actor, public_id: str) -> Invoice:
    """The invoice under this id, for the two sides alone. Raises `NotFound`."""
    invoice = session.scalar(select(Invoice).where(Invoice.public_id == public_id))
    if invoice is None or not may(actor, "invoice.read", invoice):
        raise NotFound()
    return invoice


def obligation_of(agreement: Agreement, key: str) -> Obligation | None:
    """The agreement's obligation of this key."""
    return session.scalar(select(Obligation).where(Obligation.agreement_id == agreement.id, Obligation.key == key))


def obligations_of(agreement: Agreement) -> list[Obligation]:
    """All that the schedule lists of money: what is owed by its due date, then what is expected, then the rest."""
    own = select(Obligation).where(Obligation.agreement_id == agreement.id, Obligation.kind != "non_use_certificate")
    return sorted(session.scalars(own), key=lambda row: (row.due is None, row.due or row.expected or date.max, row.id))


def last_invoice(agreement: Agreement, subject: str) -> Invoice | None:
    """The newest invoice of an obligation, live or cancelled."""
    own = select(Invoice).where(Invoice.agreement_id == agreement.id, Invoice.subject == subject)
    return session.scalar(own.order_by(Invoice.round.desc()).limit(1))


def mirror_of(invoice: Invoice) -> Invoice | None:
    """What cancels the invoice; none while it is live."""
    return session.scalar(select(Invoice).where(Invoice.cancels_id == invoice.id))


def live_invoices(agreement: Agreement) -> dict[str, list[Invoice]]:
    """The agreement's invoices that no mirror cancels, by what they bill."""
    mirrors = select(Invoice.cancels_id).where(Invoice.agreement_id == agreement.id, Invoice.cancels_id.is_not(None))
    own = select(Invoice).where(Invoice.agreement_id == agreement.id, Invoice.kind != "mirror", Invoice.id.not_in(mirrors))
    found: dict[str, list[Invoice]] = {}
    for invoice in session.scalars(own.order_by(Invoice.id)):
        found.setdefault(invoice.subject or "", []).append(invoice)
    return found


def fits(invoice: Invoice, obligation: Obligation | None) -> bool:
    """Whether the invoice still says what is owed."""
    return obligation is not None and obligation.trigger is not None and (invoice.amount, invoice.due, invoice.currency) == (
        obligation.amount, obligation.due, obligation.currency)


def issue(actor: Actor, agreement: Agreement, key: str, at: datetime | None = None) -> Invoice:
    """Bill an obligation that has arisen. One that is billed already gives its invoice; one that changed gets a mirror and a new one."""
    require(actor, "agreement.bill", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    obligation = obligation_of(agreement, key)
    if obligation is None or obligation.trigger is None or not obligation.amount:
        raise Refused(N_("Nothing is owed for this yet."))
    last = last_invoice(agreement, key)
    if last is not None and mirror_of(last) is None:
        if fits(last, obligation):
            return last
        cancel(actor, last, CHANGED, moment)
    period = base_of(agreement, obligation, ledger.day_of(agreement, moment))
    stated = {"because": obligation.because, "obligation": key, "kind": obligation.kind, "trigger": obligation.trigger.isoformat(), "base": period.base}
    return _write(actor, agreement, moment, kind="fee", subject=key, round=last.round + 1 if last else 0, amount=obligation.amount,
                  currency=obligation.currency, due=obligation.due, period_first=period.first, period_last=period.last, stated=stated)


def cancel(actor: Actor, invoice: Invoice, reason: str, at: datetime | None = None) -> Invoice:
    """Cancel an invoice by its mirror: the same with negative amounts, numbered in the same series. Again gives the mirror that is there."""
    require(actor, "invoice.cancel", invoice)
    if invoice.kind == "mirror":
        raise Refused(N_("This cancels another invoice itself; issue that one anew."))
    if not reason.strip():
        raise Refused(N_("Say why."), field="reason")
    moment = at or now()
    agreement = ledger.locked(invoice.agreement)
    there = mirror_of(invoice)
    if there is not None:
        return there
    copy = {**invoice.copy, "cancels": {"reference": invoice.reference, "issued": invoice.issued.isoformat()}}
    mirror = _numbered(actor, agreement, moment, kind="mirror", cancels_id=invoice.id, reason=reason.strip(), amount=-invoice.amount,
                       currency=invoice.currency, due=invoice.due, period_first=invoice.period_first, period_last=invoice.period_last, copy=copy)
    record(invoice, "cancelled", actor, moment, mirror=mirror.reference)
    return mirror


def interest_to_bill(agreement: Agreement) -> int:
    """The interest accrued so far that no live interest note bills, in minor units; less than nothing never."""
    standing = session.get(Standing, agreement.id)
    if standing is None:
        return 0
    billed = sum(invoice.amount for invoice in live_invoices(agreement).get(INTEREST, []))
    return max(standing.interest + interest_paid(agreement) - billed, 0)


def interest_paid(agreement: Agreement) -> int:
    """The interest paid so far, in minor units."""
    currency = ledger.terms_of(agreement).currency
    return sum(to_minor(ledger.amount_of(event), currency) or 0 for event in ledger.standing_events(agreement) if event.type == "interest_paid")


def issue_interest(actor: Actor, agreement: Agreement, at: datetime | None = None) -> Invoice:
    """Bill the interest that has accrued and is not billed yet. Pressed twice, the second time finds nothing left."""
    require(actor, "agreement.bill", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    standing = ledger.refresh(agreement, moment)
    amount = interest_to_bill(agreement)
    if not amount:
        raise Refused(N_("There is no interest that is not billed yet."))
    last = last_invoice(agreement, INTEREST)
    due = today_of(agreement.licensor_id, moment) + timedelta(days=ledger.terms_of(agreement).payment_days)
    stated = {"because": {}, "obligation": INTEREST, "kind": INTEREST, "base": None, "as_of": standing.as_of.isoformat()}
    return _write(actor, agreement, moment, kind="interest", subject=INTEREST, round=last.round + 1 if last else 0, amount=amount,
                  currency=standing.currency, due=due, period_first=None, period_last=None, stated=stated)


def note_tax_invoice(actor: Actor, invoice: Invoice, number: str, at: datetime | None = None) -> TaxInvoice:
    """Write beside the invoice which tax invoice (发票) the issuer's own system gave for it; the same number again changes nothing."""
    require(actor, "invoice.tax_number", invoice)
    number = "".join(number.split())
    if not number:
        raise Refused(N_("Type the number."), field="number")
    there = session.scalar(select(TaxInvoice).where(TaxInvoice.invoice_id == invoice.id, TaxInvoice.number == number))
    if there is not None:
        return there
    noted = TaxInvoice(invoice=invoice, number=number, person_id=actor.id, at=at or now())
    session.add(noted)
    session.flush()  # the same number again finds it
    record(invoice, "tax_number_noted", actor, at, number=number)
    return noted


def _write(actor: Actor, agreement: Agreement, moment: datetime, stated: dict[str, Any], **values: Any) -> Invoice:
    """A new invoice with the copy of all it states, told as `invoice.issue`."""
    copy = {**_parties(agreement), **stated}
    invoice = _numbered(actor, agreement, moment, copy=copy, **values)
    record(invoice, "issue", actor, moment)
    return invoice


def _numbered(actor: Actor, agreement: Agreement, moment: datetime, **values: Any) -> Invoice:
    issued = today_of(agreement.licensor_id, moment)
    number, reference = take_number(agreement.licensor, issued.year)
    invoice = Invoice(
        issuer_id=agreement.licensor_id, customer_id=agreement.licensee_id, agreement_id=agreement.id, year=issued.year, number=number,
        reference=reference, issued=issued, person_id=actor.id, at=moment, **values,
    )
    session.add(invoice)
    session.flush()  # the database says at once whether the number and the round are free, and a mirror names its id
    return invoice


def _parties(agreement: Agreement) -> dict[str, Any]:
    """Who bills whom under which agreement, as it stands today."""
    issuer, customer = profile_of(agreement.licensor_id), profile_of(agreement.licensee_id)
    clauses = ledger.version_of(agreement).clauses
    return {
        "issuer": {**_party(agreement.licensor, issuer), "bank": issuer.bank, "account_name": issuer.account_name, "account": issuer.account},
        "customer": _party(agreement.licensee, customer),
        "agreement": {"public_id": agreement.public_id, "title": agreement.title, "sha256": agreement.text_sha256},
        "tax_note": clauses.get("tax_note") or issuer.tax_note,
    }


def _party(organisation: Organisation, profile: BillingProfile) -> dict[str, Any]:
    return {"name": organisation.name, "code": organisation.credit_code, "address": profile.address, "region": organisation.region}


def bill(agreement: Agreement, at: datetime | None = None) -> None:
    """Let the invoices say what is owed, where the licensor's invoices issue themselves. What a person cancelled stays cancelled."""
    if not profile_of(agreement.licensor_id).automatic:
        return
    moment = at or now()
    agreement = ledger.locked(agreement)
    owed = select(Obligation).where(Obligation.agreement_id == agreement.id, Obligation.trigger.is_not(None), Obligation.amount > 0)
    rows = {row.key: row for row in session.scalars(owed.order_by(Obligation.due, Obligation.id))}
    for subject, (invoice, *_others) in live_invoices(agreement).items():
        if subject != INTEREST and subject not in rows:
            cancel(SYSTEM, invoice, GONE, moment)
    for key in rows:
        last = last_invoice(agreement, key)
        mirror = mirror_of(last) if last else None
        if mirror is None or mirror.person_id is None:
            issue(SYSTEM, agreement, key, moment)


@handler("licensing.bill")
def bill_obligation(thing_id: int) -> None:
    """Bill what has arisen or changed; may run twice."""
    obligation = session.get(Obligation, thing_id)
    if obligation is not None:
        bill(obligation.agreement)


@handler("licensing.bill_after_void")
def bill_after_void(thing_id: int) -> None:
    """An event was taken back: what followed from it may be owed no longer."""
    bill(session.get_one(AgreementEvent, thing_id).agreement)


INVOICE_ORDERS = {"number": True, "issued": True, "due": False, "amount": True}
"""What invoices can be ordered by, and whether that falls; the first unasked."""


def invoices_of(actor: Actor, organisation: Organisation, side: str, page: int, size: int, by: Order | None = None, **where: Any) -> list[Invoice]:
    """A page of the organisation's invoices as issuer ("licensor") or customer, newest first unless ordered otherwise, and one more if there is a next page.

    `where` may hold `state` ("live" or "cancelled"), `year`, and `agreement` (an id).
    """
    require(actor, "organisation.money", organisation)
    by = by or order("", INVOICE_ORDERS)
    column = {"number": Invoice.id, "issued": Invoice.issued, "due": Invoice.due, "amount": Invoice.amount}[by.name]
    currency = [Invoice.currency] if by.name == "amount" else []  # amounts of one currency can be compared
    query = _invoices(organisation, side, **where).order_by(*currency, *by.by(column, Invoice.id))
    return list(session.scalars(query.offset((page - 1) * size).limit(size + 1)))


def count_invoices(actor: Actor, organisation: Organisation, side: str, **where: Any) -> int:
    """How many invoices these are."""
    require(actor, "organisation.money", organisation)
    return session.scalar(select(func.count()).select_from(_invoices(organisation, side, **where).with_only_columns(Invoice.id).subquery())) or 0


def _invoices(organisation: Organisation, side: str, **where: Any) -> Select[tuple[Invoice]]:
    own = (Invoice.issuer_id if side == "licensor" else Invoice.customer_id) == organisation.id
    query = select(Invoice).where(own)
    cancelled = select(Invoice.cancels_id).where(own, Invoice.cancels_id.is_not(None))
    if where.get("state") == "live":
        query = query.where(Invoice.kind != "mirror", Invoice.id.not_in(cancelled))
    elif where.get("state") == "cancelled":
        query = query.where((Invoice.kind == "mirror") | Invoice.id.in_(cancelled))
    if where.get("year"):
        query = query.where(Invoice.year == where["year"])
    return query.where(Invoice.agreement_id == where["agreement"]) if where.get("agreement") else query


def years_of(organisation: Organisation) -> list[int]:
    """The calendar years in which the organisation issued or got an invoice, newest first."""
    own = (Invoice.issuer_id == organisation.id) | (Invoice.customer_id == organisation.id)
    return list(session.scalars(select(Invoice.year).where(own).group_by(Invoice.year).order_by(Invoice.year.desc())))


def unpaid_of(agreement: Agreement) -> dict[str, int]:
    """What is unpaid of each live invoice of the agreement, by its reference, in minor units; interest goes to the oldest note first."""
    rows = {row.key: row for row in session.scalars(select(Obligation).where(Obligation.agreement_id == agreement.id))}
    paid, found = interest_paid(agreement), {}
    for subject, invoices in live_invoices(agreement).items():
        for invoice in invoices:
            if subject == INTEREST:
                used = min(paid, invoice.amount)
                paid -= used
                found[invoice.reference] = invoice.amount - used
            else:
                found[invoice.reference] = min(rows[subject].unpaid if subject in rows else 0, invoice.amount)
    return found
