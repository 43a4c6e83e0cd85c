"""The verbs of agreements: find, list."""

from __future__ import annotations

from sqlalchemy import or_, select

from marketplace.access import Actor, may
from marketplace.db import session
from marketplace.errors import NotFound
from marketplace.licensing.models import Agreement


def by_public_id(actor: Actor, public_id: str) -> Agreement:
    """The agreement under this id, for its two sides alone. Raises `NotFound`: that there is one is nobody else's business."""
    agreement = session.scalar(select(Agreement).where(Agreement.public_id == public_id))
    if agreement is None or not may(actor, "agreement.read", agreement):
        raise NotFound()
    return agreement


def agreements_of(actor: Actor, limit: int = 50) -> list[Agreement]:
    """The agreements of the actor's organisations, newest first."""
    seats = list(actor.seats)
    proposed = Agreement.proposed.is_not(None) & or_(Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats))
    own = select(Agreement).where(proposed | Agreement.drafted_by_id.in_(seats))
    return list(session.scalars(own.order_by(Agreement.id.desc()).limit(limit)))
