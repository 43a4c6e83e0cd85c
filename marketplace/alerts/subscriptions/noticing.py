"""What is new in each subscription: arrivals held against all searches in one pass, and new matches.

A job may run twice, be killed, or run beside another: each thing is written once for each subscription, and an arrival is crossed
off only when all that it was noticed for is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import selectinload

from marketplace.alerts.subscriptions.models import Arrival, Noticed, Subscription
from marketplace.calls import listing as calls
from marketplace.calls.documents import document as call_document
from marketplace.calls.models import Call
from marketplace.catalogue.models import Technology
from marketplace.db import now, session, to_read
from marketplace.jobs import enqueue, handler
from marketplace.matching import operations as matching
from marketplace.matching.arrivals import Arrivals
from marketplace.matching.documents import need_document, shown_document, technology_document
from marketplace.matching.index import Document
from marketplace.matching.models import Match
from marketplace.needs.models import Need
from marketplace.people.models import Membership, Organisation, Person

GATHERED = timedelta(seconds=30)  # arrivals of so long are held against the searches together
AT_ONCE = 500  # subscriptions written between two commits
MOST = 5_000  # arrivals of one pass
LISTINGS = ("technology", "need", "open_call")
KEPT = 200  # things that wait to be told in one subscription; a digest shows twenty and says that there are more


def _arrived(thing: str, keys: Sequence[int], at: datetime) -> None:
    """Write listings down that came in, each once, and have them looked at in a moment."""
    known = set(session.scalars(select(Arrival.thing_id).where(Arrival.thing == thing, Arrival.thing_id.in_(keys))))
    session.add_all(Arrival(thing=thing, thing_id=key, at=at) for key in keys if key not in known)
    enqueue("alerts.notice", key="notice", after=GATHERED)


@handler("alerts.technology_arrived")
def technology_arrived(thing_id: int) -> None:
    """Write a technology down that was published or revised."""
    _arrived("technology", [thing_id], now())


@handler("alerts.need_arrived")
def need_arrived(thing_id: int) -> None:
    """Write a need down that was published or revised."""
    _arrived("need", [thing_id], now())


@handler("alerts.call_arrived")
def call_arrived(thing_id: int) -> None:
    """Write a call down that was published or amended."""
    _arrived("open_call", [thing_id], now())


@handler("alerts.run_arrived")
def run_arrived(thing_id: int) -> Iterator[None]:
    """Write down what an import run published."""
    for thing, model in (("technology", Technology), ("need", Need)):
        keys = list(session.scalars(select(model.id).where(model.import_run_id == thing_id)))
        for start in range(0, len(keys), AT_ONCE):
            _arrived(thing, keys[start : start + AT_ONCE], now())
            yield


Listing = Technology | Need | Call


@dataclass(frozen=True)
class Search:
    """One search, whoever follows it."""

    signature: str
    listing: str
    words: str
    filters: dict[str, list[str]]


@dataclass(frozen=True)
class News:
    """What came in: by kind of listing the keys open to everybody who looks, and those open to verified people alone."""

    open: dict[str, set[int]]
    members: dict[str, set[int]]


@handler("alerts.notice")
def notice() -> Iterator[None]:
    """Hold what arrived against all searches, and write what each found; then cross the arrivals off."""
    with to_read():
        rows = session.execute(select(Arrival.id, Arrival.thing, Arrival.thing_id).order_by(Arrival.id).limit(MOST)).all()
        listings = _listings([(thing, key) for _, thing, key in rows])
        found = found_by(searches(), listings) if listings else {}
    yield
    yield from _write(found, News(*_by_visibility(listings)))
    session.execute(delete(Arrival).where(Arrival.id.in_([row.id for row in rows])))
    if len(rows) == MOST:
        enqueue("alerts.notice", key="notice")


def _listings(things: Sequence[tuple[str, int]]) -> list[Listing]:
    """Those of the arrivals that are still open."""
    found: list[Listing] = []
    for thing, model, options in (("technology", Technology, [selectinload(Technology.offer)]), ("need", Need, []), ("open_call", Call, [])):
        keys = [key for kind, key in things if kind == thing]
        if keys:
            found += session.scalars(select(model).where(model.id.in_(keys), model.state.in_(model.OPEN_STATES)).options(*options))
    return found


def searches() -> list[Search]:
    """The different searches that anybody follows now."""
    one = select(func.min(Subscription.id)).where(Subscription.kind == "search", Subscription.paused.is_(None)).group_by(Subscription.signature)
    columns = (Subscription.signature, Subscription.listing, Subscription.words, Subscription.filters)
    return [Search(*row) for row in session.execute(select(*columns).where(Subscription.id.in_(one)))]


def _document(listing: Listing) -> Document:
    """A listing as a search finds it: of a blind one nobody finds more than its teaser, by words alone."""
    if isinstance(listing, Call):
        return call_document(listing)
    if listing.visibility == "blind":
        return shown_document(listing, in_full=False)
    return technology_document(listing) if isinstance(listing, Technology) else need_document(listing)


def found_by(asked: Iterable[Search], listings: Sequence[Listing]) -> dict[str, tuple[str, list[int]]]:
    """By signature what each search finds among the listings: their kind and keys."""
    view = matching.index().view()
    arrivals = Arrivals((_document(listing) for listing in listings), view.searcher if view else None)
    kinds, came = {listing.__tablename__ for listing in listings}, {one.id: one for one in listings if isinstance(one, Call)}
    found = {}
    for search in asked:
        if search.listing in kinds:
            keys = _calls_found(arrivals, search, came) if search.listing == "open_call" else arrivals.found(search.listing, search.words, search.filters)
            if keys:
                found[search.signature] = (search.listing, keys)
    return found


def _calls_found(arrivals: Arrivals, search: Search, came: Mapping[int, Call]) -> list[int]:
    """Calls by the words of a search and by the filters of their list, which are amounts and days and no facets."""
    wanted, moment = calls.asked({name: values[0] for name, values in search.filters.items()}), now()
    return [key for key in arrivals.found(search.listing, search.words, {}) if calls.fits(came[key], wanted, moment)]


def _by_visibility(listings: Sequence[Listing]) -> tuple[dict[str, set[int]], dict[str, set[int]]]:
    """Keys by kind of what everybody finds, and of what is open to members only."""
    everybody: dict[str, set[int]] = {thing: set() for thing in LISTINGS}
    members: dict[str, set[int]] = {thing: set() for thing in LISTINGS}
    for listing in listings:
        (members if listing.visibility == "members" else everybody)[listing.__tablename__].add(listing.id)
    return everybody, members


def reading_members_only(person_ids: Collection[int]) -> set[int]:
    """Those of these people to whom members-only listings are open: the twin of `access.open_visibilities` in SQL."""
    verified = exists().where(Membership.person_id == Person.id, Membership.organisation_id == Organisation.id, Organisation.state == "verified")
    query = select(Person.id).where(Person.id.in_(person_ids), or_(Person.is_broker, Person.is_operator, verified))
    return set(session.scalars(query))


def _write(found: dict[str, tuple[str, list[int]]], news: News) -> Iterator[None]:
    """What each subscription noticed, some subscriptions between two commits."""
    signatures = list(found)
    for start in range(0, len(signatures), AT_ONCE):
        last = 0
        while True:
            following = select(Subscription).where(
                Subscription.kind == "search", Subscription.signature.in_(signatures[start : start + AT_ONCE]), Subscription.paused.is_(None),
                Subscription.id > last,
            )
            rows = list(session.scalars(following.order_by(Subscription.id).limit(AT_ONCE)))
            if not rows:
                break
            last = rows[-1].id
            inside = reading_members_only({row.person_id for row in rows})
            for thing in LISTINGS:
                wanted = {row: _open_to(row, found[row.signature][1], thing, news, inside) for row in rows if row.listing == thing}
                notice_in(thing, wanted, now())
            session.flush()  # the rows leave the session below
            session.expunge_all()
            yield


def _open_to(row: Subscription, keys: list[int], thing: str, news: News, inside: set[int]) -> list[int]:
    members = news.members[thing] if row.person_id in inside else set()
    return [key for key in keys if key in news.open[thing] or key in members]


def notice_in(thing: str, wanted: dict[Subscription, list[int]], at: datetime) -> None:
    """Write what is new in subscriptions: each thing once, no more than may wait, and when it is due."""
    wanted = {row: keys for row, keys in wanted.items() if keys}
    ids = [row.id for row in wanted]
    keys = {key for each in wanted.values() for key in each}
    known = set(map(tuple, session.execute(select(Noticed.subscription_id, Noticed.thing_id).where(
        Noticed.subscription_id.in_(ids), Noticed.thing == thing, Noticed.thing_id.in_(keys)))))
    untold = select(Noticed.subscription_id, func.count()).where(Noticed.subscription_id.in_(ids), Noticed.told.is_(None))
    waiting = dict(session.execute(untold.group_by(Noticed.subscription_id)).all())
    fresh = []
    for row, each in wanted.items():
        room = max(0, KEPT - waiting.get(row.id, 0))
        new = [key for key in each if (row.id, key) not in known][:room]
        fresh += [{"subscription_id": row.id, "thing": thing, "thing_id": key, "at": at} for key in new]
        if new and row.due is None:
            row.due = row.next_due(at)
    if fresh:
        session.execute(insert(Noticed), fresh)


@handler("alerts.matches_found")
def matches_found(thing_id: int) -> None:
    """Note a need's new matches for whoever follows the need, one of the technologies, or an organisation of either side."""
    need = session.get_one(Need, thing_id)
    matches = list(session.scalars(select(Match).where(Match.need_id == need.id, Match.current)))
    technologies = {match.technology_id: match.technology.organisation_id for match in matches}
    houses = {*technologies.values(), need.organisation_id} - {None}
    follows = or_(
        and_(Subscription.kind == "need", Subscription.need_id == need.id),
        and_(Subscription.kind == "technology", Subscription.technology_id.in_(list(technologies))),
        and_(Subscription.kind == "organisation", Subscription.organisation_id.in_(houses)),
    )
    rows = session.scalars(select(Subscription).where(follows, Subscription.paused.is_(None)).order_by(Subscription.id))
    notice_in("match", {row: _matches_for(row, need, matches) for row in rows}, now())


def _matches_for(row: Subscription, need: Need, matches: Sequence[Match]) -> list[int]:
    """Matches that are new to a subscription: found since it was made, and its own."""
    fresh = [match for match in matches if match.created >= row.created]
    if row.kind == "technology":
        fresh = [match for match in fresh if match.technology_id == row.technology_id]
    if row.kind == "organisation" and row.organisation_id != need.organisation_id:
        fresh = [match for match in fresh if match.technology.organisation_id == row.organisation_id]
    return [match.id for match in fresh]


def settle(rows: Sequence[Subscription], at: datetime) -> None:
    """Drop what waits in subscriptions."""
    ids = [row.id for row in rows]
    session.execute(update(Noticed).where(Noticed.subscription_id.in_(ids), Noticed.told.is_(None)).values(told=at))
