"""Signing in through an OpenID provider: a real one on this machine; who is joined to what, and what of a provider's answer is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey
from sqlalchemy import select

from marketplace import config
from marketplace.errors import Refused
from marketplace.people.models import Person
from marketplace.people.outside import operations, views
from marketplace.people.sessions.models import SignIn
from tests import factories
from tests.factories import PASSWORD
from tests.people.oidc_provider import SECRET, Provider

WITH = "/en/sign-in/with/campus"


@pytest.fixture
def provider(app, monkeypatch) -> Iterator[Provider]:
    """A provider that the site knows as "campus"."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # the provider runs on this machine
    before = app.config["SETTINGS"]
    with Provider() as running:
        known = config.Provider("campus", "Campus", running.issuer, "techbridge", SECRET)
        app.config["SETTINGS"] = replace(before, providers=(known,))
        views.prepare(app)
        yield running
    app.config["SETTINGS"] = before
    views.prepare(app)


def there_and_back(client):
    """Go to the provider, be signed in there, and come back to the site's page."""
    to = client.get(WITH).location
    asked = parse_qs(urlsplit(to).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["nonce"] and asked["state"] and asked["response_type"] == ["code"]
    back = requests.get(to, allow_redirects=False, timeout=10).headers["Location"]
    return client.get(back.removeprefix("http://127.0.0.1:5000")), back.removeprefix("http://127.0.0.1:5000")


def test_nobody_has_the_address_so_an_account_is_opened_and_found_again(client, session, provider):
    landed, back = there_and_back(client)
    assert landed.location == "/en/sign-in/with" and session.scalar(select(Person.id).where(Person.address_key == "li@example.com")) is None
    assert "li@example.com" in client.get(landed.location).get_data(as_text=True)
    assert client.post(landed.location).status_code == 303 and client.get("/en/settings/outside").status_code == 200
    person = session.scalars(select(Person).where(Person.address_key == "li@example.com")).one()
    assert person.confirmed and person.name == "李工"
    client.post("/en/sign-out")
    assert "you are signed in still" in client.get("/en/how").get_data(as_text=True), "the provider's session is not ours to end"
    assert client.get(back).status_code == 422, "the same answer opens nothing twice"
    client.post(there_and_back(client)[0].location)
    assert session.scalars(select(SignIn.outside).where(SignIn.person_id == person.id)).all() == ["campus"]


def test_an_account_is_never_joined_by_its_address_alone(client, session, provider):
    person = factories.person(address="li@example.com", language="en")
    landed, _ = there_and_back(client)
    page = client.get(landed.location).get_data(as_text=True)
    assert "Sign in with its password once" in page
    assert client.post(landed.location).status_code == 422 and client.get("/en/desk").status_code == 303
    answer = client.post("/en/sign-in", data={"address": "li@example.com", "password": PASSWORD, "next": landed.location})
    assert "Join the two" in client.get(answer.location).get_data(as_text=True)
    assert client.post(answer.location).location == "/en/settings/outside"
    assert operations.whose(provider.issuer, "4711").id == person.id
    client.post("/en/sign-out")
    client.post(there_and_back(client)[0].location)
    assert client.get("/en/desk").status_code == 200


def lie_nonce(provider: Provider) -> None:
    provider.lie["nonce"] = "another"


def lie_issuer(provider: Provider) -> None:
    provider.lie["iss"] = "http://evil.example"


def lie_key(provider: Provider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})


@pytest.mark.parametrize("lie", [lie_nonce, lie_issuer, lie_key])
def test_what_the_provider_has_not_signed_for_this_browser_is_refused(client, session, provider, lie):
    lie(provider)
    landed, back = there_and_back(client)
    assert landed.status_code == 422
    assert client.get("/en/sign-in/with").status_code == 422
    assert client.application.test_client().get(back).status_code == 422, "another browser has another state"


@pytest.mark.parametrize("change", [{"email_verified": False}, {"email": "other@example.com"}])
def test_only_the_verified_address_of_the_account_is_joined(session, app, change):
    said = {"email": "li@example.com", "email_verified": True, **change}
    person = factories.person(address="li@example.com")
    with pytest.raises(Refused):
        operations.join(person, person, "https://campus.example", "4711", said["email"], said["email_verified"])


def test_settings_of_providers_are_checked_and_the_secret_is_not_told():
    given = {"MARKETPLACE_OIDC": "campus", "MARKETPLACE_OIDC_CAMPUS_ISSUER": "http://sign-in.example.org", "MARKETPLACE_OIDC_CAMPUS_SECRET": "short"}
    with pytest.raises(config.SettingsError) as refused:
        config.read(given)
    told = " ".join(refused.value.faults)
    assert all(f"MARKETPLACE_OIDC_CAMPUS_{part}" in told for part in ("ISSUER", "CLIENT", "SECRET")) and "short" not in told
    right = {**given, "MARKETPLACE_OIDC_CAMPUS_ISSUER": "https://sign-in.example.org/", "MARKETPLACE_OIDC_CAMPUS_CLIENT": "x",
             "MARKETPLACE_OIDC_CAMPUS_SECRET": SECRET, "SECRET_KEY": "x" * 40}
    [read] = config.read(right).providers
    assert (read.issuer, read.name) == ("https://sign-in.example.org", "campus") and SECRET not in repr(read)
