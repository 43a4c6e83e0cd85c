"""The words of the codes of calls and boards, lazily translated: one place for forms, pages and lists."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import format_date, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from marketplace.calls.deadlines import local, offset
from marketplace.db import in_language
from marketplace.people import regions
from marketplace.people.words import SIZE_WORDS, ZONE_WORDS

STATE_WORDS = {
    "draft": _l("draft"), "published": _l("takes proposals"), "closed": _l("closed, under review"), "awarded": _l("awarded"), "ended": _l("carried out"),
    "unawarded": _l("ended without an award"), "withdrawn": _l("withdrawn"),
}
LISTED_WORDS = {"open": _l("takes proposals"), "closed": _l("closed, under review"), "decided": _l("decided"), "ended": _l("carried out"), "all": _l("all")}
ORDER_WORDS = {"deadline": _l("by deadline"), "newest": _l("newest first")}
BEST_FIRST = _l("best fit first")
TONES = {"published": "pine", "closed": "amber", "awarded": "blue", "ended": "plain", "unawarded": "plain", "draft": "amber", "withdrawn": "red"}
MONEY_WORDS = {"prize": _l("prize"), "budget": _l("budget")}
MONEY_HEADINGS = {"prize": _l("Prize"), "budget": _l("Budget")}
IP_WORDS = {
    "owner": _l("the result belongs to whoever puts the call out"), "solver": _l("the result belongs to the solver"),
    "shared": _l("the rights are shared"), "licence": _l("the solver keeps the rights and grants a licence"),
}
KIND_NAMES = {
    "enterprise": _l("enterprises"), "institute": _l("universities and research institutes"), "service_provider": _l("service providers"),
    "agency": _l("technology-transfer agencies"),
}
VISIBILITY_WORDS = {"public": _l("everybody"), "members": _l("verified organisations and technology managers")}
REVIEWER_WORDS = {"invited": _l("asked"), "active": _l("has accepted"), "declined": _l("has declined"), "removed": _l("taken back")}
BOARD_WORDS = {"draft": _l("draft"), "published": _l("published"), "closed": _l("closed: takes no further calls")}
FIELD_WORDS = {
    "title": _l("Title"), "brief": _l("What is to be solved"), "acceptance": _l("How the result is tested"), "eligibility": _l("Conditions for solvers"),
    "ip_terms": _l("Rights in the result"), "targets": _l("Targets"), "money": _l("Prize or budget"), "amount": _l("Amount"), "currency": _l("Currency"),
    "stages": _l("Stages of payment"), "eligible": _l("Who may answer"), "ip_position": _l("Whose the result is"), "industry": _l("Industry"),
    "region": _l("Region"), "deadline": _l("Deadline"), "questions_until": _l("Questions until"), "zone": _l("Time zone"),
}
FILTER_WORDS = {
    "state": _l("State"), "board": _l("Call board"), "industry": _l("Industry"), "region": _l("Region"), "least": _l("Prize or budget from"),
    "before": _l("Deadline until"),
}


def orders(typed: str) -> dict[str, Any]:
    """The orders that a reader may choose; the first is what holds where nothing was chosen, and words typed order by fit."""
    return {"": BEST_FIRST, **ORDER_WORDS} if typed else {"": ORDER_WORDS["deadline"], "newest": ORDER_WORDS["newest"]}


def told_in(moment: datetime, zone: str) -> str:
    """Day, hour and zone of a moment, in the reader's language: 5 November 2026, 17:00 (Berlin, UTC+01:00)."""
    shown = local(moment, zone)
    place = ZONE_WORDS.get(zone, zone)
    return _("%(day)s, %(time)s (%(zone)s, %(offset)s)", day=format_date(shown.date(), "long"), time=f"{shown:%H:%M}", zone=place, offset=offset(moment, zone))


def stage_lines(rows: list[dict[str, Any]], language: str) -> list[str]:
    """The stages of payment as short lines: when, and the share in per cent."""
    return [f"{in_language(row['title'], language)[0]} {percent(row['share'])}" for row in rows]


def percent(millionths: int) -> str:
    """A share in per cent with as many places as it has."""
    return f"{format_decimal(Decimal(millionths) / 10_000, '0.####')} %"


def eligible_lines(eligible: dict[str, Any], language: str) -> list[str]:
    """Who may answer, in words: kinds, sizes of enterprises, regions; nothing where all may."""
    said = [
        (_("Kinds"), [str(KIND_NAMES[code]) for code in eligible.get("kinds") or []]),
        (_("Sizes of enterprises"), [str(SIZE_WORDS[code]) for code in eligible.get("sizes") or []]),
        (_("Regions"), [regions.name(code, language) for code in eligible.get("regions") or []]),
    ]
    return [f"{name}{_(': ')}{_(', ').join(names)}" for name, names in said if names]
