"""Proposals and their versions: who handed in what when, in sizes and hashes; what they say stands here only once they were opened."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.calls.models import Call
from marketplace.db import Base, Key, PublicId
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

STATES = ("sealed", "opened", "withdrawn", "damaged", "discarded")


@steps
class Proposal(Base):
    """What one organisation proposes to a call. `number` is the version that counts. `content` and `opened` are empty until it was opened.

    `content` is JSON, byte for byte as it was sealed, so that its hash is the receipt's (see `said`). Withdrawn before the opening, its sealed files
    are destroyed; after it, the content stays with the record. Damaged: its sealed files are not what was sealed. Discarded: the call was withdrawn,
    and it was destroyed unread.
    """

    __tablename__ = "proposal"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    call_id: Mapped[int] = mapped_column(ForeignKey("open_call.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="sealed")
    number: Mapped[int] = mapped_column(default=0)
    content: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    opened: Mapped[datetime | None]
    withdrawn: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    call: Mapped[Call] = relationship()
    organisation: Mapped[Organisation] = relationship(lazy="joined")
    versions: Mapped[list[ProposalVersion]] = relationship(back_populates="proposal", order_by="ProposalVersion.number.desc()")

    TRANSITIONS = {
        "replace": Step(("sealed", "withdrawn"), "sealed", ("member",)),
        "withdraw": Step(("sealed", "opened"), "withdrawn", ("member",)),
        "open": Step(("sealed",), "opened", ("system",)),
        "damage": Step(("sealed",), "damaged", ("system",)),
        "discard": Step(("sealed",), "discarded", ("system",)),
    }

    @property
    def said(self) -> dict[str, Any]:
        """What was opened: {"title", "summary", "language", "plan", "team", "price": {"amount": minor units, "currency"}, "schedule",
        "criteria": {position: text}, "files": [{"name", "size", "sha256"}], …}; empty before."""
        return json.loads(self.content) if self.content else {}

    @property
    def sides(self) -> dict[str, frozenset[int]]:
        """The organisations that put the call out, for the permission table: nobody's until the proposal was opened."""
        return self.call.sides if self.opened else {"call_side": frozenset()}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("call_id", "organisation_id"),
        CheckConstraint("state in ('sealed', 'opened', 'withdrawn', 'damaged', 'discarded')", name="state"),
        CheckConstraint("(content is null) = (opened is null)", name="opened"),
        CheckConstraint("state <> 'opened' or opened is not null", name="content"),
        CheckConstraint("state <> 'sealed' or opened is null", name="sealed"),
        CheckConstraint("state <> 'withdrawn' or withdrawn is not null", name="withdrawn"),
        Index("ix_proposal_call_id_state", "call_id", "state"),
    )


class ProposalVersion(Base):
    """One handing in. `first_byte` and `last_byte` are the server's moments; `size` is that of all plain text. `receipt` is the signed receipt, wrapped by the
    site's sealing key, for hashes and names tell something too. `destroyed` is when its sealed files were deleted."""

    __tablename__ = "proposal_version"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"))
    number: Mapped[int]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    first_byte: Mapped[datetime]
    last_byte: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    receipt: Mapped[str] = mapped_column(Text)
    destroyed: Mapped[datetime | None]

    proposal: Mapped[Proposal] = relationship(back_populates="versions")
    person: Mapped[Person | None] = relationship()
    parts: Mapped[list[SealedPart]] = relationship(back_populates="version", order_by="SealedPart.position")

    __table_args__ = (
        UniqueConstraint("proposal_id", "number"),
        CheckConstraint("last_byte >= first_byte", name="bytes"),
    )


class SealedPart(Base):
    """One sealed file: 0 is the text with the names of the others. `file` is its random name on the disk; size and hash are those of the sealed file."""

    __tablename__ = "sealed_part"

    id: Mapped[Key]
    proposal_version_id: Mapped[int] = mapped_column(ForeignKey("proposal_version.id"))
    position: Mapped[int]
    file: Mapped[str] = mapped_column(String(32), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))

    version: Mapped[ProposalVersion] = relationship(back_populates="parts")

    __table_args__ = (UniqueConstraint("proposal_version_id", "position"),)
