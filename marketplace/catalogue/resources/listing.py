"""The list of requests and bookings: a room at a time, by the side that one is on, the state and the resource, in an order that the address says.

The three kinds of requests stand in three tables with states of their own, so that one list holds one kind; the page has a tab for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from marketplace.access import Actor
from marketplace.catalogue.facilities.models import Booking
from marketplace.catalogue.resources.rooms import ROOMS, Room
from marketplace.db import session
from marketplace.ordering import Order, order

SIDES = ("", "host", "asker")
OFFERED = 200  # resources that the filter offers


@dataclass(frozen=True)
class Wanted:
    """Which requests: of which room; asked of me (`host`), by me (`asker`) or both; in which state; for which resource, by its public id."""

    room: Room
    side: str = ""
    state: str = ""
    resource: str = ""

    @property
    def arguments(self) -> dict[str, str]:
        """What an address says for it besides the room."""
        return {name: value for name in ("side", "state", "resource") if (value := getattr(self, name))}


def states(room: Room) -> list[str]:
    """The states that a request of this room can have, in the order of its life."""
    steps = room.request.TRANSITIONS.values()
    return list(dict.fromkeys([*(one for step in steps for one in step.origin), *(step.target for step in steps)]))


def orders(room: Room) -> dict[str, bool]:
    """The columns that order the requests of a room, and whether each falls when it is first asked for; a booking has a day besides."""
    return {"newest": True, "starts": False} if room.request is Booking else {"newest": True}


def asked(values: Any, rooms: Sequence[str]) -> tuple[Wanted, Order]:
    """What an address asks for; nonsense counts as nothing. `rooms` names those that have something, of which the first is meant where none is named."""
    said = {name: (values.get(name) or "")[:16] for name in ("room", "side", "state", "resource", "sort")}
    room = ROOMS.get(said["room"]) or ROOMS[next(iter(rooms), "facilities")]
    wanted = Wanted(
        room, said["side"] if said["side"] in SIDES else "", said["state"] if said["state"] in states(room) else "", said["resource"],
    )
    return wanted, order(said["sort"], orders(room))


def _of(actor: Actor, wanted: Wanted, *columns: Any) -> Select[Any]:
    """The requests that the actor's organisations have made or were asked."""
    model, resource, seats = wanted.room.request, wanted.room.kind.model, list(actor.seats)
    sides: dict[str, ColumnElement[bool]] = {"host": resource.organisation_id.in_(seats), "asker": model.organisation_id.in_(seats)}
    query = select(*columns).select_from(model).join(resource, resource.id == getattr(model, f"{wanted.room.noun}_id"))
    query = query.where(sides[wanted.side] if wanted.side else or_(*sides.values()))
    if wanted.state:
        query = query.where(model.state == wanted.state)
    return query.where(resource.public_id == wanted.resource) if wanted.resource else query


def count(actor: Actor, wanted: Wanted) -> int:
    """How many requests these are."""
    return session.scalar(_of(actor, wanted, func.count(wanted.room.request.id))) or 0 if actor.seats else 0


def counts(actor: Actor) -> dict[str, int]:
    """How many requests there are in each room, without filters."""
    return {name: count(actor, Wanted(room)) for name, room in ROOMS.items()}


def listed(actor: Actor, wanted: Wanted, by: Order, page: int, size: int) -> list[Any]:
    """A page of them, and one more row if there is a next page."""
    if not actor.seats:
        return []
    model = wanted.room.request
    columns = {"newest": model.id, "starts": getattr(model, "starts", model.id)}
    rows = _of(actor, wanted, model.id).order_by(*by.by(columns[by.name], model.id)).offset((page - 1) * size).limit(size + 1)
    keys = list(session.scalars(rows))
    found = {one.id: one for one in session.scalars(select(model).where(model.id.in_(keys)).options(joinedload(model.resource)))}
    return [found[key] for key in keys]


def resources_of(actor: Actor, room: Room) -> list[Any]:
    """The resources that such requests are about, for the filter; the one asked for most recently first."""
    if not actor.seats:
        return []
    resource, newest = room.kind.model, func.max(room.request.id)
    keys = session.scalars(_of(actor, Wanted(room), resource.id).group_by(resource.id).order_by(newest.desc()).limit(OFFERED)).all()
    found = {one.id: one for one in session.scalars(select(resource).where(resource.id.in_(keys)))}
    return [found[key] for key in keys]
