"""Pages of needs: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, request
from flask import session as kept
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import actions_of, may, require
from marketplace.catalogue import attachments, pictures
from marketplace.catalogue.classification import industry_choices
from marketplace.catalogue.forms import ListingFileForm
from marketplace.catalogue.views import send, send_picture, teaser_page
from marketplace.db import now
from marketplace.errors import NotFound, Problem, Refused
from marketplace.needs import operations, words
from marketplace.needs.changes import readable
from marketplace.needs.forms import NeedForm
from marketplace.needs.models import Need
from marketplace.people import regions
from marketplace.people.grants import operations as grants
from marketplace.people.grants.log import opened
from marketplace.people.operations import names_of
from marketplace.record import history as revisions_of
from marketplace.terms.payment import from_minor
from marketplace.web import actor, answer, language, see

blueprint = Blueprint("needs", __name__)

STEPS = (
    "need.publish", "need.submit", "need.edit", "need.withdraw", "need.solve", "need.distil", "need.sign_off", "need.verify", "need.interview", "need.history",
)


def prepare(app: Flask) -> None:
    """How needs are found for access to blind ones; words and drafts for the templates of every package."""
    grants.bind("need", operations.by_public_id, Need)
    app.jinja_env.globals.update(need_words=words, need_drafts_of=operations.drafts_of, from_minor=from_minor)


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


def _filled(form: NeedForm) -> NeedForm:
    form.offer_choices(_organisations(), industry_choices(language()), regions.choices(language()), _("Choose"), language())
    return form


def _save(form: NeedForm, need: Need | None) -> Need:
    values = form.values(_organisations(), need)
    if need is None:
        return operations.create_need(actor(), values.pop("organisation"), **values)
    form.check_version(need)
    return operations.edit_need(actor(), need, **values)


@blueprint.route("/needs/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Write a need."""
    first = next(iter(_organisations()), None)
    form = _filled(NeedForm(data=None if request.method == "POST" else {
        "organisation": first.public_id if first else "", "language": language(), "region": first.region if first else ""}))
    return _edit_page(form, None)


@blueprint.route("/needs/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change a need, or go on with a draft."""
    need = operations.by_public_id(actor(), public_id)
    require(actor(), "need.edit", need)
    form = _filled(NeedForm() if request.method == "POST" else NeedForm.of(need))
    return _edit_page(form, need)


def _edit_page(form: NeedForm, need: Need | None) -> ResponseReturnValue:
    """Save on POST; with the button "post" the need is published at once when it lacks nothing.

    With "look" the page comes back as it was typed, and shows the open needs near it.
    """
    if "more" in request.form:
        form.targets.append_entry()
    elif "look" not in request.form and form.ready():
        try:
            saved = _save(form, need)
            if "post" in request.form:
                operations.post_need(actor(), saved)
                flash(_("The need is published. We are looking for technologies now."))
            else:
                flash(_("Saved."))
            return see("needs.show", public_id=saved.public_id)
        except Problem as problem:
            form.refuse(problem)
    lacks = operations.missing(need, now().date()) if need is not None else []
    return answer("needs/edit.html", form, need=need, lacks=[(field, _(message)) for field, message in lacks])


@blueprint.route("/needs/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """A need as its readers see it; a blind one as its teaser to whoever was given no access."""
    need = operations.by_public_id(actor(), public_id)
    if not may(actor(), "listing.read_in_full", need):
        return teaser_page(need, "needs")
    opened(actor(), need, "page")
    lacks = operations.missing(need, now().date()) if need.state in ("draft", "submitted") else []
    return answer(
        "needs/show.html", need=need, steps=actions_of(actor(), need, STEPS), lacks=[_(message) for _field, message in lacks],
        files=attachments.attachments_of(need),
    )


@blueprint.route("/needs/<public_id>/history")
def history(public_id: str) -> ResponseReturnValue:
    """What changed, when, by whom."""
    need = operations.by_public_id(actor(), public_id)
    require(actor(), "need.history", need)
    opened(actor(), need, "history")
    changes = readable(revisions_of(need), language(), need.currency)
    return answer("needs/history.html", need=need, changes=changes, names=names_of({change.person_id for change in changes}))


STEPPED = {
    "publish": (operations.post_need, "need.publish"), "submit": (operations.submit_need, "need.submit"),
    "withdraw": (operations.withdraw_need, "need.withdraw"), "solve": (operations.solve_need, "need.solve"),
}


@blueprint.route("/needs/<public_id>/<any(publish, submit, withdraw, solve):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of the need's life by a button."""
    need = operations.by_public_id(actor(), public_id)
    operation, action = STEPPED[verb]
    require(actor(), action, need)
    try:
        operation(actor(), need)
    except Refused as problem:
        if verb != "publish":
            raise
        flash(_(problem.message, **problem.values))
        return see("needs.edit", public_id=public_id)
    return see("needs.show", public_id=public_id) if may(actor(), "listing.read", need) else see("matching.needs")


@blueprint.route("/needs/<public_id>/files", methods=["GET", "POST"])
@login_required
def files(public_id: str) -> ResponseReturnValue:
    """The files beside a need: put one there, or take one away."""
    need = operations.by_public_id(actor(), public_id)
    require(actor(), "need.edit", need)
    form = ListingFileForm()
    if form.ready():
        try:
            pictures.attach(actor(), need, form.file.data.stream, form.file.data.filename, form.shows)
            return see("needs.files", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("needs/files.html", form, need=need, files=attachments.attachments_of(need))


@blueprint.route("/needs/<public_id>/files/<file_id>")
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file, as a download and never as a page of this site."""
    need = operations.by_public_id(actor(), public_id)
    file = attachments.attachment_of(actor(), need, file_id)
    opened(actor(), need, "file", file.name)
    return send(file)


@blueprint.route("/needs/<public_id>/files/<file_id>/<any(small, large):size>")
def picture(public_id: str, file_id: str, size: str) -> ResponseReturnValue:
    """A picture beside a need, made from its file."""
    need = operations.by_public_id(actor(), public_id)
    file = attachments.attachment_of(actor(), need, file_id)
    opened(actor(), need, "file", file.name)
    return send_picture(file, size)


@blueprint.route("/needs/<public_id>/files/<file_id>/remove", methods=["POST"])
@login_required
def remove_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file off the need."""
    need = operations.by_public_id(actor(), public_id)
    attachments.detach(actor(), need, file_id)
    return see("needs.files", public_id=public_id)


@blueprint.route("/problems/<public_id>/keep", methods=["POST"])
@login_required
def keep(public_id: str) -> ResponseReturnValue:
    """Keep a pasted problem as a draft need."""
    need = operations.adopt_pasted(actor(), public_id, language())
    return _go_on(need.public_id)


def _go_on(public_id: str) -> ResponseReturnValue:
    """To where a draft made of a pasted problem is completed: whoever has never published one is asked one question at a time."""
    if operations.is_first(actor()):
        return see("asking.ask", public_id=public_id, question="problem")
    return see("needs.edit", public_id=public_id)


def adopt_on_sign_in(_app: Flask, **_values: Any) -> None:
    """When somebody signs in who pasted a problem before, it becomes their draft need (bound once, in `create_app`)."""
    if "pasted" in kept:
        try:
            kept["adopted"] = operations.adopt_pasted(actor(), kept["pasted"], language()).public_id
        except NotFound:
            kept.pop("pasted")


@blueprint.route("/needs/adopted")
@login_required
def adopt() -> ResponseReturnValue:
    """Where signing in leads whoever pasted a problem before: to the draft that it became."""
    kept.pop("pasted", None)
    adopted = kept.pop("adopted", None)
    return _go_on(adopted) if adopted else see("people.home")
