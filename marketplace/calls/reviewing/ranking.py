"""The ranking of proposals by weighted mean, exactly: what counts, how it is rounded, what a tie is, where reviewers disagree.

A reviewer's total for a proposal is the sum over the criteria of weight × score ÷ greatest score, on a scale of 100. Only a reviewer who has
scored every criterion counts for that proposal, so that a half-filled form lifts or sinks nobody. The proposal's mean is the plain mean of these totals,
computed in fractions and rounded once, half up, to two places. Ranks follow the rounded figure, the one that is shown: what reads equal is equal,
shares a rank, and the next rank is left out. Fewer reviewers than `least`: no rank. Reviewers disagree on a criterion when the range of
their scores is greater than half of its scale. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

SCALE = 100
PLACES = Decimal("0.01")
DIGITS = 60
"""Digits kept on the way from a fraction to a rounded figure: far beyond what two places need."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A criterion: its weight in millionths and its greatest score."""

    id: int
    weight: int
    most: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One score that counts."""

    reviewer: int
    proposal: int
    criterion: int
    value: int


@dataclass(frozen=True, slots=True)
class Spread:
    """What several reviewers gave for one thing: how many, mean, lowest, highest, standard deviation (of the population), and whether they disagree."""

    count: int
    mean: Decimal
    low: Decimal
    high: Decimal
    deviation: Decimal
    disagreed: bool

    @property
    def range(self) -> Decimal:
        """From the lowest to the highest."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Ranked:
    """One proposal: its mean and rank (None where too few have scored it), with whom it ties, and how its reviewers differ.

    `totals` are the exact totals by reviewer, `partial` the reviewers who have scored some criteria only and therefore do not count.
    """

    proposal: int
    rank: int | None
    mean: Decimal | None
    ties: tuple[int, ...] = ()
    totals: Mapping[int, Fraction] = field(default_factory=dict)
    partial: tuple[int, ...] = ()
    overall: Spread | None = None
    criteria: Mapping[int, Spread] = field(default_factory=dict)

    @property
    def disagreed(self) -> bool:
        """Whether reviewers disagree on any criterion."""
        return any(one.disagreed for one in self.criteria.values())


def rounded(value: Fraction) -> Decimal:
    """A fraction as a figure with two places, half up. The quotient is cut far behind them, and never rounded twice."""
    scaled = abs(value) * SCALE
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return (Decimal(whole if value >= 0 else -whole) / SCALE).quantize(PLACES)


def total(measures: Sequence[Measure], values: Mapping[int, int]) -> Fraction | None:
    """A reviewer's total for a proposal on the scale of 100; None unless every criterion is scored."""
    if not measures or any(one.id not in values for one in measures):
        return None
    weights = sum(one.weight for one in measures)
    return sum((Fraction(one.weight * values[one.id], one.most) for one in measures), Fraction(0)) * SCALE / weights


def spread(values: Collection[Fraction], scale: int) -> Spread:
    """How a handful of figures differ on a scale that ends at `scale`."""
    mean = sum(values, Fraction(0)) / len(values)
    variance = sum(((value - mean) ** 2 for value in values), Fraction(0)) / len(values)
    with localcontext(prec=DIGITS):
        deviation = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
        shown = deviation.quantize(PLACES, ROUND_HALF_UP)
    low, high = min(values), max(values)
    return Spread(len(values), rounded(mean), rounded(low), rounded(high), shown, 2 * (high - low) > scale)


def ranked(measures: Sequence[Measure], proposals: Iterable[int], marks: Iterable[Mark], least: int) -> list[Ranked]:
    """Every proposal in order of rank, those without one last, within that in the order given."""
    given: dict[int, dict[int, dict[int, int]]] = {}
    for mark in marks:
        given.setdefault(mark.proposal, {}).setdefault(mark.reviewer, {})[mark.criterion] = mark.value
    found = [_unranked(measures, proposal, given.get(proposal, {}), least) for proposal in proposals]
    means = sorted((one.mean for one in found if one.mean is not None), reverse=True)
    placed = [_placed(one, found, means) for one in found]
    return sorted(placed, key=lambda one: (one.rank is None, one.rank or 0))


def _unranked(measures: Sequence[Measure], proposal: int, by_reviewer: Mapping[int, Mapping[int, int]], least: int) -> Ranked:
    sums = {reviewer: total(measures, values) for reviewer, values in sorted(by_reviewer.items())}
    totals = {reviewer: one for reviewer, one in sums.items() if one is not None}
    criteria = {}
    for one in measures:
        values = [Fraction(by_reviewer[reviewer][one.id]) for reviewer in totals]
        if values:
            criteria[one.id] = spread(values, one.most)
    overall = spread(list(totals.values()), SCALE) if totals else None
    enough = overall is not None and len(totals) >= least
    partial = tuple(reviewer for reviewer, one in sums.items() if one is None)
    return Ranked(proposal, None, overall.mean if overall and enough else None, (), totals, partial, overall, criteria)


def _placed(one: Ranked, found: Sequence[Ranked], means: Sequence[Decimal]) -> Ranked:
    if one.mean is None:
        return one
    ties = tuple(other.proposal for other in found if other.mean == one.mean and other.proposal != one.proposal)
    return Ranked(one.proposal, means.index(one.mean) + 1, one.mean, ties, one.totals, one.partial, one.overall, one.criteria)


def passed_over(order: Sequence[Ranked], chosen: Collection[int]) -> list[int]:
    """Where a choice leaves the ranking: the proposals not chosen although they rank before one that was. A choice among equals passes nobody over."""
    ranks = {one.proposal: one.rank for one in order}
    last = max((ranks.get(proposal) or len(order) + 1 for proposal in chosen), default=0)
    return [one.proposal for one in order if one.rank is not None and one.proposal not in chosen and one.rank < last]
