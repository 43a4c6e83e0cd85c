"""What changed in a resource, in the reader's words: codes by their names, money with its currency, hours day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.facilities.opening import said
from marketplace.catalogue.resources import words
from marketplace.catalogue.words import YES_NO
from marketplace.people import regions
from marketplace.people.operations import names_of
from marketplace.record import Change
from marketplace.terms.payment import from_minor

CODES: dict[str, dict[Any, Any]] = {
    "kind": {**words.FACILITY_KIND_WORDS, **words.EXPERT_KIND_WORDS}, "basis": words.BASIS_WORDS, "visibility": words.VISIBILITY_WORDS,
}
NAMED = {
    "fields": lambda codes, language: [field_name(code, language) for code in codes],
    "industries": lambda codes, language: [industry_name(code, language) for code in codes],
    "region": regions.name,
    "regions": lambda codes, language: [regions.name(code, language) for code in codes],
    "speaks": lambda codes, language: [words.tongue(code, language) for code in codes],
    "hours": lambda hours, _language: [f"{words.WEEKDAY_WORDS[int(day)]} {said(spans)}" for day, spans in sorted(hours.items())],
    "accreditations": lambda rows, _language: [f"{row['scheme']} {row['number']}" for row in rows],
    "person_id": lambda key, _language: names_of({key}).get(key, ""),
}


def readable(changes: Sequence[Change], language: str, currency: str) -> list[Change]:
    """The changes with every value as a person reads it; a price in the currency it has now."""
    return [
        replace(change, fields=tuple((name, _read(name, old, language, currency), _read(name, new, language, currency)) for name, old, new in change.fields))
        for change in changes
    ]


def _read(name: str, value: Any, language: str, currency: str) -> Any:
    if isinstance(value, bool):
        return YES_NO[value]
    if value in (None, "", [], {}):
        return None
    if name == "price":
        return from_minor(value, currency)
    if name in CODES:
        return CODES[name].get(value, value)
    return NAMED[name](value, language) if name in NAMED else value
