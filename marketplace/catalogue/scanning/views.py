"""The operator's pages of uploads that are held back: what they are, and what becomes of them. Never the content."""

from __future__ import annotations

from flask import Blueprint, Flask, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.catalogue.scanning import operations, words
from marketplace.catalogue.scanning import sweeping as _sweeping  # noqa: F401 - registers its jobs
from marketplace.catalogue.scanning.forms import AnswerForm
from marketplace.errors import Refused
from marketplace.web import PAGE, actor, answer, page_number, see

blueprint = Blueprint("scanning", __name__)


def prepare(app: Flask) -> None:
    """States and words of uploads for the templates of every package."""
    app.jinja_env.globals.update(upload_states=operations.states_of, upload_words=words, upload_name=lambda upload: operations.shown_name(actor(), upload))


@blueprint.route("/operations/files")
@login_required
def index() -> ResponseReturnValue:
    """What is held back, and what was refused, released or deleted."""
    page = page_number()
    ended = operations.settled(actor(), page, PAGE)
    return answer("catalogue/scanning/index.html", held=operations.held(actor()), ended=ended[:PAGE], page=page, more=len(ended) > PAGE)


@blueprint.route("/operations/files/<public_id>", methods=["GET", "POST"])
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One upload, and the operator's answer."""
    upload = operations.by_public_id(actor(), public_id)
    form = AnswerForm()
    if form.ready():
        try:
            operations.answer_upload(actor(), upload, form.verb.data, form.reason.data)
            flash(_("Done. Whoever brought the file is told."))
            return see("scanning.index")
        except Refused as problem:
            form.refuse(problem)
    return answer("catalogue/scanning/show.html", form, upload=upload)
