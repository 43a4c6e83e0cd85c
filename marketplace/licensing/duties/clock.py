"""The clock of a notice: so many whole days after the day of publication, without those on which an objection was open. Pure.

The day of publication does not count (Civil Code, article 201); the last day counts to its end (article 203), and is not moved
when it is a holiday, because the rules of notices count calendar days. A day that an objection touches does not count, from the day
on which it came to the day of its answer, so that whoever reads the notice always has the full number of undisturbed days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stop:
    """Days that do not count, both ends included; `last` is None while the objection is open."""

    first: date
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How the clock stands at the beginning of a day.

    `run` and `left` are days that have counted and that still have to; `last` is the last day of the notice, None while an open
    objection stops it; `over` says that the last day has passed.
    """

    run: int
    left: int
    last: date | None
    stopped: bool
    over: bool


def _merged(stops: Iterable[Stop]) -> list[tuple[date, date]]:
    """The days of all stops as intervals that neither overlap nor touch, in order; an open one lasts for ever."""
    found: list[tuple[date, date]] = []
    for first, last in sorted((stop.first, stop.last or date.max) for stop in stops):
        if found and first <= found[-1][1] + (DAY if found[-1][1] < date.max else timedelta(0)):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def counted(published: date, through: date, stops: Iterable[Stop]) -> int:
    """How many days count from the one after publication to this one, both included."""
    if through <= published:
        return 0
    lost = sum(max(0, (min(last, through) - max(first, published + DAY)).days + 1) for first, last in _merged(stops))
    return (through - published).days - lost


def last_day(published: date, days: int, stops: Iterable[Stop]) -> date | None:
    """The day with which the notice ends; None while an open objection stops it."""
    day, left = published, days
    for first, last in _merged(stops):
        free = max(0, (first - DAY - day).days)
        if free >= left:
            break
        day, left = max(day, last), left - free
        if day == date.max:
            return None
    return day + left * DAY


def read(published: date, days: int, stops: Iterable[Stop], today: date) -> Reading:
    """The clock as of the beginning of a day. The same publication, days and stops in any order give the same reading."""
    stops = tuple(stops)
    last = last_day(published, days, stops)
    run = min(days, counted(published, today - DAY, stops))
    return Reading(run, days - run, last, last is None, last is not None and today > last)
