"""What must be so before a deal takes a step: consents, NDAs, money. Who may take it stands in `Deal.TRANSITIONS`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from marketplace.db import session
from marketplace.deals.consents import agreed_by_both, fee_on_table
from marketplace.deals.models import Deal
from marketplace.errors import N_, Refused
from marketplace.licensing.ledger import standing_events
from marketplace.people.models import AccessGrant

OVER = ("declined", "lapsed", "bought_out", "terminated", "ended")
"""What an agreement's standing says when nothing more will come of it."""


def _introduced(deal: Deal, _moment: datetime) -> str | None:
    if fee_on_table(deal) is None:
        return N_("Say first what your fee is, or that there is none: both sides read it before the introduction.")
    if not agreed_by_both(fee_on_table(deal)):
        return N_("Both sides have to agree to the introduction first, under the fee as it stands now.")
    return None


def _protected(deal: Deal, _moment: datetime) -> str | None:
    return None if deal.nda_required else N_("This deal needs no NDA: go on to the evaluation.")


def _evaluated(deal: Deal, moment: datetime) -> str | None:
    if not deal.nda_required:
        return None
    if deal.state == "introduced":
        return N_("This deal needs an NDA first.")
    if not nda_signed(deal, moment):
        return N_("Access to what is blind has not been granted yet: it is asked for and granted on the page of the listing, with the NDA signed by both.")
    return None


def nda_signed(deal: Deal, moment: datetime) -> bool:
    """Whether each side has access to what is blind of the other's; a grant waits until both have signed the NDA where one is required."""
    asked = [(deal.technology, deal.firm_id)] + ([(deal.need, deal.holder_id)] if deal.need else [])
    return all(_granted(listing.__tablename__, listing.id, house, moment) for listing, house in asked if listing.visibility == "blind")


def _granted(noun: str, key: int, house: int, moment: datetime) -> bool:
    return session.scalar(select(AccessGrant.id).where(AccessGrant.in_force([house], noun, key, moment)).limit(1)) is not None


def _won(deal: Deal, _moment: datetime) -> str | None:
    return None if money_came(deal) else N_("A deal is won when money has come under its agreement, or when the agreement has ended as agreed.")


def money_came(deal: Deal) -> bool:
    """Whether a payment has come under the agreement, or all that was agreed has been done."""
    agreement = deal.agreement
    if agreement is None:
        return False
    ended = agreement.standing is not None and agreement.standing.status in ("bought_out", "ended")
    return ended or any(event.type == "payment" for event in standing_events(agreement))


def _lost(deal: Deal, _moment: datetime) -> str | None:
    agreement = deal.agreement
    if agreement is None or agreement.state != "countersigned" or (agreement.standing and agreement.standing.status in OVER):
        return None
    return N_("The agreement is in force: it has to end before the deal can be given up.")


CONDITIONS: dict[str, Callable[[Deal, datetime], str | None]] = {
    "introduce": _introduced, "protect": _protected, "evaluate": _evaluated, "win": _won, "lose": _lost,
}


def lacking(deal: Deal, verb: str, moment: datetime) -> str | None:
    """What is missing for the step, as a message id; None when nothing is."""
    condition = CONDITIONS.get(verb)
    return condition(deal, moment) if condition else None


def refuse_unmet(deal: Deal, verb: str, moment: datetime) -> None:
    """Raise `Refused` with what is missing."""
    missing = lacking(deal, verb, moment)
    if missing is not None:
        raise Refused(missing)
