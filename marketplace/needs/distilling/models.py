"""Distillations, with their interview sheet and questions, and the verifications of a need."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Data, Key, PublicId
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

STATES = ("draft", "sent", "signed_off", "returned", "superseded")
FINDINGS = ("yes", "no", "unclear")
TESTS = ("alone", "pays")


@steps
class Distillation(Base):
    """One round of distilling a need, numbered from 1.

    `sheet` is the interview sheet: {place, attempts: [{what, by, when, why}], targets, constraints, volume, budget_min, budget_max (minor
    units), currency, payer, cash, deadline, asked, interviewed, tests: {alone | pays: {finding, evidence}}}; days are ISO texts, all the rest
    the broker's words. `questions` is a list of {text: {zh, en}, targets: [as those of a need]}. `words` is what the firm sent it back with.
    `improvement` is what matching measured of it at sign-off, `gain` its one figure: expected answers among the ten best, after minus before.
    """

    __tablename__ = "distillation"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    number: Mapped[int]
    broker_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    sheet: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    questions: Mapped[list[Any]] = mapped_column(Data, default=list)
    words: Mapped[str | None] = mapped_column(Text)
    need_revision: Mapped[int | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    updated: Mapped[datetime]
    sent: Mapped[datetime | None]
    answered: Mapped[datetime | None]
    gain: Mapped[float | None] = mapped_column(Float)
    improvement: Mapped[dict[str, Any] | None] = mapped_column(Data)
    version_id: Mapped[int] = mapped_column()

    need: Mapped[Need] = relationship()
    broker: Mapped[Person] = relationship(foreign_keys=[broker_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])

    TRANSITIONS = {
        "send": Step(("draft",), "sent", ("broker_party", "system")),
        "recall": Step(("sent",), "draft", ("broker_party",)),
        "sign_off": Step(("sent",), "signed_off", ("firm", "system")),
        "send_back": Step(("sent",), "returned", ("firm",)),
        "supersede": Step(("returned", "signed_off"), "superseded", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('draft', 'sent', 'signed_off', 'returned', 'superseded')", name="state"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("state <> 'returned' or words is not null", name="words"),
        UniqueConstraint("need_id", "number"),
        Index("uq_distillation_open", "need_id", unique=True,
              sqlite_where=text("state in ('draft', 'sent')"), postgresql_where=text("state in ('draft', 'sent')")),
        Index("uq_distillation_signed_off", "need_id", unique=True,
              sqlite_where=text("state = 'signed_off'"), postgresql_where=text("state = 'signed_off'")),
        Index("ix_distillation_gain", "gain"),
    )

    @property
    def sides(self) -> dict[str, int | None]:
        """The firm, for the permission table."""
        return {"firm": self.need.organisation_id}

    @property
    def people(self) -> dict[str, set[int]]:
        """The broker whose round it is, for the permission table."""
        return {"broker": {self.broker_id}}


class Verification(Base):
    """One check of both tests of a real need: by whom, for which organisation, with which evidence, until when. Only ever added.

    `evidence` is {alone: words, pays: words}; `reminded` is when its coming end was told.
    """

    __tablename__ = "verification"

    id: Mapped[Key]
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    distillation_id: Mapped[int | None] = mapped_column(ForeignKey("distillation.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    at: Mapped[datetime]
    until: Mapped[date]
    evidence: Mapped[dict[str, Any]] = mapped_column(Data)
    reminded: Mapped[datetime | None]

    need: Mapped[Need] = relationship()
    person: Mapped[Person] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (Index("ix_verification_until_reminded", "until", "reminded"),)
