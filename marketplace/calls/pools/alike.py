"""Open needs that are alike, proposed for pooling to the firms whose needs they are.

The engine reads of a blind need its teaser alone here, as any reader does, so that a proposal tells nothing that a reader could not find.
Only verified organisations are in a proposal: each of them may read the others' needs, or their teasers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.calls.pools.models import LIVE, Pool, PoolNeed, PoolProposal, ProposedNeed
from marketplace.calls.pools.mutual import BEST, mutual
from marketplace.db import LANGUAGES, in_language, now, session
from marketplace.errors import NotFound
from marketplace.jobs import handler
from marketplace.matching.documents import need_query, teaser
from marketplace.matching.operations import index
from marketplace.needs.models import Need
from marketplace.people.models import Organisation
from marketplace.record import record

MOST = 6  # needs of one proposal
SEEN = {"visibility": ("public", "members", "blind")}
LOOKED = BEST + 3  # of one firm's own needs some may stand in between


def _text(need: Need) -> str:
    """What everybody in a proposal may read of the need."""
    return in_language(teaser(need), LANGUAGES[0])[0] if need.visibility == "blind" else need_query(need)


def _usable(keys: Sequence[int]) -> dict[int, Need]:
    """The open needs of verified organisations that are in no pool yet, by key."""
    pooled = select(PoolNeed.need_id).join(Pool, PoolNeed.pool_id == Pool.id).where(Pool.state.in_(LIVE), PoolNeed.need_id.in_(keys))
    query = select(Need).join(Need.organisation).where(
        Need.id.in_(keys), Need.state.in_(Need.OPEN_STATES), Organisation.state == "verified", Need.id.not_in(pooled)
    )
    return {need.id: need for need in session.scalars(query)}


def _near(need: Need) -> list[tuple[int, float]]:
    """The best other firms' needs for a need, as what anybody may read of both."""
    text = _text(need)
    hits = index().rank(text, "need", where=SEEN, without={"key": (str(need.id),)}, limit=LOOKED) if text else []
    others = {key: one for key, one in _usable([hit.key for hit in hits]).items() if one.organisation_id != need.organisation_id}
    return [(hit.key, hit.probability) for hit in hits if hit.key in others][:BEST]


def alike(need: Need) -> dict[Need, float]:
    """Other firms' open needs that are alike with this one; those that want to pool first, one of each firm."""
    found = mutual(need.id, lambda key: _near(session.get_one(Need, key)))
    rows = _usable(list(found))
    firms: dict[int | None, Need] = {}
    for key in sorted(rows, key=lambda key: ("pooled" not in rows[key].modes, -found[key], key)):
        firms.setdefault(rows[key].organisation_id, rows[key])
    return {one: found[one.id] for one in list(firms.values())[: MOST - 1]}


def propose(actor: Actor, need: Need, at: datetime | None = None) -> PoolProposal | None:
    """Propose to pool a need with those it is alike with; None where there are none or the firms have been told already."""
    require(actor, "need.pool", need)
    if need.id not in _usable([need.id]):
        return None
    others = alike(need)
    keys = {need.id, *(one.id for one in others)}
    if not others or any(keys <= {member.need_id for member in known.members} for known in _of_need(need)):
        return None
    moment = at or now()
    made = PoolProposal(
        key=hashlib.sha256(",".join(map(str, sorted(keys))).encode()).hexdigest(), probability=min(others.values()), created=moment,
        members=[ProposedNeed(need_id=one.id, organisation_id=one.organisation_id) for one in (need, *others)],
    )
    session.add(made)
    record(made, "made", actor, moment)
    return made


def _of_need(need: Need) -> list[PoolProposal]:
    return list(session.scalars(select(PoolProposal).join(ProposedNeed).where(ProposedNeed.need_id == need.id)))


@handler("pools.propose")
def propose_for(thing_id: int) -> None:
    """A need was posted or changed: is it alike with others?"""
    propose(SYSTEM, session.get_one(Need, thing_id))


def proposal_of(actor: Actor, public_id: str) -> PoolProposal:
    """The proposal under this id, for the firms whose needs are in it. Raises `NotFound` for everybody else."""
    found = session.scalar(select(PoolProposal).where(PoolProposal.public_id == public_id))
    if found is None or not may(actor, "pool_proposal.read", found):
        raise NotFound()
    return found


def proposals_for(actor: Actor, limit: int) -> list[PoolProposal]:
    """What is proposed to the actor's firms and was not put aside, newest first; of two about the same needs the larger one."""
    own = select(ProposedNeed.proposal_id).where(ProposedNeed.organisation_id.in_(list(actor.seats)), ProposedNeed.declined.is_(None))
    query = select(PoolProposal).where(PoolProposal.id.in_(own), PoolProposal.pool_id.is_(None)).order_by(PoolProposal.id.desc()).limit(limit)
    found: list[PoolProposal] = []
    for one in session.scalars(query):
        keys = {member.need_id for member in one.members}
        if len(needs_of(actor, one)) > 1 and not any(keys < {member.need_id for member in other.members} for other in found):
            found.append(one)
    return found


def needs_of(actor: Actor, proposal: PoolProposal) -> list[Need]:
    """The needs of a proposal that are open still and that the actor may read or know by their teaser, his own first."""
    rows = [member.need for member in proposal.members if member.need.state in Need.OPEN_STATES and may(actor, "listing.read", member.need)]
    return sorted(rows, key=lambda need: (need.organisation_id not in actor.seats, need.id))


def put_aside(actor: Actor, proposal: PoolProposal, at: datetime | None = None) -> PoolProposal:
    """The actor's firms do not want to pool these: they are shown it no more, and the others are not told who said no."""
    require(actor, "pool_proposal.answer", proposal)
    for member in proposal.members:
        if member.organisation_id in actor.seats and member.declined is None:
            member.declined = at or now()
    record(proposal, "put_aside", actor, at)
    return proposal


def taken_up(actor: Actor, proposal: PoolProposal, pool: Pool) -> None:
    """A firm of the proposal has written a pool from it."""
    require(actor, "pool_proposal.answer", proposal)
    proposal.pool = pool
