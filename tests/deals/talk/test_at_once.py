"""Two at once, each with a connection of his own: one message, one step, one reminder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from marketplace import create_app
from marketplace.config import read
from marketplace.db import now, session, to_write
from marketplace.deals.models import Deal
from marketplace.deals.talk import addresses, operations, tasks
from marketplace.deals.talk.models import Message, ReceivedMail, Task
from marketplace.errors import Refused
from marketplace.people.models import Person
from marketplace.record import Event
from tests.at_once import given_at_once
from tests.databases import Databases
from tests.deals.talk.talking import answer_from, answered_at, talking


@pytest.fixture(scope="module")
def site(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A site whose commits are real: several connections see each other's rows."""
    folder = tmp_path_factory.mktemp("site")
    environ = {"SECRET_KEY": "only-for-tests-" + "x" * 32, "MARKETPLACE_DATA": str(folder), "MARKETPLACE_ENCODERS": "none"}
    with databases.another() as url:
        yield from _site({**environ, "DATABASE_URL": url})


def _site(environ: dict[str, str]) -> Iterator[Flask]:
    before = session.session_factory.kw.get("bind")
    app = create_app(read(environ))
    try:
        yield app
    finally:
        session.remove()
        app.extensions["engine"].dispose()
        session.configure(bind=before)


@pytest.fixture
def keys(site: Flask) -> Iterator[dict[str, int]]:
    session.remove()
    session.configure(bind=site.extensions["engine"])
    with to_write():
        made = talking()
        found = {"deal": made.deal.id, **{name: getattr(made, name).id for name in ("broker", "firm", "second", "holder")}}
        session.commit()
        session.remove()  # an open transaction would hold the database against the threads
    yield found
    session.remove()


def who(keys: dict[str, int], name: str) -> tuple[Person, Deal]:
    return session.get_one(Person, keys[name]), session.get_one(Deal, keys["deal"])


def test_two_people_write_at_once_and_one_form_twice_makes_one(keys):
    def write(name: str, key: str) -> str:
        person, deal = who(keys, name)
        return operations.post_message(person, deal, "all", name, key).text

    found = given_at_once(lambda: write("firm", "a"), lambda: write("holder", "b"), lambda: write("broker", "c"), lambda: write("broker", "c"))
    assert found[:2] == ["firm", "holder"] and "broker" in found[2:]
    texts = list(session.scalars(select(Message.text).where(Message.deal_id == keys["deal"])))
    assert sorted(texts) == ["broker", "firm", "holder"]


def test_a_mail_that_two_pollers_hand_in_counts_once(keys):
    with answered_at():
        person, deal = who(keys, "holder")
        party = next(one for one in deal.parties if one.person_id == person.id)
        raw = answer_from(person, addresses.reply_address(party.public_id, "all"), "好").as_bytes()
        session.remove()
        found = given_at_once(lambda: operations.receive(raw), lambda: operations.receive(raw))
    assert sum(one == operations.Received("posted") for one in found) == 1
    assert [isinstance(one, IntegrityError) or one.outcome == "duplicate" for one in found if one != operations.Received("posted")] == [True]
    assert session.scalar(select(func.count()).select_from(Message).where(Message.deal_id == keys["deal"])) == 1
    assert session.scalar(select(func.count()).select_from(ReceivedMail).where(ReceivedMail.party_id == party.id)) == 1


def test_done_and_dropped_at_once_is_one_step_and_two_workers_remind_once(keys):
    person, deal = who(keys, "broker")
    party = next(one for one in deal.parties if one.person_id == keys["firm"])
    with to_write():
        task = tasks.set_task(person, deal, "all", "寄样品", tasks.day_of(now()), party.public_id, "t")
        session.flush()
        key = task.id
        session.commit()
        session.remove()
    given_at_once(lambda: list(tasks.remind_tasks()), lambda: list(tasks.remind_tasks()))
    assert session.scalar(select(func.count()).select_from(Event).where(Event.name == "deal_task.due", Event.thing_id == key)) == 1
    session.remove()

    def close(name: str, verb: str) -> str:
        actor, _deal = who(keys, name)
        return tasks.close_task(actor, session.get_one(Task, key), verb).state

    found = given_at_once(lambda: close("firm", "do"), lambda: close("broker", "drop"))
    assert sum(isinstance(one, (Refused, StaleDataError)) for one in found) == 1
    assert session.get_one(Task, key).state in found
