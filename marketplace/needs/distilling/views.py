"""Pages of distilling: the broker's sheet and questions, both texts side by side, the firm's answer, evidence, the check of a real need."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import actions_of, may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.forms import AttachmentForm
from marketplace.catalogue.views import send as send_file
from marketplace.errors import NotFound, Problem, Refused
from marketplace.needs import operations as needs
from marketplace.needs.distilling import operations, words
from marketplace.needs.distilling.composing import composed, targets_of
from marketplace.needs.distilling.forms import NEW, DistillationForm, SendBackForm, SignOffForm, VerifyForm, tests_of
from marketplace.needs.distilling.models import Distillation
from marketplace.needs.models import Need
from marketplace.web import actor, answer, see

blueprint = Blueprint("distilling", __name__)

STEPS = ("need.distil", "need.sign_off", "need.verify")


def prepare(app: Flask) -> None:
    """What the page of a need shows of its rounds and checks, and the words for it."""
    app.jinja_env.globals.update(
        distilling_words=words, latest_distillation_of=_latest, verifications_of=operations.verifications, open_points=operations.unanswered,
    )


def _latest(need: Need) -> Distillation | None:
    """The newest round that whoever reads the page may open."""
    found = operations.latest(need)
    return found if found is None or found.state != "draft" or may(actor(), "need.distil", need) else operations.in_state(
        need, "sent", "signed_off", "returned", "superseded")


@blueprint.route("/needs/<public_id>/distillation", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """The interview sheet and the questions beside the firm's own words: kept as a draft at any time, gone on with later, sent."""
    need = needs.by_public_id(actor(), public_id)
    require(actor(), "need.distil", need)
    sent = operations.waiting_for(need)
    if sent is not None and request.method != "POST":
        return see("distilling.show", public_id=sent.public_id)
    before = operations.latest(need)
    draft = before if before is not None and before.state == "draft" else None
    form = DistillationForm() if request.method == "POST" else DistillationForm.of(need, before, draft is not None)
    preview = None
    if request.method == "POST" and not form.pressed():
        if "propose" in request.form:
            _propose(form, need)
        elif form.ready():
            questions = form.asked_questions(need.language, before.questions if before else [])
            if "preview" in request.form:
                preview = {"text": composed(questions), "targets": targets_of(questions)}
            else:
                try:
                    return _keep(form, need, draft, questions)
                except Problem as problem:
                    form.refuse(problem)
    return answer("needs/distilling/edit.html", form, need=need, before=before, preview=preview)


def _propose(form: DistillationForm, need: Need) -> None:
    """Read figures in the questions, where the room that reads them is there."""
    read = current_app.jinja_env.globals.get("targets_read_in")
    found = form.propose(read, need.language) if read else 0
    flash(ngettext("%(num)s figure was read in the questions. Look at it.", "%(num)s figures were read in the questions. Look at them.", found))


def _keep(form: DistillationForm, need: Need, draft: Distillation | None, questions: list[dict[str, Any]]) -> ResponseReturnValue:
    """Save the draft, and send it where that was asked. 409 where somebody else has saved one since the page was opened."""
    if (form.version.data or NEW) != (str(draft.version_id) if draft else NEW):
        raise StaleDataError("opened with another version")
    kept = operations.save(actor(), need, form.sheet(), questions)
    if "send" not in request.form:
        flash(_("Saved."))
        return see("distilling.edit", public_id=need.public_id)
    operations.send(actor(), kept)
    flash(_("The questions are with the firm now."))
    return see("distilling.show", public_id=kept.public_id)


@blueprint.route("/distillations/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """Both texts side by side, for the firm to answer, with the sheet, its evidence and the rounds before."""
    return _page(operations.by_public_id(actor(), public_id), SendBackForm(formdata=None))


def _page(found: Distillation, form: SendBackForm) -> ResponseReturnValue:
    need = found.need
    return answer(
        "needs/distilling/show.html", form, distillation=found, need=need, steps=actions_of(actor(), need, STEPS), rounds=operations.rounds(need),
        files=attachments.attachments_of(found), own=may(actor(), "distillation.recall", found), attach=may(actor(), "distillation.edit", found),
    )


@blueprint.route("/distillations/<public_id>/sign_off", methods=["POST"])
@login_required
def sign_off(public_id: str) -> ResponseReturnValue:
    """The firm signs the questions off."""
    found = operations.by_public_id(actor(), public_id)
    SignOffForm().check_version(found)
    operations.sign_off(actor(), found)
    flash(_("Signed off. Both texts are matched now."))
    return see("needs.show", public_id=found.need.public_id)


@blueprint.route("/distillations/<public_id>/send_back", methods=["POST"])
@login_required
def send_back(public_id: str) -> ResponseReturnValue:
    """The firm sends the questions back, with words."""
    found = operations.by_public_id(actor(), public_id)
    require(actor(), "need.sign_off", found.need)
    form = SendBackForm()
    if form.ready():
        form.check_version(found)
        operations.send_back(actor(), found, form.words.data)
        return see("distilling.show", public_id=public_id)
    return _page(found, form)


@blueprint.route("/distillations/<public_id>/recall", methods=["POST"])
@login_required
def recall(public_id: str) -> ResponseReturnValue:
    """The broker takes the questions back to change them."""
    found = operations.by_public_id(actor(), public_id)
    operations.recall(actor(), found)
    return see("distilling.edit", public_id=found.need.public_id)


@blueprint.route("/distillations/<public_id>/files", methods=["GET", "POST"])
@login_required
def files(public_id: str) -> ResponseReturnValue:
    """The files of the evidence: put one there, or take one away."""
    found = operations.by_public_id(actor(), public_id)
    require(actor(), "distillation.edit", found)
    form = AttachmentForm()
    if form.ready():
        try:
            attachments.attach(actor(), found, form.file.data.stream, form.file.data.filename)
            return see("distilling.files", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("needs/distilling/files.html", form, distillation=found, files=attachments.attachments_of(found))


@blueprint.route("/distillations/<public_id>/files/<file_id>")
@login_required
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file of the evidence, for whoever may read the sheet."""
    found = operations.by_public_id(actor(), public_id)
    file = next((one for one in attachments.attachments_of(found) if one.public_id == file_id), None)
    if file is None:
        raise NotFound()
    return send_file(file)


@blueprint.route("/distillations/<public_id>/files/<file_id>/remove", methods=["POST"])
@login_required
def remove_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file off the evidence."""
    found = operations.by_public_id(actor(), public_id)
    attachments.detach(actor(), found, file_id)
    return see("distilling.files", public_id=public_id)


@blueprint.route("/needs/<public_id>/verification", methods=["GET", "POST"])
@login_required
def verify(public_id: str) -> ResponseReturnValue:
    """The check of both tests of a real need; done again, the badge is renewed."""
    need = needs.by_public_id(actor(), public_id)
    require(actor(), "need.verify", need)
    signed, checks = operations.in_state(need, "signed_off"), operations.verifications(need)
    form = VerifyForm(data=_found(signed) | {"version": str(need.version_id)})
    if form.ready():
        try:
            form.check_version(need)
            operations.verify(actor(), need, tests_of(form))
            flash(_("Checked. The badge stands for 180 days."))
            return see("needs.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("needs/distilling/verify.html", form, need=need, signed=signed, checks=checks)


def _found(signed: Distillation | None) -> dict[str, str]:
    """What the sheet has found of both tests, to begin from."""
    tests = signed.sheet.get("tests", {}) if signed else {}
    findings = {name: test["finding"] for name, test in tests.items()}
    return findings | {f"{name}_evidence": test["evidence"] for name, test in tests.items()}
