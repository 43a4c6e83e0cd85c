"""Blind listings never leak: every page as everybody, and a mark in everything that is to stay hidden."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from marketplace.alerts import operations as alerts
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.exporting import views as exporting
from marketplace.jobs import enqueue
from marketplace.matching import operations as matching
from tests.inspection import playing, work
from tests.web.blind_cast import INSIDE, OUTSIDE, QUERIES, Cast, filled, gather

SEARCHES = ("matching.technologies", "matching.needs", "exporting.newest", "exporting.table", "exporting.paper")
READ_IN_BOTH = ("technologies", "needs", "matches", "deals", "problems", "organisations")


@pytest.fixture
def cast(app: Flask, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cast]:
    """Everybody, everything indexed and matched, on a site whose outbox is closed; what is printed is read before it is printed."""
    matching.index.cache_clear()
    found = matching.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    monkeypatch.setattr(alerts, "_post", [replace(alerts._post[0], settings=replace(alerts._post[0].settings, production=True))])
    monkeypatch.setattr(exporting, "_paper", lambda: SimpleNamespace(pdf=lambda html, _static: html.encode()))
    made = gather()
    session.commit()
    with playing():
        matching.reindex()
    enqueue("matching.match_all")
    work()
    yield made
    matching.index.cache_clear()


class Browser:
    """One role's browser: fetches without looking at how a page is built, which other tests do."""

    def __init__(self, app: Flask, cast: Cast, role: str) -> None:
        self.client, person = FlaskClient(app, app.response_class), cast.people[role]
        if person is not None:
            name = person.get_id()
            with playing(), self.client.session_transaction() as kept:
                kept["_user_id"], kept["_fresh"] = name, True

    def get(self, path: str, **headers: str) -> Answer:
        """Fetch a page."""
        return self._read(lambda: self.client.get(path, headers=headers))

    def post(self, path: str, **data: Any) -> Answer:
        """Send a form."""
        return self._read(lambda: self.client.post(path, data=data))

    def _read(self, ask: Callable[[], TestResponse]) -> Answer:
        with playing():
            answer = ask()
            read = Answer(answer.status_code, said(answer), answer.location or "")
            answer.close()
        return read


class Answer(NamedTuple):
    """What came back: the status, all that was said, and where it leads."""

    status: int
    text: str
    location: str


def said(answer: TestResponse) -> str:
    """All that an answer says: status, headers, and its body, unpacked where it is packed."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    data = answer.get_data()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = b"\n".join([name.encode() + archive.read(name) for name in archive.namelist()])
    return f"{headers}\n{data.decode('utf-8', 'replace')}"


def plain(text: str) -> str:
    """A text in which a figure or a number is found however it is written."""
    return text.lower().replace(",", "").replace("%2c", "")


def leaks(cast: Cast, text: str, path: str = "", names: bool = True) -> list[str]:
    """The marks that a text holds; its owner's `names` are none on the owner's own page, if that does not tell of the listing."""
    held = plain(text)
    found = [name for name, mark in cast.marks.items() if plain(mark) in held or quote(mark).lower() in held]
    of_owner = [name for name, mark in cast.names.items() if plain(mark) in held or quote(mark).lower() in held]
    tells = any(cast.things[name].public_id in text.replace(path, "") for name in ("technology", "need"))
    return found + (of_owner if names or tells else [])


def paths(app: Flask, cast: Cast, rule: Rule) -> Iterator[str]:
    """The addresses of a page to be looked at. Fails for a page that nobody has thought of."""
    table = filled(cast)
    part = rule.rule.removeprefix("/<any(zh, en):lang>/").split("/")[0] if rule.rule.startswith("/<any") else rule.rule[1:].split("<")[0]
    known = {**table["*"], **table.get(part, {}), **_choices(rule)}
    languages = ("zh", "en") if part in READ_IN_BOTH else ("zh",)
    wanted = [name for name in rule.arguments if name != "lang"]
    unknown = [name for name in wanted if name not in known]
    assert not unknown and ("public_id" not in wanted or part in table), f"{rule.endpoint} {rule.rule}: fill {unknown or 'public_id'} in blind_cast.filled"
    adapter = app.url_map.bind("localhost")
    for values in product(*(known[name] for name in wanted)):
        chosen = dict(zip(wanted, values, strict=True))
        for language in languages if "lang" in rule.arguments else (None,):
            path = adapter.build(rule.endpoint, {**chosen, **({"lang": language} if language else {})})
            yield from (path + query for query in (QUERIES if rule.endpoint in SEARCHES else ("",)))


def _choices(rule: Rule) -> dict[str, list[str]]:
    """The values of parameters that take one of a few."""
    return {name: sorted(one.items) for name, one in rule._converters.items() if isinstance(one, AnyConverter)}


def pages(app: Flask, cast: Cast) -> dict[str, str]:
    """Every address of the site that can be fetched → the first part of its path."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.endswith("static"):
            found |= dict.fromkeys(paths(app, cast, rule), rule.rule.removeprefix("/<any(zh, en):lang>/").split("/")[0])
    return found


def own_page(part: str) -> bool:
    """Whether a page is about the owner itself, so that its name may stand there."""
    return part in ("organisations", "operations", "money")


def test_no_page_shows_anything_of_a_blind_listing_to_anybody_outside(app: Flask, cast: Cast) -> None:
    every, failed, leaked = pages(app, cast), [], []
    for role in OUTSIDE:
        browser = Browser(app, cast, role)
        for path, part in every.items():
            answer = browser.get(path)
            failed += [(role, path)] * (answer.status >= 500)
            found = leaks(cast, answer.text, path, names=not own_page(part))
            leaked += [(role, path, found)] * bool(found)
    assert not failed and not leaked, (failed[:3], leaked[:20])


@pytest.mark.parametrize("role", INSIDE)
def test_the_walk_finds_the_marks_where_they_may_be_read(app: Flask, cast: Cast, role: str) -> None:
    browser, found = Browser(app, cast, role), set()
    for path in pages(app, cast):
        if path.startswith(("/zh/technologies/", "/zh/needs/", "/en/technologies/", "/en/needs/", "/zh/matches/")):
            found.update(leaks(cast, browser.get(path).text))
    elsewhere = {"run_file", "row_cell", "agreement_zh", "agreement_en", "relative", "source_key", "need_key", "person", "firm_person"}
    assert {*cast.marks, *cast.names} - found <= elsewhere, sorted({*cast.marks, *cast.names} - found)
