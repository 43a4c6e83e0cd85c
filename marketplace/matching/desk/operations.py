"""The lists of the match desk: a side's matches by answer, page by page, with how many there are of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from marketplace.access import Actor, visible_to
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.matching.models import Match, MatchAnswer, Scoring
from marketplace.needs.models import Need

ORDER = ("new", "introduced", "shortlisted", "declined")
BY_LISTING, BEST, NEWEST = "", "best", "newest"
ORDERS = (BY_LISTING, BEST, NEWEST)
"""How a side's matches can stand: under its listings, the newest of them first; over all of them by how good they are; or by when they were found."""

OTHER = {"firm": "holder", "holder": "firm"}
OWN = {"firm": "need_id", "holder": "technology_id"}


@dataclass(frozen=True)
class Desk:
    """One page of a side's list, and the number of matches by answer."""

    side: str
    answer: str
    rows: list[Match]
    counts: dict[str, int]


def _own(actor: Actor, side: str) -> tuple[ColumnElement[bool], ...]:
    """The matches on this side of the actor's organisations whose other listing the actor may still open."""
    own, other = (Need, Technology) if side == "firm" else (Technology, Need)
    return own.organisation_id.in_(list(actor.seats)), visible_to(actor, other), other.state.in_(other.OPEN_STATES)


def _joined(query: Select[Any]) -> Select[Any]:
    return query.join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id)


def _fresh(side: str) -> ColumnElement[bool]:
    """Whether a match that waits for the side's answer is worth one: it is current, and the other side has not declined it."""
    return and_(Match.current, getattr(Match, OTHER[side]) != "declined")


def _by_listing(actor: Actor, side: str) -> list[tuple[int, str, int]]:
    """How many matches each of the side's listings has by answer, the newest listing first; of the new ones those alone that are worth an answer."""
    if not actor.seats:
        return []
    own, given = getattr(Match, OWN[side]), getattr(Match, side)
    worth = case((given != "new", 1), (_fresh(side), 1), else_=0)
    query = _joined(select(own, given, func.sum(worth)).select_from(Match)).where(*_own(actor, side)).group_by(own, given)
    return [(key, answer, int(count)) for key, answer, count in session.execute(query.order_by(own.desc())) if count]


def counted(actor: Actor, side: str) -> dict[str, int]:
    """How many matches the side has by answer."""
    return _summed(_by_listing(actor, side))


def _summed(by_listing: list[tuple[int, str, int]]) -> dict[str, int]:
    found = dict.fromkeys(ORDER, 0)
    for _key, answer, count in by_listing:
        found[answer] += count
    return found


def desk(actor: Actor, side: str, answer: str, page: int, size: int, order: str = BY_LISTING) -> Desk:
    """A page of the side's matches with this answer: by listing, newest first, in each the best match first; or in another order, over all listings.

    The counts by listing, which the page shows in sum anyway, say which few listings it needs: only their matches are sorted.
    """
    by_listing = _by_listing(actor, side)
    if order != BY_LISTING:
        by = (Match.score.desc(), Match.id) if order == BEST else (Match.id.desc(),)
        return Desk(side, answer, _these(_with_answer(actor, side, answer).order_by(*by).offset((page - 1) * size).limit(size)), _summed(by_listing))
    skipped, before, chosen, ready = (page - 1) * size, 0, [], 0
    for key, given, count in by_listing:
        if given != answer or ready >= size:
            continue
        if before + count <= skipped:
            before += count
            continue
        chosen.append(key)
        ready += count - (0 if len(chosen) > 1 else skipped - before)
    rows = _of(actor, side, answer, chosen, skipped - before, size) if chosen else []
    return Desk(side, answer, rows, _summed(by_listing))


def _with_answer(actor: Actor, side: str, answer: str) -> Select[Any]:
    """The keys of the side's matches with this answer."""
    return _joined(select(Match.id)).where(*_own(actor, side), getattr(Match, side) == answer, *((_fresh(side),) if answer == "new" else ()))


def _of(actor: Actor, side: str, answer: str, listings: list[int], offset: int, size: int) -> list[Match]:
    """The matches of these listings with this answer, in the order of the page."""
    own = getattr(Match, OWN[side])
    query = _with_answer(actor, side, answer).where(own.in_(listings))
    return _these(query.order_by(own.desc(), Match.score.desc(), Match.id).offset(offset).limit(size))


def _these(query: Select[Any]) -> list[Match]:
    """The matches of these keys, in their order."""
    keys = list(session.scalars(query))
    found = {match.id: match for match in session.scalars(select(Match).where(Match.id.in_(keys)))}
    return [found[key] for key in keys]


def newest_answers(matches: list[Match], side: str) -> dict[int, MatchAnswer]:
    """The side's newest answer to each of the matches, by the id of the match."""
    query = select(MatchAnswer).where(MatchAnswer.match_id.in_([match.id for match in matches]), MatchAnswer.side == side)
    return {answer.match_id: answer for answer in session.scalars(query.order_by(MatchAnswer.id))}


def changed_since(matches: list[Match], side: str) -> set[int]:
    """The ids of the matches whose other listing has a newer revision than the one the side answered on: a decline may be worth another look."""
    answers = newest_answers(matches, side)
    revision = Scoring.technology_revision if side == "firm" else Scoring.need_revision
    scorings = [answer.scoring_id for answer in answers.values() if answer.scoring_id]
    read = dict(session.execute(select(Scoring.match_id, revision).where(Scoring.id.in_(scorings))).all())
    return {match.id for match in matches if match.id in read and (match.technology if side == "firm" else match.need).revision > read[match.id]}
