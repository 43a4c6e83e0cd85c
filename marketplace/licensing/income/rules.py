"""The rules that a policy and a split are held against: those of the product, and an operator's for his region.

A rule is data (`income_rules.toml` explains the keys): floor or allowed deductions, severity, region, day from which it holds, source.
A file of the operator (MARKETPLACE_INCOME_RULES) adds rules; one with the code, region and day of another replaces it. Every
fault of a file is named with its entry when the program starts. An unverified figure may warn, never refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from marketplace.config import Settings
from marketplace.db import LANGUAGES
from marketplace.licensing.income.formula import DEDUCTIONS, ROLES
from marketplace.terms.rulebook import SEVERITIES, SHARED, SHIPPED, Book, one_of

VARIABLE = "MARKETPLACE_INCOME_RULES"
NEEDS = {"share": ("of", "floor"), "deductions": ("allowed",), "self": ("floor", "years")}
"""What a rule is given, by what it looks at."""

_SHARE = re.compile(r"(0(\.[0-9]{1,6})?|1(\.0{1,6})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as its data say it; `region` is a GB/T 2260 code, None the nation."""

    code: str
    when: str
    severity: str
    otherwise: str = "warn"
    in_force: date
    source: Mapping[str, str]
    message: Mapping[str, str]
    region: str | None = None
    unverified: bool = False
    of: str | None = None
    floor: Decimal | None = None
    allowed: tuple[str, ...] = ()
    years: tuple[int, int] | None = None
    origin: str = SHIPPED


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says of a policy that does not keep it: floor and what was given, and the severity for this institute."""

    rule: Rule
    severity: str
    given: str

    def said(self, lang: str, words: Mapping[str, Any]) -> str:
        """The message in a language; `words` name deductions."""
        floor = percent(self.rule.floor) if self.rule.floor is not None else ""
        given = "、".join(str(words[code]) for code in self.given.split()) if self.rule.when == "deductions" else percent(Decimal(self.given))
        return self.rule.message[lang].replace("{floor}", floor).replace("{given}", given)


def percent(rate: Decimal | str) -> str:
    """A share in per cent without useless noughts: 0.125 is 12.5%."""
    text = f"{Decimal(rate) * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def holding(rules: Iterable[Rule], region: str | None, day: date) -> list[Rule]:
    """The rules that hold in a region on a day: the nation's and its own, of each code the version in force last."""
    latest: dict[tuple[str, str | None], Rule] = {}
    for rule in sorted(rules, key=lambda one: one.in_force):
        if rule.in_force <= day and rule.region in (None, region):
            latest[rule.code, rule.region] = rule
    return list(latest.values())


def findings(
    rules: Iterable[Rule], state_founded: bool, shares: Mapping[str, Decimal], deducted: Iterable[str], self_rate: Decimal | None = None
) -> list[Finding]:
    """Where shares and deductions do not keep the rules, refusals first; `self_rate` None leaves the institute's own use out."""
    found = []
    for rule in rules:
        given = _given(rule, shares, deducted, self_rate)
        if given is not None:
            found.append(Finding(rule, rule.severity if state_founded else rule.otherwise, given))
    return sorted(found, key=lambda one: SEVERITIES.index(one.severity))


def _given(rule: Rule, shares: Mapping[str, Decimal], deducted: Iterable[str], self_rate: Decimal | None) -> str | None:
    """What stands against the rule; None when it is kept."""
    if rule.when == "deductions":
        more = [code for code in DEDUCTIONS if code in set(deducted) - set(rule.allowed)]
        return " ".join(more) or None
    value = self_rate if rule.when == "self" else shares.get(rule.of or "", Decimal(0))
    return None if value is None or value >= (rule.floor or 0) else f"{value:f}"


def _rule(entry: Mapping[str, Any], origin: str) -> Rule:
    values = {**entry, "origin": origin}
    values |= {"floor": Decimal(entry["floor"])} if "floor" in entry else {}
    values |= {key: tuple(entry[key]) for key in ("allowed", "years") if key in entry}
    return Rule(**values)


def bilingual(value: Any) -> str:
    """Whether a value has a text in each language."""
    right = isinstance(value, dict) and set(value) == set(LANGUAGES) and all(isinstance(text, str) and text.strip() for text in value.values())
    return "" if right else 'must be {zh = "…", en = "…"}, both of them filled in'


def _years(value: Any) -> str:
    right = isinstance(value, list) and len(value) == 2 and all(type(one) is int for one in value) and 1 <= value[0] <= value[1] <= 50
    return "" if right else "must be the fewest and the most years, such as [3, 5]"


JUDGES: dict[str, Any] = {
    **SHARED,
    "when": one_of(*NEEDS),
    "otherwise": one_of(*SEVERITIES),
    "source": bilingual,
    "message": bilingual,
    "of": one_of(*ROLES),
    "floor": lambda value: "" if isinstance(value, str) and _SHARE.fullmatch(value) else 'must be a share as text, "0.70" for 70 per cent',
    "allowed": lambda value: "" if isinstance(value, list) and value and all(one in DEDUCTIONS for one in value)
    else f"must be a list of some of {', '.join(DEDUCTIONS)}",
    "years": _years,
}
"""What is wrong with the value of each key, in words; empty when it is right."""

BOOK: Book[Rule] = Book(VARIABLE, "marketplace.licensing.income", "income_rules.toml", NEEDS, JUDGES, _rule, key="code")

def read_rules(path: Path | None) -> tuple[Rule, ...]:
    """The rules of the product and those of an operator's file. Raises `SettingsError` with every fault."""
    return BOOK.read(path)


_rules: list[Rule] = list(read_rules(None))


def configure(settings: Settings) -> None:
    """Read the rules anew, with those of the operator. Raises `SettingsError`."""
    _rules[:] = read_rules(settings.income_rules)


def in_force(region: str | None, day: date) -> list[Rule]:
    """The rules that hold in a region on a day."""
    return holding(_rules, region, day)
