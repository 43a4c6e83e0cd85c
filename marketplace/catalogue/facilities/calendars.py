"""The accepted bookings of a facility as an iCalendar object (RFC 5545), for the calendars of its own people.

It names who comes and what for, because whoever has the address works for the facility; addresses of people stand nowhere in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from marketplace.catalogue.facilities.models import Booking, Facility

PRODUCT = "-//TechBridge//Bookings//EN"


def calendar_of(facility: Facility, bookings: Iterable[Booking], language: str, host: str) -> bytes:
    """All of them as one object; `host` makes the names of the entries unique in the world. Times are on the clock of the facility."""
    calendar = Calendar()
    title = facility.titled(language)[0]
    for name, value in (("prodid", PRODUCT), ("version", "2.0"), ("calscale", "GREGORIAN"), ("method", "PUBLISH"), ("x-wr-calname", title)):
        calendar.add(name, value)
    zone = ZoneInfo(facility.zone)
    for booking in bookings:
        happening = Event()
        happening.add("uid", f"booking-{booking.public_id}@{host}")
        happening.add("dtstamp", booking.answered or booking.created)
        happening.add("sequence", booking.version_id)
        happening.add("dtstart", booking.starts.astimezone(zone))
        happening.add("dtend", booking.ends.astimezone(zone))
        happening.add("summary", f"{booking.organisation.called(language)} · {title}")
        happening.add("description", booking.text)
        happening.add("status", "CONFIRMED")
        calendar.add_component(happening)
    calendar.add_missing_timezones()
    return calendar.to_ical()
