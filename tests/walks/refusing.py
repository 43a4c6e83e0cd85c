"""The forms of a page, sent as nobody should: empty, and where that is taken, with nonsense in each field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import html as markup
from lxml.html import HtmlElement

Sent = dict[str, list[str]]
NONSENSE = "~"

LEAVES = re.compile(r"/(sign-out|confirm|forget|language)\b")
"""Where a form ends the session, or is sent by a letter's link alone: nothing of these can be refused."""


class Sheet(NamedTuple):
    """A form of a page and one of its buttons: where it is sent, what tells it from other forms, and what is sent in turn until it is refused."""

    action: str
    known: str
    tries: list[Sent]


class Answer(NamedTuple):
    """What came back."""

    status: int
    html: str


def sheets(html: str, path: str) -> Iterator[Sheet]:
    """The forms with something to fill in within the content of a page; specimens of the design page are sent nowhere."""
    tree = markup.document_fromstring(html)
    for form in tree.xpath("//main//form[@method='post'][not(ancestor::*[@data-specimens])]"):
        fields = [one for one in _controls(tree, form) if one.get("name") and one.get("disabled") is None]
        shown = [one for one in fields if one.tag != "button" and one.get("type") not in ("hidden", "submit", "file")]
        for button in _buttons(tree, form) if shown else []:
            action = urlsplit(urljoin(path, button.get("formaction") or form.get("action") or path))
            if action.netloc or LEAVES.search(action.path):
                continue
            pressed = {button.get("name"): [button.get("value", "")]} if button.get("name") else {}
            names = sorted({re.sub(r"\d+", "N", one.get("name")) for one in shown})
            known = repr((re.sub(r"/[0-9a-z]{12,16}(?=/|$)", "/ID", action.path[3:]), names, [*pressed.items()]))
            yield Sheet(action._replace(fragment="").geturl(), known, [{**_filled(fields, text), **pressed} for text in ("", NONSENSE)])


def _controls(tree: HtmlElement, form: HtmlElement) -> list[HtmlElement]:
    own = form.xpath(".//input | .//select | .//textarea | .//button")
    return own + (tree.xpath("//*[self::input or self::select or self::textarea or self::button][@form=$name]", name=form.get("id")) if form.get("id") else [])


def _buttons(tree: HtmlElement, form: HtmlElement) -> list[HtmlElement]:
    return [one for one in _controls(tree, form) if one.tag == "button" and one.get("type", "submit") == "submit"]


def _filled(fields: list[HtmlElement], text: str) -> Sent:
    """What a browser sends when everything that can be typed or chosen is this text or nothing; what is hidden stands as it is."""
    sent: Sent = {}
    for field in fields:
        kind = field.get("type", "text") if field.tag == "input" else field.tag
        if kind == "hidden":
            value = field.get("value", "")
        elif kind == "select":
            choices = field.xpath(".//option/@value")
            value = "" if "" in choices or not choices else (field.xpath(".//option[@selected]/@value") or choices)[0]
        elif kind in ("checkbox", "radio", "file", "submit", "button", "image"):
            continue
        else:
            value = text
        sent.setdefault(field.get("name"), []).append(value)
    return sent


def refused(sheet: Sheet, send: Callable[[str, Sent], Answer]) -> Answer:
    """The answer that refuses a form, or the last one if none does."""
    for sent in sheet.tries:
        answer = send(sheet.action, sent)
        if answer.status not in (200, 302, 303):
            return answer
    return answer
