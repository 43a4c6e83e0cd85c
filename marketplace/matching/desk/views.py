"""The page of the match desk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from marketplace.access import may
from marketplace.matching.desk import brokers, operations
from marketplace.matching.forms import AnswerForm
from marketplace.matching.models import PARTIES, Match
from marketplace.web import PAGE, actor, answer, page_number

blueprint = Blueprint("desk", __name__)


def prepare(app: Flask) -> None:
    """How many matches wait for somebody's answer, for the pages that lead here."""
    app.jinja_env.globals.update(matches_waiting_for=_waiting)


def _waiting() -> int:
    return sum(operations.counted(actor(), side)["new"] for side in PARTIES)


@blueprint.route("/matches")
@login_required
def show() -> ResponseReturnValue:
    """A side's matches: those that wait for an answer, or those it has answered one way; a technology manager's own answers likewise."""
    manages, page = may(actor(), "worklist.see"), page_number()
    side, order, chosen, by = asked(request.args)
    found = rows_of(side, chosen, page, PAGE, by)
    args = {"side": side, "answer": chosen, **({"sort": by} if by else {})}
    declined = chosen == "declined" and side != "broker"
    return answer(
        "matching/desk/show.html", AnswerForm(formdata=None), desk=found, groups=_groups(found.rows, side), page=page, order=order, manages=manages,
        changed=operations.changed_since(found.rows, side) if declined else set(), pages=-(-found.counts[chosen] // PAGE),
        here=url_for("desk.show", **args, page=page), args=args, by=by, orders=orders_of(side),
        given=operations.newest_answers(found.rows, side) if declined else {},
    )


def orders_of(side: str) -> Sequence[str]:
    """In which orders a side's matches can stand; the first is the usual one."""
    return brokers.ORDERS if side == "broker" else operations.ORDERS


def asked(values: Any) -> tuple[str, Sequence[str], str, str]:
    """Which matches an address asks for: the side, the answers that it can have given, the one that is meant, and the order."""
    side = _side(values.get("side", ""), may(actor(), "worklist.see"))
    order = brokers.KEPT if side == "broker" else operations.ORDER
    chosen, by = values.get("answer", ""), values.get("sort", "")
    return side, order, chosen if chosen in order else order[0], by if by in orders_of(side) else ""


def rows_of(side: str, chosen: str, page: int, size: int, by: str = "") -> operations.Desk:
    """A page of these matches."""
    return brokers.desk(actor(), chosen, page, size, by) if side == "broker" else operations.desk(actor(), side, chosen, page, size, by)


def _side(asked: str, manages: bool) -> str:
    """The side that was asked for; else the first that has anything to show, of a technology manager his own."""
    if asked in PARTIES or (asked == "broker" and manages):
        return asked
    busy = (side for side in PARTIES if any(operations.counted(actor(), side).values()))
    return next(busy, "broker" if manages else "firm")


def _groups(rows: list[Match], side: str) -> list[tuple[Any, list[Match]]]:
    """The matches under the listing of the side that they belong to."""
    own = "technology" if side == "holder" else "need"
    return [(listing, list(matches)) for listing, matches in groupby(rows, key=lambda match: getattr(match, own))]
