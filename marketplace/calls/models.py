"""Boards, open calls with their criteria and owners, and the questions answered to all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, Float, ForeignKey, Index, String, Text, UniqueConstraint, exists, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Bilingual, Data, Key, Minor, PublicId, in_language
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

WHOLE = 1_000_000  # shares and weights are counted in millionths
KINDS_OF_MONEY = ("prize", "budget")
IP_POSITIONS = ("owner", "solver", "shared", "licence")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


@steps
class Board(Base):
    """A region's or a ministry's list of calls (榜单), with its own page."""

    __tablename__ = "board"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    title: Mapped[Bilingual]
    about: Mapped[Bilingual]
    region: Mapped[str | None] = mapped_column(String(6))
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship(lazy="joined")

    TRANSITIONS = {
        "publish": Step(("draft",), "published", ("member",)),
        "close": Step(("published",), "closed", ("member", "operator")),
    }
    SHOWN_STATES = ("published", "closed")
    """The states in which everybody sees it."""

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (CheckConstraint("state in ('draft', 'published', 'closed')", name="state"),)

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


@steps
class Call(Base):
    """An open call, from a need or of its own. Text fields hold {"zh": …, "en": …}.

    `targets` as a need's: {quantity: {zh, en}, today, wanted, unit, direction}; `acceptance` says how the user measures them himself.
    `money` is a prize or a budget of `amount` minor units of `currency`, paid in `stages`: [{"title": {zh, en}, "share": millionths}],
    which sum to the whole. `eligible` is {"kinds": [...], "sizes": [...], "regions": [...]}, an empty list for all; sizes count for enterprises
    alone. `deadline` is a moment; `zone` (IANA) is the zone in which it is told. `teams` is how many may run in parallel. `anonymous` hides
    solvers from reviewers. `key_holders` is how many people outside must open it together, None when the site does. `asked_board_id` is the
    board that the call's owner would like it on, until that board's organisation has answered.
    """

    __tablename__ = "open_call"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)
    board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"), index=True)
    asked_board_id: Mapped[int | None] = mapped_column(ForeignKey("board.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    revision: Mapped[int] = mapped_column(default=0)

    language: Mapped[str] = mapped_column(String(2), default="zh")
    title: Mapped[Bilingual]
    brief: Mapped[Bilingual]
    targets: Mapped[list[Any]] = mapped_column(Data, default=list)
    acceptance: Mapped[Bilingual]
    money: Mapped[str] = mapped_column(String(8), default="budget")
    amount: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    stages: Mapped[list[Any]] = mapped_column(Data, default=list)
    eligible: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    eligibility: Mapped[Bilingual]
    ip_position: Mapped[str] = mapped_column(String(8), default="shared")
    ip_terms: Mapped[Bilingual]
    industry: Mapped[str | None] = mapped_column(String(5))
    region: Mapped[str | None] = mapped_column(String(6))
    deadline: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    questions_until: Mapped[datetime | None]
    teams: Mapped[int] = mapped_column(default=1)
    anonymous: Mapped[bool] = mapped_column(default=False, server_default=false())
    key_holders: Mapped[int | None]

    published: Mapped[datetime | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship(lazy="joined")
    author: Mapped[Person | None] = relationship()
    need: Mapped[Need | None] = relationship()
    board: Mapped[Board | None] = relationship(foreign_keys=[board_id])
    asked_board: Mapped[Board | None] = relationship(foreign_keys=[asked_board_id])
    owners: Mapped[list[CallOwner]] = relationship(back_populates="call", order_by="CallOwner.id", lazy="selectin")
    criteria: Mapped[list[Criterion]] = relationship(
        back_populates="call", order_by="Criterion.position", lazy="selectin", cascade="all, delete-orphan",
    )

    OPEN_STATES = ("published", "closed", "awarded", "ended", "unawarded")
    """The states in which readers see it; it takes proposals while it is published and its deadline has not come."""

    TRANSITIONS = {
        "publish": Step(("draft",), "published", ("member",)),
        "withdraw": Step(("draft", "published", "closed"), "withdrawn", ("member", "operator")),
        "close": Step(("published",), "closed", ("system",)),
        "award": Step(("closed",), "awarded", ("owner", "signatory")),
        "end_without_award": Step(("closed",), "unawarded", ("owner", "signatory")),
        "end": Step(("awarded",), "ended", ("owner", "signatory", "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('draft', 'published', 'closed', 'awarded', 'ended', 'unawarded', 'withdrawn')", name="state"),
        CheckConstraint("visibility in ('public', 'members')", name="visibility"),
        CheckConstraint(f"money in ({_listed(KINDS_OF_MONEY)})", name="money"),
        CheckConstraint(f"ip_position in ({_listed(IP_POSITIONS)})", name="ip_position"),
        CheckConstraint("teams >= 1", name="teams"),
        CheckConstraint("key_holders is null or key_holders >= 1", name="key_holders"),
        CheckConstraint("amount is null or amount > 0", name="amount"),
        CheckConstraint("questions_until is null or questions_until <= deadline", name="questions_until"),
        CheckConstraint("board_id is null or state <> 'draft'", name="board"),
        Index("ix_open_call_listed", "state", "deadline", "id", "visibility", "organisation_id", "board_id", "industry", "region", "currency", "amount",
              "published"),  # all that the list filters and orders by: it counts without reading one call
        Index("ix_open_call_visibility_published_id", "visibility", "published", "id"),
    )

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """The organisations that put it out, one or several, for the permission table: each may read the draft."""
        return {"call_side": frozenset({self.organisation_id, *(owner.organisation_id for owner in self.owners)})}

    @classmethod
    def shared_with(cls, organisations: list[int]) -> ColumnElement[bool]:
        """Whether one of the organisations is among its owners: the SQL twin of `call_side` for lists."""
        return exists().where(CallOwner.call_id == cls.id, CallOwner.organisation_id.in_(organisations))

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


class CallOwner(Base):
    """One of several organisations that put a call out together, with its share of cost, votes and rights in millionths. A call of one has no rows here."""

    __tablename__ = "call_owner"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    share: Mapped[int]

    call: Mapped[Call] = relationship(back_populates="owners")
    organisation: Mapped[Organisation] = relationship(lazy="joined")

    __table_args__ = (
        UniqueConstraint("call_id", "organisation_id"),
        CheckConstraint(f"share > 0 and share <= {WHOLE}", name="share"),
    )


class CallFit(Base):
    """A technology that could answer a published call, with its score (log-odds): what the desk of its own organisation shows, and nobody else."""

    __tablename__ = "call_fit"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)
    score: Mapped[float] = mapped_column(Float)
    probability: Mapped[float] = mapped_column(Float)

    call: Mapped[Call] = relationship()
    technology: Mapped[Technology] = relationship()

    __table_args__ = (
        UniqueConstraint("call_id", "technology_id"),
        CheckConstraint("probability between 0 and 1", name="probability"),
    )


class Criterion(Base):
    """What reviewers score a proposal by, with its weight in millionths; scores go from 0 to `most`. Fixed once the call is published."""

    __tablename__ = "criterion"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    position: Mapped[int]
    title: Mapped[Bilingual]
    about: Mapped[Bilingual]
    weight: Mapped[int]
    most: Mapped[int] = mapped_column(default=10)

    call: Mapped[Call] = relationship(back_populates="criteria")

    __table_args__ = (
        UniqueConstraint("call_id", "position"),
        CheckConstraint(f"weight > 0 and weight <= {WHOLE}", name="weight"),
        CheckConstraint("most >= 1 and most <= 100", name="most"),
    )


class CallQuestion(Base):
    """A question on a call and its answer, published to all together; who asked is never shown to others. `answered_for` is the owner that answered."""

    __tablename__ = "call_question"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(2), default="zh")
    answer: Mapped[str | None] = mapped_column(Text)
    answered: Mapped[datetime | None]
    answered_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    at: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()
    answered_for: Mapped[Organisation | None] = relationship()

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """Which organisations answer, for the permission table: each owner of the call."""
        return self.call.sides

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (CheckConstraint("(answer is null) = (answered is null)", name="answered"),)


@steps
class Reviewer(Base):
    """A person named to review a call's proposals. Reads and scores only after the declaration of conflicts. `named_for` is the owner that named."""

    __tablename__ = "reviewer"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    named_for_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(10), default="invited")
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()
    person: Mapped[Person] = relationship()
    named_for: Mapped[Organisation | None] = relationship()

    TRANSITIONS = {
        "accept": Step(("invited",), "active", ("self",)),
        "decline": Step(("invited", "active"), "declined", ("self",)),
        "remove": Step(("invited", "active"), "removed", ("call_side", "system")),
    }

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """Which organisations name and remove reviewers, for the permission table: each owner of the call."""
        return self.call.sides

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("call_id", "person_id"),
        CheckConstraint("state in ('invited', 'active', 'declined', 'removed')", name="state"),
    )
