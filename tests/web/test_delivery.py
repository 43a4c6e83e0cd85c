"""How pages travel: what they weigh, how long they are kept, what a script is told, and that a compressed page gives no token away."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.test import TestResponse

from marketplace.db import session
from marketplace.delivery import sheet
from marketplace.delivery.web import masked, token, unmasked
from tests import factories
from tests.inspection import playing

pytestmark = pytest.mark.usefixtures("app")
ROOT = Path(__file__).parent.parent.parent
AS_CHROMIUM = {"Accept-Encoding": "gzip, deflate"}  # without TLS; with it also br and zstd, which come out smaller
FIRST, LATER = 150_000, 30_000


class Loaded(HTMLParser):
    """What a page makes a browser fetch."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag in ("script", "img") and said.get("src"):
            self.addresses.append(said["src"] or "")
        elif tag == "link" and said.get("rel") in ("stylesheet", "icon", "preload"):
            self.addresses.append(said["href"] or "")


def size(answer: TestResponse) -> int:
    """Bytes over the wire: the lines of the head, and the body as it is sent."""
    return len(str(answer.headers)) + len(answer.get_data())


def asked(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """What a browser is sent, packed as it travels: not looked into by the inspecting client."""
    session.commit()
    with playing(), FlaskClient.open(client, path, headers={**AS_CHROMIUM, **headers}) as answer:
        answer.get_data()
        return answer


def fetched(client: FlaskClient, path: str) -> TestResponse:
    answer = asked(client, path)
    assert answer.status_code == 200, path
    return answer


def weight(client: FlaskClient, path: str) -> tuple[int, int]:
    """(bytes of the first visit, bytes of the next page of the same site)."""
    page = fetched(client, path)
    assert page.headers["Content-Encoding"] == "gzip"
    files = [fetched(client, address) for address in Loaded(gzip.decompress(page.data).decode()).addresses]
    assert len(files) >= 3
    kept = [answer for answer in files if "immutable" in answer.headers["Cache-Control"]]
    return sum(map(size, [page, *files])), size(page) + sum(size(answer) for answer in files if answer not in kept)


def test_pages_are_light_the_first_time_and_lighter_after(client: FlaskClient) -> None:
    owner = factories.person()
    firm, holder = factories.organisation(factories.person()), factories.organisation(owner)
    for _ in range(25):
        factories.technology(holder)
        factories.need(firm)
    paths = ["/zh/", "/en/technologies", "/zh/needs", f"/en/technologies/{factories.technology(holder).public_id}", "/zh/simulator", "/en/sign-in"]
    heavy = [(path, *weights) for path in paths if (weights := weight(client, path))[0] > FIRST or weights[1] > LATER]
    client.login(owner)
    heavy += [(path, *weights) for path in ("/zh/desk", "/zh/technologies/new") if (weights := weight(client, path))[0] > FIRST or weights[1] > LATER]
    assert not heavy


def test_a_static_file_is_kept_for_a_year_under_the_address_of_its_content_alone(client: FlaskClient) -> None:
    address = re.search(r'href="(/static/site\.css\?v=\w{12})"', client.get("/zh/how").get_data(as_text=True))[1]
    client.login(factories.person())
    answer = client.get(address)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Cookie" not in answer.headers["Vary"] and "Set-Cookie" not in answer.headers
    for other in (urlsplit(address).path, f"{urlsplit(address).path}?v=000000000000", "/static/../pyproject.toml?v=0", "/static/none.css?v=None"):
        assert "immutable" not in client.get(other).headers.get("Cache-Control", ""), other


def test_a_visitor_is_told_that_a_page_has_not_changed_and_a_member_keeps_none(client: FlaskClient) -> None:
    first = asked(client, "/zh/technologies")
    assert first.headers["Cache-Control"] == "private, no-cache" and "Accept-Encoding" in first.headers["Vary"] and "Cookie" in first.headers["Vary"]
    again = asked(client, "/zh/technologies", **{"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304 and not again.data
    client.login(factories.person())
    assert client.get("/zh/technologies").headers["Cache-Control"] == "private, no-store"


def test_a_visitor_who_only_reads_is_given_no_cookie(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert "Set-Cookie" not in client.get("/zh/technologies").headers
    assert "Set-Cookie" in client.get("/zh/").headers, "its form has a token"


def test_a_script_is_told_where_it_would_be_sent(client: FlaskClient) -> None:
    assert client.get("/zh/desk").status_code == 303
    answer = client.get("/zh/desk", headers={"X-Part": "main"})
    assert answer.status_code == 204 and answer.headers["X-Go"].endswith("/zh/sign-in") and "Location" not in answer.headers


def test_a_token_never_looks_the_same_twice_and_is_still_the_token(app: Flask) -> None:
    with app.test_request_context("/zh/"):
        plain = generate_csrf()
        seen = {masked(plain) for _ in range(3)}
        assert len(seen) == 3 and not any(plain[:20] in one for one in seen)
        assert {unmasked(one) for one in seen} == {plain}
        assert token() == token()
        validate_csrf(unmasked(token()))
    for broken in ("~", "~#", "~abc", "~" + "A" * 99, "~ü", "", None, "plain"):
        assert unmasked(broken) != plain


def test_forms_and_headers_pass_with_masked_tokens_alone(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    sent = re.search(r'name="csrf_token"[^>]* value="(~[^"]+)"', client.get("/zh/sign-in").get_data(as_text=True))[1]
    known = {"address": "nobody@example.com", "password": "x"}
    assert client.post("/zh/sign-in", data={**known, "csrf_token": sent}).status_code == 422
    assert client.post("/zh/sign-in", data=known, headers={"X-CSRFToken": sent}).status_code == 422
    assert client.post("/zh/sign-in", data={**known, "csrf_token": sent[:-4] + "AAAA"}).status_code == 400


@pytest.mark.parametrize(("css", "kept"), [
    (".btn{a:b}.card{a:b}", ".btn{a:b}"), (".card,.btn:not(.card):hover{a:b}", ".btn:not(.card):hover{a:b}"), ("p>a,p .card{a:b}", "p>a{a:b}"),
    ("@media (min-width:1px){.card{a:b}.btn{a:b}}@media print{.card{a:b}}", "@media (min-width:1px){.btn{a:b}}"),
    ("[data-bs-theme=dark] .btn{a:b}", ""), ("@charset 'x';/* x */p{a:b}", "p{a:b}"),
    (":root,[data-bs-theme=light]{--a:1;--b:var(--c);--c:2;--d:3}.btn{x:var(--b)}.card{x:var(--a)}", ":root{--b:var(--c);--c:2;--d:3}.btn{x:var(--b)}"),
    ("@keyframes turn{to{a:b}}@keyframes spin{to{a:b}}.btn{animation:spin}", "@keyframes spin{to{a:b}}.btn{animation:spin}"),
])
def test_of_a_style_sheet_stays_what_can_apply(css: str, kept: str) -> None:
    assert sheet.subset(css, {"btn"}, beside="p{x:var(--d)}") == kept


def test_classes_are_read_where_they_are_written() -> None:
    said = sheet.used(['<p class="a b-c{% if x %} on{% endif %}">card</p>', '{{ f(class="d") }} {{ press("btn btn-link") }}', 'x.className = "e"'])
    assert {"a", "b-c", "on", "d", "btn-link", "e"} <= said and "card" not in said


def test_our_own_sheet_and_scripts_stay_small() -> None:
    lines = {name: sum(path.read_text(encoding="utf-8").count("\n") for path in (ROOT / "static").glob(f"*.{name}")) for name in ("css", "js")}
    assert lines["css"] < 1000 and lines["js"] < 600
