"""Listings in the words of schema.org, for machines that read public pages: an `Offer` for a technology, a `Demand` for a need or a call,
a `Project` for a pool.

Only what the page says to everybody is said here, and no more than it says: a price stands only where an entry fee is
known, it is called the entry fee, and the rest of the terms stand beside it in words; a price of nothing would else look
like a gift. A negative result is a text and no offer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from marketplace.access import VISITOR, may
from marketplace.calls.models import Call
from marketplace.calls.pools.models import Pool
from marketplace.calls.pools.operations import names_told
from marketplace.calls.pools.pledging import progress_of
from marketplace.calls.words import MONEY_HEADINGS
from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.models import Offer, Technology
from marketplace.catalogue.words import KIND_WORDS, PATENT_KIND_WORDS, TERRITORY_WORDS
from marketplace.catalogue.words import MODE_WORDS as OFFER_MODES
from marketplace.db import in_language
from marketplace.exporting import resources
from marketplace.exporting.entries import targets
from marketplace.exporting.text import one_line
from marketplace.exporting.words import ENTRY_FEE
from marketplace.needs.forms import from_minor
from marketplace.needs.models import Need
from marketplace.needs.words import MODE_WORDS
from marketplace.people import regions
from marketplace.people.models import Organisation
from marketplace.terms.payment import parse
from marketplace.terms.words import sentence
from marketplace.web import TAGS

LONGEST = 2000  # characters of a description
LEASE, SELL = "http://purl.org/goodrelations/v1#LeaseOut", "http://purl.org/goodrelations/v1#Sell"
FUNCTIONS = {"licence": LEASE, "open_licence": LEASE, "open_source": LEASE, "assignment": SELL}
PATENT_NUMBERS = {"application_number": "patent application number", "publication_number": "patent publication number"}


def script(facts: dict[str, Any]) -> Markup:
    """The facts for a script element: whatever somebody typed, it cannot end the element."""
    return htmlsafe_json_dumps(facts, dumps=json.dumps, ensure_ascii=False)


def is_public(listing: Any) -> bool:
    """Whether a visitor may read the listing and it is open."""
    return listing.state in type(listing).OPEN_STATES and may(VISITOR, "listing.read_in_full", listing)


def described(listing: Any, language: str, address: str, organisation: str) -> dict[str, Any]:
    """A public listing in schema.org's words; addresses of its page and of its organisation's."""
    facts = FACTS.get(listing.__tablename__, _resource)
    return {"@context": "https://schema.org", **_present(facts(listing, language, address, organisation))}


def _resource(resource: resources.Resource, language: str, address: str, organisation: str) -> dict[str, Any]:
    return resources.described(resource, language, address, _organisation(resource.organisation, language, organisation))


def _present(facts: Any) -> Any:
    """The facts without those that are not known."""
    if isinstance(facts, dict):
        return {name: value for name, fact in facts.items() if (value := _present(fact)) not in (None, "", [], {})}
    return [_present(fact) for fact in facts] if isinstance(facts, list) else facts


def _organisation(organisation: Organisation, language: str, address: str) -> dict[str, Any]:
    return {
        "@type": "Organization", "@id": address, "url": address, "name": organisation.called(language), "sameAs": organisation.website,
        "identifier": _property("ROR", organisation.ror),
    }


def _property(name: str, value: str | None) -> dict[str, str] | None:
    return {"@type": "PropertyValue", "propertyID": name, "value": value} if value else None


def _technology(technology: Technology, language: str, address: str, organisation: str) -> dict[str, Any]:
    title, title_language = technology.titled(language)
    holder = _organisation(technology.organisation, language, organisation)
    item = {
        "@type": ["CreativeWork", "Product"], "@id": f"{address}#technology", "name": title,
        "description": one_line(in_language(technology.abstract, title_language)[0], LONGEST), "inLanguage": TAGS[title_language],
        "identifier": [_property(name, number) for field, name in PATENT_NUMBERS.items() if (number := getattr(technology, field))],
        "additionalType": str(KIND_WORDS[technology.kind]), "genre": str(PATENT_KIND_WORDS.get(technology.patent_kind or "", "")),
        "category": field_name(technology.field, language) if technology.field else None,
        "keywords": [*technology.keywords.get(title_language, ()), *(f"IPC {symbol}" for symbol in technology.ipc)],
        "creator": [{"@type": "Person", "name": name} for name in technology.inventors],
        "dateCreated": technology.filed_on and technology.filed_on.isoformat(),
        "datePublished": _day(technology), "url": address,
    }
    if technology.kind == "negative_result":
        return {**item, "@type": "CreativeWork", "publisher": holder}
    return {
        "@type": "Offer", "@id": f"{address}#offer", "url": address, "name": title, "itemOffered": item, "seller": holder,
        "availability": "https://schema.org/InStock", "availabilityStarts": _day(technology), "validThrough": _until(technology),
        **(_offered(technology.offer, language) if technology.offer else {}),
    }


def _day(listing: Technology | Need | Call) -> str:
    return listing.published.date().isoformat() if listing.published else ""


def _until(listing: Technology | Need) -> str | None:
    return listing.listed_until.isoformat() if listing.listed_until else None


def _offered(offer: Offer, language: str) -> dict[str, Any]:
    terms = parse(offer.terms, template=True) if offer.terms else None
    said = sentence(terms, language) if terms else ""
    fee = terms and {
        "@type": "PriceSpecification", "name": str(ENTRY_FEE), "price": _amount(terms.entry_fee), "priceCurrency": terms.currency, "description": said,
    }
    return {
        "category": str(OFFER_MODES[offer.mode]), "businessFunction": FUNCTIONS.get(offer.mode), "areaServed": _area(offer.territory, language),
        "description": said, "priceSpecification": fee,
    }


def _area(territory: str | None, language: str) -> dict[str, str] | None:
    if not territory:
        return None
    name = str(TERRITORY_WORDS.get(territory) or regions.name(territory, language) or territory)
    if territory == "WORLD":
        return {"@type": "Place", "name": name}
    return {"@type": "AdministrativeArea", "identifier": territory, "name": name}


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _need(need: Need, language: str, address: str, organisation: str) -> dict[str, Any]:
    """A demand, and beside it who seeks it: schema.org says that of the organisation, not of the demand."""
    title, title_language = need.titled(language)
    firm = _organisation(need.organisation, language, organisation) if need.organisation else {}
    demand = {
        "@type": "Demand", "@id": f"{address}#need", "url": address, "name": title,
        "description": one_line(in_language(need.problem, title_language)[0], LONGEST),
        "itemOffered": {
            "@type": "Service", "name": title, "description": targets(need, language), "serviceType": [str(MODE_WORDS[mode]) for mode in need.modes],
            "category": industry_name(need.industry, language) if need.industry else None,
        },
        "areaServed": _area(need.region, language), "availabilityStarts": _day(need), "availabilityEnds": need.deadline and need.deadline.isoformat(),
        "validThrough": _until(need), "priceSpecification": _budget(need),
    }
    page = {"@type": "WebPage", "@id": address, "inLanguage": TAGS[title_language], "mainEntity": {"@id": demand["@id"]}}
    return {"@graph": [demand, {**firm, "seeks": {"@id": demand["@id"]}}, page] if firm else [demand, page]}


def _budget(need: Need) -> dict[str, Any] | None:
    least, most = (_amount(from_minor(amount, need.currency)) for amount in (need.budget_min, need.budget_max))
    if least is None and most is None:
        return None
    return {"@type": "PriceSpecification", "minPrice": least, "maxPrice": most, "priceCurrency": need.currency}


def _call(call: Call, language: str, address: str, organisation: str) -> dict[str, Any]:
    """A demand that ends at the deadline; the price is what is offered for the result."""
    title, title_language = call.titled(language)
    demand = {
        "@type": "Demand", "@id": f"{address}#call", "url": address, "name": title,
        "description": one_line(in_language(call.brief, title_language)[0], LONGEST),
        "itemOffered": {
            "@type": "Service", "name": title, "description": targets(call, language),
            "category": industry_name(call.industry, language) if call.industry else None,
        },
        "areaServed": _area(call.region, language), "availabilityStarts": _day(call), "validThrough": call.deadline.isoformat(),
        "priceSpecification": call.amount and {
            "@type": "PriceSpecification", "name": str(MONEY_HEADINGS[call.money]), "price": _amount(from_minor(call.amount, call.currency)),
            "priceCurrency": call.currency,
        },
    }
    firm = _organisation(call.organisation, language, organisation)
    page = {"@type": "WebPage", "@id": address, "inLanguage": TAGS[title_language], "mainEntity": {"@id": demand["@id"]}}
    return {"@graph": [demand, {**firm, "seeks": {"@id": demand["@id"]}}, page]}


FACTS: dict[str, Callable[[Any, str, str, str], dict[str, Any]]] = {"technology": _technology, "need": _need, "open_call": _call}
"""What is said of each kind of listing."""


def pooled(pool: Pool, language: str, address: str) -> dict[str, Any]:
    """A public pool: its threshold, and of the pledges what the page tells everybody, in the same steps."""
    title, title_language = pool.titled(language)
    told = progress_of(pool)
    money = [("threshold", pool.threshold), ("pledged, at least", told.amount)]
    return {"@context": "https://schema.org", **_present({
        "@type": "Project", "@id": f"{address}#pool", "url": address, "name": title,
        "description": one_line(in_language(pool.brief, title_language)[0], LONGEST),
        "areaServed": _area(pool.region, language), "foundingDate": pool.opened and pool.opened.date().isoformat(),
        "member": [{"@type": "Organization", "name": house.called(language)} for house in names_told(pool)],
        "sponsor": {"@type": "Organization", "name": pool.organisation.called(language)},
        "funding": [
            {"@type": "MonetaryGrant", "name": name, "amount": {
                "@type": "MonetaryAmount", "value": _amount(from_minor(amount, pool.currency)), "currency": pool.currency}}
            for name, amount in money if amount is not None
        ],
    })}
