"""The list of pools: which the reader may see, by the filters of the list of calls, in an order that pages can go on from.

A page goes on behind the last pool of the one before, along one index that holds all the filters, so that the hundredth costs what the first does. What
has been pledged is no filter and no order: either would tell more of single pledges than the page of a pool does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select, tuple_
from sqlalchemy.orm import selectinload

from marketplace.access import Actor, open_visibilities
from marketplace.calls import listing as calls
from marketplace.calls.deadlines import HOME, moment_of
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.db import now, session
from marketplace.terms.payment import to_minor

STATES = ("open", "reached", "converted", "missed", "all")
ORDERS = ("deadline", "newest")
WORDS = 8  # typed words that are looked for
OWN = 100  # pools that the actor's organisations take part in, on one page


@dataclass(frozen=True)
class Filter:
    """Which pools to list, and how: `least` is a threshold in `currency`, `before` the last day in China on which the deadline may lie."""

    text: str = ""
    state: str = "open"
    industry: str = ""
    region: str = ""
    least: Decimal | None = None
    currency: str = "CNY"
    before: date | None = None
    order: str = "deadline"

    @property
    def arguments(self) -> dict[str, str]:
        """What an address of this list carries: whatever is not as it would be anyhow."""
        usual = {one.name: one.default for one in fields(self)}
        return {calls.NAMES.get(name, name): str(value) for name in usual if (value := getattr(self, name)) != usual[name]}


def asked(values: Any) -> Filter:
    """The filter that an address asks for; nonsense counts as nothing. What it shares with the list of calls is read as there."""
    said = calls.asked(values)
    state, order = (values.get(name) or "" for name in ("state", calls.NAMES["order"]))
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
    found = [readable_by(actor), *_in_state(wanted.state, at)]
    if wanted.industry:
        found.append(Pool.industry.startswith(wanted.industry, autoescape=True))
    if wanted.region:
        found.append(Pool.region == wanted.region)
    if wanted.least is not None:
        found += [Pool.currency == wanted.currency, Pool.threshold >= to_minor(wanted.least, wanted.currency)]
    if wanted.before is not None:
        found.append(Pool.deadline < moment_of(HOME, wanted.before + timedelta(days=1), time(0)))
    return [*found, *(Pool.searched.contains(word, autoescape=True) for word in wanted.text.casefold().split()[:WORDS])]


def _order(wanted: Filter) -> tuple[Any, bool]:
    """The column, and whether it falls: what collects stands by what ends next, what is over by what ended last."""
    return (Pool.opened, True) if wanted.order == "newest" else (Pool.deadline, wanted.state != "open")


def ordered(wanted: Filter, where: Sequence[ColumnElement[bool]], place: tuple[datetime, int] | None = None) -> Select[Any]:
    """Keys and order of the pools of these conditions, behind a place. Unless words are looked for the index says it all."""
    column, falls = _order(wanted)
    query = select(Pool.id, column).where(*where)
    if place is not None:
        row = tuple_(column, Pool.id)
        query = query.where(column <= place[0] if falls else column >= place[0], row < place if falls else row > place)
    return query.order_by(column.desc(), Pool.id.desc()) if falls else query.order_by(column, Pool.id)


@dataclass(frozen=True)
class Page:
    """Some pools of the list, how many there are in all, and the public id behind which the next page goes on; "" on the last."""

    pools: Sequence[Pool]
    total: int
    after: str


def page(actor: Actor, wanted: Filter, after: str = "", size: int = 20, at: datetime | None = None) -> Page:
    """One page of the list; a place that nobody knows is the beginning."""
    total, keys = found(actor, wanted, size + 1, _place(wanted, after), at)
    rows = loaded(keys[:size])
    return Page(rows, total, rows[-1].public_id if len(keys) > size else "")


def found(actor: Actor, wanted: Filter, limit: int, place: tuple[datetime, int] | None = None, at: datetime | None = None) -> tuple[int, list[int]]:
    """How many pools there are, and the keys of the first so many of them behind a place."""
    where = conditions(actor, wanted, at or now())
    if wanted.text:
        rows = session.execute(ordered(wanted, where)).all()  # looking for words reads every text: once, not twice
        return len(rows), [row[0] for row in rows if _is_behind(row, wanted, place)][:limit]
    total = session.scalar(select(func.count()).select_from(Pool).where(*where)) or 0
    return total, list(session.scalars(ordered(wanted, where, place).limit(limit)))


def _is_behind(row: Row[Any], wanted: Filter, place: tuple[datetime, int] | None) -> bool:
    """The twin in Python of what `ordered` asks of a row behind a place."""
    return place is None or ((row[1], row[0]) < place if _order(wanted)[1] else (row[1], row[0]) > place)


def _place(wanted: Filter, after: str) -> tuple[datetime, int] | None:
    """Where the pool of this public id stands. It says no more than that pools before it and behind it are in the list."""
    row = session.execute(select(_order(wanted)[0], Pool.id).where(Pool.public_id == after, Pool.opened.is_not(None))).one_or_none() if after else None
    return None if row is None else (row[0], row[1])


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
