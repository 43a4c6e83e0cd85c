"""What cannot be so in calls and pools, for the check of a site: states that say other than pledges, keys, awards and teams do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, case, exists, func, or_, select

from marketplace.calls.models import WHOLE, Call, CallOwner
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.calls.pools.shares import carried
from marketplace.calls.reviewing.models import Award
from marketplace.calls.sealing.models import CallKey
from marketplace.calls.teams.models import Team
from marketplace.db import session

GRACE = timedelta(hours=1)
"""How long a job may be late before it is told: keys are made and pools are ended by jobs."""


def of_pools(at: datetime) -> Iterator[str]:
    """Pools whose state is not what their pledges say, or whose deadline nobody has heard."""
    counts = case((and_(Pledge.state == "pledged", Pledge.revision == Pool.revision), Pledge.amount))
    held = case((Pledge.state.in_(("asked", "pledged")), Pledge.id))
    columns = (Pool.public_id, Pool.state, Pool.threshold, Pool.currency, Pool.deadline, Pool.call_id)
    query = select(*columns, func.count(counts).label("firms"), func.coalesce(func.sum(counts), 0).label("amount"), func.count(held).label("held"))
    for pool in session.execute(query.outerjoin(Pledge, Pledge.pool_id == Pool.id).group_by(Pool.id, *columns).order_by(Pool.id)):
        come_to = f"{pool.firms} pledges that come to {pool.amount} of {pool.threshold} minor units of {pool.currency}"
        if pool.state in ("open", "reached") and carried(pool.firms, pool.amount, pool.threshold) != (pool.state == "reached"):
            yield f"pool {pool.public_id}: is {pool.state}, with {come_to}"
        if pool.state == "open" and pool.deadline + GRACE < at:
            yield f"pool {pool.public_id}: is open, its deadline was {pool.deadline:%Y-%m-%d %H:%M}"
        if pool.state in ("draft", "missed", "withdrawn") and pool.held:
            yield f"pool {pool.public_id}: is {pool.state}, and {pool.held} pledges stand"
        if pool.state == "converted":
            yield from _of_owners(pool.public_id, pool.call_id, pool.firms)


def _of_owners(public_id: str, call_id: int, firms: int) -> Iterator[str]:
    """Whoever has pledged to a pool that became a call is one of its owners, and they have the whole."""
    owners, share = session.execute(
        select(func.count(CallOwner.id), func.coalesce(func.sum(CallOwner.share), 0)).where(CallOwner.call_id == call_id)).one()
    if owners != firms:
        yield f"pool {public_id}: {firms} pledges stand, its call has {owners} owners"
    if share != WHOLE:
        yield f"pool {public_id}: its call's owners have {share} of {WHOLE} millionths"


def of_calls(at: datetime) -> Iterator[str]:
    """Calls to which nothing can be sealed, and awards without those who carry them out."""
    keyless = and_(Call.state.in_(("published", "closed")), Call.published < at - GRACE, ~exists().where(CallKey.call_id == Call.id))
    teamless = and_(Call.state.in_(("awarded", "ended")), ~exists().where(Team.call_id == Call.id))
    too_soon = and_(Call.state.in_(("draft", "published", "closed", "unawarded")), exists().where(Award.call_id == Call.id))
    said = case((keyless, "has no key: nothing can be sealed to it"), (teamless, "has no team"), else_="has an award")
    for public_id, state, what in session.execute(select(Call.public_id, Call.state, said).where(or_(keyless, teamless, too_soon)).order_by(Call.id)):
        yield f"call {public_id}: is {state}, and {what}"
