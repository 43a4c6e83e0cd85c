"""The gap of maturity as plain figures: nine levels in a line, what is offered and wanted, and what each facility carries; a template writes it as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.drawing import Axis, fitting
from marketplace.matching.resources.gap import Gap

WIDTH, BASE, TALL, BELOW = 340, 40, 36, 4
LEVELS = range(1, 10)


@dataclass(frozen=True, slots=True)
class Span:
    """A facility: its name as far as it has room, the levels it carries, and those of the gap among them; None where it begins above or ends below."""

    name: str
    y: float
    left: float
    right: float
    inside: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of the picture; the base line stands at `base`."""

    levels: tuple[tuple[int, float], ...]
    offered: float
    wanted: float
    spans: tuple[Span, ...]
    height: float
    base: float = BASE
    width: int = WIDTH


def draw(of: Gap, facilities: Iterable[tuple[str, int, int]]) -> Drawing:
    """The picture of a gap with facilities as (name, from level, to level)."""
    axis = Axis(LEVELS[0], LEVELS[-1], 14, WIDTH - 14)
    spans = tuple(_span(of, name, first, last, BASE + 26 + TALL * place, axis) for place, (name, first, last) in enumerate(facilities))
    return Drawing(
        tuple((level, axis.at(level)) for level in LEVELS), axis.at(of.offered), axis.at(of.wanted), spans, BASE + 26 + TALL * len(spans) + BELOW,
    )


def _span(of: Gap, name: str, first: int, last: int, y: float, axis: Axis) -> Span:
    low, high = max(first, of.offered), min(last, of.wanted)
    return Span(fitting(name, WIDTH), y + 14, axis.at(first), axis.at(last), (axis.at(low), axis.at(high)) if low < high else None)
