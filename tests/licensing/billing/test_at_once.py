"""Two people at once, a crash in between: no number twice, no gap, nothing doubled. On a database of their own, with real threads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError

from marketplace import create_app
from marketplace.config import Settings
from marketplace.db import session, to_write
from marketplace.errors import Refused
from marketplace.licensing import ledger
from marketplace.licensing.billing import bank, operations, payments, totals
from marketplace.licensing.billing.models import BankLine, Invoice, Payment
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from tests import factories
from tests.at_once import at_once
from tests.databases import Databases
from tests.factories import NOW
from tests.shell import script

LOST = (Refused, StaleDataError, IntegrityError, OperationalError)
KEY = "milestone:pilot"


@pytest.fixture(scope="module")
def own_settings(settings: Settings, databases: Databases) -> Iterator[Settings]:
    """Settings of a second, empty database of the chosen kind."""
    with databases.another() as url:
        yield replace(settings, database=url)


@pytest.fixture
def live(own_settings: Settings, whole_app: Flask) -> Iterator[Flask]:
    """The application over that database; what is committed stays for the next test. The session goes back afterwards."""
    app = create_app(own_settings)
    try:
        yield app
    finally:
        session.remove()
        app.extensions["engine"].dispose()
        session.configure(bind=whole_app.extensions["engine"])


@pytest.fixture
def officer(live: Flask) -> int:
    """Who works for a new institute."""
    with to_write():
        made = factories.person()
        factories.organisation(made, kind="institute")
        session.commit()
        return made.id


def me(officer: int) -> Person:
    return session.get_one(Person, officer)


def owing(officer: int) -> int:
    """A new agreement of the institute whose milestone is owed; its id."""
    with to_write():
        agreement = factories.agreement(me(officer).memberships[0].organisation)
        factories.event(agreement, "milestone_accepted", "2026-02-01", id="pilot")
        session.commit()
        found = agreement.id
        session.remove()
        return found


def numbers(officer: int) -> list[int]:
    own = select(Invoice.number).where(Invoice.issuer_id == me(officer).memberships[0].organisation_id)
    return sorted(session.scalars(own))


def test_many_who_issue_at_once_leave_no_gap_though_some_fail(officer: int) -> None:
    agreements = [owing(officer) for _ in range(6)]

    def issue(key: int) -> None:
        operations.issue(me(officer), session.get_one(Agreement, key), KEY, NOW)
        if key % 3 == 0:
            raise RuntimeError("a failure after the number was taken")

    raised = at_once(*((lambda key=key: issue(key)) for key in agreements))
    assert {type(error) for error in raised} <= {type(None), RuntimeError}
    assert numbers(officer) == list(range(1, 1 + raised.count(None)))
    assert list(totals.faults()) == []


def test_two_who_bill_the_same_thing_bill_it_once(officer: int) -> None:
    key = owing(officer)
    raised = at_once(*[lambda: operations.issue(me(officer), session.get_one(Agreement, key), KEY, NOW)] * 3)
    assert raised == [None, None, None] and numbers(officer) == [1]
    at_once(*[lambda: operations.cancel(me(officer), session.scalars(select(Invoice).where(Invoice.agreement_id == key)).first(), "x", NOW)] * 2)
    assert numbers(officer) == [1, 2]


def test_interest_is_billed_once(officer: int) -> None:
    key = owing(officer)
    raised = at_once(*[lambda: operations.issue_interest(me(officer), session.get_one(Agreement, key), NOW)] * 2)
    assert sorted(type(error).__name__ for error in raised) == ["NoneType", "Refused"]
    assert numbers(officer) == [1]


CRASH = """
import os, sys
from marketplace import create_app
from marketplace.access import SYSTEM
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.licensing.billing import operations
from marketplace.licensing.models import Agreement
app = create_app(read())
with app.app_context(), to_write():
    operations.issue(SYSTEM, session.get_one(Agreement, int(sys.argv[1])), "milestone:pilot")
    os._exit(9)
"""


def test_a_crash_after_the_number_was_taken_leaves_no_gap(officer: int, own_settings: Settings, tmp_path: Path) -> None:
    first, second = owing(officer), owing(officer)
    session.remove()
    environment = {"DATABASE_URL": own_settings.database, "SECRET_KEY": "x" * 40, "MARKETPLACE_DATA": str(tmp_path), "MARKETPLACE_ENCODERS": "none"}
    ended, said = script(CRASH, environment, str(first))
    assert ended == 9, said
    assert at_once(lambda: operations.issue(me(officer), session.get_one(Agreement, second), KEY, NOW)) == [None]
    assert numbers(officer) == [1]
    assert list(totals.faults()) == []


def reported(officer: int, agreement: int, key: str = "k") -> None:
    payments.report_payment(me(officer), session.get_one(Agreement, agreement), key, NOW, amount=5_000_000, day=NOW.date(), reference="R")


def paid(agreement: int) -> int:
    found = session.get_one(Agreement, agreement)
    return len([event for event in ledger.standing_events(found) if event.type == "payment"])


def test_the_same_money_reported_at_once_is_recorded_once(officer: int) -> None:
    agreement = owing(officer)
    raised = at_once(*((lambda key=key: reported(officer, agreement, key)) for key in ("k1", "k2", "k3")))
    assert [error for error in raised if error is None] == [None] and all(isinstance(error, LOST) for error in raised if error)
    assert len(list(session.scalars(select(Payment).where(Payment.agreement_id == agreement)))) == 1


def test_a_form_sent_twice_at_once_is_recorded_once_and_nobody_sees_an_error(officer: int) -> None:
    agreement = owing(officer)
    assert at_once(*[lambda: reported(officer, agreement)] * 3) == [None] * 3
    assert len(list(session.scalars(select(Payment).where(Payment.agreement_id == agreement)))) == 1


def test_confirmed_at_once_it_counts_once(officer: int) -> None:
    agreement = owing(officer)
    at_once(lambda: reported(officer, agreement))

    def confirm() -> None:
        payments.confirm_payment(me(officer), session.scalars(select(Payment).where(Payment.agreement_id == agreement)).one(), NOW)

    raised = at_once(confirm, confirm, confirm)
    assert raised.count(None) == 1 and all(isinstance(error, LOST) for error in raised if error)
    assert paid(agreement) == 1 and list(totals.faults()) == []


def test_confirmed_and_rejected_at_once_one_wins(officer: int) -> None:
    agreement = owing(officer)
    at_once(lambda: reported(officer, agreement))

    def payment() -> Payment:
        return session.scalars(select(Payment).where(Payment.agreement_id == agreement)).one()

    raised = at_once(lambda: payments.confirm_payment(me(officer), payment(), NOW), lambda: payments.reject_payment(me(officer), payment(), "x", NOW))
    assert raised.count(None) == 1
    assert paid(agreement) == (1 if payment().state == "confirmed" else 0) and list(totals.faults()) == []


def test_the_same_bank_lines_brought_at_once_are_there_once_and_taken_once(officer: int) -> None:
    agreement = owing(officer)
    head, same = "date,transaction id,payer,amount,memo\n", "2026-11-01,T1,A,50000,x\n"

    def bring(more: str) -> None:
        own = session.get_one(Organisation, me(officer).memberships[0].organisation_id)
        bank.bring(me(officer), own, io.BytesIO((head + same + more).encode()), "bank.csv", "CNY", NOW)

    raised = at_once(*((lambda more=more: bring(more)) for more in ("", "2026-11-01,T2,A,1,y\n", "2026-11-01,T3,A,1,y\n", "")))
    assert raised == [None] * 4, "one after the other: whoever comes second finds the lines that the first has brought"
    own = BankLine.organisation_id == me(officer).memberships[0].organisation_id
    lines = list(session.scalars(select(BankLine.id).where(own, BankLine.transaction == "T1")))
    assert len(lines) == 1

    def take() -> None:
        line = session.get_one(BankLine, lines[0])
        payments.confirm_payment(me(officer), payments.take_line(me(officer), line, session.get_one(Agreement, agreement), at=NOW), NOW)

    raised = at_once(take, take)
    assert raised.count(None) == 1 and isinstance(next(error for error in raised if error), LOST)
    assert paid(agreement) == 1 and list(totals.faults()) == []
