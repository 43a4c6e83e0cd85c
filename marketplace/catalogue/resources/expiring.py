"""What the days do to resources and requests: listings that run out, bookings that are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.catalogue.experts.models import Expert
from marketplace.catalogue.facilities.models import Booking, Facility
from marketplace.catalogue.scenarios.models import Scenario
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.record import move

BATCH = 200


@handler("resources.expire", every=timedelta(days=1))
def expire_resources(at: datetime | None = None) -> Iterator[None]:
    """Take off the site what was listed until a day that has passed, and a scenario that is no longer open."""
    moment = at or now()
    for model, last in ((Facility, Facility.listed_until), (Expert, Expert.listed_until), (Scenario, Scenario.listed_until), (Scenario, Scenario.closes_on)):
        due = select(model).where(model.state == "published", last < moment.date()).order_by(model.id).limit(BATCH)
        while rows := list(session.scalars(due)):
            for row in rows:
                move(row, "expire", SYSTEM, moment)
            session.flush()  # what expired is not found again
            yield


@handler("resources.finish", every=timedelta(hours=1))
def finish_bookings(at: datetime | None = None) -> Iterator[None]:
    """Accepted bookings that are over are done."""
    moment = at or now()
    over = select(Booking).where(Booking.state == "accepted", Booking.ends <= moment).order_by(Booking.id).limit(BATCH)
    while rows := list(session.scalars(over)):
        for row in rows:
            move(row, "finish", SYSTEM, moment)
        session.flush()  # what is done is not found again
        yield
