"""Two people at the same moment: two brokers begin a round, the firm signs off what the broker takes back. On a database of their own, with real threads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from marketplace import create_app
from marketplace.config import Settings
from marketplace.db import session, to_write
from marketplace.errors import Refused
from marketplace.needs.distilling import operations
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.models import Need
from marketplace.people.models import Person
from tests import factories
from tests.at_once import at_once
from tests.databases import Databases
from tests.needs.distilling.test_distilling import QUESTIONS, sent

LOST = (Refused, StaleDataError, IntegrityError, OperationalError)


@pytest.fixture
def live(settings: Settings, databases: Databases, whole_app: Flask) -> Iterator[Flask]:
    """The application over an empty database of the chosen kind; what is committed stays there. The session goes back afterwards."""
    with databases.another() as url:
        yield from _live(replace(settings, database=url), whole_app)


def _live(own: Settings, whole_app: Flask) -> Iterator[Flask]:
    app = create_app(own)
    try:
        yield app
    finally:
        session.remove()
        app.extensions["engine"].dispose()
        session.configure(bind=whole_app.extensions["engine"])


def test_two_at_once(live):
    with to_write():
        owner, one, other = factories.person(), factories.broker(), factories.broker()
        need = factories.need(factories.organisation(owner))
        session.commit()
        need_id, owner_id, brokers = need.id, owner.id, (one.id, other.id)
        session.remove()

    def begin(broker_id: int) -> None:
        operations.save(session.get_one(Person, broker_id), session.get_one(Need, need_id), {}, QUESTIONS)

    raised = at_once(*(lambda each=each: begin(each) for each in brokers))
    assert session.query(Distillation).filter_by(need_id=need_id).count() == 1, raised
    session.remove()
    with to_write():
        found = sent(session.get_one(Person, brokers[0]), session.get_one(Need, need_id))
        session.commit()
        distillation_id = found.id
        session.remove()
    raised = at_once(
        lambda: operations.sign_off(session.get_one(Person, owner_id), session.get_one(Distillation, distillation_id)),
        lambda: operations.recall(session.get_one(Person, brokers[0]), session.get_one(Distillation, distillation_id)),
    )
    assert len([error for error in raised if error]) == 1, raised
    with session() as fresh:
        state, grade = fresh.get_one(Distillation, distillation_id).state, fresh.get_one(Need, need_id).grade
    assert (state, grade) in (("signed_off", "distilled"), ("draft", "declared"))
