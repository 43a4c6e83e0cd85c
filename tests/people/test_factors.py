"""Second factors: an app and its codes, recovery codes, what they change in signing in, and who must have one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import select, update

from marketplace.access import VISITOR
from marketplace.db import now
from marketplace.errors import NotAllowed, Refused
from marketplace.people.factors import operations
from marketplace.people.factors.models import Authenticator, RecoveryCode
from marketplace.people.models import Person
from marketplace.people.operations import reset_token
from tests import factories
from tests.factories import NOW, PASSWORD

pytestmark = pytest.mark.usefixtures("app")
SIGN_IN = {"address": "known@example.com", "password": PASSWORD}


@pytest.fixture
def asked_of(app):
    """Set of whom the site asks a second factor."""
    def ask(who: str) -> None:
        operations.configure(app.config["SETTINGS"].secret, who)
    yield ask
    ask("nobody")


def with_app(session, **values) -> tuple[Person, TOTP, list[str]]:
    """Somebody with an app that was set up an hour before NOW, the app, and the recovery codes."""
    person, before = factories.person(**values), NOW - timedelta(hours=1)
    totp = TOTP(operations.secret_of(operations.begin_authenticator(person, person, before)))
    session.flush()
    codes = operations.confirm_authenticator(person, person, totp.at(before), before)
    session.commit()
    return person, totp, codes


def test_a_code_is_taken_once_and_a_step_early_or_late(session):
    person, totp, _ = with_app(session)
    late = totp.at(NOW - timedelta(seconds=30))
    assert operations.shows_factor(VISITOR, person, late[:3] + " " + late[3:], NOW)
    assert not operations.shows_factor(VISITOR, person, late, NOW), "nobody uses it who looked over a shoulder"
    assert operations.shows_factor(VISITOR, person, totp.at(NOW + timedelta(seconds=30)), NOW)
    assert not operations.shows_factor(VISITOR, person, totp.at(NOW), NOW), "older than the last one taken"
    for wrong in ("", "000", totp.at(NOW + timedelta(seconds=90)), "abcdefghij", "１" * 6):
        assert not operations.shows_factor(VISITOR, person, wrong, NOW)


def test_a_recovery_code_works_once_for_its_owner(session):
    person, _, codes = with_app(session)
    other, _, _ = with_app(session)
    assert len(set(codes)) == 10 and all(re.fullmatch(r"[2-9a-z]{5}-[2-9a-z]{5}", code) for code in codes)
    assert not operations.shows_factor(VISITOR, other, codes[0])
    assert operations.shows_factor(VISITOR, person, codes[0].upper())
    assert not operations.shows_factor(VISITOR, person, codes[0])
    fresh = operations.new_codes(person, person)
    assert not operations.shows_factor(VISITOR, person, codes[1]) and operations.shows_factor(VISITOR, person, fresh[1])


def test_neither_secret_nor_codes_stand_in_the_tables(session):
    person, totp, codes = with_app(session)
    assert totp.secret.encode() not in session.scalars(select(Authenticator.secret)).one()
    kept = "".join(session.scalars(select(RecoveryCode.code_hash)))
    assert not any(code.replace("-", "") in kept for code in codes)


def test_the_app_is_set_up_on_the_pages_and_asked_for_from_then_on(client, session, letters):
    factories.person(address="known@example.com", language="en")
    elsewhere = client.application.test_client()
    for browser in (client, elsewhere):
        browser.post("/en/sign-in", data=SIGN_IN)
    assert client.get("/en/settings/second-factor").status_code == 200
    assert client.get(client.post("/en/settings/second-factor/app/begin").location).status_code == 200
    totp = TOTP(operations.secret_of(session.scalars(select(Authenticator)).one()))
    path = "/en/settings/second-factor/app"
    assert client.post(path, data={"code": "000000"}).status_code == 422
    page = client.post(path, data={"code": totp.now()}).get_data(as_text=True)
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", page)
    assert len(codes) == 10 and codes[0] not in client.get("/en/settings/second-factor").get_data(as_text=True)
    assert elsewhere.get("/en/desk").status_code == 303, "signed out elsewhere"
    assert [mail.subject for mail in letters()] == ["Your account was changed"]
    step = elsewhere.post("/en/sign-in", data=SIGN_IN | {"next": "/en/needs"}).location
    assert step == "/en/sign-in/code?next=/en/needs" and elsewhere.get("/en/desk").status_code == 303
    assert elsewhere.post(step, data={"code": "000000"}).status_code == 422
    assert elsewhere.post(step, data={"code": codes[0]}).location == "/en/needs"
    assert elsewhere.get("/en/desk").status_code == 200
    assert client.post("/en/settings/second-factor/app/remove").status_code == 303
    assert elsewhere.get("/en/desk").status_code == 303 and client.get("/en/settings/second-factor").status_code == 200
    assert len(letters()) == 2


def test_a_new_password_by_mail_does_not_pass_by_the_second_factor(client, session):
    person, _, codes = with_app(session, address="known@example.com")
    step = client.post(f"/en/reset/{reset_token(person)}", data={"password": "a new and long one"}).location
    assert step == "/en/sign-in/code" and client.get("/en/desk").status_code == 303
    assert client.post(step, data={"code": codes[0]}).status_code == 303 and client.get("/en/desk").status_code == 200


def test_the_second_step_ends_with_a_new_password_and_without_the_first(client, session):
    with_app(session, address="known@example.com")
    assert client.get("/en/sign-in/code").location == "/en/sign-in"
    client.post("/en/sign-in", data=SIGN_IN)
    session.execute(update(Person).values(password_hash="another"))
    assert client.get("/en/sign-in/code").location == "/en/sign-in"


def test_ten_wrong_codes_close_the_second_step(client, session, limits):
    _, _, codes = with_app(session, address="known@example.com")
    client.post("/en/sign-in", data=SIGN_IN)
    assert [client.post("/en/sign-in/code", data={"code": "000000"}).status_code for _ in range(11)] == [422] * 10 + [429]
    client.post("/en/sign-in", data=SIGN_IN)
    assert client.post("/en/sign-in/code", data={"code": codes[0]}).status_code == 429, "the first step anew does not open it"


def test_staff_has_two_weeks_and_then_nothing_else_opens(client, session, asked_of):
    asked_of("staff")
    broker = factories.broker(address="known@example.com")
    client.post("/en/sign-in", data=SIGN_IN)
    session.expire_all()
    assert timedelta(days=13) < broker.factor_due - now() < timedelta(days=15)
    assert client.get("/en/worklist").status_code == 200
    broker.factor_due = now() - timedelta(minutes=1)
    assert client.get("/en/worklist").location == "/en/settings/second-factor"
    assert client.get("/en/settings/second-factor").status_code == 200
    client.post("/en/settings/second-factor/app/begin")
    totp = TOTP(operations.secret_of(session.scalars(select(Authenticator)).one()))
    assert client.post("/en/settings/second-factor/app", data={"code": totp.now()}).status_code == 200
    assert client.get("/en/worklist").status_code == 200
    session.expire_all()
    with pytest.raises(Refused):
        operations.remove_authenticator(broker, broker)


def test_nobody_else_is_asked(client, session, asked_of):
    asked_of("operators")
    for person in (factories.broker(), factories.person()):
        assert operations.must_have_one_by(person) is None
    assert operations.must_have_one_by(factories.operator(), NOW) == NOW + timedelta(days=14)


def test_a_site_may_ask_everybody(client, session, asked_of):
    asked_of("everybody")
    person = factories.person(address="known@example.com")
    client.post("/en/sign-in", data=SIGN_IN)
    session.expire_all()
    assert person.factor_due is not None
    person.factor_due = now() - timedelta(minutes=1)
    assert client.get("/en/desk").location == "/en/settings/second-factor"


def test_only_the_person_itself_changes_factors(session):
    person, _, _ = with_app(session)
    for actor in (factories.operator(), VISITOR):
        for verb in (operations.begin_authenticator, operations.remove_authenticator, operations.new_codes):
            with pytest.raises(NotAllowed):
                verb(actor, person)
