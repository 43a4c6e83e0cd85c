"""Who opened what: every opening of a blind listing's full text or file, for its owner to read.

`opened` is called by each view that is about to hand out what is not in the teaser. The entry is written after the reading
transaction and before the answer leaves (`db.note`): a page that could not be logged is not opened.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may
from marketplace.db import note, noted, now, session
from marketplace.people.grants.models import AccessEntry
from marketplace.people.models import AccessGrant
from marketplace.record import noun

WHATS = ("page", "file", "history", "list", "export", "match", "deal")
"""What was opened: the listing's page, a file beside it, its history, a list on a page, a file made of it, a match, a deal's page."""


def opened(actor: Actor, listing: Any, what: str, about: str | None = None, at: datetime | None = None) -> None:
    """Log that the actor opens the listing in full; `about` names the file. Silent where there is nothing to log.

    Nothing is: what is not blind, what the actor may read the teaser of alone, the owner's own reading, the system's. Twice in a request is once.
    """
    if what not in WHATS:
        raise ValueError(f"not a way to open a listing: {what}")
    if listing.visibility != "blind" or actor is SYSTEM or actor.id is None or listing.organisation_id in (None, *actor.seats):
        return
    if not may(actor, "listing.read_in_full", listing):
        return
    entry = AccessEntry(
        thing=noun(listing), thing_id=listing.id, owner_id=listing.organisation_id, person_id=actor.id, organisation_id=_through(actor, listing),
        what=what, about=about[:200] if about else None, at=at or now(),
    )
    if not any(_same(entry, row) for row in noted.get() or ()):
        note(entry)


def _same(one: AccessEntry, other: Any) -> bool:
    """Whether two entries of a request are one opening."""
    names = ("thing", "thing_id", "what", "about")
    return isinstance(other, AccessEntry) and all(getattr(one, name) == getattr(other, name) for name in names)


def _through(actor: Actor, listing: Any) -> int | None:
    """The organisation through which the actor has the access."""
    own = select(AccessGrant.asking_id).where(AccessGrant.in_force(actor.seats, noun(listing), listing.id, now()))
    return session.scalar(own.order_by(AccessGrant.id).limit(1)) if actor.seats else None
