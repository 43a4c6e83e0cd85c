"""Passkeys: added and used on the pages with a key of software; what is refused of a device's answer."""

from __future__ import annotations

import html
import json
import re

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.errors import Refused
from marketplace.people.factors import passkeys
from marketplace.people.factors.models import Passkey
from tests import factories
from tests.people.soft_key import PRESENT, SoftKey

pytestmark = pytest.mark.usefixtures("app")


def asked_on(page: str) -> str:
    return html.unescape(re.search(r'data-passkey="([^"]+)"', page).group(1))


def with_key(session) -> tuple:
    person, key = factories.person(), SoftKey()
    options, challenge = passkeys.ask_new(person, person)
    codes = passkeys.add(person, person, key.made(options), challenge, " 办公室  电脑 ")
    session.commit()
    return person, key, codes


def test_a_passkey_is_added_and_signs_in_alone(client, session, letters):
    person, key = factories.person(language="en"), SoftKey()
    client.login(person)
    path = "/en/settings/second-factor/passkey"
    answered = {"name": "Office", "passkey": key.made(asked_on(client.get(path).get_data(as_text=True)))}
    assert "data-makes" in client.get(path).get_data(as_text=True)
    assert client.post(path, data=answered).status_code == 422, "a challenge is good for one page"
    answered["passkey"] = key.made(asked_on(client.get(path).get_data(as_text=True)))
    assert "<code>" in client.post(path, data=answered).get_data(as_text=True)
    assert [mail.template for mail in letters()] == ["account_changed"]
    client.post("/en/sign-out")
    page = client.get("/en/sign-in/passkey?next=/en/needs").get_data(as_text=True)
    signed = key.signed(asked_on(page))
    assert client.post("/en/sign-in/passkey", data={"passkey": signed, "next": "/en/needs"}).location == "/en/needs"
    assert client.get("/en/desk").status_code == 200
    client.post("/en/sign-out")
    assert client.post("/en/sign-in/passkey", data={"passkey": signed}).status_code == 422, "the same answer opens nothing twice"


def test_a_key_is_bound_to_this_site_this_challenge_and_its_owners_finger(session):
    person, key, codes = with_key(session)
    assert len(codes) == 10 and session.scalars(select(Passkey.name)).one() == "办公室 电脑"
    options, challenge = passkeys.ask()
    another, _ = passkeys.ask()
    right = (key.host, key.origin, key.flags)
    for host, origin, flags, asked in (
        ("evil.example", key.origin, key.flags, options), (key.host, "http://evil.example", key.flags, options),
        (key.host, key.origin, PRESENT, options), (*right, another),
    ):
        key.host, key.origin, key.flags = host, origin, flags
        with pytest.raises(Refused):
            passkeys.signed_by(VISITOR, key.signed(asked), challenge)
    key.host, key.origin, key.flags = right
    assert passkeys.signed_by(VISITOR, key.signed(options), challenge) is person
    key.uses = 1
    with pytest.raises(Refused):
        passkeys.signed_by(VISITOR, key.signed(options), challenge)  # a copy of the key, whose counter stands behind


@pytest.mark.parametrize("answered", ["", "{}", "[]", "null", '{"id": 7}', "\u0000", json.dumps({"id": "x", "response": {}})])
def test_what_is_no_answer_is_refused(session, answered):
    person, _, _ = with_key(session)
    _, challenge = passkeys.ask()
    with pytest.raises(Refused):
        passkeys.signed_by(VISITOR, answered, challenge)
    with pytest.raises(Refused):
        passkeys.add(person, person, answered, challenge, "x")


def test_a_key_without_a_challenge_or_from_elsewhere_is_not_kept(session):
    person, key = factories.person(), SoftKey(origin="http://evil.example")
    options, challenge = passkeys.ask_new(person, person)
    for kept in (challenge, ""):
        with pytest.raises(Refused):
            passkeys.add(person, person, key.made(options), kept, "x")
