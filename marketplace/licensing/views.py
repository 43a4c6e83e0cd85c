"""Pages of agreements: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_login import login_required

from marketplace.licensing import operations, words
from marketplace.web import actor, answer

blueprint = Blueprint("licensing", __name__)


def prepare(app: Flask) -> None:
    """Words for the templates of every package."""
    app.jinja_env.globals.update(licensing_words=words)


@blueprint.route("/agreements")
@login_required
def index() -> ResponseReturnValue:
    """The agreements of the actor's organisations."""
    return answer("licensing/index.html", agreements=operations.agreements_of(actor()))


@blueprint.route("/agreements/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """An agreement as its two sides see it."""
    agreement = operations.by_public_id(actor(), public_id)
    return answer("licensing/show.html", agreement=agreement)
