"""Meetings: what is typed in a zone, who is asked and who answers, and what arrives in each calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event, vCalAddress
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.talk import meetings, operations
from marketplace.deals.talk.calendars import calendar_of
from marketplace.deals.talk.meetings import Plan
from marketplace.deals.talk.models import Attendance, Meeting
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.people.zones import ZONES, in_zone, moment_in
from marketplace.record import move
from tests.deals.talk.talking import answer_from, answered_at, talking
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

DAY = (now() + timedelta(days=30)).date()


def plan(there, *people, **values):
    given = {"title": "技术对接会", "day": DAY, "begin": time(15), "end": time(16, 30), "zone": "Asia/Shanghai", "place": "杭州西湖区", "link": "https://meet.example.com/x",
             "agenda": "一、样品\n二、价格，与交期；" + "很长的议程" * 30}
    return Plan(**{**given, **values}, parties=tuple(there.party(person).public_id for person in people))


def called(there, *people, audience="all", **values):
    made = meetings.call_meeting(there.broker, there.deal, audience, plan(there, *(people or (there.firm, there.holder)), **values), "k")
    session.flush()
    return made


def mails_to(person):
    return list(session.scalars(select(Mail).where(Mail.address == person.address).order_by(Mail.id)))


def attendance(meeting, there, person):
    return next(one for one in meeting.attendances if one.party_id == there.party(person).id)


def obeys_rfc_5545(text):
    """The rules that calendars trip over: CRLF, no line over 75 octets, continuations by a blank, and it can be read again."""
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "") and "\r" not in text.replace("\r\n", "")
    lines = text.split("\r\n")[:-1]
    assert all(0 < len(line.encode()) <= 75 for line in lines)
    found = Calendar.from_ical(text)
    assert found["VERSION"] == "2.0" and found["PRODID"] and str(found["METHOD"]) in ("REQUEST", "CANCEL", "PUBLISH")
    [happening] = found.walk("VEVENT")
    assert happening["UID"] and happening["DTSTAMP"].dt.tzinfo is not None and not found.errors and not happening.errors
    zones = {str(zone["TZID"]) for zone in found.walk("VTIMEZONE")}
    assert {happening["DTSTART"].params.get("TZID"), happening["DTEND"].params.get("TZID")} <= zones | {None}
    return found, happening


def test_an_invitation_reaches_each_calendar_and_tells_no_address_but_the_readers_own():
    there = talking()
    with answered_at():
        meeting = called(there)
        work()
        meeting = session.get_one(Meeting, meeting.id)
        for person in (there.broker, there.firm, there.holder):
            [mail] = mails_to(person)
            found, happening = obeys_rfc_5545(mail.calendar)
            assert str(found["METHOD"]) == "REQUEST" and str(happening["UID"]) == meeting.uid and int(happening["SEQUENCE"]) == 0
            assert str(happening["SUMMARY"]) == "技术对接会" and str(happening["LOCATION"]) == "杭州西湖区"
            assert happening["DTSTART"].dt == datetime.combine(DAY, time(15), ZoneInfo("Asia/Shanghai"))
            assert str(happening["ORGANIZER"]) == f"mailto:{mail.reply_to}" and happening["ORGANIZER"].params["CN"] == "白经理"
            addresses = [str(one).removeprefix("mailto:") for one in happening["ATTENDEE"]]
            assert len(addresses) == 3 and addresses.count(person.address) == 1
            others = {one.address for one in there.everybody()} - {person.address}
            unfolded = mail.calendar.replace("\r\n ", "")
            assert not any(other in unfolded or other in mail.body for other in others)
            names = [one.params["CN"] for one in happening["ATTENDEE"]]
            assert names == ["白经理", "Kim", "何工"]
            assert "(Asia/Shanghai, UTC+08:00)" in mail.body and "https://meet.example.com/x" in mail.body
    assert "invites you" in mails_to(there.firm)[0].body and "邀请您参加" in mails_to(there.holder)[0].body
    assert mails_to(there.second) == [] and mails_to(there.guest) == []


def test_a_change_raises_the_version_and_a_new_time_asks_anew():
    there = talking()
    meeting = called(there)
    work()
    meeting = session.get_one(Meeting, meeting.id)
    there.deal = meeting.deal
    meetings.answer_invitation(session.merge(there.firm), attendance(meeting, there, there.firm), "yes")
    meetings.change_meeting(there.broker, meeting, plan(there, there.firm, there.holder, place="宁波"))
    work()
    assert attendance(meeting, there, there.firm).answer == "yes" and "时间不变" in mails_to(there.holder)[-1].body
    meetings.change_meeting(there.broker, meeting, plan(there, there.firm, there.holder, place="宁波", begin=time(9), end=time(10)))
    meetings.change_meeting(there.broker, meeting, plan(there, there.firm, there.holder, place="宁波", begin=time(9), end=time(10)))  # nothing changed
    work()
    versions = [int(obeys_rfc_5545(mail.calendar)[1]["SEQUENCE"]) for mail in mails_to(there.firm)]
    uids = {str(obeys_rfc_5545(mail.calendar)[1]["UID"]) for mail in mails_to(there.firm)}
    assert versions == [0, 1, 2] and len(uids) == 1
    assert attendance(meeting, there, there.firm).answer == "asked" and attendance(meeting, there, there.broker).answer == "yes"
    assert "moved" in mails_to(there.firm)[-1].body


def test_who_is_left_out_and_who_is_cancelled_gets_a_cancellation_once():
    there = talking()
    meeting = called(there, there.firm, there.holder, there.guest)
    work()
    meeting = session.get_one(Meeting, meeting.id)
    meetings.change_meeting(there.broker, meeting, plan(there, there.firm, there.holder))
    work()
    meetings.cancel_meeting(there.broker, meeting)
    work()
    for person, methods in ((there.guest, ["REQUEST", "CANCEL"]), (there.firm, ["REQUEST", "REQUEST", "CANCEL"])):
        found = [obeys_rfc_5545(mail.calendar) for mail in mails_to(person)]
        assert [str(one["METHOD"]) for one, _happening in found] == methods
        assert str(found[-1][1]["STATUS"]) == "CANCELLED" and int(found[-1][1]["SEQUENCE"]) > int(found[0][1]["SEQUENCE"])
    with pytest.raises(Refused, match="cancelled"):
        meetings.answer_invitation(there.firm, attendance(meeting, there, there.firm), "yes")


def test_a_party_that_is_removed_has_the_meeting_taken_out_and_hears_nothing_else():
    there = talking()
    meeting = called(there)
    work()
    move(there.party(there.holder), "remove", SYSTEM)
    work()
    work()
    [invitation, last] = [mail for mail in mails_to(there.holder) if mail.calendar]
    found, happening = obeys_rfc_5545(last.calendar)
    assert str(found["METHOD"]) == "CANCEL" and str(happening["UID"]) == session.get_one(Meeting, meeting.id).uid
    assert "SUMMARY" not in happening and "LOCATION" not in happening and "技术对接会" not in last.body + last.subject
    assert there.deal.public_id not in last.body + last.calendar
    assert len(mails_to(there.firm)) == 1 and last.created >= invitation.created


def test_a_meeting_whose_caller_is_removed_passes_to_another_who_is_invited():
    there = talking()
    meeting = meetings.call_meeting(there.holder, there.deal, "all", plan(there, there.firm, there.broker), "k")
    alone = meetings.call_meeting(there.holder, there.deal, "holder_broker", plan(there, there.broker), "k2")
    work()
    move(there.party(there.holder), "remove", SYSTEM)
    work()
    assert session.get_one(Meeting, meeting.id).organiser.person_id == there.broker.id
    assert session.get_one(Meeting, alone.id).state == "planned" and session.get_one(Meeting, alone.id).organiser.person_id == there.broker.id


def test_berlin_across_the_change_of_clocks():
    there = talking()
    autumn = max(day for day in (date(now().year + 1, 10, 25) + timedelta(days=n) for n in range(7)) if day.weekday() == 6)
    spring = max(day for day in (date(now().year + 1, 3, 25) + timedelta(days=n) for n in range(7)) if day.weekday() == 6)
    meeting = called(there, day=autumn - timedelta(days=1), begin=time(23), end=time(4), zone="Europe/Berlin")
    assert meeting.ends - meeting.starts == timedelta(hours=6)  # five by the clock, one of them twice
    found, happening = obeys_rfc_5545(calendar_of(meeting, there.party(there.firm), "REQUEST", "https://x"))
    assert happening["DTEND"].dt.utcoffset() == timedelta(hours=1) and happening["DTSTART"].dt.utcoffset() == timedelta(hours=2)
    assert happening["DTSTART"].dt.astimezone(UTC) == meeting.starts
    with pytest.raises(Refused, match="clocks") as refused:
        meetings.call_meeting(there.broker, there.deal, "all", plan(there, there.firm, day=spring, begin=time(2, 30), end=time(5), zone="Europe/Berlin"), "k2")
    assert refused.value.field == "begin"


@given(st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31)), st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_a_time_that_the_clock_shows_is_shown_again(local, zone):
    local = local.replace(second=0, microsecond=0)
    try:
        moment = moment_in(zone, local.date(), local.time(), "begin")
    except Refused:
        return
    assert moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
    assert local.strftime("%Y-%m-%d %H:%M") in in_zone(moment, moment + timedelta(hours=1), zone)


@pytest.mark.parametrize(("values", "field"), [
    ({"zone": "Mars/Olympus"}, "zone"), ({"day": date(2020, 1, 1)}, "day"), ({"day": date(2190, 1, 1)}, "day"), ({"title": "  "}, "title"),
    ({"link": "http://x.example"}, "link"), ({"link": "https://"}, "link"), ({"link": "javascript:alert(1)"}, "link"), ({"place": "", "link": ""}, "place"),
])
def test_what_no_meeting_can_be_is_refused_beside_its_field(values, field):
    there = talking()
    with pytest.raises(Refused) as refused:
        meetings.call_meeting(there.broker, there.deal, "all", plan(there, there.firm, **values), "k")
    assert refused.value.field == field


def test_only_who_hears_can_be_invited_and_only_who_called_or_leads_changes():
    there = talking()
    with pytest.raises(Refused, match="somebody"):
        meetings.call_meeting(there.firm, there.deal, "firm_broker", plan(there, there.holder), "k")
    meeting = meetings.call_meeting(there.firm, there.deal, "firm_broker", plan(there, there.broker), "k")
    session.flush()
    for person in (there.holder, there.guest):
        with pytest.raises(NotFound):
            meetings.meeting_of(person, there.deal, meeting.public_id)
        assert meetings.meetings_of(person, there.deal, now()) == []
        with pytest.raises(NotAllowed):
            meetings.answer_invitation(person, attendance(meeting, there, there.broker), "no")
    assert meetings.meeting_of(there.second, there.deal, meeting.public_id) is meeting
    for step in (meetings.cancel_meeting, lambda who, one: meetings.change_meeting(who, one, plan(there, there.broker))):
        with pytest.raises(NotAllowed):
            step(there.second, meeting)


def reply(uid, person, partstat, sequence, method="REPLY"):
    calendar = Calendar()
    for name, value in (("prodid", "-//x//"), ("version", "2.0"), ("method", method)):
        calendar.add(name, value)
    happening = Event()
    happening.add("uid", uid)
    happening.add("sequence", sequence)
    happening.add("dtstamp", now())
    who = vCalAddress(f"mailto:{person.address}")
    who.params["PARTSTAT"] = partstat
    happening.add("attendee", who, encode=0)
    calendar.add_component(happening)
    return calendar.to_ical().decode()


@pytest.mark.parametrize(("partstat", "answer"), [("ACCEPTED", "yes"), ("DECLINED", "no"), ("TENTATIVE", "maybe"), ("DELEGATED", None)])
def test_what_a_calendar_answers_counts(partstat, answer):
    there = talking()
    with answered_at():
        meeting = called(there)
        work()
        mail = answer_from(there.holder, mails_to(there.holder)[0].reply_to, "已答复", Auto_Submitted="auto-generated")
        mail.add_alternative(reply(meeting.uid, there.holder, partstat, 0), subtype="calendar", params={"method": "REPLY"})
        found = operations.receive(mail.as_bytes())
        session.flush()
        there_now = attendance(session.get_one(Meeting, meeting.id), there, there.holder).answer
        assert (found.outcome, there_now) == (("answered_meeting", answer) if answer else ("refused", "asked"))
        assert operations.newest_messages(there.firm, there.deal) == []  # the programme's sentence is not posted
        work()
    told = mails_to(there.broker)[1:]
    assert [("不参加" in mail.subject) for mail in told] == ([True] if answer == "no" else [])


def test_an_answer_to_a_time_that_was_given_up_is_refused_and_one_of_another_too():
    there = talking()
    with answered_at():
        meeting = called(there)
        work()
        to = mails_to(there.holder)[0].reply_to
        meetings.change_meeting(there.broker, session.get_one(Meeting, meeting.id), plan(there, there.firm, there.holder, begin=time(8), end=time(9)))
        session.flush()
        for number, (uid, sequence, says) in enumerate(((meeting.uid, 0, "moved"), ("unknown", 1, "not known"), (meeting.uid, 1, None))):
            mail = answer_from(there.holder, to, f"x{number}")
            mail.add_alternative(reply(uid, there.holder, "ACCEPTED", sequence), subtype="calendar")
            found = operations.receive(mail.as_bytes())
            assert found.outcome == ("refused" if says else "answered_meeting") and (says is None or says in found.reason)
            session.flush()
    assert session.scalars(select(Attendance.answer).where(Attendance.party_id == there.party(there.holder).id)).one() == "yes"
