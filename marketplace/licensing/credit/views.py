"""Pages of credit records: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may
from marketplace.db import now
from marketplace.errors import Problem
from marketplace.licensing.credit import operations, words
from marketplace.licensing.credit.entries import ANSWER_DAYS
from marketplace.licensing.credit.forms import CommentForm
from marketplace.licensing.models import Agreement
from marketplace.people import organisations
from marketplace.web import PAGE, actor, answer, page_number, see

blueprint = Blueprint("credit", __name__)


def prepare(app: Flask) -> None:
    """What pages of other packages show of credit records."""
    app.jinja_env.globals.update(
        credit_words=words, credit_part=part, may_see_credit=operations.may_see_credit, comments_shown=operations.comments_shown,
    )


def part(agreement: Agreement) -> Markup:
    """Both sides' records in short, for the page of an agreement that is proposed or signed."""
    both = [side for side in (agreement.licensor, agreement.licensee) if operations.may_see_credit(actor(), side)]
    return Markup(render_template("licensing/credit/part.html", records=[(side, operations.counts(side)) for side in both]))


@blueprint.route("/organisations/<public_id>/credit")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """The record of an organisation: counts, and the entries with what was said beside them."""
    organisation = organisations.by_public_id(public_id)
    operations.require_credit(actor(), organisation)
    page = page_number()
    entries = operations.entries_of(actor(), organisation, (page - 1) * PAGE, PAGE + 1)
    return answer(
        "licensing/credit/show.html", organisation=organisation, counts=operations.counts(organisation), entries=entries[:PAGE], page=page,
        more=len(entries) > PAGE, today=now().date(), answer_days=ANSWER_DAYS,
        mine={entry.id for entry in entries if may(actor(), "credit_entry.comment", entry)},
    )


@blueprint.route("/credit/<public_id>/comment", methods=["GET", "POST"])
@login_required
def comment(public_id: str) -> ResponseReturnValue:
    """Say something beside an entry."""
    entry = operations.entry_by_public_id(actor(), public_id)
    speaking = operations.speaking_for(actor(), entry)
    own = next((one for one in operations.comments_shown(entry) if one.organisation_id == speaking), None)
    form = CommentForm(data={"text": own.text if own else ""})
    if form.ready():
        try:
            operations.comment_on(actor(), entry, form.text.data)
            return see("credit.show", public_id=entry.organisation.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/credit/comment.html", form, entry=entry, own=own, today=now().date())
