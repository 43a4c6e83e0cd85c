"""Pay after use against a fee up front: what waiting costs the institute, and what risk it takes off the licensee.

The present value of a payment P, due d days after the start, at a yearly rate r is P / (1 + r)^(d / 365): the formula of
the function XNPV of spreadsheets (actual days over 365; Microsoft Excel and OpenDocument 1.3, part 4, "XNPV"). The sum is rounded half-up once,
to the minor unit. The fee up front is taken to be paid on the day of the start, so that it is its own present value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache

from marketplace.terms.payment import NOTHING, Terms
from marketplace.terms.plan import EXACT, Plan
from marketplace.terms.simulate import Outlook, Projection

SCENARIOS = ("cautious", "expected", "good")

MOST_OF_SALES = 64
"""The break-even is looked for up to so many times the expected sales."""

STEPS, PERIODS, LEAST = 20, 1_000, 3
"""The search ends after so many projections at the latest, or earlier after so many royalty periods in all of them.

Where no projection is known on one of its sides, it has at least the third number.
"""

KEPT = 16
"""Outlooks kept for whoever changes the sales next; the largest have a megabyte."""

FINE, FINEST = Decimal("0.0005"), Decimal("0.000001")
"""The search ends when the factor on the sales is known to so much; no factor is finer than the second."""

NEAR = Decimal("0.0005")
"""It also ends when the present value is so near the upfront fee, as a part of it."""

DIGITS = 40
"""Digits of a discount factor: more than the largest amount has, and its minor unit."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The factor on the expected sales with which both ways bring the institute the same; None where there is none.

    `reason` is found, always (the fees are worth more even if nothing is sold) or never (they are not, whatever is sold);
    `about` that the search ended early, as it does where a projection is long.
    """

    reason: str
    factor: Decimal | None = None
    sales: Decimal | None = None
    about: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """The expected scenario, and the case that the technology fails, against an upfront fee.

    `present_values` are those of the fees, by scenario. `waiting` is what the fees lose because they come late. `spared`
    is what the licensee does not lose when the technology fails: the upfront fee less the fees that fall due all the same.
    """

    upfront: Decimal | None
    rate: Decimal
    present_values: dict[str, Decimal]
    waiting: Decimal
    failure: Projection
    break_even: BreakEven | None

    @property
    def difference(self) -> Decimal:
        """How much more the expected fees are worth than the upfront fee; negative where they are worth less."""
        return self.present_values["expected"] - (self.upfront or NOTHING)

    @property
    def spared(self) -> Decimal:
        """What the licensee does not lose when the technology fails."""
        return (self.upfront or NOTHING) - self.failure.institute


@dataclass(frozen=True, slots=True)
class Simulation:
    """Three scenarios of one agreement, and the comparison with an upfront fee."""

    terms: Terms
    plan: Plan
    projections: dict[str, Projection]
    comparison: Comparison

    @property
    def floor(self) -> Decimal:
        """What the institute gets at least: the fees of the case that the technology fails."""
        return self.comparison.failure.institute


def simulate(terms: Terms, plan: Plan, columns: Mapping[str, Sequence[Decimal]], rate: Decimal, upfront: Decimal | None) -> Simulation:
    """Everything the simulator shows. `columns` has the sales a quarter of each of `SCENARIOS`; `rate` is a share a year.

    Raises `TermsError` or `PlanError` where terms and plan do not go together.
    """
    outlook = _outlook(terms, plan)
    projections = {name: outlook.project(columns[name]) for name in SCENARIOS}
    values = {name: present_value(outlook, projection.payments, rate) for name, projection in projections.items()}
    comparison = Comparison(
        upfront=upfront,
        rate=rate,
        present_values=values,
        waiting=projections["expected"].institute - values["expected"],
        failure=_failure(terms, failing(plan)),
        break_even=None if upfront is None else break_even(outlook, columns["expected"], rate, upfront, _known(outlook, columns, values)),
    )
    return Simulation(outlook.terms, plan, projections, comparison)


@lru_cache(maxsize=KEPT)
def _outlook(terms: Terms, plan: Plan) -> Outlook:
    """The outlook, which does not depend on the sales: somebody who moves them gets it again."""
    return Outlook(terms, plan)


@lru_cache(maxsize=KEPT)
def _failure(terms: Terms, plan: Plan) -> Projection:
    return Outlook(terms, plan).project([NOTHING] * plan.quarters)


def failing(plan: Plan) -> Plan:
    """The plan when the technology fails: a trial is declined when it would have been decided, no condition is met."""
    return replace(plan, decision="decline", milestone_months=(), condition_months=(), buyout_quarter=None)


def present_value(outlook: Outlook, payments: Iterable[tuple[date, Decimal]], rate: Decimal) -> Decimal:
    """What payments on their due dates are worth on the day the agreement begins, rounded to the minor unit."""
    start = outlook.plan.start
    with localcontext(EXACT):
        return sum((amount * _factor(rate, (day - start).days) for day, amount in payments), NOTHING).quantize(outlook.minor)


@lru_cache(maxsize=20_000)
def _factor(rate: Decimal, days: int) -> Decimal:
    """1 / (1 + r)^(d / 365), to the digits of `DIGITS`."""
    with localcontext(prec=DIGITS):
        return (1 + rate) ** (Decimal(-days) / 365)


def _known(outlook: Outlook, columns: Mapping[str, Sequence[Decimal]], values: Mapping[str, Decimal]) -> dict[Decimal, Decimal]:
    """The present values that are known already, by the factor on the expected sales; columns that are no such multiple do not count."""
    found = {Decimal(1): values["expected"]}
    whole = sum(columns["expected"], NOTHING)
    for name in ("cautious", "good"):
        factor = EXACT.divide(sum(columns[name], NOTHING), whole) if whole else NOTHING
        if factor > 0 and list(columns[name]) == _times(columns["expected"], factor, outlook.quantum):
            found[factor] = values[name]
    return found


def break_even(
    outlook: Outlook, figures: Sequence[Decimal], rate: Decimal, upfront: Decimal, known: Mapping[Decimal, Decimal]
) -> BreakEven:
    """The factor on the sales at which the present value of the fees reaches the upfront fee.

    More sales never bring less, so one factor is too small and one is not, and the gap between them is closed as in a
    bisection, but at the point where the straight line through both ends meets the fee (the Illinois method), which a
    royalty without steps meets at once: a projection of a hundred years is not cheap. `known` are values found before.
    """
    def distance(factor: Decimal) -> Decimal:
        found = known.get(factor)
        return (present_value(outlook, outlook.payments(_times(figures, factor, outlook.quantum)), rate) if found is None else found) - upfront

    high = min((factor for factor, value in known.items() if value >= upfront), default=None)
    low = max((factor for factor, value in known.items() if value < upfront), default=NOTHING)
    at_low = distance(low)
    if at_low >= 0:
        return BreakEven("always")
    if not any(figure > 0 for figure in figures):
        return BreakEven("never")
    if high is None:
        high = Decimal(MOST_OF_SALES)
        if distance(high) < 0:
            return BreakEven("never")
    steps = max(0 if low in known and high in known else LEAST, min(STEPS, PERIODS // (len(outlook.begun.periods) + 1)))
    factor, about = _enclosed(distance, upfront * NEAR, (low, at_low), (high, distance(high)), steps)
    return BreakEven("found", factor, sum(_times(figures, factor, outlook.quantum), NOTHING), about)


Point = tuple[Decimal, Decimal]


def _enclosed(distance: Callable[[Decimal], Decimal], near: Decimal, low: Point, high: Point, steps: int) -> tuple[Decimal, bool]:
    """The factor between one that is too small and one that is not, given with their distances; whether it is only near."""
    (left, at_left), (right, at_right) = low, high
    moved = 0
    for _step in range(steps):
        if right - left <= FINE or at_right <= near:
            return right, False
        guess = _between(left, at_left, right, at_right)
        at_guess = distance(guess)
        if abs(at_guess) <= near:
            return guess, False
        if at_guess < 0:
            left, at_left = guess, at_guess
            at_right, moved = (at_right / 2, 1) if moved == 1 else (at_right, 1)
        else:
            right, at_right = guess, at_guess
            at_left, moved = (at_left / 2, 2) if moved == 2 else (at_left, 2)
    return _between(left, at_left, right, at_right), right - left > FINE


def _between(left: Decimal, at_left: Decimal, right: Decimal, at_right: Decimal) -> Decimal:
    """Where the straight line through two points meets zero."""
    with localcontext(EXACT):
        return ((left * at_right - right * at_left) / (at_right - at_left)).quantize(FINEST)


def _times(figures: Sequence[Decimal], factor: Decimal, quantum: Decimal) -> list[Decimal]:
    """Sales so many times as high, rounded half-up to the quantum."""
    return [EXACT.quantize(EXACT.multiply(figure, factor), quantum) for figure in figures]
