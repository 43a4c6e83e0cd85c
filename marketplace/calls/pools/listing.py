"""The list of pools: which the reader may see, by the filters of the list of calls, in an order that pages can go on from.

What it shares with the list of calls, words among it, is in `calls.lists`; one index holds all the filters. What has been pledged is no filter and no
order: either would tell more of single pledges than the page of a pool does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import selectinload

from marketplace.access import Actor, open_visibilities
from marketplace.calls import listing as calls
from marketplace.calls import lists
from marketplace.calls.lists import NAMES, Page, Place, Wanted, narrowed, place_of
from marketplace.calls.pools.documents import KIND
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.db import now, session

STATES = ("open", "reached", "converted", "missed", "all")
ORDERS = ("", "deadline", "newest")  # "": nothing chosen


@dataclass(frozen=True)
class Filter(Wanted):
    """Which pools to list, and how: `least` is a threshold."""


def asked(values: Any) -> Filter:
    """The filter that an address asks for; nonsense counts as nothing. What it shares with the list of calls is read as there."""
    said = calls.asked(values)
    state, order = (values.get(name) or "" for name in ("state", NAMES["order"]))
    return Filter(
        text=said.text, state=state if state in STATES else "open", industry=said.industry, region=said.region, least=said.least,
        currency=said.currency, before=said.before, order=order if order in ORDERS else "",
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
    """The filter as SQL, words aside. An industry stands for all under it."""
    return [readable_by(actor), *_in_state(wanted.state, at), *narrowed(Pool, Pool.threshold, wanted)]


STATES_SOUGHT = {"open": ("open",), "missed": ("open", "missed"), "reached": ("reached",), "converted": ("converted",)}


def sought(actor: Actor, wanted: Filter) -> lists.Sought:
    """The pools that have the words, then those that come near."""
    return lists.sought(actor, KIND, wanted, {"pool_state": STATES_SOUGHT.get(wanted.state)})


def _order(wanted: Filter) -> tuple[Any, bool]:
    """The column, and whether it falls: what collects stands by what ends next, what is over by what ended last."""
    return (Pool.opened, True) if wanted.order == "newest" else (Pool.deadline, wanted.state != "open")


def ordered(wanted: Filter, where: Sequence[ColumnElement[bool]], place: Place | None = None) -> Select[Any]:
    """The keys of the pools of these conditions in their order, behind a place: one index says it all."""
    column, falls = _order(wanted)
    return lists.ordered(Pool, column, falls, where, place)


def page(actor: Actor, wanted: Filter, after: str = "", size: int = 20, at: datetime | None = None) -> Page:
    """One page of the list; a place that nobody knows is the beginning."""
    where = conditions(actor, wanted, at or now())
    if wanted.text:
        found = sought(actor, wanted)
        keys = _of_words(wanted, found, where)
        chosen, further = lists.page_among(keys, after, size)
        return Page(loaded(chosen), len(keys), further, found.more, found.corrected)
    keys = list(session.scalars(ordered(wanted, where, place_of(Pool, _order(wanted)[0], after)).limit(size + 1)))
    rows = loaded(keys[:size])
    return Page(rows, _count(where), rows[-1].public_id if len(keys) > size else "")


def _of_words(wanted: Filter, found: lists.Sought, where: Sequence[ColumnElement[bool]]) -> list[int]:
    """The keys of what the engine found and the database lets through, by fit or in the order that was chosen."""
    return lists.by_fit(wanted, found, list(session.scalars(ordered(wanted, [Pool.id.in_(found.keys), *where]))))


def _count(where: Sequence[ColumnElement[bool]]) -> int:
    return session.scalar(select(func.count()).select_from(Pool).where(*where)) or 0


def found(actor: Actor, wanted: Filter, limit: int, at: datetime | None = None) -> tuple[int, list[int]]:
    """How many pools there are, and the keys of the first so many of them: what a file of the list holds."""
    where = conditions(actor, wanted, at or now())
    if wanted.text:
        keys = _of_words(wanted, sought(actor, wanted), where)
        return len(keys), keys[:limit]
    return _count(where), list(session.scalars(ordered(wanted, where).limit(limit)))


def loaded(keys: Sequence[int]) -> list[Pool]:
    """The pools of these keys, in their order, with what their bars tell."""
    query = select(Pool).where(Pool.id.in_(keys)).options(selectinload(Pool.pledges).lazyload(Pledge.organisation))
    known = {pool.id: pool for pool in session.scalars(query)}
    return [known[key] for key in keys]


def own_pools(actor: Actor, asked: Mapping[str, str], page: int = 1, size: int = 20) -> lists.Own:
    """A page of the pools that the actor's organisations lead, have pledged to or asked to join, in every state unless the address names one."""
    seats = list(actor.seats)
    mine = or_(Pool.organisation_id.in_(seats), Pool.id.in_(select(Pledge.pool_id).where(Pledge.organisation_id.in_(seats))))
    return lists.own(Pool, mine, asked, page, size, selectinload(Pool.pledges).lazyload(Pledge.organisation))
