"""The rules that duties follow: those of the product, and an operator's for his region.

A rule is data (`duty_rules.toml` explains the keys). A file of the operator (MARKETPLACE_DUTY_RULES) adds rules; one with the `when`,
region and day of another replaces it. Every fault of a file is named with its entry when the program starts. An unverified
figure may warn, never refuse.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

from marketplace.config import Settings, SettingsError
from marketplace.licensing.income.rules import JUDGES as SHARED
from marketplace.licensing.income.rules import SHIPPED
from marketplace.people.regions import PROVINCES

VARIABLE = "MARKETPLACE_DUTY_RULES"
NEEDS: dict[str, tuple[str, ...]] = {"notice": (), "notice_days": ("days",), "recordal": ("months",)}
"""What a rule is given, by what it is about."""

REQUIRED = ("code", "when", "severity", "in_force", "source", "message")
ELSEWHERE = frozenset(("710000", "810000", "820000"))  # provinces by code in which the nation's rules of this table do not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as its data say it; `region` is a code of the site, None the nation."""

    code: str
    when: str
    severity: str
    otherwise: str = "warn"
    in_force: date
    source: Mapping[str, str]
    message: Mapping[str, str]
    region: str | None = None
    unverified: bool = False
    days: int | None = None
    months: int | None = None
    origin: str = SHIPPED

    def said(self, lang: str) -> str:
        """The message in a language."""
        return self.message[lang].replace("{days}", str(self.days)).replace("{months}", str(self.months))

    def severity_for(self, state_founded: bool) -> str:
        """How grave it is for this institute."""
        return self.severity if state_founded else self.otherwise


def holding(rules: Iterable[Rule], when: str, region: str | None, day: date) -> Rule | None:
    """The rule of this kind that holds in a region on a day: its own before the nation's, the latest version of it; None if none is known."""
    at_home = region in PROVINCES and region not in ELSEWHERE
    held = [one for one in rules if one.when == when and one.in_force <= day and (one.region == region if one.region else at_home)]
    return max(held, key=lambda one: (one.region is not None, one.in_force), default=None)


Place = tuple[str, str | None, date]


def read_rules(path: Path | None) -> tuple[Rule, ...]:
    """The rules of the product and those of an operator's file. Raises `SettingsError` with every fault."""
    faults: list[str] = []
    found = dict(_entries(SHIPPED, files("marketplace.licensing.duties").joinpath("duty_rules.toml").read_text("utf-8"), faults))
    if path is not None:
        try:
            found |= dict(_entries(path.name, path.read_text("utf-8"), faults))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}")
    if faults:
        raise SettingsError([f"{VARIABLE}: {fault}" for fault in faults])
    return tuple(found.values())


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
            rule = Rule(**entry, origin=SHIPPED if name == SHIPPED else f"{name}, entry {number}")
            yield (rule.when, rule.region, rule.in_force), rule


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


def _whole(most: int) -> Any:
    return lambda value: "" if type(value) is int and 1 <= value <= most else f"must be a whole number from 1 to {most}"


JUDGES: dict[str, Any] = {
    **{key: SHARED[key] for key in ("code", "severity", "otherwise", "in_force", "source", "message", "region", "unverified")},
    "when": lambda value: "" if isinstance(value, str) and value in NEEDS else f"must be one of {', '.join(NEEDS)}",
    "days": _whole(365),
    "months": _whole(60),
}
"""What is wrong with the value of each key, in words; empty when it is right."""

GIVEN = frozenset(key for keys in NEEDS.values() for key in keys)

_rules: list[Rule] = list(read_rules(None))


def configure(settings: Settings) -> None:
    """Read the rules anew, with those of the operator. Raises `SettingsError`."""
    _rules[:] = read_rules(settings.duty_rules)


def in_force(when: str, region: str | None, day: date) -> Rule | None:
    """The rule of this kind that holds in a region on a day; None if none is known."""
    return holding(_rules, when, region, day)
