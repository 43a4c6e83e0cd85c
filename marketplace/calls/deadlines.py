"""Deadlines as people type and read them: a day and a clock time in a named zone, and the moment that they mean.

A deadline must mean one moment. A clock time that the zone skips (the clocks are put forward) or shows twice (they are put back) is refused. Pure.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from marketplace.errors import N_, Refused

HOME = "Asia/Shanghai"
"""The zone in which every deadline is told besides its own."""


def moment_of(zone: str, day: date, clock: time, zone_field: str = "zone", clock_field: str = "clock") -> datetime:
    """The one moment, in UTC, at which a clock in the zone shows this time on that day.

    Raises `Refused` for a zone that the time zone database does not know, and for a time that comes never or twice.
    """
    if zone not in available_timezones():
        raise Refused(N_("This time zone is not known. It should look like Europe/Berlin."), field=zone_field)
    place = ZoneInfo(zone)
    first, second = (datetime.combine(day, clock, place).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(place).replace(tzinfo=None) != datetime.combine(day, clock):
        raise Refused(
            N_("There is no such time on that day in %(zone)s: the clocks are put forward. Choose another hour."), field=clock_field, zone=zone)
    if first != second:
        raise Refused(N_("That time comes twice on that day in %(zone)s: the clocks are put back. Choose another hour."), field=clock_field, zone=zone)
    return first


def local(moment: datetime, zone: str) -> datetime:
    """The moment as a clock in the zone shows it."""
    return moment.astimezone(ZoneInfo(zone))


def offset(moment: datetime, zone: str) -> str:
    """How far the zone is from UTC at that moment: UTC+08:00."""
    shown = f"{local(moment, zone):%z}"
    return f"UTC{shown[:3]}:{shown[3:]}"
