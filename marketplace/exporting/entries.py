"""A listing as one entry of a feed or of a printed list: the same facts in one language, in the order in which one reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from marketplace.calls.models import Call
from marketplace.calls.pools.models import Pool
from marketplace.calls.pools.pledging import progress_of
from marketplace.calls.pools.words import STATE_WORDS as POOL_STATES
from marketplace.calls.words import IP_WORDS, MONEY_HEADINGS, STATE_WORDS, told_in
from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.models import Technology
from marketplace.catalogue.words import KIND_WORDS
from marketplace.catalogue.words import MODE_WORDS as OFFER_MODES
from marketplace.db import in_language
from marketplace.exporting.resources import entry_of
from marketplace.exporting.text import one_line, printable
from marketplace.exporting.words import budget, deadline, separator, threshold, until
from marketplace.matching.units import in_words
from marketplace.needs.models import Need
from marketplace.needs.words import GRADE_WORDS, MODE_WORDS
from marketplace.people import regions
from marketplace.saying import FILTERS
from marketplace.terms.payment import from_minor, parse
from marketplace.terms.words import glance
from marketplace.web import TAGS

SUMMARY = {"zh": 96, "en": 205}  # characters of a summary, two lines on paper
SIGNS = {"at_most": "≤", "at_least": "≥", "equal": "="}


@dataclass(frozen=True)
class Entry:
    """One listing as it is listed. `language` and `summary_language` are tags of BCP 47; `terms` are a label and a sentence, or nothing."""

    title: str
    language: str
    organisation: str
    kind: str
    facts: tuple[str, ...]
    terms: tuple[str, ...]
    summary: str
    summary_language: str
    number: str
    maturity: int | None
    members_only: bool
    categories: tuple[tuple[str, str], ...]
    published: datetime
    updated: datetime
    address: str
    tag: str

    @property
    def line(self) -> str:
        """Holder, kind and facts on one line."""
        maturity = f"TRL {self.maturity}" if self.maturity else ""
        return " · ".join(part for part in (self.organisation, self.kind, *self.facts, maturity, self.number) if part)


Addresses = Callable[[Any], tuple[str, str]]
"""From a listing to its address and its tag."""


def entry(listing: Any, language: str, addresses: Addresses) -> Entry:
    """The listing in a language; what was never written in it stands in the other."""
    special = SPECIAL.get(listing.__tablename__, entry_of)(listing, language)
    title, title_language = listing.titled(language)
    text, text_language = in_language(special.pop("text"), language)
    address, tag = addresses(listing)
    return Entry(
        title=one_line(title, 300), language=TAGS[title_language], organisation=printable(listing.organisation.called(language)),
        summary=one_line(text, SUMMARY[text_language]), summary_language=TAGS[text_language], members_only=listing.visibility != "public",
        published=listing.published, updated=max(listing.updated, listing.published), address=address, tag=tag, **special,
    )


def _technology(technology: Technology, language: str) -> dict[str, Any]:
    offer = technology.offer
    terms: tuple[str, ...] = ()
    if offer:
        mode = str(OFFER_MODES[offer.mode])
        terms = glance(parse(offer.terms, template=True), language) if offer.terms else (mode,)
    field = field_name(technology.field, language) if technology.field else ""
    kind = str(KIND_WORDS[technology.kind])
    return {
        "kind": kind, "facts": tuple(part for part in (field,) if part), "terms": terms, "text": technology.abstract,
        "number": technology.publication_number or technology.application_number or "", "maturity": technology.trl,
        "categories": ((technology.kind, kind), *(((technology.field, field),) if technology.field else ())),
    }


def _need(need: Need, language: str) -> dict[str, Any]:
    industry = industry_name(need.industry, language) if need.industry else ""
    kind = str(GRADE_WORDS[need.grade])
    region = regions.name(need.region, language) if need.region else ""
    modes = separator().join(str(MODE_WORDS[mode]) for mode in need.modes)
    return {
        "kind": kind, "facts": tuple(part for part in (industry, region, modes, until(need)) if part),
        "terms": budget(need), "text": need.problem, "number": "", "maturity": None,
        "categories": ((need.grade, kind), *(((need.industry, industry),) if need.industry else ())),
    }


def _call(call: Call, language: str) -> dict[str, Any]:
    industry = industry_name(call.industry, language) if call.industry else ""
    kind = str(STATE_WORDS[call.state])
    region = regions.name(call.region, language) if call.region else ""
    money = FILTERS["money"](from_minor(call.amount, call.currency), call.currency)
    return {
        "kind": kind, "facts": tuple(part for part in (industry, region, deadline(told_in(call.deadline, call.zone))) if part),
        "terms": (str(MONEY_HEADINGS[call.money]), f"{money} · {IP_WORDS[call.ip_position]}") if call.amount else (), "text": call.brief, "number": "",
        "maturity": None, "categories": ((call.state, kind), *(((call.industry, industry),) if call.industry else ())),
    }


def _pool(pool: Pool, language: str) -> dict[str, Any]:
    """What a pool's page tells everybody: of the pledges no more than its bar."""
    industry = industry_name(pool.industry, language) if pool.industry else ""
    kind = str(POOL_STATES[pool.state])
    region = regions.name(pool.region, language) if pool.region else ""
    return {
        "kind": kind, "facts": tuple(part for part in (industry, region, deadline(told_in(pool.deadline, pool.zone))) if part),
        "terms": threshold(pool, progress_of(pool)), "text": pool.brief, "number": "", "maturity": None,
        "categories": ((pool.state, kind), *(((pool.industry, industry),) if pool.industry else ())),
    }


SPECIAL: dict[str, Callable[[Any, str], dict[str, Any]]] = {"technology": _technology, "need": _need, "open_call": _call, "pool": _pool}
"""What each kind of listing says in its own way."""


def targets(need: Need | Call, language: str) -> str:
    """What a need or a call wants measured, one target after the other."""
    return "; ".join(map(partial(_target, language), need.targets))


def _target(language: str, row: dict[str, Any]) -> str:
    unit = in_words(row["unit"] or "", row["wanted"], language)
    return " ".join(str(part) for part in (in_language(row["quantity"], language)[0], SIGNS[row["direction"]], row["wanted"], unit) if part)
