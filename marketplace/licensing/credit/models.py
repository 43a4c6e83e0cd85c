"""Credit entries, computed, and the comments beside them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key, PublicId
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person

KINDS = ("statement", "payment", "answer", "audit", "dispute")
OUTCOMES = ("on_time", "late", "overdue", "estimated", "noted")
MARKS = ("void", "disputed")


class CreditEntry(Base):
    """One promise of an organisation's under an agreement, and what became of it. `key` names the fact it is computed from.

    `days_late` counts from `due` to `done`; 0 when on time, and while it is overdue, for then it grows from day to day. What bears a
    `mark` is not counted.
    """

    __tablename__ = "credit_entry"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[str] = mapped_column(String(120))
    due: Mapped[date]
    done: Mapped[date | None]
    days_late: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(10))
    mark: Mapped[str | None] = mapped_column(String(10))

    organisation: Mapped[Organisation] = relationship()
    agreement: Mapped[Agreement] = relationship()
    comments: Mapped[list[CreditComment]] = relationship(back_populates="entry", order_by="CreditComment.id")

    @property
    def sides(self) -> dict[str, int]:
        """Whose entry it is and who stands on the other side of the agreement, for the permission table."""
        both = {self.agreement.licensor_id, self.agreement.licensee_id}
        return {"subject": self.organisation_id, "counterparty": next(iter(both - {self.organisation_id}))}

    def late_on(self, today: date) -> int:
        """The days it came late, or has been waited for by a day; of what is only noted none."""
        return max((today - self.due).days, 0) if self.outcome in ("overdue", "estimated") else self.days_late

    __table_args__ = (
        UniqueConstraint("agreement_id", "organisation_id", "key"),
        CheckConstraint("kind in ('statement', 'payment', 'answer', 'audit', 'dispute')", name="kind"),
        CheckConstraint("outcome in ('on_time', 'late', 'overdue', 'estimated', 'noted')", name="outcome"),
        CheckConstraint("mark in ('void', 'disputed')", name="mark"),
        CheckConstraint("days_late >= 0", name="days_late"),
        Index("ix_credit_entry_counts", "organisation_id", "mark", "kind", "outcome", "days_late"),
        Index("ix_credit_entry_organisation_id_due", "organisation_id", "due", "id"),
    )


class CreditComment(Base):
    """What an organisation says beside an entry; `number` counts its wordings, the last one is shown. Only ever added."""

    __tablename__ = "credit_comment"

    id: Mapped[Key]
    entry_id: Mapped[int] = mapped_column(ForeignKey("credit_entry.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    entry: Mapped[CreditEntry] = relationship(back_populates="comments")
    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (UniqueConstraint("entry_id", "organisation_id", "number"),)
