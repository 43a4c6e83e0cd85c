"""What cannot be so in bookings, for the check of a site: two that hold one facility at one time, and one that is long over and not done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from marketplace.catalogue.facilities.models import Booking, Facility
from marketplace.db import session

GRACE = timedelta(days=1)


def faults(at: datetime) -> Iterator[str]:
    """The database refuses overlaps; one that was restored without its trigger or constraint does not, so that they are looked for in one pass."""
    held_until = func.max(Booking.ends).over(partition_by=Booking.facility_id, order_by=(Booking.starts, Booking.id), rows=(None, -1))
    rows = select(Booking.public_id, Booking.facility_id, Booking.starts, held_until.label("held_until")).where(Booking.state.in_(("accepted", "done")))
    spans = rows.subquery()
    late = select(spans.c.public_id, Facility.public_id).join(Facility, Facility.id == spans.c.facility_id).where(spans.c.held_until > spans.c.starts)
    for booking, facility in session.execute(late):
        yield f"booking {booking}: facility {facility} is taken already when it begins"
    over = select(Booking.public_id, Booking.ends).where(Booking.state == "accepted", Booking.ends < at - GRACE).order_by(Booking.id)
    for booking, ends in session.execute(over):
        yield f"booking {booking}: is accepted, and was over on {ends:%Y-%m-%d}"
