"""Pages of the broker's fee: put it on the table, and mark what has come; the part of the deal's page that shows it."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.db import HOME, now
from marketplace.deals import operations as deals
from marketplace.deals.consents import answers_to, fee_in_force, fee_on_table
from marketplace.deals.fees import dues, operations
from marketplace.deals.fees.forms import FeeForm, ReceivedForm
from marketplace.deals.fees.reminders import reminders_of
from marketplace.deals.models import OPEN_STAGES, Deal
from marketplace.errors import N_, Problem, Refused
from marketplace.terms.figures import shown_percent
from marketplace.web import actor, answer, see

blueprint = Blueprint("fees", __name__)


def prepare(app: Flask) -> None:
    """The part of the deal's page that shows the fee."""
    app.jinja_env.globals.update(deal_fee_part=part, percent_plain=lambda share: shown_percent(f"{share:f}"))


def part(deal: Deal) -> Markup:
    """The fee, who has agreed to it, and what is due of it, as a part of the deal's page."""
    table, in_force = fee_on_table(deal), fee_in_force(deal)
    return Markup(render_template(
        "deals/fees/part.html", deal=deal, fee=table, in_force=in_force, answers=answers_to(table), dues=dues.dues_of(deal),
        receipts=dues.receipts_of(deal), reminders=reminders_of(deal), today=now().astimezone(HOME).date(), may_mark=may(actor(), "deal.mark_fee", deal),
        may_set=deal.state in OPEN_STAGES and may(actor(), "deal.set_fee", deal),
    ))


@blueprint.route("/deals/<public_id>/fee", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Put a fee on the table."""
    deal = deals.by_public_id(actor(), public_id)
    require(actor(), "deal.set_fee", deal)
    form = FeeForm.of_fee(fee_on_table(deal))
    if form.ready():
        try:
            operations.set_fee(actor(), deal, form.wanted())
            flash(_("The fee is on the table; everybody in the deal sees it."))
            return see("deals.show", public_id=public_id, _anchor="fee")
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/fees/edit.html", form, deal=deal)


@blueprint.post("/deals/<public_id>/fee/<key>/received")
@login_required
def received(public_id: str, key: str) -> ResponseReturnValue:
    """Mark what is unpaid of a due as received."""
    deal = deals.by_public_id(actor(), public_id)
    form = ReceivedForm()
    if not form.ready() or form.day.data is None:
        raise Refused(N_("Give the day on which the money came."))
    operations.receive(actor(), operations.due_by_id(deal, key), form.day.data)
    return see("deals.show", public_id=public_id, _anchor="fee")


@blueprint.post("/deals/<public_id>/fee/<key>/taken-back")
@login_required
def taken_back(public_id: str, key: str) -> ResponseReturnValue:
    """Take back what was marked as received by mistake."""
    deal = deals.by_public_id(actor(), public_id)
    operations.take_back(actor(), operations.due_by_id(deal, key))
    return see("deals.show", public_id=public_id, _anchor="fee")
