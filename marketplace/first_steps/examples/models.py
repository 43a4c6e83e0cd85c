"""One person's example: which kind, the words he has changed, his answers, and the stage of the deal that is played."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Data, Key
from marketplace.people.models import Person

KINDS = ("need", "technology", "pair")
ANSWERS = ("shortlisted", "declined")


class Example(Base):
    """At most one for a person. `title` and `text` are in `language`; `answers` by the public id of what was found.

    It has no id for addresses: its page is the reader's own, and there is nothing that somebody else could ask for.
    """

    __tablename__ = "example"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(2))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    answers: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    stage: Mapped[str | None] = mapped_column(String(12))
    created: Mapped[datetime]

    person: Mapped[Person] = relationship()

    __table_args__ = (CheckConstraint("kind in ('need', 'technology', 'pair')", name="kind"),)
