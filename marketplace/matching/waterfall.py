"""A score drawn as a waterfall: ordered steps in percentage points from the base rate to the probability.

The score is log-odds, base plus named contributions. Percentage points of a sum of log-odds depend on the order, so the
order is fixed: as the contributions stand, largest share first within those for and then those against. The steps and the
base add up to the probability exactly, before rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp


@dataclass(frozen=True)
class WaterfallStep:
    """One named part: where it starts and how far it goes, both as shares of 1 (0.41 is 41 percentage points)."""

    name: str
    start: float
    change: float


def probability(score: float) -> float:
    """Log-odds as a probability."""
    return 1 / (1 + exp(-score)) if score >= 0 else exp(score) / (1 + exp(score))


def waterfall(base: float, contributions: Sequence[Sequence]) -> list[WaterfallStep]:
    """The steps from the base rate, those that speak for it first, each group by size and then name."""
    ordered = sorted(((str(name), float(value)) for name, value in contributions), key=lambda part: (part[1] < 0, -abs(part[1]), part[0]))
    steps, score = [], base
    for name, value in ordered:
        start = probability(score)
        score += value
        steps.append(WaterfallStep(name, start, probability(score) - start))
    return steps
