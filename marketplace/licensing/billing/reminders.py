"""Reminders of unpaid obligations: before they are due, on the day, 7 and 30 days after; each once, none while a dispute runs.

Only the stage that the day has reached is sent: whoever was not reminded for a month hears once, not four times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.billing.models import STAGES, Payment, Reminder
from marketplace.licensing.models import Agreement, Obligation
from marketplace.record import record

BATCH = 200
SOON = timedelta(days=-STAGES["before"])
ON_DESK = 20


def stage_of(due: date, today: date) -> str | None:
    """The stage that an unpaid obligation has reached: the last whose day has come."""
    reached = [stage for stage, days in STAGES.items() if due + timedelta(days=days) <= today]
    return reached[-1] if reached else None


@handler("licensing.remind_payments", every=timedelta(hours=6))
def remind() -> Iterator[None]:
    """Note and tell every reminder that has fallen due; may run twice. A day more is looked at, for agreements east of UTC."""
    moment = now()
    horizon = moment.date() + SOON + timedelta(days=1)
    last = 0
    while True:
        unpaid = select(Obligation).join(Obligation.agreement).where(
            Obligation.id > last, Obligation.state.in_(("open", "overdue")), Obligation.unpaid > 0, Obligation.due <= horizon, Agreement.disputed.is_(False))
        batch = list(session.scalars(unpaid.order_by(Obligation.id).limit(BATCH)))
        if not batch:
            return
        last = batch[-1].id
        for obligation in batch:
            _remind(obligation, moment)
        yield


def _remind(obligation: Obligation, moment: datetime) -> None:
    due = obligation.due
    stage = stage_of(due, ledger.day_of(obligation.agreement, moment)) if due else None
    if due is None or stage is None:
        return
    own = select(Reminder.id).where(
        Reminder.agreement_id == obligation.agreement_id, Reminder.obligation_key == obligation.key, Reminder.due == due, Reminder.stage == stage)
    if session.scalar(own) is None:
        reminder = Reminder(agreement_id=obligation.agreement_id, obligation_key=obligation.key, due=due, stage=stage, at=moment)
        session.add(reminder)
        record(reminder, "due", SYSTEM, moment)


@dataclass(frozen=True)
class MoneyToDo:
    """What the desk of a person shows of money: what its organisations are to pay soon or late, and payments to confirm."""

    dues: Sequence[Obligation]
    payments: Sequence[Payment]


def money_to_do(actor: Actor, at: datetime | None = None) -> MoneyToDo:
    """What awaits the person's organisations, most urgent first; what is disputed is left out."""
    seats = list(actor.seats)
    horizon = (at or now()).date() + SOON
    dues = select(Obligation).join(Obligation.agreement).where(
        Obligation.licensee_id.in_(seats), Obligation.state.in_(("open", "overdue")), Obligation.unpaid > 0, Obligation.due <= horizon,
        Agreement.disputed.is_(False))
    reported = select(Payment).where(Payment.licensor_id.in_(seats), Payment.state == "reported")
    return MoneyToDo(
        list(session.scalars(dues.order_by(Obligation.due, Obligation.id).limit(ON_DESK))),
        list(session.scalars(reported.order_by(Payment.id).limit(ON_DESK))),
    )
