"""The verbs of recordal: begin the clock when a patent licence is countersigned, file it, enter what the office gave, remind in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.catalogue import attachments
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.duties import rules
from marketplace.licensing.duties.models import Recordal, RecordalReminder
from marketplace.licensing.duties.operations import File
from marketplace.licensing.models import Agreement
from marketplace.record import move, record
from marketplace.terms.payment import add_months

BATCH = 200
MONTHS = 3
"""What a recordal is given where no rule is known for the licensor's region."""

BEFORE = {"before_30": timedelta(days=30), "before_7": timedelta(days=7)}


def recordal_of(agreement: Agreement) -> Recordal | None:
    """The recordal of an agreement; None where none is owed."""
    return session.scalar(select(Recordal).where(Recordal.agreement_id == agreement.id))


def is_owed(agreement: Agreement) -> bool:
    """Whether the licence is recorded with the Chinese patent office: it is signed and about a patent that is not another office's."""
    number = (agreement.technology.publication_number or "CN").upper()
    return agreement.state == "countersigned" and agreement.technology.kind == "patent" and number.startswith("CN")


@handler("duties.begin_recordal")
def begin_recordal(thing_id: int) -> None:
    """An agreement was countersigned: its recordal is due some months after it took effect, once."""
    agreement = ledger.locked(session.get_one(Agreement, thing_id))
    if not is_owed(agreement) or agreement.signed is None or recordal_of(agreement) is not None:
        return
    signed = ledger.day_of(agreement, agreement.signed)
    effective = max(ledger.terms_of(agreement).effective or signed, signed)
    rule = rules.in_force("recordal", agreement.licensor.region, effective)
    months = (rule.months if rule else None) or MONTHS
    made = Recordal(
        agreement=agreement, agreement_id=agreement.id, effective=effective, months=months, due=add_months(effective, months), state="open", created=now(),
    )
    session.add(made)
    record(made, "begin", SYSTEM)


def locked(recordal: Recordal) -> Recordal:
    """The recordal as it stands now, its agreement held until the transaction ends."""
    ledger.locked(recordal.agreement)
    session.refresh(recordal)
    return recordal


def file_recordal(actor: Actor, recordal: Recordal, filed_on: date, file: File | None = None, at: datetime | None = None) -> Recordal:
    """Enter that it was filed with the office."""
    require(actor, "recordal.file", recordal)
    moment = at or now()
    recordal = locked(recordal)
    _refuse_day(recordal, filed_on, "filed_on", moment)
    recordal.filed_on = filed_on
    move(recordal, "file", actor, moment)
    if file:
        attachments.attach(actor, recordal, *file, at=moment)
    return recordal


def enter_recordal(actor: Actor, recordal: Recordal, number: str, recorded_on: date, file: File | None = None, at: datetime | None = None) -> Recordal:
    """Enter number and day that the office gave, with its paper."""
    require(actor, "recordal.record", recordal)
    moment = at or now()
    recordal = locked(recordal)
    if not number.strip():
        raise Refused(N_("Give the number."), field="number")
    _refuse_day(recordal, recorded_on, "recorded_on", moment)
    if recordal.filed_on and recorded_on < recordal.filed_on:
        raise Refused(N_("This day lies before the filing."), field="recorded_on")
    recordal.number, recordal.recorded_on = number.strip(), recorded_on
    move(recordal, "record", actor, moment)
    if file:
        attachments.attach(actor, recordal, *file, at=moment)
    return recordal


def _refuse_day(recordal: Recordal, day: date, field: str, moment: datetime) -> None:
    if day > ledger.day_of(recordal.agreement, moment):
        raise Refused(N_("This day lies in the future."), field=field)
    if recordal.agreement.signed and day < ledger.day_of(recordal.agreement, recordal.agreement.signed):
        raise Refused(N_("This day lies before the signature."), field=field)


def wanted(recordal: Recordal, today: date) -> str | None:
    """The reminder that a recordal calls for on a day: the most urgent one; None while there is time, or once it is filed."""
    if recordal.state != "open":
        return None
    if today > recordal.due:
        return "overdue"
    near = [kind for kind, before in BEFORE.items() if today >= recordal.due - before]
    return near[-1] if near else None


@handler("duties.remind_recordals", every=timedelta(hours=6))
def remind_recordals() -> Iterator[None]:
    """Remind both sides thirty and seven days before a recordal is due, and once it is overdue; each once."""
    moment, last = now(), 0
    horizon = moment.date() + max(BEFORE.values()) + timedelta(days=1)
    while True:
        near = select(Recordal).where(Recordal.state == "open", Recordal.due <= horizon, Recordal.id > last).order_by(Recordal.id).limit(BATCH)
        batch = list(session.scalars(near))
        if not batch:
            return
        for recordal in batch:
            last = recordal.id
            _remind(recordal, moment)
        yield


def _remind(recordal: Recordal, moment: datetime) -> None:
    kind = wanted(recordal, ledger.day_of(recordal.agreement, moment))
    told = select(RecordalReminder.id).where(RecordalReminder.recordal_id == recordal.id, RecordalReminder.kind == kind)
    if kind is None or session.scalar(told) is not None:
        return
    reminder = RecordalReminder(recordal=recordal, kind=kind, created=moment)
    session.add(reminder)
    record(reminder, "due", SYSTEM, moment)
