"""The verbs of tasks: set one, change it, do, drop and reopen it, be reminded of it; and what becomes of it when a party is removed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.sql.base import ExecutableOption

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import HOME, now, session
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk.audience import hearer, hearers, open_to, party_of, require_voice, tell_them
from marketplace.deals.talk.models import Task
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.record import move, record

LONGEST = 300
FURTHEST = timedelta(days=3 * 366)
BATCH = 100


def day_of(at: datetime) -> date:
    """The day of a moment, as tasks count days: in the site's own zone."""
    return at.astimezone(HOME).date()


def _usable(text: str, due: date, at: datetime) -> str:
    plain = " ".join(text.split())
    if not plain:
        raise Refused(N_("Say what is to be done."), field="text")
    if len(plain) > LONGEST:
        raise Refused(N_("This is too long: 300 characters at most."), field="text")
    if not day_of(at) <= due <= day_of(at) + FURTHEST:
        raise Refused(N_("Choose a day from today on, within three years."), field="due")
    return plain


def set_task(actor: Actor, deal: Deal, audience: str, text: str, due: date, party: str, key: str, at: datetime | None = None) -> Task:
    """Ask a party (by public id) to do something by a day; it gets a mail. The same form sent twice makes one task."""
    moment = at or now()
    require(actor, "deal.take_part", deal)
    require_voice(actor, deal, audience, moment)
    there = session.scalar(select(Task).where(Task.deal_id == deal.id, Task.key == key))
    setter = party_of(actor, deal, audience)
    if there is not None:
        if there.set_by_id != setter.id:
            raise NotFound()
        return there
    task = Task(
        deal=deal, audience=audience, text=_usable(text, due, moment), due=due, party=hearer(deal, audience, party, "party"), set_by=setter,
        key=key, created=moment,
    )
    session.add(task)
    record(task, "set", actor, moment)
    tell_them(actor, task, "task", moment, text=task.text, due=due.isoformat())
    return task


def change_task(actor: Actor, task: Task, text: str, due: date, party: str, at: datetime | None = None) -> Task:
    """Change what is to be done, by when or by whom; whoever it falls to now gets a mail."""
    moment = at or now()
    require(actor, "deal_task.change", task)
    if task.state != "open":
        raise Refused(N_("This task is closed. Reopen it first."))
    plain = _usable(text, due, moment) if (text, due) != (task.text, task.due) else task.text
    chosen = hearer(task.deal, task.audience, party, "party")
    if (plain, due, chosen.id) != (task.text, task.due, task.party_id):
        falls_to_another = chosen.id != task.party_id
        task.text, task.due, task.party = plain, due, chosen
        record(task, "hand" if falls_to_another else "change", actor, moment)
        tell_them(actor, task, "task_changed", moment, text=plain, due=due.isoformat())
    return task


def close_task(actor: Actor, task: Task, verb: str, at: datetime | None = None) -> Task:
    """Take a step with a task: do, drop or reopen."""
    moment = at or now()
    move(task, verb, actor, moment)
    task.ended = None if task.state == "open" else moment
    tell_them(actor, task, {"do": "task_done", "drop": "task_dropped", "reopen": "task_reopened"}[verb], moment, text=task.text)
    return task


def task_of(actor: Actor, deal: Deal, public_id: str) -> Task:
    """A task of the deal that the actor hears of. Raises `NotFound`."""
    task = session.scalar(select(Task).where(Task.deal_id == deal.id, Task.public_id == public_id))
    if task is None or task.audience not in open_to(actor, deal):
        raise NotFound()
    return task


def tasks_of(actor: Actor, deal: Deal, states: tuple[str, ...], limit: int = 100) -> list[Task]:
    """The tasks of the deal that the actor hears of, what is due first, first."""
    require(actor, "deal.read", deal)
    query = select(Task).where(Task.deal_id == deal.id, Task.audience.in_(open_to(actor, deal)), Task.state.in_(states))
    return list(session.scalars(query.order_by(Task.due, Task.id).limit(limit)))


def due_of(actor: Actor, day: date, limit: int, *shown: ExecutableOption) -> list[Task]:
    """The open tasks of the actor that are due on the day or were before; those of lost deals no longer count. `shown` is what is loaded with them."""
    first = select(Task.id).join(Party, Party.id == Task.party_id).join(Deal, Deal.id == Task.deal_id).where(
        Party.person_id == actor.id, Party.state == "active", Task.state == "open", Task.due <= day, Deal.state != "lost",
    ).order_by(Task.due, Task.id).limit(limit)
    keys = list(session.scalars(first))  # read apart from the sorting, which would carry every row's texts along
    return list(session.scalars(select(Task).where(Task.id.in_(keys)).options(*shown).order_by(Task.due, Task.id)))


@handler("deals.remind_tasks", every=timedelta(hours=1))
def remind_tasks() -> Iterator[None]:
    """On its day, remind of each open task once; one whose day was changed is reminded of anew. What an idle worker missed is made up for."""
    moment, last = now(), 0
    waiting = select(Task).join(Deal, Deal.id == Task.deal_id).where(
        Task.state == "open", Task.due <= day_of(moment), or_(Task.reminded.is_(None), Task.reminded < Task.due), Deal.state != "lost",
    )
    while batch := list(session.scalars(waiting.where(Task.id > last).order_by(Task.id).limit(BATCH))):
        for task in batch:
            last, task.reminded = task.id, task.due
            record(task, "due", SYSTEM, moment)
        yield


@handler("deals.hand_back_tasks")
def hand_back_tasks(thing_id: int) -> None:
    """Give the open tasks of a party that was removed back to whoever set them, else to the broker, else to anybody who hears of them."""
    gone = session.get_one(Party, thing_id)
    if gone.state != "removed":
        return
    for task in session.scalars(select(Task).where(Task.party_id == gone.id, Task.state == "open").order_by(Task.id)):
        _hand_back(task, now())


def _hand_back(task: Task, moment: datetime) -> None:
    left = hearers(task.deal, task.audience)
    order = sorted(left, key=lambda party: (party.id != task.set_by_id, party.side != "broker", party.id))
    if not order:
        move(task, "drop", SYSTEM, moment)
        task.ended = moment
        tell_them(SYSTEM, task, "task_dropped", moment, text=task.text)
        return
    task.party = order[0]
    record(task, "hand_back", SYSTEM, moment)
    tell_them(SYSTEM, task, "task_back", moment, text=task.text, due=task.due.isoformat())


def open_count(actor: Actor, deal: Deal) -> int:
    """How many open tasks of the deal the actor hears of."""
    require(actor, "deal.read", deal)
    query = select(func.count()).select_from(Task).where(Task.deal_id == deal.id, Task.audience.in_(open_to(actor, deal)), Task.state == "open")
    return session.scalar(query) or 0
