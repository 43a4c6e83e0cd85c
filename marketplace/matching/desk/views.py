"""The page of the match desk."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from marketplace.matching.desk import operations
from marketplace.matching.forms import AnswerForm
from marketplace.matching.models import Match
from marketplace.web import PAGE, actor, answer, page_number

blueprint = Blueprint("desk", __name__)


def prepare(app: Flask) -> None:
    """How many matches wait for somebody's answer, for the pages that lead here."""
    app.jinja_env.globals.update(matches_waiting_for=_waiting)


def _waiting() -> int:
    return sum(operations.counted(actor(), side)["new"] for side in operations.SIDES)


@blueprint.route("/matches")
@login_required
def show() -> ResponseReturnValue:
    """A side's matches: those that wait for an answer, or those it has answered one way."""
    side = request.args.get("side", "")
    if side not in operations.SIDES:
        side = "holder" if not any(operations.counted(actor(), "firm").values()) and any(operations.counted(actor(), "holder").values()) else "firm"
    chosen = request.args.get("answer", "")
    chosen = chosen if chosen in operations.ORDER else "new"
    page = page_number()
    found = operations.desk(actor(), side, chosen, page, PAGE)
    changed = operations.changed_since(found.rows, side) if chosen == "declined" else set()
    return answer(
        "matching/desk/show.html", AnswerForm(formdata=None), desk=found, groups=_groups(found.rows, side), changed=changed, page=page,
        pages=-(-found.counts[chosen] // PAGE), here=url_for("desk.show", side=side, answer=chosen, page=page),
        given=operations.newest_answers(found.rows, side) if chosen == "declined" else {},
    )


def _groups(rows: list[Match], side: str) -> list[tuple[Any, list[Match]]]:
    """The matches under the listing of the side that they belong to."""
    own = "need" if side == "firm" else "technology"
    return [(listing, list(matches)) for listing, matches in groupby(rows, key=lambda match: getattr(match, own))]
