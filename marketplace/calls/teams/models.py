"""Teams of an award and their gates; states, and who may take which step."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.models import Award
from marketplace.db import Base, Bilingual, Key, Minor, PublicId
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

SOLVER_HEADS = ("team_side_owner", "team_side_signatory")
USER_HEADS = ("user_side_owner", "user_side_signatory")


@steps
class Team(Base):
    """One awarded solver at work. `amount` is its part of the call's money, in minor units; the agreement comes when it takes the award."""

    __tablename__ = "team"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    award_id: Mapped[int] = mapped_column(ForeignKey("award.id"), index=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"), unique=True)
    state: Mapped[str] = mapped_column(String(10), default="named")
    amount: Mapped[Minor]
    reason: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    award: Mapped[Award] = relationship()
    call: Mapped[Call] = relationship()
    proposal: Mapped[Proposal] = relationship()
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    agreement: Mapped[Agreement | None] = relationship()
    gates: Mapped[list[Gate]] = relationship(back_populates="team", order_by="Gate.position", lazy="selectin")

    TRANSITIONS = {
        "take": Step(("named",), "working", SOLVER_HEADS),
        "decline": Step(("named",), "declined", SOLVER_HEADS),
        "stop": Step(("named", "working"), "stopped", (*USER_HEADS, "system")),
        "finish": Step(("working",), "finished", (*USER_HEADS, "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('named', 'working', 'finished', 'stopped', 'declined')", name="state"),
        CheckConstraint("state not in ('working', 'finished') or agreement_id is not null", name="agreement"),
        CheckConstraint("state not in ('stopped', 'declined') or reason is not null", name="reason"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """The team, and the user: the organisation that put the call out and signs the agreement."""
        return {"team_side": self.organisation_id, "user_side": self.call.organisation_id}


@steps
class Gate(Base):
    """One stage of one team. `key` names the stage in the agreement's terms. `plan` is what the team will hand in, `evidence` what it handed in.

    `measured` is what the user measured himself: [{"quantity": {zh, en}, "unit", "wanted", "value", "met": true | false | None}].
    """

    __tablename__ = "gate"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    team_id: Mapped[int] = mapped_column(ForeignKey("team.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(20))
    title: Mapped[Bilingual]
    amount: Mapped[Minor]
    due: Mapped[date | None]
    plan: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="open")
    evidence: Mapped[str | None] = mapped_column(Text)
    measured: Mapped[list[Any]]
    finding: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    team: Mapped[Team] = relationship(back_populates="gates")
    decided_by: Mapped[Person | None] = relationship()
    files: Mapped[list[GateFile]] = relationship(back_populates="gate", order_by="GateFile.id", lazy="selectin")

    TRANSITIONS = {
        "submit": Step(("open", "rejected"), "submitted", ("team_side", "system")),
        "accept": Step(("open", "submitted", "rejected"), "accepted", ("user_side", "system")),
        "reject": Step(("open", "submitted"), "rejected", ("user_side", "system")),
        "go": Step(("accepted", "rejected"), "passed", USER_HEADS),
        "stop": Step(("open", "submitted", "accepted", "rejected"), "stopped", (*USER_HEADS, "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("team_id", "position"),
        UniqueConstraint("team_id", "key"),
        CheckConstraint("state in ('open', 'submitted', 'accepted', 'rejected', 'passed', 'stopped')", name="state"),
        CheckConstraint("(state = 'passed') = (decided is not null) or state = 'stopped'", name="decided"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its team."""
        return self.team.sides


class GateFile(Base):
    """A file of a gate: what the team handed in (`side` team), or the user's report of his measurement (`user`). Only ever added: the database refuses
    to change or delete one. The bytes lie in the store under their hash; whether they may be fetched is said by the verdict on them (`catalogue.scanning`)."""

    __tablename__ = "gate_file"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    gate_id: Mapped[int] = mapped_column(ForeignKey("gate.id"), index=True)
    side: Mapped[str] = mapped_column(String(4))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    gate: Mapped[Gate] = relationship(back_populates="files")

    __table_args__ = (
        CheckConstraint("side in ('team', 'user')", name="side"),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )
