"""The list and the board of deals: which are the actor's, filtered, counted by stage, with what is due in them (`due`) first.

Nothing here reads all of somebody's deals: of fifty thousand those that are due soon are few, and of the others the first ones are enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from heapq import nsmallest

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from marketplace.access import Actor
from marketplace.catalogue.models import Technology
from marketplace.db import LANGUAGES, now, session
from marketplace.deals.due import due_of, soon
from marketplace.deals.models import OPEN_STAGES, SIDES, STAGES, Deal, Party
from marketplace.deals.talk.tasks import day_of
from marketplace.needs.models import Need
from marketplace.ordering import Order, order
from marketplace.people.models import AccessGrant, Organisation

COLUMN = 10  # cards of a stage on the board; the list has the rest


@dataclass(frozen=True)
class Filter:
    """Which deals to list: in a stage, where the actor stands on a side, and by words of titles and organisations; `order` "due" lists what is due soon."""

    stage: str = ""
    side: str = ""
    text: str = ""
    order: str = ""


@dataclass(frozen=True)
class Card:
    """A deal as its reader lists it: the earliest day on which something is due in it before him, and whether that is past."""

    deal: Deal
    due: date | None
    late: bool


def own(actor: Actor, side: str = "") -> ColumnElement[bool]:
    """The deals that the actor reads: where he takes part, and those of the houses he owns."""
    party = select(Party.deal_id).where(Party.person_id == actor.id, Party.state == "active")
    party = party.where(Party.side == side) if side else party
    owned = [house for house, role in actor.seats.items() if role == "owner"]
    columns = {"firm": [Deal.firm_id], "holder": [Deal.holder_id], "": [Deal.firm_id, Deal.holder_id]}.get(side, [])
    return or_(Deal.id.in_(party), *(column.in_(owned) for column in columns if owned))


def _wanted(actor: Actor, wanted: Filter) -> Select[tuple[Deal]]:
    query = select(Deal).where(own(actor, wanted.side if wanted.side in SIDES else ""))
    if wanted.stage == "open":
        query = query.where(Deal.state.in_(OPEN_STAGES))
    elif wanted.stage in STAGES:
        query = query.where(Deal.state == wanted.stage)
    return _said(query, actor, wanted.text.strip()) if wanted.text.strip() else query


def _said(query: Select[tuple[Deal]], actor: Actor, text: str) -> Select[tuple[Deal]]:
    """Only deals where a word that the actor may read says this: what is blind to him is not searched either."""
    pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    firm, holder = aliased(Organisation), aliased(Organisation)
    query = query.join(Deal.technology).outerjoin(Deal.need).join(firm, Deal.firm_id == firm.id).join(holder, Deal.holder_id == holder.id)
    shown = {
        "technology": _readable(actor, Technology), "need": _readable(actor, Need),
    }
    named = {
        firm: or_(Deal.introduced.is_not(None), Deal.firm_id.in_(list(actor.seats)), shown["need"]),
        holder: or_(Deal.introduced.is_not(None), Deal.holder_id.in_(list(actor.seats)), shown["technology"]),
    }

    def says(column: ColumnElement[bool]) -> ColumnElement[bool]:
        return or_(*(column[code].as_string().ilike(pattern, escape="\\") for code in LANGUAGES))

    return query.where(or_(
        and_(shown["technology"], says(Technology.title)), and_(shown["need"], says(Need.title)),
        *(and_(allowed, says(house.name)) for house, allowed in named.items()),
    ))


def _readable(actor: Actor, model: type[Technology] | type[Need]) -> ColumnElement[bool]:
    """Whether the listing is open in full to somebody in one of its deals: it is not blind, his own house's, or he was given access."""
    seats = list(actor.seats)
    granted = exists().where(AccessGrant.in_force(seats, model.__tablename__, model.id, now())) if seats else false()
    return or_(model.visibility != "blind", model.organisation_id.in_(seats), granted)


def _loaded(query: Select[tuple[Deal]]) -> Select[tuple[Deal]]:
    return query.options(selectinload(Deal.technology), selectinload(Deal.need), selectinload(Deal.broker))


ORDERS = {"since": True, "stage": False, "opened": True}
"""What deals can be ordered by, and whether that falls; the first unasked. Not by titles or names: what is blind to the reader would order them."""


def listed(actor: Actor, wanted: Filter, page: int, size: int, at: datetime | None = None, by: Order | None = None) -> list[Card]:
    """A page of the actor's deals, and one more row if there is a next page: what moved last first unless ordered otherwise.

    By the filter's `order` only what is due soon, the earliest first.
    """
    today = day_of(at or now())
    if wanted.order == "due":
        soonest = _due_soon(actor, wanted, today)
        key, day = soonest.selected_columns.deal_id, soonest.selected_columns.day
        keys = soonest.with_only_columns(key).group_by(key).order_by(func.min(day), key)
    else:
        by = by or order("", ORDERS)
        column = {"since": Deal.since, "stage": case({stage: place for place, stage in enumerate(STAGES)}, value=Deal.state), "opened": Deal.created}[by.name]
        keys = _wanted(actor, wanted).with_only_columns(Deal.id).order_by(*by.by(column, Deal.id))
    wanted_keys = list(session.scalars(keys.offset((page - 1) * size).limit(size + 1)))
    return _cards(wanted_keys, due_of(actor, wanted_keys), today)


def newest(actor: Actor, text: str, among: int, size: int) -> list[Deal]:
    """Of the actor's `among` deals that moved last the first ones in which a word that he may read says this. For who goes to one by its name."""
    keys = select(Deal.id).where(own(actor)).order_by(Deal.since.desc(), Deal.id.desc()).limit(among)
    query = select(Deal).where(Deal.id.in_(list(session.scalars(keys)))).order_by(Deal.since.desc(), Deal.id.desc()).limit(size)
    return list(session.scalars(_loaded(_said(query, actor, text) if text else query)))


def _due_soon(actor: Actor, wanted: Filter, today: date) -> Select[tuple[int, str, date]]:
    """Deal id, stage and day of all that is due soon in the actor's deals; a deal may be in it several times."""
    every = soon(actor, today)
    query = select(every.c.deal_id, every.c.stage, every.c.day)
    if wanted.side in SIDES or wanted.text.strip() or wanted.stage not in ("", "open"):
        query = query.where(every.c.deal_id.in_(_wanted(actor, wanted).with_only_columns(Deal.id)))
    return query.where(every.c.stage.in_(OPEN_STAGES)) if wanted.stage == "open" else query


def _cards(keys: list[int], days: Mapping[int, date], today: date) -> list[Card]:
    """The deals of these keys in their order, each with the day on which something is due in it."""
    shown = [(deal, days.get(deal.id)) for deal in _rows(keys)]
    return [Card(deal, day, day is not None and day < today) for deal, day in shown]


def _rows(keys: list[int]) -> list[Deal]:
    """The deals of these keys in their order. They are read apart from the sorting, which would carry the frozen texts along."""
    rows = {deal.id: deal for deal in session.scalars(_loaded(select(Deal).where(Deal.id.in_(keys))))} if keys else {}
    return [rows[key] for key in keys]


def counts(actor: Actor, wanted: Filter) -> dict[str, int]:
    """How many deals stand in each stage, whatever stage is asked for."""
    ids = _wanted(actor, Filter(side=wanted.side, text=wanted.text)).with_only_columns(Deal.state, func.count()).order_by(None)
    return dict(session.execute(ids.group_by(Deal.state)).all())


def total(actor: Actor, wanted: Filter, counted: Mapping[str, int], at: datetime | None = None) -> int:
    """How many deals the list holds: by the counts of the stages, or of what is due soon counted for itself."""
    if wanted.order == "due":
        soonest = _due_soon(actor, wanted, day_of(at or now()))
        deals_due = soonest.with_only_columns(soonest.selected_columns.deal_id).distinct().subquery()
        return session.scalar(select(func.count()).select_from(deals_due)) or 0
    stages = OPEN_STAGES if wanted.stage == "open" else (wanted.stage,) if wanted.stage in STAGES else STAGES
    return sum(counted.get(stage, 0) for stage in stages)


def board(actor: Actor, wanted: Filter, counted: Mapping[str, int], at: datetime | None = None) -> dict[str, list[Card]]:
    """The open stages, each with its first cards: what is due soon, then what has stood longest. Ended deals are in the list alone.

    `counted` is how many deals stand in each stage: where no more are left than are shown, none are looked for.
    """
    today = day_of(at or now())
    columns = _first_due(actor, wanted, today)
    days = {key: day for column in columns.values() for key, day in column.items()}
    short = [stage for stage, column in columns.items() if len(column) < min(COLUMN, counted.get(stage, 0))]
    others = _first_standing(actor, wanted, short, list(days))
    later = due_of(actor, [key for keys in others.values() for key in keys])
    keys = {stage: [*column, *others.get(stage, ())][:COLUMN] for stage, column in columns.items()}
    cards = {card.deal.id: card for card in _cards([key for column in keys.values() for key in column], {**later, **days}, today)}
    return {stage: [cards[key] for key in column] for stage, column in keys.items()}


def _first_due(actor: Actor, wanted: Filter, today: date) -> dict[str, dict[int, date]]:
    """Open stage → the deals in which something is due soon with the day, the earliest first, at most a column of them."""
    days: dict[str, dict[int, date]] = {stage: {} for stage in OPEN_STAGES}
    for key, stage, day in session.execute(_due_soon(actor, replace(wanted, stage="open"), today)):
        column = days[stage]
        column[key] = min(day, column.get(key, day))
    return {stage: dict(nsmallest(COLUMN, column.items(), key=lambda one: (one[1], one[0]))) for stage, column in days.items()}


def _first_standing(actor: Actor, wanted: Filter, stages: Sequence[str], besides: Sequence[int]) -> dict[str, list[int]]:
    """Of each of these stages the deals that have stood longest, besides some, at most a column of them."""
    if not stages:
        return {}
    place = func.row_number().over(partition_by=Deal.state, order_by=(Deal.since, Deal.id)).label("place")
    query = _wanted(actor, replace(wanted, stage="open")).where(Deal.state.in_(stages), Deal.id.not_in(besides))
    ranked = query.with_only_columns(Deal.id, Deal.state, place).subquery()
    found: dict[str, list[int]] = {stage: [] for stage in stages}
    for key, stage in session.execute(select(ranked.c.id, ranked.c.state).where(ranked.c.place <= COLUMN).order_by(ranked.c.place)):
        found[stage].append(key)
    return found
