"""The gap of maturity: what bridges it, in which order; pure."""

from __future__ import annotations

import pytest

from marketplace.matching.resources.gap import COVERED, SAME_REGION, Gap, Line, covered, gap, ranked, reaches


def line(key=1, first=4, last=7, region=None, score=0.0):
    return Line(key, first, last, region, score)


@pytest.mark.parametrize(("offered", "wanted", "levels"), [(4, 7, 3), (1, 9, 8), (6, 7, 1), (7, 7, None), (8, 7, None), (None, 7, None), (4, None, None)])
def test_there_is_a_gap_where_less_is_offered_than_wanted(offered, wanted, levels):
    found = gap(offered, wanted)
    assert (found.levels if found else None) == levels


@pytest.mark.parametrize(("first", "last", "share"), [(4, 7, 1.0), (3, 9, 1.0), (4, 6, 2 / 3), (5, 7, 1 / 3), (6, 9, 1 / 6), (7, 9, 0.0),
                                                    (1, 4, 0.0), (1, 3, 0.0)])
def test_how_much_of_four_to_seven_a_facility_covers(first, last, share):
    assert covered(Gap(4, 7), first, last) == pytest.approx(share)


def test_what_covers_nothing_is_not_named_however_like_it_is():
    assert ranked(Gap(4, 7), [line(1, 7, 9, score=9.0), line(2, 1, 4, score=9.0)], None) == []


def test_coverage_decides_between_neighbours_in_meaning_and_meaning_between_equals_in_coverage():
    whole, part, stranger = line(1, 4, 7), line(2, 5, 6, score=COVERED / 2), line(3, 4, 7, score=-3 * COVERED)
    assert [one.key for one in ranked(Gap(4, 7), [stranger, part, whole], None)] == [1, 2, 3]
    assert [one.key for one in ranked(Gap(4, 7), [line(1, score=0.1), line(2, score=0.2)], None)] == [2, 1]


def test_the_region_of_the_firm_decides_between_equals_and_ties_go_by_key():
    lines = [line(3, region="330000"), line(2), line(1, region="610000")]
    assert [one.key for one in ranked(Gap(4, 7), lines, "330000")] == [3, 1, 2]
    assert [one.key for one in ranked(Gap(4, 7), lines, None)] == [1, 2, 3]
    assert [one.key for one in ranked(Gap(4, 7), [line(1, score=SAME_REGION * 1.1), line(2, region="330000")], "330000")] == [1, 2]


def test_three_are_named_and_no_more():
    assert len(ranked(Gap(4, 7), [line(key) for key in range(9)], None)) == 3


@pytest.mark.parametrize(("lines", "whole"), [([(4, 7)], True), ([(3, 8)], True), ([(5, 7)], False), ([(4, 6), (6, 7)], False), ([], False)])
def test_whether_one_goes_all_the_way(lines, whole):
    assert reaches(Gap(4, 7), [line(number, *span) for number, span in enumerate(lines)]) is whole


def test_first_trials_belong_to_a_way_that_leads_past_six():
    assert Gap(4, 7).is_tried and Gap(6, 8).is_tried and not Gap(4, 6).is_tried
