"""Why an obligation is owed, awaited or void, as one sentence in Chinese or English that names the clause and the event.

The phrases are in `words.toml` under `because`, beside those of the terms; here is which of them a reason needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, localcontext
from functools import lru_cache

from marketplace.terms.fees import Because
from marketplace.terms.words import PHRASES, PRECISION, Tongue


def reason(because: Because, kind: str, own: str, currency: str, lang: str) -> str:
    """The sentence for an obligation of a kind with its own id; `lang` is "zh" or "en"."""
    phrases = PHRASES[lang]["because"]
    values = _values(because, currency, lang)
    text = phrases["head"].format(name=phrases[f"name_{kind}"].format(own=_own(kind, own, lang)), clause=_clause(because.clause, phrases))
    text += phrases[_key(because, kind)].format(**values)
    for note in because.notes:
        if f"note_{note}" in phrases:
            text += phrases[f"note_{note}"].format(**values)
    return text + PHRASES[lang]["marks"]["stop"].strip()


def _clause(path: str, phrases: Mapping[str, str]) -> str:
    """What people call the clause at a path of the terms: `terms.deferred[1]` is the second of the deferred fees."""
    name, _, index = path.rpartition(".")[2].partition("[")
    return phrases[f"clause_{name}"].format(item=int(index.rstrip("]") or 0) + 1)


def _own(kind: str, own: str, lang: str) -> str:
    """The own id of an obligation; of a royalty it is the first day of its period, and said as a day."""
    return _day(date.fromisoformat(own), lang) if kind == "royalty" else own


def _key(because: Because, kind: str) -> str:
    """The phrase for what happened, or for what is awaited."""
    if because.how == "void":
        return f"void_{because.notes[0]}"
    if because.how != "pending":
        return because.how
    if "undecided" in because.notes:
        return "awaits_trial"
    which = because.values.get("which")
    return f"awaits_{kind}_{which}" if which else f"awaits_{kind}"


def _values(because: Because, currency: str, lang: str) -> dict[str, str]:
    """The places of the phrases filled: days, numbers of days and months, money."""
    values = {"on": _day(because.on, lang) if because.on else ""}
    for name, value in because.values.items():
        if isinstance(value, date):
            values[name] = _day(value, lang)
        elif isinstance(value, Decimal):
            with localcontext(prec=PRECISION):
                values[name] = Tongue(lang, currency).money(value)
        elif isinstance(value, int):
            values[name] = _count("month" if name == "months" else "day", value, lang)
    return values


@lru_cache(10_000)
def _day(day: date, lang: str) -> str:
    return _tongue(lang).day(day)


@lru_cache(1_000)
def _count(unit: str, number: int, lang: str) -> str:
    return _tongue(lang).count(unit, number)


def _tongue(lang: str) -> Tongue:
    """A tongue for what is no money."""
    return Tongue(lang, "CNY")

