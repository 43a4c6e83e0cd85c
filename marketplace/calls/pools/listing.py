"""The list of pools: which the reader may see, by the filters of the list of calls, in an order that pages can go on from.

What it shares with the list of calls is in `calls.lists`; one index holds all the filters. What has been pledged is no filter and no order: either would
tell more of single pledges than the page of a pool does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.orm import selectinload

from marketplace.access import Actor, open_visibilities
from marketplace.calls import listing as calls
from marketplace.calls import lists
from marketplace.calls.lists import NAMES, Page, Place, Wanted, narrowed, place_of
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.db import now, session

STATES = ("open", "reached", "converted", "missed", "all")
ORDERS = ("deadline", "newest")
WORDS = 8  # typed words that are looked for
OWN = 100  # pools that the actor's organisations take part in, on one page


@dataclass(frozen=True)
class Filter(Wanted):
    """Which pools to list, and how: `least` is a threshold."""

    order: str = "deadline"


def asked(values: Any) -> Filter:
    """The filter that an address asks for; nonsense counts as nothing. What it shares with the list of calls is read as there."""
    said = calls.asked(values)
    state, order = (values.get(name) or "" for name in ("state", NAMES["order"]))
    return Filter(
        text=said.text, state=state if state in STATES else "open", industry=said.industry, region=said.region, least=said.least,
        currency=said.currency, before=said.before, order=order if order in ORDERS else "deadline",
    )


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """The SQL twin of `pool.read` for the public list: open pools that the actor may read, and those of his own organisations."""
    own = Pool.organisation_id.in_(list(actor.seats)) if actor.seats else false()
    return and_(Pool.state.in_(Pool.OPEN_STATES), or_(Pool.visibility.in_(open_visibilities(actor)), own))


def _in_state(state: str, at: datetime) -> list[ColumnElement[bool]]:
    """A pool whose deadline has come collects no more, also in the moments before the clock has taken note of it."""
    return {
        "open": [Pool.state == "open", Pool.deadline > at],
        "missed": [Pool.state.in_(("open", "missed")), Pool.deadline <= at],
        "all": [],
    }.get(state, [Pool.state == state])


def conditions(actor: Actor, wanted: Filter, at: datetime) -> list[ColumnElement[bool]]:
    """The filter as SQL. An industry stands for all under it."""
    found = [readable_by(actor), *_in_state(wanted.state, at), *narrowed(Pool, Pool.threshold, wanted)]
    return [*found, *(Pool.searched.contains(word, autoescape=True) for word in wanted.text.casefold().split()[:WORDS])]


def _order(wanted: Filter) -> tuple[Any, bool]:
    """The column, and whether it falls: what collects stands by what ends next, what is over by what ended last."""
    return (Pool.opened, True) if wanted.order == "newest" else (Pool.deadline, wanted.state != "open")


def ordered(wanted: Filter, where: Sequence[ColumnElement[bool]], place: Place | None = None) -> Select[Any]:
    """Keys and order of the pools of these conditions, behind a place. Unless words are looked for the index says it all."""
    column, falls = _order(wanted)
    return lists.ordered(Pool, column, falls, where, place, column)


def page(actor: Actor, wanted: Filter, after: str = "", size: int = 20, at: datetime | None = None) -> Page:
    """One page of the list; a place that nobody knows is the beginning."""
    total, keys = found(actor, wanted, size + 1, place_of(Pool, _order(wanted)[0], after), at)
    rows = loaded(keys[:size])
    return Page(rows, total, rows[-1].public_id if len(keys) > size else "")


def found(actor: Actor, wanted: Filter, limit: int, place: Place | None = None, at: datetime | None = None) -> tuple[int, list[int]]:
    """How many pools there are, and the keys of the first so many of them behind a place."""
    where = conditions(actor, wanted, at or now())
    if wanted.text:
        rows = session.execute(ordered(wanted, where)).all()  # looking for words reads every text: once, not twice
        return len(rows), [row[0] for row in rows if _is_behind(row, wanted, place)][:limit]
    total = session.scalar(select(func.count()).select_from(Pool).where(*where)) or 0
    return total, list(session.scalars(ordered(wanted, where, place).limit(limit)))


def _is_behind(row: Row[Any], wanted: Filter, place: Place | None) -> bool:
    """The twin in Python of what `ordered` asks of a row behind a place."""
    return place is None or ((row[1], row[0]) < place if _order(wanted)[1] else (row[1], row[0]) > place)


def loaded(keys: Sequence[int]) -> list[Pool]:
    """The pools of these keys, in their order, with what their bars tell."""
    query = select(Pool).where(Pool.id.in_(keys)).options(selectinload(Pool.pledges).lazyload(Pledge.organisation))
    known = {pool.id: pool for pool in session.scalars(query)}
    return [known[key] for key in keys]


def own_pools(actor: Actor) -> Sequence[Pool]:
    """The pools that the actor's organisations lead, have pledged to or asked to join, in every state: drafts first, then the latest."""
    seats = list(actor.seats)
    pledged = select(Pledge.pool_id).where(Pledge.organisation_id.in_(seats))
    query = select(Pool).where(or_(Pool.organisation_id.in_(seats), Pool.id.in_(pledged))).options(selectinload(Pool.pledges).lazyload(Pledge.organisation))
    return session.scalars(query.order_by(Pool.state != "draft", Pool.updated.desc(), Pool.id.desc()).limit(OWN)).all()
