"""Deadlines as typed: one moment, or a clear word why not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from marketplace.calls.deadlines import local, moment_of, offset
from marketplace.errors import Refused


@pytest.mark.parametrize(("zone", "day", "clock", "moment"), [
    ("Asia/Shanghai", date(2026, 12, 31), time(17), datetime(2026, 12, 31, 9, tzinfo=UTC)),
    ("Europe/Berlin", date(2027, 1, 15), time(17), datetime(2027, 1, 15, 16, tzinfo=UTC)),
    ("Europe/Berlin", date(2027, 7, 15), time(17), datetime(2027, 7, 15, 15, tzinfo=UTC)),
    ("Europe/Berlin", date(2027, 3, 28), time(1, 59), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
    ("Europe/Berlin", date(2027, 3, 28), time(3), datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ("Europe/Berlin", date(2026, 10, 25), time(3), datetime(2026, 10, 25, 2, tzinfo=UTC)),
    ("Asia/Kathmandu", date(2027, 1, 1), time(0), datetime(2026, 12, 31, 18, 15, tzinfo=UTC)),
    ("UTC", date(2027, 1, 1), time(0), datetime(2027, 1, 1, tzinfo=UTC)),
])
def test_a_clock_time_is_one_moment(zone, day, clock, moment):
    assert moment_of(zone, day, clock) == moment
    assert local(moment, zone).replace(tzinfo=None) == datetime.combine(day, clock)


@pytest.mark.parametrize(("zone", "day", "clock", "word"), [
    ("Europe/Berlin", date(2027, 3, 28), time(2, 30), "put forward"),
    ("Europe/Berlin", date(2027, 3, 28), time(2), "put forward"),
    ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "put back"),
    ("Europe/Berlin", date(2026, 10, 25), time(2), "put back"),
    ("America/New_York", date(2027, 3, 14), time(2, 15), "put forward"),
    ("America/New_York", date(2026, 11, 1), time(1, 15), "put back"),
    ("Asia/Shanghai", date(1991, 4, 14), time(2, 30), "put forward"),
    ("Asia/Shanghai", date(1991, 9, 15), time(1, 30), "put back"),
])
def test_a_time_that_comes_never_or_twice_is_refused(zone, day, clock, word):
    with pytest.raises(Refused, match=word) as refused:
        moment_of(zone, day, clock, clock_field="deadline_clock")
    assert refused.value.field == "deadline_clock" and refused.value.values == {"zone": zone}


@pytest.mark.parametrize("zone", ["", "Beijing", "../etc/passwd", "Europe", "CST6"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(Refused, match="not known") as refused:
        moment_of(zone, date(2027, 1, 1), time(12), zone_field="other_zone")
    assert refused.value.field == "other_zone"


def test_the_offset_follows_the_season():
    assert offset(datetime(2027, 1, 1, tzinfo=UTC), "Europe/Berlin") == "UTC+01:00"
    assert offset(datetime(2027, 7, 1, tzinfo=UTC), "Europe/Berlin") == "UTC+02:00"
    assert offset(datetime(2027, 7, 1, tzinfo=UTC), "America/St_Johns") == "UTC-02:30"
