"""Pages of a need from a file: send it, see what was read in it, make the draft."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.errors import Problem, Refused
from marketplace.importing.need_file import operations
from marketplace.importing.need_file.forms import DraftForm, WritingForm, as_field
from marketplace.importing.need_file.proposals import proposals, title_of
from marketplace.importing.need_file.targets import targets
from marketplace.importing.need_file.words import KIND_WORDS
from marketplace.importing.need_file.writings import LARGEST, read_writing
from marketplace.matching import text as cut
from marketplace.needs.changes import SIGNS
from marketplace.web import actor, answer, language, see

blueprint = Blueprint("need_file", __name__)


def prepare(app: Flask) -> None:
    """Words for the templates."""
    app.jinja_env.globals.update(proposal_words=KIND_WORDS, target_signs=SIGNS, targets_read_in=_targets_read_in)


def _targets_read_in(text: str) -> list[dict[str, Any]]:
    """The rows of targets that a text states, for pages of other rooms where somebody writes about a need."""
    return [row for target in targets(text) for row in target.rows]


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


@blueprint.route("/needs/from-file", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Send the file of one need; what was read in it is shown at once, and nothing is kept."""
    form = WritingForm()
    if form.ready():
        try:
            return _draft_page(_read(form))
        except Refused as problem:
            form.refuse(problem)
    return answer("importing/need_file.html", form)


def _read(form: WritingForm) -> DraftForm:
    data = form.file.data.read(LARGEST + 1)
    writing = read_writing(data)
    kept = operations.carry(form.file.data.filename, data) if form.keep.data else None
    first = next(iter(_organisations()), None)
    return DraftForm(formdata=None, data={
        "organisation": first.public_id if first else "", "language": cut.language(writing.text),
        "title": title_of(writing.text, writing.heading), "text": writing.text,
        "keep": kept is not None, "kept_name": kept.name if kept else "", "kept_data": as_field(kept) if kept else "",
    })


@blueprint.route("/needs/from-file/draft", methods=["GET", "POST"])
@login_required
def draft() -> ResponseReturnValue:
    """Make the draft from the text and what is ticked; with "again" the text as it was mended is read again."""
    if request.method != "POST":
        return see("need_file.new")
    form = DraftForm()
    form.offer_choices(_organisations(), _("Choose"), language())
    if form.ready() and "again" not in request.form:
        try:
            owner = next((one for one in _organisations() if one.public_id == form.organisation.data), None)
            need = operations.draft_need(
                actor(), owner, form.language.data, form.title.data.strip(), form.text.data, form.ticked.data or [], form.kept())
            return see("needs.edit", public_id=need.public_id)
        except Problem as problem:
            form.refuse(problem)
    return _draft_page(form)


def _draft_page(form: DraftForm) -> ResponseReturnValue:
    form.offer_choices(_organisations(), _("Choose"), language())
    return answer("importing/need_draft.html", form, proposals=proposals(form.text.data or ""))
