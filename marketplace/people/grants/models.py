"""The access log of blind listings, and the non-disclosure agreements that stand before a grant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key
from marketplace.people.models import Organisation, Person


class AccessEntry(Base):
    """One opening of a blind listing's full text or file by somebody who is no member of its owner; only ever added.

    `what` is a word of `log.WHATS`; `about` says which file or list. `organisation_id` is whom the reader had the access through:
    None for an operator.
    """

    __tablename__ = "access_entry"

    id: Mapped[Key]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    what: Mapped[str] = mapped_column(String(12))
    about: Mapped[str | None] = mapped_column(String(200))
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation | None] = relationship(foreign_keys=[organisation_id])

    __table_args__ = (
        Index("ix_access_entry_owner_id_id", "owner_id", "id"),
        Index("ix_access_entry_thing_thing_id_id", "thing", "thing_id", "id"),
    )
