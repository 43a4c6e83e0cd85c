"""What came in and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, Key


class IncomingMail(Base):
    """One message that came in: `digest` is the hash of its Message-ID, or of all of it where it has none. Its text is not kept.

    `outcome` is the receiver's word for what became of it; `reason` (a message id) says why one was refused.
    """

    __tablename__ = "incoming_mail"

    id: Mapped[Key]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(24))
    refused: Mapped[bool]
    reason: Mapped[str | None] = mapped_column(String(300))
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("refused = (reason is not null)", name="reason"),
        Index("ix_incoming_mail_refused_id", "refused", "id"),
    )
