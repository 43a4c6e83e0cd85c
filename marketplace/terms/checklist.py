"""The checks in force: those that come with the product, and those that an operator adds or changes in files of his own.

A file is TOML, a list of `[[check]]`. An entry with a new code is a check of its own; one whose code is known already
takes over what it leaves out, and replaces the other in its region, or everywhere when it names none. Everything is
judged when the program starts, and every fault is named with its file, entry and field, so that nobody finds out from a
customer. docs/checks.md explains it to operators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

from marketplace.config import Settings, SettingsError
from marketplace.people.regions import is_region
from marketplace.terms import checks
from marketplace.terms.checks import CONDITIONS, EXCLUSIVITIES, FIELDS, MODES, PATENT_KINDS, SEVERITIES, TEXTS, Check, Finding, OfferFacts
from marketplace.terms.payment import BASES, Terms
from marketplace.terms.rulebook import CODE, SHARED, SHIPPED, UNVERIFIED, Judge, entries_of, is_day, matches, one_of, origin_of, text_of, whole_to

VARIABLE = "MARKETPLACE_CHECKS"
LANGUAGES = ("zh", "en")
NEEDED = ("code", "when", "severity", "fields", "source", "message")
MOST_MONTHS = 1200

_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")

Entry = dict[str, Any]


def _some_of(choices: tuple[str, ...]) -> Judge:
    def judge(value: Any) -> str:
        known = isinstance(value, list) and value and all(isinstance(one, str) and one in choices for one in value)
        return "" if known else f"must be a list of some of {', '.join(choices)}"

    return judge


def _words(value: Any) -> str:
    right = isinstance(value, list) and value and all(isinstance(word, str) and word.strip() for word in value)
    return "" if right else "must be a list of words, none of them empty"


def _texts_of_both(value: Any) -> str:
    if not isinstance(value, dict):
        return 'must be {zh = "…", en = "…"}'
    missing = [lang for lang in LANGUAGES if not isinstance(value.get(lang), str) or not value[lang].strip()]
    if missing:
        return f"is missing in {' and '.join(missing)}"
    more = [lang for lang in value if lang not in LANGUAGES]
    return f"has languages that the site does not speak: {', '.join(more)}" if more else ""


def _rate(value: Any) -> str:
    right = isinstance(value, str) and _DECIMAL.fullmatch(value) and Decimal(value) <= 1
    return "" if right else 'must be a share as text, "0.15" for 15 per cent'


JUDGES: dict[str, Judge] = {
    "code": CODE,
    "when": lambda value: "" if isinstance(value, str) and value in CONDITIONS
    else f"there is no condition {value!r}; there are {', '.join(CONDITIONS)}",
    "severity": one_of(*SEVERITIES),
    "unverified": SHARED["unverified"],
    "region": lambda value: "" if isinstance(value, str) and is_region(value)
    else "must be a region of the site: a province's code of GB/T 2260 such as \"610000\", or a country's of ISO 3166-1",
    "in_force": is_day,
    "modes": _some_of(MODES),
    "fields": _some_of(FIELDS),
    "source": _texts_of_both,
    "message": _texts_of_both,
    "money": matches(_DECIMAL, 'must be an amount in CNY as text, "20000000"'),
    "rate": _rate,
    "months": whole_to(MOST_MONTHS),
    "base": one_of(*BASES),
    "words": _words,
    "texts": _some_of(TEXTS),
    "clause": CODE,
    "exclusivities": _some_of(EXCLUSIVITIES),
    "patent_kinds": _some_of(PATENT_KINDS),
}
"""What is wrong with the value of each key, in words; empty when it is right."""

GIVEN = frozenset(name for condition in CONDITIONS.values() for name in condition.needs)


class _Reader:
    """Reads entries one after another, each on top of those before, and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.checks: list[Check] = []
        self.faults: list[str] = []
        self._raw: dict[tuple[str, str | None], Entry] = {}
        self._seen: set[tuple[str, str, str | None, date | None]] = set()

    def read(self, name: str, text: str) -> None:
        """Take the entries of one file."""
        for number, entry in enumerate(entries_of("check", name, text, self.faults), 1):
            self._take(name, number, entry)

    def _take(self, name: str, number: int, entry: Entry) -> None:
        code = entry.get("code")
        where = f"{name}, entry {number}" + (f" ({code})" if isinstance(code, str) else "")
        before = self._before(entry) if isinstance(code, str) else {}
        whole = {**before, **entry}
        wrong = {key: words for key, words in _wrong(entry, whole, before) if words}
        if not wrong and (name, code, entry.get("region"), entry.get("in_force")) in self._seen:
            wrong["code"] = "is given twice in this file for the same region and day"
        if wrong:
            self.faults += [f"{where}, {key}: {words}" for key, words in wrong.items()]
            return
        self._seen.add((name, entry["code"], entry.get("region"), entry.get("in_force")))
        self._raw[entry["code"], entry.get("region")] = whole
        self.checks.append(_check(whole, origin_of(name, number)))

    def _before(self, entry: Entry) -> Entry:
        """The entry that this one changes: that of its region, else the national one."""
        code, region = entry["code"], entry.get("region")
        same = self._raw.get((code, region)) if isinstance(region, str) else None
        return same or self._raw.get((code, None)) or {}


def _wrong(entry: Entry, whole: Entry, before: Entry) -> Iterator[tuple[str, str]]:
    """Each key of an entry with what is wrong with it, first of all what it lacks."""
    yield from ((key, "is missing") for key in NEEDED if key not in whole)
    yield from ((key, JUDGES[key](value) if key in JUDGES else "there is no such key") for key, value in entry.items())
    if before and entry.get("when", before["when"]) != before["when"]:
        yield "when", f"is {before['when']} in the check that this one changes; give the entry a code of its own"
    when = before.get("when", whole.get("when"))
    condition = CONDITIONS.get(when) if isinstance(when, str) else None
    if condition:
        yield from ((key, f"is missing: the condition {when} needs it") for key in condition.needs if key not in whole)
        more = GIVEN - set(condition.needs)
        yield from ((key, f"means nothing to the condition {when}") for key in entry if key in more)
    if whole.get("severity") == "refuse" and whole.get("unverified"):
        yield "severity", UNVERIFIED
    if condition and "message" in whole and not _texts_of_both(whole["message"]):
        yield "message", _misplaced(whole["message"], condition.needs)


def _misplaced(message: Mapping[str, str], needs: tuple[str, ...]) -> str:
    """What is wrong with the places of a message: only {limit} and {words}, where the condition has them."""
    known = ({"limit"} if {"money", "rate", "months"} & set(needs) else set()) | ({"words"} if "words" in needs else set())
    for lang, text in message.items():
        try:
            places = {name for _, name, form, turn in Formatter().parse(text) if name is not None and not (form or turn)}
            odd = any(name is not None and (form or turn) for _, name, form, turn in Formatter().parse(text))
        except ValueError:
            places, odd = set(), True
        if odd or places - known:
            return f"has places in {lang} that nothing fills; this check knows {' and '.join(f'{{{name}}}' for name in sorted(known)) or 'none'}"
    return ""


def _check(whole: Entry, origin: str) -> Check:
    given = {name: whole[name] for name in CONDITIONS[whole["when"]].needs}
    given |= {name: Decimal(given[name]) for name in ("money", "rate") if name in given}
    own = {key: value for key, value in whole.items() if key not in GIVEN}
    own |= {key: tuple(own[key]) for key in ("fields", "modes") if key in own}
    return Check(**own, given=given, origin=origin)


def read_checks(path: Path | None) -> tuple[Check, ...]:
    """The checks of the product and those of an operator's file, or of all .toml files of his folder by their names.

    Raises `SettingsError` with every fault.
    """
    reader = _Reader()
    reader.read(SHIPPED, files("marketplace.terms").joinpath("checks.toml").read_text("utf-8"))
    found = [] if path is None else sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if path is not None and not found:
        reader.faults.append(f"{path}: there is no .toml file in this folder")
    for one in found:
        text = text_of(one, reader.faults)
        if text is not None:
            reader.read(one.name, text)
    if reader.faults:
        raise SettingsError([f"{VARIABLE}: {fault}" for fault in reader.faults])
    return tuple(reader.checks)


_in_force = read_checks(None)


def configure(settings: Settings) -> None:
    """Read the checks anew, with those of the operator. Raises `SettingsError`."""
    global _in_force
    _in_force = read_checks(settings.checks)


def in_force() -> tuple[Check, ...]:
    """Every check that was read, of all regions and days."""
    return _in_force


def check(facts: OfferFacts, terms: Terms | None) -> list[Finding]:
    """What the checks in force say of an offer, refusals first."""
    return checks.check(facts, terms, _in_force)
