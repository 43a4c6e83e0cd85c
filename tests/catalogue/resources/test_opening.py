"""Opening hours as typed, the clock of the place, and what of a span may be booked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from marketplace.catalogue.facilities import opening
from marketplace.people.zones import moment_in

HOURS = {"0": [["08:00", "12:00"], ["13:00", "18:00"]], "1": [["00:00", "24:00"]], "2": [["00:00", "24:00"]]}
MONDAY = date(2026, 11, 9)


def at(day: date, clock: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(("typed", "read"), [
    ("8:30-12:00, 13:30–17:00", [["08:30", "12:00"], ["13:30", "17:00"]]), ("08:30至17:00", [["08:30", "17:00"]]), ("00:00-24:00", [["00:00", "24:00"]]),
    ("", []), ("9：00~10：00；11:00-12:00", [["09:00", "10:00"], ["11:00", "12:00"]]),
])
def test_hours_as_people_type_them(typed, read):
    assert opening.read_hours(typed) == read == opening.read_hours(opening.said(read))


@pytest.mark.parametrize("typed", ["nine to five", "12:00-11:00", "9:00-25:00", "9:61-10:00", "9-10", "9:00-12:00, 11:00-13:00", "24:00-24:30"])
def test_hours_that_are_not_understood(typed):
    with pytest.raises(ValueError):
        opening.read_hours(typed)


@pytest.mark.parametrize(("first", "begin", "last", "end", "why"), [
    (9, "09:00", 9, "11:00", None), (9, "09:00", 9, "18:00", None), (9, "08:00", 9, "18:00", None),
    (9, "07:59", 9, "11:00", "begins"), (9, "12:00", 9, "14:00", "begins"), (9, "17:00", 9, "18:01", "ends"), (9, "11:00", 9, "13:00", "ends"),
    (9, "14:00", 10, "06:00", None), (9, "14:00", 12, "00:00", None), (9, "14:00", 16, "10:00", "closed"), (14, "10:00", 16, "10:00", "begins"),
    (9, "11:00", 9, "10:00", "order"), (9, "11:00", 9, "11:00", "order"),
])
def test_what_may_be_booked(first, begin, last, end, why):
    span = at(date(2026, 11, first), begin), at(date(2026, 11, last), end)
    assert opening.refusal(HOURS, [], "Asia/Shanghai", *span) == why


def test_a_day_off_shuts_a_booking_through_it_and_one_on_it():
    assert opening.refusal(HOURS, ["2026-11-10"], "Asia/Shanghai", at(MONDAY, "14:00"), at(date(2026, 11, 11), "10:00")) == "closed"
    assert opening.refusal(HOURS, ["2026-11-09"], "Asia/Shanghai", at(MONDAY, "14:00"), at(MONDAY, "15:00")) == "begins"
    assert opening.refusal(HOURS, [], "Asia/Shanghai", at(MONDAY, "14:00"), at(date(2027, 1, 11), "15:00")) == "long"


def test_the_same_moment_is_open_on_one_clock_and_shut_on_another():
    starts, ends = at(MONDAY, "09:00"), at(MONDAY, "11:00")
    assert opening.refusal(HOURS, [], "Asia/Shanghai", starts, ends) is None
    assert opening.refusal(HOURS, [], "Europe/Berlin", starts, ends) == "begins"  # two in the night there


def test_the_hour_that_comes_twice_is_counted_once_and_the_one_that_never_comes_is_refused():
    sunday = {"6": [["00:00", "24:00"]]}
    starts, ends = (moment_in("Europe/Berlin", date(2027, 10, 31), time(hour), "begin") for hour in (1, 4))
    assert (ends - starts).total_seconds() == 4 * 3600  # the clocks are put back: from one to four are four hours
    assert opening.refusal(sunday, [], "Europe/Berlin", starts, ends) is None
    with pytest.raises(Exception, match="put forward"):
        moment_in("Europe/Berlin", date(2027, 3, 28), time(2, 30), "begin")


def test_the_calendar_cuts_spans_at_midnight_of_the_place():
    taken = [(at(MONDAY, "14:00"), at(date(2026, 11, 11), "10:00"))]
    days = opening.calendar(HOURS, ["2026-11-11"], "Asia/Shanghai", taken, MONDAY, 4)
    assert [day.taken for day in days] == [("14:00–24:00",), ("00:00–24:00",), ("00:00–10:00",), ()]
    assert [day.open for day in days] == ["08:00–12:00, 13:00–18:00", "00:00–24:00", "", ""]
    abroad = opening.calendar(HOURS, [], "America/New_York", taken, MONDAY, 1)
    assert abroad[0].taken == ("01:00–24:00",)
    assert opening.today("America/New_York", at(MONDAY, "09:00")) == date(2026, 11, 8)
