"""What changed in a need, in the reader's words: codes by their names, money with its currency, targets as short lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from marketplace.catalogue.classification import industry_name
from marketplace.db import in_language, session
from marketplace.needs import words
from marketplace.people import regions
from marketplace.people.models import Organisation
from marketplace.record import Change
from marketplace.terms.payment import from_minor

WORDS: dict[str, dict[Any, Any]] = {
    "payer": words.PAYER_WORDS, "cash": words.CASH_WORDS, "visibility": words.VISIBILITY_WORDS, "grade": words.GRADE_WORDS,
}
SIGNS = {"at_most": "≤", "at_least": "≥", "equal": "="}


def target_lines(rows: list[dict[str, Any]], language: str) -> list[str]:
    """Targets as short lines: what, the sign, the wanted value, the unit."""
    return [f"{in_language(row['quantity'], language)[0]} {SIGNS[row['direction']]} {row['wanted'] or ''} {row['unit']}".strip() for row in rows]


def _organisation(key: int, language: str) -> str:
    found = session.scalar(select(Organisation).where(Organisation.id == key))
    return found.called(language) if found else ""


NAMED: dict[str, Callable[[Any, str], Any]] = {
    "targets": target_lines,
    "modes": lambda codes, _language: [words.MODE_WORDS[code] for code in codes],
    "industry": industry_name,
    "region": regions.name,
    "organisation": _organisation,
    "language": lambda code, _language: {"zh": "中文", "en": "English"}[code],
}


def readable(changes: Sequence[Change], language: str, currency: str) -> list[Change]:
    """The changes with every value as a person reads it; amounts in the need's currency."""
    return [
        replace(change, fields=tuple(
            (name, _read(name, old, language, currency), _read(name, new, language, currency)) for name, old, new in change.fields))
        for change in changes
    ]


def _read(name: str, value: Any, language: str, currency: str) -> Any:
    if value in (None, "", [], {}):
        return None
    if name in ("budget_min", "budget_max"):
        return from_minor(value, currency)
    if name in WORDS:
        return WORDS[name].get(value, value)
    return NAMED[name](value, language) if name in NAMED else value
