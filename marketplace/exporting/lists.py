"""The open lists: what each lists, where its pages are, and what stands in its columns. A further list is one entry of `LISTS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.calls import words as call_words
from marketplace.calls.pools import rights
from marketplace.calls.pools import words as pool_words
from marketplace.calls.pools.pledging import progress_of
from marketplace.catalogue import words as technology_words
from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.models import Technology
from marketplace.catalogue.resources.words import BASIS_WORDS, tongue
from marketplace.catalogue.resources.words import VISIBILITY_WORDS as RESOURCE_VISIBILITY
from marketplace.catalogue.words import MODE_WORDS as OFFER_MODES
from marketplace.db import in_language
from marketplace.deals.supply import words as supply_words
from marketplace.exporting import resources
from marketplace.exporting.entries import targets
from marketplace.exporting.text import one_line
from marketplace.exporting.words import HEADINGS, LIST_WORDS, facility_price
from marketplace.needs import words as need_words
from marketplace.needs.forms import from_minor
from marketplace.people import regions
from marketplace.terms.payment import parse
from marketplace.terms.words import sentence

LONGEST = 400  # characters of a summary in a cell

Cell = str | int | Decimal | date | None


@dataclass(frozen=True)
class Column:
    """One column of a table: its heading's key, its width in characters, and its value for a listing in a language."""

    name: str
    width: int
    value: Callable[[Any, str], Cell]
    named: str = ""

    @property
    def heading(self) -> str:
        """Its heading in the reader's language; what is `named` has one that no list knows beforehand."""
        return self.named or str(HEADINGS[self.name])


@dataclass(frozen=True)
class OpenList:
    """One list: the kind of listing, the endpoint of a listing's page and of the search, and the columns."""

    name: str
    kind: str
    page: str
    search: str
    columns: tuple[Column, ...]

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        return str(LIST_WORDS[self.name])


def _other_title(listing: Any, language: str) -> str:
    shown = listing.titled(language)[1]
    return next((text for code, text in listing.title.items() if code != shown and text), "")


def _industries(technology: Technology, language: str) -> str:
    return "; ".join(industry_name(code, language) for code in technology.industries)


def _terms(technology: Technology, language: str) -> str:
    offer = technology.offer
    return sentence(parse(offer.terms, template=True), language) if offer and offer.terms else ""


def _long_text(name: str) -> Column:
    """A column of one of a scenario's texts; its description goes by the name of every summary."""
    return Column(name, 44, lambda one, language: resources.text_of(one, "description" if name == "summary" else name, language))


def _summary(text: dict[str, str], language: str) -> str:
    return one_line(in_language(text, language)[0], LONGEST)


TITLES = (Column("title", 44, lambda one, language: one.titled(language)[0]), Column("title_other", 36, _other_title))
ORGANISATION = Column("organisation", 26, lambda one, language: one.organisation.called(language))
WHERE = (
    Column("industry", 22, lambda one, language: industry_name(one.industry, language) if one.industry else ""),
    Column("region", 14, lambda one, language: regions.name(one.region, language) if one.region else ""),
)
BRIEF = Column("summary", 60, lambda one, language: _summary(one.brief, language))
ACCEPTANCE = Column("acceptance", 44, lambda one, language: _summary(one.acceptance, language))
CURRENCY = Column("currency", 8, lambda one, _: one.currency)
CLOSES = Column("call_deadline", 36, lambda one, _: call_words.told_in(one.deadline, one.zone))
PUBLISHED = Column("published", 12, lambda one, _: one.published.date())

TECHNOLOGIES = (
    *TITLES,
    ORGANISATION,
    Column("kind", 14, lambda one, _: str(technology_words.KIND_WORDS[one.kind])),
    Column("field", 18, lambda one, language: field_name(one.field, language) if one.field else ""),
    Column("industries", 22, _industries),
    Column("trl", 10, lambda one, _: one.trl),
    Column("mode", 14, lambda one, _: str(OFFER_MODES[one.offer.mode]) if one.offer else ""),
    Column("terms", 56, _terms),
    Column("summary", 60, lambda one, language: _summary(one.abstract, language)),
    Column("application_number", 20, lambda one, _: one.application_number),
    Column("publication_number", 18, lambda one, _: one.publication_number),
    Column("legal_status", 12, lambda one, _: str(technology_words.LEGAL_STATUS_WORDS[one.legal_status]) if one.legal_status else ""),
    Column("filed_on", 12, lambda one, _: one.filed_on),
    Column("expires_on", 12, lambda one, _: one.expires_on),
    Column("owners", 26, lambda one, _: "; ".join(one.owners)),
    Column("inventors", 26, lambda one, _: "; ".join(one.inventors)),
    Column("ipc", 20, lambda one, _: "; ".join(one.ipc)),
    Column("region", 14, lambda one, language: regions.name(one.organisation.region, language)),
    PUBLISHED,
    Column("visibility", 16, lambda one, _: str(technology_words.VISIBILITY_WORDS[one.visibility])),
)
NEEDS = (
    *TITLES,
    ORGANISATION,
    Column("grade", 16, lambda one, _: str(need_words.GRADE_WORDS[one.grade])),
    *WHERE,
    Column("summary", 60, lambda one, language: _summary(one.problem, language)),
    Column("targets", 44, targets),
    Column("modes", 22, lambda one, _: "; ".join(str(need_words.MODE_WORDS[mode]) for mode in one.modes)),
    Column("budget_min", 14, lambda one, _: from_minor(one.budget_min, one.currency)),
    Column("budget_max", 14, lambda one, _: from_minor(one.budget_max, one.currency)),
    Column("currency", 8, lambda one, _: one.currency if one.budget_min is not None or one.budget_max is not None else ""),
    Column("cash", 14, lambda one, _: str(need_words.CASH_WORDS[one.cash])),
    Column("deadline", 12, lambda one, _: one.deadline),
    PUBLISHED,
    Column("visibility", 16, lambda one, _: str(need_words.VISIBILITY_WORDS[one.visibility])),
)
CALLS = (
    *TITLES,
    ORGANISATION,
    Column("board", 26, lambda one, language: one.board.titled(language)[0] if one.board else ""),
    Column("state", 14, lambda one, _: str(call_words.STATE_WORDS[one.state])),
    *WHERE,
    BRIEF,
    Column("targets", 44, targets),
    ACCEPTANCE,
    Column("money", 10, lambda one, _: str(call_words.MONEY_WORDS[one.money])),
    Column("amount", 14, lambda one, _: from_minor(one.amount, one.currency)),
    CURRENCY,
    Column("stages", 32, lambda one, language: "; ".join(call_words.stage_lines(one.stages, language))),
    Column("eligible", 32, lambda one, language: "; ".join(call_words.eligible_lines(one.eligible, language))),
    Column("ip_position", 26, lambda one, _: str(call_words.IP_WORDS[one.ip_position])),
    Column("teams", 8, lambda one, _: one.teams),
    CLOSES,
    PUBLISHED,
    Column("visibility", 16, lambda one, _: str(call_words.VISIBILITY_WORDS[one.visibility])),
)
POOLS = (
    *TITLES,
    Column("lead", 26, lambda one, language: one.organisation.called(language)),
    Column("state", 18, lambda one, _: str(pool_words.STATE_WORDS[one.state])),
    *WHERE,
    BRIEF,
    ACCEPTANCE,
    Column("threshold", 14, lambda one, _: from_minor(one.threshold, one.currency)),
    Column("firms", 14, lambda one, _: progress_of(one).firms),
    Column("pledged", 14, lambda one, _: from_minor(progress_of(one).amount, one.currency)),
    Column("least", 14, lambda one, _: from_minor(one.least, one.currency)),
    CURRENCY,
    Column("rights", 40, lambda one, language: "; ".join(line.name[language] for line in rights.table(one.rights, []))),
    Column("basis", 30, lambda one, _: str(pool_words.BASIS_WORDS[one.basis])),
    CLOSES,
    Column("published", 12, lambda one, _: one.opened.date()),
    Column("visibility", 16, lambda one, _: str(pool_words.VISIBILITY_WORDS[one.visibility])),
)
FACILITIES = (
    *TITLES,
    ORGANISATION,
    Column("kind", 14, lambda one, _: resources.kind_of(one)),
    Column("levels", 12, lambda one, _: resources.levels(one)),
    Column("fields", 26, resources.fields_of),
    Column("industries", 22, resources.industries_of),
    Column("summary", 60, lambda one, language: resources.text_of(one, "description", language)),
    Column("accreditations", 24, lambda one, _: "; ".join(f"{row['scheme']} {row['number']}" for row in one.accreditations)),
    Column("price", 20, lambda one, _: facility_price(one)[1] if one.price is not None else str(BASIS_WORDS["request"])),
    Column("region", 14, resources.regions_of),
    Column("place", 30, lambda one, language: resources.text_of(one, "place", language)),
    PUBLISHED,
    Column("visibility", 16, lambda one, _: str(RESOURCE_VISIBILITY[one.visibility])),
)
EXPERTS = (
    Column("name", 18, lambda one, language: resources.text_of(one, "name", language)),
    TITLES[0],
    ORGANISATION,
    Column("kind", 18, lambda one, _: resources.kind_of(one)),
    Column("fields", 26, resources.fields_of),
    Column("industries", 22, resources.industries_of),
    Column("summary", 60, lambda one, language: resources.text_of(one, "description", language)),
    Column("region", 20, resources.regions_of),
    Column("speaks", 16, lambda one, language: "; ".join(tongue(code, language) for code in one.speaks)),
    Column("days", 10, lambda one, _: one.days),
    Column("available_until", 12, lambda one, _: one.available_until),
    PUBLISHED,
)
SCENARIOS = (
    *TITLES,
    ORGANISATION,
    Column("place", 30, lambda one, language: resources.text_of(one, "place", language)),
    Column("region", 14, resources.regions_of),
    Column("fields", 26, resources.fields_of),
    Column("industries", 22, resources.industries_of),
    *(_long_text(name) for name in ("summary", "conditions", "measurements", "judge")),
    Column("trials", 10, lambda one, _: one.trials),
    Column("trl", 10, lambda one, _: one.trl_from),
    Column("opens_on", 12, lambda one, _: one.opens_on),
    Column("closes_on", 12, lambda one, _: one.closes_on),
    PUBLISHED,
    Column("visibility", 16, lambda one, _: str(RESOURCE_VISIBILITY[one.visibility])),
)

LISTS = {
    one.name: one
    for one in (
        OpenList("technologies", "technology", "catalogue.show", "matching.technologies", TECHNOLOGIES),
        OpenList("needs", "need", "needs.show", "matching.needs", NEEDS),
        OpenList("open-calls", "open_call", "calls.show", "calls.index", CALLS),
        OpenList("pools", "pool", "pools.show", "pools.index", POOLS),
        OpenList("facilities", "facility", "resources.facility", "resource_search.facilities", FACILITIES),
        OpenList("experts", "expert", "resources.expert", "resource_search.experts", EXPERTS),
        OpenList("scenarios", "scenario", "resources.scenario", "resource_search.scenarios", SCENARIOS),
    )
}


MAP_COLUMNS = (
    Column("industry", 34, lambda cell, language: industry_name(cell.industry, language)), Column("code", 8, lambda cell, _language: cell.industry),
    Column("region", 16, lambda cell, language: supply_words.region_name(cell.region, language)), Column("needs", 12, lambda cell, _language: cell.needs),
    Column("technologies", 14, lambda cell, _language: cell.technologies), Column("anywhere", 16, lambda cell, _language: cell.anywhere),
    Column("scarcity", 12, lambda cell, _language: None if cell.scarcity is None else Decimal(f"{cell.scarcity:.2f}")),
    Column("reading", 40, lambda cell, _language: str(supply_words.READING_WORDS[cell.reading])),
)
"""The map of demand and supply as a table: a line for each cell, the scarcest first."""
