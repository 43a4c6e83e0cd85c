"""The list and the board of deals: which are the actor's, filtered, counted by stage, in the order of what is due.

What other rooms know to be due (a task, a meeting) they add to `DUE`; what the agreement says is due stands in its `Standing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from heapq import nsmallest

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased, selectinload

from marketplace.access import Actor
from marketplace.catalogue.models import Technology
from marketplace.db import LANGUAGES, now, session
from marketplace.deals.models import OPEN_STAGES, SIDES, STAGES, Deal, Party
from marketplace.licensing.models import Standing
from marketplace.needs.models import Need
from marketplace.people.models import AccessGrant, Organisation

COLUMN = 10  # cards of a stage on the board; the list has the rest
LOOKED_AT = 60  # deals of a stage, longest without movement first, among which the board looks for what is due

DueOf = Callable[[Sequence[int]], dict[int, date]]
DUE: list[DueOf] = []
"""Deal ids → the earliest day on which something is due in each; rooms to the right add theirs."""


@dataclass(frozen=True)
class Filter:
    """Which deals to list: in a stage, where the actor stands on a side, and by words of titles and organisations."""

    stage: str = ""
    side: str = ""
    text: str = ""


@dataclass(frozen=True)
class Card:
    """A deal on the board, and the earliest day on which something is due in it."""

    deal: Deal
    due: date | None


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


def listed(actor: Actor, wanted: Filter, page: int, size: int) -> list[Deal]:
    """A page of the actor's deals, what moved last first, and one more row if there is a next page."""
    ids = _wanted(actor, wanted).with_only_columns(Deal.id).order_by(Deal.since.desc(), Deal.id.desc())
    return _rows(list(session.scalars(ids.offset((page - 1) * size).limit(size + 1))))


def _rows(keys: list[int]) -> list[Deal]:
    """The deals of these keys in their order. They are read apart from the sorting, which would carry the frozen texts along."""
    rows = {deal.id: deal for deal in session.scalars(_loaded(select(Deal).where(Deal.id.in_(keys))))} if keys else {}
    return [rows[key] for key in keys]


def counts(actor: Actor, wanted: Filter) -> dict[str, int]:
    """How many deals stand in each stage, whatever stage is asked for."""
    ids = _wanted(actor, Filter(side=wanted.side, text=wanted.text)).with_only_columns(Deal.state, func.count()).order_by(None)
    return dict(session.execute(ids.group_by(Deal.state)).all())


def board(actor: Actor, wanted: Filter) -> dict[str, list[Card]]:
    """The open stages, each with its first cards: what is due first, then what has stood longest. Ended deals are in the list alone."""
    query = _wanted(actor, Filter("open", wanted.side, wanted.text)).outerjoin(Standing, Standing.agreement_id == Deal.agreement_id)
    columns: dict[str, list[tuple[date, datetime, int]]] = {stage: [] for stage in OPEN_STAGES}
    for row in session.execute(query.with_only_columns(Deal.id, Deal.state, Deal.since, Standing.next_due)):
        columns[row.state].append((row.next_due or date.max, row.since, row.id))
    firsts = {stage: _firsts(nsmallest(LOOKED_AT, column)) for stage, column in columns.items()}
    rows = {deal.id: deal for deal in _rows([key for column in firsts.values() for key in column])}
    return {stage: [Card(rows[key], due) for key, due in column.items()] for stage, column in firsts.items()}


def _firsts(column: list[tuple[date, datetime, int]]) -> dict[int, date | None]:
    """The first deals of a column with the earliest day on which anything is due in each, in their order."""
    due = {key: day for day, _since, key in column if day != date.max}
    for source in DUE:
        for key, day in source([key for _day, _since, key in column]).items():
            due[key] = min(day, due.get(key, day))
    first = sorted(column, key=lambda row: (due.get(row[2], date.max), row[1], row[2]))[:COLUMN]
    return {key: due.get(key) for _day, _since, key in first}
