"""Calls in the readers' index: brought up to date after each commit, read by every rebuild, gone from there when they are taken back."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from marketplace.calls.documents import KIND, document
from marketplace.calls.models import Call
from marketplace.db import session, to_read
from marketplace.jobs import enqueue, handler
from marketplace.matching import operations as matching

AT_ONCE = 500  # calls written to the index in one commit


@handler("calls.index")
def index_call(thing_id: int) -> Iterator[None]:
    """Bring one call in the index up to date."""
    with to_read():
        call = session.get_one(Call, thing_id)
        is_open = call.state in Call.OPEN_STATES
        with matching.writer() as found:
            found.update([document(call)] if is_open else [], [] if is_open else [(KIND, call.id)])
    yield


@handler("calls.index_all")
def index_all() -> Iterator[None]:
    """Bring every open call into the index; a site that stood before calls were in it has this done once, after its upgrade, and then the
    technologies that fit them."""
    last = 0
    while True:
        with to_read():
            rows = list(session.scalars(select(Call).where(Call.id > last, Call.state.in_(Call.OPEN_STATES)).order_by(Call.id).limit(AT_ONCE)))
            if rows:
                last = rows[-1].id
                with matching.writer() as found:
                    found.update([document(call) for call in rows])
                session.expunge_all()
        yield
        if not rows:
            enqueue("calls.fit_all", key="all")
            return


matching.INDEXED.append((Call, document))
matching.INDEXERS.append("calls.index")
