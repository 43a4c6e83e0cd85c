"""A test client that looks at every page it fetches, as a careful reader would.

Each HTML page must have one h1, a title, no id twice, a label for each field, and in Chinese no run of English words
outside an element that says it is English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bs4 import BeautifulSoup, Comment, NavigableString, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.db import scope, session
from marketplace.jobs import run_all
from marketplace.people.models import Person

ENGLISH_RUN = re.compile(r"\b[A-Za-z][a-z]{2,}(?:[ ’'-]+[a-z]{2,}){2,}")
SILENT = {"script", "style", "template", "code", "svg", "title"}


def _named(page: BeautifulSoup, field: Tag) -> bool:
    if field.get("aria-label") or field.get("aria-labelledby") or field.find_parent("label"):
        return True
    return bool(field.get("id") and page.find("label", attrs={"for": field["id"]}))


def _language(node: NavigableString) -> str:
    owner = node.find_parent(attrs={"lang": True})
    return str(owner["lang"]) if owner else ""


def faults(html: str) -> list[str]:
    """What is wrong with a page, in words; empty when it is fine."""
    page = BeautifulSoup(html, "html5lib")
    found = []
    if len(page.find_all("h1")) != 1:
        found.append(f"{len(page.find_all('h1'))} h1 elements")
    if not page.title or not page.title.get_text(strip=True).split("·")[0].strip():
        found.append("no title")
    ids = [tag["id"] for tag in page.find_all(attrs={"id": True})]
    found += [f"id twice: {name}" for name in sorted({name for name in ids if ids.count(name) > 1})]
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") not in ("hidden", "submit", "button") and not _named(page, field):
            found.append(f"field without label: {field.get('name')}")
    if page.html and str(page.html.get("lang", "")).startswith("zh"):
        found += untranslated(page)
    return found


def untranslated(page: BeautifulSoup) -> list[str]:
    """Runs of English words on a Chinese page that no `lang` marks as English."""
    found = []
    for node in page.body.find_all(string=True) if page.body else []:
        if isinstance(node, Comment) or (node.parent and node.parent.name in SILENT):
            continue
        if _language(node).startswith("zh"):
            match = ENGLISH_RUN.search(str(node))
            if match:
                found.append(f"untranslated: {match.group(0)!r}")
    return found


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


class InspectingClient(FlaskClient):
    """A browser that signs in as a person and refuses to be handed a faulty page."""

    def login(self, person: Person) -> None:
        """Sign in as the person without going through the form."""
        name = person.get_id()
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
