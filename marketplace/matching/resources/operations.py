"""The verbs of resources in the engine: index what changed, suggest what fits, say what bridges a gap of maturity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.access import Actor, may, open_visibilities
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import session, to_read
from marketplace.jobs import handler
from marketplace.matching import operations as matching
from marketplace.matching.documents import need_query, need_wishes, technology_query
from marketplace.matching.explain import Evidence, evidence
from marketplace.matching.index import Hit
from marketplace.matching.models import Match
from marketplace.matching.resources.documents import Resource, document, wishes
from marketplace.matching.resources.gap import Gap, Line, gap, ranked, reaches
from marketplace.matching.rules import Facts, Wishes
from marketplace.needs.models import Need

MODELS: dict[str, type[Any]] = {"facility": Facility, "expert": Expert, "scenario": Scenario}
FITTING: dict[str, tuple[str, ...]] = {"need": ("facility", "expert", "scenario"), "technology": ("facility", "scenario")}
"""Which kinds are suggested beside a listing: a need may want a person, a technology a place."""

SHOWN = 3
SOUGHT = 30  # candidates for a gap, of which those that cover it are ordered anew
LEAST = 0.03  # how probable one must be to be named: on the demo, what fits came at 0.03 and more, what does not at 0.01


def _refresh(resource: Resource) -> None:
    gone = resource.state not in type(resource).OPEN_STATES
    with matching.writer() as found:
        found.update([] if gone else [document(resource)], [(resource.__tablename__, resource.id)] if gone else [])


@handler("matching.index_facility")
def index_facility(thing_id: int) -> Iterator[None]:
    """Bring one facility in the index up to date."""
    with to_read():
        _refresh(session.get_one(Facility, thing_id))
    yield


@handler("matching.index_expert")
def index_expert(thing_id: int) -> Iterator[None]:
    """Bring one expert in the index up to date."""
    with to_read():
        _refresh(session.get_one(Expert, thing_id))
    yield


@handler("matching.index_scenario")
def index_scenario(thing_id: int) -> Iterator[None]:
    """Bring one scenario in the index up to date."""
    with to_read():
        _refresh(session.get_one(Scenario, thing_id))
    yield


@dataclass(frozen=True)
class Suggestion:
    """A resource that fits, with its score; `evidence` where it was asked for."""

    resource: Any
    hit: Hit
    evidence: Evidence | None = None


def rank_kinds(actor: Actor, kinds: Sequence[str], text: str, asker: Wishes | Facts | None, limit: int) -> dict[str, list[Hit]]:
    """The best resources of each kind for a text, best first, those alone that are probable enough to be shown; only what the actor may read."""
    found = matching.index().rank_kinds(text, kinds, {"visibility": open_visibilities(actor)}, limit, asker)
    return {kind: [hit for hit in hits if hit.probability >= LEAST] for kind, hits in found.items()}


def _suggested(actor: Actor, kind: str, hits: Sequence[Hit], text: str = "", language: str = "") -> list[Suggestion]:
    """The hits as suggestions; with a text, each with the sentences that carried it."""
    rows = {row.id: row for row in matching.load(actor, MODELS[kind], [hit.key for hit in hits])}
    near = matching.index().likenesses(kind, list(rows), text) if text else {}
    return [
        Suggestion(rows[hit.key], hit, evidence(text, document(rows[hit.key]), near.get(hit.key), language) if text else None)
        for hit in hits if hit.key in rows
    ]


def suggestions(actor: Actor, listing: Need | Technology, language: str, limit: int = SHOWN) -> dict[str, list[Suggestion]]:
    """Facilities, experts and scenarios that fit a need, or facilities and scenarios that fit a technology, for whoever may read it in full."""
    if not may(actor, "listing.read_in_full", listing):
        return {}
    text = need_query(listing) if isinstance(listing, Need) else technology_query(listing)
    ranked_each = rank_kinds(actor, FITTING[listing.__tablename__], text, wishes(listing), limit)
    found = {kind: _suggested(actor, kind, hits, text, language) for kind, hits in ranked_each.items()}
    return {kind: rows for kind, rows in found.items() if rows}


@dataclass(frozen=True)
class Bridged:
    """A gap with what bridges it: facilities best first, whether one of them goes all the way, experts, and scenarios where it leads so far."""

    gap: Gap
    facilities: tuple[Any, ...]
    reaches: bool
    experts: tuple[Any, ...] = ()
    scenarios: tuple[Any, ...] = ()


def _lines(hits: Sequence[Hit], rows: dict[int, Facility]) -> list[Line]:
    return [Line(hit.key, rows[hit.key].trl_from, rows[hit.key].trl_to, rows[hit.key].region, hit.score) for hit in hits if hit.key in rows]


def bridging(actor: Actor, match: Match) -> Bridged | None:
    """What takes the technology of a match to where the need wants it; None without a gap, or where either may not be read in full.

    The question is the technology's own text, because it is the technology that goes through the line.
    """
    need, technology = match.need, match.technology
    if not all(may(actor, "listing.read_in_full", one) for one in (need, technology)):
        return None
    found = gap(technology.trl, need_wishes(need).trl)
    if found is None:
        return None
    kinds = ("facility", "expert", *(("scenario",) if found.is_tried else ()))
    hits = rank_kinds(actor, kinds, technology_query(technology), wishes(need), SOUGHT)
    chosen, whole = _best(actor, found, hits["facility"], need)
    others = {kind: tuple(matching.load(actor, MODELS[kind], [hit.key for hit in hits.get(kind, ())[:SHOWN]])) for kind in ("expert", "scenario")}
    return Bridged(found, chosen, whole, others["expert"], others["scenario"])


def _best(actor: Actor, found: Gap, hits: Sequence[Hit], need: Need) -> tuple[tuple[Any, ...], bool]:
    rows = {row.id: row for row in matching.load(actor, Facility, [hit.key for hit in hits])}
    lines = ranked(found, _lines(hits, rows), need.region)
    return tuple(rows[line.key] for line in lines), reaches(found, lines)


def bridging_rows(actor: Actor, need: Need, technologies: Sequence[Technology]) -> dict[int, Bridged]:
    """The same for the technologies in a list beside a need, by key: the facilities are sought once, by the need's text, and ordered for each gap."""
    wanted = need_wishes(need).trl
    gaps = {one.id: found for one in technologies if may(actor, "listing.read_in_full", one) and (found := gap(one.trl, wanted))}
    if not gaps or not may(actor, "listing.read_in_full", need):
        return {}
    hits = rank_kinds(actor, ("facility",), need_query(need), wishes(need), SOUGHT)["facility"]
    rows = {row.id: row for row in matching.load(actor, Facility, [hit.key for hit in hits])}
    lines, bridged = _lines(hits, rows), {}
    for key, found in gaps.items():
        chosen = ranked(found, lines, need.region)
        bridged[key] = Bridged(found, tuple(rows[line.key] for line in chosen), reaches(found, chosen))
    return bridged

