"""The page "Go to": one field, and what answers to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.finder import words
from marketplace.finder.things import Thing, of_own, says
from marketplace.languages import TAGS
from marketplace.people.models import Person
from marketplace.people.operations import acting_person
from marketplace.web import actor, language, tongues

blueprint = Blueprint("finder", __name__)

LONGEST = 120  # characters that are looked for
LEADS = {
    "deal": "deals.show", "agreement": "licensing.show", "invoice": "billing.invoice", "need": "needs.show", "technology": "catalogue.show",
    "call": "calls.show",
}


@dataclass(frozen=True)
class Destination:
    """A link with its name, the tag of the name's language where that is a user's text."""

    address: str
    name: str
    tag: str = ""


def prepare(_app: Flask) -> None:
    """Nothing to be prepared: the head of every page has the link."""


@blueprint.route("/go")
@login_required
def show() -> ResponseReturnValue:
    """What the typed words may mean; one single answer is gone to at once. Without words what moved last, and where one can begin."""
    typed = request.args.get("q", "").replace("\x00", "").strip()[:LONGEST]
    parts = [(heading, found) for heading, found in _parts(typed) if found]
    every = [one for _heading, found in parts for one in found]
    if typed and len(every) == 1:
        return redirect(every[0].address, 303)
    return render_template("finder/show.html", typed=typed, parts=parts)


def _parts(typed: str) -> list[tuple[str, Sequence[Destination]]]:
    """Headings with what stands under them: with words the pages first, without them one's own things."""
    person = acting_person(actor())
    pages, views, new = (_named(person, table, typed) for table in (words.PAGES, words.VIEWS, words.NEW))
    own = [
        (str(words.KINDS[kind]), [_destination(kind, one) for one in things])
        for kind, things in groupby(of_own(actor(), typed, language()), key=lambda one: one.kind)
    ]
    named = [(_("Pages of this site"), [*pages, *views])] if typed else [(_("Lists as they are often wanted"), views), (_("Pages of this site"), pages)]
    return [*named, *own, (_("Create"), new)] if typed else [*own, (_("Create"), new), *named]


def _destination(kind: str, thing: Thing) -> Destination:
    return Destination(url_for(LEADS[kind], public_id=thing.public_id), _called(thing), TAGS.get(thing.language, "") if thing.title else "")


def _called(thing: Thing) -> str:
    """The name of its link: a number alone would be read out without saying of what."""
    return _("Invoice %(number)s", number=thing.title) if thing.kind == "invoice" else thing.title or _("Draft")


def _named(person: Person, table: Iterable[tuple[Any, str, Any]], typed: str) -> list[Destination]:
    """Those of the table that the person has, by words of their name in any language of the site. A row ends with who has it, or with what its address says."""
    has = {"all": True, "house": bool(person.memberships), "broker": person.is_broker, "operator": person.is_operator}
    own = [(name, endpoint, {} if isinstance(who, str) else who) for name, endpoint, who in table if not isinstance(who, str) or has[who]]
    if asked := typed.casefold().split():
        spoken: list[list[str]] = []
        for tongue in tongues().values():
            with force_locale(tongue.locale):
                spoken.append([str(name) for name, _endpoint, _values in own])
        own = [one for one, names in zip(own, zip(*spoken, strict=True), strict=True) if says(asked, *names)]
    return [Destination(url_for(endpoint, **values), str(name)) for name, endpoint, values in own]
