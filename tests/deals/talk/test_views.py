"""The pages of talk: in both languages, without script, for those who hear; and nothing of a side's own on anybody else's page, mail or calendar."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import render_template_string
from icalendar import Calendar
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.models import Deal, Entry
from marketplace.deals.talk import meetings, operations, tasks
from marketplace.deals.talk.models import Meeting, Message, Note, Task
from marketplace.deals.talk.views import KINDS
from marketplace.deals.timeline import entries
from marketplace.people.models import Person
from marketplace.record import move
from tests import factories
from tests.deals.talk.talking import talking
from tests.deals.talk.test_meetings import DAY, plan
from tests.inspection import faults, playing, work

pytestmark = pytest.mark.usefixtures("app")

PAGES = ("", "/messages", "/messages?audience=all", "/messages?audience=firm_broker", "/messages?audience=firm", "/messages?audience=broker", "/notes", "/tasks",
         "/meetings", "/meetings/new")
SHAPE = {"title": "对接会", "day": DAY.isoformat(), "begin": "15:00", "end": "16:00", "zone": "Asia/Shanghai", "place": "杭州"}


@pytest.fixture
def there(client):
    return talking()


def base(there, language="zh"):
    return f"/{language}/deals/{there.deal.public_id}"


def test_a_message_is_written_once_and_seen(client, there):
    client.login(there.firm)
    form = {"talk-key": "one", "talk-audience": "all", "talk-text": "周五前请寄样品。"}
    for _press in (1, 2):
        assert client.post(f"{base(there)}/messages", data=form).status_code == 303
    assert len(session.scalars(select(Message)).all()) == 1
    client.login(there.broker)
    shown = client.get(f"{base(there)}/messages").get_data(as_text=True)
    assert "周五前请寄样品。" in shown and "标为已读" in shown and "(1)" in shown
    newest = session.scalars(select(Message.id)).one()
    assert client.post(f"{base(there)}/messages/read", data={"audience": "all", "until": str(newest)}).status_code == 303
    assert "标为已读" not in client.get(f"{base(there)}/messages").get_data(as_text=True)
    assert client.post(f"{base(there)}/messages/read", data={"audience": "firm", "until": "x"}).status_code == 404


def test_nobody_is_chosen_beforehand_and_the_form_says_what_is_missing(client, there):
    client.login(there.firm)
    answer = client.post(f"{base(there)}/messages", data={"talk-key": "one", "talk-text": "给谁？"})
    assert answer.status_code == 422 and "请选择可见范围" in answer.get_data(as_text=True) and "给谁？" in answer.get_data(as_text=True)
    assert client.post(f"{base(there)}/messages", data={"talk-key": "one", "talk-audience": "holder", "talk-text": "x"}).status_code == 422
    assert "checked" not in client.get(base(there)).get_data(as_text=True)
    assert session.scalars(select(Message)).all() == []


def test_tasks_by_the_page(client, there):
    client.login(there.broker)
    form = {"key": "one", "audience": "all", "text": "寄样品", "due": (now() + timedelta(days=3)).date().isoformat(), "party": there.party(there.firm).public_id}
    assert client.post(f"{base(there)}/tasks", data=form).status_code == 303
    task = session.scalars(select(Task)).one()
    edit = f"{base(there)}/tasks/{task.public_id}"
    assert client.get(edit).status_code == 200
    assert client.post(edit, data={**form, "text": "寄两件样品", "version": "77"}).status_code == 409
    assert client.post(edit, data={**form, "text": "寄两件样品", "version": str(task.version_id)}).status_code == 303
    client.login(there.firm)
    assert "寄两件样品" in client.get(f"{base(there)}/tasks").get_data(as_text=True)
    assert client.post(f"{edit}/do").status_code == 303 and client.post(f"{edit}/do").status_code == 422
    client.login(there.guest)
    assert client.post(f"{edit}/reopen").status_code == 403
    assert client.post(f"{base(there)}/tasks", data={**form, "due": "2020-01-01", "key": "2"}).status_code == 422


def test_notes_by_the_page(client, there):
    client.login(there.firm)
    assert client.post(f"{base(there)}/notes", data={"key": "n", "audience": "firm", "text": "底价三十万"}).status_code == 303
    note = session.scalars(select(Note)).one()
    url = f"{base(there)}/notes/{note.public_id}"
    assert "底价三十万" in client.get(url).get_data(as_text=True)
    assert client.post(url, data={"text": "底价二十万", "version": str(note.version_id)}).status_code == 303
    session.expire_all()
    note.at = now() - timedelta(minutes=16)
    session.flush()
    version = str(note.version_id)
    late = client.post(url, data={"text": "底价一万", "version": version})
    assert late.status_code == 422 and "底价一万" in late.get_data(as_text=True) and "15分钟" in late.get_data(as_text=True)
    assert client.post(url, data={"text": "更正", "version": version, "correct": "1", "key": "c"}).status_code == 303
    shown = client.get(f"{base(there)}/notes").get_data(as_text=True)
    assert "底价二十万" in shown and "更正" in shown and "own-side" in shown
    client.login(there.second)
    assert client.get(url).status_code == 404 and "底价二十万" in client.get(f"{base(there)}/notes").get_data(as_text=True)


def test_meetings_by_the_page(client, there):
    client.login(there.broker)
    form = {**SHAPE, "key": "m", "audience": "all", "parties": [there.party(there.firm).public_id], "zone": "", "other_zone": "Asia/Kolkata"}
    answer = client.post(f"{base(there)}/meetings/new", data=form)
    assert answer.status_code == 303
    meeting = session.scalars(select(Meeting)).one()
    page = client.get(answer.location).get_data(as_text=True)
    assert "(Asia/Kolkata, UTC+05:30)" in page
    url = f"{base(there)}/meetings/{meeting.public_id}"
    assert client.get(f"{url}/edit").status_code == 200 and client.get(f"{url}/edit".replace("/zh/", "/en/")).status_code == 200
    client.login(there.firm)
    assert client.post(f"{url}/answer", data={"answer": "maybe"}).status_code == 303 and client.post(f"{url}/answer", data={"answer": "x"}).status_code == 422
    assert client.get(f"{url}/edit").status_code == 404 and client.post(f"{url}/cancel").status_code == 403
    saved = client.get(f"{url}.ics")
    assert saved.mimetype == "text/calendar" and str(Calendar.from_ical(saved.data)["METHOD"]) == "PUBLISH" and there.firm.address not in saved.get_data(as_text=True)
    client.login(there.guest)
    assert client.get(url).status_code == 200 and client.post(f"{url}/answer", data={"answer": "yes"}).status_code == 404
    client.login(there.broker)
    assert client.post(f"{url}/edit", data={**form, "link": "http://x"}).status_code == 422
    assert client.post(f"{url}/cancel").status_code == 303 and client.post(f"{url}/cancel").status_code == 422
    assert "已取消" in client.get(url).get_data(as_text=True)


def everything(there):
    """One of each kind for every audience, each with a mark of its own; returns mark → the people who may read it."""
    marks, number = {}, 0
    hears = {"all": there.everybody(), "firm_broker": [there.firm, there.second, there.broker], "holder_broker": [there.holder, there.broker],
             "firm": [there.firm, there.second], "holder": [there.holder], "broker": [there.broker]}
    for audience, people in hears.items():
        for kind in ("message", "note", "task", "meeting"):
            number += 1
            mark = f"暗号{number:02d}号"
            marks[mark] = people
            writer, to = people[0], people[-1] if len(people) > 1 else people[0]
            if kind == "message":
                operations.post_message(writer, there.deal, audience, mark, mark)
            elif kind == "note":
                operations.correct_note(writer, operations.add_note(writer, there.deal, audience, mark, mark), f"{mark}更正", f"{mark}c")
            elif kind == "task":
                task = tasks.set_task(writer, there.deal, audience, mark, tasks.day_of(now()), there.party(to).public_id, mark)
                tasks.close_task(writer, tasks.set_task(writer, there.deal, audience, f"{mark}b", task.due, there.party(writer).public_id, f"{mark}b"), "do")
            elif len(people) > 1:
                meeting = meetings.call_meeting(writer, there.deal, audience, plan(there, to, title=mark, place=mark, agenda=mark), mark)
                meetings.answer_invitation(to, next(one for one in meeting.attendances if one.party.person_id == to.id), "no")
    session.flush()
    return marks


TIMELINE = """<!doctype html><html lang="{{ tag }}"><title>t</title><body><h1>h</h1>{% from "deals/entries/talk.html" import line with context %}
{% for entry in lines %}{{ line(entry) }}{% endfor %}</body></html>"""


def test_what_is_not_for_somebody_reaches_him_nowhere(client, there, app):
    marks = everything(there)
    work()
    found = {mail.address: "" for mail in session.scalars(select(Mail))}
    for mail in session.scalars(select(Mail)):
        found[mail.address] += f"{mail.subject}\n{mail.body}\n{(mail.calendar or '').replace(chr(13) + chr(10) + ' ', '')}"
    ids = {thing.public_id: [mark for mark in marks if mark in (getattr(thing, "text", "") or "") + (getattr(thing, "title", "") or "")]
           for model in (Note, Task, Meeting) for thing in session.scalars(select(model))}
    for person in there.everybody():
        client.login(person)
        seen = found.get(person.address, "")
        for language in ("zh", "en"):
            answers = [client.get(base(there, language) + page) for page in PAGES]
            assert all(answer.status_code == 200 or "audience=" in page for answer, page in zip(answers, PAGES, strict=True))
            seen += "".join(answer.get_data(as_text=True) for answer in answers)
        for public_id, kept in ids.items():
            for place in (f"/notes/{public_id}", f"/tasks/{public_id}", f"/meetings/{public_id}", f"/meetings/{public_id}.ics", f"/meetings/{public_id}/edit"):
                answer = client.get(base(there) + place)
                seen += answer.get_data(as_text=True)
                assert answer.status_code == 404 or all(person in marks[mark] for mark in kept), place
        who, which = person.id, there.deal.id
        with playing(), app.test_request_context("/zh/"):
            page = render_template_string(TIMELINE, lines=entries(session.get_one(Person, who), session.get_one(Deal, which), 1, 500))
        assert not faults(page)
        seen += page
        readable = {mark for mark, people in marks.items() if person in people}
        held = {mark for mark in marks if mark in seen}
        assert held <= readable, (person.name, held - readable)
        meant = {mark for mark in readable if not mark.startswith(("暗号16", "暗号20", "暗号24"))}  # of one alone no meeting is made
        assert meant <= held, (person.name, meant - held)
    kinds = {entry.kind for entry in session.scalars(select(Entry).where(Entry.thing.startswith("deal_")))}
    assert kinds <= set(KINDS) and {"message", "note", "note_corrected", "task", "task_done", "meeting", "meeting_answered"} <= kinds


def test_counts_tell_nothing_of_what_is_not_heard(client, there):
    for number in range(3):
        operations.post_message(there.firm, there.deal, "firm", f"内部{number}", f"k{number}")
    assert operations.unread(there.holder, there.deal) == {}
    client.login(there.holder)
    page = client.get(base(there)).get_data(as_text=True)
    assert not re.search(r"\d条未读", page) and not re.search(r"内部\d", page)
    client.login(there.second)
    assert "3条未读" in client.get(base(there)).get_data(as_text=True)


def test_strangers_and_removed_parties_find_nothing(client, there):
    meeting = meetings.call_meeting(there.broker, there.deal, "all", plan(there, there.holder), "k")
    removed = there.party(there.guest)
    move(removed, "remove", SYSTEM)
    session.flush()
    pages = [*PAGES, f"/meetings/{meeting.public_id}", f"/meetings/{meeting.public_id}.ics"]
    for person in (there.guest, factories.broker(), factories.operator(), factories.person()):
        client.login(person)
        for page in pages:
            assert client.get(base(there) + page).status_code == 404, page
        for page in ("/messages", "/notes", "/tasks", "/meetings/new", "/messages/read", f"/meetings/{meeting.public_id}/cancel"):
            assert client.post(base(there) + page, data={}).status_code == 404, page


def test_an_owner_who_takes_no_part_reads_his_house_s_side_and_writes_nothing(client, there):
    owner = factories.person()
    factories.membership(owner, there.deal.firm, "owner")
    operations.post_message(there.firm, there.deal, "firm", "内部一句", "k")
    client.login(owner)
    page = client.get(f"{base(there)}/messages?audience=firm").get_data(as_text=True)
    assert "内部一句" in page and "这里只能查看" in page
    assert client.post(f"{base(there)}/messages", data={"talk-key": "1", "talk-audience": "firm", "talk-text": "x"}).status_code in (403, 422)
    assert len(session.scalars(select(Message)).all()) == 1
