"""A technology manager's own answers to matches: what one has declined or shortlisted is his alone, and stays open to every other.

What he says to a match is his newest row of `MatchAnswer`; taken back, it is "new" again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from marketplace.access import Actor, visible_to
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.matching.desk.operations import BEST, Desk
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need

KEPT = ("shortlisted", "introduced", "declined")
ORDERS = ("", BEST)  # "": the newest answer first


def _says(actor: Actor | None) -> ColumnElement[bool]:
    """Whether an answer of the query is what a technology manager says now: the actor, or any one when there is none."""
    later = aliased(MatchAnswer)
    again = exists().where(
        later.match_id == MatchAnswer.match_id, later.side == "broker", later.person_id == MatchAnswer.person_id, later.id > MatchAnswer.id)
    return and_(MatchAnswer.side == "broker", *(() if actor is None else (MatchAnswer.person_id == actor.id,)), ~again)


def answered_by(actor: Actor | None, answers: Sequence[str] = KEPT) -> ColumnElement[bool]:
    """Whether the actor, or any technology manager when there is none, says one of these to the match of the query that stands."""
    return exists().where(MatchAnswer.match_id == Match.id, MatchAnswer.answer.in_(answers), _says(actor)).correlate(Match)


def answered_among(actor: Actor, ids: Sequence[int]) -> dict[int, str]:
    """What the actor, as a technology manager, says to those of these matches that he has answered, by the ids of the matches."""
    these = MatchAnswer.match_id.in_(bindparam(None, ids, expanding=True, literal_execute=True))
    return dict(session.execute(select(MatchAnswer.match_id, MatchAnswer.answer).where(these, MatchAnswer.answer != "new", _says(actor))).all())


def own_answer(actor: Actor, match: Match) -> str:
    """What the actor says to a match as a technology manager; "new" when nothing."""
    return answered_among(actor, [match.id]).get(match.id, "new")


def _answered(actor: Actor, query: Select) -> Select:
    """Of a query over answers those of the actor that stand, to matches both of whose listings he may still open."""
    query = query.join(Match, Match.id == MatchAnswer.match_id).join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id)
    return query.where(
        _says(actor), visible_to(actor, Need), Need.state.in_(Need.OPEN_STATES), visible_to(actor, Technology), Technology.state.in_(Technology.OPEN_STATES))


def counted(actor: Actor) -> dict[str, int]:
    """How many matches the actor has answered in each way."""
    query = _answered(actor, select(MatchAnswer.answer, func.count()).select_from(MatchAnswer)).group_by(MatchAnswer.answer)
    found = {answer: int(count) for answer, count in session.execute(query)}
    return {answer: found.get(answer, 0) for answer in KEPT}


def desk(actor: Actor, answer: str, page: int, size: int, order: str = "") -> Desk:
    """A page of the matches that the actor has answered so, the newest answer or the best match first, with how many there are by answer."""
    query = _answered(actor, select(Match).select_from(MatchAnswer)).where(MatchAnswer.answer == answer)
    by = (Match.score.desc(), Match.id) if order == BEST else (MatchAnswer.id.desc(),)
    rows = session.scalars(query.order_by(*by).offset((page - 1) * size).limit(size)).all()
    return Desk("broker", answer, list(rows), counted(actor))
