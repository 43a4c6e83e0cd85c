"""Every form, sent with what nobody types: it is answered and never breaks, and what it refuses it says in the language of the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from lxml import html as markup

from tests import inspection
from tests.web import who_may
from tests.web.conftest import Site
from tests.web.walking import ROLES, Row, Walk, listening

JUNK = ("XXX", "-1", "1E1000000", "²", "9" * 5000, "9" * 28, "0.0000000001", "2026-13-45", "２０２６年二月三十日", "\x00", "')\"><%s{{7*7}}", "长" * 3000)
ALONE = JUNK[:5]
KEPT = {"csrf_token"}
"""What the walk's browsers need not send."""


class Sent(NamedTuple):
    """One form of a page as somebody sees it: where it is sent, what a browser would send, all of its fields, and those that nobody can type in."""

    row: Row
    role: str
    action: str
    to: str
    filled: dict[str, str]
    names: frozenset[str]
    hidden: frozenset[str]


def forms(walk: Walk, every_row: list[Row]) -> Iterator[Sent]:
    """Each form that some page shows to some role, once for each set of its fields."""
    table, seen = who_may.kept(), set()
    for row in every_row:
        if row.method != "GET":
            continue
        for role in ROLES:
            if table[row.name][role] != "reads":
                continue
            with walk.asked(row, role, "GET", row.path) as (answer, _heard):
                text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
            for form in markup.document_fromstring(text).forms if text.strip() else ():
                controls = [one for one in form.inputs if one.get("name") and one.get("type") not in ("submit", "button", "file")]
                names, hidden = (frozenset(one.get("name") for one in of) for of in (controls, form.xpath(".//input[@type='hidden' and @name]")))
                action = (form.action or row.path).split("?")[0]
                shape = (row.endpoint, to := walk.endpoint(action, form.method), names)
                if form.method == "POST" and action.startswith("/") and shape not in seen and names - KEPT:
                    seen.add(shape)
                    yield Sent(row, role, action, to, {name: value for name, value in form.form_values() if name}, names, hidden)


def fillings(form: Sent) -> Iterator[tuple[str, dict[str, str]]]:
    """The form with each junk in all fields that people type in, and with some in each field alone; with what is junk in it, for the report."""
    for junk in JUNK:
        yield "everywhere", {**form.filled, **dict.fromkeys(form.names - form.hidden, junk)}
        for name in sorted(form.names - KEPT) if junk in ALONE else ():
            yield name, {**form.filled, name: junk}


@pytest.mark.slow
def test_no_form_breaks_over_junk(site: Site, every_row: list[Row], whole_app: Flask) -> None:
    wrong, tried = dict[str, str](), 0
    with listening() as begin:
        walk = Walk(whole_app, site[0], site[2], begin)
        for form in list(forms(walk, every_row)):
            for told, data in fillings(form):
                with walk.asked(form.row, form.role, "POST", form.action, data) as (answer, _heard):
                    text = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
                tried += 1
                said = inspection.faults(text) if "<html" in text and told not in form.hidden else []
                said += [f"answered {answer.status_code}"] * (answer.status_code >= 500)
                wrong |= {f"{form.row.endpoint} to {form.to}, {told}: {fault}": f"{form.row.exhibit.state}, {form.role}, {data}"[:300] for fault in said}
    assert tried > 1000 and not wrong, f"{len(wrong)} of {tried}:\n" + "\n".join(f"{fault} ({example})" for fault, example in sorted(wrong.items()))
