"""Mails about what the people of a deal say and agree: a message to each of its readers, tasks, invitations to meetings, answers that were refused.

Whoever was removed from the deal gets none of them, but for the one that takes a meeting out of his calendar and says nothing else.
"""

from __future__ import annotations

from typing import Any

from marketplace.alerts.models import Mail
from marketplace.alerts.operations import PLAIN, Envelope, to_person, tongue_of
from marketplace.db import now, session
from marketplace.deals.models import Party
from marketplace.deals.sight import known_name
from marketplace.deals.talk import enclosures
from marketplace.deals.talk.addresses import are_configured, page_address, reply_address
from marketplace.deals.talk.audience import AUDIENCES, hearers
from marketplace.deals.talk.calendars import calendar_of
from marketplace.deals.talk.models import Attendance, Delivery, Meeting, Message, ReceivedMail, Task
from marketplace.deals.talk.operations import delivery_of, last_delivery
from marketplace.jobs import handler
from marketplace.matching.documents import shown_title
from marketplace.people.models import Person
from marketplace.people.zones import in_zone


def _write(template: str, party: Party, page: str, envelope: Envelope = PLAIN, **values: Any) -> Mail | None:
    """Write to a party about its deal, by the title that this reader may see; nobody when the party is no longer there."""
    person, deal = party.person, party.deal
    if party.state != "active" or person is None or not person.is_active:
        return None
    title = shown_title(person, deal.technology, person.language)[0]
    return to_person(template, person, f"/deals/{deal.public_id}/{page}", envelope=envelope, title=title, **values)


def _name(reader: Party, person: Person | None) -> str | None:
    """Somebody's name, as far as the reader is told it."""
    return known_name(reader.person, reader.deal, person) if reader.person and person else None


@handler("alerts.deal_message")
def deal_message(thing_id: int) -> None:
    """Write a message to each of its readers but the author, once, with an address of the reader's own for the answer."""
    message = session.get_one(Message, thing_id)
    for party in hearers(message.deal, message.audience):
        if party.person_id == message.person_id or delivery_of(party, message) is not None:
            continue
        envelope = Envelope(reply_to=reply_address(party.public_id, message.audience), answers=last_delivery(party, message))
        mail = _write(
            "deal_message", party, f"messages?audience={message.audience}", envelope, writer=_name(party, message.person), side=message.party.side,
            readers=AUDIENCES[message.audience], text=message.text, left_out=message.left_out, by_mail=are_configured(),
            files=[document.name for document in enclosures.shown(party.person, message)] if party.person else [],
        )
        if mail is not None:
            session.add(Delivery(message=message, party_id=party.id, name=mail.message_id))


def _about(task: Task, what: str) -> None:
    if task.state == "open":
        _write("deal_task", task.party, "tasks", what=what, text=task.text, due=task.due, setter=_name(task.party, task.set_by.person))


@handler("alerts.task_set")
def task_set(thing_id: int) -> None:
    """Tell whoever is to do a task; not whoever set it for himself."""
    task = session.get_one(Task, thing_id)
    if task.party_id != task.set_by_id:
        _about(task, "set")


@handler("alerts.task_back")
def task_back(thing_id: int) -> None:
    """Tell whom a task has fallen to because the one who was to do it has left."""
    _about(session.get_one(Task, thing_id), "back")


@handler("alerts.task_due")
def task_due(thing_id: int) -> None:
    """Remind of a task on its day."""
    _about(session.get_one(Task, thing_id), "due")


@handler("alerts.meeting_told")
def meeting_told(thing_id: int) -> None:
    """Bring each calendar up to date: an invitation to whoever has none or an old one, a cancellation to whoever is no longer invited."""
    meeting = session.get_one(Meeting, thing_id)
    for attendance in meeting.attendances:
        off = attendance.gone or meeting.state == "cancelled"
        if off and attendance.told is not None:
            _take_out(attendance)
        elif not off and (attendance.told is None or attendance.told < meeting.sequence):
            _send_invitation(attendance)


def _send_invitation(attendance: Attendance) -> None:
    meeting, party = attendance.meeting, attendance.party
    what = "invited" if attendance.told is None else "moved" if attendance.asked == meeting.sequence else "changed"
    if _about_meeting(meeting, party, what, "REQUEST") is not None:
        attendance.told = meeting.sequence


def _take_out(attendance: Attendance) -> None:
    """Cancel the entry in one calendar. A party that was removed is told nothing but that; where nothing was ever sent, nothing is."""
    meeting, party = attendance.meeting, attendance.party
    attendance.told = None
    person = party.person
    if party.state == "active":
        _about_meeting(meeting, party, "cancelled" if meeting.state == "cancelled" else "uninvited", "CANCEL")
    elif person is not None and person.is_active:
        to_person("meeting_gone", person, "/", envelope=Envelope(calendar=calendar_of(meeting, party, "CANCEL", "")))


def _about_meeting(meeting: Meeting, party: Party, what: str, method: str) -> Mail | None:
    page = f"meetings/{meeting.public_id}"
    language = tongue_of(party.person) if party.person else ""
    calendar = calendar_of(meeting, party, method, page_address(language, f"/deals/{meeting.deal.public_id}/{page}"))
    envelope = Envelope(reply_to=reply_address(party.public_id, meeting.audience), calendar=calendar)
    return _write(
        "deal_meeting", party, page, envelope, what=what, organiser=_name(party, meeting.organiser.person), meeting=meeting.title,
        when=in_zone(meeting.starts, meeting.ends, meeting.zone), place=meeting.place, online=meeting.link, agenda=meeting.agenda, by_mail=are_configured(),
    )


@handler("alerts.meeting_declined")
def meeting_declined(thing_id: int) -> None:
    """Tell whoever called a meeting that somebody will not come."""
    attendance = session.get_one(Attendance, thing_id)
    meeting = attendance.meeting
    if attendance.answer == "no" and meeting.state == "planned" and meeting.ends > now() and attendance.party_id != meeting.organiser_id:
        who = _name(meeting.organiser, attendance.party.person)
        _write("meeting_declined", meeting.organiser, f"meetings/{meeting.public_id}", who=who, meeting=meeting.title)


@handler("alerts.reply_refused")
def reply_refused(thing_id: int) -> None:
    """Tell a party why its answer by mail was not taken; at the address of its account, wherever the mail came from."""
    mail = session.get_one(ReceivedMail, thing_id)
    if mail.party is not None:
        _write("reply_refused", mail.party, "messages", reason=mail.reason)


@handler("alerts.files_refused")
def files_refused(thing_id: int) -> None:
    """Tell whoever answered by mail which of his files were not taken over and why, in one mail."""
    message = session.get_one(Message, thing_id)
    files = [(each.name, each.reason, each.values) for each in enclosures.refused(message)]
    _write("files_refused", message.party, f"messages?audience={message.audience}", files=files)
