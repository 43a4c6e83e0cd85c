"""The picture of a projection as plain figures: where lines, bars, ticks and flags stand; a template writes the SVG.

Two panels over one axis of time, because the licensee's cash is often twenty times the institute's: each has bars for the
quarters and a line for the running total, on a scale of its own that is the same in all scenarios. Positions are
floating point numbers: they are pixels, not money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from marketplace.drawing import NARROW, Axis, Rows, wide
from marketplace.terms.simulate import Mark, Projection, Quarter

WIDTH, HEIGHT = 340, 316
LEFT, RIGHT = 44, 334
FLAG_ROWS = (12, 26, 40)
PANELS = {"institute": (66, 162), "licensee": (192, 288)}
UNITS = (100_000_000, 1_000_000, 10_000, 1_000, 1)
"""The units in which a language may write its ticks."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The amounts that one panel spans, in its unit: from the lowest, or 0, up to a tick."""

    low: float
    high: float
    step: float
    unit: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One side: bars as a path, the running total as points, ticks as (y, text), level lines as (kind, y)."""

    side: str
    top: float
    bottom: float
    zero: float
    bars: str
    line: str
    ticks: tuple[tuple[float, str], ...]
    levels: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """A mark on the axis of time; `text` is empty where there is no room, and the list below the picture says it."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of a picture."""

    panels: tuple[Panel, ...]
    flags: tuple[Flag, ...]
    years: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT


def scales(projections: Iterable[Projection], levels: Sequence[Decimal], units: Sequence[int]) -> dict[str, Scale]:
    """A scale for each side that holds all projections, and the levels drawn for the institute."""
    rows = [row for projection in projections for row in projection.quarters]
    return {
        "institute": _scale([row.institute_total for row in rows] + [row.institute for row in rows] + list(levels), units),
        "licensee": _scale([row.licensee_total for row in rows] + [row.licensee for row in rows], units),
    }


def _scale(values: Sequence[Decimal], units: Sequence[int]) -> Scale:
    low, high = min(0.0, float(min(values))), max(0.0, float(max(values)))
    most = max(high, -low) or 1.0
    unit = next((unit for unit in units if most >= unit), 1)
    step = _nice((high - low or 1.0) / unit / 3)
    return Scale(low / unit, _up(high / unit, step) or step, step, unit)


def _nice(least: float) -> float:
    """The next step of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** (len(f"{least:.0f}") - 1)
    while power > least:
        power /= 10
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def _up(value: float, step: float) -> float:
    """The next multiple of a step."""
    return step * -int(-value / step // 1)


def draw(
    projection: Projection, scale: dict[str, Scale], levels: Sequence[tuple[str, Decimal]], say: Callable[[Mark], str]
) -> Drawing:
    """The picture of a projection. `levels` are amounts such as the cap, drawn across the institute's panel; `say` names a mark."""
    rows = projection.quarters
    return Drawing(
        panels=(
            _panel("institute", rows, scale["institute"], levels),
            _panel("licensee", rows, scale["licensee"], ()),
        ),
        flags=tuple(_flags(projection.marks, rows, say)),
        years=tuple(_years(rows)),
    )


def _place(number: float, count: int) -> float:
    """Where on the axis of time a quarter stands, or a part of one."""
    return Axis(0, count, LEFT, RIGHT).at(number)


def _panel(side: str, rows: Sequence[Quarter], scale: Scale, levels: Sequence[tuple[str, Decimal]]) -> Panel:
    top, bottom = PANELS[side]

    def y(amount: float) -> float:
        return round(bottom - (amount / scale.unit - scale.low) / (scale.high - scale.low) * (bottom - top), 1)

    zero = y(0)
    bar = max(0.5, round((RIGHT - LEFT) / len(rows) * 0.6, 1))
    bars = [
        f"M{_place(number + 0.2, len(rows))} {zero}V{y(float(getattr(row, side)))}h{bar}V{zero}z"
        for number, row in enumerate(rows) if getattr(row, side)
    ]
    line = [f"{_place(number + 0.5, len(rows))},{y(float(getattr(row, f'{side}_total')))}" for number, row in enumerate(rows)]
    ticks = [scale.step * number for number in range(-int(-scale.low // scale.step), round(scale.high / scale.step) + 1)]
    return Panel(
        side, top, bottom, zero, "".join(bars), " ".join(line),
        tuple((y(tick * scale.unit), f"{tick:,.10g}") for tick in ticks),
        tuple((kind, y(float(amount))) for kind, amount in levels),
    )


def _flags(marks: Sequence[Mark], rows: Sequence[Quarter], say: Callable[[Mark], str]) -> Iterable[Flag]:
    """The marks from left to right, each text in the first of three rows that has room for it."""
    lanes = Rows([float(LEFT - 40)] * len(FLAG_ROWS))
    said: set[str] = set()
    for number, row in enumerate(rows):
        for mark in row.marks:
            x, text = _place(number + 0.5, len(rows)), say(mark)
            width = wide(text)
            right = x + 4 + width > RIGHT
            again = mark.kind == "minimum" and text in said
            place = None if again else lanes.place(x - 4 - width if right else x + 4, width)
            if place is None:
                yield Flag(x, FLAG_ROWS[-1], "", "start")
                continue
            said.add(text)
            yield Flag(x, FLAG_ROWS[place], text, "end" if right else "start")


def _years(rows: Sequence[Quarter]) -> Iterable[tuple[float, str]]:
    """The years under the axis, as many as are easily read."""
    january = [(number, row.first.year) for number, row in enumerate(rows) if row.first.month == 1 or not number]
    every = max(1, -(-len(january) // 6))
    for number, year in january[::every]:
        x = _place(number, len(rows))
        if x + 4 * NARROW <= RIGHT:
            yield x, str(year)
