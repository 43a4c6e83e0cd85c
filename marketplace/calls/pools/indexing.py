"""Pools in the readers' index: brought up to date after each commit, read by every rebuild, gone from there when they are taken back."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from marketplace.calls.pools.documents import KIND, document
from marketplace.calls.pools.models import Pool
from marketplace.db import session, to_read
from marketplace.jobs import enqueue, handler
from marketplace.matching import operations as matching


@handler("pools.index")
def index_pool(thing_id: int) -> Iterator[None]:
    """Bring one pool in the index up to date."""
    with to_read():
        pool = session.get_one(Pool, thing_id)
        is_open = pool.state in Pool.OPEN_STATES
        with matching.writer() as found:
            found.update([document(pool)] if is_open else [], [] if is_open else [(KIND, pool.id)])
    yield


@handler("pools.index_all")
def index_all() -> Iterator[None]:
    """Have every pool brought into the index, each by a job of its own: a site that stood before pools were in it has this done once, after its upgrade."""
    for pool_id in session.scalars(select(Pool.id).where(Pool.state.in_(Pool.OPEN_STATES)).order_by(Pool.id)).all():
        enqueue("pools.index", key=f"pool:{pool_id}", thing_id=pool_id)
    yield


matching.INDEXED.append((Pool, document))
matching.INDEXERS.append("pools.index")
