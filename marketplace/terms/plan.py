"""What is assumed about an agreement before anybody signs: when it begins, what is sold, what is decided when.

Sales are given per calendar quarter, the first being the rest of the quarter in which the agreement begins. `Sales`
spreads them evenly over the days, so that a royalty period of any length, also one that a trial or a buy-out cuts, gets
its part: the parts are differences of one rounded running total, so that they always add up to what was assumed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from itertools import accumulate

from marketplace.terms.payment import NOTHING, add_months

MOST_QUARTERS = 400
"""The longest table of sales: a hundred years."""

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Digits kept while a quarter is divided into days: more than any figure of the simulator has."""

DECISIONS = ("convert", "decline", "silence")

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """What both sides assume beside the sales. Amounts are in the currency of the terms.

    `quarters` is how many calendar quarters the table has and, where the terms name no earlier end, how long the
    agreement is looked at. `margin` is what the licensee keeps of the base of the royalty before the fees: a share of
    net sales, an amount of each unit; of a profit it keeps all. Months count from the start; None is never, and for
    the decision of a trial the day on which the trial ends. `buyout_quarter` counts from 1.
    """

    start: date
    quarters: int
    margin: Decimal = NOTHING
    investment: Decimal = NOTHING
    decision: str = "convert"
    decision_month: int | None = None
    milestone_months: tuple[int | None, ...] = ()
    condition_months: tuple[int | None, ...] = ()
    buyout_quarter: int | None = None

    @property
    def last(self) -> date:
        """The last day of the last quarter of the table."""
        return end_of(add_months(quarter_of(self.start), 3 * (self.quarters - 1)))


def quarter_of(day: date) -> date:
    """The first day of the calendar quarter."""
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def end_of(quarter: date) -> date:
    """The last day of the quarter that begins on this day."""
    return add_months(quarter, 3) - DAY


def quarters(first: date, last: date) -> Iterator[date]:
    """The first days of the calendar quarters from the one of a day to the one of another."""
    quarter = quarter_of(first)
    while quarter <= last:
        yield quarter
        quarter = add_months(quarter, 3)


class Sales:
    """Sales per quarter, spread over the days from the start to the last day of use."""

    def __init__(self, plan: Plan, figures: Sequence[Decimal], last: date, quantum: Decimal) -> None:
        """`figures` has one member a quarter of the plan; `quantum` is the finest step of a figure (0.01 for yuan)."""
        self.last = last
        self.quantum = quantum
        self.figures = figures
        first = quarter_of(plan.start)
        self._starts = [max(plan.start, add_months(first, 3 * number)) for number in range(len(figures))]
        self._after = add_months(first, 3 * len(figures))
        self._before = [NOTHING, *accumulate(figures, EXACT.add)]

    def up_to(self, day: date) -> Decimal:
        """All that is sold up to and including a day, rounded half-up to the quantum."""
        day = min(day, self.last)
        number = bisect_right(self._starts, day) - 1
        if number < 0:
            return NOTHING
        first, after = self._starts[number], self._starts[number + 1] if number + 1 < len(self._starts) else self._after
        days, elapsed = (after - first).days, (day - first).days + 1
        part = self.figures[number]
        if elapsed < days:
            part = EXACT.divide(EXACT.multiply(part, elapsed), days)
        return EXACT.quantize(EXACT.add(self._before[number], part), self.quantum)

    def parts(self, spans: Iterable[tuple[date, date]]) -> Iterator[Decimal]:
        """What is sold in each span of days, from the first to the last included."""
        seen, sold = date.min, NOTHING
        for first, last in spans:
            before = sold if first - DAY == seen else self.up_to(first - DAY)
            seen, sold = last, self.up_to(last)
            yield sold - before

    def first_day(self) -> date | None:
        """The first day of the first quarter in which anything is sold while the technology is in use."""
        found = next((start for start, figure in zip(self._starts, self.figures, strict=True) if figure > 0), None)
        return found if found and found <= self.last else None
