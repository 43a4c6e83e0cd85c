"""Insisting on statements: a week before one is due, on the day, a week after, and after a month with both sides' owners and signatories.

Each step is a row that can be there once, so that a job that runs twice writes to nobody twice; what an idle worker missed is not
made up for, only the latest step is taken. A disputed agreement is left in peace. Where nothing is due for a period without sales
(clause `zero_statement`: false) nobody can know that a statement is late, and only the first two steps are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, Standing
from marketplace.licensing.statements.models import Reminder
from marketplace.record import record
from marketplace.terms.schedule import StatementDue

BATCH = 100
STEPS = (("escalated", 30), ("after", 7), ("due", 0), ("before", -7))
"""The steps and the days from the due date on which each is taken, the latest first."""
WITHOUT_DUTY = frozenset({"before", "due"})


def step_on(due: date, today: date) -> str | None:
    """The step that is to be taken on a day for a statement due on another, if any."""
    return next((step for step, days in STEPS if today >= due + timedelta(days=days)), None)


def must_state_nothing(agreement: Agreement) -> bool:
    """Whether a statement is due also for a period in which nothing was sold; so it is unless the clause says otherwise."""
    return ledger.version_of(agreement).clauses.get("zero_statement", True) is not False


def remind(agreement: Agreement, at: datetime) -> list[Reminder]:
    """Take the steps that are due for an agreement; those that were taken already are not taken again."""
    today = ledger.day_of(agreement, at)
    if agreement.disputed or agreement.state != "countersigned":
        return []
    taken = {(period, step) for period, step in session.execute(
        select(Reminder.period, Reminder.step).where(Reminder.agreement_id == agreement.id))}
    made = []
    for missing in ledger.schedule_of(agreement, today).statements_due:
        step = step_on(missing.due, today)
        if step is None or (missing.period, step) in taken or (step not in WITHOUT_DUTY and not must_state_nothing(agreement)):
            continue
        made.append(_taken(agreement, missing, step, at))
    return made


def _taken(agreement: Agreement, missing: StatementDue, step: str, at: datetime) -> Reminder:
    made = Reminder(agreement=agreement, period=missing.period, due=missing.due, step=step, at=at)
    session.add(made)
    record(made, step, SYSTEM, at)
    return made


def still_missing(reminder: Reminder, at: datetime) -> bool:
    """Whether the statement has not come since the step was taken, and nobody disputes anything."""
    agreement = reminder.agreement
    missing = ledger.schedule_of(agreement, ledger.day_of(agreement, at)).statements_due
    return not agreement.disputed and any(one.period == reminder.period for one in missing)


@handler("licensing.remind_statements", every=timedelta(hours=1))
def remind_statements() -> Iterator[None]:
    """Take the steps that are due for every agreement with a statement missing."""
    moment = now()
    last = 0
    while True:
        soon = moment.date() + timedelta(days=1 - STEPS[-1][1])
        missing = select(Agreement).join(Standing).where(Agreement.id > last, Standing.statement_due <= soon)
        batch = list(session.scalars(missing.order_by(Agreement.id).limit(BATCH)))
        if not batch:
            return
        for agreement in batch:
            last = agreement.id
            remind(ledger.locked(agreement), moment)
        yield
