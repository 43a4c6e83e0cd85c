"""Pages under a signed agreement: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import require
from marketplace.db import now
from marketplace.errors import NotFound, Refused
from marketplace.fields import number_in
from marketplace.licensing import operations as agreements
from marketplace.licensing.forms import new_key
from marketplace.licensing.ledger import day_of, terms_of, version_of
from marketplace.licensing.models import Agreement, Obligation
from marketplace.licensing.performing import operations
from marketplace.licensing.performing.desk import tasks_of
from marketplace.licensing.performing.forms import AcceptForm, CorrectionForm, DisputeForm, EventForm, SettlementForm
from marketplace.licensing.performing.picture import Drawing, draw
from marketplace.licensing.performing.triers import place_of
from marketplace.web import actor, answer, see

blueprint = Blueprint("performing", __name__)

FIELDS = {
    "trial_extended": ("months",), "milestone_accepted": ("id",), "submitted": ("id",), "accepted": ("id",), "rejected": ("id",), "terminated": ("reason",),
    "declined": ("reason",),
}
"""The further fields of each kind of event."""


def prepare(app: Flask) -> None:
    """What the agreement's page and the desk show of what happens under agreements."""
    app.jinja_env.globals.update(
        agreement_steps_of=operations.steps_of, agreement_events_of=operations.events_of, obligations_of=operations.obligations_of,
        corrections_of=operations.corrections_of, disputes_of=operations.disputes_of, agreement_tasks_of=tasks_of, place_of=place_of,
        obligations_drawn=obligations_drawn, OWN_ROOMS=operations.OWN_ROOMS, accept_form=lambda text: AcceptForm(formdata=None, data={"settlement": text}),
    )


def obligations_drawn(agreement: Agreement, obligations: list[Obligation]) -> Drawing | None:
    """What is owed over time, with the days that concern all of it: today and the end of the agreement, the trial
    and the time to decide on it."""
    standing, terms = agreement.standing, terms_of(agreement)
    today = day_of(agreement, now())
    days = [("today", today, _("today")), ("end", terms.end, _("end of the agreement"))]
    spans = [("trial", terms.effective, standing.trial_end, _("trial")), ("window", standing.trial_end, standing.window_end, _("time to decide"))]
    return draw(
        obligations, [(name, day, text) for name, day, text in days if day],
        [(name, first, last, text) for name, first, last, text in spans if first and last],
    )


@blueprint.route("/agreements/<public_id>/events/<kind>", methods=["GET", "POST"])
@login_required
def enter(public_id: str, kind: str) -> ResponseReturnValue:
    """Enter that something happened."""
    agreement = agreements.by_public_id(actor(), public_id)
    if kind not in operations.KINDS:
        raise NotFound()
    require(actor(), f"agreement.{kind}", agreement)
    today = day_of(agreement, now())
    form = EventForm() if request.method == "POST" else EventForm(data={"key": new_key(), "day": today})
    names = {one.kind: one.names for one in operations.steps_of(actor(), agreement)}.get(kind, ())
    form.keep(FIELDS.get(kind, ()), names)
    if form.ready():
        try:
            reason = form.reason.data if "reason" in form else None
            operations.enter_event(actor(), agreement, kind, form.day.data, form.key.data, reason=reason, **form.values())
            flash(_("Entered."))
            return see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    version = version_of(agreement)
    return answer(
        "licensing/performing/enter.html", form, agreement=agreement, kind=kind, terms=terms_of(agreement), clauses=version.clauses,
        place=place_of(agreement) if kind == "converted" else None, waiting=operations.WAITING,
    )


@blueprint.route("/agreements/<public_id>/corrections/new", methods=["GET", "POST"])
@login_required
def ask_correction(public_id: str) -> ResponseReturnValue:
    """Ask the other side to agree that an event counts no longer."""
    agreement = agreements.by_public_id(actor(), public_id)
    require(actor(), "agreement.correct", agreement)
    form = CorrectionForm() if request.method == "POST" else CorrectionForm(data={"event": request.args.get("event", "")})
    number = form.event.data or ""
    event = operations.event_of(actor(), agreement, number_in(number, 17) or 0)
    if form.ready():
        try:
            operations.ask_correction(actor(), agreement, event, form.reason.data)
            flash(_("The other side has been asked."))
            return see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/performing/correction.html", form, agreement=agreement, event=event)


ANSWERS = {"agree": operations.agree_correction, "refuse": operations.refuse_correction, "withdraw": operations.withdraw_correction}


@blueprint.route("/agreements/<public_id>/corrections/<correction_id>/<any(agree, refuse, withdraw):verb>", methods=["POST"])
@login_required
def answer_correction(public_id: str, correction_id: str, verb: str) -> ResponseReturnValue:
    """Agree to a correction, refuse it, or take it back."""
    agreement = agreements.by_public_id(actor(), public_id)
    ANSWERS[verb](actor(), operations.correction_of(actor(), agreement, correction_id))
    return see("licensing.show", public_id=public_id)


@blueprint.route("/agreements/<public_id>/disputes/new", methods=["GET", "POST"])
@login_required
def dispute(public_id: str) -> ResponseReturnValue:
    """Say what is disputed."""
    agreement = agreements.by_public_id(actor(), public_id)
    require(actor(), "agreement.dispute", agreement)
    form = DisputeForm() if request.method == "POST" else DisputeForm(data={"key": new_key()})
    if form.ready():
        try:
            found = operations.dispute(actor(), agreement, form.subject.data, form.text.data, form.key.data)
            return see("performing.show_dispute", public_id=public_id, dispute_id=found.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/performing/new_dispute.html", form, agreement=agreement)


@blueprint.route("/agreements/<public_id>/disputes/<dispute_id>", methods=["GET", "POST"])
@login_required
def show_dispute(public_id: str, dispute_id: str) -> ResponseReturnValue:
    """A dispute; put a settlement on the table."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = operations.dispute_of(actor(), agreement, dispute_id)
    form = SettlementForm()
    if form.ready():
        try:
            operations.offer_settlement(actor(), found, form.settlement.data)
            return see("performing.show_dispute", public_id=public_id, dispute_id=dispute_id)
        except Refused as problem:
            form.refuse(problem)
    return answer(
        "licensing/performing/dispute.html", form, agreement=agreement, dispute=found, own_sides=agreements.own_sides(actor(), agreement),
    )


@blueprint.route("/agreements/<public_id>/disputes/<dispute_id>/<any(settle, decline):verb>", methods=["POST"])
@login_required
def answer_settlement(public_id: str, dispute_id: str, verb: str) -> ResponseReturnValue:
    """Agree to the settlement on the table, or say no to it."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = operations.dispute_of(actor(), agreement, dispute_id)
    if verb == "settle":
        operations.settle(actor(), found, AcceptForm().settlement.data or "")
    else:
        operations.decline_settlement(actor(), found)
    return see("performing.show_dispute", public_id=public_id, dispute_id=dispute_id)
