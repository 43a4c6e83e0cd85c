"""The clock of a notice: worked examples, and what holds for any objections in any order."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.licensing.duties import clock, pricing, related
from marketplace.licensing.duties.clock import Stop
from tests.factories import TERMS

CASES = json.loads((Path(__file__).parent / "notice_cases.json").read_text("utf-8"))
DOCS = (Path(__file__).parents[3] / "docs/duties.md").read_text("utf-8")
PUBLISHED = date(2026, 12, 20)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_worked_examples(case):
    stops = [Stop(day(first), day(last)) for first, last in case["stops"]]
    read = clock.read(day(case["published"]), case["days"], stops, day(case["today"]))
    assert (read.run, read.left, read.last) == (case["run"], case["left"], day(case["last"]))
    assert read.over == (read.last is not None and day(case["today"]) > read.last) and read.stopped == (read.last is None)
    assert f"| {case['name']} |" in DOCS and f"| {case['last'] or '–'} |" in DOCS, "docs/duties.md quotes the examples from here"


offsets = st.integers(0, 60)
closed = st.lists(st.tuples(offsets, st.integers(0, 20)).map(
    lambda pair: Stop(PUBLISHED + timedelta(days=pair[0]), PUBLISHED + timedelta(days=sum(pair)))), max_size=6)
lengths = st.integers(1, 40)


@given(lengths, closed)
def test_the_days_that_count_are_as_many_as_announced_and_the_last_counts(days, stops):
    last = clock.last_day(PUBLISHED, days, stops)
    after = [PUBLISHED + timedelta(days=offset) for offset in range(1, (last - PUBLISHED).days + 1)]
    counting = [one for one in after if not any(stop.first <= one <= stop.last for stop in stops)]
    assert len(counting) == days == clock.counted(PUBLISHED, last, stops) and counting[-1] == last


@given(lengths, closed, st.randoms(), offsets)
def test_order_and_cutting_of_stops_change_nothing(days, stops, random, later):
    today = PUBLISHED + timedelta(days=later)
    shuffled = [part for stop in stops for part in (stop, Stop(stop.first, stop.first), Stop(stop.last, stop.last))]
    random.shuffle(shuffled)
    assert clock.read(PUBLISHED, days, shuffled, today) == clock.read(PUBLISHED, days, stops, today)


@given(lengths, closed, offsets, st.integers(0, 20))
def test_one_more_objection_never_shortens_and_one_outside_changes_nothing(days, stops, first, length):
    last = clock.last_day(PUBLISHED, days, stops)
    begin = PUBLISHED + timedelta(days=first)
    more = clock.last_day(PUBLISHED, days, [*stops, Stop(begin, begin + timedelta(days=length))])
    assert more >= last and (begin <= last or more == last)
    open_ended = clock.last_day(PUBLISHED, days, [*stops, Stop(begin)])
    assert open_ended == (last if begin > last else None)


@given(lengths, closed, offsets)
def test_run_and_left_make_the_whole_and_the_clock_only_goes_on(days, stops, later):
    today = PUBLISHED + timedelta(days=later)
    read, next_day = (clock.read(PUBLISHED, days, stops, today + timedelta(days=ahead)) for ahead in (0, 1))
    assert read.run + read.left == days and 0 <= next_day.run - read.run <= 1 and read.over == (read.left == 0 and today > read.last)


def test_hints_of_a_relation():
    staff = related.Someone(1, "赵六", "zhao@uni.edu.cn"), related.Someone(2, "钱七", "qian@qq.com")
    buyer = related.House((related.Someone(1, "赵六", "zhao@uni.edu.cn"), related.Someone(9, "张 三", "a@qq.com")), "https://www.uni.edu.cn/spin", ("X1",))
    found = related.hints(related.House(staff, "uni.edu.cn", ("X1", "X2")), buyer, ["张三", "李四"])
    assert found == [("same_person", "赵六"), ("inventor", "张 三"), ("same_code", "X1"), ("same_domain", "uni.edu.cn")]
    other = related.House((related.Someone(9, "王五", "b@qq.com"),), "https://works.example", ("X3",))
    assert related.hints(related.House(staff, "uni.edu.cn", ("X1",)), other, ["张三"]) == [], "an open mail domain says nothing"


def test_what_belongs_to_the_price():
    same = pricing.digest(TERMS, {"exclusivity": "ordinary"})
    assert pricing.digest({**TERMS, "effective": "2026-02-01"}, {"exclusivity": "ordinary", "cure_days": 9, "territory": ""}) == same
    for terms, clauses in (({**TERMS, "entry_fee": "1"}, {"exclusivity": "ordinary"}), (TERMS, {"exclusivity": "exclusive"}),
                           ({**TERMS, "end": "2030-01-01"}, {"exclusivity": "ordinary"})):
        assert pricing.digest(terms, clauses) != same
    said = pricing.price_of(TERMS)
    assert said["fixed"] == "50000.00" and said["currency"] == "CNY" and "3%" in said["words"]["zh"]
