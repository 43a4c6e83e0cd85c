"""A later award: a place that became free goes to another proposal that was ranked and not chosen.

The first award stays as it was published. The later one is a decision of its own with its own reasons, refused for the same things, voted on by the owners
of a call of several, published beside the first and locked like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from marketplace.access import Actor, require
from marketplace.calls.models import Call
from marketplace.calls.reviewing.awarding import Choice, Room, lock, publishable, refuse_overwritten, refuse_wrong, write_down
from marketplace.calls.reviewing.models import Award, PanelDecision, Review
from marketplace.calls.reviewing.operations import awards_of, locked, require_table
from marketplace.calls.reviewing.table import table_of
from marketplace.calls.teams.places import Free, candidates_of, free_of
from marketplace.db import now, session
from marketplace.errors import N_, Refused

NONE_FREE = N_("No place of the award is free.")
NOBODY = N_("Choose who is to get the free place. If nobody is, end the call.")


def _free(call: Call) -> Free:
    """The free places. Raises `Refused` when there are none, or the call has ended."""
    free = free_of(call)
    if call.state != "awarded" or free.teams < 1:
        raise Refused(NONE_FREE)
    return free


def decide_later(
    actor: Actor, review: Review, choices: Mapping[int, Choice], reasons: str, differs: str = "", base: int | None = None, at: datetime | None = None
) -> PanelDecision:
    """Write down who gets a place that became free: a choice for each proposal that could, by its id. What is refused of a first decision is refused of
    this one, with the free places and their money for the whole; and choosing nobody is."""
    require_table(actor, review)
    require(actor, "open_call.decide", review.call)
    moment, call = at or now(), locked(review.call)
    free = _free(call)
    refuse_overwritten(call, base)
    table = table_of(review)
    if {row.proposal.id for row in candidates_of(call, table)} != set(choices):
        raise Refused(N_("A proposal was withdrawn in the meantime. Reload the page."))
    if not any(one.chosen for one in choices.values()):
        raise Refused(NOBODY)
    refuse_wrong(table, Room(free.teams, free.amount), choices, reasons, differs)
    return write_down(actor, review, table, {key: one for key, one in choices.items() if one.chosen}, reasons, differs, moment)


def publish_later(actor: Actor, review: Review, number: int, at: datetime | None = None) -> Award:
    """Publish the decision of this number beside the first award and lock it; its teams are named. Refused as `awarding.publish` is."""
    require_table(actor, review)
    require(actor, "open_call.decide", review.call)
    moment, call = at or now(), locked(review.call)
    session.refresh(review)
    known, table = awards_of(call), table_of(review)
    if any(one.decision.number == number for one in known):
        raise Refused(N_("This decision is published already."))
    _free(call)
    return lock(actor, publishable(call, number, table), table, known[-1].number + 1, moment)
