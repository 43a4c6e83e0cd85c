"""The verbs of proposals: look at the desk, hand in or replace, withdraw, read what was opened, show a receipt.

Whether a proposal comes in time is decided by `received`, the server's moment of the first byte, and by nothing the sender says. The opening waits until
every upload that began in time must have ended (`opens_at`), and nothing is taken in once it has begun; both look at the call's key under a lock.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, may, require
from marketplace.calls import lists
from marketplace.calls.conditions import REASONS, may_propose, require_may_propose
from marketplace.calls.hearers import HEARERS
from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal, ProposalVersion, SealedPart
from marketplace.calls.proposals.receiving import Sealed
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.receipts import canonical, signed
from marketplace.calls.sealing.sealing import Broken
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused, several
from marketplace.people.models import Organisation, Person
from marketplace.record import move, record

FORMAT = "techbridge-proposal-1"
MARGIN = timedelta(minutes=1)  # between the end of the longest upload and the opening, for its transaction
LATE = N_("The deadline has passed: what counts is the moment at which the first byte of what you sent reached this server. It was not taken in.")
NO_RECEIPT = N_("The site's sealing key was lost, and this receipt with it. The copy that you have downloaded stays valid.")
TOO_LONG = several(
    "The upload took longer than %(minutes)s minute, and was given up.", "The upload took longer than %(minutes)s minutes, and was given up.", "minutes",
)
NO_KEY = N_("The key of this call is not ready yet, so that nothing can be sealed. Try again in a minute; if it stays so, tell whoever runs the site.")


@dataclass(frozen=True)
class Desk:
    """What a solver stands before: the call, the public key to seal to, whose proposal it would be, and the one that is there."""

    call: Call
    public: bytes | None
    organisations: list[Organisation]
    proposals: list[Proposal]


@dataclass(frozen=True)
class HandedIn:
    """What has arrived: its version's id, the sealed parts with the text first, when its first and last byte came."""

    version: str
    parts: Sequence[Sealed]
    first_byte: datetime
    last_byte: datetime


def folder() -> Path:
    """Where sealed files lie."""
    return sealing.settings().files_folder / "sealed"


def longest_upload() -> timedelta:
    """How long a request may take from its first byte to its last."""
    return timedelta(minutes=sealing.settings().upload_minutes)


def opens_at(call: Call) -> datetime:
    """When the proposals can be opened at the earliest: every upload that began in time has ended or been given up by then."""
    return call.deadline + longest_upload() + MARGIN


def desk_of(actor: Actor, call: Call, received: datetime) -> Desk:
    """What a solver needs before he sends anything. Raises `Refused` with the reason when he may not answer the call, or comes late."""
    require(actor, "listing.read", call)
    mine = list(session.scalars(select(Proposal).where(Proposal.call_id == call.id, Proposal.organisation_id.in_(list(actor.seats)))))
    if received > call.deadline:
        raise Refused(LATE)
    found = may_propose(actor, call, received)
    if not found:
        raise Refused(REASONS[found.reasons[0]])
    key = sealing.key_of(call)
    return Desk(call, base64.b64decode(key.public) if key else None, list(found.organisations), mine)


def sealable(desk: Desk) -> bytes:
    """The public key to seal to. Refused while the call has none."""
    if desk.public is None:
        raise Refused(NO_KEY)
    return desk.public


def composed(call: Call, organisation: Organisation, text: dict[str, Any], files: Sequence[Sealed]) -> bytes:
    """The text part: what was typed, and the names of the files with their hashes. The salt keeps a short text from being guessed by its hash."""
    named = [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in files]
    return canonical({
        "format": FORMAT, "salt": secrets.token_hex(16), "call": call.public_id, "organisation": organisation.public_id, **text, "files": named,
    })


def hand_in(
    actor: Actor, call: Call, organisation: Organisation, sent: HandedIn, version_id: str | None = None, at: datetime | None = None
) -> ProposalVersion:
    """Enter what has arrived, in place of what was there; the earlier version's sealed files are destroyed. Refused when it came late.

    `version_id` is that of the proposal as it stood when the form was opened: two people who replace it at once do not overwrite each other unseen.
    """
    moment = at or now()
    key = sealing.key_of(call, lock=True)
    session.refresh(call)
    if sent.first_byte > call.deadline:
        raise Refused(LATE)
    require_may_propose(actor, call, organisation, sent.first_byte)
    if key is None:
        raise Refused(NO_KEY)
    if key.opening is not None or moment > sent.first_byte + longest_upload():
        raise Refused(TOO_LONG, minutes=sealing.settings().upload_minutes)
    proposal = _begun(actor, call, organisation, version_id, moment)
    require(actor, "proposal.hand_in", proposal)
    earlier = proposal.versions[0] if proposal.versions else None
    made = _entered(actor, proposal, sent)
    if earlier is None:
        record(proposal, "hand_in", actor, moment, number=made.number, version=made.id)
    else:
        move(proposal, "replace", actor, moment, number=made.number, version=made.id)
        proposal.withdrawn = None
    return made


def _begun(actor: Actor, call: Call, organisation: Organisation, version_id: str | None, moment: datetime) -> Proposal:
    """The organisation's proposal, or a new one. Raises `Refused` where somebody else has changed it since the form was opened."""
    found = session.scalar(select(Proposal).where(Proposal.call_id == call.id, Proposal.organisation_id == organisation.id))
    if (str(found.version_id) if found else "") != (version_id or ""):
        raise Refused(
            N_("Somebody of your organisation has handed in or withdrawn in the meantime. Nothing of yours was kept: look at what stands there first."))
    if found is not None:
        return found
    made = Proposal(call=call, organisation=organisation, organisation_id=organisation.id, number=0, created=moment, versions=[])
    session.add(made)
    return made


def _entered(actor: Actor, proposal: Proposal, sent: HandedIn) -> ProposalVersion:
    proposal.number += 1
    parts = [SealedPart(position=one.position, file=one.file, size=one.sealed_size, sha256=one.sealed_sha256) for one in sent.parts]
    made = ProposalVersion(
        public_id=sent.version, proposal=proposal, number=proposal.number, person_id=actor.id, first_byte=sent.first_byte,
        last_byte=max(sent.first_byte, sent.last_byte), size=sum(one.size for one in sent.parts), receipt=_receipt(proposal, sent), parts=parts,
    )
    session.add(made)
    session.flush()  # the events name the version by its id
    return made


def _receipt(proposal: Proposal, sent: HandedIn) -> str:
    """The signed receipt, wrapped. Raises `Refused` where the site's sealing key is missing: without a receipt nothing is taken in."""
    text, *files = sent.parts
    content = {
        "id": sent.version, "site": sealing.settings().site, "call": proposal.call.public_id, "organisation": proposal.organisation.public_id,
        "version": proposal.number, "deadline": _said(proposal.call.deadline), "first_byte": _said(sent.first_byte), "last_byte": _said(sent.last_byte),
        "text": {"size": text.size, "sha256": text.sha256, "sealed_sha256": text.sealed_sha256},
        "files": [{"name": one.name, "size": one.size, "sha256": one.sha256, "sealed_sha256": one.sealed_sha256} for one in files],
    }
    try:
        key = sealing.site_key()
    except sealing.Shut as shut:
        raise Refused(N_("The site's sealing key is missing, so that nothing can be taken in. Please tell whoever runs the site.")) from shut
    sealing.known(key)
    return key.wrap(canonical(signed(content, key.signing)))


def _said(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def withdraw(actor: Actor, proposal: Proposal, at: datetime | None = None) -> Proposal:
    """Take the proposal back: before the opening it is destroyed, after it it stays with the record, marked."""
    sealing.key_of(proposal.call, lock=True)
    session.refresh(proposal)
    proposal.withdrawn = at or now()
    move(proposal, "withdraw", actor, at, after=proposal.opened is not None)
    return proposal


def by_public_id(actor: Actor, public_id: str) -> Proposal:
    """The proposal under this id, for whoever may know of it. Raises `NotFound`."""
    found = session.scalar(select(Proposal).where(Proposal.public_id == public_id))
    if found is None or not may(actor, "proposal.read", found):
        raise NotFound()
    return found


def version_of(actor: Actor, proposal: Proposal, public_id: str) -> ProposalVersion:
    """One version, for the solver alone. Raises `NotFound`."""
    found = next((one for one in proposal.versions if one.public_id == public_id), None)
    if found is None or not may(actor, "proposal.see_receipt", proposal):
        raise NotFound()
    return found


def receipt_of(actor: Actor, version: ProposalVersion) -> dict[str, Any] | None:
    """The signed receipt, for the solver; None where the site's sealing key was lost (his own copy stays valid)."""
    require(actor, "proposal.see_receipt", version.proposal)
    return unwrapped(version)


def unwrapped(version: ProposalVersion) -> dict[str, Any] | None:
    """The signed receipt as the opening holds it against what it opened; None where the site's sealing key was lost."""
    try:
        return json.loads(sealing.unwrapped(version.receipt))
    except (Broken, sealing.Shut):
        return None


def opened_of(actor: Actor, call: Call) -> list[Proposal]:
    """The opened proposals of a call that the actor may read, in the order of their ids; none before the opening."""
    found = session.scalars(select(Proposal).where(Proposal.call_id == call.id, Proposal.opened.is_not(None)).order_by(Proposal.public_id))
    return [one for one in found if may(actor, "proposal.read", one)]


def own_of(actor: Actor, asked: Mapping[str, str], page: int = 1, size: int = 20) -> lists.Own:
    """A page of the proposals of the actor's organisations, newest first or by the deadline of the call, in every state unless the address names one."""
    require(actor, "proposal.list_own")
    ends_at = select(Call.deadline).where(Call.id == Proposal.call_id).scalar_subquery()
    return lists.own(Proposal, Proposal.organisation_id.in_(list(actor.seats)), asked, page, size, ends_at=ends_at)


def own_of_call(actor: Actor, call: Call) -> list[Proposal]:
    """The proposals of the actor's organisations to this call."""
    return list(session.scalars(select(Proposal).where(Proposal.call_id == call.id, Proposal.organisation_id.in_(list(actor.seats))))) if actor.seats else []


def organisation_of(actor: Actor, public_id: str) -> Organisation:
    """One of the actor's own organisations. Raises `NotFound`."""
    found = session.scalar(select(Organisation).where(Organisation.public_id == public_id, Organisation.id.in_(list(actor.seats))))
    if found is None:
        raise NotFound()
    return found


def text_of(actor: Actor, proposal: Proposal) -> bytes:
    """The opened text byte for byte as it was sealed. Raises `NotFound` before the opening. Reviewers read in their own room."""
    require(actor, "proposal.read", proposal)
    if proposal.content is None:
        raise NotFound()
    return proposal.content.encode()


def solvers(call: Call) -> list[Person]:
    """Whoever has handed in for an organisation whose proposal stands or stood: they hear what happens to the call."""
    handed = select(ProposalVersion.person_id).join(Proposal, Proposal.id == ProposalVersion.proposal_id).where(Proposal.call_id == call.id)
    return list(session.scalars(select(Person).where(Person.id.in_(handed), Person.closed.is_(None)).order_by(Person.id)))


HEARERS.append(solvers)


def files_of(actor: Actor, proposal: Proposal) -> list[Attachment]:
    """The opened files."""
    require(actor, "proposal.read", proposal)
    return attachments.attachments_of(proposal)


def file_of(actor: Actor, proposal: Proposal, public_id: str) -> Attachment:
    """One opened file. Raises `NotFound`; whether it may be opened is the scanner's word (`attachments.path_of`)."""
    return attachments.attachment_of(actor, proposal, public_id)
