"""The verbs of registration: prepare the form, enter the number that the office gave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.catalogue import attachments
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.licensing import ledger
from marketplace.licensing.duties.models import Registration
from marketplace.licensing.duties.operations import File
from marketplace.licensing.duties.registration import form_data
from marketplace.licensing.models import Agreement
from marketplace.record import move, record


def registration_of(agreement: Agreement) -> Registration | None:
    """The registration of an agreement, prepared or done."""
    return session.scalar(select(Registration).where(Registration.agreement_id == agreement.id))


def prepare_registration(
    actor: Actor, agreement: Agreement, kind: str, side: str, total: int, technology_amount: int, addresses: Mapping[str, str], details: Mapping[str, str],
    at: datetime | None = None,
) -> Registration:
    """Write or change the form; amounts in minor units of the agreement's currency. Refused beside the field that is wrong."""
    found = registration_of(agreement)
    require(actor, "contract_registration.edit", found or Registration(agreement=agreement))
    moment = at or now()
    agreement = ledger.locked(agreement)
    if agreement.state not in ("proposed", "countersigned"):
        raise Refused(N_("A contract is registered once it is on the table of both sides."))
    if technology_amount > total:
        raise Refused(N_("The technology amount is part of the total and cannot be more."), field="technology_amount")
    made = registration_of(agreement)
    if made is None:
        made = Registration(agreement=agreement, agreement_id=agreement.id, state="prepared", created=moment)
        session.add(made)
    if made.state == "registered":
        raise Refused(N_("The contract is registered; its form stays as it was handed in."))
    made.kind, made.side, made.total, made.technology_amount = kind, side, total, technology_amount
    made.currency = ledger.terms_of(agreement).currency
    made.addresses = {name: text for name, text in addresses.items() if text}
    made.details = {name: text for name, text in details.items() if text and name in form_data.ASKED}
    record(made, "prepare", actor, moment)
    return made


def enter_registration(actor: Actor, registration: Registration, number: str, day: date, file: File | None = None, at: datetime | None = None) -> Registration:
    """Enter number and day that the office gave."""
    require(actor, "contract_registration.register", registration)
    moment = at or now()
    agreement = ledger.locked(registration.agreement)
    session.refresh(registration)
    if agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))
    if not number.strip():
        raise Refused(N_("Give the number."), field="number")
    if day > ledger.day_of(agreement, moment):
        raise Refused(N_("This day lies in the future."), field="registered_on")
    registration.number, registration.registered_on = number.strip(), day
    move(registration, "register", actor, moment)
    if file:
        attachments.attach(actor, registration, *file, at=moment)
    return registration
