"""The ranking: exact means, one rounding, ties, missing scores, disagreement, and where a choice leaves it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.calls.reviewing.ranking import Mark, Measure, passed_over, ranked, rounded, total

MEASURES = [Measure(1, 600_000, 10), Measure(2, 400_000, 5)]


def marks(*rows):
    """(reviewer, proposal, value of 1, value of 2 or None)"""
    found = []
    for reviewer, proposal, *values in rows:
        found += [Mark(reviewer, proposal, key, value) for key, value in enumerate(values, 1) if value is not None]
    return found


def test_the_worked_example_of_the_docs():
    order = ranked(MEASURES, [1, 2, 3], marks((1, 1, 9, 4), (2, 1, 8, 4), (1, 2, 7, 5), (2, 2, 7, 5), (1, 3, 2, 1), (2, 3, 9, 1)), 2)
    assert [(one.proposal, one.rank, one.mean) for one in order] == [(1, 1, Decimal("83.00")), (2, 2, Decimal("82.00")), (3, 3, Decimal("41.00"))]
    third = order[2]
    assert third.criteria[1].disagreed and third.criteria[1].range == 7 and third.criteria[1].deviation == Decimal("3.50")
    assert not third.criteria[2].disagreed and third.disagreed and not order[0].disagreed


def test_equal_figures_share_a_rank_and_the_next_is_left_out():
    order = ranked(MEASURES, [1, 2, 3], marks((1, 1, 5, 5), (1, 2, 10, 1), (1, 3, 5, 5)), 1)
    assert [(one.proposal, one.rank, one.ties) for one in order] == [(1, 1, (3,)), (3, 1, (1,)), (2, 3, ())]


def test_what_reads_equal_is_equal_although_the_fractions_differ():
    thousand = [Measure(1, 999_999, 100), Measure(2, 1, 100)]
    order = ranked(thousand, [1, 2], marks((1, 1, 50, 50), (1, 2, 50, 51)), 1)
    assert order[0].totals != order[1].totals and [one.rank for one in order] == [1, 1]


def test_too_few_reviewers_give_no_rank_and_a_half_filled_form_does_not_count():
    order = ranked(MEASURES, [1, 2], marks((1, 1, 9, 5), (2, 1, 9, 5), (1, 2, 10, 5), (2, 2, 10, None)), 2)
    assert [(one.proposal, one.rank, one.partial) for one in order] == [(1, 1, ()), (2, None, (2,))]
    assert order[1].mean is None and order[1].overall.mean == Decimal("100.00") and order[1].criteria[1].count == 1


def test_half_of_the_scale_is_no_disagreement_and_more_is():
    assert not ranked(MEASURES, [1], marks((1, 1, 0, 5), (2, 1, 5, 5)), 1)[0].disagreed
    assert ranked(MEASURES, [1], marks((1, 1, 0, 5), (2, 1, 6, 5)), 1)[0].disagreed


def test_rounding_is_half_up_and_once():
    assert rounded(Fraction(1, 200)) == Decimal("0.01") and rounded(Fraction(1, 201)) == Decimal("0.00") and rounded(Fraction(2, 3)) == Decimal("0.67")
    assert total(MEASURES, {1: 10}) is None and total([], {}) is None


def test_a_choice_among_equals_passes_nobody_over_and_a_lower_one_does():
    order = ranked(MEASURES, [1, 2, 3, 4], marks((1, 1, 5, 5), (1, 2, 5, 5), (1, 3, 4, 4)), 1)
    assert passed_over(order, [1]) == [] and passed_over(order, [2]) == [] and passed_over(order, []) == []
    assert passed_over(order, [3]) == [1, 2] and passed_over(order, [1, 3]) == [2] and passed_over(order, [4]) == [1, 2, 3]


values = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(0, 10), st.integers(0, 5))


@settings(max_examples=150, deadline=None)
@given(st.lists(values, max_size=20, unique_by=lambda row: row[:2]), st.integers(1, 3), st.randoms(use_true_random=False))
def test_neither_the_order_of_the_scores_nor_of_the_proposals_matters(rows, least, chance):
    proposals, given_marks = [1, 2, 3, 4, 5, 6], marks(*rows)
    found = {one.proposal: one for one in ranked(MEASURES, proposals, given_marks, least)}
    chance.shuffle(proposals)
    chance.shuffle(given_marks)
    again = {one.proposal: one for one in ranked(MEASURES, proposals, given_marks, least)}
    assert {key: (one.rank, one.mean, set(one.ties)) for key, one in found.items()} == {key: (one.rank, one.mean, set(one.ties)) for key, one in again.items()}
    means = [one.mean for one in found.values() if one.mean is not None]
    for one in found.values():
        assert one.rank == (None if one.mean is None else 1 + sum(other > one.mean for other in means))
        if one.mean is not None:
            assert len(one.totals) >= least and 0 <= one.mean <= 100
