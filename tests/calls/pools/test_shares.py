"""The arithmetic of pools: shares sum to the whole, votes are counted with quorum and ties, and the public sum tells no single pledge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.calls.pools import rights
from marketplace.calls.pools.shares import WHOLE, apportion, count, is_reached, progress

AMOUNTS = st.lists(st.integers(1, 10**15), min_size=1, max_size=60)


@given(AMOUNTS)
def test_shares_sum_to_the_whole_and_nobody_goes_without(amounts):
    shares = apportion(dict(enumerate(amounts)))
    assert sum(shares.values()) == WHOLE and min(shares.values()) > 0


@given(AMOUNTS, st.randoms())
def test_the_order_of_the_pledges_changes_no_share(amounts, chance):
    pairs = list(enumerate(amounts))
    shuffled = pairs[:]
    chance.shuffle(shuffled)
    assert apportion(dict(pairs)) == apportion(dict(shuffled))


@given(st.lists(st.integers(10**9, 10**12), min_size=1, max_size=20))
def test_a_share_is_within_one_millionth_of_its_quota(amounts):
    total = sum(amounts)
    for key, share in apportion(dict(enumerate(amounts))).items():
        assert abs(share * total - amounts[key] * WHOLE) < total


@pytest.mark.parametrize(("amounts", "shares"), [
    ((1, 1, 1), (333_334, 333_333, 333_333)),
    ((600, 300, 100), (600_000, 300_000, 100_000)),
    ((10**15, 1), (999_999, 1)),
    ((2, 1), (666_667, 333_333)),
])
def test_worked_shares(amounts, shares):
    assert tuple(apportion(dict(enumerate(amounts))).values()) == shares


def test_what_is_no_weight_is_refused():
    assert apportion({}) == {}
    for wrong in ({1: 0}, {1: 5, 2: -1}):
        with pytest.raises(ValueError, match="positive"):
            apportion(wrong)


@pytest.mark.parametrize(("ballots", "outcome", "choice"), [
    ([(400_000, "yes"), (350_000, "no"), (250_000, None)], "decided", "yes"),
    ([(300_000, "yes"), (300_000, "no"), (400_000, None)], "tied", None),
    ([(499_999, "yes"), (500_001, None)], "no_quorum", None),
    ([(500_000, "yes"), (500_000, None)], "decided", "yes"),
    ([(100_000, "yes"), (500_000, "abstain"), (400_000, None)], "decided", "yes"),
    ([(1_000_000, "abstain")], "tied", None),
    ([], "no_quorum", None),
    ([(600_000, "no"), (400_000, "yes")], "decided", "no"),
])
def test_a_vote_is_counted(ballots, outcome, choice):
    result = count(ballots, ("yes", "no"))
    assert (result.outcome, result.choice) == (outcome, choice) and result.carried == (choice == "yes")


def test_of_several_options_the_one_of_the_greatest_weight_is_chosen_and_a_vote_for_none_of_them_counts_for_the_quorum_alone():
    result = count([(300_000, "a"), (250_000, "b"), (250_000, "b"), (200_000, "gone")], ("a", "b", "c"))
    assert result.choice == "b" and result.weights == {"a": 300_000, "b": 500_000, "c": 0} and result.turnout == WHOLE


def test_under_three_pledges_the_public_is_told_no_figure():
    for amounts in ([], [90], [50, 49]):
        found = progress(amounts, 100)
        assert (found.firms, found.percent, found.amount, found.filled) == (None, None, None, 0)


def test_the_public_sum_goes_in_steps_of_the_threshold():
    assert (progress([20, 20, 29], 100).percent, progress([20, 20, 29], 100).amount) == (60, 60)
    assert progress([20, 20, 30], 100).percent == 70
    assert (progress([90, 90, 90], 100).percent, progress([90, 90, 90], 100).filled) == (270, 100)
    assert progress([20_00, 20_00, 29_99], 10_003).amount == 6001


@given(st.lists(st.integers(1, 10**9), min_size=3, max_size=8), st.integers(1, 10**9))
def test_sums_in_one_step_cannot_be_told_apart(amounts, threshold):
    step = threshold // 10
    more = amounts[:-1] + [amounts[-1] + 1]
    if step and sum(amounts) * 10 // threshold == sum(more) * 10 // threshold:
        assert progress(amounts, threshold) == progress(more, threshold)


def test_one_alone_reaches_no_threshold():
    assert not is_reached([200], 100) and is_reached([199, 1], 100) and not is_reached([50, 49], 100)


def test_rights_are_divided_or_everybody_has_them_and_a_share_is_written_exactly():
    lines = {line.code: line.shares for line in rights.table(["licence_income", "own_use"], (700_000, 300_000))}
    assert lines == {"own_use": None, "licence_income": (700_000, 300_000)}
    assert [rights.percent(share) for share in (333_334, 500_000, 1, 1_000_000)] == ["33.3334", "50", "0.0001", "100"]
    assert "甲 70%；乙 30%" in rights.text(["own_use"], [("甲", 700_000), ("乙", 300_000)], "zh")
