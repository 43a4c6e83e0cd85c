"""How a payment is divided: gross less deductions is net, net times shares is what each receives. Pure; whole minor units.

The laws, tested as properties: deductions and net make the gross, the shares make the net, to the last unit; everybody receives at
least its exact share rounded down to the unit; the order in which anything is given is irrelevant; more gross never means less
for anybody. The last one rules out the method of the largest remainder, under which a unit more to divide can cost somebody one
(the Alabama paradox); `divide` therefore hands out the units left over by the method of highest averages (D'Hondt).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

ROLES = ("inventors", "school", "department", "transfer_office", "broker")
"""Who may have a share of the net, in the order in which pages name them."""

DEDUCTIONS = ("patent_fees", "agency", "appraisal", "tax", "broker", "direct_costs", "other")
"""What may be deducted from the gross."""

FORMULAS = ("percent", "clause", "fixed", "costs")
"""How a deduction is counted, in the order in which they are taken off: a rate of the gross, the agreement's broker's fee as a
rate of the gross, an amount from each payment, recorded costs as far as no earlier payment has borne them."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Deduction:
    """One deduction of a policy: `rate` for percent and clause, `amount` in minor units for fixed, neither for costs."""

    code: str
    formula: str
    rate: Decimal | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A recorded cost: its id, its deduction's code, what of it has not been recovered, in the order in which costs are."""

    id: int
    code: str
    left: int


@dataclass(frozen=True, slots=True)
class Line:
    """One deduction as it was made: from which basis, how much."""

    code: str
    formula: str
    rate: Decimal | None
    basis: int
    amount: int
    cost: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What one receiver gets of the net; of the inventors one line each, with its weight."""

    role: str
    rate: Decimal
    amount: int
    inventor: int | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The whole division of one amount."""

    gross: int
    lines: tuple[Line, ...]
    net: int
    shares: tuple[Share, ...]


def rounded(value: Fraction) -> int:
    """To the nearest unit, a half away from zero; values here are not negative."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def divide(amount: int, weights: Mapping[K, Decimal | int | Fraction]) -> dict[K, int]:
    """The amount in parts by weight, whole units that sum to it exactly; none to who weighs nothing.

    Each part is its exact share rounded down; the units left go one by one to whoever has most weight per unit it would then hold,
    the first by key among equals. Raises `ValueError` when there is nobody to give to, or somebody weighs less than nothing.
    """
    exact = {key: Fraction(weight) for key, weight in weights.items()}
    total = sum(exact.values(), Fraction(0))
    if total <= 0 or min(exact.values()) < 0 or amount < 0:
        raise ValueError("nothing can be divided by these weights")
    parts = {key: int(amount * weight / total) for key, weight in exact.items()}
    for _ in range(amount - sum(parts.values())):
        winner = min((key for key in parts if exact[key]), key=lambda key: (-exact[key] / (parts[key] + 1), key))
        parts[winner] += 1
    return parts


def deduct(gross: int, deductions: Iterable[Deduction], costs: Sequence[Cost] = ()) -> tuple[tuple[Line, ...], int]:
    """The deductions as far as the gross reaches, and the net that is left, at least 0.

    The rates are added up and rounded once, so that a unit more of gross never lowers the net; then fixed amounts, then costs.
    """
    ordered = sorted(deductions, key=lambda one: (FORMULAS.index(one.formula), DEDUCTIONS.index(one.code)))
    rated = [one for one in ordered if one.formula in ("percent", "clause") and one.rate]
    lines = _rated(gross, rated)
    left = gross - sum(line.amount for line in lines)
    for one in ordered:
        if one.formula == "fixed" and one.amount:
            lines.append(Line(one.code, "fixed", None, one.amount, min(one.amount, left)))
            left -= lines[-1].amount
    codes = {one.code for one in ordered if one.formula == "costs"}
    for cost in costs:
        if cost.code in codes and cost.left > 0 and left > 0:
            lines.append(Line(cost.code, "costs", None, cost.left, min(cost.left, left), cost.id))
            left -= lines[-1].amount
    return tuple(lines), left


def _rated(gross: int, rated: Sequence[Deduction]) -> list[Line]:
    rates = {(FORMULAS.index(one.formula), DEDUCTIONS.index(one.code)): one.rate or Decimal(0) for one in rated}
    together = min(sum(rates.values(), Decimal(0)), Decimal(1))
    parts = divide(rounded(gross * Fraction(together)), rates) if rates else {}
    return [Line(one.code, one.formula, one.rate, gross, part) for one, part in zip(rated, parts.values(), strict=True)]


def share(net: int, shares: Mapping[str, Decimal], weights: Mapping[int, int]) -> tuple[Share, ...]:
    """The net by the policy's shares, the inventors' part by their weights (inventor id → weight).

    A share whose receiver is not there (no broker) has been left out by the caller: the others then have more in proportion.
    """
    ranked = {ROLES.index(role): rate for role, rate in shares.items() if rate}
    found = []
    for rank, amount in sorted(divide(net, ranked).items()):
        one = Share(ROLES[rank], ranked[rank], amount)
        if one.role != "inventors":
            found.append(one)
            continue
        parts = divide(amount, weights)
        found += [replace(one, amount=parts[key], inventor=key, weight=weights[key]) for key in sorted(parts)]
    return tuple(found)


def split(
    gross: int, deductions: Iterable[Deduction], shares: Mapping[str, Decimal], weights: Mapping[int, int], costs: Sequence[Cost] = ()
) -> Result:
    """The division of one amount received, in minor units."""
    lines, net = deduct(gross, deductions, costs)
    return Result(gross, lines, net, share(net, shares, weights))
