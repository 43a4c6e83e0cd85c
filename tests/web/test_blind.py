"""Blind listings never leak: every page as everybody, and a mark in everything that is to stay hidden."""

from __future__ import annotations

import difflib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, event, func, select, update
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

import marketplace
from marketplace import create_app, languages
from marketplace.access import SYSTEM
from marketplace.alerts import operations as alerts
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions.models import Noticed, Subscription
from marketplace.alerts.subscriptions.operations import follow_search
from marketplace.alerts.wording import Sum
from marketplace.config import Settings
from marketplace.db import now, session
from marketplace.jobs import Job, enqueue
from marketplace.matching import operations as matching
from marketplace.people.models import Person
from marketplace.people.sessions.operations import begin
from marketplace.record import record
from tests import speaking
from tests.inspection import playing, work
from tests.web.blind_cast import INSIDE, OUTSIDE, Cast, asked, gather, plain
from tests.web.blind_rooms import NOWHERE, ROOMS_OF_THE_OWNER, filled, furnish, is_looked_at_by, may_be_told, within
from tests.web.standing import standing

ROOT_OF_TRANSLATIONS = Path(languages.__file__).parent / "translations"
READ_IN_BOTH = ("technologies", "needs", "matches", "deals", "problems", "organisations")
BY_GRANT = ("technologies", "needs", "access")
"""Pages that ask for a grant: the short walk fetches them as everybody, the rest as those who differ in more than their grant."""
OF_INSIDERS = ("access", "deals", "notices", "distillations", "decisions", "agreements", "organisations", "evidence")
DIFFERENT = ("visitor", "other_firm", "broker", "operator", "party")
"""Roles that the permission table tells apart without looking at a grant."""


@pytest.fixture(scope="module")
def site(whole_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connection, Cast]]:
    """Everybody, everything indexed and matched. Made once."""
    with standing(whole_app, tmp_path_factory.mktemp("index")) as connection:
        yield connection, _gathered()


def _gathered() -> Cast:
    """The cast with all rooms, once the jobs have done their part."""
    made = gather()
    made.of_listings = {*made.marks, *made.names}
    furnish(made)
    session.commit()
    with playing():
        matching.reindex()
    enqueue("matching.match_all")
    enqueue("funnel.count")
    work()
    return made


@pytest.fixture
def cast(site: tuple[Connection, Cast]) -> Iterator[Cast]:
    """The cast as it was made: what a test does to it is taken back."""
    connection, made = site
    session.expire_all()
    session.rollback()
    done = connection.begin_nested()
    yield made
    session.rollback()
    done.rollback()
    session.expire_all()


@pytest.fixture
def app(whole_app: Flask, cast: Cast) -> Flask:
    """The application over the cast."""
    return whole_app


class Browser:
    """One role's browser: fetches without looking at how a page is built, which other tests do."""

    def __init__(self, app: Flask, cast: Cast, role: str) -> None:
        self.client, person = FlaskClient(app, app.response_class), cast.people[role]
        if person is not None:
            begin(SYSTEM, person, "password")
            name = person.get_id()
            session.commit()
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


def leaks(cast: Cast, text: str, path: str = "", names: bool = True) -> list[str]:
    """The marks that a text holds; its owner's `names` are none on the owner's own page, if that does not tell of the listing."""
    held = plain(text)
    found = [name for name, (bare, quoted) in cast.looked_for.items() if bare in held or quoted in held]
    tells = names or any(cast.things[name].public_id in text.replace(path, "") for name in ("technology", "need"))
    return [name for name in found if tells or name in cast.marks]


def paths(app: Flask, cast: Cast, rule: Rule) -> Iterator[str]:
    """The addresses of a page to be looked at. Fails for a page that nobody has thought of."""
    table = filled(cast)
    part = first_part(rule)
    known = {**table["*"], **table.get(part, {}), **table.get(rule.endpoint, {}), **_choices(rule)}
    languages = ("zh", "en") if part in READ_IN_BOTH else ("zh",)
    wanted = [name for name in rule.arguments if name != "lang"]
    unknown = [name for name in wanted if name not in known]
    known_here = part in table or rule.endpoint in table
    assert not unknown and ("public_id" not in wanted or known_here), f"{rule.endpoint} {rule.rule}: fill {unknown or 'public_id'} in blind_cast.filled"
    adapter = app.url_map.bind("localhost")
    for values in product(*(known[name] for name in wanted)):
        chosen = dict(zip(wanted, values, strict=True))
        if not within(cast, chosen):
            continue
        for language in languages if "lang" in rule.arguments else (None,):
            path = adapter.build(rule.endpoint, {**chosen, **({"lang": language} if language else {})})
            yield from (path + query for query in asked(cast).get(rule.endpoint, ("",)))


def first_part(rule: Rule) -> str:
    """The first part of a page's path behind its language."""
    return rule.rule.partition(":lang>/")[2].split("/")[0] if rule.rule.startswith("/<any") else rule.rule[1:].split("<")[0]


def _choices(rule: Rule) -> dict[str, list[str]]:
    """The values of parameters that take one of a few."""
    return {name: sorted(one.items) for name, one in rule._converters.items() if isinstance(one, AnyConverter)}


def pages(app: Flask, cast: Cast) -> dict[str, str]:
    """Every address of the site that can be fetched → the first part of its path."""
    found = {}
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.endswith("static"):
            found |= dict.fromkeys(paths(app, cast, rule), first_part(rule))
    return found


def own_page(part: str) -> bool:
    """Whether a page is about the owner itself, so that its name may stand there."""
    return part in ("organisations", "operations", "money")


def seen_by(cast: Cast, role: str, every: dict[str, str], whole: bool) -> dict[str, str]:
    """The pages that a role fetches: in the short walk one language but for one role, and what is no listing's page as those who differ in more
    than their grant; every fourth page of these, by turns, so that a page is fetched by some and not by all."""
    if whole:
        return every
    chosen = {path: part for path, part in every.items() if (role in DIFFERENT or part in BY_GRANT) and is_looked_at_by(cast, role, part, path)}
    english = {"other_firm": lambda part: part != "deals", "party": lambda part: part == "deals"}.get(role, lambda part: False)
    of_english = {path: part for path, part in chosen.items() if path.startswith("/en/") and english(part)}
    others = {path: part for path, part in chosen.items() if not path.startswith("/en/")}
    turn = OUTSIDE.index(role) % 4
    return dict([*list(of_english.items())[turn::4], *list(others.items())[turn::4]])


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_page_shows_anything_of_a_blind_listing_to_anybody_outside(app: Flask, cast: Cast, whole: bool, record_property: Any) -> None:
    every, failed, leaked, fetched = pages(app, cast), [], [], 0
    for role in OUTSIDE:
        browser = Browser(app, cast, role)
        for path, part in seen_by(cast, role, every, whole).items():
            answer, fetched = browser.get(path), fetched + 1
            failed += [(role, path)] * (answer.status >= 500)
            found = set(leaks(cast, answer.text, path, names=not own_page(part))) - may_be_told(cast, role, path)
            leaked += [(role, path, sorted(found))] * bool(found)
    for name, value in (("addresses", len(every)), ("roles", len(OUTSIDE)), ("fetched", fetched), ("leaks", len(leaked))):
        record_property(name, value)  # the drill of brokering tells them
    assert not failed and not leaked, (failed[:3], leaked[:20])


@pytest.mark.parametrize("role", [pytest.param(role, marks=pytest.mark.slow if role == "owner" else ()) for role in INSIDE])
def test_the_walk_finds_the_marks_where_they_may_be_read(app: Flask, cast: Cast, role: str) -> None:
    browser, found = Browser(app, cast, role), set()
    for path, part in pages(app, cast).items():
        if part in ("technologies", "needs", "matches") or role == "owner" and part in OF_INSIDERS and not path.startswith("/en/"):
            found.update(leaks(cast, browser.get(path).text))
    wanted = cast.of_listings - NOWHERE | (ROOMS_OF_THE_OWNER if role == "owner" else set())
    assert wanted <= found, sorted(wanted - found)


GUESSES = (
    ("title_zh", "鼷鼹鼺齁齅"), ("abstract_en", "wobuxitoleminara"), ("keyword", "tibonuxawolerika"), ("application_number", "201610123456.X"),
    ("publication_number", "CN106543210B"), ("holder", "zonibewutalirofa"), ("need_title_zh", "齆齇齈齉龢"), ("need_problem_en", "pedolixufanobiwe"),
    ("inventor", "龤龡龥齏齑"), ("institute_en", "gavonixupelitoso"),
)
"""Marks that somebody may guess, each with a word or number that stands nowhere at all."""


def without(text: str, *typed: str) -> str:
    """An answer without what was typed into it, the token against forgery, and how long it took."""
    for one in (*(quote(quote(one)) for one in typed), *(quote(one) for one in typed), *typed):  # twice quoted: where a sign-in leads back to
        text = text.replace(one, "TYPED").replace(one.lower(), "TYPED").replace(one.upper(), "TYPED")
    changing = r"(csrf[_-]token[^>]*(?:value|content)=\")[^\"]*|(?:Set-Cookie|Date|X-Request-ID): .*\n|\d+[.]\d+ (?:秒|s\b)|Content-Length: .*|ETag: .*"
    text = re.sub(changing, r"\1", text)
    return re.sub(r"/problems/\w{12,40}", "/problems/ID", text)


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that the database is asked meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(re.sub(r"sa_savepoint_\d+", "", statement))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("role", ["visitor", "other_firm", "operator"])
def test_a_guess_that_is_right_is_answered_like_one_that_is_wrong(app: Flask, cast: Cast, role: str) -> None:
    browser = Browser(app, cast, role)
    browser.get("/zh/technologies")  # what is made once for a process is made before the comparison
    for name, wrong in GUESSES:
        right = {**cast.marks, **cast.names}[name]
        for path in ("/zh/technologies?q={}", "/en/needs?q={}", "/zh/technologies.atom?q={}", "/zh/needs.pdf?q={}", "/zh/open-calls.atom?q={}"):
            found = []
            for typed in (right, wrong):
                with counted() as statements:
                    answer = browser.get(path.format(quote(typed)))
                found.append((answer.status, without(answer.text, typed), statements))
            assert found[0] == found[1], (name, path, list(difflib.unified_diff(found[1][1].split("\n"), found[0][1].split("\n"), n=0))[:9])


@pytest.mark.parametrize("role", ["visitor", "other_firm"])
def test_a_pasted_guess_moves_no_figure(app: Flask, cast: Cast, role: str) -> None:
    browser = Browser(app, cast, role)
    for name, wrong in GUESSES:
        right, pages_ = {**cast.marks, **cast.names}[name], []
        for typed in (right, wrong):
            place = browser.post("/zh/", problem=f"零件修边太慢 {typed} 小零件").location
            with counted() as statements:
                answer = browser.get(place)
            pages_.append((answer.status, without(answer.text, typed), len(statements)))
        assert pages_[0] == pages_[1], (name, list(difflib.unified_diff(pages_[1][1].split("\n"), pages_[0][1].split("\n"), n=0))[:9])


def test_what_is_typed_elsewhere_is_no_oracle_either(app: Flask, cast: Cast) -> None:
    browser = Browser(app, cast, "other_firm")
    marks = cast.marks
    own = {"kind": "patent", "visibility": "public", "application_number": marks["application_number"], "title_zh": marks["title_zh"], "title_en": "x"}
    forms = [
        ("/zh/needs/new", {"title_zh": marks["need_title_zh"], "problem_zh": marks["need_problem_zh"], "language": "zh", "look": "1"}),
        ("/zh/technologies/new", own), ("/zh/technologies/new", {**own, "post": "1", "title_zh": marks["title_zh"] + "二", "application_number": "95115608.X"}),
    ]
    typed = {name for name, mark in marks.items() if any(mark in str(value) for _path, values in forms for value in values.values())}
    for path, values in forms:
        answer = browser.post(path, **values)
        assert answer.status < 500 and not set(leaks(cast, answer.text)) - typed, path
    for subject in ("technology", "need"):
        noun, key = {"technology": "technologies", "need": "needs"}[subject], cast.things[subject].public_id
        steps = [browser.post(f"/zh/{noun}/{key}/{rest}") for rest in ("publish", "withdraw", "edit", "files", "files/x/remove", "questions", "verify")]
        assert not [answer for answer in steps if answer.status < 400 or leaks(cast, answer.text)]


def test_no_mail_tells_outsiders_anything(app: Flask, cast: Cast) -> None:
    things = cast.things
    seats = [seat.person for house in (things["firm"], things["institute"], things["deals"][2].holder) for seat in house.memberships]
    inside = {person.address for person in (*seats, *(cast.people[role] for role in INSIDE), things["knows"], things["deals"][1].broker)}
    guess = follow_search(cast.people["other_firm"], "technology", cast.marks["title_zh"], {}, "猜中的词")
    for thing in (things["technology"], things["need"]):
        record(thing, "publish", SYSTEM)
    for kind in ("alerts.notice", "alerts.digests"):
        work()
        session.execute(update(Job).where(Job.kind == "alerts.notice").values(due=now()))
        session.execute(update(Subscription).where(Subscription.due.is_not(None)).values(due=now()))
        enqueue(kind)
        work()
    assert session.scalar(select(func.count()).select_from(Noticed).where(Noticed.subscription_id == guess.id)) == 0, "a guess is answered by a digest"
    mails = session.query(Mail).all()
    told_of = {mail.address for mail in mails if mail.template == "digest" and things["technology"].public_id in mail.body}
    assert {cast.people[role].address for role in ("party", "broker", "operator", "stranger")} <= told_of
    assert {"deal_message", "deal_meeting", "deal_task"} <= {mail.template for mail in mails}
    told = [(mail.template, mail.address, leaks(cast, mail.subject + mail.body)) for mail in mails if mail.address not in inside]
    assert not [one for one in told if one[2]]


@contextmanager
def speaking_site(cast: Cast, connection: Connection, settings: Settings, folder: Path) -> Iterator[Flask]:
    """The same site with one catalogue more, of a language that nobody speaks; its readers are shown Chinese texts, which no word of the pages is."""
    post = alerts._post[0]
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(languages, "FALLBACK", "zh")
            patch.setattr(marketplace, "connect", lambda _address: connection.engine)
            app = create_app(settings, speaking.catalogues(ROOT_OF_TRANSLATIONS, folder))
            app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
            yield app
    finally:
        alerts._post[:] = [post]


def walked(app: Flask, cast: Cast, code: str, roles: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Path and page of each endpoint once, papers too, in a language, as the first of the roles that is shown it."""
    every = [re.sub(r"^/zh(?=/)", f"/{code}", path) for path in pages(app, cast) if path.startswith("/zh/")]
    seen, tried, match = {"design.show"}, Counter(), app.url_map.bind("localhost").match
    for role in roles:
        browser = Browser(app, cast, role)
        for path in every:
            endpoint = match(path.split("?")[0])[0]
            tried[role, endpoint] += 1
            answer = None if endpoint in seen or tried[role, endpoint] > 1 or "." in path.replace(".pdf", "") else browser.get(path)
            _before, html, page = answer.text.partition("<html") if answer and answer.status == 200 else ("", "", "")
            if page:
                seen.add(endpoint)
                yield path, html + page


@pytest.mark.slow
def test_a_catalogue_alone_makes_every_page_speak_another_language(site: tuple[Connection, Cast], cast: Cast, settings: Settings, tmp_path: Path) -> None:
    """No word stands outside the catalogues, and what a page says in its own language it does not say to be in another."""
    code, users = speaking.CODE, {*cast.marks.values(), "pilot", "body", "esperanto"}
    with speaking_site(cast, site[0], settings, tmp_path / "translations") as app:
        read = dict(walked(app, cast, code, ("owner", "broker", "operator", "visitor")))
        kept, mails = _readers(app, cast, code)
    found = {fault: path for path, page in read.items() for fault in speaking.unspoken(page, users)}
    assert not found, "\n".join(f"{path}: {fault}" for fault, path in found.items())
    assert len(read) > 100 and all(page.startswith(f'<html lang="{code}">') for page in read.values())
    front = read[f"/{code}/"]
    assert all(f'hreflang="{tag}"' in front for tag in ("zh-Hans", "en", code)) and "中文" in front and "English" in front
    assert kept == [(code, "zh"), (code, "en")], "whoever signs up or chooses it in the settings keeps the language"
    assert [mail.language for mail in mails] == [code, code] and mails[1].subject == "⟦Please confirm your mail address⟧"
    assert all(f"/{code}/" in mail.body and not re.search(r"[a-z]{3,}", re.sub(r"⟦[^⟧]*⟧|http\S+", "", mail.body)) for mail in mails)
    assert "2026-Novembro-03" in mails[0].body and "200\N{NO-BREAK SPACE}000" in mails[0].body, "days and sums as the language writes them"


def _readers(app: Flask, cast: Cast, code: str) -> tuple[list[tuple[str, str]], list[Mail]]:
    """Somebody who signs up in a third language, and a member who takes it in the settings: what their accounts keep, and a mail to each."""
    visitor, owner, person = Browser(app, cast, "visitor"), Browser(app, cast, "owner"), cast.people["owner"]
    signed_up = visitor.post(f"/{code}/sign-up", name="Zamenhof", address="new@example.com", password="three small boats")
    chosen = owner.post(f"/{code}/settings", name=person.name, language=code, texts="en")
    assert (signed_up.status, chosen.status) == (303, 303) and f"/{code}/" in signed_up.location + chosen.location
    session.expire_all()
    new = session.scalars(select(Person).where(Person.address_key == "new@example.com")).one()
    owed = {"late": False, "guarantor": "", "debtor": "", "title": "", "amount": Sum(20_000_000, "CNY"), "due": date(2026, 11, 3)}
    mails = [alerts.to_person("recourse", person, "/claims/x", **owed), alerts.to_person("confirm_address", new, "/confirm/x")]
    for mail in mails:
        session.expunge(mail)
    return [(one.tongue, one.language) for one in (new, person)], mails


@pytest.mark.parametrize("code", ["en", "zh"])
def test_no_text_is_said_to_be_in_the_wrong_language(app: Flask, cast: Cast, code: str) -> None:
    """The cast's texts are in both languages, its names in one or in both: an English page says of each Chinese one that it is Chinese, a Chinese page
    of each English sentence that it is English."""
    found = {fault: path for path, page in walked(app, cast, code, ("owner",)) for fault in speaking.misspoken(page)}
    assert not found, "\n".join(f"{path}: {fault}" for fault, path in found.items())
