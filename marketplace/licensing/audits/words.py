"""What the states of audits are called on pages, lazily translated."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import format_percent
from flask_babel import lazy_gettext as _l

STATE_WORDS = {
    "asked": _l("asked for"), "running": _l("running"), "closed": _l("closed, to be answered by the licensee"), "agreed": _l("findings agreed"),
    "disputed": _l("findings disputed"), "withdrawn": _l("withdrawn"),
}
TONES = {"asked": "amber", "running": "blue", "closed": "amber", "agreed": "pine", "disputed": "red"}
SIDE_WORDS = {"licensor": _l("the licensor"), "licensee": _l("the licensee")}


def share(text: str) -> str:
    """A share kept as text (0.075), in per cent."""
    return format_percent(Decimal(text), "#,##0.##%")
