"""What changed in a technology, in the reader's words: codes by their names, terms as sentences, the offer field by
field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from marketplace.catalogue import words
from marketplace.catalogue.classification import field_name, industry_name
from marketplace.record import Change
from marketplace.terms.payment import parse
from marketplace.terms.words import sentence

WORDS: dict[str, dict[Any, Any]] = {
    "kind": words.KIND_WORDS,
    "visibility": words.VISIBILITY_WORDS,
    "patent_kind": words.PATENT_KIND_WORDS,
    "legal_status": words.LEGAL_STATUS_WORDS,
    "mode": words.MODE_WORDS,
    "exclusivity": words.EXCLUSIVITY_WORDS,
    "territory": words.TERRITORY_WORDS,
    "annual_fee": words.ANNUAL_FEE_WORDS,
    "pledge": words.PLEDGE_WORDS,
    "evaluation_report": words.EVALUATION_REPORT_WORDS,
}
NAMED: dict[str, Callable[[Any, str], Any]] = {
    "field": field_name,
    "industries": lambda codes, language: [industry_name(code, language) for code in codes],
    "terms": lambda terms, language: sentence(parse(terms, template=True), language),
}


def readable(changes: Sequence[Change], language: str) -> list[Change]:
    """The changes with every value as a person reads it."""
    return [replace(change, fields=tuple(_fields(change, language))) for change in changes]


def _fields(change: Change, language: str) -> Iterator[tuple[str, Any, Any]]:
    for name, before, after in change.fields:
        for part, old, new in _parts(name, before, after):
            yield part, _read(part, old, language), _read(part, new, language)


def _parts(name: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """A changed offer is what changed inside it."""
    if name != "offer":
        yield name, before, after
        return
    old, new = before or {}, after or {}
    for part in dict.fromkeys((*old, *new)):
        if old.get(part) != new.get(part):
            yield part, old.get(part), new.get(part)


def _read(name: str, value: Any, language: str) -> Any:
    if isinstance(value, bool):
        return words.YES_NO[value]
    if value in (None, "", [], {}):
        return None
    if name in WORDS:
        return WORDS[name].get(value, value)
    return NAMED[name](value, language) if name in NAMED else value
