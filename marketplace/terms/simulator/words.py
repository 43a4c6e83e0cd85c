"""The words of the simulator: sides, scenarios, kinds of fees, marks, quarters and units.

Names are message ids; whoever shows them passes `say`, which puts an id into the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from marketplace.errors import N_
from marketplace.terms.payment import MINOR_UNITS
from marketplace.terms.words import Tongue

Say = Callable[[str], str]

KINDS: dict[str, str] = {
    "entry": N_("Entry fee"), "conversion": N_("Conversion"), "deferred": N_("Deferred"), "instalment": N_("Instalments"),
    "milestone": N_("Milestones"), "conditional": N_("On acceptance"), "royalty": N_("Royalty"), "minimum": N_("Top-up to the minimum"),
    "buyout": N_("Buy-out"),
}
"""Kinds of obligations, in the order of terms.md."""

SCENARIOS: dict[str, str] = {"cautious": N_("Cautious"), "expected": N_("Expected"), "good": N_("Good")}

SIDES: dict[str, str] = {"institute": N_("The institute"), "licensee": N_("The enterprise")}

MARKS: dict[str, str] = {
    "trial_end": N_("trial ends"), "converted": N_("converts"), "declined": N_("declines"), "lapsed": N_("trial lapses"),
    "first_revenue": N_("first sales"), "minimum": N_("minimum bites"), "cap": N_("cap reached"), "buyout": N_("bought out"),
}

LEVELS: dict[str, str] = {"cap": N_("cap"), "floor": N_("floor")}

BASES: dict[str, str] = {
    "net_sales": N_("Net sales per quarter"), "profit": N_("Profit per quarter"), "units": N_("Units sold per quarter"), "": N_("Sales per quarter"),
}

CURRENCIES: dict[str, str] = {"CNY": N_("yuan"), "USD": N_("US dollars"), "EUR": N_("euros"), "JPY": N_("yen"), "KRW": N_("won")}

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


def unit_of(currency: str, unit: int, lang: str, say: Say) -> str:
    """What the ticks of a picture count: 万元, thousand yuan."""
    return UNITS[lang][unit] + say(CURRENCIES[currency])


def said(names: Mapping[str, str], say: Say) -> dict[str, str]:
    """Names in the reader's language, looked up once where they are used a thousand times."""
    return {code: say(name) for code, name in names.items()}


def headings(kinds: Sequence[str], say: Say) -> list[str]:
    """The headings of the table with these kinds of fees, as in a file."""
    first = (N_("Scenario"), N_("Quarter"), N_("Sales"))
    last = (
        N_("Institute: cash"), N_("Institute: in all"), N_("Enterprise: margin before fees"), N_("Enterprise: cash"), N_("Enterprise: in all"),
        N_("What happens"),
    )
    return [say(name) for name in (*first, *(KINDS[kind] for kind in kinds), *last)]
