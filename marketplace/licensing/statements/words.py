"""What statements, their figures, reminders and obligations are called on pages, lazily translated."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import lazy_gettext as _l

from marketplace.terms.words import PHRASES

STATE_WORDS = {
    "draft": _l("draft"), "sent": _l("sent"), "queried": _l("queried"), "accepted": _l("accepted"), "replaced": _l("replaced"),
    "discarded": _l("given up"), "void": _l("taken back"),
}
TONES = {"sent": "blue", "queried": "amber", "accepted": "pine"}
FIGURE_WORDS = {"gross": _l("Gross sales"), "profit": _l("Profit"), "units": _l("Units sold")}
REMARK_WORDS = {"query": _l("Question of the licensor"), "reply": _l("Reply of the licensee"), "dispute": _l("Disputed by the licensee")}
FILTERS = {
    "all": _l("All"), "sent": _l("To be answered by the licensor"), "queried": _l("Queried"), "accepted": _l("Accepted"), "draft": _l("Drafts"),
}


def owed_name(key: str, language: str) -> str:
    """What an obligation is called, by its id in the schedule (`royalty:2026-01-01`)."""
    kind, _, own = key.partition(":")
    return PHRASES[language]["because"][f"name_{kind}"].format(own=own)


def net_of(values: dict[str, Any]) -> Decimal:
    """The figure on which a statement's royalty is computed."""
    if "gross" in values:
        return max(Decimal(values["gross"]) - sum((Decimal(part) for part in values.get("deductions", {}).values()), Decimal(0)), Decimal(0))
    return max(Decimal(values.get("profit") or values.get("units") or "0"), Decimal(0))


def quantity(text: str) -> str:
    """A number as the reader's language writes it."""
    return format_decimal(Decimal(text), "#,##0.######")


def as_money(text: str | None) -> Decimal | None:
    """An amount kept as text."""
    return None if text is None else Decimal(text)


def overdue_days(due: date, today: date) -> int:
    """For how many days something has been overdue."""
    return max((today - due).days, 0)

