"""Reading one's own history: which events a member or a person may see, a page of them by key, and what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, tuple_

from marketplace.access import Actor, require
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import session
from marketplace.deals import listing as deals
from marketplace.deals.models import Deal
from marketplace.deals.sight import called, known_name
from marketplace.licensing.models import Agreement
from marketplace.needs.models import Need
from marketplace.people.factors.models import Recovery
from marketplace.people.models import Invitation, JoinRequest, Membership, Organisation, Person
from marketplace.record import Event, Revision, noun

LISTINGS = {"technology": Technology, "need": Need, "facility": Facility, "expert": Expert, "scenario": Scenario}
MODELS: dict[str, Any] = {**LISTINGS, "deal": Deal, "agreement": Agreement}
"""What a row of the history can lead to."""
KINDS = {
    "technology": ("technology",), "need": ("need",), "resource": ("facility", "expert", "scenario"), "deal": ("deal",), "agreement": ("agreement",),
    "organisation": ("organisation", "membership", "invitation", "join_request"),
}
COUNTED = 10_000
"""How far rows are counted."""


@dataclass(frozen=True)
class Asked:
    """What is looked for: a kind of `KINDS` or "" for all, since when, the id of the event behind which the page begins; and the language of titles."""

    kind: str = ""
    since: datetime | None = None
    after: int | None = None
    language: str = "zh"


@dataclass(frozen=True)
class Row:
    """One event as its reader sees it: `title` and its language, `person` by name where the reader is told it, else the word for his side in `who`;
    `fields` are (name, before, after), states under the name "state"."""

    id: int
    at: datetime
    noun: str
    verb: str
    thing: Any
    title: str
    title_language: str
    person: str
    who: str
    fields: tuple[tuple[str, Any, Any], ...]

    @property
    def public_id(self) -> str:
        """The id in the address of what it happened to; empty where it has no page."""
        return self.thing.public_id if self.thing is not None else ""


def _of(things: str, keys: Select[Any]) -> ColumnElement[bool]:
    return and_(Event.thing == things, Event.thing_id.in_(keys))


def _rules(actor: Actor, house: Organisation) -> dict[str, ColumnElement[bool]]:
    """For each noun the events that a member of the organisation may see."""
    key = house.id
    proposed = exists().where(Agreement.id == Event.thing_id, or_(Agreement.drafted_by_id == key, Event.at >= Agreement.proposed))
    return {
        **{name: _of(name, select(model.id).where(model.organisation_id == key)) for name, model in LISTINGS.items()},
        "deal": _of("deal", select(Deal.id).where(deals.own(actor), or_(Deal.firm_id == key, Deal.holder_id == key))),
        "agreement": and_(_of("agreement", select(Agreement.id).where(or_(Agreement.licensor_id == key, Agreement.licensee_id == key))), proposed),
        "organisation": and_(Event.thing == "organisation", Event.thing_id == key),
        **{model.__tablename__: _of(model.__tablename__, select(model.id).where(model.organisation_id == key))
           for model in (Membership, Invitation, JoinRequest)},
    }


def of_organisation(actor: Actor, house: Organisation, asked: Asked, size: int) -> tuple[int, list[Row]]:
    """How many events there are (counted to `COUNTED`), and a page of them, newest first, with one more if there is a next page."""
    require(actor, "organisation.history", house)
    rules = _rules(actor, house)
    return _read(actor, [rules[name] for name in KINDS.get(asked.kind, tuple(rules))], asked, size, house)


def of_person(actor: Actor, person: Person, asked: Asked, size: int) -> tuple[int, list[Row]]:
    """The same of an account, for its person."""
    require(actor, "person.edit", person)
    own = [and_(Event.thing == "person", Event.thing_id == person.id)]
    own += [_of(model.__tablename__, select(model.id).where(model.person_id == person.id)) for model in (Recovery, Membership, JoinRequest)]
    return _read(actor, own, asked, size)


def _read(actor: Actor, rules: Iterable[ColumnElement[bool]], asked: Asked, size: int, house: Organisation | None = None) -> tuple[int, list[Row]]:
    """Each noun is asked for itself, so that each goes along the index of things; the newest of all of them are the page."""
    total, found = 0, []
    for rule in rules:
        where = [rule, *([Event.at >= asked.since] if asked.since else [])]
        total += session.scalar(select(func.count()).select_from(select(Event.id).where(*where).limit(COUNTED).subquery())) or 0
        page = [*where, *([Event.id < asked.after] if asked.after else [])]
        found += session.scalars(select(Event).where(*page).order_by(Event.id.desc()).limit(size + 1))
    newest = sorted(found, key=lambda one: one.id, reverse=True)[:size + 1]
    return min(total, COUNTED), _rows(actor, newest, house, asked.language)


def _things(events: Sequence[Event]) -> dict[tuple[str, int], Any]:
    """What the events happened to, loaded kind by kind."""
    found: dict[tuple[str, int], Any] = {}
    for name, model in MODELS.items():
        keys = {one.thing_id for one in events if one.thing == name}
        found |= {(name, thing.id): thing for thing in session.scalars(select(model).where(model.id.in_(keys)))} if keys else {}
    return found


def _revised(events: Sequence[Event]) -> dict[tuple[str, int, datetime], tuple[tuple[str, Any, Any], ...]]:
    """What the texts of listings were before and after, by the thing and the moment of its revision."""
    keys = {(one.thing, one.thing_id) for one in events if one.thing in LISTINGS}
    own = select(Revision).where(tuple_(Revision.thing, Revision.thing_id).in_(keys)).order_by(Revision.thing, Revision.thing_id, Revision.number)
    found, before = {}, None
    for row in session.scalars(own) if keys else ():
        if before is not None and (before.thing, before.thing_id) == (row.thing, row.thing_id):
            fields = [(name, before.content.get(name), row.content.get(name)) for name in row.changed]
            found[row.thing, row.thing_id, row.at] = tuple(fields)
        before = row
    return found


def _rows(actor: Actor, events: Sequence[Event], house: Organisation | None, language: str) -> list[Row]:
    things, revised = _things(events), _revised(events)
    keys = {one.actor_id for one in events if one.actor_id is not None}
    people = {one.id: one for one in session.scalars(select(Person).where(Person.id.in_(keys)))} if keys else {}
    found = []
    for one in events:
        thing, person = things.get((one.thing, one.thing_id)), people.get(one.actor_id or 0)
        named = person is not None and _is_named(actor, thing, person, house)
        name, side = (person.name, "") if named and person else ("", _side(person, one.actor_kind))
        verb, fields = one.name.partition(".")[2], (*_moved(one), *revised.get((one.thing, one.thing_id, one.at), ()))
        found.append(Row(one.id, one.at, one.thing, verb, thing, *_titled(actor, thing, language), name, side, fields))
    return found


def _moved(one: Event) -> tuple[tuple[str, Any, Any], ...]:
    """The states before and after a step."""
    return (("state", one.facts["origin"], one.facts["target"]),) if {"origin", "target"} <= one.facts.keys() else ()


def _titled(actor: Actor, thing: Any, language: str) -> tuple[str, str]:
    """What the thing is called before this reader, and in which language."""
    if thing is None:
        return "", language
    return called(actor, thing, language) if noun(thing) == "deal" else thing.titled(language)


def _is_named(actor: Actor, thing: Any, person: Person, house: Organisation | None) -> bool:
    """Whether the reader is told who it was: himself, his own people and technology managers; in a deal whomever its page names; never an operator or
    the people of an agreement's other side."""
    if person.id == actor.id:
        return True
    if house is not None and house.id in person.seats or house is None and not person.is_operator:
        return True
    if isinstance(thing, Deal):
        return known_name(actor, thing, person) is not None
    return not person.is_operator and not isinstance(thing, Agreement)


def _side(person: Person | None, kind: str) -> str:
    """The word for somebody who is not named: site, visitor, operator or other."""
    if person is None:
        return "visitor" if kind == "visitor" else "site"
    return "operator" if person.is_operator else "other"
