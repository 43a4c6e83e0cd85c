"""Moments as the pages of sealing tell them: to the second, in the call's own zone and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_babel import format_datetime
from flask_babel import lazy_gettext as _l

from marketplace.calls.deadlines import local, offset

TROUBLE_WORDS = {
    "shut": _l("No sealing key here opens this call:"),
    "holders": _l("Too few key holders of this call can be reached by mail:"),
    "shares": _l("Too few shares of this call's key have been brought:"),
}


def moment_in(moment: datetime | None, zone: str) -> str:
    """A moment as a clock in the zone shows it, with the zone and its distance from UTC."""
    if moment is None:
        return ""
    return f"{format_datetime(local(moment, zone), 'medium', rebase=False)} ({zone}, {offset(moment, zone)})"


def exact(moment: datetime) -> str:
    """A moment to the thousandth of a second, as receipts have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
