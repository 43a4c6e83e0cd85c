"""Clocks of places: the moment a clock shows a time, and a span of moments as that clock shows it.

What happens somewhere (a meeting, a booking) has a time zone beside its moments, because people read and type the clock on their wall.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from marketplace.errors import N_, Refused

ZONES = ("Asia/Shanghai", "Asia/Tokyo", "Asia/Singapore", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "UTC")
"""The zones offered by name; any other of the time zone database can be typed where a form allows it."""


def moment_in(zone: str, day: date, clock: time, field: str) -> datetime:
    """The moment a clock in the zone shows this time. Refused when it shows it never, because the clocks are put forward then.

    Of two moments, when the clocks are put back, it is the first.
    """
    local = datetime.combine(day, clock, ZoneInfo(zone))
    moment = local.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Refused(N_("There is no such time on that day in %(zone)s: the clocks are put forward."), field=field, zone=zone)
    return moment


def in_zone(starts: datetime, ends: datetime, zone: str) -> str:
    """Day, time and zone of a span, the same in every language: 2026-11-05 15:00–16:00 (Asia/Shanghai, UTC+08:00)."""
    starts, ends = starts.astimezone(ZoneInfo(zone)), ends.astimezone(ZoneInfo(zone))
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%Y-%m-%d %H:%M}"
    offset = f"{starts:%z}"
    return f"{starts:%Y-%m-%d %H:%M}–{until} ({zone}, UTC{offset[:3]}:{offset[3:]})"
