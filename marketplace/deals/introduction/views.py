"""The page of the introduction: the fee, the other side as far as it may be shown, what will be shared, and the answer."""

from __future__ import annotations

from flask import Blueprint, Flask, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import may
from marketplace.deals import operations as deals
from marketplace.deals.consents import answers_to, fee_in_force, fee_on_table
from marketplace.deals.introduction import operations
from marketplace.deals.introduction.forms import ConsentForm
from marketplace.deals.models import Deal
from marketplace.deals.sight import frozen_texts, sight
from marketplace.errors import Problem
from marketplace.fields import number_in
from marketplace.web import actor, answer, language, see

blueprint = Blueprint("introduction", __name__)


def prepare(app: Flask) -> None:
    """What the deal's page says of the introduction."""
    app.jinja_env.globals.update(consents_of=lambda deal: answers_to(fee_on_table(deal)), may_ask_consents=_may_ask)


def _may_ask(deal: Deal) -> bool:
    return operations.is_pending(deal, fee_on_table(deal)) and may(actor(), "deal.ask_consent", deal)


@blueprint.route("/deals/<public_id>/introduction", methods=["GET", "POST"])
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """Read what the introduction means, and answer for one's side."""
    deal = deals.by_public_id(actor(), public_id)
    fee = fee_on_table(deal)
    form = ConsentForm()
    if form.ready():
        try:
            revision = number_in(form.revision.data) or 0
            operations.answer(actor(), deal, form.side.data, form.agreed.data == "yes", revision, form.code.data or "", form.text.data or "")
            flash(_("Your answer is with the technology manager."))
            return see("deals.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer(
        "deals/introduction/show.html", form, deal=deal, sight=sight(actor(), deal), texts=frozen_texts(actor(), deal, language()), fee=fee,
        in_force=fee_in_force(deal), answers=answers_to(fee), sides=operations.sides_to_answer(actor(), deal) if operations.is_pending(deal, fee) else [],
    )


@blueprint.post("/deals/<public_id>/introduction/ask")
@login_required
def ask(public_id: str) -> ResponseReturnValue:
    """Ask both sides by mail."""
    operations.ask_consents(actor(), deals.by_public_id(actor(), public_id))
    flash(_("Both sides have been asked by mail."))
    return see("deals.show", public_id=public_id)
