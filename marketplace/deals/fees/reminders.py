"""Insisting on the broker's fee: on the last day on which a part of it is payable, and once that day is over.

Each step is a row that can be there once for a day, so that a job that runs twice writes to nobody twice; what an idle worker missed is not made up for,
only the latest step is taken. What was owed until the very day on which it arose needs no second mail that day. Of a deal that was lost nobody is
reminded: what is owed stays on its page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import exists, select

from marketplace.access import SYSTEM
from marketplace.db import HOME, now, session
from marketplace.deals.fees.models import FeeDue, FeeReminder
from marketplace.deals.models import Deal
from marketplace.deals.operations import locked
from marketplace.deals.timeline import tell
from marketplace.jobs import handler
from marketplace.record import record

BATCH = 100


def step_on(due: FeeDue, today: date) -> str | None:
    """The step that is to be taken for a due on a day, if any."""
    if not due.unpaid or today < due.due:
        return None
    if today > due.due:
        return "overdue"
    return "payable" if due.arose < due.due else None


def remind(due: FeeDue, at: datetime) -> FeeReminder | None:
    """Take the step that a due calls for at a moment; None when there is none or it was taken already."""
    locked(due.deal)
    session.refresh(due)  # what was paid meanwhile counts
    step = step_on(due, at.astimezone(HOME).date())
    taken = select(FeeReminder.id).where(FeeReminder.due_id == due.id, FeeReminder.step == step, FeeReminder.day == due.due)
    if step is None or session.scalar(taken) is not None:
        return None
    made = FeeReminder(due=due, step=step, day=due.due, at=at)
    session.add(made)
    record(made, "due", SYSTEM, at)
    tell(SYSTEM, due.deal, f"fee_{step}", at, about=due, of=due.payer, amount=due.unpaid, currency=due.currency, due=due.due.isoformat())
    return made


def reminders_of(deal: Deal) -> dict[int, list[FeeReminder]]:
    """Due id → the reminders sent about it, oldest first."""
    found: dict[int, list[FeeReminder]] = {}
    for row in session.scalars(select(FeeReminder).join(FeeDue).where(FeeDue.deal_id == deal.id).order_by(FeeReminder.id)):
        found.setdefault(row.due_id, []).append(row)
    return found


@handler("deals.remind_fees", every=timedelta(hours=6))
def remind_fees() -> Iterator[None]:
    """Take the steps that are due, for every part of a fee that is unpaid on its day or after it."""
    moment, last = now(), 0
    told = exists().where(FeeReminder.due_id == FeeDue.id, FeeReminder.day == FeeDue.due, FeeReminder.step == "overdue")
    waiting = select(FeeDue).join(Deal, Deal.id == FeeDue.deal_id).where(
        FeeDue.amount > FeeDue.paid, FeeDue.due <= moment.astimezone(HOME).date(), Deal.state != "lost", ~told,
    )
    while batch := list(session.scalars(waiting.where(FeeDue.id > last).order_by(FeeDue.id).limit(BATCH))):
        for due in batch:
            last = due.id
            remind(due, moment)
        yield
