"""Policies, inventors with their weights, costs, splits with their lines, and what was paid out; states and who may take which step."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.access import Step
from marketplace.catalogue.models import Technology
from marketplace.db import Base, Data, Key, PublicId
from marketplace.licensing.income.formula import Deduction
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.models import Organisation, Person
from marketplace.record import steps

HEADS = ("owner", "signatory")
"""Who acts for an institute in money matters."""

SOURCES = ("payment", "interest_paid", "self_implementation")
WAITS = ("policy", "inventors", "rule")
LIVE = "state in ('waiting', 'computed', 'approved', 'paid')"


@steps
class IncomePolicy(Base):
    """One version of how an institute divides its income; never changed. It holds from `in_force` until a later one does.

    `shares` are shares of the net by role, as decimal strings that sum to 1; `deductions` a list of {code, formula, rate | amount,
    currency}, amounts in minor units. `self_rate` is the inventors' part of the operating profit where the institute uses a
    technology itself. `warnings` are the codes of the rules that were not kept when it was proposed.
    """

    __tablename__ = "income_policy"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    number: Mapped[int]
    in_force: Mapped[date]
    shares: Mapped[dict[str, str]] = mapped_column(Data)
    deductions: Mapped[list[Any]] = mapped_column(Data, default=list)
    self_rate: Mapped[str] = mapped_column(String(10))
    state_founded: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    key: Mapped[str] = mapped_column(String(40))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship()
    proposed_by: Mapped[Person] = relationship(foreign_keys=[proposed_by_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])

    TRANSITIONS = {"approve": Step(("proposed",), "approved", HEADS), "refuse": Step(("proposed",), "refused", HEADS)}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("state in ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("answered_by_id is null or answered_by_id <> proposed_by_id", name="second_person"),
        CheckConstraint("(state = 'proposed') = (answered_by_id is null)", name="answered"),
        Index("uq_income_policy_proposed", "organisation_id", unique=True,
              sqlite_where=text("state = 'proposed'"), postgresql_where=text("state = 'proposed'")),
    )

    def rates(self) -> dict[str, Decimal]:
        """The shares by role."""
        return {role: Decimal(rate) for role, rate in self.shares.items()}

    def deducted(self, currency: str, clause: Decimal | None = None) -> list[Deduction]:
        """The deductions from an amount in a currency; `clause` is the rate of the broker's fee that the agreement names."""
        found = []
        for one in self.deductions:
            rate = clause if one["formula"] == "clause" else Decimal(one["rate"]) if "rate" in one else None
            if one["formula"] != "fixed" or one["currency"] == currency:
                found.append(Deduction(one["code"], one["formula"], rate, one.get("amount")))
        return found


class Inventor(Base):
    """Somebody who did the work, of this institute or of another (`employer`); perhaps a person with an account.

    `address_key` is where the invitation to link the account goes. Erased, nothing is left but the row that lines point at.
    """

    __tablename__ = "inventor"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name: Mapped[str | None] = mapped_column(String(80))
    employer: Mapped[str | None] = mapped_column(String(200))
    address_key: Mapped[str | None] = mapped_column(String(254), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    erased: Mapped[datetime | None]
    created: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    person: Mapped[Person | None] = relationship()

    __table_args__ = (
        UniqueConstraint("organisation_id", "address_key"),
        UniqueConstraint("organisation_id", "person_id"),
        CheckConstraint("erased is null or (name is null and employer is null and address_key is null and person_id is null)", name="erased"),
        CheckConstraint("erased is not null or name is not null", name="name"),
    )


@steps
class Inventorship(Base):
    """The weights of a technology's inventors, one version; the approved one of the highest number holds."""

    __tablename__ = "inventorship"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"))
    number: Mapped[int]
    note: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    key: Mapped[str] = mapped_column(String(40))
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]
    answered: Mapped[datetime | None]
    version_id: Mapped[int] = mapped_column()

    technology: Mapped[Technology] = relationship()
    proposed_by: Mapped[Person] = relationship(foreign_keys=[proposed_by_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])
    weights: Mapped[list[InventorWeight]] = relationship(back_populates="inventorship", order_by="InventorWeight.id")

    TRANSITIONS = {"approve": Step(("proposed",), "approved", HEADS), "refuse": Step(("proposed",), "refused", HEADS)}

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        UniqueConstraint("technology_id", "number"),
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("state in ('proposed', 'approved', 'refused')", name="state"),
        CheckConstraint("answered_by_id is null or answered_by_id <> proposed_by_id", name="second_person"),
        CheckConstraint("(state = 'proposed') = (answered_by_id is null)", name="answered"),
        Index("uq_inventorship_proposed", "technology_id", unique=True,
              sqlite_where=text("state = 'proposed'"), postgresql_where=text("state = 'proposed'")),
    )


class InventorWeight(Base):
    """What one inventor counts for in a technology: whole parts of the sum of all."""

    __tablename__ = "inventor_weight"

    id: Mapped[Key]
    inventorship_id: Mapped[int] = mapped_column(ForeignKey("inventorship.id"))
    inventor_id: Mapped[int] = mapped_column(ForeignKey("inventor.id"), index=True)
    weight: Mapped[int]

    inventorship: Mapped[Inventorship] = relationship(back_populates="weights")
    inventor: Mapped[Inventor] = relationship()

    __table_args__ = (UniqueConstraint("inventorship_id", "inventor_id"), CheckConstraint("weight > 0", name="weight"))


@steps
class IncomeCost(Base):
    """What was spent on a technology's right or on one agreement, deducted once over its life; proof lies in its attachments.

    How much is recovered is the sum of the lines that stand, never a column. Withdrawn, what was recovered already stays so.
    """

    __tablename__ = "income_cost"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"), index=True)
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"), index=True)
    code: Mapped[str] = mapped_column(String(20))
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="recorded")
    key: Mapped[str] = mapped_column(String(40))
    recorded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created: Mapped[datetime]

    technology: Mapped[Technology] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    recorded_by: Mapped[Person] = relationship()

    TRANSITIONS = {"withdraw": Step(("recorded",), "withdrawn", HEADS)}

    __table_args__ = (
        UniqueConstraint("organisation_id", "key"),
        CheckConstraint("state in ('recorded', 'withdrawn')", name="state"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("code in ('patent_fees', 'agency', 'appraisal', 'tax', 'broker', 'direct_costs', 'other')", name="code"),
    )


@steps
class Split(Base):
    """How one payment is divided. Its figures are written once, when it is computed; another result is another row.

    `event_id` is the payment, `mirrors_id` the split that this one takes back (its amounts are negative), `replaces_id` the one it
    was computed instead of. `findings` are the rules not kept, `trace` what the payment paid as [{obligation, amount, day, period,
    statement}] on the day of computing; `statement` is the id of the event. `made_by_id` caused it, by recording the payment or
    asking to compute anew. `counted` is the day of approval: the income statement of its year has it.
    """

    __tablename__ = "split"

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    technology_id: Mapped[int] = mapped_column(ForeignKey("technology.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreement.id"), index=True)
    event_id: Mapped[int | None] = mapped_column(ForeignKey("agreement_event.id"))
    source: Mapped[str] = mapped_column(String(20))
    year: Mapped[int | None]
    day: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    gross: Mapped[int] = mapped_column(BigInteger)
    net: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    waits_for: Mapped[str | None] = mapped_column(String(10))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("income_policy.id"))
    inventorship_id: Mapped[int | None] = mapped_column(ForeignKey("inventorship.id"))
    findings: Mapped[list[Any]] = mapped_column(Data, default=list)
    trace: Mapped[list[Any]] = mapped_column(Data, default=list)
    mirrors_id: Mapped[int | None] = mapped_column(ForeignKey("split.id"), unique=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("split.id"), unique=True)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    answered: Mapped[datetime | None]
    counted: Mapped[date | None]
    version_id: Mapped[int] = mapped_column()

    organisation: Mapped[Organisation] = relationship()
    technology: Mapped[Technology] = relationship()
    agreement: Mapped[Agreement | None] = relationship()
    event: Mapped[AgreementEvent | None] = relationship()
    policy: Mapped[IncomePolicy | None] = relationship()
    inventorship: Mapped[Inventorship | None] = relationship()
    made_by: Mapped[Person | None] = relationship(foreign_keys=[made_by_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])
    lines: Mapped[list[SplitLine]] = relationship(back_populates="split", order_by="SplitLine.place")
    mirrors: Mapped[Split | None] = relationship(foreign_keys=[mirrors_id], remote_side="Split.id")
    replaces: Mapped[Split | None] = relationship(foreign_keys=[replaces_id], remote_side="Split.id")

    TRANSITIONS = {
        "compute": Step(("waiting",), "computed", ("system", *HEADS)),
        "approve": Step(("computed",), "approved", HEADS),
        "refuse": Step(("computed",), "refused", HEADS),
        "replace": Step(("computed", "refused"), "replaced", HEADS),
        "cancel": Step(("waiting", "computed", "refused"), "cancelled", ("system",)),
        "pay": Step(("approved",), "paid", HEADS),
    }

    __mapper_args__ = {"version_id_col": version_id}
    __table_args__ = (
        CheckConstraint("state in ('waiting', 'computed', 'approved', 'refused', 'replaced', 'cancelled', 'paid')", name="state"),
        CheckConstraint("source in ('payment', 'interest_paid', 'self_implementation')", name="source"),
        CheckConstraint("(source = 'self_implementation') = (event_id is null) and (event_id is null) = (agreement_id is null)", name="event"),
        CheckConstraint("(source = 'self_implementation') = (year is not null)", name="year"),
        CheckConstraint("waits_for is null or waits_for in ('policy', 'inventors', 'rule')", name="waits_for"),
        CheckConstraint("state in ('waiting', 'cancelled') or (net is not null and policy_id is not null)", name="computed"),
        CheckConstraint("mirrors_id is not null or gross >= 0", name="gross"),
        CheckConstraint("state not in ('approved', 'paid') or (answered_by_id is not null and counted is not null)", name="approved"),
        CheckConstraint("answered_by_id is null or made_by_id is null or answered_by_id <> made_by_id", name="second_person"),
        Index("uq_split_event_id_live", "event_id", unique=True, sqlite_where=text(f"mirrors_id is null and {LIVE}"),
              postgresql_where=text(f"mirrors_id is null and {LIVE}")),
        Index("uq_split_technology_id_year_live", "technology_id", "year", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
        Index("ix_split_organisation_id_state_counted", "organisation_id", "state", "counted"),
    )


class SplitLine(Base):
    """One line of the formula: a deduction (amount taken off the gross) or a share (amount given to a receiver); never changed."""

    __tablename__ = "split_line"

    id: Mapped[Key]
    split_id: Mapped[int] = mapped_column(ForeignKey("split.id"))
    place: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(20))
    formula: Mapped[str | None] = mapped_column(String(10))
    rate: Mapped[str | None] = mapped_column(String(20))
    basis: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    cost_id: Mapped[int | None] = mapped_column(ForeignKey("income_cost.id"), index=True)
    inventor_id: Mapped[int | None] = mapped_column(ForeignKey("inventor.id"), index=True)
    weight: Mapped[int | None]

    split: Mapped[Split] = relationship(back_populates="lines")
    cost: Mapped[IncomeCost | None] = relationship()
    inventor: Mapped[Inventor | None] = relationship()
    payout: Mapped[Payout | None] = relationship(back_populates="line", uselist=False)

    __table_args__ = (
        UniqueConstraint("split_id", "place"),
        CheckConstraint("kind in ('deduction', 'share')", name="kind"),
        CheckConstraint("(cost_id is not null) = (formula is not null and formula = 'costs')", name="cost"),
        CheckConstraint("kind = 'share' or formula is not null", name="formula"),
        CheckConstraint("(inventor_id is not null) = (kind = 'share' and code = 'inventors')", name="inventor"),
    )


class Payout(Base):
    """That a share was paid to its receiver (or, of a mirror, given back); one a line, never changed."""

    __tablename__ = "payout"

    id: Mapped[Key]
    line_id: Mapped[int] = mapped_column(ForeignKey("split_line.id"), unique=True)
    day: Mapped[date]
    note: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    line: Mapped[SplitLine] = relationship(back_populates="payout")
    person: Mapped[Person] = relationship()
