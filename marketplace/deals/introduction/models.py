"""What each side answered when it was asked for the introduction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, Key
from marketplace.deals.fees.models import BrokerFee
from marketplace.deals.models import Deal
from marketplace.matching.models import DECLINE_CODES
from marketplace.people.models import Person


class Consent(Base):
    """One side's yes or no to the introduction under one revision of the fee; never changed, a later answer is a new row. A no carries a code."""

    __tablename__ = "consent"

    id: Mapped[Key]
    deal_id: Mapped[int] = mapped_column(ForeignKey("deal.id"))
    side: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    fee_id: Mapped[int] = mapped_column(ForeignKey("broker_fee.id"), index=True)
    agreed: Mapped[bool]
    code: Mapped[str | None] = mapped_column(String(24))
    text: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]

    deal: Mapped[Deal] = relationship()
    fee: Mapped[BrokerFee] = relationship()
    person: Mapped[Person] = relationship()

    __table_args__ = (
        CheckConstraint("side in ('firm', 'holder')", name="side"),
        CheckConstraint("agreed = (code is null)", name="code"),
        CheckConstraint(f"code is null or code in ({', '.join(repr(code) for code in DECLINE_CODES)})", name="known_code"),
        Index("ix_consent_deal_id_id", "deal_id", "id"),
    )
