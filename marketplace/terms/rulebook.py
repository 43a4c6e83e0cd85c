"""Files of rules by region: how they are read, whichever kind of rule they hold, and what is said of a fault in them.

A file holds entries of one kind, `[[rule]]` or `[[check]]`. The product has one of each kind; an operator's adds to it. Every fault is named with
its file, entry and key when the program starts. An unverified figure may warn, never refuse.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Generic, TypeVar

from marketplace.config import SettingsError
from marketplace.people.regions import is_region

SHIPPED = "shipped"
SEVERITIES = ("refuse", "warn", "inform")
REQUIRED = ("code", "when", "severity", "in_force", "source", "message")
UNVERIFIED = "an unverified figure may warn or inform, never refuse; read the source, then say unverified = false"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")

Entry = Mapping[str, Any]
Judge = Callable[[Any], str]
Rule = TypeVar("Rule")


def entries_of(kind: str, name: str, text: str, faults: list[str]) -> list[dict[str, Any]]:
    """The entries of a file, none where it is no such file; what is wrong is added to the faults."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{name}: this is not TOML: {error}")
        return []
    entries = content.get(kind, [])
    if set(content) - {kind} or not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        faults.append(f"{name}: a file of {kind}s holds [[{kind}]] entries and nothing else")
        return []
    return entries


def text_of(path: Path, faults: list[str]) -> str | None:
    """What a file says; None, and a fault, where it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}")
        return None


def origin_of(name: str, number: int) -> str:
    """Where a rule comes from, for whoever looks for it."""
    return SHIPPED if name == SHIPPED else f"{name}, entry {number}"


def one_of(*choices: str) -> Judge:
    """Whether a value is one of these."""
    return lambda value: "" if isinstance(value, str) and value in choices else f"must be one of {', '.join(choices)}"


def matches(pattern: re.Pattern[str], words: str) -> Judge:
    """Whether a text has a form; `words` say which."""
    return lambda value: "" if isinstance(value, str) and pattern.fullmatch(value) else words


def is_day(value: Any) -> str:
    """Whether a value is a day."""
    return "" if isinstance(value, date) and not isinstance(value, datetime) else "must be a date such as 2027-01-01, without quotes"


def whole_to(most: int) -> Judge:
    """Whether a value is a whole number from 1 on."""
    return lambda value: "" if type(value) is int and 1 <= value <= most else f"must be a whole number from 1 to {most}"


CODE = matches(_CODE, "must be small letters, digits and _, at most 60")
SHARED: dict[str, Judge] = {
    "code": CODE, "severity": one_of(*SEVERITIES), "in_force": is_day,
    "region": lambda value: "" if isinstance(value, str) and is_region(value) else 'must be a region of the site, such as "330000"',
    "unverified": lambda value: "" if isinstance(value, bool) else "must be true or false",
}
"""What is wrong with the value of a key that every kind of rule has, in words; empty when it is right."""


@dataclass(frozen=True)
class Book(Generic[Rule]):
    """One kind of rules: the operator's variable, where the product's own lie, what each `when` is given, the judges of the keys, and how a rule is made
    of an entry and its origin. One with the same `key` as another replaces it."""

    variable: str
    package: str
    file: str
    needs: Mapping[str, tuple[str, ...]]
    judges: Mapping[str, Judge]
    make: Callable[[Entry, str], Rule]
    key: str

    def read(self, path: Path | None) -> tuple[Rule, ...]:
        """The rules of the product and those of an operator's file. Raises `SettingsError` with every fault."""
        faults: list[str] = []
        found = dict(self._rules(SHIPPED, files(self.package).joinpath(self.file).read_text("utf-8"), faults))
        text = text_of(path, faults) if path is not None else None
        if path is not None and text is not None:
            found |= dict(self._rules(path.name, text, faults))
        if faults:
            raise SettingsError([f"{self.variable}: {fault}" for fault in faults])
        return tuple(found.values())

    def _rules(self, name: str, text: str, faults: list[str]) -> Iterator[tuple[tuple[Any, ...], Rule]]:
        """The rules of one file by what they replace."""
        for number, entry in enumerate(entries_of("rule", name, text, faults), 1):
            wrong = [f"{name}, entry {number}, {key}: {words}" for key, words in self._wrong(entry)]
            faults += wrong
            if not wrong:
                yield (entry[self.key], entry.get("region"), entry["in_force"]), self.make(entry, origin_of(name, number))

    def _wrong(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """Each key of an entry that is wrong, with what to write instead."""
        when = entry.get("when")
        needs = self.needs.get(when, ()) if isinstance(when, str) else ()
        given = {key for keys in self.needs.values() for key in keys}
        yield from ((key, "is missing") for key in (*REQUIRED, *needs) if key not in entry)
        for key, value in entry.items():
            words = self.judges[key](value) if key in self.judges else "there is no such key"
            if words or (key in given and key not in needs):
                yield key, words or f"means nothing to a rule of {when!r}"
        if entry.get("unverified") is True and "refuse" in (entry.get("severity"), entry.get("otherwise")):
            yield "severity", UNVERIFIED
