"""A meeting as an iCalendar object (RFC 5545) that invites, changes or cancels (RFC 5546), made for one reader.

Mail addresses are told to nobody: the organiser is the reader's own reply address under the organiser's name, and of those invited only the reader
stands there with his address; the others have a stand-in. The same `uid` with a higher `sequence` changes what a calendar shows.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from marketplace.deals.models import Party
from marketplace.deals.sight import known_name
from marketplace.deals.talk.addresses import are_configured, organiser_address, stand_in
from marketplace.deals.talk.meetings import invited
from marketplace.deals.talk.models import Attendance, Meeting

PRODUCT = "-//TechBridge//Meetings//EN"
PARTSTATS = {"asked": "NEEDS-ACTION", "yes": "ACCEPTED", "no": "DECLINED", "maybe": "TENTATIVE"}


def calendar_of(meeting: Meeting, reader: Party, method: str, link: str) -> str:
    """The object that tells the reader of the meeting: REQUEST (invited, or changed), CANCEL, or PUBLISH (to be saved by hand).

    Whoever takes no part any more is told nothing but which entry to take out. Lines are folded at 75 octets and end in CRLF.
    """
    calendar = Calendar()
    for name, value in (("prodid", PRODUCT), ("version", "2.0"), ("calscale", "GREGORIAN"), ("method", method)):
        calendar.add(name, value)
    happening = Event()
    zone = ZoneInfo(meeting.zone)
    for name, value in (("uid", meeting.uid), ("dtstamp", meeting.updated), ("sequence", meeting.sequence)):
        happening.add(name, value)
    happening.add("dtstart", meeting.starts.astimezone(zone))
    happening.add("dtend", meeting.ends.astimezone(zone))
    happening.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    happening.add("organizer", _named(organiser_address(reader.public_id, meeting.audience), meeting.organiser, reader))
    if reader.state == "active":
        _describe(happening, meeting, link)
    for attendance in _listed(meeting, reader, method):
        happening.add("attendee", _attendee(attendance, reader), encode=0)
    calendar.add_component(happening)
    calendar.add_missing_timezones()
    return calendar.to_ical().decode()


def _describe(happening: Event, meeting: Meeting, link: str) -> None:
    happening.add("summary", meeting.title)
    happening.add("description", "\n\n".join(part for part in (meeting.agenda, meeting.link, link) if part))
    happening.add("location", meeting.place or meeting.link)
    happening.add("url", link)


def _listed(meeting: Meeting, reader: Party, method: str) -> list[Attendance]:
    """Who is named in the object: those invited to those who are, on leaving the reader alone."""
    if method == "PUBLISH":
        return []
    return [one for one in meeting.attendances if one.party_id == reader.id] if method == "CANCEL" else invited(meeting)


def _named(address: str, party: Party, reader: Party) -> vCalAddress:
    """An address with its party's name, where the reader takes part and is told it."""
    found, told = vCalAddress(f"mailto:{address}"), reader.state == "active" and reader.person is not None and party.person is not None
    name = known_name(reader.person, reader.deal, party.person) if told else None
    if name is not None:
        found.params["CN"] = vText(name.replace('"', "'"))
    return found


def _attendee(attendance: Attendance, reader: Party) -> vCalAddress:
    party = attendance.party
    own = party.id == reader.id and party.person is not None
    found = _named(party.person.address if own and party.person else stand_in(party.public_id), party, reader)
    found.params["ROLE"] = vText("REQ-PARTICIPANT")
    found.params["PARTSTAT"] = vText(PARTSTATS[attendance.answer])
    found.params["RSVP"] = vText("TRUE" if own and are_configured() else "FALSE")
    return found
