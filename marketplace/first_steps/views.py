"""The path on the desk, and the button that hides it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, current_app, flash, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.first_steps import words
from marketplace.first_steps.paths import Step, path_of
from marketplace.people import operations as people
from marketplace.web import actor, see

blueprint = Blueprint("first_steps", __name__)

ENDPOINTS = {
    "organisation": "people.new_organisation", "need": "matching.front", "look": "desk.show", "introduction": "desk.show", "technology": "importing.new",
    "reply": "desk.show", "specialty": "worklist.specialty", "pair": "worklist.show", "deal": "worklist.show", "mail": "alerts.outbox",
    "scanner": "scanning.index", "verify": "people.queue", "invite": "people.brokers", "resource": "resources.new_facility",
}
ABOUT: dict[str, tuple[str, str]] = {
    "publish": ("asking.resume", "desk.show"), "verification": ("people.ask_verification", "people.home"), "terms": ("catalogue.edit", "importing.new"),
    "show": ("catalogue.show", "importing.new"),
}
"""Steps about one thing: the page of that thing, and where to go when there is none."""


def prepare(app: Flask) -> None:
    """The part of the desk."""
    app.jinja_env.globals.update(first_steps_part=part)


def address_of(step: Step) -> str:
    """Where the button of a step leads."""
    if step.code not in ABOUT:
        return url_for(ENDPOINTS[step.code])
    page, otherwise = ABOUT[step.code]
    return url_for(page, public_id=step.about) if step.about else url_for(otherwise)


def part() -> Markup:
    """What the person does next; empty once the path is walked or hidden."""
    path = path_of(people.acting_person(actor()), current_app.config["SETTINGS"])
    if path is None:
        return Markup("")
    leads: Callable[[Step], str] = address_of
    return Markup(render_template("first_steps/part.html", path=path, first_words=words, address_of=leads))


@blueprint.post("/desk/first-steps/hide")
@login_required
def hide() -> ResponseReturnValue:
    """Hide the path for good."""
    people.hide_first_steps(actor(), people.acting_person(actor()))
    flash(_("The first steps are hidden. Everything they led to stays on your desk."))
    return see("people.home")
