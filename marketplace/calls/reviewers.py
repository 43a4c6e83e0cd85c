"""The verbs of reviewers: name one, take the naming back, accept it or decline. What they read and score is `reviewing`'s."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from marketplace.access import Actor, may, require
from marketplace.calls.models import Call, Reviewer
from marketplace.calls.operations import owner_acting
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people.operations import by_address
from marketplace.record import move, record

NAMED_IN = ("draft", "published", "closed")
AT_WORK = ("invited", "active")


def name_reviewer(actor: Actor, call: Call, address: str, at: datetime | None = None) -> Reviewer:
    """Ask somebody who has an account here to review the call's proposals; any owner of the call does. A person is named once."""
    require(actor, "open_call.name_reviewer", call)
    if call.state not in NAMED_IN:
        raise Refused(N_("Reviewers are named before the award."))
    person = by_address(address)
    if person is None or not person.is_active or person.confirmed is None:
        raise Refused(N_("Nobody has an account with this address. Ask the reviewer to sign up first."), field="address")
    session.flush()  # somebody named a moment ago counts
    if session.scalar(select(Reviewer.id).where(Reviewer.call_id == call.id, Reviewer.person_id == person.id)) is not None:
        raise Refused(N_("This person has been named already."), field="address")
    reviewer = Reviewer(call=call, person=person, named_for_id=owner_acting(actor, call), state="invited", created=at or now())
    session.add(reviewer)
    record(reviewer, "invite", actor, at, organisation=reviewer.named_for_id)
    return reviewer


def remove_reviewer(actor: Actor, reviewer: Reviewer, at: datetime | None = None) -> Reviewer:
    """Take a naming back."""
    move(reviewer, "remove", actor, at)
    return reviewer


def answer_naming(actor: Actor, reviewer: Reviewer, accepts: bool, at: datetime | None = None) -> Reviewer:
    """The person's own answer; a reviewer who has accepted can still decline."""
    move(reviewer, "accept" if accepts else "decline", actor, at)
    return reviewer


def by_public_id(actor: Actor, public_id: str) -> Reviewer:
    """The naming under this id, for the person and the call's owners. Raises `NotFound`."""
    reviewer = session.scalar(select(Reviewer).where(Reviewer.public_id == public_id))
    if reviewer is None or not may(actor, "reviewer.read", reviewer):
        raise NotFound()
    return reviewer


def reviewers_of(actor: Actor, call: Call) -> Sequence[Reviewer]:
    """Everybody who was named, for the call's owners."""
    require(actor, "open_call.name_reviewer", call)
    return session.scalars(select(Reviewer).where(Reviewer.call_id == call.id).order_by(Reviewer.id)).all()


def count_of(call: Call) -> int:
    """How many reviewers have accepted: all that others are told of them before the award."""
    return session.scalar(select(func.count()).where(Reviewer.call_id == call.id, Reviewer.state == "active")) or 0


def namings_for(actor: Actor) -> Sequence[Reviewer]:
    """The calls that wait for the actor's answer or review, newest first."""
    own = select(Reviewer).where(Reviewer.person_id == actor.id, Reviewer.state.in_(AT_WORK)).order_by(Reviewer.id.desc())
    return session.scalars(own.limit(50)).all()
