"""Statements, the remarks about them, audits with their findings, and the reminders of what was not sent."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Data, Key, Minor, PublicId
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

STANDING = ("sent", "queried", "accepted")
"""The states of the one statement of a period that counts."""

IN_FORCE = text("state in ('sent', 'queried', 'accepted')")
REMARKS = ("query", "reply", "dispute")
REMINDERS = ("before", "due", "after", "escalated")


@steps
class Statement(Base):
    """What was sold in the period from `period` to `last`. `values` are the figures as the event `statement` of terms.md has them.

    `effect` is what it changed when it was sent: a list of {id, was, is, due}, amounts as decimal strings, `was` null where nothing was
    owed. `day` is the agreement's day of sending, `due` the day by which it was owed. An `estimate` is the licensor's. `audit_id` names the
    audit whose findings it follows, `replaces_id` the statement that counted before. `key` is the same when a form is sent twice.
    """

    __tablename__ = "statement"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    licensor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    licensee_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    period: Mapped[date]
    last: Mapped[date]
    due: Mapped[date]
    values: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    effect: Mapped[list[Any]] = mapped_column(Data, default=list)
    note: Mapped[str | None] = mapped_column(Text)
    estimate: Mapped[bool] = mapped_column(default=False)
    audit_id: Mapped[int | None] = mapped_column(ForeignKey("audit.id"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_event.id"), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    key: Mapped[str] = mapped_column(String(80))
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date | None]
    sent: Mapped[datetime | None]
    answered: Mapped[datetime | None]
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    licensor: Mapped[Organisation] = relationship(foreign_keys=[licensor_id])
    licensee: Mapped[Organisation] = relationship(foreign_keys=[licensee_id])
    audit: Mapped[Audit | None] = relationship(foreign_keys=[audit_id])
    replaces: Mapped[Statement | None] = relationship(remote_side="Statement.id")
    event: Mapped[AgreementEvent | None] = relationship()
    drafted_by: Mapped[Person | None] = relationship(foreign_keys=[drafted_by_id])
    sent_by: Mapped[Person | None] = relationship(foreign_keys=[sent_by_id])
    remarks: Mapped[list[Remark]] = relationship(back_populates="statement", order_by="Remark.id")

    TRANSITIONS = {
        "send": Step(("draft",), "sent", ("licensee",)),
        "estimate": Step(("draft",), "sent", ("licensor",)),
        "discard": Step(("draft",), "discarded", ("licensee", "system")),
        "accept": Step(("sent", "queried"), "accepted", ("licensor",)),
        "query": Step(("sent", "accepted"), "queried", ("licensor",)),
        "reply": Step(("queried",), "sent", ("licensee",)),
        "replace": Step(STANDING, "replaced", ("licensor", "licensee")),
        "void": Step((*STANDING, "replaced"), "void", ("system",)),
        "restore": Step(("replaced",), "sent", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('draft', 'sent', 'queried', 'accepted', 'replaced', 'discarded', 'void')", name="state"),
        CheckConstraint("(state in ('draft', 'discarded')) = (sent is null)", name="sent"),
        CheckConstraint("sent is null or (day is not null and day >= last)", name="day"),
        CheckConstraint("period <= last", name="period"),
        Index("uq_statement_draft", "agreement_id", "period", unique=True,
              sqlite_where=text("state = 'draft'"), postgresql_where=text("state = 'draft'")),
        Index("uq_statement_standing", "agreement_id", "period", unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE),
        Index("ix_statement_licensor_id_state_id", "licensor_id", "state", "id"),
        Index("ix_statement_licensee_id_state_id", "licensee_id", "state", "id"),
        Index("ix_statement_agreement_id_period", "agreement_id", "period"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table; what has not been sent only the licensee knows of."""
        both = {"licensor": self.licensor_id, "licensee": self.licensee_id}
        return both if self.estimate or self.state not in ("draft", "discarded") else {"licensee": self.licensee_id}


class Remark(Base):
    """What one side wrote about a statement or an audit: a query, a reply to it, or why findings are disputed. Only ever added."""

    __tablename__ = "statement_remark"

    id: Mapped[Key]
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("statement.id"), index=True)
    audit_id: Mapped[int | None] = mapped_column(ForeignKey("audit.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    statement: Mapped[Statement | None] = relationship(back_populates="remarks")
    audit: Mapped[Audit | None] = relationship(back_populates="remarks")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        CheckConstraint("(statement_id is null) <> (audit_id is null)", name="about"),
        CheckConstraint("kind in ('query', 'reply', 'dispute')", name="kind"),
    )


@steps
class Audit(Base):
    """A look at the licensee's books for the periods that begin from `first` to `until`; not before `begins`, the day its notice ends.

    On closing: `underpaid` and `cost` in minor units, `share` of the fees found that was not stated, and which side `bears` the cost.
    """

    __tablename__ = "audit"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    first: Mapped[date]
    until: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    begins: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="asked")
    key: Mapped[str] = mapped_column(String(80))
    conclusion: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    underpaid: Mapped[Minor]
    cost: Mapped[Minor]
    share: Mapped[str | None] = mapped_column(String(12))
    bears: Mapped[str | None] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    closed: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship()
    person: Mapped[Person] = relationship()
    findings: Mapped[list[Finding]] = relationship(back_populates="audit", order_by="Finding.period")
    remarks: Mapped[list[Remark]] = relationship(back_populates="audit", order_by="Remark.id")

    TRANSITIONS = {
        "start": Step(("asked",), "running", ("licensor",)),
        "withdraw": Step(("asked", "running"), "withdrawn", ("licensor",)),
        "close": Step(("running",), "closed", ("licensor",)),
        "agree": Step(("closed", "disputed"), "agreed", ("licensee",)),
        "dispute": Step(("closed",), "disputed", ("licensee",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("state in ('asked', 'running', 'closed', 'agreed', 'disputed', 'withdrawn')", name="state"),
        CheckConstraint("first <= until", name="periods"),
        CheckConstraint("bears in ('licensor', 'licensee')", name="bears"),
        CheckConstraint("(state in ('closed', 'agreed', 'disputed')) = (closed is not null)", name="closed"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its agreement."""
        return self.agreement.sides


class Finding(Base):
    """What an audit found for one period beside what had been stated (none: not stated), and the royalty of both, in minor units."""

    __tablename__ = "audit_finding"

    id: Mapped[Key]
    audit_id: Mapped[int] = mapped_column(ForeignKey("audit.id"))
    period: Mapped[date]
    stated: Mapped[dict[str, Any] | None] = mapped_column(Data)
    found: Mapped[dict[str, Any]] = mapped_column(Data)
    owed_stated: Mapped[int] = mapped_column(BigInteger)
    owed_found: Mapped[int] = mapped_column(BigInteger)

    audit: Mapped[Audit] = relationship(back_populates="findings")

    __table_args__ = (UniqueConstraint("audit_id", "period"),)


class Reminder(Base):
    """One mail about the statement of a period that has not been sent: which step of insisting, when. Each step once."""

    __tablename__ = "statement_reminder"

    id: Mapped[Key]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"))
    period: Mapped[date]
    due: Mapped[date]
    step: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship()

    __table_args__ = (
        UniqueConstraint("agreement_id", "period", "step"),
        CheckConstraint("step in ('before', 'due', 'after', 'escalated')", name="step"),
    )
