"""A technology manager's own answers to matches: what one has declined or shortlisted is his alone, and stays open to every other.

`Match.broker` repeats the newest answer of any technology manager, for what firms and holders read; a manager's own is his newest row of `MatchAnswer`.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, select
from sqlalchemy.orm import aliased

from marketplace.access import Actor, visible_to
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.matching.desk.operations import Desk
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need

KEPT = ("shortlisted", "introduced", "declined")


def answered_by(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor, as a technology manager, has an answer to the match of the query that stands."""
    later = aliased(MatchAnswer)
    superseded = exists().where(
        later.match_id == MatchAnswer.match_id, later.side == "broker", later.person_id == actor.id, later.id > MatchAnswer.id)
    return exists().where(
        MatchAnswer.match_id == Match.id, MatchAnswer.side == "broker", MatchAnswer.person_id == actor.id, MatchAnswer.answer != "new", ~superseded,
    ).correlate(Match)


def answered_among(actor: Actor, ids: Sequence[int]) -> set[int]:
    """Of the matches with these ids those to which the actor, as a technology manager, has an answer."""
    these = MatchAnswer.match_id.in_(bindparam(None, ids, expanding=True, literal_execute=True))
    own = select(MatchAnswer.match_id, MatchAnswer.answer).where(MatchAnswer.person_id == actor.id, MatchAnswer.side == "broker", these)
    newest = dict(session.execute(own.order_by(MatchAnswer.id)).all())
    return {key for key, answer in newest.items() if answer != "new"}


def _newest(actor: Actor) -> Select[tuple[int]]:
    """The ids of the actor's newest answers, one for each match."""
    own = select(func.max(MatchAnswer.id)).where(MatchAnswer.side == "broker", MatchAnswer.person_id == actor.id)
    return own.group_by(MatchAnswer.match_id)


def own_answer(actor: Actor, match: Match) -> str:
    """What the actor says to a match as a technology manager; "new" when nothing."""
    own = select(MatchAnswer.answer).where(MatchAnswer.match_id == match.id, MatchAnswer.side == "broker", MatchAnswer.person_id == actor.id)
    return session.scalar(own.order_by(MatchAnswer.id.desc()).limit(1)) or "new"


def _answered(actor: Actor, query: Select) -> Select:
    """Of a query over answers those of the actor that stand, to matches both of whose listings he may still open."""
    query = query.join(Match, Match.id == MatchAnswer.match_id).join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id)
    return query.where(
        MatchAnswer.id.in_(_newest(actor)), visible_to(actor, Need), Need.state.in_(Need.OPEN_STATES), visible_to(actor, Technology),
        Technology.state.in_(Technology.OPEN_STATES))


def counted(actor: Actor) -> dict[str, int]:
    """How many matches the actor has answered in each way."""
    query = _answered(actor, select(MatchAnswer.answer, func.count()).select_from(MatchAnswer)).group_by(MatchAnswer.answer)
    found = {answer: int(count) for answer, count in session.execute(query)}
    return {answer: found.get(answer, 0) for answer in KEPT}


def desk(actor: Actor, answer: str, page: int, size: int) -> Desk:
    """A page of the matches that the actor has answered so, the newest answer first, with how many there are by answer."""
    query = _answered(actor, select(Match).select_from(MatchAnswer)).where(MatchAnswer.answer == answer)
    rows = session.scalars(query.order_by(MatchAnswer.id.desc()).offset((page - 1) * size).limit(size)).all()
    return Desk("broker", answer, list(rows), counted(actor))
