"""Mail as rows: written with the change that caused it, sent after the commit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.access import Step
from marketplace.db import Base, Key, PublicId
from marketplace.record import steps


@steps
class Mail(Base):
    """One mail to one address. `message_id` stays the same over retries; `body` is emptied once it has been sent.

    `reply_to`: where an answer goes; `answers`: the Message-ID of what this mail answers; `unsubscribe`: the page (path without language)
    that ends a subscription by one POST (RFC 8058); `calendar`: an iCalendar object with its METHOD (RFC 6047). `attempts`: how often it
    was offered to the server; `tried`: when last; `error`: what the server said, without addresses; `bounce`: the status code (RFC 3463)
    with which it came back.
    """

    __tablename__ = "mail"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(3))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    reply_to: Mapped[str | None] = mapped_column(String(254))
    answers: Mapped[str | None] = mapped_column(String(254))
    unsubscribe: Mapped[str | None] = mapped_column(String(300))
    calendar: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="queued")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    tried: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    bounce: Mapped[str | None] = mapped_column(String(12))
    created: Mapped[datetime]
    sent: Mapped[datetime | None]

    TRANSITIONS = {
        "refuse": Step(("queued",), "refused", ("system",)),
        "give_up": Step(("queued",), "refused", ("operator",)),
        "try_again": Step(("queued", "refused"), "queued", ("operator",)),
        "bounce": Step(("sent",), "bounced", ("system",)),
    }

    __table_args__ = (
        CheckConstraint("state in ('queued', 'kept', 'sent', 'refused', 'bounced')", name="state"),
        Index("ix_mail_state_id", "state", "id"),
        Index("ix_mail_address_state_sent", "address", "state", "sent"),
    )


class Undeliverable(Base):
    """An address that sent mail back for good, or too often: digests no longer go there. `address_key` is lower-case, `status` the last code."""

    __tablename__ = "undeliverable"

    id: Mapped[Key]
    address_key: Mapped[str] = mapped_column(String(254), unique=True)
    status: Mapped[str] = mapped_column(String(12))
    since: Mapped[datetime]
