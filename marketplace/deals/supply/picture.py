"""The picture of the map as plain figures: a row for each industry, a column for each region; a template writes the SVG. Pure.

A cell says its two numbers; the bar at its left edge is the taller the scarcer supply is, so that nothing rests on colour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from marketplace.deals.supply.cells import AMPLE, ELSEWHERE, EVEN, NOWHERE, SHORT, UNASKED, Cell
from marketplace.drawing import WIDE, Axis, fitting, wide

WIDTH, NAME, TALL, GAP = 340, 20, 36, 2
BAR = 5
HEIGHTS = {NOWHERE: 1.0, ELSEWHERE: 0.75, SHORT: 0.5, EVEN: 0.25, AMPLE: 0.0, UNASKED: 0.0}
"""How much of a cell's left edge its bar takes."""

TILT = 0.77  # the sine of 50 degrees: how much of a tilted name's width it takes in height
LEAN = 0.65  # the cosine: how much of it in width


@dataclass(frozen=True, slots=True)
class Box:
    """One cell: its left and upper edge, its size, and the height of its bar."""

    cell: Cell
    x: float
    y: float
    width: float
    bar: float
    tall: float = TALL


@dataclass(frozen=True, slots=True)
class Row:
    """One industry: its name as far as it has room, the line of that, and its boxes."""

    industry: str
    name: str
    y: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of the picture: the names of regions as (middle, name), tilted where they are wider than a column."""

    columns: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    tilted: bool
    top: float
    height: float
    width: int = WIDTH
    thick: int = BAR


def draw(columns: Sequence[str | None], lines: Sequence[tuple[str, Sequence[Cell]]], say: Callable[[str | None], str], call: Callable[[str], str]) -> Drawing:
    """The picture of these columns and lines; `say` names a region, `call` an industry."""
    names = [say(region) for region in columns]
    axis = Axis(0, max(1, len(columns)), 0, WIDTH)
    room, longest = axis.at(1) - axis.at(0) - GAP, max(map(wide, names), default=0)
    tilted = longest > room
    top = round(longest * TILT, 1) + 16 if tilted else WIDE + 4
    rows = tuple(_row(industry, fitting(call(industry), WIDTH), cells, top + place * (NAME + TALL), axis) for place, (industry, cells) in enumerate(lines))
    middles = tuple((round(axis.at(place) + room / 2, 1), name) for place, name in enumerate(names))
    width = max([WIDTH, *(ceil(middle + wide(name) * LEAN) for middle, name in middles)]) if tilted else WIDTH  # the last name leans over the last column
    return Drawing(middles, rows, tilted, top, top + len(lines) * (NAME + TALL) + 2, width)


def _row(industry: str, name: str, cells: Sequence[Cell], y: float, axis: Axis) -> Row:
    wide_ = round(axis.at(1) - axis.at(0) - GAP, 1)
    boxes = (Box(cell, axis.at(place), y + NAME, wide_, round(TALL * HEIGHTS[cell.reading], 1)) for place, cell in enumerate(cells))
    return Row(industry, name, y + NAME - 6, tuple(boxes))
