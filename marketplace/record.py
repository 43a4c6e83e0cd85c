"""What happened: the event table, full-copy revisions, and `move()`, the only way a state changes.

A package never calls the packages above it. It records an event here; `create_app` has bound the table of reactions to
this module, and what follows from the event is queued in the same transaction. Events and revisions are only ever added.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.access import SYSTEM, Actor, Step, declare, require
from marketplace.db import Base, Data, Key, now, session
from marketplace.errors import N_, Refused


class Event(Base):
    """One thing that happened: who, what, to which thing, when, and the facts others need."""

    __tablename__ = "event"

    id: Mapped[Key]
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(String(60))
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor_kind: Mapped[str] = mapped_column(String(10))
    facts: Mapped[dict[str, Any]] = mapped_column(Data, default=dict)

    __table_args__ = (Index("ix_event_thing_thing_id", "thing", "thing_id"),)


class Revision(Base):
    """A full copy of a listing's content as it stood, numbered from 1, with the names of what changed."""

    __tablename__ = "revision"

    id: Mapped[Key]
    thing: Mapped[str] = mapped_column(String(30))
    thing_id: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    content: Mapped[dict[str, Any]] = mapped_column(Data)
    changed: Mapped[list[str]] = mapped_column(Data)

    __table_args__ = (UniqueConstraint("thing", "thing_id", "number"),)


acting: ContextVar[tuple[str, int | None]] = ContextVar("acting", default=("system", None))
"""Who is at work where no event says so, as kind and person's id: a request sets it, jobs and commands are the system's."""

_react: list[Callable[[Event], None]] = []


def bind(react: Callable[[Event], None]) -> None:
    """Set what is called with each new event, inside its transaction; `create_app` does this once."""
    _react[:] = [react]


def noun(thing: Any) -> str:
    """The name of a thing's table: the word used in events, actions and addresses."""
    return thing.__tablename__


def kind_of(actor: Actor) -> str:
    """What the log calls whoever acts: system, person or visitor."""
    return "system" if actor is SYSTEM else "person" if actor.id is not None else "visitor"


def record(thing: Any, verb: str, actor: Actor, at: datetime | None = None, **facts: Any) -> Event:
    """Write the event `noun.verb` of the thing and queue what follows from it. The thing must have its id or gets it here."""
    if thing.id is None:
        session.flush()  # the event points at the thing by its id
    event = Event(
        at=at or now(), name=f"{noun(thing)}.{verb}", thing=noun(thing), thing_id=thing.id,
        actor_id=actor.id, actor_kind=kind_of(actor), facts=facts,
    )
    session.add(event)
    for react in _react:
        react(event)
    return event


def steps(cls: type) -> type:
    """Class decorator: declare the model's TRANSITIONS in the permission table."""
    table: dict[str, Step] = cls.TRANSITIONS  # type: ignore[attr-defined]
    declare(cls.__tablename__, table)  # type: ignore[attr-defined]
    return cls


def move(thing: Any, verb: str, actor: Actor, at: datetime | None = None, **facts: Any) -> Event:
    """Take one step of the thing's state machine: check who and from where, change the state, write the event.

    Raises `NotAllowed` or `NotFound` when the actor may not, `Refused` when the thing is not in a state to take it.
    """
    step = type(thing).TRANSITIONS[verb]
    require(actor, f"{noun(thing)}.{verb}", thing)
    if thing.state not in step.origin:
        raise Refused(N_("Somebody has taken another step here in the meantime. Reload the page to see where it stands."))
    origin, thing.state = thing.state, step.target
    return record(thing, verb, actor, at, origin=origin, target=step.target, **facts)


def revise(thing: Any, actor: Actor, content: dict[str, Any], at: datetime | None = None) -> Revision | None:
    """Keep a full copy of the thing's content if it differs from the last one; None when nothing changed."""
    if thing.id is None:
        session.flush()  # the revision points at the thing by its id
    last = latest(thing)
    before = last.content if last else {}
    changed = sorted(key for key in content.keys() | before.keys() if content.get(key) != before.get(key))
    if last and not changed:
        return None
    number = last.number + 1 if last else 1
    revision = Revision(
        thing=noun(thing), thing_id=thing.id, number=number, at=at or now(),
        person_id=actor.id, content=content, changed=changed if last else [],
    )
    session.add(revision)
    thing.revision = number
    return revision


def latest(thing: Any) -> Revision | None:
    """The newest revision of the thing."""
    session.flush()  # a revision made in this request counts
    top = select(func.max(Revision.number)).where(Revision.thing == noun(thing), Revision.thing_id == thing.id)
    found = select(Revision).where(
        Revision.thing == noun(thing), Revision.thing_id == thing.id, Revision.number == top.scalar_subquery()
    )
    return session.scalar(found)


@dataclass(frozen=True)
class Change:
    """One revision as people read it: its number, when, the person's id, and what changed as (field, before, after)."""

    number: int
    at: datetime
    person_id: int | None
    fields: tuple[tuple[str, Any, Any], ...]


def history(thing: Any) -> list[Change]:
    """All revisions of the thing, newest first, each with what it changed; the first changed nothing."""
    own = select(Revision).where(Revision.thing == noun(thing), Revision.thing_id == thing.id)
    rows = list(session.scalars(own.order_by(Revision.number)))
    changes = []
    for before, row in zip([None, *rows], rows, strict=False):
        fields = [(name, before.content.get(name), row.content.get(name)) for name in row.changed] if before else []
        changes.append(Change(row.number, row.at, row.person_id, tuple(fields)))
    return changes[::-1]
