"""Pages of deals: the list, and one deal."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from flask_login import login_required

from marketplace.deals import operations, words
from marketplace.deals.timeline import entries, sides_of
from marketplace.matching.documents import shown_title
from marketplace.web import PAGE, actor, answer, page_number

blueprint = Blueprint("deals", __name__)


def prepare(app: Flask) -> None:
    """Words for the templates of every package."""
    app.jinja_env.globals.update(deal_words=words, shown_title=shown_title)


@blueprint.route("/deals/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One deal: where it stands, who takes part, and everything that happened, newest first."""
    deal = operations.by_public_id(actor(), public_id)
    page = page_number()
    lines = entries(actor(), deal, page, PAGE)
    return answer("deals/show.html", deal=deal, sides=sides_of(actor(), deal), lines=lines[:PAGE], page=page, more=len(lines) > PAGE)
