"""What each side has agreed to: the fee on the table, the fee in force, and who has said yes to the introduction."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.db import session
from marketplace.deals.fees.models import BrokerFee
from marketplace.deals.introduction.models import Consent
from marketplace.deals.models import Deal

ASKED = ("firm", "holder")


def fees_of(deal: Deal) -> list[BrokerFee]:
    """Every revision of the deal's fee, newest first."""
    return list(session.scalars(select(BrokerFee).where(BrokerFee.deal_id == deal.id).order_by(BrokerFee.revision.desc())))


def fee_on_table(deal: Deal) -> BrokerFee | None:
    """The newest revision: what the sides are asked to agree to."""
    return session.scalar(select(BrokerFee).where(BrokerFee.deal_id == deal.id).order_by(BrokerFee.revision.desc()).limit(1))


def answers_to(fee: BrokerFee | None) -> dict[str, Consent]:
    """Side → its newest answer to this revision; an answer to another one counts no longer."""
    if fee is None:
        return {}
    rows = session.scalars(select(Consent).where(Consent.fee_id == fee.id).order_by(Consent.id))
    return {row.side: row for row in rows}


def agreed_by_both(fee: BrokerFee | None) -> bool:
    """Whether both sides have said yes to this revision."""
    answers = answers_to(fee)
    return all(side in answers and answers[side].agreed for side in ASKED)


def fee_in_force(deal: Deal) -> BrokerFee | None:
    """The newest revision that both sides have agreed to. After the introduction a waiver needs nobody's yes: nobody is worse off."""
    for fee in fees_of(deal):
        if agreed_by_both(fee) or (fee.kind == "none" and deal.was_introduced):
            return fee
    return None
