"""What both sides are told in time: trials and windows that end, trials that lapsed, certificates that are due, places in the queue.

Each thing once, however often the jobs run: a row says that it was told. While an agreement is disputed nothing is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, Select, and_, select

from marketplace.access import SYSTEM
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, Obligation, Standing
from marketplace.licensing.performing.models import Reminder
from marketplace.licensing.performing.queue import EXCLUSIVE, IN_FORCE, conflict, place
from marketplace.licensing.performing.triers import all_triers
from marketplace.record import record

BATCH = 200
TRIAL_SOON, WINDOW_SOON, CERTIFICATE_SOON, LAPSED_SINCE = timedelta(days=14), timedelta(days=7), timedelta(days=7), timedelta(days=30)


def due(today: date) -> Iterator[tuple[str, Select[tuple[Agreement, date]]]]:
    """Each kind of reminder with the agreements to which it applies on a day and the day that it is about."""
    standing = select(Agreement, Standing.trial_end).join(Standing)
    yield "trial_ending", _untold("trial_ending", standing, Standing.trial_end).where(
        Standing.status == "on_trial", Standing.trial_end <= today + TRIAL_SOON)
    decision = select(Agreement, Standing.window_end).join(Standing)
    yield "window_ending", _untold("window_ending", decision, Standing.window_end).where(
        Standing.status == "awaiting_decision", Standing.window_end <= today + WINDOW_SOON)
    yield "lapsed", _untold("lapsed", decision, Standing.window_end).where(Standing.status == "lapsed", Standing.window_end >= today - LAPSED_SINCE)
    owed = select(Agreement, Obligation.due).join(Obligation, and_(Obligation.agreement_id == Agreement.id, Obligation.key == "non_use_certificate"))
    yield "certificate_due", _untold("certificate_due", owed, Obligation.due).where(
        Obligation.state == "open", Obligation.due <= today + CERTIFICATE_SOON)
    yield "certificate_overdue", _untold("certificate_overdue", owed, Obligation.due).where(Obligation.state == "overdue")


def _untold(kind: str, query: Select[tuple[Agreement, date]], about: ColumnElement[Date] | object) -> Select[tuple[Agreement, date]]:
    told = select(Reminder.id).where(Reminder.agreement_id == Agreement.id, Reminder.kind == kind, Reminder.about == about)
    return query.where(Agreement.disputed.is_(False), ~told.exists()).order_by(Agreement.id).limit(BATCH)


def remind_once(agreement: Agreement, kind: str, about: date, at: datetime) -> Reminder | None:
    """Tell of something once; None when it was told before, or the agreement is disputed."""
    told = select(Reminder.id).where(Reminder.agreement_id == agreement.id, Reminder.kind == kind, Reminder.about == about)
    if agreement.disputed or session.scalar(told) is not None:
        return None
    reminder = Reminder(agreement=agreement, kind=kind, about=about, created=at)
    session.add(reminder)
    record(reminder, "due", SYSTEM, at)
    return reminder


@handler("licensing.remind", every=timedelta(hours=6))
def remind() -> Iterator[None]:
    """Tell what is due soon or has come; in batches, so that no lock is held for long."""
    moment = now()
    for kind, query in due(moment.date()):
        while rows := session.execute(query).all():
            for agreement, about in rows:
                remind_once(agreement, kind, about, moment)
            session.flush()  # what was told is not found again
            yield


@handler("licensing.queue_moved")
def queue_moved(thing_id: int) -> None:
    """After an agreement's standing changed: tell the other triers who can no longer convert, and those whose turn has come."""
    moment = now()
    agreement = session.get_one(Agreement, thing_id)
    known = {one.id: one for one in all_triers(agreement.technology_id)}
    own = known.get(agreement.id)
    if own is None or own.undecided:
        return
    about = own.window_end or ledger.day_of(agreement, agreement.signed or moment)
    for one in known.values():
        if one.undecided and conflict(own, one):
            verdict = place(one, [other for other in known.values() if other is not one]).verdict
            told = session.get_one(Agreement, one.id)
            if own.status in IN_FORCE and (verdict in ("taken", "shared") or own.exclusivity in EXCLUSIVE):
                remind_once(told, "overtaken", about, moment)
            elif own.status not in IN_FORCE and verdict == "free":
                remind_once(told, "moved_up", about, moment)
