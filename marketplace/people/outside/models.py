"""What a provider calls a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.people.models import Person


class Identity(Base):
    """One account at a provider, by the provider's issuer and its own name for the person, which never changes; the mail address there may."""

    __tablename__ = "identity"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    made: Mapped[datetime]

    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("issuer", "subject"),)
