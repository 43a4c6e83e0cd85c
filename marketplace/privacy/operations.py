"""The verbs of personal data: a person's copy, the erasure of an account, and the daily sweep of what has reached its age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, or_, select, update

from marketplace.access import SYSTEM, Actor, require
from marketplace.alerts.models import Mail, Undeliverable
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.catalogue.experts.models import Expert
from marketplace.db import Base, now, session
from marketplace.deals.models import OPEN_STAGES, Deal, Party
from marketplace.deals.worklist.models import Snooze, Specialty
from marketplace.errors import N_, Refused
from marketplace.first_steps.examples.models import Example
from marketplace.jobs import Job, enqueue, handler
from marketplace.licensing.income.models import Inventor
from marketplace.people import passwords
from marketplace.people.factors.models import Authenticator, Passkey, Recovery, RecoveryCode
from marketplace.people.models import Invitation, JoinRequest, Membership, Person
from marketplace.people.operations import by_address
from marketplace.people.organisations import owners
from marketplace.people.outside.models import Identity
from marketplace.people.sessions.models import SignIn
from marketplace.privacy.kinds import (
    FAILED_JOBS,
    INVITATIONS,
    JOBS,
    KINDS,
    MAILS,
    NEVER_CONFIRMED,
    REFUSED_REQUESTS,
    SECRET,
    UNREACHABLE,
    Kind,
)
from marketplace.record import move, record
from marketplace.trail import chaining

WAYS_IN = (SignIn, Authenticator, RecoveryCode, Passkey, Recovery, Identity)
BATCH = 200
MOST = 20_000  # rows of one table in a copy; whoever has more is told so in it
Rows = list[dict[str, Any]]


def copy_of(actor: Actor, person: Person) -> Iterator[tuple[Kind, dict[str, Rows]]]:
    """Kind by kind, table by table, what is kept about the person. Of what belongs to an organisation the reference alone, with the person's part in it."""
    require(actor, "person.copy", person)
    for kind in KINDS:
        found = {name: _rows(Base.metadata.tables[name], kind, person) for name in kind.tables}
        yield kind, {name: rows for name, rows in found.items() if rows}


def _parts(table: Table) -> list[str]:
    """The columns in which a table names a person."""
    return [column.name for column in table.c if any(key.column.table.name == "person" for key in column.foreign_keys)]


def _own(table: Table, person: Person) -> ColumnElement[bool] | None:
    """Which rows of the table are about the person; None for a table that says so by nothing."""
    keys = [table.c[name] == person.id for name in _parts(table)]
    if table.name == "person":
        keys = [table.c.id == person.id]
    elif "address_key" in table.c:
        keys.append(table.c.address_key == person.address_key)
    return or_(*keys) if keys else None


def _rows(table: Table, kind: Kind, person: Person) -> Rows:
    own = _own(table, person)
    if own is None:
        return []
    parts = _parts(table)
    rows = session.execute(select(table).where(own).order_by(table.c.id).limit(MOST)).mappings()
    return [
        {name: plain(value) for name, value in row.items() if value is not None and name not in SECRET and name not in parts and not name.endswith("_id")}
        if kind.whole else _reference(row, [name for name in parts if row[name] == person.id])
        for row in rows
    ]


def _reference(row: Any, parts: list[str]) -> dict[str, Any]:
    """What a row is and what the person was in it, nothing of what it says."""
    kept = {name: plain(row[name]) for name in ("public_id", "name", "state", "at", "created") if name in row and row[name] is not None}
    return kept | {"as": ", ".join(name.removesuffix("_id") for name in parts)}


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def erase_own(actor: Actor, person: Person, password: str, at: datetime | None = None) -> Person:
    """Erase one's own account. Refused without the password, or while others depend on it."""
    if not passwords.matches(password, person.password_hash):
        raise Refused(N_("This is not your present password."), field="password")
    return erase(actor, person, at)


def erase_for(actor: Actor, address: str, at: datetime | None = None) -> Person:
    """An operator erases the account of somebody who has asked for it and cannot sign in."""
    require(actor, "operations.see")
    person = by_address(address)
    if person is None or person.closed:
        raise Refused(N_("There is no account with this address."), field="address")
    return erase(actor, person, at)


def erase(actor: Actor, person: Person, at: datetime | None = None) -> Person:
    """Take name, addresses and password away, and all that was the person's alone. What was done for organisations stays and names nobody."""
    require(actor, "person.erase", person)
    _free_to_go(person)
    moment, key = at or now(), person.address_key
    traces = _traces(person)
    _forget(person, key)
    for expert in session.scalars(select(Expert).where(Expert.person_id == person.id)):
        if expert.state == "published":
            move(expert, "withdraw", SYSTEM, moment)
        expert.person_id = expert.consented = None
    nameless = f"#{person.public_id[:6]}"
    session.execute(update(Party).where(or_(Party.person_id == person.id, Party.address_key == key)).values(
        address_key=f"{person.public_id}@erased.invalid", phone=None, duty=None))
    session.execute(update(Inventor).where(Inventor.person_id == person.id).values(person_id=None, address_key=None))
    person.name, person.address, person.address_key, person.new_address = nameless, "", f"{person.public_id}@erased.invalid", None
    person.password_hash, person.confirmed, person.closed = "", None, moment
    person.is_broker = person.is_operator = False
    record(person, "erase", actor, moment)
    enqueue("privacy.forget", rows=traces)
    session.flush()  # the rows that went are gone for what is asked later in this request
    session.expire(person, ["memberships"])
    return person


def _traces(person: Person) -> dict[str, list[int]]:
    """Table → ids of the rows that are the person's alone: what the log says of them is forgotten with them."""
    tables = [Base.metadata.tables[name] for kind in KINDS if kind.whole for name in kind.tables]
    own = [(table, rows) for table in tables if "id" in table.c and (rows := _own(table, person)) is not None]
    found = {table.name: list(session.scalars(select(table.c.id).where(rows))) for table, rows in own}
    return {name: ids for name, ids in found.items() if ids}


@handler("privacy.forget")
def forget(rows: dict[str, list[int]]) -> Iterator[None]:
    """Take what was erased out of the log too: the salts of alterations of these rows, and the texts in their events. The chain stays whole.

    A job after the commit, because the erasure's own alterations are written as its last statement. What is chained first cannot be missed afterwards.
    """
    yield from chaining.link_all()
    for source in ("alteration", "event"):
        table = chaining.SOURCES[source]
        for thing, ids in rows.items():
            keys = list(session.scalars(select(table.c.id).where(table.c.thing == thing, table.c.thing_id.in_(ids)).order_by(table.c.id)))
            for start in range(0, len(keys), BATCH):
                chaining.erase(source, keys[start : start + BATCH])
                yield


def _free_to_go(person: Person) -> None:
    """Nobody leaves colleagues without an owner, or a deal without the one who leads it."""
    if person.closed:
        raise Refused(N_("This account is erased already."))
    for seat in person.memberships:
        if seat.role == "owner" and len(seat.organisation.memberships) > 1 and [one.id for one in owners(seat.organisation)] == [person.id]:
            raise Refused(N_("Your colleagues would have no owner. Make somebody else an owner first."))
    leads = select(Deal.id).where(Deal.broker_id == person.id, Deal.state.in_(OPEN_STAGES)).limit(1)
    if session.scalar(leads) is not None:
        raise Refused(N_("There are open deals that this person leads. Hand them over first."))


def _forget(person: Person, key: str) -> None:
    """Delete what was the person's alone."""
    own = select(Subscription.id).where(Subscription.person_id == person.id)
    mails = select(Mail.id).where(or_(Mail.person_id == person.id, Mail.address == person.address))
    session.execute(delete(Noticed).where(Noticed.subscription_id.in_(own)))
    session.execute(update(Noticed).where(Noticed.mail_id.in_(mails)).values(mail_id=None))
    for model in (*WAYS_IN, Subscription, Snooze, Specialty, Example, JoinRequest, Membership):
        session.execute(delete(model).where(model.person_id == person.id))  # type: ignore[attr-defined]
    session.execute(delete(Mail).where(Mail.id.in_(mails)))
    session.execute(delete(Invitation).where(or_(Invitation.address_key == key, Invitation.person_id == person.id)))
    session.execute(delete(Undeliverable).where(Undeliverable.address_key == key))


def aged(moment: datetime) -> list[tuple[Any, ColumnElement[bool]]]:
    """What has reached its age: table, and which rows of it go."""
    return [
        (Mail, and_(Mail.state.in_(("sent", "bounced", "refused")), Mail.created < moment - MAILS)),
        (Invitation, and_(Invitation.state != "accepted", Invitation.expires < moment - INVITATIONS)),
        (JoinRequest, and_(JoinRequest.state == "refused", JoinRequest.created < moment - REFUSED_REQUESTS)),
        (Undeliverable, Undeliverable.since < moment - UNREACHABLE),
        (Job, or_(and_(Job.state == "done", Job.ended < moment - JOBS), and_(Job.state == "failed", Job.ended < moment - FAILED_JOBS))),
    ]


@handler("privacy.sweep", every=timedelta(days=1))
def sweep(at: datetime | None = None) -> Iterator[None]:
    """Delete what has reached its age, in batches; accounts whose address was never confirmed in a year, and that nobody uses, are erased."""
    moment = at or now()
    for model, old in aged(moment):
        while keys := list(session.scalars(select(model.id).where(old).limit(BATCH))):
            if model is Mail:
                session.execute(update(Noticed).where(Noticed.mail_id.in_(keys)).values(mail_id=None))
            session.execute(delete(model).where(model.id.in_(keys)))
            yield
    unused = select(Person).where(
        Person.confirmed.is_(None), Person.closed.is_(None), Person.created < moment - NEVER_CONFIRMED, ~Person.memberships.any()).limit(BATCH)
    for person in session.scalars(unused).all():
        erase(SYSTEM, person, moment)
        yield
