"""The exchange of the site's sealing key: what the old one wrapped is wrapped by the new one, batch by batch, while the site goes on working.

First the new key is entered and all others retired, in one transaction: from its end on every process wraps with the new one. Then everybody who had begun
before is waited for. Then all secrets are gone through; it may break off anywhere, and the next run does what is left. Both keys must stand in the
site's file meanwhile, for whoever reads takes the one that fits. Receipts are not signed anew: the one who has them holds their signature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import InstrumentedAttribute

from marketplace.access import Actor, require
from marketplace.calls.proposals.models import ProposalVersion
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.keys import SiteKey
from marketplace.calls.sealing.models import CallKey, KeyHolder, SealingKey
from marketplace.calls.sealing.sealing import Broken
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.record import record

BATCH = 100
WRAPPED: dict[str, InstrumentedAttribute[Any]] = {"keys": CallKey.wrapped, "shares": KeyHolder.brought, "receipts": ProposalVersion.receipt}
"""All that a sealing key wraps, by what it is called in the tally."""


def count() -> int:
    """How many secrets there are to be gone through."""
    return sum(session.scalar(select(func.count()).select_from(column.class_).where(column.is_not(None))) or 0 for column in WRAPPED.values())


def exchange(actor: Actor, new: SiteKey, at: datetime | None = None) -> Iterator[Counter[str]]:
    """Have everything wrapped by the new key. Yields after each batch, for its runner to commit, what became of its secrets: *there* (wrapped by the new one
    already), *keys*, *shares*, *receipts* (wrapped anew), *lost* (no key here opens them: left as they are).

    Raises `Refused` for a key that was retired before: whatever made it go would be back.
    """
    require(actor, "call_key.mend")
    moment = at or now()
    _retire(actor, new, moment)
    yield Counter()
    _await_writers()
    yield Counter()
    lost = 0
    for name, column in WRAPPED.items():
        for found in _gone_through(name, column, new):
            lost += found["lost"]
            yield found
    if not lost:
        _clear(actor, at or now())


def _retire(actor: Actor, new: SiteKey, moment: datetime) -> None:
    own = sealing.known(new, moment)
    if own.retired is not None:
        raise Refused(N_("This sealing key was replaced by another before. Make a new one."))
    for key in sealing.site_keys():
        sealing.known(key, moment)
    for old in session.scalars(select(SealingKey).where(SealingKey.id != own.id, SealingKey.retired.is_(None))):
        old.retired = moment
        record(old, "retire", actor, moment, public=old.public, by=own.public)
    session.flush()  # whoever wraps asks the table which key is retired


def _await_writers() -> None:
    """Wait until whoever may have wrapped with an old key has committed: they hold locks on keys of calls. With SQLite there is one writer at a time."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("lock table call_key in exclusive mode"))


def _gone_through(name: str, column: InstrumentedAttribute[Any], new: SiteKey) -> Iterator[Counter[str]]:
    model, last = column.class_, 0
    while True:
        batch = select(model).where(column.is_not(None), model.id > last).order_by(model.id).limit(BATCH)
        rows = session.scalars(batch.with_for_update().execution_options(populate_existing=True)).all()
        if not rows:
            return
        last = rows[-1].id
        yield Counter(_anew(row, name, column.key, new) for row in rows)


def _anew(row: Any, name: str, attribute: str, new: SiteKey) -> str:
    """Wrap one secret anew, and say what became of it."""
    kept = getattr(row, attribute)
    try:
        new.unwrap(kept)
        return "there"
    except Broken:
        pass
    try:
        setattr(row, attribute, new.wrap(sealing.unwrapped(kept)))
        return name
    except Broken:
        return "lost"


def _clear(actor: Actor, moment: datetime) -> None:
    for old in session.scalars(select(SealingKey).where(SealingKey.retired.is_not(None), SealingKey.cleared.is_(None))):
        old.cleared = moment
        record(old, "clear", actor, moment, public=old.public)
