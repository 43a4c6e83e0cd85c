"""A person at a browser, over HTTP: signs in, opens pages, fills in the form of a page and sends it; and the mailbox that person reads."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.cookiejar import CookieJar
from typing import Any

from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup, Tag
from drilling import free_port
from urllib3.filepost import encode_multipart_formdata

PASSWORD = "techbridge-demo"


class _Staying(urllib.request.HTTPRedirectHandler):
    """Where an answer leads is looked at, not followed."""

    def redirect_request(self, *_args: Any) -> None:
        return None


class Answer:
    """What came back: the status, the page, where it leads, and how long it took in milliseconds."""

    def __init__(self, status: int, body: bytes, location: str, took: float) -> None:
        self.status, self.body, self.location, self.took = status, body, urllib.parse.urlsplit(location).path, took

    @property
    def text(self) -> str:
        """The page as text."""
        return self.body.decode(errors="replace")

    @property
    def page(self) -> BeautifulSoup:
        """The page as a tree."""
        return BeautifulSoup(self.text, "lxml")


class Visitor:
    """One browser at the site."""

    def __init__(self, address: str, name: str | None = None) -> None:
        self.address = address
        self.jar = CookieJar()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Staying())
        if name:
            self.send("/zh/sign-in", address=f"{name}@demo.example", password=PASSWORD)

    def _ask(self, path: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        began = time.perf_counter()
        try:
            answer = self.browser.open(urllib.request.Request(self.address + path, data, headers or {}), timeout=120)
        except urllib.error.HTTPError as refused:
            answer = refused
        return Answer(answer.status, answer.read(), answer.headers.get("Location") or "", 1_000 * (time.perf_counter() - began))

    def get(self, path: str) -> Answer:
        """Open a page, whatever its status."""
        return self._ask(path)

    def read(self, path: str) -> Answer:
        """Open a page that must be there."""
        answer = self.get(path)
        assert answer.status == 200, (path, answer.status)
        return answer

    def post(self, path: str, fields: dict[str, Any]) -> Answer:
        """Send a form as it is; a value may be a list, or a file as (name, bytes)."""
        pairs = [(name, one) for name, value in fields.items() for one in (value if isinstance(value, list) else [value])]
        if any(isinstance(value, tuple) for _name, value in pairs):
            body, kind = encode_multipart_formdata(pairs)
            return self._ask(path, body, {"Content-Type": kind})
        return self._ask(path, urllib.parse.urlencode(pairs).encode())

    def send(self, path: str, action: str | None = None, **changes: Any) -> str:
        """Fill in a form of a page and send it; where it leads to. `action`: a part of where the form goes; else the page's own form."""
        answer = self.press(path, action, **changes)
        assert answer.status == 303, (path, action, answer.status, complaint(answer.page))
        return answer.location

    def press(self, path: str, action: str | None = None, **changes: Any) -> Answer:
        """The same, whatever comes of it."""
        form = form_of(self.read(path).page, action)
        return self.post(form.get("action") or path, {**filled(form), **changes})


def form_of(page: BeautifulSoup, action: str | None) -> Tag:
    """A form of a page, by a part of where it goes; without one, the form that goes to the page itself."""
    forms = page.find_all("form", method=re.compile("post", re.IGNORECASE))
    found = next((form for form in forms if (action in (form.get("action") or "") if action else not form.get("action"))), None)
    assert found is not None, (action, [form.get("action") for form in forms], complaint(page))
    return found


def filled(form: Tag) -> dict[str, Any]:
    """What a browser would send of a form that nobody has touched."""
    data: dict[str, Any] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or kind in ("submit", "file") or kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if field.name == "select" and field.has_attr("multiple"):
            value = [option.get("value", "") for option in field.find_all("option", selected=True)]
            data.setdefault(name, []).extend(value)
            continue
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            value = chosen.get("value", "") if chosen else ""
        else:
            value = field.get_text() if field.name == "textarea" else field.get("value", "y")
        data.setdefault(name, []).append(value)
    return data


def complaint(page: BeautifulSoup) -> str:
    """What a page complains of."""
    wrong = page.select(".field-error, .alert-box, .error-page") or page.select("main")
    return " / ".join(part.get_text(" ", strip=True)[:300] for part in wrong)


class Box:
    """A mail server on a port of this machine that keeps what it is given."""

    def __init__(self, port: int = 0) -> None:
        self.letters: list[Message] = []
        self.controller = Controller(self, hostname="127.0.0.1", port=port or free_port())

    @property
    def address(self) -> str:
        """Where the site finds it."""
        return f"smtp://127.0.0.1:{self.controller.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take a letter."""
        letter = message_from_bytes(envelope.content, policy=default)
        letter["X-To"] = ",".join(envelope.rcpt_tos)
        self.letters.append(letter)
        return "250 OK"

    def newest(self, to: str, pattern: str, wait: float = 600) -> re.Match[str]:
        """What a pattern finds in the newest letter to somebody that has it; waits for that letter."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            for letter in reversed(self.letters):
                found = re.search(pattern, letter.get_body().get_content()) if letter["X-To"] == to else None
                if found:
                    return found
            time.sleep(0.2)
        raise AssertionError(f"no letter to {to} has {pattern}")
