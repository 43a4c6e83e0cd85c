"""What every route owes to whoever uses it: no change without our own form, no page elsewhere's, nothing a browser could take for something else."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from math import log2
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import String

from marketplace import create_app
from marketplace.arrival import Stamp
from marketplace.config import Settings, SettingsError, read
from marketplace.db import ALPHABET, Base, new_public_id
from marketplace.db import session as db_session
from marketplace.needs.models import PastedProblem
from marketplace.web import limiter, safe_next
from tests import factories
from tests.test_source import calls

HOST = "techbridge.example"
PLAIN = {"Accept": "application/json"}
WITHOUT_TOKEN = {
    "proposals.hand_in": "asks for it once the upload has been read into sealed files; here nobody is signed in",
    "subscriptions.unsubscribe": "one click in a mail programme (RFC 8058): the signed address is the proof, and it can end a subscription alone",
}


@pytest.fixture(scope="module")
def _real(whole_app: Flask, settings: Settings) -> Flask:
    made = create_app(replace(settings, production=True, site=f"https://{HOST}"))
    made.extensions["engine"].dispose()
    db_session.configure(bind=whole_app.extensions["engine"])
    return made


@pytest.fixture
def real(app: Flask, _real: Flask) -> Iterator[Flask]:
    """The application as in production, on the database of the test."""
    limiter.enabled = False
    yield _real


def addresses(app: Flask, method: str) -> Iterator[tuple[str, str]]:
    """Every rule that takes the method, filled with what does not exist."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            values = {name: _filling(rule, name) for name in rule.arguments}
            built = rule.build(values)
            assert built is not None, rule
            yield rule.endpoint, built[1]


def _filling(rule: object, name: str) -> object:
    converter = rule._converters[name]
    kind = type(converter).__name__
    return 1 if kind == "IntegerConverter" else sorted(converter.items)[0] if kind == "AnyConverter" else "nothing222222"


def test_no_route_takes_a_post_without_our_token(app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    client, seen, taken = app.test_client(), 0, set()
    try:
        for endpoint, address in addresses(app, "POST"):
            for token in ({}, {"csrf_token": "forged"}):
                if client.post(address, data=token, headers=PLAIN).status_code != 400:
                    taken.add(endpoint)
            seen += 1
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert seen > 200 and taken == set(WITHOUT_TOKEN)


def test_what_changes_is_asked_by_post_alone(app: Flask) -> None:
    """No route takes PUT, PATCH, DELETE or TRACE, and none that takes POST takes a change by GET: see `test_a_get_never_writes`."""
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert methods == {"GET", "HEAD", "POST", "OPTIONS"}
    assert app.test_client().open("/en/", method="TRACE", headers=PLAIN).status_code == 405


ALWAYS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


@pytest.mark.parametrize(("address", "status"), [
    ("/en/", 200), ("/zh/nothing", 404), ("/static/site.css", 200), ("/static/nothing", 404), ("/robots.txt", 200), ("/sitemap.xml", 200),
    ("/en/settings", 303), ("/", 302), ("/en/imports/nothing222222", 303), ("/en/technologies.csv", 200),
])
def test_every_answer_carries_what_a_browser_must_know(real: Flask, address: str, status: int) -> None:
    answer = real.test_client().get(address, base_url=f"https://{HOST}")
    said = answer.headers
    assert answer.status_code in (status, 403, 404) and {name: said.get(name) for name in ALWAYS} == ALWAYS
    policy = said["Content-Security-Policy"]
    assert "object-src 'none'" in policy and "base-uri 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert "Permissions-Policy" in said and "Access-Control-Allow-Origin" not in said and "Werkzeug" not in said.get("Server", "")
    answer.close()


def test_a_mistake_of_ours_tells_nothing_and_carries_the_same(real: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> str:
        raise RuntimeError("select secret from person")

    kept, real.view_functions["matching.how"] = real.view_functions["matching.how"], broken
    try:
        answer = real.test_client().get("/en/how", base_url=f"https://{HOST}")
    finally:
        real.view_functions["matching.how"] = kept
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500 and "secret" not in text and "Traceback" not in text and "RuntimeError" not in text
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS and "RuntimeError" in caplog.text


def test_a_file_for_keeping_may_run_nothing(client) -> None:
    owner = factories.person()
    organisation = factories.organisation(owner)
    client.login(owner)
    answer = client.get(f"/en/imports/template.csv?organisation={organisation.public_id}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'") and answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_cookie_is_this_hosts_alone(real: Flask) -> None:
    answer = real.test_client().get("/en/sign-in", base_url=f"https://{HOST}")
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        name, *parts = (part.strip() for part in cookie.split(";"))
        assert name.startswith("__Host-") and {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(parts), cookie
        assert not any(part.startswith("Domain") for part in parts) and len(name) < 4096


def test_signing_out_empties_the_browser(real: Flask) -> None:
    real.config["WTF_CSRF_ENABLED"] = False
    try:
        answer = real.test_client().post("/en/sign-out", base_url=f"https://{HOST}")
    finally:
        real.config["WTF_CSRF_ENABLED"] = True
    assert answer.status_code == 303 and "cache" in answer.headers["Clear-Site-Data"]


@pytest.mark.parametrize(("host", "status"), [(HOST, 200), (f"{HOST}:443", 200), ("127.0.0.1:5000", 200), ("evil.example", 400), (f"{HOST}.evil.example", 400)])
def test_the_site_answers_under_its_own_name_alone(real: Flask, host: str, status: int) -> None:
    assert real.test_client().get("/en/how", headers={"Host": host, **PLAIN}, base_url="https://x").status_code == status


@pytest.mark.parametrize("away", [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)",
    "/%09/..//evil.example\\", "///evil.example", "http:evil.example", " /evil", "https:/evil.example", "/a\\..\\//evil.example",
])
def test_nobody_is_led_elsewhere(app: Flask, away: str) -> None:
    with app.test_request_context(query_string={"next": away}):
        assert safe_next("/here") == "/here"
    with app.test_request_context(query_string={"next": "/zh/needs?q=a"}):
        assert safe_next("/here") == "/zh/needs?q=a"


@pytest.mark.parametrize(("peer", "said", "counts"), [
    ("10.0.0.2", "203.0.113.9", "203.0.113.9"), ("10.0.0.2", "1.2.3.4, 203.0.113.9", "203.0.113.9"), ("10.0.0.2", "203.0.113.9, 10.0.0.3", "203.0.113.9"),
    ("198.51.100.7", "1.2.3.4", "198.51.100.7"), ("10.0.0.2", "", "10.0.0.2"), ("10.0.0.2", "nonsense", "10.0.0.2"), ("", "2001:db8::1", "2001:db8::1"),
])
def test_a_visitors_address_is_told_by_our_own_proxies(peer: str, said: str, counts: str) -> None:
    seen: dict[str, object] = {}
    stamp = Stamp(lambda environ, _start: seen.update(environ) or [], ("10.0.0.2", "10.0.0.3", "unix"))
    stamp({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}, lambda *_args: None)
    assert seen["REMOTE_ADDR"] == counts


def test_whoever_is_turned_away_is_noted_without_what_was_sent(client, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    need, person = factories.need(), factories.person(name="王小明", address="wang@example.com")
    client.login(person)
    with caplog.at_level(logging.WARNING):
        assert client.get(f"/en/needs/{need.public_id}/history?token=abc").status_code == 403
    assert f"not allowed on needs.history, person {person.public_id}" in caplog.text
    assert "王小明" not in caplog.text and "wang@" not in caplog.text and "abc" not in caplog.text


def test_ids_in_addresses_cannot_be_walked(session) -> None:
    """Sixty bits and more of a generator made for secrets; what opens without an account has more. None is a number of the database."""
    assert len(new_public_id()) * log2(len(ALPHABET)) >= 60 and len({new_public_id() for _ in range(1000)}) == 1000
    pasted = PastedProblem(text="x", created=factories.NOW, expires=factories.NOW)
    session.add(pasted)
    session.flush()
    assert len(pasted.public_id) * log2(len(ALPHABET)) >= 128
    columns = [table.c.public_id for table in Base.metadata.tables.values() if "public_id" in table.c]
    assert len(columns) > 60 and all(isinstance(column.type, String) and column.default is not None and column.unique for column in columns)


NUMBERED = {
    "number": "a row, version or file within a thing that is named by its random id", "year": "a calendar year", "name": "a word of a list",
}


def test_no_route_takes_a_number_of_the_database(app: Flask) -> None:
    numbers = {name for rule in app.url_map.iter_rules() for name, kind in rule._converters.items() if type(kind).__name__ == "IntegerConverter"}
    assert numbers <= set(NUMBERED)


def test_attempts_to_get_round_are_noted(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """A forged form and one too many: a line each, with the page and no word of what was sent."""
    app.config["WTF_CSRF_ENABLED"], limiter.enabled = True, True
    client = app.test_client()
    try:
        with caplog.at_level(logging.WARNING):
            client.post("/en/sign-in", data={"address": "wang@example.com"}, headers=PLAIN)
            app.config["WTF_CSRF_ENABLED"] = False
            answers = {client.post("/en/reset", data={"address": "wang@example.com"}, headers=PLAIN).status_code for _ in range(7)}
    finally:
        app.config["WTF_CSRF_ENABLED"], limiter.enabled = False, False
        limiter.reset()
    assert 429 in answers and "wang" not in caplog.text
    assert "malformed or forged on people.sign_in" in caplog.text and "too often on people.ask_reset" in caplog.text


def test_nothing_sensitive_goes_into_the_log() -> None:
    """What our lines in the log hold: numbers, codes, digests and names of pages; never what somebody typed or is called."""
    attributes = {
        node.attr for name, call, what in calls() if re.fullmatch(r"_?log\.(debug|info|warning|error|exception)", what)
        for value in call.args[1:] for node in ast.walk(value) if isinstance(node, ast.Attribute)
    }
    assert attributes <= {"public_id", "endpoint", "orig", "__name__", "why", "locale", "errorcode", "errno", "strerror", "code", "get"}


def test_the_real_site_does_not_start_with_a_weak_secret(tmp_path: Path) -> None:
    for weak in ("", "short", "x" * 31):
        with pytest.raises(SettingsError) as refused:
            read({"MARKETPLACE_ENV": "production", "SECRET_KEY": weak, "MARKETPLACE_DATA": str(tmp_path / "var")})
        assert any(fault.startswith("SECRET_KEY") for fault in refused.value.faults)
