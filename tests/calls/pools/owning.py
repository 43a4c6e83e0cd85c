"""A call that came of a pool, brought to where its lead has written a decision: what the tests of calls with several owners share."""

from __future__ import annotations

from typing import Any

from marketplace.calls.models import CallOwner
from marketplace.calls.pools import converting, steering
from marketplace.calls.pools.models import Motion, Pool
from marketplace.calls.reviewing.awarding import PanelDecision, decision_of
from marketplace.db import session
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.calls.reviewing import scene as make
from tests.factories import NOW

AMOUNTS = (45_000_000, 35_000_000, 20_000_000)


def pooled(found: make.Scene, *amounts: int) -> Pool:
    """A pool that became the scene's call: its house leads, and the others are new firms; pledges of these amounts."""
    pledged = amounts or AMOUNTS
    pool = factories.pool(found.house, *pledged, state="converted", ended=NOW, call=found.call)
    shares = converting.shares_of(pool)
    found.call.owners = [
        CallOwner(organisation=one.organisation, organisation_id=one.organisation_id, share=shares[one.organisation_id]) for one in pool.pledges]
    session.flush()
    session.expire(pool, ["pledges"])
    return pool


def decided(*amounts: int, **more: Any) -> tuple[make.Scene, Pool, PanelDecision]:
    """The lead has written a decision in a call of several owners."""
    found = make.decided(**more)
    decision = decision_of(found.call)
    assert decision is not None
    return found, pooled(found, *amounts), decision


def owner(house: Organisation) -> Person:
    """Who votes for a firm."""
    return house.memberships[0].person


def say(motion: Motion, *choices: str) -> None:
    """The owners vote in the order of their ballots, as long as the vote is open."""
    for ballot, choice in zip(list(motion.ballots), choices, strict=False):
        if choice and motion.state == "open":
            steering.vote(owner(ballot.organisation), motion, ballot.organisation, choice, at=NOW)
