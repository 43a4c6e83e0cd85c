"""Taking in what came: each message once, handed to the first receiver that knows it, a broken one stopping no other."""

from __future__ import annotations

import hashlib
import imaplib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import compat32
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from marketplace.access import Actor, require
from marketplace.alerts.inbox import bounces, mailboxes
from marketplace.alerts.inbox.models import IncomingMail
from marketplace.config import Settings
from marketplace.db import now, session
from marketplace.deals.talk import operations as talk
from marketplace.errors import N_
from marketplace.jobs import handler

log = logging.getLogger(__name__)

LARGEST = 25 * 1024 * 1024  # bytes of one message
AT_ONCE = 100  # messages of one look
NOT_OURS, DUPLICATE, REFUSED = "not_ours", "duplicate", "refused"


class Received(Protocol):
    """What a receiver says of a message: its outcome, `not_ours` where it does not know such messages, and why it was refused."""

    outcome: str
    reason: str | None


@dataclass(frozen=True)
class Taken:
    """What became of a message."""

    outcome: str
    reason: str | None = None

    @property
    def refused(self) -> bool:
        """Whether nobody could read it."""
        return self.reason is not None


Receiver = Callable[[bytes, datetime], Received]
RECEIVERS: list[Receiver] = [bounces.receive, talk.receive]
"""Who is asked, in this order; the first that does not say `not_ours` has it."""

_settings: list[Settings] = []


def configure(settings: Settings) -> None:
    """Say where the inbox is; `create_app` does this by way of the pages."""
    _settings[:] = [settings]


@handler("alerts.inbox", every=timedelta(minutes=1))
def look() -> Iterator[None]:
    """Take in what lies in the mailbox; each letter is moved only after the commit of what it changed."""
    address = _settings[0].inbox if _settings else None
    if address is None:
        return
    try:
        with mailboxes.opened(address, AT_ONCE) as letters:
            for letter in letters:
                taken = take(letter, now())
                yield
                letter.put_away(taken.refused)
    except (OSError, imaplib.IMAP4.error) as failure:
        log.warning("the inbox cannot be read: %s", type(failure).__name__)  # `marketplace check` says more; the next look is in a minute


def take(letter: mailboxes.Letter, at: datetime) -> Taken:
    """Hand one letter to its receiver, and keep what became of it."""
    return too_large(letter.beginning(), letter.size, at) if letter.size > LARGEST else take_bytes(letter.read(), at)


def too_large(beginning: bytes, size: int, at: datetime) -> Taken:
    """Note a message that is not read beyond its headers; who answered a message of a deal by it is told."""
    return _take(beginning, size, at, lambda: _too_large(beginning, at))


def _too_large(beginning: bytes, at: datetime) -> Taken:
    talk.receive(beginning, at, is_too_large=True)
    return Taken(REFUSED, N_("The message is too large."))


def take_bytes(raw: bytes, at: datetime) -> Taken:
    """Hand a message to its receiver, once; a receiver that stumbles over it leaves nothing behind."""
    return _take(raw, len(raw), at, lambda: _handed(raw, at))


def _take(raw: bytes, size: int, at: datetime, hand: Callable[[], Taken]) -> Taken:
    digest = _digest(raw)
    known = session.scalar(select(IncomingMail).where(IncomingMail.digest == digest))
    if known is not None and not known.refused:
        return Taken(DUPLICATE)
    try:
        with session.begin_nested():
            taken = hand()
            session.flush()  # what the database refuses, it refuses here
    except OperationalError:
        raise  # the database is busy or gone: the message is none the worse for it
    except Exception:
        log.exception("a message could not be taken in")
        taken = Taken(REFUSED, N_("The message could not be read; the log of this moment says why."))
    if known is not None:
        session.delete(known)
        session.flush()  # its place is taken again below
    return _keep(digest, size, taken, at)


def _handed(raw: bytes, at: datetime) -> Taken:
    for receiver in RECEIVERS:
        found = receiver(raw, at)
        if found.outcome != NOT_OURS:
            reason = (found.reason or N_("It was refused.")) if found.outcome == REFUSED else None
            return Taken(found.outcome, reason)
    return Taken(REFUSED, N_("Neither a bounce of our mail nor an answer to it."))


def _keep(digest: str, size: int, taken: Taken, at: datetime) -> Taken:
    session.add(IncomingMail(digest=digest, size=size, outcome=taken.outcome, refused=taken.refused, reason=taken.reason, at=at))
    session.flush()  # the same message again in this transaction is known
    return taken


def _digest(raw: bytes) -> str:
    """By what a message is known when it comes twice."""
    named = str(message_from_bytes(raw[:65_536], policy=compat32).get("Message-ID") or "").strip()
    return hashlib.sha256(named.encode(errors="replace") if named else raw).hexdigest()


def refused_lately(actor: Actor, most: int) -> Sequence[IncomingMail]:
    """The newest messages that nobody could read."""
    require(actor, "mail.see")
    return list(session.scalars(select(IncomingMail).where(IncomingMail.refused).order_by(IncomingMail.id.desc()).limit(most)))
