"""Guarantees with their versions and acceptances, claims with their lines, and the entries of money beside the agreement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.db import Base, Data, Key, PublicId
from marketplace.licensing.models import SIGNERS, Agreement
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

GUARANTOR_KINDS = ("guarantor", "insurer", "fund")
GUARANTOR_SIGNERS = ("guarantor_signatory", "guarantor_owner")
PROTECTED_SIGNERS = ("protected_signatory", "protected_owner")
LIVING = ("requested", "offered", "in_force")
PENDING_CLAIMS = ("filed", "accepted", "paid")
STANDING_CLAIMS = (*PENDING_CLAIMS, "settled")


@steps
class Guarantee(Base):
    """What an organisation covers under an agreement for its `protects` side. `version` is the number of the version on the table.

    `maximum` (minor units) is a copy of the version's, for sums. `since` is the day on which it came into force; what was due
    before is not covered.
    """

    __tablename__ = "guarantee"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreement.id"), index=True)
    guarantor_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(10))
    protects: Mapped[str] = mapped_column(String(8))
    currency: Mapped[str] = mapped_column(String(3))
    maximum: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="requested")
    version: Mapped[int] = mapped_column(default=0)
    since: Mapped[date | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime]
    version_id: Mapped[int] = mapped_column()

    agreement: Mapped[Agreement] = relationship(lazy="joined", innerjoin=True)
    guarantor: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    versions: Mapped[list[GuaranteeVersion]] = relationship(back_populates="guarantee", order_by="GuaranteeVersion.number")
    claims: Mapped[list[Claim]] = relationship(back_populates="guarantee", order_by="Claim.id")

    TRANSITIONS = {
        "change": Step(("requested", "offered"), "requested", ("licensor", "licensee")),
        "offer": Step(("requested", "offered"), "offered", GUARANTOR_SIGNERS),
        "enforce": Step(("offered",), "in_force", SIGNERS),
        "decline": Step(("requested", "offered"), "declined", GUARANTOR_SIGNERS),
        "withdraw": Step(("requested", "offered"), "withdrawn", ("licensor", "licensee")),
        "release": Step(("in_force",), "ended", PROTECTED_SIGNERS),
        "end": Step(("in_force",), "ended", ("system",)),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("agreement_id", "key"),
        CheckConstraint("kind in ('guarantor', 'insurer', 'fund')", name="kind"),
        CheckConstraint("protects in ('licensor', 'licensee')", name="protects"),
        CheckConstraint("state in ('requested', 'offered', 'in_force', 'declined', 'withdrawn', 'ended')", name="state"),
        CheckConstraint("state not in ('in_force', 'ended') or (since is not null and sha256 is not null)", name="in_force"),
        CheckConstraint("maximum > 0", name="maximum"),
        Index("ix_guarantee_guarantor_id_state", "guarantor_id", "state"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """Side → organisation id, for the permission table: the agreement's two, the guarantor, who is protected and who owes recourse."""
        agreement = self.agreement
        both = {"licensor": agreement.licensor_id, "licensee": agreement.licensee_id}
        other = "licensee" if self.protects == "licensor" else "licensor"
        return {**both, "guarantor": self.guarantor_id, "protected": both[self.protects], "debtor": both[other]}

    @property
    def protected(self) -> Organisation:
        """The organisation that may claim."""
        return self.agreement.licensor if self.protects == "licensor" else self.agreement.licensee

    @property
    def debtor(self) -> Organisation:
        """The organisation that owes the guarantor what recourse there is."""
        return self.agreement.licensee if self.protects == "licensor" else self.agreement.licensor


class GuaranteeVersion(Base):
    """One proposal of the cover (`cover.py`); never changed. `side` wrote it."""

    __tablename__ = "guarantee_version"

    id: Mapped[Key]
    guarantee_id: Mapped[int] = mapped_column(ForeignKey("guarantee.id"))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(Data)
    sha256: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(9))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    guarantee: Mapped[Guarantee] = relationship(back_populates="versions")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("guarantee_id", "number"),
        CheckConstraint("side in ('licensor', 'licensee', 'guarantor')", name="side"),
    )


class GuaranteeAcceptance(Base):
    """One side's yes to one version, by the hash of what was accepted."""

    __tablename__ = "guarantee_acceptance"

    id: Mapped[Key]
    guarantee_id: Mapped[int] = mapped_column(ForeignKey("guarantee.id"))
    number: Mapped[int]
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("guarantee_id", "number", "side"),
        CheckConstraint("side in ('licensor', 'licensee')", name="side"),
    )


@steps
class Claim(Base):
    """What the protected side claims of a guarantee. `round` counts the payments tried: a payment that bounced begins the next."""

    __tablename__ = "claim"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    guarantee_id: Mapped[int] = mapped_column(ForeignKey("guarantee.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="filed")
    reason: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    filed: Mapped[datetime]
    paid_day: Mapped[date | None]
    reference: Mapped[str | None] = mapped_column(String(120))
    round: Mapped[int] = mapped_column(default=1)
    key: Mapped[str] = mapped_column(String(40))
    version_id: Mapped[int] = mapped_column()

    guarantee: Mapped[Guarantee] = relationship(back_populates="claims", lazy="joined", innerjoin=True)
    lines: Mapped[list[ClaimLine]] = relationship(back_populates="claim", order_by="ClaimLine.id", lazy="selectin")
    entries: Mapped[list[GuaranteeEntry]] = relationship(back_populates="claim", order_by="GuaranteeEntry.id")
    person: Mapped[Person] = relationship()

    TRANSITIONS = {
        "accept": Step(("filed",), "accepted", GUARANTOR_SIGNERS),
        "refuse": Step(("filed", "accepted"), "refused", GUARANTOR_SIGNERS),
        "withdraw": Step(("filed", "accepted"), "withdrawn", ("protected",)),
        "pay": Step(("accepted",), "paid", ("guarantor",)),
        "deny": Step(("paid",), "accepted", ("protected",)),
        "settle": Step(("paid",), "settled", ("protected",)),
        "reopen": Step(("settled",), "accepted", ("protected", "system")),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("guarantee_id", "key"),
        CheckConstraint("state in ('filed', 'accepted', 'refused', 'withdrawn', 'paid', 'settled')", name="state"),
        CheckConstraint("state not in ('paid', 'settled') or paid_day is not null", name="paid_day"),
        CheckConstraint("state <> 'refused' or answer is not null", name="answer"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its guarantee."""
        return self.guarantee.sides

    @property
    def amount(self) -> int:
        """What is claimed, minor units."""
        return sum(line.amount for line in self.lines)

    @property
    def paid(self) -> int:
        """What the guarantor paid by it, minor units; 0 before."""
        return sum(line.paid for line in self.lines)


class ClaimLine(Base):
    """What falls on the guarantee of one obligation (`key` in the schedule): `falls` in all, of which `amount` is claimed and the rest
    stays with the protected side as its own share; `paid` once the guarantor paid. Minor units."""

    __tablename__ = "claim_line"

    id: Mapped[Key]
    claim_id: Mapped[int] = mapped_column(ForeignKey("claim.id"))
    key: Mapped[str] = mapped_column(String(120))
    falls: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger, default=0)

    claim: Mapped[Claim] = relationship(back_populates="lines")

    __table_args__ = (
        UniqueConstraint("claim_id", "key"),
        CheckConstraint("amount >= 0 and amount <= falls and paid >= 0 and paid <= amount", name="amounts"),
    )


class GuaranteeEntry(Base):
    """Money between the guarantor and a side, minor units: a premium paid, a recourse debt, its repayment; only ever added.

    `voids_id` makes it the mirror of a row that counts no longer: the same amount with the other sign.
    """

    __tablename__ = "guarantee_entry"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    guarantee_id: Mapped[int] = mapped_column(ForeignKey("guarantee.id"))
    claim_id: Mapped[int | None] = mapped_column(ForeignKey("claim.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    due: Mapped[date | None]
    key: Mapped[str] = mapped_column(String(40))
    voids_id: Mapped[int | None] = mapped_column(ForeignKey("guarantee_entry.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    guarantee: Mapped[Guarantee] = relationship()
    claim: Mapped[Claim | None] = relationship(back_populates="entries")

    __table_args__ = (
        UniqueConstraint("guarantee_id", "key"),
        CheckConstraint("kind in ('premium', 'debt', 'repayment')", name="kind"),
        CheckConstraint("(kind = 'premium') = (claim_id is null)", name="claim"),
        CheckConstraint("amount <> 0 and (amount > 0) = (voids_id is null)", name="amount"),
        CheckConstraint("voids_id is null or reason is not null", name="reason"),
    )

    @property
    def sides(self) -> dict[str, int]:
        """As its guarantee."""
        return self.guarantee.sides
