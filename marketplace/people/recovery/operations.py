"""The verbs of recoveries: ask, stop, allow, refuse, take effect, lapse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.jobs import handler
from marketplace.people import tokens
from marketplace.people.factors.models import OPEN, Authenticator, Passkey, Recovery, RecoveryCode
from marketplace.people.factors.operations import has_factor, open_recovery
from marketplace.people.models import Person
from marketplace.people.sessions.operations import end_others
from marketplace.record import move, record

WAIT = timedelta(hours=72)
"""From asking to the first moment of effect; see the chapter for why so long."""
LAPSE = timedelta(days=14)
"""How long behind `due` it may still be used."""
BATCH = 500
ENDED = 50


def ask(actor: Actor, person: Person, reason: str, at: datetime | None = None) -> Recovery:
    """Ask to sign in without the second factors, which are lost. The person, who has shown the password, is told by mail; so are the operators."""
    require(actor, "person.sign_in")
    if not has_factor(person):
        raise Refused(N_("Nothing is lost: the password alone signs you in."))
    if open_recovery(person) is not None:
        raise Refused(N_("You have asked already. An operator answers; you get a mail."))
    moment = at or now()
    asked = Recovery(person_id=person.id, reason=reason.strip(), state="asked", asked=moment, due=moment + WAIT)
    session.add(asked)
    record(asked, "ask", person, moment)
    return asked


def token_of(asked: Recovery) -> str:
    """The token of the link that stops it; of use while it is open."""
    return tokens.make("recovery", asked.public_id, asked.state)


def by_token(token: str, at: datetime | None = None) -> Recovery:
    """The open recovery that a mailed link stops. Refused where the link is wrong, too old, or nothing is open any more."""
    claim = tokens.read("recovery", token, at or now())
    found = session.scalar(select(Recovery).where(Recovery.public_id == claim.public_id, Recovery.state.in_(OPEN)))
    if found is None:
        raise tokens.gone()
    return found


def stop(actor: Actor, token: str, at: datetime | None = None) -> Recovery:
    """Stop it by the link in the mail: whoever reads the person's mail may, signed in or not."""
    require(actor, "person.confirm")
    found = by_token(token, at)
    move(found, "cancel", found.person, at)
    return found


def waiting(actor: Actor) -> list[Recovery]:
    """Those that are open, the oldest first."""
    require(actor, "operations.see")
    return list(session.scalars(select(Recovery).where(Recovery.state.in_(OPEN)).order_by(Recovery.id)))


def ended(actor: Actor) -> list[Recovery]:
    """The newest of those that are over."""
    require(actor, "operations.see")
    return list(session.scalars(select(Recovery).where(Recovery.state.not_in(OPEN)).order_by(Recovery.id.desc()).limit(ENDED)))


def by_public_id(actor: Actor, public_id: str) -> Recovery:
    """One of them, for an operator."""
    require(actor, "operations.see")
    found = session.scalar(select(Recovery).where(Recovery.public_id == public_id))
    if found is None:
        raise NotFound()
    return found


def vouchers(person: Person) -> list[tuple[str, list[Person]]]:
    """Whom an operator can ask about the person: for each of his organisations the name in both languages, and its other members."""
    return [(house.name, [seat.person for seat in house.memberships if seat.person_id != person.id and seat.person.is_active])
            for house in person.organisations]


def decide(actor: Actor, asked: Recovery, verb: str, checked: str, at: datetime | None = None) -> Recovery:
    """Allow or refuse it, with what was done to make sure who asks. What was allowed can be refused until it is used; nobody answers his own."""
    if verb not in ("allow", "refuse"):
        raise Refused(N_("Choose an answer."))
    require(actor, f"recovery.{verb}", asked)
    if actor.id == asked.person_id:
        raise NotAllowed(N_("Another operator has to answer this: it is your own."))
    if not checked.strip():
        raise Refused(N_("Write down what you did. Without it nothing can be answered."), field="checked")
    asked.checked, asked.decided_by_id = checked.strip(), actor.id
    move(asked, verb, actor, at)
    return asked


def takes_effect(asked: Recovery | None, at: datetime | None = None) -> bool:
    """Whether the password alone opens the page for a new factor now."""
    return asked is not None and asked.state == "allowed" and asked.due <= (at or now()) < asked.due + LAPSE


def use(actor: Actor, person: Person, at: datetime | None = None) -> bool:
    """At a sign-in with the password: where a recovery has come due, all factors and all sessions go, and a new factor must be set up before anything else.

    Whether there was one.
    """
    require(actor, "person.sign_in")
    moment, asked = at or now(), open_recovery(person)
    if asked is None or not takes_effect(asked, moment):
        return False
    move(asked, "use", SYSTEM, moment)
    for kind in (Authenticator, Passkey, RecoveryCode):
        for one in session.scalars(select(kind).where(kind.person_id == person.id)):
            session.delete(one)
    end_others(person, person, moment)
    person.factor_due = moment
    return True


@handler("recovery.lapse", every=timedelta(hours=6))
def lapse() -> Iterator[None]:
    """End what was not used in its two weeks, and what nobody has answered until then."""
    over = select(Recovery).where(Recovery.state.in_(OPEN), Recovery.due <= now() - LAPSE).order_by(Recovery.id).limit(BATCH)
    while found := list(session.scalars(over)):
        for one in found:
            move(one, "cancel", SYSTEM)
        yield
