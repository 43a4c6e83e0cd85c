"""Mail as rows: written with the change that caused it, sent after the commit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, Key, PublicId


class Mail(Base):
    """One mail to one address. `message_id` stays the same over retries; `body` is emptied once it has been sent.

    `reply_to`: where an answer goes; `answers`: the Message-ID of what this mail answers; `unsubscribe`: the page (path without language)
    that ends a subscription by one POST (RFC 8058); `calendar`: an iCalendar object with its METHOD (RFC 6047).
    """

    __tablename__ = "mail"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    template: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    reply_to: Mapped[str | None] = mapped_column(String(254))
    answers: Mapped[str | None] = mapped_column(String(254))
    unsubscribe: Mapped[str | None] = mapped_column(String(300))
    calendar: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="queued")
    error: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    sent: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("state in ('queued', 'kept', 'sent', 'refused', 'bounced')", name="state"),)
