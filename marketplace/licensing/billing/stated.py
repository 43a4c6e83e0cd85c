"""What an invoice says of the figures behind an obligation: the period of a royalty or minimum, and the base it was computed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select

from marketplace.db import session
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, Obligation
from marketplace.terms.payment import from_minor
from marketplace.terms.schedule import Schedule


@dataclass(frozen=True)
class Stated:
    """A period and a base: the figures of the statement as it was sent, and the figure on which royalty is computed; texts of exact decimals."""

    first: date | None = None
    last: date | None = None
    base: dict[str, Any] | None = None


def base_of(agreement: Agreement, obligation: Obligation, day: date) -> Stated:
    """The period and base of a royalty or a minimum as known on a day; nothing for a fixed fee."""
    if obligation.kind not in ("royalty", "minimum"):
        return Stated()
    answer = ledger.schedule_of(agreement, day)
    own = obligation.key.partition(":")[2]
    return _of_royalty(agreement, answer, own) if obligation.kind == "royalty" else _of_minimum(agreement, answer, own, obligation.currency)


def _of_royalty(agreement: Agreement, answer: Schedule, own: str) -> Stated:
    period = next(one for one in answer.periods if one.first.isoformat() == own)
    terms = ledger.terms_of(agreement)
    kind = terms.royalty.base if terms.royalty else ""
    if period.stated is None:
        return Stated(period.first, period.last)
    figures = ledger.standing_events(agreement)[period.stated].values
    shown = {name: figures[name] for name in ("gross", "deductions", "profit", "units") if name in figures}
    return Stated(period.first, period.last, {"kind": kind, "figure": f"{period.base:f}", **shown})


def _of_minimum(agreement: Agreement, answer: Schedule, own: str, currency: str) -> Stated:
    periods = [one for one in answer.periods if one.first.year == int(own)]
    terms = ledger.terms_of(agreement)
    minimum = terms.royalty.minimum_per_year if terms.royalty else None
    year = Obligation.key.between(f"royalty:{own}-01-01", f"royalty:{own}-12-31")
    royalties = session.scalar(select(func.coalesce(func.sum(Obligation.amount), 0)).where(Obligation.agreement_id == agreement.id, year)) or 0
    base = {"kind": "minimum", "figure": f"{minimum:f}", "royalties": f"{from_minor(int(royalties), currency):f}"}
    return Stated(min(one.first for one in periods), max(one.last for one in periods), base)
