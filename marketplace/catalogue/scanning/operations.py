"""The verbs of uploads: enter the verdict, say whether a file may be opened, release or delete what is held back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import PurePath
from typing import Any

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue.scanning.models import SHUT, Upload
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.jobs import enqueue_anyway, handler
from marketplace.people.grants.operations import listing_of
from marketplace.record import move, noun, record
from marketplace.scanner import Verdict

log = logging.getLogger(__name__)

LISTINGS = ("technology", "need")


def enter(actor: Actor, thing: Any, name: str, size: int, sha256: str, verdict: Verdict, at: datetime | None = None) -> Upload:
    """Keep the verdict on a file that somebody put beside the thing. What an operator has released stays released."""
    require(actor, "upload.enter")
    state, released = verdict.state, state_of(sha256) == "released"
    upload = Upload(
        thing=noun(thing), thing_id=thing.id, person_id=actor.id, name=name, size=size, sha256=sha256, created=at or now(),
        state="released" if released and state == "quarantined" else state, why=verdict.why, said=verdict.said,
    )
    session.add(upload)
    session.flush()  # whoever looks for the state of this hash finds it
    if upload.state == "quarantined":
        record(upload, "hold", actor, at, why=verdict.why)
        log.warning("an upload is held back: %s, %s, sha256 %s", noun(thing), verdict.why, sha256)
    return upload


def infected(actor: Actor, thing: Any, name: str, size: int, sha256: str, said: str) -> Refused:
    """The refusal of a file in which the scanner found something; the operator hears of it although nothing is kept."""
    log.warning("the scanner refused an upload: %s, %s, sha256 %s", noun(thing), said, sha256)
    enqueue_anyway(
        "scanning.enter_refused", thing=noun(thing), thing_id=thing.id, person_id=actor.id, name=name, size=size, sha256=sha256, said=said
    )
    return Refused(
        N_("The virus scanner found something harmful in “%(name)s” (%(said)s). The file was not kept. Check your computer, then send a clean copy."),
        field="file", name=name, said=said,
    )


@handler("scanning.enter_refused")
def enter_refused(thing: str, thing_id: int | None, person_id: int | None, name: str, size: int, sha256: str, said: str) -> None:
    """Keep that a file was refused, for the operator: what it was called, and its hash."""
    upload = Upload(
        thing=thing, thing_id=thing_id, person_id=person_id, name=name, size=size, sha256=sha256, state="refused", said=said, created=now(),
    )
    session.add(upload)
    record(upload, "refused", SYSTEM, said=said)


def states_of(hashes: Iterable[str]) -> dict[str, str]:
    """Hash → state, of those that were looked at: the newest upload speaks for all of the same content. What was refused was never kept."""
    newest = select(func.max(Upload.id)).where(Upload.sha256.in_(set(hashes)), Upload.state != "refused").group_by(Upload.sha256)
    return dict(session.execute(select(Upload.sha256, Upload.state).where(Upload.id.in_(newest))).all())


def state_of(sha256: str) -> str | None:
    """The state of one content; None when it was kept before uploads were looked at."""
    return states_of([sha256]).get(sha256)


def require_open(sha256: str) -> None:
    """Raise `NotAllowed` where the file is held back or was deleted, whoever asks for it."""
    state = state_of(sha256)
    if state == "quarantined":
        raise NotAllowed(N_("This file is held back until the site's operator has looked into it."))
    if state in SHUT:
        raise NotAllowed(N_("This file was deleted by the site's operator."))


def held(actor: Actor) -> list[Upload]:
    """What is held back, newest first."""
    require(actor, "upload.see")
    return list(session.scalars(select(Upload).where(Upload.state == "quarantined").order_by(Upload.id.desc())))


def settled(actor: Actor, page: int, size: int) -> list[Upload]:
    """A page of what was refused, released or deleted, newest first, and one more if there is a next page."""
    require(actor, "upload.see")
    ended = select(Upload).where(Upload.state.in_(("refused", "released", "deleted"))).order_by(Upload.id.desc())
    return list(session.scalars(ended.offset((page - 1) * size).limit(size + 1)))


def by_public_id(actor: Actor, public_id: str) -> Upload:
    """The upload under this id, for the operator. Raises `NotFound`."""
    require(actor, "upload.see")
    found = session.scalar(select(Upload).where(Upload.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def shown_name(actor: Actor, upload: Upload) -> str:
    """What an upload is called; of one beside a blind listing only the ending is told, unless the actor
    may read the listing; of one in a proposal always."""
    if upload.thing == "proposal":
        return f"…{PurePath(upload.name).suffix}"
    if upload.thing_id is None or upload.thing not in LISTINGS:
        return upload.name
    listing = listing_of(upload)
    if listing.visibility != "blind" or may(actor, "listing.read_in_full", listing):
        return upload.name
    return f"…{PurePath(upload.name).suffix}"


def answer_upload(actor: Actor, upload: Upload, verb: str, reason: str, at: datetime | None = None) -> Upload:
    """Release or delete what is held back, with a reason; the same content held back elsewhere goes with it."""
    require(actor, "upload.see")
    if not reason.strip():
        raise Refused(N_("Say why: whoever brought the file reads it."), field="reason")
    same = select(Upload).where(Upload.sha256 == upload.sha256, Upload.state == "quarantined", Upload.id != upload.id)
    for one in (upload, *session.scalars(same)):
        move(one, verb, actor, at)
        one.answer, one.answered = reason.strip(), at or now()
    return upload
