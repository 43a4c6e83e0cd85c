"""What was changed in a published call, when and why, in the reader's words: all of it stands on the call's page for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import escape

from marketplace.calls import words
from marketplace.calls.models import Call
from marketplace.catalogue.classification import industry_name
from marketplace.db import in_language
from marketplace.needs.changes import target_lines
from marketplace.people import regions
from marketplace.record import Revision
from marketplace.saying import FILTERS
from marketplace.terms.payment import from_minor


@dataclass(frozen=True)
class Amendment:
    """One change of a published call: its number, when and why, and for each field its name, what stood and what stands now."""

    number: int
    at: datetime
    note: str
    fields: tuple[tuple[str, Any, Any], ...]


def amendments(call: Call, revisions: list[Revision], language: str) -> list[Amendment]:
    """The changes since the call was published, newest first; the first revision is what was published."""
    found = []
    for before, after in zip(revisions, revisions[1:], strict=False):
        names = [name for name in after.changed if name in words.FIELD_WORDS]
        fields = tuple((str(words.FIELD_WORDS[name]), _read(name, before.content, language), _read(name, after.content, language)) for name in names)
        found.append(Amendment(after.number - 1, after.at, after.content.get("note") or "", fields))
    return found[::-1]


NAMED: dict[str, Callable[[Any, str], Any]] = {
    "targets": lambda rows, language: "; ".join(target_lines(rows, language)),
    "stages": lambda rows, language: "; ".join(words.stage_lines(rows, language)),
    "eligible": lambda eligible, language: escape("; ".join(words.eligible_lines(eligible, language))),
    "money": lambda code, _language: words.MONEY_WORDS[code],
    "ip_position": lambda code, _language: words.IP_WORDS[code],
    "industry": industry_name,
    "region": regions.name,
}


def _read(name: str, content: dict[str, Any], language: str) -> Any:
    """A field of a revision as people read it; what is in words of the page is no plain text, and so not told by its script."""
    value = content.get(name)
    if value in (None, "", [], {}):
        return "–"
    if name == "amount":
        return escape(FILTERS["money"](from_minor(value, content["currency"]), content["currency"]))
    if name in ("deadline", "questions_until"):
        return escape(words.told_in(datetime.fromisoformat(value), content["zone"]))
    if name in NAMED:
        return NAMED[name](value, language) or "–"
    return in_language(value, language)[0] if isinstance(value, dict) else str(value)
