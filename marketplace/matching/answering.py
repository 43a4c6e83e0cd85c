"""The verb of the match desk: one side answers a match, and what follows from it at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.matching import declines
from marketplace.matching.batch import KEPT
from marketplace.matching.models import ANSWERS, DECLINE_CODES, PARTIES, SIDES, Match, MatchAnswer
from marketplace.record import record


def _position(match: Match) -> int | None:
    """Where the match stands in its need's list, from 1; nothing when it stands there no longer."""
    query = select(Match.id).where(Match.need_id == match.need_id, Match.current.is_(True))
    ids = list(session.scalars(query.order_by(Match.score.desc(), Match.technology_id).limit(KEPT)))
    return ids.index(match.id) + 1 if match.id in ids else None


def answer_match(
    actor: Actor, match: Match, side: str, answer: str, code: str | None = None, text: str | None = None, at: datetime | None = None
) -> Match:
    """One side accepts, shortlists, declines, or takes its answer back; a decline needs a code of the one list, and `other` needs words.

    Accepted by firm or holder, an introduction is asked for: a broker brings the two together.
    """
    if side not in SIDES or answer not in ANSWERS:
        raise NotFound()
    require(actor, f"match.answer_{side}", match)
    _check_answer(match, side, answer, code, text)
    moment, firm_before = at or now(), match.firm
    if side in PARTIES:
        setattr(match, side, answer)
    session.add(MatchAnswer(
        match_id=match.id, side=side, answer=answer, code=code if answer == "declined" else None,
        text=(text or "").strip() or None, person_id=actor.id, position=_position(match),
        scoring_id=match.scorings[0].id if match.scorings else None, at=moment,
    ))
    record(match, "taken_back" if answer == "new" else answer, actor, moment, side=side, code=code)
    if answer == "introduced" and side != "broker":
        record(match, "introduction_asked", actor, moment, side=side)
    if side == "firm" and "declined" in (firm_before, answer):
        declines.spread(match, code if answer == "declined" else None)
    return match


def _check_answer(match: Match, side: str, answer: str, code: str | None, text: str | None) -> None:
    """Raise `Refused` for a decline without its reason, and for an introduction that the other side has declined."""
    if answer == "declined" and code not in DECLINE_CODES:
        raise Refused(N_("Choose why: the reason goes back as advice."), field="code")
    if answer == "declined" and code == "other" and not (text or "").strip():
        raise Refused(N_("Say in a few words what the reason is."), field="text")
    if answer == "introduced" and {"firm": match.holder, "holder": match.firm}.get(side) == "declined":
        raise Refused(N_("The other side has declined this pairing. Shortlist it to keep it in view; read the advice, and they may think again."))
