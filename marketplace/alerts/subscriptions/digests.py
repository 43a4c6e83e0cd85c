"""Digests: one mail with all that is due for one person, in that person's language, of what may be read at that moment.

What a mail tells is marked in the transaction that queues it, so that a worker that dies in between has done neither and one that
runs again finds nothing left to tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.delivery import closed_address_of
from marketplace.alerts.models import Mail
from marketplace.alerts.operations import Envelope, to_person
from marketplace.alerts.subscriptions import advised
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.alerts.subscriptions.noticing import AT_ONCE, KEPT
from marketplace.alerts.subscriptions.operations import token_for
from marketplace.calls.models import Call
from marketplace.catalogue.models import DECLINE_REASONS, Technology
from marketplace.db import now, session
from marketplace.jobs import enqueue, handler
from marketplace.matching.documents import shown_title
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need
from marketplace.people.models import Person

SHOWN = 20  # things of one subscription in one mail
SEARCH_PAGES = {"technology": "/technologies", "need": "/needs", "open_call": "/open-calls"}
LISTING_PAGES = {kind: f"{page}/" for kind, page in SEARCH_PAGES.items()}
MODELS: dict[str, type] = {"technology": Technology, "need": Need, "open_call": Call, "match": Match, "decline": MatchAnswer}


@dataclass(frozen=True)
class Line:
    """One thing in a digest: its title, the language of that, the path of its page; `revised` for a listing that was there before;
    `beside` the title of the other listing of a match, where the subscription does not say which that is. `said`: how often the other
    side declined it, why (a message id), and what helps (a message id)."""

    title: str
    language: str
    path: str
    revised: bool = False
    beside: str = ""
    said: tuple[int, str, str] | None = None


@dataclass(frozen=True)
class Section:
    """One subscription in a digest: its name, its first things, how many more there are (`many`: or more than that), and its page."""

    name: str
    lines: list[Line]
    more: int
    many: bool
    path: str


def page_of(row: Subscription) -> str:
    """The path of the page where all that a subscription finds stands."""
    if row.kind == "search":
        asked = {**({"q": row.words} if row.words else {}), **row.filters}
        return SEARCH_PAGES[row.listing or ""] + (f"?{urlencode(asked, doseq=True)}" if asked else "")
    if row.kind == "advice":
        return "/desk"
    followed = row.followed
    place = {"need": "/needs/", "technology": "/technologies/", "organisation": "/organisations/"}[row.kind]
    return f"{place}{followed.public_id}" if followed else "/subscriptions"


@handler("alerts.digests", every=timedelta(minutes=1))
def digests() -> Iterator[None]:
    """Queue a digest for everybody for whom something is due."""
    due = select(Subscription.person_id).where(Subscription.due <= now(), Subscription.paused.is_(None)).distinct()
    for number, person_id in enumerate(session.scalars(due).all(), 1):
        enqueue("alerts.digest", key=f"person:{person_id}", person_id=person_id)
        if number % AT_ONCE == 0:
            yield


@handler("alerts.digest")
def digest(person_id: int) -> None:
    """Write one mail with all that is due for a person."""
    write(session.get_one(Person, person_id), now())


def write(person: Person, at: datetime) -> Mail | None:
    """Write the digest that is due, and mark what it tells; None when there is nothing to tell.

    It waits for an address that is not confirmed or sends mail back; of a closed account what waits is dropped.
    """
    own = select(Subscription).where(Subscription.person_id == person.id, Subscription.paused.is_(None), Subscription.due <= at)
    rows = list(session.scalars(own.order_by(Subscription.id).with_for_update()))
    if not rows:
        return None
    if person.is_active and (person.confirmed is None or closed_address_of(person) is not None):
        for row in rows:
            row.due = row.next_due(at)
        return None
    waiting = {row: _waiting(row) for row in rows}
    sections, shown = _sections(person, waiting) if person.is_active else ([], [])
    mail = _mail(person, rows, sections, len(shown)) if sections else None
    if mail is not None:
        session.flush()  # what was told points at the mail by its id
    for row, noticed in waiting.items():
        for each in noticed:
            each.told, each.mail_id = at, mail.id if mail and each in shown else None
        row.due, row.told = None, at if mail else row.told
    return mail


def _waiting(row: Subscription) -> list[Noticed]:
    query = select(Noticed).where(Noticed.subscription_id == row.id, Noticed.told.is_(None))
    return list(session.scalars(query.order_by(Noticed.id.desc()).limit(KEPT)))


def _sections(person: Person, waiting: dict[Subscription, list[Noticed]]) -> tuple[list[Section], list[Noticed]]:
    """What each subscription tells, a thing once in all of them, and all that counts as told by it."""
    seen: set[tuple[str, int]] = set()
    sections, shown = [], []
    for row, noticed in waiting.items():
        things = _things(noticed)
        told = [(each, things[each]) for each in noticed if each in things and (each.thing, each.thing_id) not in seen]
        told = [(each, thing) for each, thing in told if _open_to(person, row, thing)]
        if row.kind not in ("search", "advice"):
            told.sort(key=lambda pair: -pair[1].probability)
        seen.update((each.thing, each.thing_id) for each, _ in told)
        if told:
            sections.append(_section(person, row, [thing for _, thing in told], len(noticed) >= KEPT))
            shown += [each for each, _ in told]
    return sections, shown


def _section(person: Person, row: Subscription, things: Sequence[Any], many: bool = False) -> Section:
    """What one subscription tells of its things; of declines one line for each listing and reason."""
    if row.kind == "advice":
        said = list(advised.told(things))
        lines, count = [_advice_line(person, *each) for each in said[:SHOWN]], len(said)
    else:
        lines, count = [_line(person, row, thing) for thing in things[:SHOWN]], len(things)
    return Section(row.name, lines, max(0, count - SHOWN), many, page_of(row))


def _advice_line(person: Person, listing: Technology | Need, code: str, count: int, advice: str) -> Line:
    title, spoken = shown_title(person, listing, person.language)
    return Line(_plain(title), spoken, LISTING_PAGES[listing.__tablename__] + listing.public_id, said=(count, DECLINE_REASONS[code], advice))


def _things(noticed: Sequence[Noticed]) -> dict[Noticed, Any]:
    """The listings and matches that were noticed, those that are there still."""
    found: dict[Noticed, Any] = {}
    for thing, model in MODELS.items():
        keys = [each.thing_id for each in noticed if each.thing == thing]
        rows = {row.id: row for row in session.scalars(select(model).where(model.id.in_(keys)))} if keys else {}
        found |= {each: rows[each.thing_id] for each in noticed if each.thing == thing and each.thing_id in rows}
    return found


def _open_to(person: Person, row: Subscription, thing: Any) -> bool:
    """Whether a person may be told of a thing now: it is still open, and open to this reader."""
    if isinstance(thing, MatchAnswer):
        return advised.is_open(person, thing)
    if isinstance(thing, Match):
        both = (thing.need, thing.technology)
        return thing.current and may(person, "match.read", thing) and all(_is_open(person, listing) for listing in both)
    return _is_open(person, thing)


def _is_open(person: Person, listing: Technology | Need | Call) -> bool:
    """A call is of interest while it takes proposals, though it can be read for longer."""
    if isinstance(listing, Call) and (listing.state != "published" or listing.deadline <= now()):
        return False
    return listing.state in type(listing).OPEN_STATES and may(person, "listing.read", listing)


def _line(person: Person, row: Subscription, thing: Any) -> Line:
    language = person.language
    if isinstance(thing, Match):
        listing, other = (thing.need, thing.technology) if row.kind == "technology" else (thing.technology, thing.need)
        title, spoken = shown_title(person, listing, language)
        beside = shown_title(person, other, language)[0] if row.kind == "organisation" else ""
        return Line(_plain(title), spoken, f"/matches/{thing.public_id}", beside=_plain(beside))
    title, spoken = thing.titled(language) if isinstance(thing, Call) else shown_title(person, thing, language)
    revised = thing.published is not None and thing.published < row.created
    return Line(_plain(title), spoken, LISTING_PAGES[thing.__tablename__] + thing.public_id, revised)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _mail(person: Person, rows: Sequence[Subscription], sections: list[Section], count: int) -> Mail:
    """The mail; its link stops the one subscription that it is about, or all."""
    stop = f"/unsubscribe/{token_for(rows[0] if len(rows) == 1 else person)}"
    return to_person(
        "digest", person, "/subscriptions", sections=sections, count=count, stop=stop, alone=len(rows) == 1, envelope=Envelope(unsubscribe=stop)
    )


def sample(row: Subscription, listings: Sequence[Technology | Need | Call | Match | MatchAnswer]) -> Section:
    """How a subscription would look in a digest that told of these."""
    return replace(_section(row.person, row, [thing for thing in listings if _open_to(row.person, row, thing)]), more=0)


def matches_now(row: Subscription) -> list[Match]:
    """The best current matches of what a subscription follows, besides a search."""
    query = select(Match).where(Match.current)
    if row.kind == "need":
        query = query.where(Match.need_id == row.need_id)
    elif row.kind == "technology":
        query = query.where(Match.technology_id == row.technology_id)
    else:
        either = select(Technology.id).where(Technology.organisation_id == row.organisation_id)
        query = query.where(Match.need_id.in_(select(Need.id).where(Need.organisation_id == row.organisation_id)) | Match.technology_id.in_(either))
    return list(session.scalars(query.order_by(Match.probability.desc(), Match.id).limit(SHOWN)))
