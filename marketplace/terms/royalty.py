"""Royalty by period: which periods there are, what their statements make of them, and the minimum of each year.

Source of the rules: terms.md "royalty" and "Events". Amounts are whole numbers throughout: bases, bounds and rates are scaled by
powers of ten until nothing is behind the point, so that nothing is rounded but the obligation itself, half away from zero.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import isleap, monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from marketplace.errors import N_
from marketplace.terms.course import DAY, Course, add_days
from marketplace.terms.events import Event
from marketplace.terms.fees import Because, Claim
from marketplace.terms.payment import EXACT, MINOR_UNITS, NOTHING, Royalty, to_minor

MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A royalty period as known on a day; `stated` is the place of the statement in force, `base` the figure it gives."""

    first: date
    last: date
    statement_due: date
    stated: int | None = None
    base: Decimal | None = None


def block(day: date, length: str) -> tuple[date, date]:
    """The first and the last day of the calendar's month, quarter, half or year around a day."""
    months = MONTHS[length]
    first = (day.month - 1) // months * months + 1
    last = first + months - 1
    return date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1])


def half_up(numerator: int, denominator: int) -> int:
    """The quotient of two numbers that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)


def scale(*values: Decimal) -> int:
    """The decimal places that the finest of the values has."""
    return max((-int(value.as_tuple().exponent) for value in values), default=0)


def scaled(value: Decimal, places: int) -> int:
    """A value without its point, exact where it has no more places than these."""
    return int(value.scaleb(places, EXACT))


def base_of(event: Event) -> Decimal:
    """The figure of a statement on which royalty is computed."""
    if event.gross is not None:
        net = event.gross
        for amount in event.deductions.values():
            net = EXACT.subtract(net, amount)
        return max(net, NOTHING)
    return max(event.profit if event.profit is not None else event.units or NOTHING, NOTHING)


class _Rate:
    """The royalty on a stretch of the cumulative base, in whole numbers: `owed(low, high) / unit` is in minor units."""

    def __init__(self, royalty: Royalty, currency: str, bases: Sequence[Decimal]) -> None:
        minor = MINOR_UNITS[currency]
        rates = [tier.rate for tier in royalty.tiers] or [royalty.per_unit or NOTHING]
        fine = scale(*rates)
        self.places = max(minor, scale(royalty.threshold, *bases))
        self.unit = 10 ** (fine + self.places - minor)
        self.rates = [scaled(rate, fine) for rate in rates]
        self.threshold = scaled(royalty.threshold, self.places)
        self.bounds = [scaled(tier.upto, self.places) for tier in royalty.tiers if tier.upto is not None]
        self.below = [0]
        for bound, before, rate in zip(self.bounds, [0, *self.bounds], self.rates, strict=False):
            self.below.append(self.below[-1] + (bound - before) * rate)

    def upto(self, base: int) -> int:
        """What is owed on the whole base from nothing."""
        tier = bisect_left(self.bounds, base)
        return self.below[tier] + (base - (self.bounds[tier - 1] if tier else 0)) * self.rates[tier]


class Royalties:
    """The royalty of an agreement over all its statements, which come in order; refuses one for a period that is none."""

    def __init__(self, royalty: Royalty, course: Course, statements: Sequence[Event]) -> None:
        self.royalty = royalty
        self.course = course
        self.versions: dict[date, list[Event]] = {}
        self.last: dict[date, date] = {}
        for event in statements:
            self._take(event)
        self.dates = [event.date for event in statements]
        self.firsts = {first: first.isoformat() for first in sorted(self.versions)}
        self.figures = {event.place: base_of(event) for event in statements}
        self.rate = _Rate(royalty, course.terms.currency, list(self.figures.values()))
        self.bases = {place: scaled(figure, self.rate.places) for place, figure in self.figures.items()}
        self.minimum = to_minor(royalty.minimum_per_year, course.terms.currency) or 0
        self._counted, self._amounts = -1, dict[str, int]()

    def _take(self, event: Event) -> None:
        assert event.period, "a statement names its period"
        last = self.period(event.period, event.date)
        if last is None or last > event.date:
            event.refuse(N_("No period that has ended begins on this day."), "period")
        self.versions.setdefault(event.period, []).append(event)
        self.last[event.period] = last

    def period(self, first: date, day: date) -> date | None:
        """The last day of the period that begins on `first`, as known on a day; None where no period begins."""
        start = self.course.accrual_start()
        if start is None or first < start:
            return None
        begin, end = block(first, self.royalty.period)
        last = min(end, self.course.accrual_end(day))
        return last if first in (begin, start) and first <= last else None

    def begun(self, day: date) -> Iterator[tuple[date, date]]:
        """First and last day of each period whose accrual has begun by a day, as known then."""
        first = self.course.accrual_start()
        stop = self.course.accrual_end(day)
        while first is not None and first <= min(stop, day):
            end = block(first, self.royalty.period)[1]
            yield first, min(end, stop)
            first = end + DAY if end < date.max else None

    def statement_due(self, last: date) -> date:
        """The day by which the statement for a period with this last day is due."""
        return add_days(last, self.royalty.statement_days, "terms.royalty.statement_days")

    def in_force(self, first: date, day: date) -> Event | None:
        """The statement for a period that was in force on a day."""
        versions = self.versions.get(first, ())
        if versions and versions[-1].date <= day:
            return versions[-1]
        found = None
        for event in versions:
            if event.date > day:
                break
            found = event
        return found

    def amounts(self, day: date) -> dict[str, int]:
        """The royalty of each period stated by a day, by its first day as text, before any cap, on the statements then in force."""
        counted = bisect_right(self.dates, day)
        if counted != self._counted:
            self._counted, self._amounts = counted, dict(self._computed(day))
        return self._amounts

    def _computed(self, day: date) -> Iterator[tuple[str, int]]:
        """Marginal on the cumulative base of the scope, the periods stated so far in the order of the calendar."""
        rate, threshold, yearly = self.rate, self.rate.threshold, self.royalty.tier_scope == "year"
        lifetime = scope = below = year = 0
        for first, own in self.firsts.items():
            event = self.in_force(first, day)
            if event is None:
                continue
            if yearly and first.year != year:
                scope, below, year = 0, 0, first.year
            base = self.bases[event.place]
            if lifetime < threshold:
                below = rate.upto(scope + min(threshold - lifetime, base))
            lifetime, scope = lifetime + base, scope + base
            upto = rate.upto(scope)
            yield own, half_up(upto - below, rate.unit)
            below = upto

    def claims(self) -> Iterator[Claim]:
        """The claim of each period that was stated, whose trigger is the first statement for it."""
        for first, own in self.firsts.items():
            event = self.versions[first][0]
            trigger = self.course.held(event.date)
            claim = Claim("royalty", own, Because("terms.royalty", "statement", event.date, "statement"), None)
            if trigger:
                due = self.statement_due(self.last[first])
                claim.trigger = claim.known = trigger
                claim.due = add_days(max(due, self.course.held(due) or due), self.royalty.payment_days, "terms.royalty.payment_days")
            yield claim

    def years(self, day: date) -> Iterator[tuple[int, date, date]]:
        """Each year in which accrual has begun by a day, with its first and last day of accrual as known then."""
        start, stop = self.course.accrual_start(), self.course.accrual_end(day)
        if start is not None and start <= stop:
            for year in range(start.year, min(day, stop).year + 1):
                first, last = max(start, date(year, 1, 1)), min(stop, date(year, 12, 31))
                if first <= day:
                    yield year, first, last

    def minimums(self, royalties: Sequence[Claim]) -> Iterator[Claim]:
        """The claim of the minimum of each year all of whose periods are stated."""
        if not self.minimum:
            return
        by_year: dict[int, list[Claim]] = {}
        for claim in royalties:
            if claim.trigger:
                by_year.setdefault(date.fromisoformat(claim.own).year, []).append(claim)
        stop = self.course.accrual_end(date.max)
        for year, stated in by_year.items():
            start = max(self.course.accrual_start() or date.max, date(year, 1, 1))
            last = min(stop, date(year, 12, 31))
            if len(stated) == self._periods(start, last):
                yield self._minimum(year, start, last, stated)

    def _periods(self, first: date, last: date) -> int:
        """How many periods lie between two days of one year."""
        months = MONTHS[self.royalty.period]
        return (last.month - 1) // months - (first.month - 1) // months + 1

    def _minimum(self, year: int, first: date, last: date, stated: Sequence[Claim]) -> Claim:
        days, whole = (last - first).days + 1, 365 + isleap(year)
        known = max(claim.known for claim in stated if claim.known)
        because = Because(
            "terms.royalty.minimum_per_year", "statement", known, "minimum", ("prorated",) if days < whole else (), {"days": days, "whole": whole}
        )
        return Claim(
            "minimum", f"{year:04}", because, half_up(self.minimum * days, whole), self.course.held(last),
            max(claim.due for claim in stated if claim.due), known,
        )
