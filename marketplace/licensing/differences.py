"""What changed from one version of an agreement to another, clause by clause, in the reader's words. Pure.

Members of lists are compared by their ids, so that a milestone put between two others is one difference and not three.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from marketplace.licensing.clauses import CLAUSES, DATA, Values, in_language, shown, value_at
from marketplace.terms.words import PRECISION, Tongue

MONEY = frozenset({"entry_fee", "cap_total", "conversion.price", "royalty.per_unit", "royalty.minimum_per_year", "buyout.price"})
RATES = frozenset({"late_interest.annual_rate"})
LISTS = {
    "deferred": ("amount", "months", "first_revenue", "which"), "instalments": ("amount", "due"), "milestones": ("amount",),
    "conditional": ("amount", "deemed_days"),
}
ACCEPTANCE = ("metric", "target", "method", "tester", "deadline")


@dataclass(frozen=True, slots=True)
class Difference:
    """One clause that changed: what it is called, and what it said before and says now; empty where it said nothing."""

    label: str
    before: str
    after: str


def differences(before: tuple[Values, Values], after: tuple[Values, Values], lang: str) -> list[Difference]:
    """What differs between two drafts, each the payment terms and the other clauses as JSON values."""
    old, new = dict(_facts(*before, lang)), dict(_facts(*after, lang))
    labels = [*new, *(label for label in old if label not in new)]
    return [Difference(label, old.get(label, ""), new.get(label, "")) for label in labels if old.get(label, "") != new.get(label, "")]


def _facts(terms: Values, clauses: Values, lang: str) -> Iterator[tuple[str, str]]:
    """Everything a draft says, as (label, value)."""
    with localcontext(prec=PRECISION):
        yield from _terms(terms, Tongue(lang, terms.get("currency", "CNY")))
    for clause in CLAUSES:
        if value := shown(clause, value_at(clauses, clause.path), lang):
            yield clause.label[lang], value
    words = DATA["terms"][lang]
    for one in clauses.get("acceptance", ()):
        label = words["acceptance"].format(id=one["id"])
        for key in ACCEPTANCE:
            if one.get(key):
                value = in_language(one[key], lang) if isinstance(one[key], Mapping) else str(one[key])
                yield f"{label} · {words[key]}", value


def _terms(terms: Values, tongue: Tongue) -> Iterator[tuple[str, str]]:
    words = DATA["terms"][tongue.lang]
    for path, label in words.items():
        if path == "royalty.tiers":
            tiers = value_at(terms, path)
            if tiers:
                yield label, tongue.listed([_tier(tier, tongue) for tier in tiers])
        elif path in LISTS:
            for member in terms.get(path, ()):
                for key in LISTS[path]:
                    if key in member:
                        yield f"{label.format(id=member['id'])} · {words[key]}", _value(key, member[key], tongue)
        elif value_at(terms, path) is not None:
            yield label, _value(path, value_at(terms, path), tongue, value_at(terms, "royalty.base") == "units")


def _tier(tier: Mapping[str, Any], tongue: Tongue) -> str:
    words = DATA["terms"][tongue.lang]
    upto = words["beyond"] if tier["upto"] is None else words["upto"].format(upto=tongue.money(Decimal(tier["upto"])))
    return f"{upto} {tongue.rate(Decimal(tier['rate']))}"


def _value(path: str, value: Any, tongue: Tongue, units: bool = False) -> str:
    """A value of the terms as a language writes it."""
    words = DATA["terms"][tongue.lang]
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if path in MONEY or path == "amount" or (path == "royalty.threshold" and not units):
        return tongue.money(Decimal(value))
    if path in RATES:
        return tongue.rate(Decimal(value))
    if path in ("effective", "end", "due"):
        return tongue.day(date.fromisoformat(value))
    if isinstance(value, int):
        return tongue.count("month" if path.endswith("months") else "day", value)
    return words.get(str(value), str(value))
