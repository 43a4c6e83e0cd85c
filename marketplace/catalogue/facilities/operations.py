"""The verbs of facilities: what one must hold, asking for a span, accepting it, the address of the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import available_timezones

from sqlalchemy import select

from marketplace.access import Actor, require
from marketplace.catalogue.facilities import opening
from marketplace.catalogue.facilities.models import BASES, HELD, KINDS, Booking, Facility
from marketplace.catalogue.resources import operations as resources
from marketplace.catalogue.resources.operations import Kind
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people import tokens
from marketplace.people.models import Organisation
from marketplace.people.zones import moment_in
from marketplace.record import record

SHOWN_DAYS = 14
FURTHEST = timedelta(days=366)
FEED = 500  # bookings of a calendar
PAST = timedelta(days=92)  # how far a calendar reaches back
TAKEN = N_("The facility is taken then. Choose another time; the calendar on its page shows what is free.")
REFUSALS = {
    "order": (N_("A booking ends after it begins."), "last_day"),
    "long": (N_("A booking lasts 60 days at most. Ask for the rest separately."), "last_day"),
    "begins": (N_("The facility is not open then. Its hours stand on its page."), "begin"),
    "ends": (N_("The facility is shut at that time. Its hours stand on its page."), "end"),
    "closed": (N_("The facility is shut on a day between. Ask for the days before and after separately."), "last_day"),
}
PLAIN = (
    "kind", "region", "trl_from", "trl_to", "accreditations", "price", "currency", "basis", "zone", "hours", "closed",
)


def _check(facility: Facility) -> None:
    if facility.kind not in KINDS or facility.basis not in BASES:
        raise Refused(N_("Choose one of the kinds."), field="kind")
    if not 1 <= facility.trl_from <= facility.trl_to <= 9:
        raise Refused(N_("The maturity it takes in lies below the one it can bring a technology to, both from 1 to 9."), field="trl_to")
    if (facility.basis == "request") != (facility.price is None):
        raise Refused(N_("Give a price for what it is charged by, or choose “on request”."), field="price")
    if facility.zone not in available_timezones():
        raise Refused(N_("This time zone is not known. It should look like Europe/Berlin."), field="zone")
    for row in facility.accreditations:
        if not row.get("scheme") or not row.get("number"):
            raise Refused(N_("Give each accreditation with its number."), field="accreditations")


def _ready(facility: Facility, today: date) -> None:
    if not any(facility.hours.values()):
        raise Refused(N_("Say on which days and hours it is open: bookings lie within them."), field="hours")


KIND = Kind(Facility, ("capacity", "place"), PLAIN, _check, _ready)


@dataclass(frozen=True)
class Wanted:
    """A span as typed on the clock of the facility; an end at 00:00 is the end of the day before."""

    day: date
    begin: time
    last_day: date
    end: time


def _span(facility: Facility, wanted: Wanted, at: datetime) -> tuple[datetime, datetime]:
    starts = moment_in(facility.zone, wanted.day, wanted.begin, "begin")
    ends = moment_in(facility.zone, wanted.last_day, wanted.end, "end")
    if not at < starts <= at + FURTHEST:
        raise Refused(N_("A booking lies ahead, within a year."), field="day")
    refused = opening.refusal(facility.hours, facility.closed, facility.zone, starts, ends)
    if refused:
        message, field = REFUSALS[refused]
        raise Refused(message, field=field)
    return starts, ends


def ask(actor: Actor, facility: Facility, organisation: Organisation, wanted: Wanted, text: str, key: str, at: datetime | None = None) -> Booking:
    """Ask for a span of a facility. Refused where it is shut or taken; several may ask for one span, and the host chooses."""
    moment = at or now()
    require(actor, "facility.ask", facility)
    booking = resources.asking(actor, Booking, facility, organisation, text, key, moment, "requested")
    if booking.id is None:
        booking.starts, booking.ends = _span(facility, wanted, moment)
        if overlapping(facility, booking.starts, booking.ends):
            raise Refused(TAKEN, field="day")
    return resources.begin(actor, booking, moment)


def overlapping(facility: Facility, starts: datetime, ends: datetime, limit: int = 1) -> Sequence[Booking]:
    """Bookings in which the facility is taken at some time of the span."""
    held = select(Booking).where(Booking.facility_id == facility.id, Booking.state.in_(HELD), Booking.starts < ends, Booking.ends > starts)
    return session.scalars(held.order_by(Booking.starts).limit(limit)).all()


def accept(actor: Actor, booking: Booking, at: datetime | None = None) -> Booking:
    """Promise the facility for a span; the facility's row is held, so that of two acceptances the second sees the first. Refused where it is taken."""
    moment = at or now()
    require(actor, "booking.accept", booking)
    facility = session.execute(
        select(Facility).where(Facility.id == booking.facility_id).with_for_update(of=Facility).execution_options(populate_existing=True)
    ).scalar_one()
    if booking.starts <= moment:
        raise Refused(N_("This time has begun already. Decline it, and ask for another."))
    if any(one.id != booking.id for one in overlapping(facility, booking.starts, booking.ends, 2)):
        raise Refused(TAKEN)
    resources.answer(actor, booking, "accept", at=moment)
    return booking


def calendar_of(facility: Facility, at: datetime | None = None, days: int = SHOWN_DAYS) -> list[opening.Day]:
    """The next days of a facility: when it is open and when it is taken, and not by whom."""
    moment = at or now()
    taken = [(one.starts, one.ends) for one in overlapping(facility, moment - timedelta(days=1), moment + timedelta(days=days + 1), FEED)]
    return opening.calendar(facility.hours, facility.closed, facility.zone, taken, opening.today(facility.zone, moment), days)


def bookings_of(facility: Facility, at: datetime | None = None) -> Sequence[Booking]:
    """The accepted bookings of a facility from a quarter ago on, for its calendar."""
    moment = at or now()
    return overlapping(facility, moment - PAST, moment + 2 * FURTHEST, FEED)


def feed_token(actor: Actor, facility: Facility) -> str:
    """What opens the facility's calendar without an account; only its own people are told."""
    require(actor, "facility.calendar", facility)
    return tokens.make("calendar", facility.public_id, str(facility.feed))


def of_feed(token: str, at: datetime | None = None) -> Facility:
    """The facility whose calendar a token opens. Raises `NotFound` for one that is not ours, or was shut."""
    try:
        claim = tokens.read("calendar", token, at or now())
    except Refused as problem:
        raise NotFound() from problem
    facility = session.scalar(select(Facility).where(Facility.public_id == claim.public_id))
    if facility is None or not claim.is_bound_to(str(facility.feed)):
        raise NotFound()
    return facility


def renew_feed(actor: Actor, facility: Facility, at: datetime | None = None) -> Facility:
    """Shut the calendar's address that was given away, and make a new one."""
    require(actor, "facility.calendar", facility)
    facility.feed += 1
    record(facility, "feed_renewed", actor, at)
    return facility

