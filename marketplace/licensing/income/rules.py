"""The rules that a policy and a split are held against: those of the product, and an operator's for his region.

A rule is data (`income_rules.toml` explains the keys): floor or allowed deductions, severity, region, day from which it holds, source.
A file of the operator (MARKETPLACE_INCOME_RULES) adds rules; one with the code, region and day of another replaces it. Every
fault of a file is named with its entry when the program starts. An unverified figure may warn, never refuse.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from marketplace.config import Settings, SettingsError
from marketplace.db import LANGUAGES
from marketplace.licensing.income.formula import DEDUCTIONS, ROLES
from marketplace.people.regions import is_region

VARIABLE = "MARKETPLACE_INCOME_RULES"
SHIPPED = "shipped"
SEVERITIES = ("refuse", "warn", "inform")
NEEDS = {"share": ("of", "floor"), "deductions": ("allowed",), "self": ("floor", "years")}
"""What a rule is given, by what it looks at."""

REQUIRED = ("code", "when", "severity", "in_force", "source", "message")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")
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


def read_rules(path: Path | None) -> tuple[Rule, ...]:
    """The rules of the product and those of an operator's file. Raises `SettingsError` with every fault."""
    faults: list[str] = []
    found = dict(_entries(SHIPPED, files("marketplace.licensing.income").joinpath("income_rules.toml").read_text("utf-8"), faults))
    if path is not None:
        try:
            found |= dict(_entries(path.name, path.read_text("utf-8"), faults))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}")
    if faults:
        raise SettingsError([f"{VARIABLE}: {fault}" for fault in faults])
    return tuple(found.values())


Place = tuple[str, str | None, date]


def _entries(name: str, text: str, faults: list[str]) -> Iterator[tuple[Place, Rule]]:
    """The rules of one file by what they replace; what is wrong is added to the faults."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{name}: this is not TOML: {error}")
        return
    entries = content.get("rule", [])
    if set(content) - {"rule"} or not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        faults.append(f"{name}: a file of rules holds [[rule]] entries and nothing else")
        return
    for number, entry in enumerate(entries, 1):
        wrong = [f"{name}, entry {number}, {key}: {words}" for key, words in _wrong(entry)]
        faults += wrong
        if not wrong:
            rule = _rule(entry, SHIPPED if name == SHIPPED else f"{name}, entry {number}")
            yield (rule.code, rule.region, rule.in_force), rule


def _rule(entry: Mapping[str, Any], origin: str) -> Rule:
    values = {**entry, "origin": origin}
    values |= {"floor": Decimal(entry["floor"])} if "floor" in entry else {}
    values |= {key: tuple(entry[key]) for key in ("allowed", "years") if key in entry}
    return Rule(**values)


def _wrong(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each key of an entry that is wrong, with what to write instead."""
    when = entry.get("when")
    needs = NEEDS.get(when, ()) if isinstance(when, str) else ()
    yield from ((key, "is missing") for key in (*REQUIRED, *needs) if key not in entry)
    for key, value in entry.items():
        words = JUDGES[key](value) if key in JUDGES else "there is no such key"
        if words or (key in GIVEN and key not in needs):
            yield key, words or f"means nothing to a rule of {when!r}"
    if entry.get("unverified") is True and "refuse" in (entry.get("severity"), entry.get("otherwise")):
        yield "severity", "an unverified figure may warn or inform, never refuse; read the source, then say unverified = false"


def _bilingual(value: Any) -> str:
    right = isinstance(value, dict) and set(value) == set(LANGUAGES) and all(isinstance(text, str) and text.strip() for text in value.values())
    return "" if right else 'must be {zh = "…", en = "…"}, both of them filled in'


def _one_of(*choices: str) -> Any:
    return lambda value: "" if isinstance(value, str) and value in choices else f"must be one of {', '.join(choices)}"


def _day(value: Any) -> str:
    return "" if isinstance(value, date) and not isinstance(value, datetime) else "must be a date such as 2027-01-01, without quotes"


def _years(value: Any) -> str:
    right = isinstance(value, list) and len(value) == 2 and all(type(one) is int for one in value) and 1 <= value[0] <= value[1] <= 50
    return "" if right else "must be the fewest and the most years, such as [3, 5]"


JUDGES: dict[str, Any] = {
    "code": lambda value: "" if isinstance(value, str) and _CODE.fullmatch(value) else "must be small letters, digits and _, at most 60",
    "when": _one_of(*NEEDS),
    "severity": _one_of(*SEVERITIES),
    "otherwise": _one_of(*SEVERITIES),
    "in_force": _day,
    "source": _bilingual,
    "message": _bilingual,
    "region": lambda value: "" if isinstance(value, str) and is_region(value) else 'must be a region of the site, such as "330000"',
    "unverified": lambda value: "" if isinstance(value, bool) else "must be true or false",
    "of": _one_of(*ROLES),
    "floor": lambda value: "" if isinstance(value, str) and _SHARE.fullmatch(value) else 'must be a share as text, "0.70" for 70 per cent',
    "allowed": lambda value: "" if isinstance(value, list) and value and all(one in DEDUCTIONS for one in value)
    else f"must be a list of some of {', '.join(DEDUCTIONS)}",
    "years": _years,
}
"""What is wrong with the value of each key, in words; empty when it is right."""

GIVEN = frozenset(key for keys in NEEDS.values() for key in keys)

_rules: list[Rule] = list(read_rules(None))


def configure(settings: Settings) -> None:
    """Read the rules anew, with those of the operator. Raises `SettingsError`."""
    _rules[:] = read_rules(settings.income_rules)


def in_force(region: str | None, day: date) -> list[Rule]:
    """The rules that hold in a region on a day."""
    return holding(_rules, region, day)
