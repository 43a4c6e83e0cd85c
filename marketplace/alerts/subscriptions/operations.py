"""The verbs of subscriptions: follow, change, pause, delete, stop by a link; and which are a person's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy import delete, func, select, update

from marketplace.access import SYSTEM, Actor, require
from marketplace.alerts.subscriptions.models import PACES, Followed, Noticed, Subscription
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.needs.models import Need
from marketplace.people import tokens
from marketplace.people.models import Person
from marketplace.people.operations import acting_person
from marketplace.record import Event, noun, record

MOST = 50  # subscriptions of one person
NAME = 120
Where = Mapping[str, Sequence[str]]


def signature_of(kind: str, *parts: object) -> str:
    """What is followed, as a hash: equal for the same search in any order of its filters."""
    return hashlib.sha256(json.dumps([kind, *parts], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def existing(person: Person, signature: str) -> Subscription | None:
    """The person's subscription to what the signature names, if there is one."""
    return session.scalar(select(Subscription).where(Subscription.person_id == person.id, Subscription.signature == signature))


def _follow(actor: Actor, person: Person, found: Subscription, at: datetime) -> Subscription:
    """Keep a new subscription; the one that follows the same already goes on instead."""
    known = existing(person, found.signature)
    if known is not None:
        known.paused = None
        return known
    if (session.scalar(select(func.count()).select_from(Subscription).where(Subscription.person_id == person.id)) or 0) >= MOST:
        raise Refused(N_("You follow %(most)s things already. Delete one before you add another."), most=MOST)
    session.add(found)
    record(found, "created", actor, at)
    return found


def follow_search(actor: Actor, listing: str, words: str, filters: Where, name: str, at: datetime | None = None) -> Subscription:
    """Follow a search, as its page has it."""
    require(actor, "subscription.create")
    moment, person = at or now(), acting_person(actor)
    kept = {key: sorted(set(values)) for key, values in filters.items() if values}
    plain = " ".join(words.split())
    return _follow(actor, person, Subscription(
        person_id=person.id, kind="search", listing=listing, words=plain, filters=kept, signature=signature_of("search", listing, plain, kept),
        name=name[:NAME], pace="daily", created=moment,
    ), moment)


def follow(actor: Actor, followed: Followed, name: str, at: datetime | None = None) -> Subscription:
    """Follow the matches of a need, a technology or an organisation that the actor works for."""
    kind = noun(followed)
    require(actor, f"{kind}.follow", followed)
    person, moment = acting_person(actor), at or now()
    return _follow(actor, person, _of(person, followed, name, moment), moment)


def _of(person: Person, followed: Followed, name: str, at: datetime) -> Subscription:
    kind = noun(followed)
    pointer = {f"{kind}_id": followed.id}
    return Subscription(
        person_id=person.id, kind=kind, filters={}, words="", signature=signature_of(kind, followed.id), name=name[:NAME], pace="daily", created=at, **pointer
    )


@handler("alerts.follow_need")
def follow_need(thing_id: int) -> None:
    """Have its author follow a need that was published for the first time; paused for an author who has stopped all such mail."""
    need = session.get_one(Need, thing_id)
    published = select(Event.at).where(Event.thing == "need", Event.thing_id == need.id, Event.name == "need.publish").order_by(Event.id)
    moments = list(session.scalars(published.limit(2)))
    author = need.author
    if author is None or not author.is_active or len(moments) > 1 or existing(author, signature_of("need", need.id)) is not None:
        return
    own = subscriptions_of(author)
    if len(own) < MOST:
        name = need.titled(author.language)[0]
        found = _of(author, need, name, moments[0] if moments else now())
        found.paused = now() if has_stopped_all(own) else None
        session.add(found)
        record(found, "created", SYSTEM)


def has_stopped_all(own: Sequence[Subscription]) -> bool:
    """Whether somebody follows things and has stopped the mail about every one of them."""
    return bool(own) and all(each.paused for each in own)


def subscriptions_of(actor: Actor) -> list[Subscription]:
    """Somebody's subscriptions, in the order in which they were made."""
    return list(session.scalars(select(Subscription).where(Subscription.person_id == actor.id).order_by(Subscription.id)))


def own_by_public_id(actor: Actor, public_id: str) -> Subscription:
    """One of the actor's subscriptions; another's is not there."""
    found = session.scalar(select(Subscription).where(Subscription.public_id == public_id, Subscription.person_id == actor.id))
    if found is None:
        raise NotFound()
    return found


def paces_of(found: Subscription) -> tuple[str, ...]:
    """How often something can be told: what is said of one's listings never at once."""
    return PACES[1:] if found.kind == "advice" else PACES


def change(
    actor: Actor, found: Subscription, name: str, pace: str, weekday: int, hour: int, zone: str, at: datetime | None = None
) -> Subscription:
    """Give a subscription another name or pace; what waits is told at the new hour."""
    require(actor, "subscription.edit", found)
    if pace not in paces_of(found) or not 0 <= weekday <= 6 or not 0 <= hour <= 23:
        raise NotFound()
    if zone not in available_timezones():
        raise Refused(N_("There is no time zone of this name. Write it like Asia/Shanghai."), field="zone")
    if not name.strip():
        raise Refused(N_("Give it a name."), field="name")
    found.name, found.pace, found.weekday, found.hour, found.zone = " ".join(name.split())[:NAME], pace, weekday, hour, zone
    found.due = found.next_due(at or now()) if found.due else None
    return found


def pause(actor: Actor, found: Subscription, at: datetime | None = None) -> Subscription:
    """Tell no more of it until it is resumed; what waits is dropped."""
    require(actor, "subscription.edit", found)
    _stop([found], at or now())
    return found


def resume(actor: Actor, found: Subscription) -> Subscription:
    """Go on telling of what comes from now on."""
    require(actor, "subscription.edit", found)
    found.paused = None
    return found


def remove(actor: Actor, found: Subscription) -> None:
    """Delete a subscription with all that was noticed for it; one that would come back by itself is paused."""
    require(actor, "subscription.edit", found)
    if found.kind == "advice":
        _stop([found], now())
        return
    session.execute(delete(Noticed).where(Noticed.subscription_id == found.id))
    session.delete(found)


def _stop(stopped: Sequence[Subscription], at: datetime) -> None:
    for each in stopped:
        each.paused, each.due = each.paused or at, None
    keys = [each.id for each in stopped]
    session.execute(update(Noticed).where(Noticed.subscription_id.in_(keys), Noticed.told.is_(None)).values(told=at))


def token_for(thing: Subscription | Person) -> str:
    """The token of a link that stops one subscription, or all of a person's; it can do nothing else and does not grow old."""
    return tokens.make("unsubscribe", thing.public_id, noun(thing))


def stopped_by(token: str, at: datetime | None = None) -> tuple[Subscription | Person | None, bool]:
    """What a token would stop, and whether that is everything of a person. None when it is not there any more.

    Refused when the token was not made by us.
    """
    try:
        claim = tokens.read("unsubscribe", token, at or now())
    except Refused as problem:
        raise Refused(N_("This link was cut off. Copy it whole from the mail, or sign in and choose what you follow.")) from problem
    if claim.is_bound_to("person"):
        return session.scalar(select(Person).where(Person.public_id == claim.public_id)), True
    return session.scalar(select(Subscription).where(Subscription.public_id == claim.public_id)), False


def stop_by_token(actor: Actor, token: str, at: datetime | None = None) -> None:
    """Stop what the token names; again, or after it was deleted, that changes nothing."""
    require(actor, "subscription.stop")
    moment = at or now()
    found, _everything = stopped_by(token, moment)
    if isinstance(found, Subscription):
        _stop([found], moment)
    elif found is not None:
        _stop(subscriptions_of(found), moment)


def name_of(followed: Followed, language: str) -> str:
    """What a subscription to something is called at first."""
    return followed.titled(language)[0] if isinstance(followed, (Need, Technology)) else followed.called(language)
