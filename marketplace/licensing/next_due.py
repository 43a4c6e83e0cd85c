"""What of an agreement is due first: money, a statement, or the decision on the trial; said by codes, so that a page only prints it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

WAITING = ("open", "overdue")
DECIDING = ("on_trial", "awaiting_decision")


class Owed(Protocol):
    """One obligation: its kind, its state, the day, and what is unpaid of it in minor units."""

    kind: str
    state: str
    due: date | None
    unpaid: int


class Standing(Protocol):
    """Where an agreement stands."""

    status: str
    next_due: date | None
    statement_due: date | None
    statements_overdue: int
    window_end: date | None


@dataclass(frozen=True)
class Due:
    """What comes first. `what`: "obligation" (of `kind`, with the `amount` in minor units where money is owed), "statement", "decision", "day" (a day
    of which nothing more is known), "later" (something waits for an event), "nothing"."""

    what: str
    day: date | None = None
    late: bool = False
    kind: str | None = None
    amount: int | None = None


def due_next(standing: Standing, owed: Iterable[Owed]) -> Due:
    """What is due first, by the day; where two fall on one day, money before a statement before the decision."""
    rows, day = list(owed), standing.next_due
    first = next((row for row in rows if day and row.state in WAITING and row.due and row.due <= day), None)
    if first is not None:
        amount = first.unpaid if first.unpaid and first.kind != "non_use_certificate" else None
        return Due("obligation", first.due, first.state == "overdue", first.kind, amount)
    if standing.statement_due and standing.statement_due == day:
        return Due("statement", day, bool(standing.statements_overdue))
    if standing.window_end and standing.status in DECIDING:
        return Due("decision", standing.window_end)
    if day:
        return Due("day", day)
    return Due("later" if any(row.state == "pending" for row in rows) else "nothing")
