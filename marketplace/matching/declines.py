"""What declines do at once, long before weights are learned from them: a declined pair is not offered again, nor is a technology that a firm has
declined as of the wrong field proposed for its other needs, unless it fits those much better.

`MUCH_BETTER` is measured (docs/decisions/0014-match-desk.md): how far the log-odds of a technology for another need must lie above those with
which it was declined.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from marketplace.access import Actor
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.jobs import enqueue
from marketplace.matching.desk.brokers import answered_by
from marketplace.matching.index import Hit
from marketplace.matching.models import Match, MatchAnswer, Scoring
from marketplace.needs.models import Need

MUCH_BETTER = 1.0


def declined_by(actor: Actor, listing: Technology | Need) -> set[int]:
    """The other listings that the actor's side has declined for this one, by id: the firm or holder it acts for, else his own as a technology manager."""
    own, key, other = ("firm", Match.need_id, Match.technology_id) if isinstance(listing, Need) else ("holder", Match.technology_id, Match.need_id)
    side = own if listing.organisation_id in actor.seats else "broker" if actor.is_broker else None
    if side is None:
        return set()
    declined = answered_by(actor, ("declined",)) if side == "broker" else getattr(Match, side) == "declined"
    return set(session.scalars(select(other).where(key == listing.id, declined)))


def wrong_fields(need: Need) -> dict[int, float]:
    """Technologies that the firm has declined as of the wrong field for its other needs: id → the highest log-odds with which it did."""
    if need.organisation_id is None:
        return {}
    query = (
        select(Match.technology_id, Scoring.score, Match.score).select_from(Match).join(Need, Need.id == Match.need_id)
        .join(MatchAnswer, MatchAnswer.match_id == Match.id).outerjoin(Scoring, Scoring.id == MatchAnswer.scoring_id)
        .where(Need.organisation_id == need.organisation_id, Match.need_id != need.id, Match.firm == "declined", MatchAnswer.side == "firm",
               MatchAnswer.code == "wrong_field")
    )
    accepted = set(session.scalars(select(Match.technology_id).where(Match.need_id == need.id, Match.firm.in_(("shortlisted", "introduced")))))
    found: dict[int, float] = {}
    for technology_id, then, now in session.execute(query):
        score = now if then is None else then
        if technology_id not in accepted:
            found[technology_id] = max(score, found.get(technology_id, score))
    return found


def offered(need: Need, hits: Sequence[Hit]) -> list[Hit]:
    """The hits without those that the firm has declined as of the wrong field elsewhere, unless they fit this need much better."""
    wrong = wrong_fields(need)
    return [hit for hit in hits if hit.key not in wrong or hit.score >= wrong[hit.key] + MUCH_BETTER]


def spread(match: Match, code: str | None) -> None:
    """Take the technology that a firm has just declined as of the wrong field out of the current lists of its other needs, where it does not fit
    much better and has no answer yet; of any other answer, have those needs scored again that it may have been taken from."""
    others = select(Match).join(Need, Need.id == Match.need_id).where(
        Match.technology_id == match.technology_id, Match.id != match.id, Need.organisation_id == match.need.organisation_id, Match.firm == "new",
        Match.current.is_(code == "wrong_field"),
    )
    for other in session.scalars(others):
        if code != "wrong_field":
            enqueue("matching.match_need", key=f"need:{other.need_id}", thing_id=other.need_id)
        elif other.score < match.score + MUCH_BETTER:
            other.current = False
