"""Pages of boards: the boards there are, one with its calls, and what its organisation does with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import actions_of, may, require
from marketplace.calls import operations as calls
from marketplace.calls.boards import operations
from marketplace.calls.boards.forms import BoardForm
from marketplace.calls.models import Board
from marketplace.calls.views import list_page
from marketplace.errors import NotAllowed, Problem
from marketplace.people import organisations, regions
from marketplace.web import actor, answer, language, see

blueprint = Blueprint("boards", __name__)

STEPS = ("board.edit", "board.publish", "board.close", "board.decide")


def prepare(_app: Flask) -> None:
    """Nothing that other pages show."""


def _houses() -> list[Any]:
    return [house for house in getattr(actor(), "organisations", []) if operations.may_keep(actor(), house)]


@blueprint.route("/boards")
def index() -> ResponseReturnValue:
    """The boards there are, of one region if asked."""
    region = request.args.get("region", "")
    found = operations.boards(actor(), region)
    return answer("calls/boards/index.html", boards=found, counts=operations.counts(found), region=region, regions=regions.choices(language()),
                  may_make=bool(_houses()))


@blueprint.route("/boards/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Make a board."""
    if not _houses():
        raise NotAllowed(operations.NOT_KEPT)
    return _edit_page(_filled(BoardForm()), None)


@blueprint.route("/boards/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change what is said of a board."""
    board = operations.by_public_id(actor(), public_id)
    require(actor(), "board.edit", board)
    return _edit_page(_filled(BoardForm() if request.method == "POST" else BoardForm.of(board), board), board)


def _filled(form: BoardForm, board: Board | None = None) -> BoardForm:
    form.offer_choices([board.organisation] if board else _houses(), list(regions.choices(language())), _("Choose"), language())
    return form


def _edit_page(form: BoardForm, board: Board | None) -> ResponseReturnValue:
    if form.ready():
        try:
            if board is None:
                board = operations.create_board(actor(), organisations.by_public_id(form.organisation.data), **form.values())
            else:
                form.check_version(board)
                operations.edit_board(actor(), board, **form.values())
            flash(_("Saved."))
            return see("boards.show", public_id=board.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("calls/boards/edit.html", form, board=board)


@blueprint.route("/boards/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """A board with its calls, by filters of its own."""
    board = operations.by_public_id(actor(), public_id)
    waiting = operations.waiting_for(actor(), board) if may(actor(), "board.decide", board) else []
    return list_page("calls/boards/show.html", "boards.show", {"board": public_id}, board=board, waiting=waiting, steps=actions_of(actor(), board, STEPS))


@blueprint.route("/boards/<public_id>/<any(publish, close):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Publish or close the board."""
    operations.step(actor(), operations.by_public_id(actor(), public_id), verb)
    return see("boards.show", public_id=public_id)


@blueprint.route("/boards/<public_id>/calls/<call_id>/<any(take, refuse, remove):verb>", methods=["POST"])
@login_required
def decide(public_id: str, call_id: str, verb: str) -> ResponseReturnValue:
    """Take a call that asks for the board, refuse it, or take one off."""
    board, call = operations.by_public_id(actor(), public_id), calls.by_public_id(actor(), call_id)
    require(actor(), "board.decide", board)
    if verb == "remove":
        operations.take_off(actor(), operations.on_board(board, call))
    else:
        operations.decide(actor(), board, call, verb == "take")
    return see("boards.show", public_id=public_id)
