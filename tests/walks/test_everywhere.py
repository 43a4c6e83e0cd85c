"""Every page in every state that its data give it, in Chromium: axe, names, nothing wider than a window of 320 px, which is what 1280 px are at 400 %.

Three sites are gone through: the demo, by its links from the desk of each role; the cast of the walk around blind listings
(`tests/web/blind_rooms.py`), by every address that can be fetched; and what stands under agreements (`agreed.py`), by its links. Every form that
is seen is sent once as nobody should (`refusing.py`): what refuses it is a page too, and is read out. A page is opened in Chromium when nobody has
seen its shape yet: the same parts with other words are the same state. Language, scheme and width change from page to page. `make prove` does this;
its figures are in docs/interface.md.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import Flask
from lxml import html as markup
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import Connection

from marketplace import printing
from marketplace.db import session
from tests.inspection import playing
from tests.walks import looking
from tests.walks.agreed import agreed
from tests.walks.conftest import Site, serving, signed_in
from tests.walks.refusing import Answer, Sent, Sheet, refused, sheets
from tests.web.blind_cast import Cast
from tests.web.test_blind import Browser as Reader
from tests.web.test_blind import pages
from tests.web.test_blind import site as blind_site  # noqa: F401  (a fixture by another name: `site` is the demo here)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

OF_DEMO = ("", "owner", "officer", "broker1", "operator", "caller", "broker3", "owner2", "owner3", "officer.en")
"""Visitor, firm, institute, technology manager, operator, owner of calls, reviewer, two members of pools and teams, institute abroad."""

OF_CAST = ("owner", "party", "broker", "operator", "granted", "unconfirmed", "other_firm", "visitor")
HERE = "http://localhost"
NO_PAGE = Answer(0, "")
LOOKS = list(product(("light", "dark"), (320, 1280)))
EACH = 6
"""How many pages behind one kind of address a role opens on the demo: an address with other ids leads to the same kind of page."""

UNDER_AGREEMENTS = (
    "/(desk|account|agreements|statements|audits|credit|guarantees|claims|guarantee-entries|invoices|payments|money|income|organisations"
    r"|technologies/ID)\b"
)
"""What is walked as those under an agreement; the rest of the site is as elsewhere."""

NOT_PAGES = re.compile(r"/(sign-out|files|papers|download|feed|static|dev/outbox/\w+)|\.(xlsx|pdf|csv|zip|ics|xml|json|atom|txt|bib|ris)\b")


def shape(path: str, html: str) -> str:
    """What a page is made of, whatever it says: each kind of element within its parent, labels of regions that stand twice, the order of headings."""
    tree = markup.document_fromstring(html)
    kinds = {f"{_kind(one.getparent())}>{_kind(one)}" for one in tree.iter() if isinstance(one.tag, str) and one.getparent() is not None}
    labels = Counter((one.tag, one.get("aria-label")) for one in tree.xpath("//*[@role='region' or self::nav or self::aside][@aria-label]"))
    headings = [one.tag for one in tree.iter("h1", "h2", "h3", "h4")]
    order = [tag for place, tag in enumerate(headings) if place == 0 or headings[place - 1] != tag]
    twice = sorted(str(one) for one, times in labels.items() if times > 1)
    return hashlib.sha256(repr((kind_of(path), sorted(kinds), twice, order)).encode()).hexdigest()


def _kind(one: Any) -> str:
    return f"{one.tag}.{one.get('class', '')}.{one.get('type', '')}.{one.get('role', '')}.{'+'.join(sorted(set(one.keys()) - {'href', 'value', 'id', 'lang'}))}"


def kind_of(path: str) -> str:
    """An address without its language, its ids and what is asked behind it."""
    return re.sub(r"/[0-9a-z]{12}(?=/|$|#)", "/ID", re.sub(r"^/(zh|en)", "", urlsplit(path).path)) + "?" * bool(urlsplit(path).query)


class Gone:
    """What has been seen, in how many looks, and what was found."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.fetched = self.looked = 0
        self.kinds: set[str] = set()
        self.sheets: dict[str, Sheet] = {}
        self.sent: set[str] = set()
        self.answers: Counter[int] = Counter()
        self.found: list[str] = []

    def came(self, path: str, answer: Answer) -> bool:
        """Whether a page came; an error of the site is noted."""
        self.fetched += bool(answer.status)
        if answer.status >= 500:
            self.note(f"{path}: {answer.status}")
        return bool(answer.html)

    def is_new(self, path: str, html: str) -> bool:
        """Whether this state of the page has not been seen. Its forms are kept, to be sent when the person has seen all pages."""
        found = shape(path, html)
        fresh = found not in self.seen
        self.seen.add(found)
        self.kinds.add(kind_of(path))
        self.sheets |= {one.known: one for one in sheets(html, path) if one.known not in self.sent}
        return fresh

    def look(self, page: Page, address: str, refusal: str = "") -> None:
        """Open a page, or what stands in its place after a form was refused, and look at it."""
        scheme, width = LOOKS[self.looked % len(LOOKS)]
        self.looked += 1
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 256 if width == 320 else 900})
        if refusal:
            page.route(address, lambda route: route.fulfill(status=422, content_type="text/html; charset=utf-8", body=refusal), times=1)
        page.goto(address, wait_until="load")
        faults = looking.unsaid(page, marked=False) if refusal else []
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        faults += looking.axe(page) + looking.names(page) + (looking.cut(page) if width == 320 else []) + looking.moving(page)
        if looking.overflow(page) > 1:
            faults.append(f"{looking.overflow(page)} px wider than the window")
        self.note(*(f"{urlsplit(address).path}{' refused' * bool(refusal)} {scheme} {width}: {fault}" for fault in faults))

    def note(self, *faults: str) -> None:
        """Keep what was found, and say it at once to whoever watches."""
        self.found += faults
        print(*faults, sep="\n", end="\n" * bool(faults), flush=True)

    def send(self, send: Callable[[str, Sent], Answer], look: Callable[[str, str], None]) -> None:
        """Send the forms that were seen and nobody has sent yet as nobody should, and look at what refuses them."""
        while self.sheets:
            known, sheet = self.sheets.popitem()
            self.sent.add(known)
            answer = refused(sheet, send)
            self.answers[answer.status] += 1
            if answer.status >= 500:
                self.note(f"{sheet.action} {known}: {answer.status}")
            found = shape(sheet.action, answer.html) if answer.status == 422 else ""
            if found and found not in self.seen:
                self.seen.add(found)
                look(sheet.action, answer.html)


def links(html: str, path: str) -> Iterator[str]:
    """Where a page leads within the site."""
    for href in markup.document_fromstring(html).xpath("//body//a/@href"):
        target = urlsplit(urljoin(path, href))
        if not target.netloc and target.path.startswith(("/zh/", "/en/")) and not NOT_PAGES.search(target.path):
            yield target.path + (f"?{target.query}" if target.query else "")


def walk(start: list[str], fetch: Callable[[str], Answer], look: Callable[[str], None], gone: Gone, within: str = "") -> None:
    """From link to link, the pages near the start first; where `within` says, only below such addresses."""
    waiting, known, times = list(start), set(start), Counter()
    while waiting:
        path = waiting.pop(0)
        times[kind_of(path)] += 1
        answer = fetch(path) if times[kind_of(path)] <= EACH else NO_PAGE
        if not gone.came(path, answer):
            continue
        if gone.is_new(path, answer.html):
            look(path)
        fresh = [one for one in dict.fromkeys(links(answer.html, path)) if one not in known and re.match(within, kind_of(one))]
        known.update(fresh)
        waiting += fresh


def of_demo(context: BrowserContext, site: Site, language: str, gone: Gone, name: str) -> None:
    """The demo as one of its people."""
    page = context.new_page()
    if name:
        signed_in(page, site, language, name)

    def fetch(path: str) -> Answer:
        answer = context.request.get(site.address + path, max_redirects=0, fail_on_status_code=False)
        return Answer(answer.status, answer.text() if "text/html" in answer.headers.get("content-type", "") and not 300 <= answer.status < 400 else "")

    def send(path: str, sent: Sent) -> Answer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": site.address + path}
        answer = context.request.post(site.address + path, data=urlencode(sent, doseq=True), headers=headers, max_redirects=0, fail_on_status_code=False)
        return Answer(answer.status, answer.text())

    walk([f"/{language}/desk" if name else f"/{language}/"], fetch, lambda path: gone.look(page, site.address + path), gone)
    gone.send(send, lambda path, html: gone.look(page, site.address + path, html))


class Inside:
    """A site that nobody serves: what the browser asks for is answered by the application's own client, as somebody; what is sent is taken back."""

    def __init__(self, app: Flask, cast: Cast, browser: Browser, connection: Connection) -> None:
        self.app, self.cast, self.connection = app, cast, connection
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.context.route("**/*", self._answer)

    def become(self, role: str) -> None:
        """Look as somebody else."""
        self.reader = Reader(self.app, self.cast, role)

    def _answer(self, route: Route) -> None:
        with playing(), self.reader.client.get(route.request.url.removeprefix(HERE)) as got:
            route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.get_data())

    def fetch(self, path: str) -> Answer:
        """A page, without its headers."""
        status, text, _location = self.reader.get(path)
        return Answer(status, text.partition("\n<!doctype")[2] if status == 200 and "Content-Type: text/html" in text else "")

    def send(self, path: str, sent: Sent) -> Answer:
        """Send a form, and take back what came of it."""
        session.rollback()
        done = self.connection.begin_nested()
        try:
            status, text, _location = self.reader.post(path, **sent)
        finally:
            done.rollback()
            session.expire_all()
        return Answer(status, text.partition("\n<!doctype")[2])

    def look(self, gone: Gone, path: str, refusal: str = "") -> None:
        """Look at a page, or at what refuses a form."""
        gone.look(self.page, HERE + path, refusal)


def told(gone: Gone, record_property: Callable[[str, object], None]) -> None:
    """The figures, and the verdict."""
    figures = {"fetched": gone.fetched, "kinds of address": len(gone.kinds), "looked at": gone.looked, "forms sent": len(gone.sent),
               "refused": gone.answers[422], "violations": len(gone.found)}
    for name, value in figures.items():
        record_property(name, value)
    print(figures, gone.answers)
    assert gone.looked > 100 and gone.answers[422] > 20
    assert not gone.found, "\n".join(gone.found)


def test_nothing_is_found_on_any_page_of_the_demo(browser: Browser, demo: Path, tmp_path: Path, record_property: Any) -> None:
    gone = Gone()
    with serving(demo, tmp_path / "site") as site:  # its own: forms are sent
        for number, name in enumerate(OF_DEMO):
            context = browser.new_context()
            of_demo(context, site, ("zh", "en")[number % 2], gone, name)
            context.close()
    told(gone, record_property)


def test_nothing_is_found_under_agreements(browser: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch, record_property: Any) -> None:
    monkeypatch.setattr(printing, "press", lambda: SimpleNamespace(pdf=lambda html, _static: html.encode()))
    cast = Cast(agreed(), {}, {}, {})
    session.commit()
    gone = Gone()
    inside = Inside(app, cast, browser, session.get_bind())
    for number, role in enumerate(cast.people):
        inside.become(role)
        walk([f"/{('zh', 'en')[number % 2]}/desk"], inside.fetch, partial(inside.look, gone), gone, UNDER_AGREEMENTS)
        gone.send(inside.send, partial(inside.look, gone))
    inside.context.close()
    told(gone, record_property)
    assert {f"/{noun}/ID" for noun in ("statements", "audits", "guarantees", "claims", "invoices", "payments", "income/splits")} <= gone.kinds


def test_nothing_is_found_on_any_page_around_blind_listings(
    browser: Browser, whole_app: Flask, blind_site: tuple[Connection, Cast], record_property: Any,  # noqa: F811
) -> None:
    connection, cast = blind_site
    gone, turn = Gone(), count()
    inside = Inside(whole_app, cast, browser, connection)
    for role in OF_CAST:
        inside.become(role)
        for path in pages(whole_app, cast):
            if not NOT_PAGES.search(path):
                path = re.sub("^/zh/", f"/{('zh', 'en')[next(turn) % 2]}/", path)
                answer = inside.fetch(path)
                if gone.came(path, answer) and gone.is_new(path, answer.html):
                    inside.look(gone, path)
        gone.send(inside.send, partial(inside.look, gone))
    inside.context.close()
    told(gone, record_property)
