"""The panel's decision in a call of several owners: the lead writes and publishes it, the owners vote on it before.

The vote is on one decision by its number and on the ranking it was written over. Another decision or another ranking makes it void: what was not
read was not voted for. `awarding.BEFORE_PUBLISHING` is how the room of reviews asks whether the owners agree, without knowing of pools.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.calls.models import Call
from marketplace.calls.pools.converting import pool_of
from marketplace.calls.pools.models import Motion
from marketplace.calls.pools.pledging import locked
from marketplace.calls.pools.steering import USUAL_DAYS, YES_NO, close_motion, put
from marketplace.calls.reviewing.awarding import BEFORE_PUBLISHING, CHANGED, is_current
from marketplace.calls.reviewing.models import PanelDecision, Review
from marketplace.calls.reviewing.operations import review_of, sees_table
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.jobs import handler

NOT_ASKED = N_("The owners of the call have not voted on this decision yet: put it to the vote first.")
VOTING = N_("The owners of the call are still voting on this decision.")
AGAINST = N_("The owners of the call have voted against this decision: write another one and put it to the vote.")
UNDECIDED = N_("The owners' vote on this decision was a tie, or too few have voted: put it to the vote again.")


def vote_on(decision: PanelDecision) -> Motion | None:
    """The newest vote on exactly this decision."""
    return session.scalar(select(Motion).where(Motion.decision_id == decision.id).order_by(Motion.id.desc()).limit(1))


def unvoted(decision: PanelDecision) -> list[str]:
    """What is missing of the owners' consent, as a message id; nothing for a call of one organisation."""
    if pool_of(decision.call) is None:
        return []
    motion = vote_on(decision)
    if motion is None:
        return [NOT_ASKED]
    if motion.state == "open":
        return [VOTING]
    if motion.outcome == "decided":
        return [] if motion.choice == "yes" else [AGAINST]
    return [UNDECIDED]


BEFORE_PUBLISHING.append(unvoted)


def can_be_put(decision: PanelDecision) -> bool:
    """Whether the decision can be put to the vote now, also again."""
    return is_current(decision) and unvoted(decision) in ([NOT_ASKED], [UNDECIDED])


def decision_read(actor: Actor, motion: Motion) -> PanelDecision | None:
    """The decision that the motion is about, for whoever may read the scores; None for others, and while the scoring goes on again."""
    review = review_of(motion.decision.call) if motion.decision is not None else None
    return motion.decision if review is not None and sees_table(actor, review) else None


def put_decision(actor: Actor, decision: PanelDecision, days: int = USUAL_DAYS, at: datetime | None = None) -> Motion:
    """Put the newest decision of the call to the owners' vote. Refused for one that is not current, while they vote on it, and after they have answered;
    a vote that was tied or had no quorum can be put again."""
    require(actor, "open_call.decide", decision.call)
    moment, pool = at or now(), pool_of(decision.call)
    if pool is None:
        raise Refused(N_("This call has one owner: nobody else votes."))
    pool = locked(pool)
    if not is_current(decision):
        raise Refused(CHANGED)
    missing = unvoted(decision)
    if not can_be_put(decision):
        raise Refused(missing[0] if missing else N_("The owners have agreed to this decision already."))
    return put(actor, pool, "decision", "", YES_NO, {}, {}, decision, days, moment)


def void_votes(call: Call, at: datetime | None = None) -> None:
    """Close the votes on decisions of the call that are not current any more."""
    of_call = select(Motion).join(PanelDecision, PanelDecision.id == Motion.decision_id).where(PanelDecision.call_id == call.id, Motion.state == "open")
    for motion in session.scalars(of_call.order_by(Motion.id)).all():
        assert motion.decision is not None
        if not is_current(motion.decision):
            close_motion(SYSTEM, motion, at)


@handler("pools.void_votes")
def follow_review(thing_id: int) -> None:
    """A review has another decision or another ranking: what was voted on before is void."""
    void_votes(session.get_one(Review, thing_id).call)
