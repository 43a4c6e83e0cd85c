"""The words of the worklist, lazily translated: its sections, and how the values in a row's sentence are said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from marketplace.deals.words import STAGE_WORDS
from marketplace.matching.words import BAND_WORDS, CONTRIBUTION_WORDS, SIDE_WORDS
from marketplace.saying import FILTERS, named
from marketplace.terms.payment import from_minor

SECTION_WORDS = {
    "reply": _l("Replies waiting"), "task": _l("Promises due today"), "asked": _l("Introductions asked for"), "trial": _l("Trials that end soon"),
    "decision": _l("Decisions after a trial"), "statement": _l("Statements overdue"), "fee": _l("Fees overdue"), "notice": _l("Notices that end"),
    "badge": _l("Badges that expire"), "still": _l("Deals that stand still"), "pair": _l("The best new pairs"),
}
PUT_OFF_WORDS = {1: _l("until tomorrow"), 7: _l("for a week"), 30: _l("for a month")}


def said(message: str, values: Mapping[str, Any]) -> Markup:
    """A row's sentence in the reader's language: codes in words, days written out, chances in per cent, names marked as what they are."""
    return Markup(gettext(message)) % {name: named(value) if name == "name" else _value(name, value) for name, value in values.items()}


def _value(name: str, value: Any) -> str:
    if isinstance(value, date):
        return format_date(value, "long")
    if name == "chance":
        return FILTERS["percent"](value)
    if name == "amounts":
        return gettext(", ").join(FILTERS["money"](from_minor(minor, currency), currency) for minor, currency in value)
    if name == "reasons":
        return gettext(", ").join(str(CONTRIBUTION_WORDS.get(code, code)) for code in value)
    words = {"band": BAND_WORDS, "side": SIDE_WORDS, "stage": STAGE_WORDS}.get(name, {})
    return str(words.get(value, value))
