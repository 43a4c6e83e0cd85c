"""What is owed when, as a picture: lanes, marks, flags and ticks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from marketplace.licensing.performing.picture import LEFT, RIGHT, SIZE, WIDTH, draw


@dataclass
class Owed:
    kind: str
    state: str
    due: date | None = None
    expected: date | None = None


TODAY = ("today", date(2026, 7, 1), "today")
YEARS = [Owed("royalty", state, date(year, month, 30)) for year, state in ((2025, "paid"), (2026, "overdue")) for month in (4, 10)]


def test_a_lane_for_each_kind_in_the_order_of_its_first_day_called_by_the_most_urgent_state():
    drawing = draw([
        *YEARS, Owed("entry", "paid", date(2025, 1, 1)), Owed("minimum", "pending", None, date(2028, 1, 30)), Owed("milestone", "pending"),
    ], [TODAY])
    assert [(lane.kind, lane.state, lane.count) for lane in drawing.lanes] == [("entry", "paid", 1), ("royalty", "overdue", 2), ("minimum", "pending", 1)]
    assert drawing.undated == 1 and [mark.sure for lane in drawing.lanes for mark in lane.marks] == [True] * 5 + [False]
    first, last = drawing.lanes[0].marks[0].x, drawing.lanes[2].marks[0].x
    assert (first, last) == (LEFT + SIZE, RIGHT - SIZE) and first < drawing.flags[0].x < last
    assert [text for _, text in drawing.ticks] == ["2026", "2027"], "2028 has no room"


def test_marks_of_near_days_stand_below_one_another_and_never_overlap():
    days = [Owed("royalty", "open", date(2026, 1, day)) for day in (1, 2, 3)] + [Owed("royalty", "open", date(2036, 1, 1))]
    lane, = draw(days, []).lanes
    assert [mark.y - lane.marks[0].y for mark in lane.marks] == [0, 15, 30, 0] and lane.bottom > lane.marks[2].y + SIZE


def test_a_short_term_has_months_below_it_and_a_flag_at_the_end_speaks_to_the_left():
    drawing = draw([Owed("entry", "open", date(2026, 5, 2))], [TODAY, ("end", date(2026, 9, 30), "end of the agreement")])
    assert [text for _, text in drawing.ticks] == ["2026-06", "2026-07", "2026-08", "2026-09"]
    assert [flag.anchor for flag in drawing.flags] == ["start", "end"] and drawing.flags[1].x <= WIDTH


def test_a_trial_is_drawn_before_anything_is_owed_and_its_text_stands_where_there_is_room():
    trial, window = ("trial", date(2026, 6, 1), date(2026, 12, 1), "trial"), ("window", date(2026, 12, 1), date(2026, 12, 31), "time to decide")
    drawing = draw([Owed("royalty", "pending")], [TODAY], [trial, window])
    first, second = drawing.spans
    assert drawing.lanes == () and drawing.undated == 1 and (first.x, second.x + second.width) == (LEFT + SIZE, RIGHT - SIZE)
    assert first.x < drawing.flags[0].x < first.x + first.width == second.x and second.y > first.y and drawing.bottom > second.y + 15
    assert (first.text_x, first.anchor) == (first.x + 4, "start") and (second.text_x, second.anchor) == (second.x - 4, "end")
    beside = draw([Owed("entry", "open", date(2036, 1, 1))], [], [window]).spans[0]
    assert beside.text_x == beside.x + beside.width + 4 and beside.anchor == "start"


def test_without_a_day_there_is_no_picture():
    assert draw([Owed("royalty", "pending")], [TODAY]) is None
    assert draw([Owed("entry", "open", TODAY[1])], [TODAY]).lanes[0].marks[0].x == LEFT + SIZE, "one day alone is no line"
