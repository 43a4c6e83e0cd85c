"""The laws of dividing money: exact sums, nobody below the share rounded down, no order, and more to divide never costs anybody."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.licensing.income.formula import DEDUCTIONS, ROLES, Cost, Deduction, deduct, divide, split

AMOUNTS = st.integers(0, 10**12) | st.integers(0, 60)
WEIGHTS = st.dictionaries(st.integers(1, 9), st.integers(0, 1000), min_size=1, max_size=7).filter(lambda weights: sum(weights.values()) > 0)
RATES = st.decimals("0", "0.12", places=4)


@st.composite
def policies(draw):
    """Shares that make the whole, and deductions of every kind."""
    cuts = sorted(draw(st.lists(st.integers(0, 10_000), min_size=len(ROLES) - 1, max_size=len(ROLES) - 1)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    shares = {role: Decimal(part) / 10_000 for role, part in zip(ROLES, parts, strict=True)}
    deductions = [Deduction(code, "percent", draw(RATES)) for code in draw(st.sets(st.sampled_from(DEDUCTIONS), max_size=4))]
    deductions += [Deduction(code, "fixed", amount=draw(st.integers(0, 500))) for code in draw(st.sets(st.sampled_from(DEDUCTIONS), max_size=2))]
    deductions += [Deduction(code, "costs") for code in draw(st.sets(st.sampled_from(DEDUCTIONS), max_size=2))]
    costs = [Cost(number, draw(st.sampled_from(DEDUCTIONS)), draw(st.integers(0, 5000))) for number in range(draw(st.integers(0, 4)))]
    return deductions, shares, draw(WEIGHTS), costs


@given(AMOUNTS, WEIGHTS)
def test_parts_sum_exactly_and_nobody_is_below_the_share_rounded_down(amount, weights):
    parts = divide(amount, weights)
    total = sum(weights.values())
    assert sum(parts.values()) == amount
    for key, part in parts.items():
        assert part >= amount * weights[key] // total
        assert part - Fraction(amount * weights[key], total) < len(weights)
        assert weights[key] or not part


@given(st.integers(0, 400), WEIGHTS)
def test_one_more_unit_costs_nobody(amount, weights):
    before, after = divide(amount, weights), divide(amount + 1, weights)
    assert all(after[key] >= before[key] for key in before)


def test_the_largest_remainder_would_take_a_unit_away_where_this_does_not():
    """The Alabama paradox: of 10 units the third would have 2, of 11 only 1."""
    def by_largest_remainder(amount, weights):
        exact = {key: Fraction(amount * weight, sum(weights.values())) for key, weight in weights.items()}
        parts = {key: int(value) for key, value in exact.items()}
        for key in sorted(exact, key=lambda key: parts[key] - exact[key])[:amount - sum(parts.values())]:
            parts[key] += 1
        return parts
    weights = {1: 6, 2: 6, 3: 2}
    assert [by_largest_remainder(amount, weights)[3] for amount in (10, 11)] == [2, 1]
    assert [divide(amount, weights)[3] for amount in (10, 11)] == [1, 1]


@given(policies(), AMOUNTS, st.randoms())
def test_every_unit_is_accounted_for_whatever_the_order(policy, gross, chance: random.Random):
    deductions, shares, weights, costs = policy
    found = split(gross, deductions, shares, weights, costs)
    assert found.gross == gross == found.net + sum(line.amount for line in found.lines)
    assert found.net == sum(one.amount for one in found.shares) and found.net >= 0
    assert all(line.amount >= 0 for line in found.lines) and all(one.amount >= 0 for one in found.shares)
    for cost in costs:
        assert sum(line.amount for line in found.lines if line.cost == cost.id) <= cost.left
    mixed = list(deductions)
    chance.shuffle(mixed)
    keys = list(weights)
    chance.shuffle(keys)
    assert split(gross, mixed, dict(reversed(shares.items())), {key: weights[key] for key in keys}, costs) == found


@given(policies(), AMOUNTS, st.integers(1, 50))
def test_more_gross_is_never_less_for_anybody(policy, gross, more):
    deductions, shares, weights, costs = policy
    def received(amount):
        found = split(amount, deductions, shares, weights, costs)
        return {(one.role, one.inventor): one.amount for one in found.shares}
    before, after = received(gross), received(gross + more)
    assert all(after[key] >= before[key] for key in before)


@given(policies(), AMOUNTS)
def test_a_floor_of_the_policy_is_kept_to_the_unit(policy, gross):
    deductions, shares, weights, costs = policy
    found = split(gross, deductions, shares, weights, costs)
    for role, rate in shares.items():
        assert sum(one.amount for one in found.shares if one.role == role) >= int(found.net * rate)


def test_a_worked_example():
    """100,000.01 of which 6 % tax, 1,000.00 agency from each payment and 3,200.50 of patent fees; 70 : 20 : 5 : 5."""
    found = split(
        10_000_001, [Deduction("tax", "percent", Decimal("0.06")), Deduction("agency", "fixed", amount=100_000), Deduction("patent_fees", "costs")],
        {"inventors": Decimal("0.7"), "school": Decimal("0.2"), "department": Decimal("0.05"), "transfer_office": Decimal("0.05")},
        {11: 2, 12: 1}, [Cost(5, "patent_fees", 320_050), Cost(6, "other", 99)],
    )
    assert [(line.code, line.amount) for line in found.lines] == [("tax", 600_000), ("agency", 100_000), ("patent_fees", 320_050)]
    assert found.net == 8_979_951
    assert [(one.role, one.inventor, one.amount) for one in found.shares] == [
        ("inventors", 11, 4_190_645), ("inventors", 12, 2_095_322), ("school", None, 1_795_990), ("department", None, 448_997),
        ("transfer_office", None, 448_997),
    ]


def test_what_the_gross_cannot_bear_is_left_for_the_next_payment():
    lines, net = deduct(500, [Deduction("tax", "percent", Decimal("0.1")), Deduction("patent_fees", "costs")],
                        [Cost(1, "patent_fees", 300), Cost(2, "patent_fees", 300), Cost(3, "patent_fees", 1)])
    assert [line.amount for line in lines] == [50, 300, 150] and net == 0


def test_nobody_to_give_to_is_an_error():
    for weights in ({}, {1: 0}, {1: 2, 2: -1}):
        with pytest.raises(ValueError):
            divide(5, weights)
