"""Two people at once, each with a connection of their own: one wins, the other is told, and nothing doubles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace import create_app
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.errors import Refused
from marketplace.licensing import ledger
from marketplace.licensing.audits import operations as audits
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.licensing.statements import operations, reminders
from marketplace.licensing.statements.models import Audit, Reminder, Statement
from marketplace.people.models import Person
from tests.at_once import given_at_once
from tests.databases import Databases
from tests.licensing.reporting import FIRST, SECOND, noon, two_sides

JULY = noon(2026, 7, 10)


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
def two(site):
    connect_again(site)
    with to_write():
        made = two_sides()
        keys = made.agreement.id, made.licensor.id, made.licensee.id
        session.commit()
        session.remove()  # an open transaction would hold the database against the threads
        yield keys
        session.remove()


def connect_again(site: Flask) -> None:
    session.remove()
    session.configure(bind=site.extensions["engine"])


def load(keys):
    agreement, licensor, licensee = keys
    return session.get_one(Agreement, agreement), session.get_one(Person, licensor), session.get_one(Person, licensee)


def no_faults(keys):
    agreement = session.get_one(Agreement, keys[0])
    return not list(ledger.faults(agreement)) and not list(operations.faults(agreement))


def count(model, agreement, *where):
    return session.scalar(select(func.count()).select_from(model).where(model.agreement_id == agreement, *where))


def test_a_draft_sent_twice_at_once_counts_once(two):
    agreement, _licensor, licensee = load(two)
    draft = operations.draft_statement(licensee, agreement, FIRST, {"gross": "200000"}, "k", at=JULY)
    digest, key = operations.foreseen(draft, JULY).digest, draft.id
    session.commit()
    session.remove()

    def send():
        _agreement, _licensor, sender = load(two)
        return operations.send_statement(sender, session.get_one(Statement, key), digest, JULY).state

    assert given_at_once(send, send) == ["sent", "sent"]
    assert count(AgreementEvent, two[0], AgreementEvent.type == "statement") == 1
    assert no_faults(two)


def test_two_drafts_of_a_period_at_once(two):
    def draft(key):
        agreement, _licensor, licensee = load(two)
        return operations.draft_statement(licensee, agreement, FIRST, {"gross": "1"}, key, at=JULY).id

    found = given_at_once(lambda: draft("mine"), lambda: draft("yours"))
    assert sum(isinstance(one, Refused) for one in found) == 1
    assert count(Statement, two[0], Statement.state == "draft") == 1


def test_a_statement_and_an_estimate_at_once(two):
    agreement, _licensor, licensee = load(two)
    august = noon(2026, 8, 20)
    operations.send_zero(licensee, agreement, FIRST, operations.preview(agreement, FIRST, {"gross": "0"}, august).digest, "zero", august)
    draft = operations.draft_statement(licensee, agreement, SECOND, {"gross": "5"}, "k", at=august)
    digest, key = operations.foreseen(draft, august).digest, draft.id
    session.commit()
    session.remove()

    def send():
        _agreement, _licensor, sender = load(two)
        return operations.send_statement(sender, session.get_one(Statement, key), digest, august).state

    def estimate():
        found, licensor, _licensee = load(two)
        return operations.estimate_statement(licensor, found, SECOND, august).state

    sent, estimated = given_at_once(send, estimate)
    standing = session.scalars(select(Statement).where(Statement.agreement_id == two[0], Statement.period == SECOND, Statement.state == "sent")).all()
    assert len(standing) == 1
    # either the statement came first and there was nothing to estimate, or the estimate changed what had been shown and is shown again
    assert (sent, isinstance(estimated, Refused)) == ("sent", True) or (isinstance(sent, operations.Changed), estimated) == (True, "sent")
    assert no_faults(two)


def test_two_audits_at_once_stay_within_the_number_a_year(two):
    def ask(key):
        agreement, licensor, _licensee = load(two)
        return audits.ask_audit(licensor, agreement, FIRST, FIRST, "why", key, JULY).state

    found = given_at_once(lambda: ask("one"), lambda: ask("two"), lambda: ask("three"))
    assert sum(isinstance(one, Refused) for one in found) == 1
    assert count(Audit, two[0]) == 2


def test_two_workers_remind_once(two):
    def remind():
        agreement, _licensor, _licensee = load(two)
        return len(reminders.remind(ledger.locked(agreement), noon(2026, 4, 30)))

    assert sorted(given_at_once(remind, remind)) == [0, 1]
    assert count(Reminder, two[0]) == 1
