"""What a technology manager works in, and what he has put off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, Codes, Key


class Specialty(Base):
    """What a technology manager works in: industries (GB/T 4754, each with all below it), fields of technology, regions. An empty list is all of them."""

    __tablename__ = "specialty"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    industries: Mapped[Codes]
    fields: Mapped[Codes]
    regions: Mapped[Codes]
    version_id: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version_id}


class Snooze(Base):
    """A row of the worklist that is put off until a day; `kind` and `thing` (a public id) name the row."""

    __tablename__ = "snooze"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(12))
    thing: Mapped[str] = mapped_column(String(40))
    until: Mapped[date]
    created: Mapped[datetime]

    __table_args__ = (UniqueConstraint("person_id", "kind", "thing"),)
