"""The verbs of meetings: call one, change and cancel it, answer an invitation; times as typed in a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import available_timezones

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import now, session
from marketplace.deals.models import Deal, Party
from marketplace.deals.talk.audience import hearer, hearers, open_to, party_of, require_voice, tell_them
from marketplace.deals.talk.incoming import Answer
from marketplace.deals.talk.models import Attendance, Meeting
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.people.models import Person
from marketplace.people.zones import moment_in
from marketplace.record import move, record

LONGEST = timedelta(days=7)
FURTHEST = timedelta(days=3 * 366)
PARTSTATS = {"ACCEPTED": "yes", "DECLINED": "no", "TENTATIVE": "maybe"}


@dataclass(frozen=True)
class Plan:
    """What a meeting is to be, as typed: local times in the zone, places as text, the public ids of the parties invited."""

    title: str
    day: date
    begin: time
    end: time
    zone: str
    place: str = ""
    link: str = ""
    agenda: str = ""
    parties: tuple[str, ...] = ()


def _times(plan: Plan, at: datetime) -> tuple[datetime, datetime]:
    """Beginning and end; an end before the beginning is on the next day."""
    if plan.zone not in available_timezones():
        raise Refused(N_("This time zone is not known. It should look like Europe/Berlin."), field="zone")
    starts = moment_in(plan.zone, plan.day, plan.begin, "begin")
    ends = moment_in(plan.zone, plan.day if plan.end > plan.begin else plan.day + timedelta(days=1), plan.end, "end")
    if not at < starts <= at + FURTHEST:
        raise Refused(N_("A meeting lies ahead, within three years."), field="day")
    if not starts < ends:
        raise Refused(N_("A meeting ends after it begins."), field="end")
    return starts, ends


def _texts(plan: Plan) -> dict[str, str | None]:
    title = " ".join(plan.title.split())
    if not title:
        raise Refused(N_("Give the meeting a title."), field="title")
    link = plan.link.strip()
    if link and (not link.startswith("https://") or any(character.isspace() for character in link) or len(link) <= len("https://")):
        raise Refused(N_("The link must begin with https:// and hold no spaces."), field="link")
    if not plan.place.strip() and not link:
        raise Refused(N_("Say where: a place, or a link to meet at."), field="place")
    return {"title": title, "place": " ".join(plan.place.split()) or None, "link": link or None, "agenda": plan.agenda.replace("\r\n", "\n").strip() or None}


def call_meeting(actor: Actor, deal: Deal, audience: str, plan: Plan, key: str, at: datetime | None = None) -> Meeting:
    """Invite parties to a meeting; each gets an invitation for its calendar. The same form sent twice makes one meeting."""
    moment = at or now()
    require(actor, "deal.take_part", deal)
    require_voice(actor, deal, audience, moment)
    organiser = party_of(actor, deal, audience)
    there = session.scalar(select(Meeting).where(Meeting.deal_id == deal.id, Meeting.key == key))
    if there is not None:
        if there.organiser_id != organiser.id:
            raise NotFound()
        return there
    (starts, ends), texts, wanted = _times(plan, moment), _texts(plan), _wanted(deal, audience, organiser, plan.parties)
    meeting = Meeting(
        deal=deal, audience=audience, uid=str(uuid4()), starts=starts, ends=ends, zone=plan.zone, organiser=organiser, key=key, created=moment,
        updated=moment, sequence=0, **texts,
    )
    session.add(meeting)
    session.flush()  # those invited point at the meeting
    _invite(meeting, wanted)
    own = next(one for one in meeting.attendances if one.party is organiser)
    own.answer, own.answered = "yes", moment
    record(meeting, "call", actor, moment)
    _tell(actor, meeting, "meeting", moment)
    return meeting


def _wanted(deal: Deal, audience: str, organiser: Party, chosen: tuple[str, ...]) -> dict[int, Party]:
    """The parties to be invited by their ids: those chosen by their public ids, and the organiser."""
    wanted = {party.id: party for party in [organiser, *(hearer(deal, audience, one, "parties") for one in chosen)]}
    if len(wanted) < 2:
        raise Refused(N_("Invite somebody else too."), field="parties")
    return wanted


def _invite(meeting: Meeting, wanted: dict[int, Party]) -> None:
    """Have exactly these parties invited; who is left out keeps the row as `gone`, and is asked anew when he comes back."""
    there = {attendance.party_id: attendance for attendance in meeting.attendances}
    for party_id, attendance in there.items():
        if attendance.gone and party_id in wanted:
            attendance.answer, attendance.answered, attendance.asked = "asked", None, meeting.sequence
        attendance.gone = party_id not in wanted
    for party_id, party in wanted.items():
        if party_id not in there:
            meeting.attendances.append(Attendance(party_id=party_id, party=party, answer="asked", asked=meeting.sequence, gone=False))


def _tell(actor: Actor, meeting: Meeting, kind: str, moment: datetime) -> None:
    tell_them(actor, meeting, kind, moment, title=meeting.title, starts=meeting.starts.isoformat(), ends=meeting.ends.isoformat(), zone=meeting.zone)


def change_meeting(actor: Actor, meeting: Meeting, plan: Plan, at: datetime | None = None) -> Meeting:
    """Change a meeting: its version rises and everybody invited hears of it; at another time everybody is asked anew."""
    moment = at or now()
    require(actor, "deal_meeting.change", meeting)
    _is_ahead(meeting, moment)
    (starts, ends), texts = _times(plan, moment), _texts(plan)
    wanted = _wanted(meeting.deal, meeting.audience, meeting.organiser, plan.parties)
    before = _state(meeting)
    moved = (starts, ends) != (meeting.starts, meeting.ends)
    meeting.sequence += 1
    meeting.starts, meeting.ends, meeting.zone, meeting.updated = starts, ends, plan.zone, moment
    for name, value in texts.items():
        setattr(meeting, name, value)
    _invite(meeting, wanted)
    if _state(meeting) == before:
        meeting.sequence -= 1
        return meeting
    for attendance in meeting.attendances if moved else ():
        own = attendance.party_id == meeting.organiser_id
        attendance.answer, attendance.answered, attendance.asked = ("yes", moment, meeting.sequence) if own else ("asked", None, meeting.sequence)
    record(meeting, "change", actor, moment)
    _tell(actor, meeting, "meeting_moved" if moved else "meeting_changed", moment)
    return meeting


def _state(meeting: Meeting) -> tuple[object, ...]:
    invited = frozenset(one.party_id for one in meeting.attendances if not one.gone)
    return meeting.title, meeting.starts, meeting.ends, meeting.zone, meeting.place, meeting.link, meeting.agenda, invited


def _is_ahead(meeting: Meeting, moment: datetime) -> None:
    if meeting.state != "planned":
        raise Refused(N_("This meeting was cancelled."))
    if meeting.ends <= moment:
        raise Refused(N_("This meeting is over."))


def cancel_meeting(actor: Actor, meeting: Meeting, at: datetime | None = None) -> Meeting:
    """Cancel a meeting: everybody invited hears of it and it leaves their calendars."""
    moment = at or now()
    _is_ahead(meeting, moment)
    move(meeting, "cancel", actor, moment)
    meeting.sequence += 1
    meeting.updated = moment
    _tell(actor, meeting, "meeting_cancelled", moment)
    return meeting


def answer_invitation(actor: Actor, attendance: Attendance, answer: str, at: datetime | None = None) -> Attendance:
    """Say yes, no or maybe to an invitation; the last answer counts."""
    moment = at or now()
    require(actor, "deal_attendance.answer", attendance)
    _is_ahead(attendance.meeting, moment)
    if answer not in PARTSTATS.values():
        raise Refused(N_("Choose one of the answers."), field="answer")
    if attendance.answer != answer:
        attendance.answer, attendance.answered = answer, moment
        record(attendance, "answer", actor, moment)
        tell_them(actor, attendance.meeting, "meeting_answered", moment, title=attendance.meeting.title, answer=answer)
    return attendance


def answer_by_mail(actor: Person, party: Party, answer: Answer, at: datetime) -> Attendance:
    """Count what a calendar programme answered. Refused when it answers no meeting of the party, or one that was moved since."""
    found = select(Attendance).join(Meeting).where(Meeting.uid == answer.uid, Meeting.deal_id == party.deal_id, Attendance.party_id == party.id)
    attendance = session.scalar(found)
    if attendance is None or attendance.gone:
        raise Refused(N_("It answers a meeting that is not known here."))
    if answer.partstat not in PARTSTATS:
        raise Refused(N_("It neither accepts nor declines. Propose another time in words, on the page or by mail."))
    if answer.sequence < attendance.asked:
        raise Refused(N_("The meeting was moved after the invitation that it answers. Answer the newer one."))
    return answer_invitation(actor, attendance, PARTSTATS[answer.partstat], at)


def meeting_of(actor: Actor, deal: Deal, public_id: str) -> Meeting:
    """A meeting of the deal that the actor hears of. Raises `NotFound`."""
    meeting = session.scalar(select(Meeting).where(Meeting.deal_id == deal.id, Meeting.public_id == public_id))
    if meeting is None or meeting.audience not in open_to(actor, deal):
        raise NotFound()
    return meeting


def meetings_of(actor: Actor, deal: Deal, at: datetime, ahead: bool = True, limit: int = 50) -> list[Meeting]:
    """The meetings of the deal that the actor hears of: those ahead, the next one first, or those that are over, the last one first."""
    require(actor, "deal.read", deal)
    query = select(Meeting).where(Meeting.deal_id == deal.id, Meeting.audience.in_(open_to(actor, deal)))
    planned = query.where(Meeting.ends > at, Meeting.state == "planned").order_by(Meeting.starts, Meeting.id)
    over = query.where((Meeting.ends <= at) | (Meeting.state != "planned")).order_by(Meeting.starts.desc(), Meeting.id)
    return list(session.scalars((planned if ahead else over).limit(limit)))


def attendance_of(actor: Actor, meeting: Meeting) -> Attendance | None:
    """The actor's own invitation to the meeting, if there is one."""
    return next((one for one in meeting.attendances if not one.gone and one.party.person_id == actor.id and one.party.state == "active"), None)


def invited(meeting: Meeting) -> list[Attendance]:
    """Those who are invited, in the order in which they were."""
    return [one for one in meeting.attendances if not one.gone]


@handler("deals.leave_meetings")
def leave_meetings(thing_id: int) -> None:
    """Take a party that was removed off the meetings ahead; one that it called passes to the broker, else to another who hears of it."""
    gone = session.get_one(Party, thing_id)
    moment = now()
    if gone.state != "removed":
        return
    found = select(Attendance).join(Meeting).where(
        Attendance.party_id == gone.id, Attendance.gone.is_(False), Meeting.state == "planned", Meeting.ends > moment)
    for attendance in session.scalars(found.order_by(Attendance.id)):
        meeting, attendance.gone = attendance.meeting, True
        _next_version(meeting, moment)
        if meeting.organiser_id == gone.id and not _pass_on(meeting):
            move(meeting, "cancel", SYSTEM, moment)
            _tell(SYSTEM, meeting, "meeting_cancelled", moment)
        else:
            record(meeting, "leave", SYSTEM, moment)


def _next_version(meeting: Meeting, moment: datetime) -> None:
    """Raise the version for the one who leaves; for the others nothing changed, and they get no mail."""
    for one in invited(meeting):
        if one.told == meeting.sequence:
            one.told += 1
    meeting.sequence += 1
    meeting.updated = moment


def _pass_on(meeting: Meeting) -> bool:
    """Give the meeting to somebody else who is invited, the broker first. False when nobody is."""
    active = {party.id for party in hearers(meeting.deal, meeting.audience)}
    left = sorted((one.party for one in invited(meeting) if one.party_id in active), key=lambda party: (party.side != "broker", party.id))
    if left:
        meeting.organiser = left[0]
    return bool(left)
