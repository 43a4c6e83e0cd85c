"""What is owed under an agreement as plain figures over time: a lane for each kind of obligation, a mark for each day; a template writes the SVG. Pure.

A mark's shape says its state, and each lane says in words the state that matters most in it, so that nothing rests on colour.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from marketplace.drawing import NARROW, Axis, Rows, wide

WIDTH, LEFT, RIGHT = 340, 10, 330
FLAG, SPAN, NAME, STEP, BELOW = 14, 20, 18, 15, 22
"""Heights: of a row of flags, of a stretch of time, of a lane's name, of a row of marks, of what stands below the last lane."""

SIZE = 6.0
URGENT = ("overdue", "open", "pending", "paid", "void")
"""The states, the one first that a lane is called by."""

MONTHS = (1, 3, 6, 12, 24, 60, 120, 240)
MOST_YEARS, MOST_MONTHS = 7, 4  # ticks: "2026" is shorter than "2026-11"


class Owed(Protocol):
    """What is drawn of an obligation."""

    kind: str
    state: str
    due: date | None
    expected: date | None


@dataclass(frozen=True, slots=True)
class Mark:
    """One obligation at its day: `sure` where that is the day it is due, else the first on which it is expected."""

    owed: Owed
    x: float
    y: float
    sure: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One kind of obligation: the line of its name, its marks, how far it reaches down, and its most urgent state with how many have it."""

    kind: str
    y: float
    bottom: float
    marks: tuple[Mark, ...]
    state: str
    count: int


@dataclass(frozen=True, slots=True)
class Flag:
    """A day that concerns all lanes: today, the end of the agreement; its text stands beside the line, on the side where there is room."""

    x: float
    y: float
    text: str
    anchor: str
    name: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time: the trial, the time to decide; its text stands inside where there is room, else beside it."""

    first: date
    last: date
    x: float
    width: float
    y: float
    text: str
    text_x: float
    anchor: str
    name: str

    @property
    def inside(self) -> bool:
        """Whether its text stands inside."""
        return self.x < self.text_x < self.x + self.width


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a picture; `undated` obligations have no day yet and stand in the table alone."""

    lanes: tuple[Lane, ...]
    flags: tuple[Flag, ...]
    spans: tuple[Span, ...]
    ticks: tuple[tuple[float, str], ...]
    undated: int
    top: float
    bottom: float
    height: float
    width: int = WIDTH
    size: float = SIZE


def draw(
    obligations: Sequence[Owed], flags: Sequence[tuple[str, date, str]], spans: Sequence[tuple[str, date, date, str]] = ()
) -> Drawing | None:
    """The picture of obligations; `flags` are (name, day, text), the most important first, `spans` (name, first day, last day, text). None where
    there is neither an obligation with a day nor a span."""
    dated = [(day, one) for one in obligations if (day := one.due or one.expected)]
    if not dated and not spans:
        return None
    days = [day for day, _ in dated] + [day for _, day, _ in flags] + [day for _, first, last, _ in spans for day in (first, last)]
    axis = Axis(min(days).toordinal(), max(days).toordinal(), LEFT + SIZE, RIGHT - SIZE)
    drawn, top = _flags(flags, axis)
    stretches = tuple(_spans(spans, axis, top))
    top += SPAN * len(stretches)
    lanes = tuple(_lanes(dated, axis, top))
    bottom = lanes[-1].bottom if lanes else top
    return Drawing(lanes, drawn, stretches, tuple(_ticks(min(days), max(days), axis)), len(obligations) - len(dated), top, bottom, bottom + BELOW)


def _lanes(dated: Sequence[tuple[date, Owed]], axis: Axis, top: float) -> Iterator[Lane]:
    kinds: dict[str, list[tuple[date, Owed]]] = defaultdict(list)
    for day, one in sorted(dated, key=lambda pair: pair[0]):
        kinds[one.kind].append((day, one))
    y = top
    for kind, rows in kinds.items():
        places = Rows([float(-WIDTH)])
        marks = tuple(_marks(rows, axis, y + NAME, places))
        bottom = y + NAME + STEP * len(places.ends) + 4
        state = min((one.state for _, one in rows), key=URGENT.index)
        yield Lane(kind, y + NAME - 4, bottom, marks, state, sum(one.state == state for _, one in rows))
        y = bottom


def _marks(rows: Iterable[tuple[date, Owed]], axis: Axis, top: float, places: Rows) -> Iterator[Mark]:
    for day, one in rows:
        x = axis.at(day.toordinal())
        place = places.place(x - SIZE, 2 * SIZE, 0)
        if place is None:
            places.ends.append(x + SIZE)
            place = len(places.ends) - 1
        yield Mark(one, x, top + STEP * place + STEP / 2, one.due is not None)


def _flags(flags: Sequence[tuple[str, date, str]], axis: Axis) -> tuple[tuple[Flag, ...], float]:
    """The flags, each text in a row of its own, and where the lanes begin."""
    found = []
    for row, (name, day, text) in enumerate(flags):
        x = axis.at(day.toordinal())
        right = x + 4 + wide(text) > WIDTH
        found.append(Flag(x, FLAG * (row + 1) - 3, text, "end" if right else "start", name))
    return tuple(found), float(FLAG * len(flags) + 4)


def _spans(spans: Sequence[tuple[str, date, date, str]], axis: Axis, top: float) -> Iterator[Span]:
    """The stretches of time, each in a row of its own."""
    for row, (name, first, last, text) in enumerate(spans):
        x, end = axis.at(first.toordinal()), axis.at(last.toordinal())
        if end - x >= wide(text) + 8:
            text_x, anchor = x + 4, "start"
        elif end + 4 + wide(text) <= WIDTH:
            text_x, anchor = end + 4, "start"
        else:
            text_x, anchor = x - 4, "end"
        yield Span(first, last, x, end - x, top + SPAN * row + 2, text, text_x, anchor, name)


def _ticks(first: date, last: date, axis: Axis) -> Iterator[tuple[float, str]]:
    """The first days of months or years below the axis, as many as are easily read."""
    begin, end = first.year * 12 + first.month, last.year * 12 + last.month - 1
    step = next((step for step in MONTHS if (end - begin) // step < (MOST_YEARS if step >= 12 else MOST_MONTHS)), MONTHS[-1])
    for month in range(-(-begin // step) * step, end + 1, step):
        text = f"{month // 12}" if step >= 12 else f"{month // 12}-{month % 12 + 1:02}"
        x = axis.at(date(month // 12, month % 12 + 1, 1).toordinal())
        if x + len(text) * NARROW <= WIDTH:
            yield x, text
