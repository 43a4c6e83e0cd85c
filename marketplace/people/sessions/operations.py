"""The verbs of sessions: begin one, find it by its cookie, prove it anew, end it and others."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from marketplace.access import Actor, require
from marketplace.db import note, noted, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.people.models import Person
from marketplace.people.sessions.models import SignIn
from marketplace.record import record

IDLE, LONGEST = timedelta(hours=12), timedelta(days=7)
IDLE_STAYING, LONGEST_STAYING = timedelta(days=30), timedelta(days=90)
IDLE_OPERATOR, LONGEST_OPERATOR = timedelta(hours=1), timedelta(hours=12)
FRESH = timedelta(minutes=15)
GRAIN = timedelta(minutes=10)
"""How exact `seen` is: so seldom a session that is in use is written."""
BATCH = 1000


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def spans(person: Person, stays: bool) -> tuple[timedelta, timedelta]:
    """How long a session of this person may lie unused, and how long it may last. An operator's is short, whatever he ticks."""
    if person.is_operator:
        return IDLE_OPERATOR, LONGEST_OPERATOR
    return (IDLE_STAYING, LONGEST_STAYING) if stays else (IDLE, LONGEST)


def begin(
    actor: Actor, person: Person, way: str, device: str = "", stays: bool = False, has_factor: bool = False, outside: str | None = None,
    at: datetime | None = None,
) -> SignIn:
    """A new session. Its random name (256 bits) is put into `person.ticket`, for the cookie, and kept nowhere."""
    require(actor, "person.sign_in")
    moment, token = at or now(), secrets.token_urlsafe(32)
    if person.id is None:
        session.flush()  # the session of whoever has just registered points at his id
    made = SignIn(
        person_id=person.id, token_hash=_hash(token), way=way, outside=outside, has_factor=has_factor, stays=stays and not person.is_operator,
        device=device[:60], made=moment, seen=moment, proven=moment, ends=moment + spans(person, stays)[1],
    )
    session.add(made)
    person.ticket, person.entry = token, made
    record(person, "signed_in", actor, moment, way=way, has_factor=has_factor)
    return made


def by_session(token: str, at: datetime | None = None) -> Person | None:
    """The person a cookie belongs to; None when there is no such session, it is over, or the account is closed. One look-up by an index."""
    found = session.scalar(select(SignIn).where(SignIn.token_hash == _hash(token)))
    moment = at or now()
    if found is None or not found.person.is_active or found.ends <= moment or found.seen + spans(found.person, found.stays)[0] <= moment:
        return None
    if moment - found.seen > GRAIN and noted.get() is not None:
        note(update(SignIn).where(SignIn.id == found.id).values(seen=moment))
    found.person.ticket, found.person.entry = token, found
    return found.person


def is_fresh(entry: SignIn | None, at: datetime | None = None) -> bool:
    """Whether who uses this session has shown a short while ago who he is."""
    return entry is not None and (at or now()) - entry.proven <= FRESH


def prove(actor: Actor, person: Person, has_factor: bool, at: datetime | None = None) -> SignIn:
    """The person has shown anew who he is: the session goes on under another name, so that one that was read before is worth nothing."""
    require(actor, "person.edit", person)
    entry, token = _entry_of(person), secrets.token_urlsafe(32)
    entry.token_hash, entry.proven, entry.has_factor = _hash(token), at or now(), has_factor or entry.has_factor
    person.ticket = token
    return entry


def _entry_of(person: Person) -> SignIn:
    if person.entry is None:
        raise NotFound()
    return person.entry


def sessions_of(actor: Actor, person: Person, at: datetime | None = None) -> list[SignIn]:
    """Where the person is signed in, last used first."""
    require(actor, "person.edit", person)
    moment = at or now()
    own = session.scalars(select(SignIn).where(SignIn.person_id == person.id, SignIn.ends > moment).order_by(SignIn.seen.desc(), SignIn.id.desc()))
    return [one for one in own if one.seen + spans(person, one.stays)[0] > moment]


def end(actor: Actor, person: Person, public_id: str, at: datetime | None = None) -> None:
    """End one of the person's sessions. Raises `NotFound`, also for another's."""
    require(actor, "person.edit", person)
    found = session.scalar(select(SignIn).where(SignIn.public_id == public_id, SignIn.person_id == person.id))
    if found is None:
        raise NotFound()
    session.delete(found)
    record(person, "signed_out", actor, at)


def end_others(actor: Actor, person: Person, at: datetime | None = None) -> int:
    """End all sessions of the person but the one at hand, if any: after a change of password or factor, or because he says so."""
    require(actor, "person.edit", person)
    kept = person.entry.id if person.entry is not None else None
    others = delete(SignIn).where(SignIn.person_id == person.id, *([SignIn.id != kept] if kept is not None else []))
    session.flush()  # the session at hand has its id
    ended = session.execute(others).rowcount
    if ended:
        record(person, "signed_out_elsewhere", actor, at, count=ended)
    return ended


def end_for(actor: Actor, person: Person | None, at: datetime | None = None) -> int:
    """An operator ends all of somebody's sessions; how many. The person is told."""
    require(actor, "person.end_sessions")
    if person is None or not person.is_active:
        raise Refused(N_("Nobody has signed up with this address. Ask the person to sign up first."), field="address")
    ended = session.execute(delete(SignIn).where(SignIn.person_id == person.id)).rowcount
    record(person, "ended_by_operator", actor, at, count=ended)
    return ended


@handler("sessions.sweep", every=timedelta(hours=6))
def sweep() -> Iterator[None]:
    """Take away the rows of sessions whose longest time is over."""
    while keys := list(session.scalars(select(SignIn.id).where(SignIn.ends < now()).limit(BATCH))):
        session.execute(delete(SignIn).where(SignIn.id.in_(keys)))
        yield
