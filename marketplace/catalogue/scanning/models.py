"""Uploads with the verdict on them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Key, PublicId
from marketplace.people.models import Person
from marketplace.record import steps

STATES = ("clean", "unscanned", "quarantined", "released", "deleted", "refused")
SHUT = ("quarantined", "deleted", "refused")


@steps
class Upload(Base):
    """One file that somebody brought. `thing` and `thing_id` say beside what; `why` is a code of `scanner.WHYS`, `said` the scanner's own word;
    `answer` is the operator's reason."""

    __tablename__ = "upload"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(12))
    why: Mapped[str | None] = mapped_column(String(12))
    said: Mapped[str | None] = mapped_column(String(100))
    answer: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    answered: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship()

    TRANSITIONS = {
        "release": Step(("quarantined",), "released", ("operator",)),
        "delete": Step(("quarantined",), "deleted", ("operator",)),
        "clear": Step(("quarantined",), "clean", ("system",)),
        "condemn": Step(("quarantined",), "deleted", ("system",)),
    }

    __table_args__ = (
        CheckConstraint("state in ('clean', 'unscanned', 'quarantined', 'released', 'deleted', 'refused')", name="state"),
        CheckConstraint("state not in ('quarantined', 'refused') or why is not null or said is not null", name="why"),
        Index("ix_upload_state_id", "state", "id"),
    )
