"""Tasks with their days and reminders, and what becomes of them when somebody is removed; notes and their corrections."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.models import Mail
from marketplace.db import now, session
from marketplace.deals.models import Entry
from marketplace.deals.operations import step
from marketplace.deals.talk import operations, tasks
from marketplace.deals.talk.models import Note, Task
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import enqueue
from marketplace.record import move
from tests.deals.talk.talking import talking
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")

TODAY = tasks.day_of(now())


def mails_to(person):
    return [mail.subject for mail in session.scalars(select(Mail).where(Mail.address == person.address).order_by(Mail.id))]


def given(there, by, to, audience="all", due=TODAY, text="寄样品", key="k"):
    made = tasks.set_task(by, there.deal, audience, text, due, there.party(to).public_id, key)
    session.flush()
    return made


def remind():
    enqueue("deals.remind_tasks")
    work()


def test_a_task_is_set_reminded_of_once_and_done():
    there = talking()
    task = given(there, there.broker, there.holder)
    assert given(there, there.broker, there.holder) is task  # the same form sent twice
    work()
    remind()
    remind()
    assert [subject[:4] for subject in mails_to(there.holder)] == ["有待办须", "今天到期"]
    task = session.get_one(Task, task.id)
    assert operations.tasks_due(there.holder, TODAY) == [task] and operations.tasks_due(there.broker, TODAY) == []
    assert operations.tasks_due(there.holder, TODAY - timedelta(days=1)) == []
    tasks.close_task(there.holder, task, "do")
    session.flush()
    assert operations.tasks_due(there.holder, TODAY) == [] and task.ended is not None
    tasks.close_task(there.broker, task, "reopen")
    assert task.ended is None
    with pytest.raises(Refused):
        tasks.close_task(there.holder, task, "reopen")


def test_another_day_is_reminded_of_anew_and_another_person_is_told():
    there = talking()
    task = given(there, there.broker, there.holder)
    remind()
    tasks.change_task(there.broker, task, "寄样品", TODAY + timedelta(days=2), there.party(there.guest).public_id)
    session.flush()
    remind()
    assert [subject[:4] for subject in mails_to(there.guest)] == ["有待办须"]
    task = session.get_one(Task, task.id)
    task.due = TODAY - timedelta(days=1)  # as after two days on which no worker ran
    task.reminded = TODAY - timedelta(days=2)
    remind()
    assert len(mails_to(there.guest)) == 2


def test_who_may_set_change_and_hear_of_a_task():
    there = talking()
    inner = given(there, there.firm, there.second, "firm", text="算内部成本")
    for person in (there.broker, there.holder, there.guest):
        assert tasks.tasks_of(person, there.deal, ("open",)) == [] and tasks.open_count(person, there.deal) == 0
        with pytest.raises(NotFound):
            tasks.task_of(person, there.deal, inner.public_id)
        with pytest.raises(NotAllowed):
            tasks.close_task(person, inner, "do")
    assert tasks.task_of(there.second, there.deal, inner.public_id) is inner
    with pytest.raises(Refused) as refused:
        given(there, there.firm, there.holder, "firm", key="k2")
    assert refused.value.field == "party"
    shared = given(there, there.firm, there.second, key="k3")
    with pytest.raises(NotAllowed):
        tasks.close_task(there.holder, shared, "drop")  # hears of it, but it is not his
    for days in (-1, 5000):
        with pytest.raises(Refused, match="three years"):
            given(there, there.firm, there.second, due=TODAY + timedelta(days=days), key=f"d{days}")


def test_tasks_of_a_removed_party_come_back_to_whoever_set_them():
    there = talking()
    mine, own = given(there, there.broker, there.holder), given(there, there.holder, there.holder, key="k2")
    inner = given(there, there.holder, there.holder, "holder", key="k3")
    done = given(there, there.broker, there.holder, key="k4")
    tasks.close_task(there.broker, done, "do")
    move(there.party(there.holder), "remove", SYSTEM)
    work()
    holders = {task.id: task.party.person_id for task in session.scalars(select(Task))}
    assert holders[mine.id] == there.broker.id and holders[own.id] == there.broker.id and holders[done.id] == there.holder.id
    assert session.get_one(Task, inner.id).state == "dropped"  # nobody is left who may hear of it
    assert sum("转到您这里" in subject for subject in mails_to(there.broker)) == 2
    before = len(mails_to(there.holder))
    remind()
    assert len(mails_to(there.holder)) == before
    enqueue("deals.hand_back_tasks", thing_id=there.party(there.holder).id)
    work()
    assert sum("转到您这里" in subject for subject in mails_to(there.broker)) == 2


def test_a_lost_deal_reminds_of_nothing():
    there = talking()
    given(there, there.broker, there.holder)
    there.deal.lost_code = "price"
    step(there.broker, there.deal, "lose")
    session.flush()
    work()
    remind()
    assert sum("待办" in subject for subject in mails_to(there.holder)) == 1 and operations.tasks_due(there.holder, TODAY) == []


def test_a_note_is_changed_for_a_quarter_of_an_hour_and_corrected_after():
    there = talking()
    note = operations.add_note(there.firm, there.deal, "firm", "底价三十万", "k")
    assert operations.add_note(there.firm, there.deal, "firm", "底价三十万", "k") is note
    session.flush()
    operations.edit_note(there.firm, note, "底价二十八万", now() + timedelta(minutes=14))
    assert note.text == "底价二十八万" and note.edited
    with pytest.raises(Refused, match="quarter") as refused:
        operations.edit_note(there.firm, note, "底价一万", now() + timedelta(minutes=16))
    assert refused.value.field == "text"
    for person in (there.second, there.broker, there.holder):
        with pytest.raises(NotAllowed):
            operations.edit_note(person, note, "改")
        with pytest.raises(NotAllowed):
            operations.correct_note(person, note, "改", "c")
    correction = operations.correct_note(there.firm, note, "应为二十六万", "c1")
    session.flush()
    session.expire(note)
    assert note.text == "底价二十八万" and note.corrections == [correction] and correction.audience == "firm"
    with pytest.raises(Refused):
        operations.edit_note(there.firm, note, "底价一万")  # what is corrected stays
    assert operations.notes_of(there.second, there.deal, 1, 9) == [note]
    for person in (there.broker, there.holder, there.guest):
        assert operations.notes_of(person, there.deal, 1, 9) == []
        with pytest.raises(NotFound):
            operations.note_of(person, there.deal, note.public_id)
    assert {entry.side for entry in session.scalars(select(Entry).where(Entry.thing == "deal_note"))} == {"firm"}
    move(there.party(there.firm), "remove", SYSTEM)
    session.flush()
    with pytest.raises(NotAllowed):
        operations.correct_note(there.firm, session.get_one(Note, note.id), "再改", "c2")


@pytest.mark.parametrize("text", ["", "  \n", "x" * 10_001])
def test_empty_and_endless_texts_are_refused(text):
    there = talking()
    for write in (operations.add_note, operations.post_message):
        with pytest.raises(Refused) as refused:
            write(there.firm, there.deal, "all", text, "k")
        assert refused.value.field == "text"
