"""What the tests of the inbox share: a mail that was sent, reports about it as servers write them, and a Maildir."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from marketplace.alerts.inbox import operations
from marketplace.alerts.models import Mail
from marketplace.db import session as db_session
from tests import factories

_number = count(1)


def sent() -> Mail:
    """A mail that left."""
    mail = Mail(address="reader@example.com", template="digest", language="zh", subject="x", body="", message_id=f"<abc{next(_number)}.secret@site>",
                state="sent", created=factories.NOW, sent=factories.NOW)
    db_session.add(mail)
    db_session.flush()
    return mail


def report(message_id: str, status: str = "5.1.1", action: str = "failed", returned: str = "headers", own_id: str = "<dsn1@mx>") -> bytes:
    """A delivery report as RFC 3464 has it, as Postfix writes it; `returned`: what came back with it, headers, all, or nothing."""
    told = MIMEMultipart("report", **{"report-type": "delivery-status"})
    told["From"], told["To"], told["Subject"], told["Message-ID"] = "MAILER-DAEMON@mx", "mail@site", "Undelivered Mail", own_id
    told["Auto-Submitted"] = "auto-replied"
    told.attach(MIMEText("Sorry.\n"))
    first, second = Message(), Message()
    first["Reporting-MTA"] = "dns; mx.example.com"
    second["Final-Recipient"], second["Action"], second["Status"] = "rfc822; reader@example.com", action, status
    second["Diagnostic-Code"] = "smtp; 550 no such mailbox"
    status_part = MIMEMessage(first, "delivery-status")
    status_part.set_payload([first, second])
    told.attach(status_part)
    if returned == "headers":
        told.attach(MIMEText(f"From: a@site\nMessage-ID: {message_id}\nSubject: x\n", "rfc822-headers"))
    elif returned == "all":
        original = EmailMessage()
        original["Message-ID"] = message_id
        original.set_content("text")
        told.attach(MIMEMessage(original))
    return told.as_bytes()


@pytest.fixture
def maildir(app: Any, tmp_path: Path) -> Iterator[Path]:
    """A Maildir that the inbox is bound to."""
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Mail" / part).mkdir(parents=True)
    before = list(operations._settings)
    operations.configure(replace(before[0], inbox=f"maildir:{tmp_path / 'Mail'}"))
    yield tmp_path / "Mail"
    operations._settings[:] = before


@pytest.fixture
def deliver(maildir: Path) -> Callable[[str, bytes], None]:
    """Deliver a message into the Maildir, as a mail server does."""

    def work(name: str, raw: bytes) -> None:
        (maildir / "tmp" / name).write_bytes(raw)
        (maildir / "tmp" / name).rename(maildir / "new" / name)

    return work
