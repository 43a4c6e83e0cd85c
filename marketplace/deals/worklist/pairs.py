"""The best new pairs: current matches that no side has declined, nobody has made a deal of and the actor has not answered, the likeliest first.

The index `ix_match_new_for_brokers` holds the current matches that no side has declined in the order of their probability, so that the first twenty are
read from its end whatever the number of matches; the walk goes on past what the actor has answered himself, and what lies outside his specialty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from marketplace.access import Actor, may, visible_to
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.deals.models import Deal
from marketplace.deals.worklist.models import Snooze, Specialty
from marketplace.deals.worklist.rows import Row, Step
from marketplace.errors import N_
from marketplace.matching.desk.brokers import answered_among, answered_by
from marketplace.matching.models import NEW_FOR_BROKERS, Match, Scoring
from marketplace.matching.words import BANDS, band
from marketplace.needs.models import Need
from marketplace.people.models import Organisation

MOST = 20
REASONS = 2
PIECES = 200, 800, 800, 800, 800, 800
"""How many matches are read from the index at a time. Never more than 800: with thousands of ids SQLite reads all technologies instead."""


def awake(actor: Actor, kind: str, thing: ColumnElement[str], today: date) -> ColumnElement[bool]:
    """Rows of a kind that the actor has not put off beyond today; `thing` is the column of their public ids."""
    own = select(Snooze.id).where(Snooze.person_id == actor.id, Snooze.kind == kind, Snooze.thing == thing, Snooze.until > today)
    return ~exists(own)


def specialty_of(actor: Actor) -> Specialty | None:
    """What the actor works in, if he has said so."""
    return session.scalar(select(Specialty).where(Specialty.person_id == actor.id))


def within(query: Select, specialty: Specialty | None) -> Select:
    """Of a query that reads `Need` and `Technology`, what lies in a specialty: either side's field, and either side's region."""
    if specialty is None:
        return query
    subject = [Need.industry.startswith(code, autoescape=True) for code in specialty.industries]
    if specialty.fields:
        subject.append(Technology.field.in_(specialty.fields))
    if subject:
        query = query.where(or_(*subject))
    if specialty.regions:
        holder = aliased(Organisation)
        query = query.join(holder, holder.id == Technology.organisation_id)
        query = query.where(or_(Need.region.in_(specialty.regions), holder.region.in_(specialty.regions)))
    return query


def likeliest(before: tuple[float, int] | None, count: int) -> list[tuple[float, int]]:
    """Probability and id of so many new matches, the likeliest first, after the one that is named."""
    query = select(Match.probability, Match.id).where(NEW_FOR_BROKERS)  # word for word the condition of the index, or SQLite does not see it
    if before is not None:
        query = query.where(tuple_(Match.probability, Match.id) < tuple_(*before))
    return [tuple(row) for row in session.execute(query.order_by(Match.probability.desc(), Match.id.desc()).limit(count))]


def usable(actor: Actor, today: date, specialty: Specialty | None, which: ColumnElement[bool]) -> Select:
    """Of these matches those that the actor may read, has not put off and works in, and of which there is no deal, the likeliest first.

    Those with which a side asks for an introduction stand in their own section.
    """
    dealt = select(Deal.id).where(Deal.need_id == Match.need_id, Deal.technology_id == Match.technology_id, Deal.state != "lost")
    query = select(Match.id).join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id).where(
        which, Need.state.in_(Need.OPEN_STATES), visible_to(actor, Need), Technology.state.in_(Technology.OPEN_STATES),
        visible_to(actor, Technology), Match.firm != "introduced", Match.holder != "introduced", ~exists(dealt), awake(actor, "pair", Match.public_id, today),
    )
    return within(query, specialty).order_by(Match.probability.desc(), Match.id.desc())


def new_pairs(actor: Actor, today: date, most: int = MOST) -> list[int]:
    """The ids of the best new pairs, the likeliest first.

    The index is read from its end piece by piece until there are enough; whoever works in so narrow a field that the likeliest thousands do not hold
    twenty of it has few matches, which are then looked for all at once.
    """
    specialty = specialty_of(actor)
    found: list[int] = []
    before = None
    for count in PIECES if specialty is None else PIECES[1:]:
        piece = likeliest(before, count)
        mine = answered_among(actor, [key for _, key in piece])
        found += session.scalars(usable(actor, today, specialty, _these([key for _, key in piece if key not in mine])).limit(most - len(found)))
        if len(found) >= most or len(piece) < count:
            return found
        before = piece[-1]
    rest = and_(~answered_by(actor), Match.current, Match.firm != "declined", Match.holder != "declined", tuple_(Match.probability, Match.id) < tuple_(*before))
    return found + list(session.scalars(usable(actor, today, specialty, rest).limit(most - len(found))))


def _these(ids: Sequence[int]) -> ColumnElement[bool]:
    """Matches by their ids, which are written into the statement: as hundreds of parameters they cost half as much again."""
    return Match.id.in_(bindparam(None, ids, expanding=True, literal_execute=True))


def pairs(actor: Actor, today: date) -> list[Row]:
    """The best new pairs as rows. One with a listing that is not open to the actor in full is placed and told by its band alone, after the others of it."""
    ids = new_pairs(actor, today)
    matches = list(session.scalars(select(Match).where(Match.id.in_(ids))))
    open_to = {match.id: all(may(actor, "listing.read_in_full", listing) for listing in (match.need, match.technology)) for match in matches}
    reasons = _reasons([match.id for match in matches if open_to[match.id]])

    order = {code: number for number, (_, code) in enumerate(BANDS)}

    def place(match: Match) -> tuple[int, bool, float, int]:
        told = open_to[match.id]
        return order[band(match.probability)], not told, -match.probability if told else 0.0, -match.id

    return [_row(match, open_to[match.id], reasons.get(match.id, ())) for match in sorted(matches, key=place)]


def _reasons(ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The names of the contributions that carried each match most, by its newest scoring."""
    newest = select(func.max(Scoring.id)).where(Scoring.match_id.in_(ids)).group_by(Scoring.match_id)
    found = {}
    for scoring in session.scalars(select(Scoring).where(Scoring.id.in_(newest))):
        parts = sorted(((float(value), str(name)) for name, value in scoring.contributions if value > 0), reverse=True)
        found[scoring.match_id] = tuple(name for _, name in parts[:REASONS])
    return found


def _row(match: Match, in_full: bool, reasons: tuple[str, ...]) -> Row:
    values = {"chance": match.probability, "reasons": reasons} if in_full else {"band": band(match.probability)}
    liked = next((side for side in ("firm", "holder") if getattr(match, side) == "shortlisted"), None)
    if liked:
        values["side"] = liked
    return Row(
        "pair", match.public_id, _why(in_full, bool(reasons), liked), Step(N_("Open a deal"), "deals.open", {"public_id": match.public_id}, post=True), values,
        (match.need, match.technology), match=match.public_id,
    )


def _why(in_full: bool, reasons: bool, liked: str | None) -> str:
    if in_full and reasons:
        return N_("Match %(chance)s, mostly by %(reasons)s; %(side)s has shortlisted it, and there is no deal yet.") if liked else N_(
            "Match %(chance)s, mostly by %(reasons)s; nobody has declined it, and there is no deal yet.")
    if in_full:
        return N_("Match %(chance)s; %(side)s has shortlisted it, and there is no deal yet.") if liked else N_(
            "Match %(chance)s; nobody has declined it, and there is no deal yet.")
    return N_("A %(band)s match with a blind listing; %(side)s has shortlisted it, and there is no deal yet.") if liked else N_(
        "A %(band)s match with a blind listing; nobody has declined it, and there is no deal yet.")
