"""How a review follows its proposals: a solver who withdraws after the opening is left out, and that stands on the timeline."""

from __future__ import annotations

from marketplace.access import SYSTEM
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.operations import review_of, timeline_of
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.record import record


@handler("reviewing.follow_withdrawal")
def follow_withdrawal(thing_id: int) -> None:
    """Put on the review's timeline that a solver withdrew; the scores stay, the ranking goes on without it. Done twice it changes nothing."""
    proposal = session.get_one(Proposal, thing_id)
    review = review_of(proposal.call)
    if review is None or proposal.opened is None or proposal.state != "withdrawn":
        return
    told = {event.facts.get("proposal") for event in timeline_of(review) if event.name == "review.proposal_withdrawn"}
    if proposal.id not in told:
        record(review, "proposal_withdrawn", SYSTEM, proposal=proposal.id)
