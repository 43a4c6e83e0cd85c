"""The words of the simulator: sides, scenarios, kinds of fees, marks, quarters and units, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from marketplace.terms.payment import MINOR_UNITS
from marketplace.terms.words import Tongue

KINDS: dict[str, Any] = {
    "entry": _l("Entry fee"), "conversion": _l("Conversion"), "deferred": _l("Deferred"), "instalment": _l("Instalments"),
    "milestone": _l("Milestones"), "conditional": _l("On acceptance"), "royalty": _l("Royalty"), "minimum": _l("Top-up to the minimum"),
    "buyout": _l("Buy-out"),
}
"""Kinds of obligations, in the order of terms.md."""

SCENARIOS: dict[str, Any] = {"cautious": _l("Cautious"), "expected": _l("Expected"), "good": _l("Good")}

SIDES: dict[str, Any] = {"institute": _l("The institute"), "licensee": _l("The enterprise")}

MARKS: dict[str, Any] = {
    "trial_end": _l("trial ends"), "converted": _l("converts"), "declined": _l("declines"), "lapsed": _l("trial lapses"),
    "first_revenue": _l("first sales"), "minimum": _l("minimum bites"), "cap": _l("cap reached"), "buyout": _l("bought out"),
}

LEVELS: dict[str, Any] = {"cap": _l("cap"), "floor": _l("floor")}

BASES: dict[str, Any] = {
    "net_sales": _l("Net sales per quarter"), "profit": _l("Profit per quarter"), "units": _l("Units sold per quarter"), "": _l("Sales per quarter"),
}

UNITS = {"zh": {100_000_000: "亿", 10_000: "万", 1: ""}, "en": {1_000_000: "million ", 1_000: "thousand ", 1: ""}}
"""The units of the ticks of a picture."""


def quarter(first: date, lang: str) -> str:
    """A calendar quarter: 2027年1季度, Q1 2027."""
    number = (first.month + 2) // 3
    return f"{first.year}年{number}季度" if lang == "zh" else f"Q{number} {first.year}"


def money(currency: str, lang: str) -> Callable[[Decimal], str]:
    """How amounts are written in sentences and summaries; a loss has a minus sign before it."""
    tongue = Tongue(lang, currency)
    return lambda amount: ("−" if amount < 0 else "") + tongue.money(abs(amount))


def figures(currency: str) -> Callable[[Decimal], str]:
    """How amounts are written in tables: grouped digits, with just the places of the currency."""
    places = MINOR_UNITS[currency]

    def written(amount: Decimal) -> str:
        return "–" if not amount else f"{amount:,.{places}f}".replace("-", "−")

    return written


def unit_of(currency: str, unit: int, lang: str) -> str:
    """What the ticks of a picture count: 万元, thousand yuan."""
    names = {"CNY": gettext("yuan"), "USD": gettext("US dollars"), "EUR": gettext("euros"), "JPY": gettext("yen"), "KRW": gettext("won")}
    return UNITS[lang][unit] + names[currency]


def said(names: Mapping[str, Any]) -> dict[str, str]:
    """Names in the reader's language, looked up once where they are used a thousand times."""
    return {code: str(name) for code, name in names.items()}


def headings(kinds: Sequence[str]) -> list[str]:
    """The headings of the table with these kinds of fees, as in a file."""
    return [
        gettext("Scenario"), gettext("Quarter"), gettext("Sales"), *(str(KINDS[kind]) for kind in kinds), gettext("Institute: cash"),
        gettext("Institute: in all"), gettext("Enterprise: margin before fees"), gettext("Enterprise: cash"), gettext("Enterprise: in all"),
        gettext("What happens"),
    ]
