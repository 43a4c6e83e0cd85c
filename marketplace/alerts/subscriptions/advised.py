"""What was said of one's listings: declines by the other side, gathered for the digest with the advice that each code carries.

Nobody asks for it: the first decline makes the subscription, daily, for the author of the listing and the owners of its organisation. It is never told at once,
so that no decline can be laid to one reader, and it stops like any other. A decline that was taken back before the mail goes out is not told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, may
from marketplace.alerts.subscriptions import noticing
from marketplace.alerts.subscriptions.models import Subscription
from marketplace.alerts.subscriptions.operations import existing, has_stopped_all, signature_of, subscriptions_of
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.matching.advice import ADVICE, side_of
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need
from marketplace.people import organisations
from marketplace.people.models import Membership, Person
from marketplace.record import noun, record

NAMES = {"zh": "对我方成果和需求的反馈", "en": "What was said of my listings"}
Listing = Technology | Need
OTHERS = {"firm": "holder", "holder": "firm"}


@handler("alerts.listing_declined")
def listing_declined(thing_id: int) -> None:
    """Note the newest declines of a match for those whose listing was declined; a technology manager's say nothing to either side."""
    match = session.get_one(Match, thing_id)
    for side in OTHERS:
        answer = newest(match, side)
        if answer is not None:
            rows = [row for person in _hearing(_declined(match, side)) if (row := _following(person, answer.at)) is not None and row.paused is None]
            noticing.notice_in("decline", dict.fromkeys(rows, [answer.id]), now())


def newest(match: Match, side: str) -> MatchAnswer | None:
    """The answer by which a side declined the match, if it stands."""
    if getattr(match, side) != "declined":
        return None
    key = select(func.max(MatchAnswer.id)).where(MatchAnswer.match_id == match.id, MatchAnswer.side == side)
    return session.scalar(select(MatchAnswer).where(MatchAnswer.id == key.scalar_subquery(), MatchAnswer.answer == "declined"))


def _declined(match: Match, side: str) -> Listing:
    """The listing that a side's decline is about: the other one's."""
    return match.technology if side == "firm" else match.need


def _hearing(listing: Listing) -> list[Person]:
    """Whoever wrote the listing and works for its organisation still, and the owners of that."""
    if listing.organisation is None:
        return []
    found = {person.id: person for person in organisations.owners(listing.organisation)}
    working = select(Person).join(Membership).where(Person.id == listing.author_id, Membership.organisation_id == listing.organisation_id)
    found |= {person.id: person for person in session.scalars(working)}
    return [person for person in found.values() if person.is_active]


def _following(person: Person, at: datetime) -> Subscription | None:
    """The person's subscription to what is said of his listings, made with the first of it; paused for who has stopped all such mail."""
    own = signature_of("advice")
    known = existing(person, own)
    if known is not None:
        return known
    made = Subscription(
        person_id=person.id, kind="advice", filters={}, words="", signature=own, name=NAMES[person.language], pace="daily", created=at,
        paused=now() if has_stopped_all(subscriptions_of(person)) else None,
    )
    session.add(made)
    record(made, "created", SYSTEM)
    return made


def is_open(person: Actor, answer: MatchAnswer) -> bool:
    """Whether a person may be told of a decline now: it stands, the listing is open and his to be advised on."""
    match = session.get_one(Match, answer.match_id)
    listing = _declined(match, answer.side)
    if answer.side not in OTHERS or listing.state not in type(listing).OPEN_STATES or not may(person, f"{noun(listing)}.advice", listing):
        return False
    return newest(match, answer.side) is answer


def told(answers: Sequence[MatchAnswer]) -> Iterable[tuple[Listing, str, int, str]]:
    """Listing by listing what was said of it: the code, how often, and the advice; the most frequent first."""
    counts: Counter[tuple[Listing, str]] = Counter()
    for answer in answers:
        counts[_declined(session.get_one(Match, answer.match_id), answer.side), answer.code or "other"] += 1
    for (listing, code), count in counts.most_common():
        yield listing, code, count, ADVICE[code][side_of(listing)]


def lately(person: Person, most: int) -> list[MatchAnswer]:
    """The newest declines of listings of the organisations that a person works for, for a sample of the mail."""
    found: list[MatchAnswer] = []
    for side, key, model in (("firm", Match.technology_id, Technology), ("holder", Match.need_id, Need)):
        own = select(model.id).where(model.organisation_id.in_(list(person.seats)))
        query = select(MatchAnswer).join(Match, Match.id == MatchAnswer.match_id).where(
            key.in_(own), MatchAnswer.side == side, MatchAnswer.answer == "declined", getattr(Match, side) == "declined")
        found += session.scalars(query.order_by(MatchAnswer.id.desc()).limit(most))
    return sorted(found, key=lambda answer: -answer.id)[:most]
