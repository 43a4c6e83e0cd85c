"""What the worker does about uploads: ask the scanner again where it was silent, and take deleted bytes off the disk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.catalogue import attachments
from marketplace.catalogue.scanning.models import Upload
from marketplace.catalogue.scanning.operations import state_of
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.record import move
from marketplace.scanner import Verdict, judge

BATCH = 50
AGAIN = timedelta(minutes=10)


@handler("scanning.ask_again", every=AGAIN)
def ask_again() -> Iterator[None]:
    """Have the scanner look at what is held back only because it could not be reached."""
    address = attachments.scanner_address()
    waiting = select(Upload.id).where(Upload.state == "quarantined", Upload.why == "unreachable").order_by(Upload.id).limit(BATCH)
    for key in session.scalars(waiting).all() if address else ():
        yield  # the runner commits: no lock is held while the scanner looks
        upload = session.get_one(Upload, key)
        path = attachments.store().path(upload.sha256)
        verdict = judge(path, address) if path.exists() else None
        if verdict and verdict.why == "unreachable":
            return
        _settle(upload, verdict)


def _settle(upload: Upload, verdict: Verdict | None) -> None:
    """Enter what the scanner says now; what it calls infected is deleted."""
    if upload.state != "quarantined" or verdict is None:
        return
    if verdict.state == "quarantined":
        upload.why = verdict.why
        return
    upload.said, upload.answered = verdict.said, now()
    move(upload, "condemn" if verdict.state == "infected" else "clear", SYSTEM)


@handler("scanning.forget")
def forget(thing_id: int) -> None:
    """Take the bytes of a deleted upload off the disk, unless the same content was brought and cleared since."""
    upload = session.get_one(Upload, thing_id)
    if state_of(upload.sha256) == "deleted":
        attachments.store().path(upload.sha256).unlink(missing_ok=True)
