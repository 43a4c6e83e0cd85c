"""What is exported: the newest listings of a search, the listings of a search in their order, and listings by ranges of id.

Everything here reads and nothing writes. Each question is one that a database of five million listings answers from an
index: matches come from the words index, the order of publication from an index of the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import aliased

from marketplace.access import VISITOR, Actor, may, open_visibilities
from marketplace.calls import listing as calls
from marketplace.calls.models import Call
from marketplace.calls.pools import listing as pools
from marketplace.calls.pools.models import Pool
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Facility
from marketplace.catalogue.models import Technology
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import session
from marketplace.matching import operations as matching
from marketplace.matching.orders import NEWEST
from marketplace.needs.models import Need

Listing = Technology | Need | Call | Pool | Facility | Expert | Scenario
Where = Mapping[str, Any]
"""Filters of a search: names to values, as the address of its page has them."""

MODELS: dict[str, type[Listing]] = {
    "technology": Technology, "need": Need, "open_call": Call, "pool": Pool, "facility": Facility, "expert": Expert, "scenario": Scenario,
}
LATEST = 1000  # publications among which a feed looks for matches, before it turns to those entered last
BATCH = 200
SPAN = 10_000  # ids in one file of the sitemap


def newest(kind: str, typed: str, where: Where, limit: int) -> list[Any]:
    """Public listings of a search, the one published last first.

    The words index knows no moment of publication. So matches are taken from two sides: all among the publications of
    late, which the database has in order, and those entered last, which the words index has in order. What neither side
    sees is a match published before a thousand others and entered before `limit` other matches.
    """
    model = MODELS[kind]
    if model is Call:
        return list(calls.first(VISITOR, replace(_calls_wanted(typed, where), order="newest"), limit)[1])
    if model is Pool:
        return pools.loaded(pools.found(VISITOR, replace(_pools_wanted(typed, where), order="newest"), limit)[1])
    if not typed and not where:
        keys: Sequence[int] = list(session.scalars(latest(model, limit)))
    else:
        published = {"key": [str(key) for key in session.scalars(latest(model, LATEST))]}
        late = matching.found(VISITOR, kind, typed, {**where, **published}, LATEST).keys if published["key"] else ()
        keys = list({*late, *matching.found(VISITOR, kind, typed, where, limit, order=NEWEST).keys})
    moments = select(model.id).where(model.id.in_(keys)).order_by(model.published.desc(), model.id.desc()).limit(limit)
    return matching.load(VISITOR, model, list(session.scalars(moments)))


def _calls_wanted(typed: str, where: Where) -> calls.Filter:
    return calls.asked({**where, "q": typed})


def _pools_wanted(typed: str, where: Where) -> pools.Filter:
    return pools.asked({**where, "q": typed})


def _public(model: Any) -> ColumnElement[bool]:
    """What a visitor may read in full: what a feed and a sitemap list. Of a blind listing they do not even say that it is there."""
    return and_(model.state.in_(model.OPEN_STATES), model.visibility.in_(open_visibilities(VISITOR)))


def latest(model: type[Listing], limit: int) -> Select[Any]:
    """Keys of what a visitor may read in full, the one published last first."""
    public = select(model.id).where(model.published.is_not(None), _public(model))
    return public.order_by(model.published.desc(), model.id.desc()).limit(limit)


def found(actor: Actor, kind: str, typed: str, where: Where, limit: int, order: str = "") -> tuple[int, Iterator[Any]]:
    """How many listings a search finds for the actor, and the first of them in the order of the search, read in batches."""
    if MODELS[kind] is Call:
        total, rows = calls.first(actor, _calls_wanted(typed, where), limit)
        return total, iter(rows)
    if MODELS[kind] is Pool:
        total, keys = pools.found(actor, _pools_wanted(typed, where), limit)
        return total, (pool for start in range(0, len(keys), BATCH) for pool in pools.loaded(keys[start : start + BATCH]))
    page = matching.found(actor, kind, typed, where, limit, order)
    return page.total, _in_batches(actor, MODELS[kind], page.keys)


def _in_batches(actor: Actor, model: type[Listing], keys: Sequence[int]) -> Iterator[Any]:
    for start in range(0, len(keys), BATCH):
        listings = matching.load(actor, model, keys[start : start + BATCH])
        yield from (listing for listing in listings if may(actor, "listing.read_in_full", listing))


def ranges(kind: str) -> list[int]:
    """The numbers, from 1, of the ranges of id that hold anything a visitor may read."""
    model = MODELS[kind]
    last = session.scalar(select(func.max(model.id))) or 0
    numbers = range(1, -(-last // SPAN) + 1)
    return [number for number in numbers if session.scalar(in_range(model, number).limit(1))]


def in_range(model: type[Listing], number: int) -> Select[Any]:
    """Public ids and times of change of what a visitor may read in full in one range of ids.

    The range is read first and then sieved (the limit holds a planner to that), because most listings are public.
    """
    first = (number - 1) * SPAN
    columns = (model.id, model.public_id, model.updated, model.state, model.visibility)
    span = select(*columns).where(model.id > first, model.id <= first + SPAN).order_by(model.id).limit(SPAN).subquery()
    ranged = aliased(model, span)
    return select(ranged.public_id, ranged.updated).where(_public(ranged))


def public_in_range(kind: str, number: int) -> list[Row[tuple[str, datetime]]]:
    """What `in_range` finds, read."""
    return list(session.execute(in_range(MODELS[kind], number)))
