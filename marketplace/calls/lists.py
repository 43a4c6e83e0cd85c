"""What the list of calls and the list of pools share: the filters both have, the order along one index, and the place behind which a page goes on.

A page goes on behind the last row of the one before (its moment and key, found by its public id), so that the hundredth costs what the first does.

Words are asked of the engine: first what has them, best first, then what comes near by meaning or through the dictionary, in either language. What it
finds, at most `MOST`, goes through the same SQL as every list: the index may lag, the database does not. Where the reader chose no order, words order by fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from marketplace.access import Actor, open_visibilities
from marketplace.calls.deadlines import HOME, moment_of
from marketplace.catalogue.classification import INDUSTRIES
from marketplace.db import session
from marketplace.matching import operations as matching
from marketplace.terms.payment import to_minor

NAMES = {"text": "q", "order": "sort"}
"""What a filter is called in an address, where that is not its own name."""

MOST = 2_000  # rows that are looked at for words: the best
NEAR = 20  # of them by meaning alone

Place = tuple[datetime, int]


@dataclass(frozen=True)
class Wanted:
    """The filters that both lists have: `least` is an amount in `currency`, `before` the last day in China on which the deadline may lie."""

    text: str = ""
    state: str = "open"
    industry: str = ""
    region: str = ""
    least: Decimal | None = None
    currency: str = "CNY"
    before: date | None = None
    order: str = ""

    @property
    def arguments(self) -> dict[str, str]:
        """What an address of this list carries: whatever is not as it would be anyhow."""
        usual = {one.name: one.default for one in fields(self)}
        return {NAMES.get(name, name): str(value) for name in usual if (value := getattr(self, name)) != usual[name]}

    @property
    def is_ranked(self) -> bool:
        """Whether the list stands by fit: words are typed and no other order is chosen."""
        return bool(self.text) and not self.order


@dataclass(frozen=True)
class Page:
    """Some rows of a list, how many there are in all, and where the next page goes on; "" on the last. `more`: the words stand in others besides."""

    rows: Sequence[Any]
    total: int
    after: str
    more: bool = False
    corrected: str | None = None


def narrowed(model: Any, money: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The shared filters as SQL; `money` is the column that `least` is asked of. An industry stands for all under it."""
    found = []
    if wanted.industry:
        found.append(model.industry.startswith(wanted.industry, autoescape=True))
    if wanted.region:
        found.append(model.region == wanted.region)
    if wanted.least is not None:
        found += [model.currency == wanted.currency, money >= to_minor(wanted.least, wanted.currency)]
    if wanted.before is not None:
        found.append(model.deadline < ends(wanted.before))
    return found


def ends(day: date) -> datetime:
    """The moment at which a day has ended in China."""
    return moment_of(HOME, day + timedelta(days=1), time(0))


def ordered(model: Any, column: Any, falls: bool, where: Sequence[ColumnElement[bool]], place: Place | None, *more: Any) -> Select[Any]:
    """The keys (and `more` columns) of the rows of these conditions by a moment and key, behind a place; an index says it all."""
    query = select(model.id, *more).where(*where)
    if place is not None:
        row = tuple_(column, model.id)
        query = query.where(column <= place[0] if falls else column >= place[0], row < place if falls else row > place)
    return query.order_by(column.desc(), model.id.desc()) if falls else query.order_by(column, model.id)


def place_of(model: Any, column: Any, after: str) -> Place | None:
    """Where the row of this public id stands; None for one that nobody knows, which is the beginning.

    It says no more than that rows before it and behind it are in the list.
    """
    row = session.execute(select(column, model.id).where(model.public_id == after[:32], column.is_not(None))).one_or_none() if after else None
    return None if row is None else (row[0], row[1])


@dataclass(frozen=True)
class Own:
    """A page of what one's own organisations have: its rows, whether there are more, how many there are in each state, and what the address asks for."""

    rows: Sequence[Any]
    more: bool
    counts: Mapping[str, int]
    page: int
    state: str
    order: str

    @property
    def total(self) -> int:
        """How many there are under the filter."""
        return self.counts[self.state] if self.state else sum(self.counts.values())

    @property
    def arguments(self) -> dict[str, str]:
        """What an address says for it, the page aside."""
        return {name: value for name, value in (("state", self.state), ("sort", self.order)) if value}


def own(model: Any, mine: ColumnElement[bool], asked: Mapping[str, str], page: int, size: int, *options: Any, ends_at: Any = None) -> Own:
    """A page of the rows that are `mine`: drafts first, then the latest; or by deadline (`ends_at`), what ends last first."""
    counts = dict(session.execute(select(model.state, func.count()).where(mine).group_by(model.state).order_by(model.state)).all())
    state, order = (asked.get(name) or "" for name in ("state", "sort"))
    state, order = state if state in counts else "", order if order == "deadline" else ""
    by = (model.state != "draft", getattr(model, "updated", model.id).desc(), model.id.desc())
    if order:
        by = ((model.deadline if ends_at is None else ends_at).desc(), model.id.desc())
    query = select(model).where(mine, *([model.state == state] if state else [])).options(*options)
    rows = session.scalars(query.order_by(*by).offset((page - 1) * size).limit(size + 1)).all()
    return Own(rows[:size], len(rows) > size, counts, page, state, order)


@dataclass(frozen=True)
class Sought:
    """What the engine finds for words: keys in the order of fit, whether there are more, and the words as they were corrected, if they were."""

    keys: tuple[int, ...]
    more: bool = False
    corrected: str | None = None


def sought(actor: Actor, kind: str, wanted: Wanted, chosen: Mapping[str, Sequence[str] | None]) -> Sought:
    """What of a kind has the words, then what comes near. The filters that the engine knows narrow it, `chosen` besides those that both lists have, so that
    the best are not crowded out."""
    seen = ("public", "members") if actor.seats else open_visibilities(actor)  # a firm reads its own; whose it is the database says
    shared = {"region": (wanted.region,) if wanted.region else None, "industry": (wanted.industry,) if wanted.industry in INDUSTRIES else None}
    where = {"visibility": seen, **{name: values for name, values in {**chosen, **shared}.items() if values}}
    page = matching.index().search(wanted.text, kind, where, limit=MOST, facets=())
    near = [hit.key for hit in matching.index().rank(wanted.text, kind, where, limit=NEAR) if hit.probability >= matching.LEAST]
    return Sought(tuple(dict.fromkeys((*page.keys, *near))), page.total > MOST, page.corrected)


def by_fit(wanted: Wanted, found: Sought, keys: Sequence[int]) -> list[int]:
    """The keys that the database let through, in the order of fit unless another was chosen."""
    known = set(keys)
    return [key for key in found.keys if key in known] if wanted.is_ranked else list(keys)


def place_among(keys: Sequence[int], after: str) -> int:
    """Where a page goes on in a list of keys: behind the row that `after` names, or at its number where that row is gone from the list."""
    number, _dash, key = after.partition("-")
    if not (number.isdecimal() and key.isdecimal()) or len(number) > 6 or len(key) > 18:
        return 0
    return keys.index(int(key)) + 1 if int(key) in keys else min(int(number), len(keys))


def page_among(keys: Sequence[int], after: str, size: int) -> tuple[Sequence[int], str]:
    """The keys of a page of a list that stands in memory, and where the next one goes on; "" on the last."""
    first = place_among(keys, after)
    chosen = keys[first : first + size]
    return chosen, f"{first + len(chosen)}-{chosen[-1]}" if len(keys) > first + size else ""
