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

SIDES = ("firm", "holder")
ORDER = ("new", "introduced", "shortlisted", "declined")
OTHER = {"firm": "holder", "holder": "firm"}


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


def counted(actor: Actor, side: str) -> dict[str, int]:
    """How many matches the side has by answer; of the new ones those alone that are worth an answer."""
    if not actor.seats:
        return dict.fromkeys(ORDER, 0)
    given = getattr(Match, side)
    worth = case((given != "new", 1), (_fresh(side), 1), else_=0)
    found = dict(session.execute(_joined(select(given, func.sum(worth)).select_from(Match)).where(*_own(actor, side)).group_by(given)).all())
    return {answer: int(found.get(answer) or 0) for answer in ORDER}


def desk(actor: Actor, side: str, answer: str, page: int, size: int) -> Desk:
    """A page of the side's matches with this answer: by listing, newest first, in each the best match first."""
    counts = counted(actor, side)
    if not counts[answer]:
        return Desk(side, answer, [], counts)
    own = Match.need_id if side == "firm" else Match.technology_id
    query = _joined(select(Match.id)).where(*_own(actor, side), getattr(Match, side) == answer, *((_fresh(side),) if answer == "new" else ()))
    keys = list(session.scalars(query.order_by(own.desc(), Match.score.desc(), Match.id).offset((page - 1) * size).limit(size)))
    found = {match.id: match for match in session.scalars(select(Match).where(Match.id.in_(keys)))}
    return Desk(side, answer, [found[key] for key in keys], counts)


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
