"""Corrections, disputes and reminders under a signed agreement; their states and who may take which step."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Key, PublicId
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Person
from marketplace.record import steps

BOTH = ("licensor", "licensee")
REMINDERS = ("trial_ending", "window_ending", "lapsed", "certificate_due", "certificate_overdue", "overtaken", "moved_up")


@steps
class Correction(Base):
    """One side's wish that an event no longer counts; the other side agrees or refuses."""

    __tablename__ = "correction"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("agreement_event.id"))
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]

    agreement: Mapped[Agreement] = relationship()
    event: Mapped[AgreementEvent] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])

    TRANSITIONS = {
        "agree": Step(("asked",), "agreed", BOTH),
        "refuse": Step(("asked",), "refused", BOTH),
        "withdraw": Step(("asked",), "withdrawn", BOTH),
    }

    __table_args__ = (
        CheckConstraint("state in ('asked', 'agreed', 'refused', 'withdrawn')", name="state"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
        Index("uq_correction_asked", "event_id", unique=True, sqlite_where=text("state = 'asked'"), postgresql_where=text("state = 'asked'")),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


@steps
class Dispute(Base):
    """What one side disputes. A settlement is offered by one side and taken by the other; until then reminders pause."""

    __tablename__ = "dispute"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    subject: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="open")
    settlement: Mapped[str | None] = mapped_column(Text)
    settlement_side: Mapped[str | None] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime]
    settled: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    person: Mapped[Person] = relationship()

    TRANSITIONS = {
        "offer": Step(("open", "offered"), "offered", BOTH),
        "settle": Step(("offered",), "settled", BOTH),
        "decline": Step(("offered",), "open", BOTH),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('open', 'offered', 'settled')", name="state"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
        CheckConstraint("(state = 'open') = (settlement is null)", name="settlement"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


class Reminder(Base):
    """That both sides, or one, were told of something that is due on a day: once, however often the job runs."""

    __tablename__ = "agreement_reminder"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    kind: Mapped[str] = mapped_column(String(20))
    about: Mapped[date]
    created: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "kind", "about"),
        CheckConstraint(
            "kind in ('trial_ending', 'window_ending', 'lapsed', 'certificate_due', 'certificate_overdue', 'overtaken', 'moved_up')", name="kind"
        ),
    )
