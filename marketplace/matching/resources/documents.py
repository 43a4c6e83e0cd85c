"""Facilities, experts and scenarios as the engine sees them: passages in each language, facets, and what the rules weigh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marketplace.catalogue.classification import field_name, industry_ancestors
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import LANGUAGES
from marketplace.matching.documents import need_wishes, technology_facts
from marketplace.matching.passages import Document
from marketplace.matching.rules import Facts, Wishes
from marketplace.needs.models import Need

Resource = Facility | Expert | Scenario
TEXTS = {
    "facility": ("description", "capacity", "place"), "expert": ("description", "name"),
    "scenario": ("description", "place", "conditions", "measurements"),
}


def document(resource: Resource) -> Document:
    """A resource for the index; the names of its fields stand in its text, so that whoever types one finds it."""
    kind = resource.__tablename__
    passages = {code: (resource.title.get(code, ""), body) for code in LANGUAGES if (body := _body(resource, code)) or resource.title.get(code)}
    industries = dict.fromkeys(code for own in resource.industries for code in industry_ancestors(own))
    facets: dict[str, tuple[str, ...]] = {
        "visibility": (resource.visibility,), "organisation": (resource.organisation.public_id,), "field": tuple(resource.fields),
        "industry": tuple(industries), "language": tuple(passages), **FACETS[kind](resource),
    }
    return Document(key=resource.id, kind=kind, passages=passages, revision=resource.revision, facets=facets, facts=facts(resource).packed())


def _body(resource: Resource, code: str) -> str:
    said = [text for name in TEXTS[resource.__tablename__] if (text := getattr(resource, name).get(code))]
    fields = " ".join(field_name(one, code) for one in resource.fields)
    return "\n".join([*said, *([fields] if said and fields else [])])


def _facility(facility: Facility) -> dict[str, tuple[str, ...]]:
    return {
        "facility_kind": (facility.kind,), "region": (facility.region,), "maturity": tuple(str(n) for n in range(facility.trl_from, facility.trl_to + 1)),
        "accreditation": tuple(dict.fromkeys(row["scheme"].upper() for row in facility.accreditations)),
    }


def _expert(expert: Expert) -> dict[str, tuple[str, ...]]:
    return {"expert_kind": (expert.kind,), "region": tuple(expert.regions), "speaks": tuple(expert.speaks)}


def _scenario(scenario: Scenario) -> dict[str, tuple[str, ...]]:
    return {"region": (scenario.region,)}


FACETS: dict[str, Callable[[Any], dict[str, tuple[str, ...]]]] = {"facility": _facility, "expert": _expert, "scenario": _scenario}


def facts(resource: Resource) -> Facts:
    """What a resource has besides its words, for the same rules that weigh technologies.

    A facility's maturity is the level it can bring a technology to; one that ends below what is wanted is the less fit.
    """
    region = resource.regions[0] if isinstance(resource, Expert) and len(resource.regions) == 1 else getattr(resource, "region", None)
    level = resource.trl_to if isinstance(resource, Facility) else None
    listed = resource.published.date() if resource.published else None
    return Facts(trl=level, industries=tuple(resource.industries), region=region, listed=listed)


def wishes(asking: Need | Technology) -> Wishes:
    """What a need wants, or what would suit a technology: its industries, its region, a level above its own."""
    if isinstance(asking, Need):
        return need_wishes(asking)
    own = technology_facts(asking)
    return Wishes(trl=min(own.trl + 1, 9) if own.trl else None, industries=own.industries, region=own.region)
