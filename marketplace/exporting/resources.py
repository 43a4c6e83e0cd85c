"""Facilities, experts and scenarios as they go out: the columns of their lists, their entry in a printed list, and in the words of schema.org.

A facility is a `Service` with its area and price, a scenario a `Place` that an organisation opens, an expert a `Person` with what the page says to
everybody and nothing besides: no address, no account, and the contact is the institute.
"""

from __future__ import annotations

from typing import Any

from marketplace.catalogue.classification import field_name, industry_name
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.resources import words
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import in_language
from marketplace.exporting.text import one_line
from marketplace.exporting.words import facility_price, separator, until_day
from marketplace.people import regions
from marketplace.terms.payment import from_minor

Resource = Facility | Expert | Scenario
LONGEST = 2000  # characters of a description
UNITS = {"hour": "HUR", "day": "DAY", "batch": "5B", "test": "C62"}  # UN/CEFACT codes: hour, day, batch, one


def levels(facility: Facility) -> str:
    """The levels of maturity it works between."""
    return f"TRL {facility.trl_from}–{facility.trl_to}"


def kind_of(resource: Resource) -> str:
    """What kind of resource it is, in the reader's language."""
    if isinstance(resource, Facility):
        return str(words.FACILITY_KIND_WORDS[resource.kind])
    return str(words.EXPERT_KIND_WORDS[resource.kind] if isinstance(resource, Expert) else words.NOUN_WORDS["scenario"])


def regions_of(resource: Resource, language: str) -> str:
    """Where it is, or where an expert works."""
    codes = resource.regions if isinstance(resource, Expert) else [resource.region]
    return separator().join(regions.name(code, language) for code in codes)


def fields_of(resource: Resource, language: str) -> str:
    """Its technology fields."""
    return separator().join(field_name(code, language) for code in resource.fields)


def industries_of(resource: Resource, language: str) -> str:
    """Its industries."""
    return separator().join(industry_name(code, language) for code in resource.industries)


def text_of(resource: Resource, name: str, language: str, longest: int = 400) -> str:
    """One of its texts on one line, in the language or the other."""
    return one_line(in_language(getattr(resource, name), language)[0], longest)


def entry_of(resource: Resource, language: str) -> dict[str, Any]:
    """What stands on a printed list or in a feed, besides what every listing has."""
    kind = kind_of(resource)
    terms: tuple[str, ...] = ()
    if isinstance(resource, Facility):
        facts, terms = (levels(resource), regions_of(resource, language)), facility_price(resource)
    elif isinstance(resource, Expert):
        facts = (text_of(resource, "name", language), regions_of(resource, language))
    else:
        facts = (regions_of(resource, language), text_of(resource, "place", language, 80), until_day(resource.closes_on))
    return {
        "kind": kind, "facts": tuple(part for part in facts if part), "terms": terms, "text": resource.description, "number": "", "maturity": None,
        "categories": ((resource.__tablename__, kind), *((code, field_name(code, language)) for code in resource.fields)),
    }


def described(resource: Resource, language: str, address: str, organisation: dict[str, Any]) -> dict[str, Any]:
    """A public resource in schema.org's words."""
    title, spoken = resource.titled(language)
    shared = {
        "name": title, "description": text_of(resource, "description", spoken, LONGEST), "url": address, "@id": f"{address}#{resource.__tablename__}",
    }
    special = _service if isinstance(resource, Facility) else _person if isinstance(resource, Expert) else _place
    return {**shared, **special(resource, language, organisation)}


def _area(code: str, language: str) -> dict[str, str]:
    return {"@type": "AdministrativeArea", "identifier": code, "name": regions.name(code, language)}


def _service(facility: Facility, language: str, organisation: dict[str, Any]) -> dict[str, Any]:
    price = from_minor(facility.price, facility.currency)
    offer = None if price is None else {
        "@type": "Offer", "priceSpecification": {
            "@type": "UnitPriceSpecification", "price": f"{price:f}", "priceCurrency": facility.currency, "unitCode": UNITS[facility.basis]},
    }
    return {
        "@type": "Service", "serviceType": kind_of(facility), "provider": organisation, "areaServed": _area(facility.region, language), "offers": offer,
        "category": [field_name(code, language) for code in facility.fields],
    }


def _person(expert: Expert, language: str, organisation: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "Person", "name": in_language(expert.name, language)[0], "jobTitle": kind_of(expert), "affiliation": organisation,
        "knowsAbout": [field_name(code, language) for code in expert.fields], "knowsLanguage": expert.speaks,
    }


def _place(scenario: Scenario, language: str, organisation: dict[str, Any]) -> dict[str, Any]:
    return {
        "@type": "Place", "address": {"@type": "PostalAddress", "streetAddress": text_of(scenario, "place", language), "addressRegion": regions.name(
            scenario.region, language)},
        "containedInPlace": _area(scenario.region, language), "publicAccess": False, "keywords": fields_of(scenario, language), "additionalProperty": {
            "@type": "PropertyValue", "name": str(words.FIELD_WORDS["trials"]), "value": scenario.trials},
    }
