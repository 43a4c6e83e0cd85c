"""The verbs of access to blind listings: ask, answer, extend, revoke; and the operator's reasoned look.

People stand left of the listings: the packages of technologies and needs say at their start how one of theirs is found (`bind`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people.grants.models import AccessEntry, Nda, NdaSignature
from marketplace.people.models import AccessGrant, Moderation, Organisation
from marketplace.people.operations import acting_person, require_confirmed
from marketplace.record import Event, move, noun, record

USUAL = timedelta(days=180)
LONGEST = timedelta(days=2 * 365 + 1)
LOOK = timedelta(hours=24)
AGAIN = timedelta(days=7)
PURPOSE = (10, 2000)


@dataclass(frozen=True)
class Listings:
    """How the listings of one noun are found: by public id for an actor (raises `NotFound`), and their table."""

    find: Callable[[Actor, str], Any]
    model: type[Any]


_listings: dict[str, Listings] = {}


def bind(name: str, find: Callable[[Actor, str], Any], model: type[Any]) -> None:
    """Say how listings of this noun are found; their pages do so when they are mounted."""
    _listings[name] = Listings(find, model)


def listing_called(actor: Actor, name: str, public_id: str) -> Any:
    """The blind listing under this noun and public id. Raises `NotFound`, also where it is not blind."""
    listing = _listings[name].find(actor, public_id) if name in _listings else None
    if listing is None or listing.visibility != "blind" or listing.organisation_id is None:
        raise NotFound()
    return listing


def listing_of(row: Any) -> Any:
    """The listing that a grant, an entry or a look is about."""
    return session.get_one(_listings[row.thing].model, row.thing_id)


def by_public_id(actor: Actor, public_id: str) -> AccessGrant:
    """The grant under this id, for its two sides. Raises `NotFound`."""
    grant = session.scalar(select(AccessGrant).where(AccessGrant.public_id == public_id))
    if grant is None or not may(actor, "access_grant.read", grant):
        raise NotFound()
    return grant


def ask_access(actor: Actor, listing: Any, organisation: Organisation, purpose: str, at: datetime | None = None) -> AccessGrant:
    """Ask for access to a blind listing in the name of the actor's organisation, saying what for."""
    require(actor, "listing.ask_access", listing)
    require_confirmed(actor)
    moment, purpose = at or now(), " ".join(purpose.split())
    if organisation.id not in actor.seats:
        raise NotFound()
    if listing.visibility != "blind" or listing.state not in type(listing).OPEN_STATES:
        raise Refused(N_("This listing is open already, or no longer offered. There is nothing to ask for."))
    if listing.organisation_id in actor.seats:
        raise Refused(N_("This listing is your own organisation's."))
    if not PURPOSE[0] <= len(purpose) <= PURPOSE[1]:
        raise Refused(N_("Say what you want to do with it, in %(least)s to %(most)s characters."), field="purpose", least=PURPOSE[0], most=PURPOSE[1])
    _refuse_repeated(listing, organisation, moment)
    grant = AccessGrant(
        thing=noun(listing), thing_id=listing.id, owner_id=listing.organisation_id, asking_id=organisation.id, person_id=acting_person(actor).id,
        purpose=purpose, state="asked", created=moment,
    )
    session.add(grant)
    session.flush()  # the database refuses a second one that waits
    record(grant, "ask", actor, moment)
    return grant


def _refuse_repeated(listing: Any, organisation: Organisation, moment: datetime) -> None:
    """One request at a time, none while access lasts, and a week of rest after a refusal."""
    last = latest(listing, organisation)
    if last is None:
        return
    if last.state in ("asked", "nda"):
        raise Refused(N_("Your organisation has asked already; the owner will answer."))
    if last.state == "granted" and last.until and last.until > moment:
        raise Refused(N_("Your organisation has access already."))
    answered = session.scalar(select(func.max(Event.at)).where(Event.thing == "access_grant", Event.thing_id == last.id))
    if last.state in ("refused", "revoked") and answered and moment - answered < AGAIN:
        raise Refused(N_("The owner has said no. You can ask again after a week."))


def latest(listing: Any, organisation: Organisation) -> AccessGrant | None:
    """The organisation's last request for the listing."""
    own = select(AccessGrant).where(
        AccessGrant.thing == noun(listing), AccessGrant.thing_id == listing.id, AccessGrant.asking_id == organisation.id,
    )
    return session.scalar(own.order_by(AccessGrant.id.desc()).limit(1))


def nda_of(grant: AccessGrant) -> Nda | None:
    """The NDA that stands before the grant, if one was asked for."""
    return session.scalar(select(Nda).where(Nda.grant_id == grant.id))


def is_signed(nda: Nda | None) -> bool:
    """Whether both sides have signed."""
    if nda is None:
        return False
    given = select(NdaSignature.side).where(NdaSignature.nda_id == nda.id, NdaSignature.signed.is_not(None))
    return len(set(session.scalars(given))) == 2


def needs_nda(grant: AccessGrant) -> bool:
    """Whether an NDA must be signed before the grant: the listing asks for one, or the owner has for this request."""
    return bool(listing_of(grant).nda_required) or nda_of(grant) is not None


def usable_end(until: datetime, moment: datetime) -> datetime:
    """The end of an access. Refused when it has passed or lies more than two years ahead."""
    if not moment < until <= moment + LONGEST:
        raise Refused(N_("Choose a day from tomorrow to two years from now."), field="until")
    return until


def grant_access(actor: Actor, grant: AccessGrant, until: datetime | None = None, at: datetime | None = None) -> AccessGrant:
    """Give the access until then, 180 days where nothing is said. Refused while an NDA waits for a signature."""
    require(actor, "access_grant.grant", grant)
    moment = at or now()
    if needs_nda(grant) and not is_signed(nda_of(grant)):
        raise Refused(N_("A non-disclosure agreement stands before this access, and both sides have not signed it yet."))
    grant.until = usable_end(until or moment + USUAL, moment)
    move(grant, "grant", actor, moment)
    return grant


def refuse_access(actor: Actor, grant: AccessGrant, reason: str, at: datetime | None = None) -> AccessGrant:
    """Say no, and why."""
    require(actor, "access_grant.refuse", grant)
    grant.answer = _said(reason)
    move(grant, "refuse", actor, at)
    return grant


def revoke_access(actor: Actor, grant: AccessGrant, reason: str, at: datetime | None = None) -> AccessGrant:
    """Take the access back at once, and say why."""
    require(actor, "access_grant.revoke", grant)
    grant.answer = _said(reason)
    move(grant, "revoke", actor, at)
    return grant


def _said(reason: str) -> str:
    if not reason.strip():
        raise Refused(N_("Say why: the other side reads it."), field="reason")
    return reason.strip()


def extend_access(actor: Actor, grant: AccessGrant, until: datetime, at: datetime | None = None) -> AccessGrant:
    """Move the end of an access that was given, forward or back."""
    require(actor, "access_grant.extend", grant)
    moment = at or now()
    if grant.state != "granted":
        raise Refused(N_("This access is not in force."))
    grant.until = usable_end(until, moment)
    record(grant, "extend", actor, moment)
    return grant


def look_into(actor: Actor, listing: Any, reason: str, at: datetime | None = None) -> Moderation:
    """Open a blind listing to the operator for a day, for a written reason; its owners are told, and what is opened is logged."""
    require(actor, "listing.look_into", listing)
    moment = at or now()
    if len(reason.strip()) < PURPOSE[0]:
        raise Refused(N_("Write down why you must look into it; the owner reads it."), field="reason")
    look = Moderation(
        thing=noun(listing), thing_id=listing.id, owner_id=listing.organisation_id, person_id=acting_person(actor).id, reason=reason.strip(),
        at=moment, until=moment + LOOK,
    )
    session.add(look)
    record(look, "begin", actor, moment)
    return look


def asked_of(actor: Actor) -> list[AccessGrant]:
    """Requests to the actor's organisations and what they gave, those that wait first, then newest first."""
    return _waiting_first(AccessGrant.owner_id.in_(list(actor.seats)))


def asked_by(actor: Actor) -> list[AccessGrant]:
    """What the actor's organisations have asked for, in the same order."""
    return _waiting_first(AccessGrant.asking_id.in_(list(actor.seats)))


def _waiting_first(whose: Any) -> list[AccessGrant]:
    waits = AccessGrant.state.in_(("asked", "nda"))
    return list(session.scalars(select(AccessGrant).where(whose).order_by(waits.desc(), AccessGrant.id.desc()).limit(200)))


def looks_at(organisation: Organisation) -> list[Moderation]:
    """The operators' looks into listings of the organisation, newest first."""
    return list(session.scalars(select(Moderation).where(Moderation.owner_id == organisation.id).order_by(Moderation.id.desc()).limit(50)))


def log_of(actor: Actor, organisation: Organisation, page: int, size: int, listing: Any = None) -> list[AccessEntry]:
    """A page of who opened what of the organisation's blind listings, newest first, and one more row if there is a next page."""
    require(actor, "organisation.access_log", organisation)
    query = select(AccessEntry).where(AccessEntry.owner_id == organisation.id)
    if listing is not None:
        query = query.where(AccessEntry.thing == noun(listing), AccessEntry.thing_id == listing.id)
    return list(session.scalars(query.order_by(AccessEntry.id.desc()).offset((page - 1) * size).limit(size + 1)))
