"""Every page in every state that its data give it, in Chromium: axe, names, nothing wider than a window of 320 px, which is what 1280 px are at 400 %.

Two sites are gone through. One is the demo, by its links from the desk of each role. The other is the cast of the walk around blind listings
(`tests/web/blind_rooms.py`), by every address that can be fetched. A page is opened in Chromium when nobody has seen its shape yet: the same parts
with other words are the same state. Language, scheme and width change from page to page. `make prove` does this; its figures are in docs/interface.md.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, product
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from lxml import html as markup
from playwright.sync_api import Browser, BrowserContext, Page, Route
from sqlalchemy import Connection

from tests.inspection import playing
from tests.walks import looking
from tests.walks.conftest import Site, signed_in
from tests.web.blind_cast import Cast
from tests.web.test_blind import Browser as Reader
from tests.web.test_blind import pages
from tests.web.test_blind import site as blind_site  # noqa: F401  (a fixture by another name: `site` is the demo here)

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

OF_DEMO = ("", "owner", "officer", "broker1", "operator", "caller", "broker3", "owner2", "owner3", "officer.en")
"""Visitor, firm, institute, technology manager, operator, owner of calls, reviewer, two members of pools and teams, institute abroad."""

OF_CAST = ("owner", "party", "broker", "operator", "granted", "unconfirmed", "other_firm", "visitor")
HERE = "http://localhost"
LOOKS = list(product(("light", "dark"), (320, 1280)))
EACH = 6
"""How many pages behind one kind of address a role opens on the demo: an address with other ids leads to the same kind of page."""

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
        self.found: list[str] = []

    def is_new(self, path: str, html: str) -> bool:
        """Whether this state of the page has not been seen."""
        self.fetched += 1
        fresh = shape(path, html) not in self.seen
        self.seen.add(shape(path, html))
        self.kinds.add(kind_of(path))
        return fresh

    def look(self, page: Page, address: str) -> None:
        """Open a page and look at it."""
        scheme, width = LOOKS[self.looked % len(LOOKS)]
        self.looked += 1
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 256 if width == 320 else 900})
        page.goto(address, wait_until="load")
        page.evaluate("for (const part of document.querySelectorAll('main details')) part.open = true")
        faults = looking.axe(page) + looking.names(page) + (looking.cut(page) if width == 320 else []) + looking.moving(page)
        if looking.overflow(page) > 1:
            faults.append(f"{looking.overflow(page)} px wider than the window")
        self.found += [f"{urlsplit(address).path} {scheme} {width}: {fault}" for fault in faults]


def links(html: str, path: str) -> Iterator[str]:
    """Where a page leads within the site."""
    for href in markup.document_fromstring(html).xpath("//body//a/@href"):
        target = urlsplit(urljoin(path, href))
        if not target.netloc and target.path.startswith(("/zh/", "/en/")) and not NOT_PAGES.search(target.path):
            yield target.path + (f"?{target.query}" if target.query else "")


def walk(start: list[str], fetch: Callable[[str], str | None], look: Callable[[str], None], gone: Gone) -> None:
    """From link to link, the pages near the start first."""
    waiting, known, times = list(start), set(start), Counter()
    while waiting:
        path = waiting.pop(0)
        times[kind_of(path)] += 1
        html = fetch(path) if times[kind_of(path)] <= EACH else None
        if html is None:
            continue
        if gone.is_new(path, html):
            look(path)
        fresh = [one for one in dict.fromkeys(links(html, path)) if one not in known]
        known.update(fresh)
        waiting += fresh


def of_demo(context: BrowserContext, site: Site, language: str, gone: Gone, name: str) -> None:
    """The demo as one of its people."""
    page = context.new_page()
    if name:
        signed_in(page, site, language, name)

    def fetch(path: str) -> str | None:
        answer = context.request.get(site.address + path, max_redirects=0, fail_on_status_code=False)
        return answer.text() if "text/html" in answer.headers.get("content-type", "") and not 300 <= answer.status < 400 else None

    walk([f"/{language}/desk" if name else f"/{language}/"], fetch, lambda path: gone.look(page, site.address + path), gone)


def told(gone: Gone, record_property: Callable[[str, object], None]) -> None:
    """The figures, and the verdict."""
    figures = {"fetched": gone.fetched, "kinds of address": len(gone.kinds), "looked at": gone.looked, "violations": len(gone.found)}
    for name, value in figures.items():
        record_property(name, value)
    print(figures)
    assert gone.looked > 100
    assert not gone.found, "\n".join(gone.found)


def test_nothing_is_found_on_any_page_of_the_demo(browser: Browser, site: Site, record_property: Any) -> None:
    gone = Gone()
    for number, name in enumerate(OF_DEMO):
        context = browser.new_context()
        of_demo(context, site, ("zh", "en")[number % 2], gone, name)
        context.close()
    told(gone, record_property)


def test_nothing_is_found_on_any_page_around_blind_listings(
    browser: Browser, whole_app: Flask, blind_site: tuple[Connection, Cast], record_property: Any,  # noqa: F811
) -> None:
    _connection, cast = blind_site
    gone, turn = Gone(), count()
    context = browser.new_context()
    page, reading = context.new_page(), {}

    def answer(route: Route) -> None:
        with playing(), reading["as"].client.get(route.request.url.removeprefix(HERE)) as got:
            route.fulfill(status=got.status_code, headers=dict(got.headers), body=got.get_data())

    context.route("**/*", answer)
    for role in OF_CAST:
        reading["as"] = Reader(whole_app, cast, role)
        for path in pages(whole_app, cast):
            if not NOT_PAGES.search(path):
                path = re.sub("^/zh/", f"/{('zh', 'en')[next(turn) % 2]}/", path)
                status, text, _location = reading["as"].get(path)
                if status == 200 and "Content-Type: text/html" in text and gone.is_new(path, text.partition("\n<!doctype")[2]):
                    gone.look(page, HERE + path)
    context.close()
    told(gone, record_property)
