"""When a facility is open, on the clock of its place: reading what was typed, and whether a span may be booked. Pure.

Hours are kept as the day of the week ("0" is Monday) → spans of ["08:30", "17:00"]; "24:00" is the end of a day. A booking begins and ends
within opening hours, and may go through nights, but through no day on which the place is shut: such a booking is two.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = 7
DAY = 24 * 60  # minutes
LONGEST = 60  # days of one booking

Hours = Mapping[str, Sequence[Sequence[str]]]
Span = tuple[datetime, datetime]

_SPAN = re.compile(r"(\d{1,2})[:：](\d{2})\s*[-–—~～至]\s*(\d{1,2})[:：](\d{2})")
_BETWEEN = re.compile(r"[,，;；、\s]*")


def minutes(clock: str) -> int:
    """Minutes since midnight of "08:30"."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def read_hours(text: str) -> list[list[str]]:
    """The spans of one day as typed ("8:30-12:00, 13:30-17:00"); none for nothing. Raises `ValueError` where it is not understood."""
    rest, found = text.strip(), []
    while rest:
        match = _SPAN.match(rest)
        if match is None:
            raise ValueError(text)
        begin, end = (f"{int(match[at]):02d}:{match[at + 1]}" for at in (1, 3))
        if int(match[2]) > 59 or int(match[4]) > 59 or not minutes(begin) < minutes(end) <= DAY or (found and minutes(begin) < minutes(found[-1][1])):
            raise ValueError(text)
        found.append([begin, end])
        rest = rest[match.end():]
        rest = rest[_BETWEEN.match(rest).end():]  # type: ignore[union-attr]
    return found


def said(spans: Sequence[Sequence[str]]) -> str:
    """The spans of one day as people read and type them."""
    return ", ".join(f"{begin}–{end}" for begin, end in spans)


def spans_of(hours: Hours, closed: Collection[str], day: date) -> list[tuple[int, int]]:
    """When it is open on a day, in minutes since midnight."""
    if day.isoformat() in closed:
        return []
    return [(minutes(begin), minutes(end)) for begin, end in hours.get(str(day.weekday()), ())]


def refusal(hours: Hours, closed: Collection[str], zone: str, starts: datetime, ends: datetime) -> str | None:
    """Why a span cannot be booked: "order", "long", "begins" or "ends" outside opening hours, "closed" on a day between; None where it can."""
    if not starts < ends:
        return "order"
    if ends - starts > timedelta(days=LONGEST):
        return "long"
    first, last = (moment.astimezone(ZoneInfo(zone)) for moment in (starts, ends))
    last_day, last_minute = last.date(), last.hour * 60 + last.minute
    if last_minute == 0:
        last_day, last_minute = last_day - timedelta(days=1), DAY
    begin = first.hour * 60 + first.minute
    if not any(low <= begin < high for low, high in spans_of(hours, closed, first.date())):
        return "begins"
    if not any(low < last_minute <= high for low, high in spans_of(hours, closed, last_day)):
        return "ends"
    between = (first.date() + timedelta(days=number) for number in range(1, (last_day - first.date()).days))
    return "closed" if any(not spans_of(hours, closed, day) for day in between) else None


def today(zone: str, at: datetime) -> date:
    """Which day it is at a place."""
    return at.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True)
class Day:
    """One day of a calendar on the clock of the place: when it is open, and which spans are taken, as people read them."""

    day: date
    open: str
    taken: tuple[str, ...]


def calendar(hours: Hours, closed: Collection[str], zone: str, taken: Sequence[Span], first: date, days: int) -> list[Day]:
    """The days of a calendar from `first` on, with the parts of the spans taken that fall on each."""
    found = []
    local = [tuple(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in span) for span in taken]
    for number in range(days):
        day = first + timedelta(days=number)
        midnight = datetime.combine(day, time())
        parts = [(max(begin, midnight), min(end, midnight + timedelta(days=1))) for begin, end in local]
        told = tuple(f"{begin:%H:%M}–{'24:00' if end.date() > day else f'{end:%H:%M}'}" for begin, end in sorted(parts) if begin < end)
        kept = [] if day.isoformat() in closed else hours.get(str(day.weekday()), ())
        found.append(Day(day, said(kept), told))
    return found
