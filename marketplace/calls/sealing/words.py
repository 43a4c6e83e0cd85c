"""Moments as the pages of sealing tell them: to the second, in the call's own zone and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import format_datetime

from marketplace.calls.deadlines import local, offset


def moment_in(moment: datetime | None, zone: str) -> str:
    """A moment as a clock in the zone shows it, with the zone and its distance from UTC."""
    if moment is None:
        return ""
    return f"{format_datetime(local(moment, zone), 'medium', rebase=False)} ({zone}, {offset(moment, zone)})"


def exact(moment: datetime) -> str:
    """A moment to the thousandth of a second, as receipts have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
