"""The broker's fee in revisions, what is due of it, and what has been received."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Bilingual, Key, Minor
from marketplace.deals.fees import schedule
from marketplace.deals.models import Deal
from marketplace.people.models import Person
from marketplace.terms.payment import from_minor

MILLION = Decimal(1_000_000)
STEPS = ("payable", "overdue")
"""When a due is insisted on: on its last day, and once that is over."""


def _listed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"'{code}'" for code in codes)


class BrokerFee(Base):
    """One revision of a deal's fee; never changed. `rate` and `firm_share` in millionths, amounts in minor units of `currency`.

    `of` is what a percentage is taken from, `moment` what makes the fee due, `firm_share` the firm's part when both bear it.
    """

    __tablename__ = "broker_fee"

    id: Mapped[Key]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    revision: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    of: Mapped[str | None] = mapped_column(String(10))
    rate: Mapped[int | None]
    amount: Mapped[Minor]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    payer: Mapped[str | None] = mapped_column(String(8))
    firm_share: Mapped[int] = mapped_column(default=0)
    moment: Mapped[str | None] = mapped_column(String(16))
    due_days: Mapped[int] = mapped_column(default=30)
    cap: Mapped[Minor]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    deal: Mapped[Deal] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (
        UniqueConstraint("deal_id", "revision"),
        CheckConstraint(f"kind in ({_listed(schedule.KINDS)})", name="kind"),
        CheckConstraint("(kind = 'percent') = (rate is not null and of is not null)", name="percent"),
        CheckConstraint("(kind = 'fixed') = (amount is not null)", name="fixed"),
        CheckConstraint("kind = 'none' or (payer is not null and moment is not null)", name="who_and_when"),
        CheckConstraint(f"of is null or of in ({_listed(schedule.BASES)})", name="of"),
        CheckConstraint(f"payer is null or payer in ({_listed(schedule.PAYERS)})", name="payer"),
        CheckConstraint(f"moment is null or moment in ({_listed(schedule.MOMENTS)})", name="moment"),
        CheckConstraint("rate is null or (rate > 0 and rate <= 1000000)", name="rate"),
        CheckConstraint("firm_share between 0 and 1000000", name="firm_share"),
        CheckConstraint("amount is null or amount > 0", name="amount"),
        CheckConstraint("cap is null or cap > 0", name="cap"),
        CheckConstraint("due_days between 0 and 3650", name="due_days"),
    )

    @property
    def agreed(self) -> schedule.Fee:
        """The fee as the schedule reads it."""
        return schedule.Fee(
            kind=self.kind, of=self.of, rate=Decimal(self.rate or 0) / MILLION, amount=from_minor(self.amount, self.currency), currency=self.currency,
            payer=self.payer, firm_share=Decimal(self.firm_share) / MILLION, moment=self.moment, due_days=self.due_days,
            cap=from_minor(self.cap, self.currency),
        )


class FeeDue(Base):
    """What a side owes the broker, as the schedule says; a copy that `operations.refresh` alone writes. `key` is its id in the schedule.

    What the schedule no longer knows stays with the amount nought, so that receipts keep what they are for.
    """

    __tablename__ = "fee_due"

    id: Mapped[Key]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    key: Mapped[str] = mapped_column(String(80))
    payer: Mapped[str] = mapped_column(String(8))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    arose: Mapped[date]
    due: Mapped[date]
    because: Mapped[Bilingual]
    paid: Mapped[int] = mapped_column(BigInteger, default=0)

    deal: Mapped[Deal] = relationship()

    __table_args__ = (
        UniqueConstraint("deal_id", "key"),
        CheckConstraint("payer in ('firm', 'holder')", name="payer"),
        CheckConstraint("amount >= 0 and paid >= 0", name="amounts"),
        Index("ix_fee_due_unpaid", "due", "deal_id", sqlite_where=text("amount > paid"), postgresql_where=text("amount > paid")),
    )

    @property
    def unpaid(self) -> int:
        """What is still to come, in minor units."""
        return max(self.amount - self.paid, 0)


class FeeReceipt(Base):
    """The broker's word that money has come for a due on `day`; only ever added. `voids_id` takes an earlier one back."""

    __tablename__ = "fee_receipt"

    id: Mapped[Key]
    due_id: Mapped[int] = mapped_column(ForeignKey("fee_due.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[date]
    voids_id: Mapped[int | None] = mapped_column(ForeignKey("fee_receipt.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    due: Mapped[FeeDue] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)


class FeeReminder(Base):
    """That a due was insisted on: once in each step for the day on which it is payable, however often the job runs."""

    __tablename__ = "fee_reminder"

    id: Mapped[Key]
    due_id: Mapped[int] = mapped_column(ForeignKey("fee_due.id"))
    step: Mapped[str] = mapped_column(String(8))
    day: Mapped[date]
    at: Mapped[datetime]

    due: Mapped[FeeDue] = relationship()

    __table_args__ = (UniqueConstraint("due_id", "step", "day"), CheckConstraint(f"step in ({_listed(STEPS)})", name="step"))
