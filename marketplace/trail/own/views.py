"""Pages of one's own history: an organisation's for its members, an account's for its person."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import login_required

from marketplace.db import HOME
from marketplace.fields import number_in
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.trail.own import operations, words
from marketplace.trail.own.forms import HistoryForm, SinceForm
from marketplace.web import PAGE, actor, answer, language

blueprint = Blueprint("history", __name__)

SIDE_WORDS = {"site": _l("the site itself"), "visitor": _l("before signing in"), "operator": _l("an operator of the site"), "other": _l("the other side")}
PLACES = {
    "technology": "catalogue.show", "need": "needs.show", "facility": "resources.facility", "expert": "resources.expert", "scenario": "resources.scenario",
    "deal": "deals.show", "agreement": "licensing.show",
}
"""The page of what something happened to."""


def prepare(app: Flask) -> None:
    """Words of the history, for its pages."""
    app.jinja_env.globals.update(history_words=words, history_sides=SIDE_WORDS, history_places=PLACES)


def asked(values: Any) -> tuple[SinceForm, operations.Asked]:
    """The filters that an address asks for; nonsense asks for nothing."""
    form = HistoryForm(values, meta={"csrf": False})
    form.validate()
    day, after = None if form.since.errors else form.since.data, values.get("after", "")
    return form, operations.Asked(
        "" if form.kind.errors else form.kind.data, datetime.combine(day, time(), HOME).astimezone(UTC) if day else None,
        number_in(after, 15), language(),
    )


def _page(template: str, read: Any, **values: Any) -> ResponseReturnValue:
    form, wanted = asked(request.args)
    total, rows = read(wanted)
    args = {name: value for name, value in request.args.items() if name in ("kind", "since") and value}
    return answer(
        template, search=form, rows=rows[:PAGE], after=rows[PAGE - 1].id if len(rows) > PAGE else None, further=wanted.after, total=total,
        most=operations.COUNTED, args=args, **values,
    )


@blueprint.get("/organisations/<public_id>/trail")
@login_required
def of_organisation(public_id: str) -> ResponseReturnValue:
    """What happened to an organisation's listings, deals and agreements, for its members."""
    house = organisations.by_public_id(public_id)
    return _page("trail/own/of_organisation.html", lambda wanted: operations.of_organisation(actor(), house, wanted, PAGE), organisation=house)


@blueprint.get("/settings/history")
@login_required
def of_person() -> ResponseReturnValue:
    """What happened to one's own account."""
    person = people.acting_person(actor())
    return _page("trail/own/of_person.html", lambda wanted: operations.of_person(actor(), person, wanted, PAGE))
