"""Mail about agreements: proposals, codes, signatures, what was entered, what is asked, what is due.

It goes to those who act for a side in this agreement: whoever wrote a version for it, its signatories, else its owners. The code
of a signature is filled in when a mail leaves, so that no row of the database holds it.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import select

from marketplace.alerts.operations import fill_when_sent, to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.licensing.models import Agreement, AgreementEvent, Signature, Version
from marketplace.licensing.operations import SIDES, other
from marketplace.licensing.performing.models import Correction, Dispute, Reminder
from marketplace.licensing.performing.triers import place_of
from marketplace.people import one_time, organisations
from marketplace.people.models import Person

CODE = re.compile(r"\[code ([0-9a-z]{12,13})\]")


def _filled(body: str) -> str:
    """The text of a mail with the code in its place; of a code that was used up nothing is left to tell."""

    def code(match: re.Match[str]) -> str:
        signature = session.scalar(select(Signature).where(Signature.public_id == match[1]))
        return one_time.code_of(signature.public_id, signature.counter) if signature and signature.signed is None else "–"

    return CODE.sub(code, body)


fill_when_sent(_filled)


def hearers(agreement: Agreement, side: str) -> list[Person]:
    """Who hears of the agreement on a side, each once, in the order in which they joined."""
    organisation = getattr(agreement, side)
    wrote = set(session.scalars(select(Version.person_id).where(Version.agreement_id == agreement.id, Version.side == side)))
    seats = [seat for seat in organisation.memberships if seat.person.is_active]
    found = [seat.person for seat in seats if seat.role == "signatory" or seat.person_id in wrote]
    return found or [person for person in organisations.owners(organisation) if person.is_active]


def _tell(
    agreement: Agreement, sides: tuple[str, ...], what: str, path: str = "", besides: int | None = None, day: date | None = None, kind: str = "",
    verdict: str = "",
) -> None:
    """Write to the hearers of the sides; `what` chooses the sentence in templates/mail/agreement.txt."""
    told: set[int] = set()
    for side in sides:
        for person in hearers(agreement, side):
            if person.id != besides and person.id not in told:
                told.add(person.id)
                names = {"partner": getattr(agreement, other(side)).called(person.language), "title": agreement.titled(person.language)[0]}
                to_person("agreement", person, f"/agreements/{agreement.public_id}{path}", what=what, day=day or "", verdict=verdict, kind=kind, **names)


def _spoken_to(agreement: Agreement) -> tuple[str, ...]:
    """The side that did not write the version on the table."""
    last = session.scalar(select(Version.side).where(Version.agreement_id == agreement.id, Version.number == agreement.version))
    return (other(last or SIDES[0]),)


@handler("alerts.agreement_proposed")
def agreement_proposed(thing_id: int) -> None:
    """Tell the other side of a proposal, or of a changed version."""
    agreement = session.get_one(Agreement, thing_id)
    if agreement.state == "proposed":
        _tell(agreement, _spoken_to(agreement), "proposed" if agreement.version == 1 else "revised")


@handler("alerts.agreement_withdrawn")
def agreement_withdrawn(thing_id: int) -> None:
    """Tell both sides that the negotiation was ended."""
    agreement = session.get_one(Agreement, thing_id)
    if agreement.proposed is not None:
        _tell(agreement, SIDES, "withdrawn")


@handler("alerts.agreement_signed")
def agreement_signed(thing_id: int) -> None:
    """Tell both sides that the agreement stands."""
    _tell(session.get_one(Agreement, thing_id), SIDES, "countersigned")


@handler("alerts.signing_code")
def signing_code(thing_id: int) -> None:
    """Send the code to whoever asked for it."""
    signature = session.get_one(Signature, thing_id)
    if signature.signed is None and signature.person.is_active:
        agreement, language = signature.agreement, signature.person.language
        path = f"/agreements/{agreement.public_id}/signatures/{signature.public_id}"
        to_person("signing_code", signature.person, path, code=f"[code {signature.public_id}]", title=agreement.titled(language)[0], of=signature.of)


@handler("alerts.signature_given")
def signature_given(thing_id: int) -> None:
    """Tell the other side that this one has signed and waits for it."""
    signature = session.get_one(Signature, thing_id)
    agreement = signature.agreement
    if signature.of == "agreement" and agreement.state == "proposed" and signature.number == agreement.version:
        _tell(agreement, (other(signature.side),), "signed_by_one")


@handler("alerts.agreement_event")
def agreement_event(thing_id: int) -> None:
    """Tell both sides what was entered, but for whoever entered it."""
    event = session.get_one(AgreementEvent, thing_id)
    _tell(event.agreement, SIDES, "event", besides=event.person_id, kind=event.type, day=event.day)


@handler("alerts.agreement_reminder")
def agreement_reminder(thing_id: int) -> None:
    """Remind both sides; what concerns the licensee alone goes to it alone."""
    reminder = session.get_one(Reminder, thing_id)
    place = place_of(reminder.agreement)
    sides = SIDES if reminder.kind in ("trial_ending", "window_ending", "lapsed", "certificate_overdue") else ("licensee",)
    _tell(reminder.agreement, sides, reminder.kind, day=reminder.about, verdict=place.verdict if place else "")


@handler("alerts.correction_asked")
def correction_asked(thing_id: int) -> None:
    """Ask the other side to answer."""
    asked = session.get_one(Correction, thing_id)
    if asked.state == "asked":
        _tell(asked.agreement, (other(asked.side),), "correction", kind=asked.event.type, day=asked.event.day)


@handler("alerts.correction_answered")
def correction_answered(thing_id: int) -> None:
    """Tell the side that asked what the other one said."""
    asked = session.get_one(Correction, thing_id)
    _tell(asked.agreement, (asked.side,), f"correction_{asked.state}", kind=asked.event.type, day=asked.event.day)


@handler("alerts.dispute_changed")
def dispute_changed(thing_id: int) -> None:
    """Tell whoever has to answer; both, once it is settled."""
    dispute = session.get_one(Dispute, thing_id)
    sides = SIDES if dispute.state == "settled" else (other(dispute.settlement_side or dispute.side),)
    _tell(dispute.agreement, sides, f"dispute_{dispute.state}", path=f"/disputes/{dispute.public_id}")
