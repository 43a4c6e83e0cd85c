"""A test client that looks at every page it fetches, as a careful reader would.

Each HTML page must have one h1, a title, no id twice, a label for each field, mistakes of a refused form that lead to their fields, and in Chinese no run
of English words outside an element that says it is English.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Set
from contextlib import contextmanager
from typing import Any

from flask.testing import FlaskClient
from lxml import html as markup
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from marketplace.access import SYSTEM
from marketplace.db import scope, session
from marketplace.jobs import run_all
from marketplace.people.models import Person
from marketplace.people.sessions.operations import begin

ENGLISH_RUN = re.compile(r"\b[A-Za-z][a-z]{2,}(?:[ ’'-]+[a-z]{2,}){2,}")
SILENT = {"script", "style", "template", "code", "svg", "title"}


def faults(html: str) -> list[str]:
    """What is wrong with a page, in words; empty when it is fine. Read by libxml2: thousands of pages are looked at, and html5lib took longer than the site."""
    page = markup.document_fromstring(html) if html.strip() else markup.Element("html")
    found = []
    if (headings := len(page.findall(".//h1"))) != 1:
        found.append(f"{headings} h1 elements")
    if not (page.findtext(".//title") or "").split("·")[0].strip():
        found.append("no title")
    ids = Counter(page.xpath("//@id"))
    found += [f"id twice: {name}" for name in sorted(ids) if ids[name] > 1]
    labelled = set(page.xpath("//label/@for"))
    for field in page.iter("input", "select", "textarea"):
        if field.get("type") not in ("hidden", "submit", "button") and not _named(field, labelled):
            found.append(f"field without label: {field.get('name')}")
    found += unmended(page, set(ids))
    if page.get("lang", "").startswith("zh"):
        found += untranslated(page)
    return found


def unmended(page: HtmlElement, ids: Set[str]) -> list[str]:
    """Mistakes above a refused form that lead nowhere. On the page of specimens nothing was refused."""
    places = page.xpath('//*[contains(@class, "error-summary")]//a/@href')
    return [f"a mistake leads to {place}, which is not there" for place in places if place[1:] not in ids]


def _named(field: HtmlElement, labelled: Set[str]) -> bool:
    if field.get("aria-label") or field.get("aria-labelledby") or next(field.iterancestors("label"), None) is not None:
        return True
    return field.get("id") in labelled


def untranslated(page: HtmlElement) -> list[str]:
    """Runs of English words on a Chinese page that no `lang` marks as English."""
    body = page.find("body")
    said = _said(body, page.get("lang", "")) if body is not None else ()
    matches = (ENGLISH_RUN.search(text) for text, language in said if language.startswith("zh"))
    return [f"untranslated: {match.group(0)!r}" for match in matches if match]


def _said(element: HtmlElement, language: str) -> Iterator[tuple[str, str]]:
    """The texts that a reader sees, each with the language that the nearest element around it names."""
    language = element.get("lang", language)
    speaks = isinstance(element.tag, str) and element.tag not in SILENT  # a comment's tag is no name
    if speaks and element.text:
        yield element.text, language
    for child in element:
        yield from _said(child, language)
        if speaks and child.tail:
            yield child.tail, language


@contextmanager
def playing() -> Iterator[None]:
    """What happens inside has a database session of its own, as a request has."""
    played = scope.set("request")
    try:
        yield
    finally:
        session.remove()
        scope.reset(played)


def work() -> int:
    """Commit what the test has made and do all jobs that are due, as the worker would; how many ran."""
    session.commit()
    with playing():
        ran = run_all()
    session.expire_all()
    return ran


def ticket_of(person: Person) -> str:
    """The name for the cookie of a session that the person has begun, or begins here."""
    if not person.ticket:
        begin(SYSTEM, person, "password")
    return person.ticket


class InspectingClient(FlaskClient):
    """A browser that signs in as a person and refuses to be handed a faulty page."""

    def login(self, person: Person) -> None:
        """Sign in as the person without going through the form."""
        begin(SYSTEM, person, "password")
        name = person.get_id()
        session.commit()
        with playing(), self.session_transaction() as kept:
            kept["_user_id"] = name
            kept["_fresh"] = True

    def logout(self) -> None:
        """Forget who is signed in."""
        with playing(), self.session_transaction() as kept:
            kept.clear()

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Fetch, and inspect what came if it is a page. What the test has made so far is committed first, as it would be."""
        session.commit()
        with playing():
            response = super().open(*args, **kwargs)
        if response.mimetype == "text/html" and response.status_code not in (301, 302, 303):
            wrong = faults(response.get_data(as_text=True))
            assert not wrong, f"{response.request.path}: {wrong}"
        return response
