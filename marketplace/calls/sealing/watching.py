"""The daily look at keys: whether each call that waits for its opening could be opened here, and whether its holders can be reached in time.

It is looked at while there is still time to bring a key back. What is found stands with the key, and the operators hear of it once: when it begins, and
again only when it has become something else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.calls.models import Call
from marketplace.calls.sealing import operations
from marketplace.calls.sealing.models import CallKey
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.record import record

NEAR = timedelta(days=3)  # before the deadline: from then on the holders must be within reach
OVERDUE = timedelta(days=1)  # after the deadline: by then enough shares should be here
BATCH = 100

UNREACHED: list[Callable[[Collection[str]], set[str]]] = []
"""Each tells which of some mail addresses cannot be reached, as far as it can know; rooms to the right add theirs."""


def waiting_keys(after: int = 0, most: int | None = None) -> list[CallKey]:
    """The keys of calls that wait for their opening, by id."""
    own = select(CallKey).join(Call, Call.id == CallKey.call_id).where(CallKey.opened.is_(None), Call.state.in_(("published", "closed")), CallKey.id > after)
    return list(session.scalars(own.order_by(CallKey.id).limit(most)))


def trouble_of(key: CallKey, at: datetime | None = None) -> str | None:
    """What stands in the way of the opening, as far as it can be known: *shut*, *holders*, *shares* (see `CallKey`); None when nothing does."""
    moment = at or now()
    try:
        operations.site_key()
        operations.secret_of(key)
        return None
    except operations.Shut as shut:
        if not shut.lacking:
            return "shut"
    if moment > key.call.deadline + OVERDUE:
        return "shares"
    return "holders" if key.call.deadline - moment < NEAR and not _enough(key) else None


def _enough(key: CallKey) -> bool:
    """Whether those who have brought their shares and those who can be reached are as many as are needed."""
    open_ = [holder for holder in operations.holders_of(key.call) if holder.brought is None]
    closed: set[str] = set().union(*(give({holder.address for holder in open_}) for give in UNREACHED))
    return sum(holder.address not in closed for holder in open_) >= operations.lacking(key.call)


@handler("sealing.look_at_keys", every=timedelta(days=1))
def look_at_keys() -> Iterator[None]:
    """Look at all keys that are waited for; enter the site's own, so that receipts can be verified when it is gone."""
    try:
        operations.known(operations.site_key())
    except operations.Shut:
        pass  # each key that it should open says so below
    last = 0
    while found := waiting_keys(last, BATCH):
        last = found[-1].id
        for key in found:
            note_trouble(SYSTEM, key)
        yield


def note_trouble(actor: Actor, key: CallKey, at: datetime | None = None) -> None:
    """Keep what is found with the key; an event says so when it is not what was found before. After a loss that was told already it is kept silently."""
    require(actor, "call_key.mend")
    found = trouble_of(key, at)
    if found == key.trouble:
        return
    key.trouble, key.troubled = found, (at or now()) if found else None
    if key.lost is None:
        record(key.call, "key_trouble" if found else "key_well", actor, at, **({"trouble": found} if found else {}))


def troubled(actor: Actor) -> list[CallKey]:
    """The keys with which something is wrong, those of the nearest deadline first, for the operators' desk."""
    require(actor, "call_key.see_trouble")
    own = select(CallKey).join(Call, Call.id == CallKey.call_id).where(CallKey.trouble.is_not(None), CallKey.opened.is_(None))
    return list(session.scalars(own.where(Call.state.in_(("published", "closed"))).order_by(Call.deadline, CallKey.id).limit(BATCH)))
