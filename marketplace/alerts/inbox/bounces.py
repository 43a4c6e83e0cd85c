"""Bounces: reports of mail servers (RFC 3464) that a mail of ours could not be delivered.

A report is believed when it carries the Message-ID of a mail that we sent: two random parts that nobody knows but the addressee. So
a forged one can stop mail to its own writer, and to nobody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32

from sqlalchemy import select

from marketplace.alerts.delivery import came_back
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.errors import N_

NAMED = re.compile(r"<[^<>\s]+>")
STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True)
class Bounce:
    """What a report says: of which mail, what happened (`failed`, `delayed`, `delivered`, …), and the status code."""

    message_id: str | None
    action: str
    status: str


@dataclass(frozen=True)
class Read:
    """What became of a report."""

    outcome: str
    reason: str | None = None


def read(raw: bytes) -> Bounce | None:
    """What a delivery report says; None for a message of another kind."""
    message = message_from_bytes(raw, policy=compat32)
    if message.get_content_type() != "multipart/report" or str(message.get_param("report-type", "")).lower() != "delivery-status":
        return None
    fields = [block for part in message.walk() if part.get_content_type() == "message/delivery-status" for block in _blocks(part)]
    told = next((block for block in fields if block.get("Action")), None)
    if told is None:
        return None
    found = STATUS.search(str(told.get("Status", "")))
    action = str(told["Action"]).strip().lower()
    return Bounce(_original(message, fields), action, found[1] if found else "5.0.0" if action == "failed" else "4.0.0")


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _original(message: Message, fields: list[Message]) -> str | None:
    """The Message-ID of the mail that came back: from the headers that were returned with the report, else from its fields."""
    for headers in (*_returned(message), *fields):
        for name in ("Message-ID", "Original-Message-ID", "X-Original-Message-ID"):
            found = NAMED.search(str(headers.get(name, "")))
            if found:
                return found[0]
    return None


def _returned(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            payload = part.get_payload()
            yield from (one for one in payload if isinstance(one, Message)) if isinstance(payload, list) else ()
        elif part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            yield message_from_string(payload.decode(errors="replace") if isinstance(payload, bytes) else "", policy=compat32)


def receive(raw: bytes, at: datetime) -> Read:
    """Note a bounce with the mail that it is about. A delay is no bounce; a report of a mail that we do not know changes nothing."""
    found = read(raw)
    if found is None:
        return Read("not_ours")
    mail = session.scalar(select(Mail).where(Mail.message_id == found.message_id)) if found.message_id else None
    if mail is None:
        return Read("refused", N_("A report about a mail that was not sent from here."))
    if found.action != "failed" or found.status.startswith("2"):
        return Read("noted")
    if mail.state == "sent":
        came_back(mail, found.status, at)
    return Read("bounced")
