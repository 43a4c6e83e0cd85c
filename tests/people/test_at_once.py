"""Two at the same moment: an organisation keeps an owner, a changed password lets nobody in, a recovery code opens once, a passkey counts its uses, a
recovery is answered once."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import func, select

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.errors import Refused
from marketplace.people import operations as people
from marketplace.people import organisations, passwords
from marketplace.people.factors import operations as factors
from marketplace.people.factors import passkeys
from marketplace.people.factors.models import Authenticator, Passkey, Recovery
from marketplace.people.models import Membership, Person
from marketplace.people.recovery import operations as recovery
from marketplace.people.sessions import operations as sessions
from marketplace.people.sessions.models import SignIn
from tests import factories
from tests.at_once import ends_at_once, given_at_once
from tests.factories import NOW
from tests.people.soft_key import SoftKey
from tests.people.test_factors import with_app

pytestmark = pytest.mark.usefixtures("whole_app", "own_database")


def test_the_last_two_owners_cannot_both_go():
    pair = factories.person(), factories.person()
    house = factories.organisation(*pair[:1])
    session.add(Membership(organisation=house, person=pair[1], role="owner", created=NOW))
    session.commit()
    seats = [(person.id, session.scalar(select(Membership.id).where(Membership.person_id == person.id))) for person in pair]

    def leave(person, seat):
        return lambda: organisations.remove_member(session.get_one(Person, person), session.get_one(Membership, seat))

    assert sorted(ends_at_once(*(leave(*one) for one in seats))) == ["Refused", "done"]
    assert session.scalar(select(func.count()).select_from(Membership).where(Membership.role == "owner")) == 1


def test_a_password_that_is_changed_meanwhile_lets_nobody_in():
    """Compared before, and entered while the password is changed: no session of the old password is left, and none begins afterwards."""
    person = factories.person(password_hash=passwords.hashed(factories.PASSWORD))  # of today's parameters: one that is made anew is another race
    session.commit()
    key, opened, inside = person.id, people.opened_by(VISITOR, person.address, factories.PASSWORD), threading.Event()
    session.rollback()

    def enter():
        entered = people.let_in(VISITOR, opened, factories.PASSWORD)
        inside.set()
        time.sleep(1)  # in which the change would be done, if it were let
        sessions.begin(VISITOR, entered, "password")

    def change():
        inside.wait(30)
        owner = session.get_one(Person, key)
        people.change_password(owner, owner, factories.PASSWORD, "seven quiet boats")
        sessions.end_others(owner, owner)

    assert ends_at_once(enter, change) == ["done", "done"]
    assert session.scalar(select(func.count()).select_from(SignIn).where(SignIn.person_id == key)) == 0
    with pytest.raises(Refused):
        people.let_in(VISITOR, opened, factories.PASSWORD)


def test_a_recovery_code_opens_once():
    person, _, codes = with_app(session)
    key = person.id

    def show():
        return factors.shows_factor(VISITOR, session.get_one(Person, key), codes[0], NOW)

    assert sorted(given_at_once(show, show, show)) == [False, False, True]


def test_a_passkey_counts_its_uses():
    """The same answer, sent twice at once: the second finds the counter where it left it, which only a copy of the key would do."""
    person, key = factories.person(), SoftKey()
    options, challenge = passkeys.ask_new(person, person)
    passkeys.add(person, person, key.made(options), challenge, "Office")
    session.commit()
    options, challenge = passkeys.ask()
    signed = key.signed(options)
    assert sorted(ends_at_once(*[lambda: passkeys.signed_by(VISITOR, signed, challenge)] * 2)) == ["Refused", "done"]
    assert session.scalars(select(Passkey.uses)).one() == key.uses


def test_a_recovery_is_answered_once_and_used_once():
    person, _, _ = with_app(session)
    asked, operator = recovery.ask(VISITOR, person, "phone stolen", NOW), factories.operator()
    session.commit()
    key, asking, due, by = person.id, asked.id, asked.due, operator.id

    def decide(verb):
        return lambda: recovery.decide(session.get_one(Person, by), session.get_one(Recovery, asking), verb, "called back", NOW)

    ends = ends_at_once(decide("allow"), decide("allow"))
    assert ends.count("done") == 1 and set(ends) <= {"done", "Refused", "StaleDataError"}

    def use():
        return recovery.use(VISITOR, session.get_one(Person, key), due)

    ends = [one if isinstance(one, bool) else False for one in given_at_once(use, use)]
    assert sorted(ends) == [False, True]
    assert session.scalar(select(func.count()).select_from(Authenticator)) == 0
