"""What becomes of a mail that does not get through: tried again with growing pauses, refused, bounced; and what the operator sees of it.

A refusal for good (5xx for this address or this text) ends a mail at once; anything else (4xx, no connection, a wrong password of ours)
is tried again over two days. What the server said is kept without addresses, for it is shown and may be logged.
"""

from __future__ import annotations

import re
import smtplib
from datetime import datetime, timedelta

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.alerts.models import Mail, Undeliverable
from marketplace.db import session
from marketplace.errors import NotFound
from marketplace.jobs import enqueue, hasten
from marketplace.people.models import Person
from marketplace.people.operations import address_key
from marketplace.record import move

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480, 720, 1200))
"""Between two attempts; 47 hours and 21 minutes in all (RFC 5321 §4.5.4.1: four to five days at a relay, which stands behind ours)."""
SOFT, SOFT_WITHIN = 3, timedelta(days=7)  # so many mails back for the time being close an address
ANSWER = 300  # characters kept of what a server says
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"']+@[^\s<>()\[\]:;,\"']+")

Failure = smtplib.SMTPException | OSError


def masked(address: str) -> str:
    """An address as the operator sees it: enough to know the mail server, not whom."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def _said(failure: Failure) -> tuple[int, str]:
    """The code (0 without one) and the words of a failure, addresses taken out."""
    code, words = 0, str(failure)
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(failure.recipients.values()))
        words = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    elif isinstance(failure, smtplib.SMTPResponseException):
        code, answer = failure.smtp_code, failure.smtp_error
        words = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
    else:
        words = f"{type(failure).__name__}: {failure}"
    plain = " ".join(_ADDRESS.sub("…", words).split())
    return code, f"{code} {plain}".removeprefix("0 ")[:ANSWER]


def is_final(failure: Failure) -> bool:
    """Whether the server refuses this address or this text for good. What it has against us, who send, can be mended."""
    refused = isinstance(failure, (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError))
    return refused and 500 <= _said(failure)[0] < 600


def failed(mail: Mail, failure: Failure, at: datetime) -> None:
    """Keep what the server said, and try again later, or end the mail."""
    code, mail.error = _said(failure)
    if mail.state != "queued":
        return  # an operator has given it up meanwhile
    if is_final(failure):
        move(mail, "refuse", SYSTEM, at, code=code)
        if isinstance(failure, smtplib.SMTPRecipientsRefused):
            close_address(mail.address, _status(mail.error, code), at)
    elif mail.attempts > len(PAUSES):
        move(mail, "refuse", SYSTEM, at, code=code)
    else:
        enqueue("alerts.send", key=f"mail:{mail.id}", after=PAUSES[mail.attempts - 1], thing_id=mail.id)


def _status(answer: str | None, code: int) -> str:
    """The enhanced status code of an answer (RFC 2034), else one that says no more than its first figure."""
    found = re.search(r"\b([245]\.\d{1,3}\.\d{1,3})\b", answer or "")
    return found[1] if found else f"{code // 100}.0.0"


def close_address(address: str, status: str, at: datetime) -> None:
    """Send no more digests to an address; mail that its owner must have still goes there."""
    key = address_key(address)
    known = session.scalar(select(Undeliverable).where(Undeliverable.address_key == key))
    if known is None:
        session.add(Undeliverable(address_key=key, status=status, since=at))
        session.flush()  # a second mail back in this transaction finds it
    else:
        known.status = status


def came_back(mail: Mail, status: str, at: datetime) -> None:
    """A mail came back: note it; close its address after one for good, or after several for the time being."""
    mail.bounce = status
    move(mail, "bounce", SYSTEM, at, status=status)
    session.flush()  # counted below
    recent = select(func.count()).select_from(Mail).where(Mail.address == mail.address, Mail.state == "bounced", Mail.sent > at - SOFT_WITHIN)
    if status.startswith("5") or (session.scalar(recent) or 0) >= SOFT:
        close_address(mail.address, status, at)


def closed_address_of(person: Person) -> Undeliverable | None:
    """What is wrong with somebody's address, if anything is."""
    return session.scalar(select(Undeliverable).where(Undeliverable.address_key == person.address_key))


def open_address(actor: Actor, person: Person) -> None:
    """The owner says that the address works again: digests go there until something comes back once more."""
    require(actor, "person.edit", person)
    found = closed_address_of(person)
    if found is not None:
        session.delete(found)


def counts(actor: Actor) -> dict[str, int]:
    """How many mails there are in each state."""
    require(actor, "mail.see")
    return dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())


def _mail(public_id: str) -> Mail:
    found = session.scalar(select(Mail).where(Mail.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def try_again(actor: Actor, public_id: str, at: datetime) -> Mail:
    """Send a refused mail once more, or a waiting one now; under the same Message-ID."""
    require(actor, "mail.see")
    mail = _mail(public_id)
    move(mail, "try_again", actor, at)
    mail.attempts = 0
    if not hasten("alerts.send", f"mail:{mail.id}"):
        enqueue("alerts.send", key=f"mail:{mail.id}", thing_id=mail.id)
    return mail


def give_up(actor: Actor, public_id: str, at: datetime) -> Mail:
    """Stop trying to send a mail."""
    require(actor, "mail.see")
    mail = _mail(public_id)
    move(mail, "give_up", actor, at)
    return mail


def standing() -> dict[str, int]:
    """For `marketplace check`: how many mails wait, wait after a failure, were refused, and came back."""
    states = dict(session.execute(select(Mail.state, func.count()).group_by(Mail.state)).all())
    again = session.scalar(select(func.count()).select_from(Mail).where(Mail.state == "queued", Mail.attempts > 0)) or 0
    return {"waiting": states.get("queued", 0), "after a failure": again, "refused": states.get("refused", 0), "bounced": states.get("bounced", 0)}
