"""Pages of recoveries: ask for one half signed in, stop one by the mailed link; the operator's room, where they are answered."""

from __future__ import annotations

import flask
from flask import Blueprint, Flask, request
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from marketplace.errors import Refused
from marketplace.people.factors.operations import open_recovery
from marketplace.people.recovery import operations, words
from marketplace.people.recovery.forms import AskForm, DecideForm
from marketplace.people.sessions.views import half_entered, whose_code
from marketplace.web import actor, answer, limiter, see

Page = tuple[str, int] | Response

blueprint = Blueprint("recovery", __name__)


def prepare(app: Flask) -> None:
    """Words, and how many wait, for the operator's desk."""
    app.jinja_env.globals.update(recovery_words=words, recoveries_waiting=lambda: sum(one.state == "asked" for one in operations.waiting(actor())))


@blueprint.route("/sign-in/recovery", methods=["GET", "POST"])
@limiter.limit("30 per 15 minutes", methods=["POST"])
@limiter.limit("5 per day", methods=["POST"], key_func=lambda: f"recovery:{whose_code()}")
def ask() -> Page:
    """All second factors are lost: ask an operator. Opens to who has shown the password a moment ago, and shows him where his request stands."""
    try:
        person = half_entered()
    except Refused:
        flask.flash(_("That took too long. Please sign in once more."))
        return see("people.sign_in")
    form = AskForm()
    if form.ready():
        try:
            operations.ask(actor(), person, form.reason.data)
            flask.flash(_("An operator has your request. Please look into your mail."))
            return see("recovery.ask")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/recovery/ask.html", form, asked=open_recovery(person))


@blueprint.route("/recovery/<token>", methods=["GET", "POST"])
@limiter.limit("30 per hour", methods=["POST"])
def stop(token: str) -> Page:
    """The mailed link that stops a recovery. Opening it changes nothing (mail scanners open links); its button does."""
    if request.method != "POST":
        return answer("people/recovery/stop.html", asked=operations.by_token(token))
    operations.stop(actor(), token)
    flask.flash(_("Stopped. Whoever asked knew your password: please set a new one."))
    return see("people.ask_reset")


@blueprint.get("/operations/recoveries")
@login_required
def index() -> Page:
    """What waits for an operator, and what was answered."""
    return answer("people/recovery/index.html", waiting=operations.waiting(actor()), ended=operations.ended(actor()))


@blueprint.route("/operations/recoveries/<public_id>", methods=["GET", "POST"])
@login_required
def show(public_id: str) -> Page:
    """One request, whom to ask about the person, and the answer."""
    asked = operations.by_public_id(actor(), public_id)
    form = DecideForm(data={"version": str(asked.version_id)})
    if form.ready():
        form.check_version(asked)
        try:
            operations.decide(actor(), asked, request.form.get("answer", ""), form.checked.data)
            flask.flash(_("Answered. The person is told by mail."))
            return see("recovery.index")
        except Refused as problem:
            form.refuse(problem)
    return answer("people/recovery/show.html", form, asked=asked, vouchers=operations.vouchers(asked.person))
