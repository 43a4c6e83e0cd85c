"""The verbs of a review as the owners use them: begin, close, open again; what readers find.

While it is open the owners see how far each reviewer is and no score, so that nobody can be talked round. Whoever reviews the call himself never
sees the owners' table before it is closed, and in an anonymous call not before the award, since the table names the solvers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.access import Actor, may, require
from marketplace.calls.models import Call, Reviewer
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.models import Assignment, Award, Declaration, Review, Score
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.record import Event, move, record

ACTIVE = ("invited", "active")


def review_of(call: Call) -> Review | None:
    """The review of a call, None before it has begun."""
    return session.scalar(select(Review).where(Review.call_id == call.id))


def locked(call: Call) -> Call:
    """The call, held against other writers until the transaction ends (on SQLite the whole database is held anyhow)."""
    session.flush()  # what this transaction did stays when the row is read anew
    held = select(Call).where(Call.id == call.id).with_for_update(of=Call).execution_options(populate_existing=True)
    return session.execute(held).unique().scalar_one()


def proposals_of(call: Call) -> list[Proposal]:
    """The proposals that were opened, also those withdrawn since, by the name of the solver: never by the time of arrival."""
    own = select(Proposal).where(Proposal.call_id == call.id, Proposal.opened.is_not(None)).options(joinedload(Proposal.organisation))
    return sorted(session.scalars(own), key=lambda one: (one.organisation.called("zh"), one.public_id))


def standing(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Those that are not withdrawn."""
    return [one for one in proposals if one.state == "opened"]


def reviewers_of(call: Call) -> list[Reviewer]:
    """All who were named, whatever became of it."""
    own = select(Reviewer).where(Reviewer.call_id == call.id).options(joinedload(Reviewer.person))
    return list(session.scalars(own.order_by(Reviewer.id)))


def open_review(actor: Actor, call: Call, least: int, until: datetime | None = None, at: datetime | None = None) -> Review:
    """Begin the review once the proposals are opened. Refused without any to review, or with fewer reviewers than a rank needs."""
    require(actor, "open_call.review", call)
    moment, call = at or now(), locked(call)
    if call.state != "closed":
        raise Refused(N_("The review begins once the deadline has passed."))
    if review_of(call) is not None:
        raise Refused(N_("The review has begun already."))
    sealed = select(Proposal.id).where(Proposal.call_id == call.id, Proposal.state == "sealed").limit(1)
    if session.scalar(sealed) is not None:
        raise Refused(N_("Not every proposal has been opened yet."))
    if not standing(proposals_of(call)):
        raise Refused(N_("There is no proposal to review. The call can be ended without an award."))
    named = [one for one in reviewers_of(call) if one.state in ACTIVE]
    if len(named) < least:
        raise Refused(N_("Name at least as many reviewers as a proposal needs for a rank."), field="least")
    if inside := next((one for one in named if sits_inside(one)), None):
        raise Refused(N_("The call hides the solvers from reviewers, but %(name)s is a member of an owner of the call and can read who they are. "
                         "Remove this reviewer first."), name=inside.person.name)
    review = Review(call=call, call_id=call.id, state="open", least=least, until=until, created=moment)
    session.add(review)
    session.flush()  # the database refuses a second review of the call
    record(review, "opened", actor, moment, least=least)
    return review


def sits_inside(reviewer: Reviewer) -> bool:
    """Whether the reviewer of an anonymous call belongs to an owner of the call, and so could read who proposed."""
    return reviewer.call.anonymous and bool(reviewer.call.sides["call_side"] & reviewer.person.seats.keys())


def close_review(actor: Actor, review: Review, at: datetime | None = None) -> Review:
    """End the scoring; from here on the owners see the table. What is missing by then stays missing, and may cost a proposal its rank."""
    require(actor, "review.close", review)
    locked(review.call)
    move(review, "close", actor, at)
    review.closed = at or now()
    return review


def reopen_review(actor: Actor, review: Review, reason: str, at: datetime | None = None) -> Review:
    """Let the reviewers go on scoring; the reason stands on the timeline, since the owners have seen the scores by now."""
    require(actor, "review.reopen", review)
    if not reason.strip():
        raise Refused(N_("Say why the scoring goes on although the scores have been seen."), field="reason")
    locked(review.call)
    move(review, "reopen", actor, at, reason=reason.strip())
    review.closed = None
    return review


def own_reviewer(actor: Actor, call: Call) -> Reviewer | None:
    """The actor's own part in the call as a reviewer, if there is one that has not been declined or ended."""
    if actor.id is None:
        return None
    own = select(Reviewer).where(Reviewer.call_id == call.id, Reviewer.person_id == actor.id, Reviewer.state.in_(ACTIVE))
    return session.scalar(own)


def require_table(actor: Actor, review: Review) -> None:
    """Raise unless the actor may see the scores: an owner, after the closing, and none who reviews the anonymous call himself."""
    require(actor, "open_call.review", review.call)
    if review.state == "open":
        raise NotAllowed(N_("The scores are shown once the review is closed, so that nobody is talked round."))
    if review.call.anonymous and review.state != "settled" and own_reviewer(actor, review.call) is not None:
        raise NotAllowed(N_("You review this call, and it hides the solvers from reviewers: you see the table after the award."))


def sees_table(actor: Actor, review: Review) -> bool:
    """Whether `require_table` lets the actor pass."""
    try:
        require_table(actor, review)
    except (NotAllowed, NotFound):
        return False
    return True


def assignments_of(call: Call) -> list[Assignment]:
    """Every proposal before every reviewer, in the order of the reviewers and of their letters."""
    own = select(Assignment).join(Reviewer, Reviewer.id == Assignment.reviewer_id).where(Reviewer.call_id == call.id)
    return list(session.scalars(own.options(joinedload(Assignment.reviewer).joinedload(Reviewer.person)).order_by(Reviewer.id, Assignment.position)))


def declared(assignments: Sequence[Assignment]) -> dict[int, Declaration]:
    """Assignment id → the declaration that counts."""
    own = select(Declaration).where(Declaration.assignment_id.in_([one.id for one in assignments])).order_by(Declaration.number)
    return {one.assignment_id: one for one in session.scalars(own)}


def scored(assignments: Sequence[Assignment]) -> dict[int, dict[int, Score]]:
    """Assignment id → criterion id → the score that counts."""
    found: dict[int, dict[int, Score]] = {}
    for one in session.scalars(select(Score).where(Score.assignment_id.in_([one.id for one in assignments])).order_by(Score.number)):
        found.setdefault(one.assignment_id, {})[one.criterion_id] = one
    return found


def timeline_of(review: Review) -> list[Event]:
    """What happened in the review, newest first."""
    own = select(Event).where(Event.thing == "review", Event.thing_id == review.id)
    return list(session.scalars(own.order_by(Event.id.desc())))


def award_of(call: Call) -> Award | None:
    """The first award of the call, once it is published."""
    return session.scalar(select(Award).where(Award.call_id == call.id, Award.number == 1))


def awards_of(call: Call) -> list[Award]:
    """The award of the call and those that followed when a place became free, in their order."""
    return list(session.scalars(select(Award).where(Award.call_id == call.id).order_by(Award.number)))


def award_by_id(actor: Actor, public_id: str) -> Award:
    """The award under this id, for whoever may read its call. Raises `NotFound`."""
    found = session.scalar(select(Award).where(Award.public_id == public_id))
    if found is None or not may(actor, "listing.read", found.call):
        raise NotFound()
    return found
