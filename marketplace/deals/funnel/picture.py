"""The picture of a funnel as plain figures: one bar a stage, each as long as its share of the widest; a template writes the SVG. Pure.

The first stage is hundreds of times the others, so that bars are drawn on a scale of powers of ten; the numbers beside them say what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

WIDTH, ROW, BAR, TOP = 340, 44, 16, 4
SHORTEST = 3.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One stage: where its bar stands and how long it is; `count` is None where it may not be told, and the bar is left out."""

    stage: str
    y: float
    length: float
    count: int | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """All bars, and the size of the picture."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    thick: int = BAR


def draw(stages: Sequence[str], counts: Sequence[int | None]) -> Drawing:
    """The picture of the counts of the stages."""
    most = max((count or 0 for count in counts), default=0)
    bars = [Bar(stage, TOP + ROW * place, _length(count, most), count) for place, (stage, count) in enumerate(zip(stages, counts, strict=True))]
    return Drawing(tuple(bars), WIDTH, TOP + ROW * len(bars))


def _length(count: int | None, most: int) -> float:
    """How long a bar is: by powers of ten, nothing for none or untold."""
    if not count:
        return 0.0
    return round(max(SHORTEST, WIDTH * log10(1 + count) / log10(1 + most)), 1)
