"""Pools, pledges, motions with their ballots, confirmations of a call's draft, and what the engine proposes; their states."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, Synonym, mapped_column, relationship, synonym

from marketplace.access import Step
from marketplace.calls.models import WHOLE, Call
from marketplace.calls.reviewing.models import PanelDecision
from marketplace.db import Base, Bilingual, Codes, Data, Key, PublicId, in_language
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

STATES = ("draft", "open", "reached", "converted", "missed", "withdrawn")
LIVE = ("draft", "open", "reached")
BASES = ("proportional", "stated")
PLEDGE_STATES = ("asked", "pledged", "replaced", "withdrawn", "refused", "released")
HELD = "state in ('asked', 'pledged')"
REASONS = ("insolvency", "law", "solved", "reorganisation", "other")
"""Why a pledge may be taken back after the threshold without the others' consent: each reads the reason, and the pool is open again."""

MOTIONS = ("text", "admission", "withdrawal", "award", "decision", "other")
OUTCOMES = ("decided", "tied", "no_quorum", "moot")
SIGNERS = ("pledger_owner", "pledger_signatory")


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


@steps
class Pool(Base):
    """Research that several pay together. Text fields hold {"zh": …, "en": …}; `revision` numbers the common text.

    `threshold` and `least`, the smallest pledge, are minor units of `currency`. `deadline` is a moment, told in `zone` (IANA). `basis`
    says whether rights follow the amounts or what each pledger states; `rights` are codes of rights.toml. `ended` is when the pool was
    over in whatever way.
    """

    __tablename__ = "pool"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(10), default="draft")
    visibility: Mapped[str] = mapped_column(String(10), default="public")
    revision: Mapped[int] = mapped_column(default=0)

    language: Mapped[str] = mapped_column(String(2), default="zh")
    title: Mapped[Bilingual]
    brief: Mapped[Bilingual]
    acceptance: Mapped[Bilingual]
    industry: Mapped[str | None] = mapped_column(String(5))
    region: Mapped[str | None] = mapped_column(String(6))
    threshold: Mapped[int] = mapped_column(BigInteger)
    least: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    deadline: Mapped[datetime]
    zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    basis: Mapped[str] = mapped_column(String(12), default="proportional")
    rights: Mapped[Codes]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("open_call.id"), unique=True)

    opened: Mapped[datetime | None]
    published: Synonym[datetime | None] = synonym("opened")
    ended: Mapped[datetime | None]
    created: Mapped[datetime]
    updated: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    author: Mapped[Person | None] = relationship()
    call: Mapped[Call | None] = relationship()
    pledges: Mapped[list[Pledge]] = relationship(back_populates="pool", order_by="Pledge.id")
    needs: Mapped[list[PoolNeed]] = relationship(back_populates="pool", order_by="PoolNeed.id")

    OPEN_STATES = ("open", "reached", "converted", "missed")
    """The states in which readers see it."""

    TRANSITIONS = {
        "open": Step(("draft",), "open", ("member",)),
        "reach": Step(("open",), "reached", ("system",)),
        "reopen": Step(("reached",), "open", ("system",)),
        "miss": Step(("open",), "missed", ("system",)),
        "lapse": Step(("reached",), "missed", ("system",)),
        "convert": Step(("reached",), "converted", ("owner", "signatory")),
        "withdraw": Step(("draft", "open"), "withdrawn", ("member", "operator")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(f"state in ({_listed(STATES)})", name="state"),
        CheckConstraint("visibility in ('public', 'members')", name="visibility"),
        CheckConstraint(f"basis in ({_listed(BASES)})", name="basis"),
        CheckConstraint("least > 0 and least <= threshold", name="amounts"),
        CheckConstraint("(state = 'converted') = (call_id is not null)", name="converted"),
        CheckConstraint("state = 'draft' or state = 'withdrawn' or opened is not null", name="opened"),
        UniqueConstraint("id", "currency", name="uq_pool_id_currency"),
        Index("ix_pool_listed", "state", "deadline", "id", "visibility", "organisation_id", "industry", "region", "currency", "threshold",
              "opened"),  # all that the list filters and orders by: it counts without reading one pool
        Index("ix_pool_visibility_opened_id", "visibility", "opened", "id"),
    )

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """Those who have pledged, those who ask to, and those whose pledge has ended, for the permission table."""
        of: dict[str, set[int]] = {"pledger": set(), "past_pledger": set()}
        for pledge in self.pledges:
            of["pledger" if pledge.state == "pledged" else "past_pledger"].add(pledge.organisation_id)
        return {side: frozenset(found) for side, found in of.items()}

    def titled(self, language: str) -> tuple[str, str]:
        """The title and the language it is in."""
        return in_language(self.title, language)


class PoolNeed(Base):
    """A need that a pool is to solve. Readers see of it what they may see of the need."""

    __tablename__ = "pool_need"

    id: Mapped[Key]
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"))
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)

    pool: Mapped[Pool] = relationship(back_populates="needs")
    need: Mapped[Need] = relationship()

    __table_args__ = (UniqueConstraint("pool_id", "need_id"),)


@steps
class Pledge(Base):
    """One organisation's promise to a pool: an amount in minor units, given to one `revision` of the text. The site holds no money.

    `share` is the share of the rights in millionths where the pool wants it stated. `named` lets the public read the name. A changed
    pledge is a new row, the old one `replaced`. A pledge to an older revision does not count until it is given anew. The database binds
    its currency to the pool's.
    """

    __tablename__ = "pledge"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    pool_id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    share: Mapped[int | None]
    revision: Mapped[int]
    named: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="pledged")
    reason: Mapped[str | None] = mapped_column(String(16))
    reason_text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    ended: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    pool: Mapped[Pool] = relationship(back_populates="pledges")
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person] = relationship()

    TRANSITIONS = {
        "admit": Step(("asked",), "pledged", ("system",)),
        "refuse": Step(("asked",), "refused", ("system",)),
        "replace": Step(("asked", "pledged"), "replaced", SIGNERS),
        "withdraw": Step(("asked", "pledged"), "withdrawn", (*SIGNERS, "system")),
        "release": Step(("asked", "pledged"), "released", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        ForeignKeyConstraint(["pool_id", "currency"], ["pool.id", "pool.currency"], name="fk_pledge_pool_id_pool"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint(f"share is null or (share > 0 and share <= {WHOLE})", name="share"),
        CheckConstraint(f"state in ({_listed(PLEDGE_STATES)})", name="state"),
        CheckConstraint(f"reason is null or reason in ({_listed(REASONS)})", name="reason"),
        CheckConstraint(f"({HELD}) = (ended is null)", name="ended"),
        Index("uq_pledge_held", "pool_id", "organisation_id", unique=True, sqlite_where=sql(HELD), postgresql_where=sql(HELD)),
    )

    @property
    def sides(self) -> dict[str, int]:
        """Whose promise it is."""
        return {"pledger": self.organisation_id}


@steps
class Motion(Base):
    """What is put to the pledgers. `options` are codes, in their order; those of an award carry their `names`: {code: words}.

    A `text` carries the new text in `content`, an `admission` and a `withdrawal` the pledge it is about, a `decision` the panel's decision that
    is to be published. Weights are those of the moment it was put: they stand on the ballots.
    """

    __tablename__ = "pool_motion"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    pool_id: Mapped[int] = mapped_column(ForeignKey("pool.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(8), default="open")
    text: Mapped[str | None] = mapped_column(Text)
    content: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    options: Mapped[Codes]
    names: Mapped[dict[str, str]] = mapped_column(Data, default=dict)
    pledge_id: Mapped[int | None] = mapped_column(ForeignKey("pledge.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("panel_decision.id"))
    quorum: Mapped[int]
    closes: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(10))
    choice: Mapped[str | None] = mapped_column(String(40))
    result: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    closed: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    pool: Mapped[Pool] = relationship()
    pledge: Mapped[Pledge | None] = relationship()
    decision: Mapped[PanelDecision | None] = relationship()
    person: Mapped[Person] = relationship()
    ballots: Mapped[list[Ballot]] = relationship(back_populates="motion", order_by="Ballot.id", lazy="selectin")

    TRANSITIONS = {"close": Step(("open",), "closed", ("system",))}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint(f"kind in ({_listed(MOTIONS)})", name="kind"),
        CheckConstraint("state in ('open', 'closed')", name="state"),
        CheckConstraint("(kind in ('admission', 'withdrawal')) = (pledge_id is not null)", name="pledge"),
        CheckConstraint("(kind = 'decision') = (decision_id is not null)", name="decision"),
        CheckConstraint(f"outcome is null or outcome in ({_listed(OUTCOMES)})", name="outcome"),
        CheckConstraint("(state = 'closed') = (outcome is not null and closed is not null)", name="closed"),
        CheckConstraint("(outcome = 'decided') = (choice is not null) or outcome is null and choice is null", name="choice"),
        CheckConstraint(f"quorum > 0 and quorum <= {WHOLE}", name="quorum"),
        Index("uq_pool_motion_pledge", "pledge_id", "kind", unique=True, sqlite_where=sql("state = 'open'"), postgresql_where=sql("state = 'open'")),
        Index("uq_pool_motion_decision_id", "decision_id", unique=True, sqlite_where=sql("state = 'open'"), postgresql_where=sql("state = 'open'")),
        Index("ix_pool_motion_state_closes", "state", "closes"),
    )

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """Those entitled to vote."""
        return {"pledger": frozenset(ballot.organisation_id for ballot in self.ballots)}


class Ballot(Base):
    """One pledger's vote on a motion, made with it: the weight in millionths stands, the choice may be changed until the motion closes."""

    __tablename__ = "pool_ballot"

    id: Mapped[Key]
    motion_id: Mapped[int] = mapped_column(ForeignKey("pool_motion.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    weight: Mapped[int]
    choice: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    motion: Mapped[Motion] = relationship(back_populates="ballots")
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person | None] = relationship()

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("motion_id", "organisation_id"),
        CheckConstraint(f"weight > 0 and weight <= {WHOLE}", name="weight"),
        CheckConstraint("(choice is null) = (at is null)", name="voted"),
    )


class CallConfirmation(Base):
    """One owner's yes to a call's draft as it stood: `digest` is the hash of all that it says. A draft that changes is confirmed anew."""

    __tablename__ = "call_confirmation"

    id: Mapped[Key]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    call: Mapped[Call] = relationship()

    __table_args__ = (UniqueConstraint("call_id", "organisation_id", "digest"),)


class PoolProposal(Base):
    """Open needs of several firms that the engine finds alike. `key` is the hash of the needs' ids: one group is proposed once."""

    __tablename__ = "pool_proposal"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    probability: Mapped[float]
    pool_id: Mapped[int | None] = mapped_column(ForeignKey("pool.id"))
    created: Mapped[datetime]

    pool: Mapped[Pool | None] = relationship()
    members: Mapped[list[ProposedNeed]] = relationship(back_populates="proposal", order_by="ProposedNeed.id", lazy="selectin")

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """The firms whose needs are in it."""
        return {"concerned": frozenset(member.organisation_id for member in self.members)}


class ProposedNeed(Base):
    """One need of a proposal, whose it is, and whether its firm has put the proposal aside."""

    __tablename__ = "pool_proposed_need"

    id: Mapped[Key]
    proposal_id: Mapped[int] = mapped_column(ForeignKey("pool_proposal.id"))
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    declined: Mapped[datetime | None]

    proposal: Mapped[PoolProposal] = relationship(back_populates="members")
    need: Mapped[Need] = relationship()
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (UniqueConstraint("proposal_id", "need_id"), Index("ix_pool_proposed_need_organisation_id_id", "organisation_id", "id"))
