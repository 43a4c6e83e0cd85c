"""The timeline of a deal: one line for everything that happens in it, for all or for one side alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from marketplace.access import Actor
from marketplace.db import now, session
from marketplace.deals.models import SIDES, Deal, Entry
from marketplace.record import noun


def tell(
    actor: Actor, deal: Deal, kind: str, at: datetime | None = None, *, about: Any = None, side: str | None = None, **facts: Any
) -> Entry:
    """Write a line; for `side` alone where one is given. `about` is the row it points at; `facts` are JSON values shown with it."""
    if about is not None and about.id is None or deal.id is None:
        session.flush()  # the line points at rows by their ids
    entry = Entry(
        deal_id=deal.id, at=at or now(), kind=kind, side=side, person_id=actor.id, thing=noun(about) if about is not None else None,
        thing_id=about.id if about is not None else None, facts=facts,
    )
    session.add(entry)
    return entry


def sides_of(actor: Actor, deal: Deal) -> list[str]:
    """The sides for which the actor takes part in the deal, in the order of SIDES; an owner of a side's organisation stands on it too."""
    taking = deal.people
    houses = {"firm": deal.firm_id, "holder": deal.holder_id}
    return [side for side in SIDES if actor.id in taking.get(side, ()) or actor.seats.get(houses.get(side, 0)) == "owner"]


def entries(actor: Actor, deal: Deal, page: int, size: int, kinds: Sequence[str] = ()) -> list[Entry]:
    """A page of what the actor may see, newest first, and one more row if there is a next page."""
    seen = or_(Entry.side.is_(None), Entry.side.in_(sides_of(actor, deal)))
    query = select(Entry).where(Entry.deal_id == deal.id, seen).order_by(Entry.id.desc())
    query = query.where(Entry.kind.in_(kinds)) if kinds else query
    return list(session.scalars(query.offset((page - 1) * size).limit(size + 1)))
