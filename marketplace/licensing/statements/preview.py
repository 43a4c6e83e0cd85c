"""What a statement will change, before it is sent: the schedule with it beside the schedule without it.

The same function that will count the statement counts it here, so that what is shown and what is owed afterwards cannot differ but
by what happens in between. The `digest` stands for everything that was shown; whoever sends gives it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from marketplace.errors import N_, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement
from marketplace.licensing.operations import MOST as MOST_MINOR
from marketplace.terms.payment import Terms
from marketplace.terms.reading import TermsError
from marketplace.terms.royalty import Period
from marketplace.terms.schedule import Obligation, Schedule

MOST = MOST_MINOR // 100  # in the major unit, or of units sold
NO_PERIOD = N_("No period of this agreement begins on this day.")


@dataclass(frozen=True)
class Change:
    """One obligation that is owed otherwise with the statement than without; `before` is none where it was not listed."""

    before: Obligation | None
    after: Obligation

    @property
    def was(self) -> Decimal | None:
        """What was owed without the statement; none while nothing had triggered it."""
        return self.before.amount if self.before and self.before.trigger else None


@dataclass(frozen=True)
class Preview:
    """The effect of a statement on a day: what changes, the sums before and after, and what is left under the cap."""

    day: date
    period: Period
    terms: Terms
    without: Schedule
    schedule: Schedule
    changes: tuple[Change, ...]
    digest: str

    @property
    def cap_left(self) -> Decimal | None:
        """How much all later fees together can still come to; none without a cap."""
        return None if self.terms.cap_total is None else self.terms.cap_total - self.schedule.totals.fees

    @property
    def year_so_far(self) -> Decimal:
        """The royalties of the calendar year to which the period belongs, stated so far, this one included."""
        firsts = {f"royalty:{one.first}" for one in self.schedule.periods if one.last.year == self.period.last.year}
        return sum((one.amount or Decimal(0) for one in self.schedule.obligations if one.id in firsts), Decimal(0))


def period_of(agreement: Agreement, first: date, day: date) -> Period:
    """The period that begins on a day, as known on another. Raises `Refused`."""
    for one in ledger.schedule_of(agreement, day).periods:
        if one.first == first:
            return one
    raise Refused(NO_PERIOD, field="period")


def written(first: date, day: date, values: dict[str, Any]) -> dict[str, Any]:
    """A statement as the event of terms.md."""
    return {"type": "statement", "date": day.isoformat(), "period": first.isoformat(), **values}


def preview(agreement: Agreement, first: date, values: dict[str, Any], at: datetime) -> Preview:
    """What the statement changes if it is sent at this moment; of a period that goes on, what it would change on its last day.

    Raises `Refused` with the field of the figure that the schedule does not accept (`gross`, `deductions.freight`, …).
    """
    today = ledger.day_of(agreement, at)
    period = period_of(agreement, first, today)
    day = max(today, period.last)
    try:
        without = ledger.schedule_of(agreement, day)
        then = ledger.schedule_of(agreement, day, also=[written(first, day, values)])
    except TermsError as error:
        raise Refused(error.message, field=error.path.rpartition("].")[2] or "period", **error.values) from error
    check_reach({"": values}, without, then)
    changes = _changes(without, then)
    return Preview(day, period, ledger.terms_of(agreement), without, then, changes, _digest(period, values, changes, then))


def check_reach(found: Mapping[str, dict[str, Any]], without: Schedule, then: Schedule) -> None:
    """Refuse figures, by what their fields' names begin with, that the schedule reads and that fit no column, or whose fees would not: beside the first."""
    figures: list[tuple[str, str]] = []
    for begins, values in found.items():
        figures += [(f"{begins}{name}", text) for name, text in values.items() if name != "deductions"]
        figures += [(f"{begins}deductions.{name}", text) for name, text in values.get("deductions", {}).items()]
    beyond = [name for name, text in figures if abs(Decimal(text)) > MOST] or [name for name, _text in figures if then.totals.fees - without.totals.fees > MOST]
    if beyond:
        raise Refused(N_("Amounts on this site end at %(most)s."), field=beyond[0], most=MOST)


def _changes(without: Schedule, then: Schedule) -> tuple[Change, ...]:
    known = {one.id: one for one in without.obligations}
    found = []
    for after in then.obligations:
        before = known.get(after.id)
        if before is None or _owed(before) != _owed(after):
            found.append(Change(before, after))
    return tuple(found)


def _owed(one: Obligation) -> tuple[Any, ...]:
    return one.amount, one.due, one.trigger is None, one.state == "void"


def _digest(period: Period, values: dict[str, Any], changes: tuple[Change, ...], then: Schedule) -> str:
    """The hash of everything about money and days that was shown; the day of sending itself is not of it."""
    shown = [
        period.first, period.last, values, then.totals.fees,
        [(one.after.id, one.was, one.after.amount, one.after.due) for one in changes],
    ]
    return hashlib.sha256(json.dumps(shown, default=str, sort_keys=True).encode()).hexdigest()
