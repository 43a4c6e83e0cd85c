"""The page of the trail, for operators: what happened, by whom, with before and after; and the anchor to keep outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

from flask import Blueprint, Flask, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from flask_login import login_required

from marketplace.db import HOME
from marketplace.errors import NotFound
from marketplace.fields import number_in
from marketplace.trail import operations
from marketplace.trail.forms import TrailForm
from marketplace.web import PAGE, actor, answer, streamed

blueprint = Blueprint("trail", __name__)

ACTOR_WORDS = {"system": _l("the site itself"), "visitor": _l("a visitor"), "person": _l("a person")}


def prepare(app: Flask) -> None:
    """The job of the chain and the alterations need nothing of the application."""


def _asked() -> tuple[TrailForm, operations.Asked]:
    """What the address asks for; nonsense asks for nothing."""
    form = TrailForm(request.args, meta={"csrf": False})
    form.validate()
    wrong = form.errors
    day = None if "since" in wrong else form.since.data
    return form, operations.Asked(
        "events" if "kind" in wrong else form.kind.data, "" if "thing" in wrong else form.thing.data or "", number_in(form.number.data, 15),
        "" if "person" in wrong else form.person.data or "", datetime.combine(day, time(), HOME).astimezone(UTC) if day else None,
        number_in(request.args.get("before"), 15),
    )


@blueprint.get("/operations/trail")
@login_required
def show() -> ResponseReturnValue:
    """The log, newest first."""
    form, asked = _asked()
    found = operations.lines(actor(), asked, PAGE)
    args = {name: value for name, value in request.args.items() if name in form._fields and value}
    return answer(
        "trail/show.html", search=form, lines=found[:PAGE], after=found[PAGE - 1].id if len(found) > PAGE else None, asked=asked, args=args,
        standing=operations.standing(actor()), actor_words=ACTOR_WORDS,
    )


@blueprint.get("/operations/trail.jsonl")
@login_required
def export() -> Response:
    """The same as lines of JSON, with all digests."""
    _form, asked = _asked()
    response = streamed(_written(operations.export(actor(), asked)), "application/jsonl; charset=utf-8")
    response.headers["Content-Disposition"] = "attachment; filename=trail.jsonl"
    return response


def _written(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    return (json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


@blueprint.get("/operations/trail/anchor")
@login_required
def anchor() -> Response:
    """The newest anchor as it was signed, to be kept where nobody of this site can reach it."""
    found = operations.last_anchor(actor())
    if found is None:
        raise NotFound()
    response = Response(json.dumps(found.paper, ensure_ascii=False, indent=1), content_type="application/json")
    response.headers["Content-Disposition"] = f"attachment; filename=anchor-{found.position}.json"
    return response
