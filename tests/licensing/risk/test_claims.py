"""The waterfall of cover: its laws over any losses and guarantees, and one case worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from marketplace.licensing.risk.claims import Layer, Loss, Part, allot, in_proportion, share_of

DAY = date(2026, 3, 1)
KEYS = ("a", "b", "c")


@st.composite
def losses(draw):
    found = []
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)):
        whole = draw(st.integers(0, 10_000))
        found.append(Loss(key, draw(st.dates(DAY, date(2026, 12, 31))), whole, draw(st.integers(0, whole))))
    return found


@st.composite
def layers(draw):
    found = []
    for number in range(draw(st.integers(0, 4))):
        covers = frozenset(draw(st.lists(st.sampled_from(KEYS))))
        borne = {key: draw(st.integers(0, 3_000)) for key in covers}
        share = Decimal(draw(st.integers(1, 100))).scaleb(-2)
        found.append(Layer(number, draw(st.integers(1, 3)), share, draw(st.integers(0, 8_000)), draw(st.integers(0, 500)), covers, borne))
    return found


@given(losses(), layers())
def test_no_more_than_the_loss_is_borne(lost, stack):
    parts = allot(lost, stack)
    for loss in lost:
        assert sum(part.falls for (_layer, key), part in parts.items() if key == loss.key) <= loss.open


@given(losses(), layers())
def test_nobody_bears_beyond_its_share_its_greatest_amount_and_what_it_covers(lost, stack):
    parts, by_key = allot(lost, stack), {loss.key: loss for loss in lost}
    for layer in stack:
        mine = {key: part for (owner, key), part in parts.items() if owner == layer.id}
        assert sum(part.amount for part in mine.values()) <= layer.left
        assert sum(part.own for part in mine.values()) <= layer.deductible
        for key, part in mine.items():
            assert key in layer.covers and part.falls > 0 and part.amount >= 0
            assert layer.borne[key] + part.falls <= share_of(by_key[key].whole, layer.share)


@given(losses(), layers())
def test_a_higher_order_bears_only_what_the_lower_cannot(lost, stack):
    parts = allot(lost, stack)
    spent = {layer.id: 0 for layer in stack}
    for loss in sorted(lost, key=lambda loss: (loss.due, loss.key)):
        for layer in stack:
            able = 0
            if loss.key in layer.covers:
                of_share = share_of(loss.whole, layer.share) - layer.borne[loss.key]
                able = max(0, min(of_share, layer.left + layer.deductible - spent[layer.id]))
            higher = any(parts.get((other.id, loss.key)) for other in stack if other.rank > layer.rank)
            falls = parts.get((layer.id, loss.key), Part(0, 0)).falls
            assert falls <= able
            if higher:
                assert falls == able
        for layer in stack:
            spent[layer.id] += parts.get((layer.id, loss.key), Part(0, 0)).falls


@given(losses(), layers(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(lost, stack, random):
    before = allot(lost, stack)
    random.shuffle(lost)
    random.shuffle(stack)
    assert allot(lost, stack) == before


@given(st.dictionaries(st.integers(0, 9), st.integers(0, 10**15), max_size=5), st.integers(0, 10**15))
def test_proportions_are_exact_to_the_unit(weights, total):
    total = min(total, sum(weights.values()))
    parts = in_proportion(total, weights)
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert 0 <= part <= weights[key]
        assert abs(part * sum(weights.values()) - total * weights[key]) < max(1, sum(weights.values()))


def test_one_case_by_hand():
    """100.01 unpaid. First the fund (20 %, own share 5.00), then two guarantors of the same order with 60 % and 30 %; the second has 20.00 left."""
    lost = [Loss("royalty", DAY, 10_001, 10_001)]
    covers = frozenset({"royalty"})
    stack = [
        Layer(1, 1, Decimal("0.2"), 100_000, 500, covers), Layer(2, 2, Decimal("0.6"), 100_000, 0, covers), Layer(3, 2, Decimal("0.3"), 2_000, 0, covers),
        Layer(4, 3, Decimal(1), 100_000, 0, covers),
    ]
    assert allot(lost, stack) == {
        (1, "royalty"): Part(2_000, 500),    # 20 % of 10001 is 2000.2; 5.00 of it stays with the institute
        (2, "royalty"): Part(6_001, 0),      # 60 % is 6000.6, half-up; together with 3 it is not more than the 8001 left
        (3, "royalty"): Part(2_000, 0),      # 30 % would be 3000, 20.00 is left of its cover; 8001 in all, so nothing for order 3
    }


def test_the_same_order_shares_what_is_left_by_the_largest_remainder():
    stack = [Layer(number, 1, Decimal("0.5"), 10, 0, frozenset({"a"})) for number in (1, 2, 3)]
    parts = allot([Loss("a", DAY, 20, 10)], stack)
    assert [parts[number, "a"].falls for number in (1, 2, 3)] == [4, 3, 3]


def test_what_rounding_leaves_goes_to_the_largest_remainder():
    assert in_proportion(10, {1: 5, 2: 9, 3: 1}) == {1: 3, 2: 6, 3: 1}  # 3.33, 6.00 and 0.67


def test_what_a_guarantee_bears_already_is_not_asked_of_it_again():
    layer = Layer(1, 1, Decimal("0.8"), 1_000, 0, frozenset({"a"}), {"a": 80})
    assert allot([Loss("a", DAY, 100, 20)], [layer]) == {}
