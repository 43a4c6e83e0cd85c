"""Reading the trail: what happened to a thing, by whom, since when, newest first, with what it altered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select

from marketplace.access import Actor, require
from marketplace.db import session
from marketplace.people.grants.models import AccessEntry
from marketplace.people.models import Person
from marketplace.record import Event
from marketplace.trail import chaining
from marketplace.trail.chain import MARK
from marketplace.trail.models import Alteration, Anchor

KINDS = ("events", "alone", "readings")
"""What can be listed: events with what they altered, alterations that no event tells of, openings of blind listings."""
MOST = 100_000
MODELS: dict[str, Any] = {"events": Event, "alone": Alteration, "readings": AccessEntry}


@dataclass(frozen=True)
class Asked:
    """What is looked for: None and "" for anything. `before` is the id behind which the page begins."""

    kind: str = "events"
    thing: str = ""
    thing_id: int | None = None
    person: str = ""
    since: datetime | None = None
    before: int | None = None


@dataclass(frozen=True)
class Line:
    """One row of the log as it is read: `fields` are (row, field, before, after), with `…` for what only its digest stands here of."""

    id: int
    at: datetime
    name: str
    thing: str
    thing_id: int | None
    actor: str
    fields: tuple[tuple[str, str, Any, Any], ...]


def _query(asked: Asked) -> Select[Any]:
    model = MODELS[asked.kind]
    person = model.person_id if asked.kind == "readings" else model.actor_id
    query = select(model, Person.public_id, Person.name).join(Person, Person.id == person, isouter=True).order_by(model.id.desc())
    if asked.kind == "alone":
        query = query.where(Alteration.event_id.is_(None))
    for value, column in ((asked.thing, model.thing), (asked.thing_id, model.thing_id), (asked.person, Person.public_id)):
        query = query.where(column == value) if value else query
    query = query.where(model.at >= asked.since) if asked.since else query
    return query.where(model.id < asked.before) if asked.before else query


def lines(actor: Actor, asked: Asked, size: int) -> list[Line]:
    """A page, newest first, and one more row if there is a next page."""
    require(actor, "operations.see")
    rows = session.execute(_query(asked).limit(size + 1)).all()
    altered: dict[int, list[Alteration]] = {}
    if asked.kind == "events":
        own = select(Alteration).where(Alteration.event_id.in_([row[0].id for row in rows])).order_by(Alteration.id)
        for one in session.scalars(own):
            altered.setdefault(one.event_id or 0, []).append(one)
    return [_line(asked.kind, row, altered) for row in rows]


def _line(kind: str, row: Row[Any], altered: dict[int, list[Alteration]]) -> Line:
    one, _public_id, name = row
    done = [one] if kind == "alone" else altered.get(one.id, [])
    said = {"events": lambda: one.name, "alone": lambda: f"{one.thing}.{one.verb}", "readings": lambda: f"{one.thing}.read.{one.what}"}[kind]()
    fields = tuple(
        (f"{part.thing} {part.thing_id or '*'} {part.verb}", field, *(_shown(value) for value in values))
        for part in done for field, values in (part.fields or {"": (None, None)}).items()
    )
    return Line(one.id, one.at, said, one.thing, one.thing_id, name or getattr(one, "actor_kind", ""), fields)


def _shown(value: Any) -> Any:
    return "…" if isinstance(value, str) and value.startswith(MARK) else value


def export(actor: Actor, asked: Asked) -> Iterator[dict[str, Any]]:
    """All that was asked for, at most `MOST` lines, as plain values with the digests as they are chained."""
    require(actor, "operations.see")
    return _exported(asked)


def _exported(asked: Asked) -> Iterator[dict[str, Any]]:
    for one, person, _name in session.execute(_query(asked).limit(MOST)).yield_per(500):
        values = {column.key: getattr(one, column.key) for column in type(one).__table__.columns if column.key not in ("salt", "actor_id", "person_id")}
        yield {**values, "person": person}


@dataclass(frozen=True)
class Standing:
    """How the chain stands: its end, what waits, and the last anchor."""

    head: chaining.Head
    tail: chaining.Tail
    anchor: Anchor | None


def standing(actor: Actor) -> Standing:
    """How the chain stands; whether it is whole `marketplace check` tells."""
    require(actor, "operations.see")
    return Standing(chaining.head(), chaining.tail(), last_anchor(actor))


def last_anchor(actor: Actor) -> Anchor | None:
    """The newest anchor."""
    require(actor, "operations.see")
    return session.scalar(select(Anchor).order_by(Anchor.position.desc()).limit(1))
