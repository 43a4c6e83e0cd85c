"""The texts that were signed, and the PDFs made of them; rows of both are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.licensing.models import Agreement


class SignedText(Base):
    """The very text of an agreement's version or of a certificate, kept with its first signature: later software may word it anew."""

    __tablename__ = "signed_text"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    of: Mapped[str] = mapped_column(String(12))
    number: Mapped[int]
    zh: Mapped[str] = mapped_column(LongText)
    en: Mapped[str] = mapped_column(LongText)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "of", "number"),
        CheckConstraint("of in ('agreement', 'certificate')", name="of"),
    )


class Paper(Base):
    """A PDF of a signed text in one language; its bytes lie in the store under their hash."""

    __tablename__ = "paper"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    text_id: Mapped[int] = mapped_column(ForeignKey("signed_text.id"))
    language: Mapped[str] = mapped_column(String(2))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    created: Mapped[datetime]

    text: Mapped[SignedText] = relationship()

    __table_args__ = (
        UniqueConstraint("text_id", "language"),
        CheckConstraint("language in ('zh', 'en')", name="language"),
    )
