"""A message and an invitation as they leave through a real mail server: headers, calendar part, and each mail once."""

from __future__ import annotations

import pytest
from icalendar import Calendar

from marketplace.alerts import talk
from marketplace.db import session
from marketplace.deals.talk import meetings, operations
from marketplace.deals.talk.models import Meeting, Message
from tests.alerts.conftest import bind, box  # noqa: F401 - the server of the tests of alerts
from tests.deals.talk.talking import answer_from, answered_at, talking
from tests.deals.talk.test_meetings import plan
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def to(box, person):  # noqa: F811
    return [mail for mail in box.mails if mail["To"] == person.address]


def test_a_message_leaves_with_a_reply_address_and_threads_with_the_one_before(box):  # noqa: F811
    there = talking()
    with answered_at():
        operations.post_message(there.firm, there.deal, "all", "周五前请寄样品。", "k")
        work()
        [first] = to(box, there.holder)
        assert first["Reply-To"].startswith("reply+") and first["Reply-To"].endswith("@answers.example.org") and first["In-Reply-To"] is None
        assert "List-Unsubscribe" not in first and len({mail["Message-ID"] for mail in box.mails}) == 4
        assert operations.receive(answer_from(there.holder, first["Reply-To"], "周四寄").as_bytes()).outcome == "posted"
        work()
        operations.post_message(there.broker, there.deal, "all", "好", "k2")
        work()
    [_first, second] = to(box, there.holder)
    assert second["In-Reply-To"] == second["References"] and second["In-Reply-To"].endswith("@client.example>") and second["Subject"] == first["Subject"]
    assert len(to(box, there.firm)) == 2 and to(box, there.firm)[1]["In-Reply-To"] == to(box, there.firm)[0]["Message-ID"]
    for message in session.query(Message):
        talk.deal_message(message.id)  # as a job that runs twice
    work()
    assert len(to(box, there.holder)) == 2


def test_an_invitation_leaves_with_a_calendar_that_mail_programmes_understand(box):  # noqa: F811
    there = talking()
    with answered_at():
        meeting = meetings.call_meeting(there.broker, there.deal, "all", plan(there, there.firm), "k")
        work()
    [mail] = to(box, there.firm)
    [part] = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert mail.get_content_type() == "multipart/alternative" and part.get_param("method") == "REQUEST" and part.get_content_charset() == "utf-8"
    raw = part.get_payload(decode=True)
    assert raw.count(b"\n") == raw.count(b"\r\n") and max(map(len, raw.split(b"\r\n"))) <= 75
    found = Calendar.from_ical(raw)
    assert str(found["METHOD"]) == "REQUEST" and str(found.walk("VEVENT")[0]["SUMMARY"]) == "技术对接会"
    assert str(found.walk("VEVENT")[0]["ORGANIZER"]) == f"mailto:{mail['Reply-To']}"
    talk.meeting_told(session.get_one(Meeting, meeting.id).id)
    work()
    assert len(to(box, there.firm)) == 1
