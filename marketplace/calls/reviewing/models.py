"""The review of a call: ties and assignments of reviewers, declarations, scores, the panel's decisions, the award and its notes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.calls.models import Call, Criterion, Reviewer
from marketplace.calls.proposals.models import Proposal
from marketplace.db import Base, Data, Key, Minor, PublicId
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

CONFLICTS = ("employed", "family", "money", "collaboration", "other")
KINDS = ("none", *CONFLICTS)
ORIGINS = ("reviewer", "site", "owner")
FROZEN = ("tie", "assignment", "declaration", "score", "panel_decision", "verdict", "award", "award_note")
"""Tables to which rows are only ever added: the database itself refuses to change or delete one."""


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


@steps
class Review(Base):
    """The review of one call. A proposal needs complete scores of `least` reviewers for a rank."""

    __tablename__ = "review"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"), unique=True)
    state: Mapped[str] = mapped_column(String(8), default="open")
    least: Mapped[int] = mapped_column(default=2)
    until: Mapped[datetime | None]
    created: Mapped[datetime]
    closed: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship(lazy="joined", innerjoin=True)

    TRANSITIONS = {
        "close": Step(("open",), "closed", ("call_side",)),
        "reopen": Step(("closed",), "open", ("owner", "signatory")),
        "settle": Step(("closed",), "settled", ("owner", "signatory")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('open', 'closed', 'settled')", name="state"),
        CheckConstraint("least >= 1", name="least"),
    )

    @property
    def organisation_id(self) -> int:
        """Whoever put the call out answers for its review."""
        return self.call.organisation_id

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """As its call."""
        return self.call.sides


class Tie(Base):
    """An organisation that a reviewer has to do with, as he named it; `organisation_id` where it is known here."""

    __tablename__ = "tie"

    id: Mapped[Key]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(14))
    at: Mapped[datetime]

    reviewer: Mapped[Reviewer] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (CheckConstraint(f"kind in ({_listed(CONFLICTS)})", name="kind"),)


class Assignment(Base):
    """One proposal before one reviewer. `position` is drawn by lot for each reviewer, `public_id` is his alone: neither says anything of the solver."""

    __tablename__ = "assignment"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("reviewer.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    position: Mapped[int]
    created: Mapped[datetime]

    reviewer: Mapped[Reviewer] = relationship()
    proposal: Mapped[Proposal] = relationship()

    __table_args__ = (UniqueConstraint("reviewer_id", "proposal_id"), UniqueConstraint("reviewer_id", "position"))

    @property
    def person_id(self) -> int:
        """The reviewer answers for it (`self` in the permission table)."""
        return self.reviewer.person_id

    @property
    def letter(self) -> str:
        """What the reviewer calls the proposal: A, B, … Z, AA, AB, …"""
        left, found = self.position, ""
        while left:
            left, rest = divmod(left - 1, 26)
            found = chr(ord("A") + rest) + found
        return found


class Declaration(Base):
    """Whether the reviewer has a conflict with the proposal, said by himself, found by the site, or entered by an owner; the highest number counts."""

    __tablename__ = "declaration"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(14))
    text: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship()
    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        UniqueConstraint("assignment_id", "number"),
        CheckConstraint(f"kind in ({_listed(KINDS)})", name="kind"),
        CheckConstraint(f"origin in ({_listed(ORIGINS)})", name="origin"),
    )


class Score(Base):
    """A reviewer's figure for one criterion of one proposal, with its reason; the highest number counts."""

    __tablename__ = "score"

    id: Mapped[Key]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    criterion_id: Mapped[int] = mapped_column(ForeignKey("criterion.id"))
    number: Mapped[int]
    value: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship()
    criterion: Mapped[Criterion] = relationship()

    __table_args__ = (
        UniqueConstraint("assignment_id", "criterion_id", "number"),
        CheckConstraint("value between 0 and 100", name="value"),
        CheckConstraint("reason <> ''", name="reason"),
    )


class PanelDecision(Base):
    """What the owners decided, with reasons; `differs` says why it leaves the ranking, where it does. `ranking` is the table as it stood. The newest counts."""

    __tablename__ = "panel_decision"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    number: Mapped[int]
    reasons: Mapped[str] = mapped_column(Text)
    differs: Mapped[str | None] = mapped_column(Text)
    ranking: Mapped[list[Any]] = mapped_column(Data, default=list)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    call: Mapped[Call] = relationship()
    person: Mapped[Person] = relationship()
    verdicts: Mapped[list[Verdict]] = relationship(back_populates="decision", order_by="Verdict.id")

    __table_args__ = (UniqueConstraint("call_id", "number"), CheckConstraint("reasons <> ''", name="reasons"))


class Verdict(Base):
    """What a decision says of one proposal: chosen with a published reason and its share of the money, or not; the advice goes to the solver alone."""

    __tablename__ = "verdict"

    id: Mapped[Key]
    decision_id: Mapped[int] = mapped_column(ForeignKey("panel_decision.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    chosen: Mapped[bool]
    amount: Mapped[Minor]
    reason: Mapped[str | None] = mapped_column(Text)
    advice: Mapped[str | None] = mapped_column(Text)

    decision: Mapped[PanelDecision] = relationship(back_populates="verdicts")
    proposal: Mapped[Proposal] = relationship()

    __table_args__ = (
        UniqueConstraint("decision_id", "proposal_id"),
        CheckConstraint("not chosen or (reason is not null and amount is not null and amount >= 0)", name="chosen"),
        CheckConstraint("chosen or (amount is null and advice is not null)", name="advice"),
    )


class Award(Base):
    """A decision published and locked. The first of a call has `number` 1; a later one gives a place that became free.

    `content` is what stands on the page: {"winners": [...], "received", "ranked", "withdrawn", "reasons", "differs"}.
    """

    __tablename__ = "award"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    decision_id: Mapped[int] = mapped_column(ForeignKey("panel_decision.id"), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(Data)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    call: Mapped[Call] = relationship()
    decision: Mapped[PanelDecision] = relationship()
    person: Mapped[Person] = relationship()
    notes: Mapped[list[AwardNote]] = relationship(back_populates="award", order_by="AwardNote.id")

    __table_args__ = (UniqueConstraint("call_id", "number"), CheckConstraint("number >= 1", name="number"))

    @property
    def organisation_id(self) -> int:
        """Whoever put the call out answers for the award."""
        return self.call.organisation_id


class AwardNote(Base):
    """A correction of an award, published beside it: what happened, and `ranks` of the winners anew: [{"organisation": {zh, en}, "before", "now"}]."""

    __tablename__ = "award_note"

    id: Mapped[Key]
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    ranks: Mapped[list[Any]] = mapped_column(Data, default=list)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    award: Mapped[Award] = relationship(back_populates="notes")
    person: Mapped[Person] = relationship()

    __table_args__ = (CheckConstraint("text <> ''", name="text"),)
