"""What a reader sees of a deal: whose names, whose contacts, and which of the frozen texts.

Before the introduction a side sees of the other one what its listing shows anyway, and no people; a blind listing's owner stays unnamed, before the
broker too. After it the two sides see each other's people and how to reach them. A frozen text is read by whoever may read the listing in full, or
could when it was frozen and it is not blind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marketplace.access import Actor, may, open_visibilities
from marketplace.catalogue.models import Technology
from marketplace.db import in_language
from marketplace.deals.models import Deal, Party
from marketplace.deals.timeline import sides_of
from marketplace.matching.documents import shown_title
from marketplace.needs.models import Need
from marketplace.people.models import Person

HOUSES = ("firm", "holder")
HEADING = 120  # characters of a title before it is cut: the title of a blind listing may be its whole teaser


@dataclass(frozen=True)
class Sight:
    """One reader's view: the sides he stands on, those whose house, whose people and whose contacts he is shown."""

    own: tuple[str, ...]
    houses: frozenset[str]
    people: frozenset[str]
    contacts: frozenset[str]


def sight(actor: Actor, deal: Deal) -> Sight:
    """What the actor is shown of the sides."""
    own = tuple(sides_of(actor, deal))
    houses = frozenset(side for side in HOUSES if house_shown(actor, deal, side))
    known = {"broker", *own} | ({*HOUSES, "guest"} if deal.was_introduced else set())
    people = frozenset(known | (houses if "broker" in own else set()))
    return Sight(own, houses, people, people if set(own) - {"guest"} else frozenset({"broker", *own}))


def house_shown(actor: Actor, deal: Deal, side: str) -> bool:
    """Whether the reader is told which organisation stands on a side."""
    listing = deal.need if side == "firm" else deal.technology
    if deal.was_introduced or (deal.firm_id if side == "firm" else deal.holder_id) in actor.seats:
        return True
    if listing is None:
        return actor.is_broker  # a firm without a need has asked the brokers itself
    return may(actor, "listing.read_in_full", listing)


def side_in(deal: Deal, person_id: int | None) -> str | None:
    """The side for which somebody takes part, or took part; None for those who never did."""
    return next((party.side for party in reversed(deal.parties) if person_id is not None and party.person_id == person_id), None)


def known_name(actor: Actor, deal: Deal, person: Person) -> str | None:
    """Somebody's name if the reader is told it; None where only the side may be said."""
    side, seen = side_in(deal, person.id), sight(actor, deal)
    told = person.id == actor.id or side in seen.people or (side is None and deal.was_introduced)
    return person.name if told else None


def people_of(deal: Deal, side: str) -> list[Party]:
    """The active parties of a side, in the order in which they came."""
    return [party for party in deal.parties if party.side == side and party.state == "active"]


@dataclass(frozen=True)
class Text:
    """One of the two texts as it was frozen and as this reader may see it. `changed` is the listing's number now when it is another."""

    side: str
    public_id: str
    title: str
    title_language: str
    body: str
    body_language: str
    in_full: bool
    revision: int
    changed: int | None
    linked: bool


def frozen_texts(actor: Actor, deal: Deal, language: str) -> list[Text]:
    """Both texts, the need's first; a deal without a need has one."""
    pairs = (("firm", "need", deal.need), ("holder", "technology", deal.technology))
    return [_text(actor, side, deal.frozen[name], listing, language) for side, name, listing in pairs if listing is not None and deal.frozen.get(name)]


def _text(actor: Actor, side: str, kept: dict[str, Any], listing: Technology | Need, language: str) -> Text:
    in_full = may(actor, "listing.read_in_full", listing) or (
        listing.visibility != "blind" and kept.get("visibility") in open_visibilities(actor)
    )
    changed = listing.revision if listing.revision != kept["revision"] else None
    linked = may(actor, "listing.read", listing)
    if not in_full:
        body, spoken = in_language(kept.get("teaser"), language)
        title, title_language = shown_title(actor, listing, language)
        return Text(side, listing.public_id, title, title_language, body, spoken, False, kept["revision"], changed, linked)
    titles, bodies = ({code: pair[place] for code, pair in kept["passages"].items()} for place in (0, 1))
    title, title_language = in_language(titles, language)
    body, spoken = in_language(bodies, language)
    return Text(side, listing.public_id, title, title_language, body, spoken, True, kept["revision"], changed, linked)


def called(actor: Actor, deal: Deal, language: str) -> tuple[str, str]:
    """What a deal is called before a reader: its technology, as far as he may see it."""
    text = next((one for one in frozen_texts(actor, deal, language) if one.side == "holder"), None)
    if text is None:
        return shown_title(actor, deal.technology, language)
    return (text.title if len(text.title) <= HEADING else text.title[: HEADING - 1] + "…"), text.title_language
