"""What is due next in deals, before one reader: promises of his side, parts of the fee, notices, trials, statements; as SQL, for the list and the board.

Whom a day concerns: a promise the side of whoever is to do it; a part of the fee its payer and the technology manager; the end of a notice, of a trial,
of the decision after it, and a statement both sides and the technology manager; what else the agreement says is due its two sides alone. Guests are told none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, or_, select, true, union_all
from sqlalchemy.orm import aliased

from marketplace.access import Actor
from marketplace.db import session
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk.models import Task
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.models import Standing

SPOKEN = ("firm", "holder", "broker")
SOON = timedelta(days=30)
"""How far ahead the board and the list look for what is due first."""


def standing_on(actor: Actor) -> Subquery:
    """The actor's deals and the side on which he stands in each: as a party, and as an owner of a side's house. Guests stand on none."""
    taking = select(Party.deal_id.label("deal_id"), Party.side.label("side")).where(
        Party.person_id == actor.id, Party.state == "active", Party.side.in_(SPOKEN))
    owned = [house for house, role in actor.seats.items() if role == "owner"]
    houses = [select(Deal.id, literal(side)).where(column.in_(owned)) for side, column in (("firm", Deal.firm_id), ("holder", Deal.holder_id)) if owned]
    return union_all(taking, *houses).subquery("mine") if houses else taking.subquery("mine")


Within = Callable[[ColumnElement[int], ColumnElement[date]], ColumnElement[bool]]


def _days(actor: Actor, within: Within) -> Iterator[Select[tuple[int, str, date]]]:
    """One query for each kind of day: deal id, stage, day. `within` says by deal and day which rows are wanted."""
    mine, doer = standing_on(actor), aliased(Party)
    own = select(Deal.id.label("deal_id"), Deal.state.label("stage")).join(mine, mine.c.deal_id == Deal.id).where(Deal.state != "lost")
    yield own.add_columns(Task.due.label("day")).join(Task, Task.deal_id == Deal.id).join(doer, and_(doer.id == Task.party_id, doer.side == mine.c.side)).where(
        Task.state == "open", within(Deal.id, Task.due))
    yield own.add_columns(FeeDue.due).join(FeeDue, FeeDue.deal_id == Deal.id).where(
        FeeDue.amount > FeeDue.paid, mine.c.side.in_(("broker", FeeDue.payer)), within(Deal.id, FeeDue.due))
    yield own.add_columns(Notice.runs_until).join(Notice, Notice.agreement_id == Deal.agreement_id).where(
        Notice.state == "published", within(Deal.id, Notice.runs_until))
    sides = or_(Deal.firm_id.in_(list(actor.seats)), Deal.holder_id.in_(list(actor.seats)))
    for day, told in (
        (Standing.trial_end, Standing.status == "on_trial"), (Standing.window_end, Standing.status == "awaiting_decision"), (Standing.statement_due, true()),
        *(((Standing.next_due, sides),) if actor.seats else ()),
    ):
        yield own.add_columns(day).join(Standing, Standing.agreement_id == Deal.agreement_id).where(told, within(Deal.id, day))


def soon(actor: Actor, today: date) -> Subquery:
    """Deal id, stage and day of everything that is due in the actor's deals within `SOON`, or was before; a deal may be in it several times."""
    return union_all(*_days(actor, lambda _deal, day: day <= today + SOON)).subquery("soon")


def due_of(actor: Actor, keys: Sequence[int]) -> dict[int, date]:
    """Deal id → the earliest day on which something is due in it before the actor, of these deals; those in which nothing is are not in it."""
    every = union_all(*_days(actor, lambda deal, day: and_(deal.in_(keys), day.is_not(None)))).subquery("every")
    rows = session.execute(select(every.c.deal_id, func.min(every.c.day)).group_by(every.c.deal_id)) if keys else ()
    return {row.deal_id: row[1] for row in rows}
