"""The verbs under a signed agreement: enter an event, correct one, dispute, settle.

Statements and payments are entered and corrected by their own rooms; everything goes through the ledger, and what the schedule
does not accept is refused beside its field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation
from marketplace.licensing.operations import own_sides
from marketplace.licensing.performing.models import Correction, Dispute
from marketplace.licensing.performing.queue import Place
from marketplace.licensing.performing.triers import place_of
from marketplace.record import move, record
from marketplace.terms.events import read
from marketplace.terms.payment import Terms
from marketplace.terms.reading import TermsError
from marketplace.terms.schedule import schedule

KINDS = (
    "trial_started", "trial_extended", "converted", "declined", "first_revenue", "milestone_accepted", "submitted", "accepted", "rejected",
    "bought_out", "terminated",
)
"""The events that are entered here, in the order in which they are offered."""

NAMED = {"milestone_accepted": "milestones", "submitted": "conditional", "accepted": "conditional", "rejected": "conditional"}
"""Events that speak of a member of a list of the terms."""

OWN_ROOMS = ("statement", "payment", "interest_paid")
"""Events that are entered and corrected elsewhere."""

WAITING = {
    "waits": N_("Another firm signed before you and has not decided yet. You may convert once it has not, on %(day)s at the latest."),
    "taken": N_("Another firm has converted to an exclusive or sole licence. Your trial goes on to the end of its window and cannot be converted."),
    "shared": N_("An ordinary licence of this technology is in force, so that there can be no exclusive or sole one."),
}


@dataclass(frozen=True)
class Step:
    """A step that the actor may take today: the kind of event, the names to choose from, and why it must wait, if it must."""

    kind: str
    names: tuple[str, ...] = ()
    place: Place | None = None


def steps_of(actor: Actor, agreement: Agreement, at: datetime | None = None) -> list[Step]:
    """What the actor may enter today: allowed by role, and accepted by the schedule."""
    if agreement.state != "countersigned":
        return []
    today = ledger.day_of(agreement, at or now())
    terms = ledger.terms_of(agreement)
    happened = [ledger.written(event) for event in ledger.standing_events(agreement)]
    found = []
    for kind in KINDS:
        if may(actor, f"agreement.{kind}", agreement):
            names = tuple(_accepted_names(terms, happened, kind, today))
            if names:
                place = place_of(agreement) if kind == "converted" else None
                found.append(Step(kind, names if kind in NAMED else (), place if place and place.verdict != "free" else None))
    return found


def _accepted_names(terms: Terms, happened: list[dict[str, Any]], kind: str, today: date) -> Iterator[str]:
    """The names for which the schedule would accept the event today; one empty name for a kind that has none."""
    for name in [fee.id for fee in getattr(terms, NAMED[kind])] if kind in NAMED else [""]:
        more = {"id": name} if kind in NAMED else {"months": 1} if kind == "trial_extended" else {}
        try:
            schedule(terms, read([*happened, {"type": kind, "date": today.isoformat(), **more}], terms), today)
        except TermsError:
            continue
        yield name


def enter_event(
    actor: Actor, agreement: Agreement, kind: str, day: date, key: str, at: datetime | None = None, reason: str | None = None, **values: Any
) -> AgreementEvent:
    """Enter what happened on a day. The same key again gives the event that is there.

    Refused when the schedule does not accept it, when another trier stands before this one, or when a termination says no reason.
    """
    if kind not in KINDS:
        raise NotFound()
    require(actor, f"agreement.{kind}", agreement)
    moment = at or now()
    if kind == "converted":
        _line_up(agreement)
    agreement = ledger.locked(agreement)
    known = select(AgreementEvent.id).where(AgreementEvent.agreement_id == agreement.id, AgreementEvent.key == key)
    if kind == "converted" and session.scalar(known) is None:
        _refuse_out_of_turn(agreement)
    if kind == "terminated" and not (reason or "").strip():
        raise Refused(N_("Say why the agreement is terminated."), field="reason")
    return ledger.enter(actor, agreement, kind, day, key, moment, reason=(reason or "").strip() or None, **values)


def _line_up(agreement: Agreement) -> None:
    """Hold every signed agreement about the technology, in one order for all, so that two conversions are judged one after the other."""
    same = select(Agreement.id).where(Agreement.technology_id == agreement.technology_id, Agreement.state == "countersigned")
    session.execute(same.order_by(Agreement.id).with_for_update())


def _refuse_out_of_turn(agreement: Agreement) -> None:
    place = place_of(agreement)
    if place is not None and place.verdict != "free":
        raise Refused(WAITING[place.verdict], field="day", day=place.until or "–")


def events_of(agreement: Agreement) -> list[AgreementEvent]:
    """Everything that was entered, corrections too, newest first."""
    own = select(AgreementEvent).where(AgreementEvent.agreement_id == agreement.id).options(joinedload(AgreementEvent.person))
    return list(session.scalars(own.order_by(AgreementEvent.day.desc(), AgreementEvent.id.desc())))


def obligations_of(agreement: Agreement) -> list[Obligation]:
    """The copies of what the schedule says is owed, in its order: due first, then what is only expected."""
    own = select(Obligation).where(Obligation.agreement_id == agreement.id)
    return list(session.scalars(own.order_by(Obligation.due.is_(None), Obligation.due, Obligation.expected.is_(None), Obligation.expected, Obligation.id)))


def event_of(actor: Actor, agreement: Agreement, event_id: int) -> AgreementEvent:
    """An event that counts and is corrected here. Raises `NotFound`."""
    require(actor, "agreement.read", agreement)
    found = next((event for event in ledger.standing_events(agreement) if event.id == event_id and event.type not in OWN_ROOMS), None)
    if found is None:
        raise NotFound()
    return found


def ask_correction(actor: Actor, agreement: Agreement, event: AgreementEvent, reason: str, at: datetime | None = None) -> Correction:
    """Ask the other side to agree that an event counts no longer. Asked twice, the first asking stands."""
    require(actor, "agreement.correct", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    event = event_of(actor, agreement, event.id)
    if not reason.strip():
        raise Refused(N_("Say what is wrong with it."), field="reason")
    known = session.scalar(select(Correction).where(Correction.event_id == event.id, Correction.state == "asked"))
    if known is not None:
        return known
    asked = Correction(
        agreement=agreement, event=event, side=own_sides(actor, agreement)[0], person_id=actor.id, reason=reason.strip(), state="asked", created=moment,
    )
    session.add(asked)
    record(asked, "asked", actor, moment, agreement=agreement.id)
    return asked


def correction_of(actor: Actor, agreement: Agreement, public_id: str) -> Correction:
    """The correction under this id. Raises `NotFound`."""
    require(actor, "agreement.read", agreement)
    found = session.scalar(select(Correction).where(Correction.public_id == public_id, Correction.agreement_id == agreement.id))
    if found is None:
        raise NotFound()
    return found


def _from_other_side(actor: Actor, agreement: Agreement, side: str | None) -> None:
    if not [own for own in own_sides(actor, agreement) if own != side]:
        raise Refused(N_("The other side has to answer this."))


def agree_correction(actor: Actor, correction: Correction, at: datetime | None = None) -> Correction:
    """Agree that the event counts no longer: it is taken back, and the schedule computed without it."""
    require(actor, "correction.agree", correction)
    moment = at or now()
    ledger.locked(correction.agreement)
    session.refresh(correction)
    _from_other_side(actor, correction.agreement, correction.side)
    move(correction, "agree", actor, moment)
    correction.answered, correction.answered_by_id = moment, actor.id
    ledger.void(actor, correction.event, correction.reason, moment, agreed=True)
    return correction


def refuse_correction(actor: Actor, correction: Correction, at: datetime | None = None) -> Correction:
    """Let the event stand."""
    require(actor, "correction.refuse", correction)
    moment = at or now()
    _from_other_side(actor, correction.agreement, correction.side)
    move(correction, "refuse", actor, moment)
    correction.answered, correction.answered_by_id = moment, actor.id
    return correction


def withdraw_correction(actor: Actor, correction: Correction, at: datetime | None = None) -> Correction:
    """Take the wish back; the side that asked may."""
    require(actor, "correction.withdraw", correction)
    if correction.side not in own_sides(actor, correction.agreement):
        raise Refused(N_("Only the side that asked can take this back."))
    move(correction, "withdraw", actor, at)
    return correction


def corrections_of(agreement: Agreement) -> list[Correction]:
    """Every correction that was asked, newest first."""
    return list(session.scalars(select(Correction).where(Correction.agreement_id == agreement.id).order_by(Correction.id.desc())))


def dispute(
    actor: Actor, agreement: Agreement, subject: str, text: str, key: str, at: datetime | None = None
) -> Dispute:
    """Mark the agreement as disputed, saying what about. Reminders pause until it is settled. The same key again changes nothing."""
    require(actor, "agreement.dispute", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    if agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))
    known = session.scalar(select(Dispute).where(Dispute.agreement_id == agreement.id, Dispute.key == key))
    if known is not None:
        return known
    for name, typed in (("subject", subject), ("text", text)):
        if not typed.strip():
            raise Refused(N_("Say what is disputed."), field=name)
    found = Dispute(
        agreement=agreement, side=own_sides(actor, agreement)[0], person_id=actor.id, subject=subject.strip(), text=text.strip(), state="open", key=key,
        created=moment,
    )
    session.add(found)
    agreement.disputed = True
    record(found, "raised", actor, moment, agreement=agreement.id)
    return found


def dispute_of(actor: Actor, agreement: Agreement, public_id: str) -> Dispute:
    """The dispute under this id. Raises `NotFound`."""
    require(actor, "agreement.read", agreement)
    found = session.scalar(select(Dispute).where(Dispute.public_id == public_id, Dispute.agreement_id == agreement.id))
    if found is None:
        raise NotFound()
    return found


def disputes_of(agreement: Agreement) -> list[Dispute]:
    """Every dispute, newest first."""
    return list(session.scalars(select(Dispute).where(Dispute.agreement_id == agreement.id).order_by(Dispute.id.desc())))


def offer_settlement(actor: Actor, found: Dispute, settlement: str, at: datetime | None = None) -> Dispute:
    """Put a settlement on the table, in place of one that lay there."""
    require(actor, "dispute.offer", found)
    ledger.locked(found.agreement)
    if not settlement.strip():
        raise Refused(N_("Write down what you agree upon."), field="settlement")
    sides = own_sides(actor, found.agreement)
    found.settlement, found.settlement_side = settlement.strip(), sides[0]
    move(found, "offer", actor, at)
    return found


def settle(actor: Actor, found: Dispute, settlement: str, at: datetime | None = None) -> Dispute:
    """Agree to the settlement that the other side put on the table; `settlement` is the text that was read."""
    require(actor, "dispute.settle", found)
    moment = at or now()
    agreement = ledger.locked(found.agreement)
    session.refresh(found)
    if found.state != "offered" or found.settlement != settlement:
        raise Refused(N_("Another settlement is on the table now. Read it before you agree."))
    _from_other_side(actor, agreement, found.settlement_side)
    move(found, "settle", actor, moment)
    found.settled = moment
    session.flush()  # the count sees this one as settled
    left = select(func.count()).where(Dispute.agreement_id == agreement.id, Dispute.state != "settled")
    agreement.disputed = bool(session.scalar(left))
    return found


def decline_settlement(actor: Actor, found: Dispute, at: datetime | None = None) -> Dispute:
    """Say no to the settlement on the table; the side that put it there takes it back with the same step."""
    require(actor, "dispute.decline", found)
    found.settlement, found.settlement_side = None, None
    move(found, "decline", actor, at)
    return found
