"""The list of calls: which the reader may see, by filters and words, in an order that pages can go on from.

What it shares with the list of pools, words among it, is in `lists`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload, lazyload

from marketplace.access import Actor, open_visibilities
from marketplace.calls import lists
from marketplace.calls.documents import KIND
from marketplace.calls.lists import NAMES, Page, Wanted, ends, narrowed, place_of
from marketplace.calls.models import Board, Call
from marketplace.db import now, session
from marketplace.terms.payment import MINOR_UNITS, to_minor

STATES = ("open", "closed", "decided", "ended", "all")
ORDERS = ("", "deadline", "newest")  # "": nothing chosen
MOST_MONEY = Decimal(10) ** 12


@dataclass(frozen=True)
class Filter(Wanted):
    """Which calls to list, and how; of one board if it is named."""

    board: str = ""


def asked(values: Any) -> Filter:
    """The filter that an address asks for; nonsense counts as nothing. `values` has a `get` as the arguments of a request have."""
    said = {name: (values.get(NAMES.get(name, name)) or "").strip()[:200] for name in (one.name for one in fields(Filter))}
    return Filter(
        text=said["text"], state=said["state"] if said["state"] in STATES else "open", board=said["board"][:16], industry=said["industry"][:5],
        region=said["region"][:6], least=_amount(said["least"]), currency=said["currency"] if said["currency"] in MINOR_UNITS else "CNY",
        before=_day(said["before"]), order=said["order"] if said["order"] in ORDERS else "",
    )


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount <= MOST_MONEY else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """Published calls that the actor may read; drafts stand on a page of their own, and what was withdrawn is in no list."""
    own = Call.organisation_id.in_(list(actor.seats)) if actor.seats else false()
    return and_(Call.state.in_(Call.OPEN_STATES), or_(Call.visibility.in_(open_visibilities(actor)), own))


def _in_state(state: str, at: datetime) -> list[ColumnElement[bool]]:
    """A call whose deadline has come is closed, also in the moments before the clock has taken note of it."""
    return {
        "open": [Call.state == "published", Call.deadline > at],
        "closed": [Call.state.in_(("published", "closed")), Call.deadline <= at],
        "decided": [Call.state.in_(("awarded", "unawarded"))],
        "ended": [Call.state == "ended"],
    }.get(state, [])


def conditions(actor: Actor, wanted: Filter, at: datetime) -> list[ColumnElement[bool]]:
    """The filter as SQL."""
    found = [readable_by(actor), *_in_state(wanted.state, at)]
    if wanted.board:
        found.append(Call.board_id.in_(select(Board.id).where(Board.public_id == wanted.board, Board.state.in_(Board.SHOWN_STATES))))
    found += narrowed(Call, Call.amount, wanted)
    return found


def fits(call: Call, wanted: Filter, at: datetime) -> bool:
    """Whether an open call passes the filter, words, state and reader aside: the twin of `conditions` for one call and many searches."""
    end = None if wanted.before is None else ends(wanted.before)
    return (
        call.state == "published" and call.deadline > at
        and (not wanted.board or (call.board is not None and call.board.public_id == wanted.board and call.board.state in Board.SHOWN_STATES))
        and (call.industry or "").startswith(wanted.industry) and (not wanted.region or call.region == wanted.region)
        and (wanted.least is None or (call.currency == wanted.currency and (call.amount or 0) >= to_minor(wanted.least, wanted.currency)))
        and (end is None or call.deadline < end)
    )


STATES_SOUGHT = {"open": ("published",), "closed": ("published", "closed"), "decided": ("awarded", "unawarded"), "ended": ("ended",)}


def sought(actor: Actor, wanted: Filter) -> lists.Sought:
    """The calls that have the words, then those that come near."""
    return lists.sought(actor, KIND, wanted, {"call_state": STATES_SOUGHT.get(wanted.state), "board": (wanted.board,) if wanted.board else None})


def page(actor: Actor, wanted: Filter, after: str = "", size: int = 20, at: datetime | None = None) -> Page:
    """One page of the list."""
    where = conditions(actor, wanted, at or now())
    if wanted.text:
        return _page_of_words(actor, wanted, where, after, size)
    keys = list(session.scalars(ordered(wanted, where, after).limit(size + 1)))
    total = session.scalar(select(func.count()).select_from(Call).where(*where)) or 0
    rows = _loaded(keys[:size])
    return Page(rows, total, rows[-1].public_id if len(keys) > size else "")


def _page_of_words(actor: Actor, wanted: Filter, where: Sequence[ColumnElement[bool]], after: str, size: int) -> Page:
    """A page of what the engine finds and the database lets through, by fit or in the order that was chosen."""
    found = sought(actor, wanted)
    keys = lists.by_fit(wanted, found, list(session.scalars(ordered(wanted, [Call.id.in_(found.keys), *where]))))
    chosen, further = lists.page_among(keys, after, size)
    return Page(_loaded(chosen), len(keys), further, found.more, found.corrected)


def _order(wanted: Filter) -> tuple[Any, bool]:
    """The column, and whether it falls: what is open stands by what ends next, what is over by what ended last."""
    return (Call.published, True) if wanted.order == "newest" else (Call.deadline, wanted.state != "open")


def _loaded(keys: Sequence[int]) -> list[Call]:
    """The calls of these keys, in their order."""
    query = select(Call).where(Call.id.in_(keys)).options(joinedload(Call.board), lazyload(Call.owners), lazyload(Call.criteria))
    found = {call.id: call for call in session.scalars(query)}
    return [found[key] for key in keys]


def ordered(wanted: Filter, where: Sequence[ColumnElement[bool]], after: str = "") -> Select[Any]:
    """The keys of the calls of these conditions in their order, behind the call of this public id."""
    column, falls = _order(wanted)
    return lists.ordered(Call, column, falls, where, place_of(Call, column, after))


def first(actor: Actor, wanted: Filter, limit: int, at: datetime | None = None) -> tuple[int, Sequence[Call]]:
    """How many calls there are, and the first so many: what a file of the list holds."""
    found = page(actor, wanted, size=limit, at=at)
    return found.total, found.rows


def own_calls(actor: Actor, asked: Mapping[str, str], page: int = 1, size: int = 20) -> lists.Own:
    """A page of the calls of the actor's organisations, in every state unless the address names one."""
    mine = Call.organisation_id.in_(list(actor.seats))
    return lists.own(Call, mine, asked, page, size, lazyload(Call.owners), lazyload(Call.criteria))


def of_need(actor: Actor, need_id: int) -> Sequence[Call]:
    """The calls that put this need out and that the actor may read, drafts of his own among them."""
    own = and_(Call.organisation_id.in_(list(actor.seats)), Call.state == "draft") if actor.seats else false()
    return session.scalars(select(Call).where(Call.need_id == need_id, or_(readable_by(actor), own)).order_by(Call.id.desc()).limit(5)).all()
