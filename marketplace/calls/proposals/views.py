"""Pages of proposals: handing in, one's own proposals with their receipts, and after the opening what they say."""

from __future__ import annotations

import io
import json
from datetime import datetime

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import VISITOR, may, require
from marketplace.calls import operations as calls
from marketplace.calls.models import Call
from marketplace.calls.proposals import opening as _opening  # noqa: F401 - registers its jobs
from marketplace.calls.proposals import operations, words
from marketplace.calls.proposals.forms import ProposalForm
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.proposals.operations import Desk, HandedIn
from marketplace.calls.proposals.receiving import Arrival
from marketplace.calls.sealing import operations as sealing
from marketplace.catalogue.attachments import MEGABYTE, MOST, path_of, upload_limit
from marketplace.db import new_public_id, now, to_read
from marketplace.errors import Problem, Refused
from marketplace.printing import on_paper
from marketplace.terms.payment import from_minor
from marketplace.web import PAGE, actor, answer, arrived, csrf, limiter, page_number, patiently, receive, see

blueprint = Blueprint("proposals", __name__)
BEIJING = "Asia/Shanghai"


def prepare(app: Flask) -> None:
    """What a call's page shows of its proposals, and their words."""
    app.jinja_env.globals.update(proposal_words=words, proposal_part=proposals_part)


def proposals_part(call: Call) -> Markup:
    """For the page of a call: how to propose, or what was opened, as far as it is the reader's."""
    moment, who = now(), actor()
    return Markup(render_template(
        "calls/proposals/part.html", call=call, own=operations.own_of_call(who, call), open_for_all=call.state == "published" and moment <= call.deadline,
        may_see=may(who, "open_call.see_sealed", call), opens_at=operations.opens_at(call), server_time=moment,
    ))


@blueprint.route("/open-calls/<public_id>/proposal", methods=["GET", "POST"])
@csrf.exempt  # `receive` asks for the token once it has read the request without writing it anywhere in the clear
def hand_in(public_id: str) -> ResponseReturnValue:
    """Hand in a proposal, or another one in its place. What arrives is sealed while it arrives, and no transaction is open meanwhile."""
    received = arrived()
    with to_read():
        if actor() is VISITOR:
            return current_app.login_manager.unauthorized()  # type: ignore[attr-defined]
        call = calls.by_public_id(actor(), public_id)
        try:
            desk = operations.desk_of(actor(), call, received)
            if request.method != "POST":
                return _shown(desk, _form(desk))
            public = operations.sealable(desk)
        except Refused as problem:
            return _shut(call, received, problem)
    with Arrival(operations.folder(), public, new_public_id()) as arrival:
        try:
            receive(arrival.into, operations.longest_upload())
        except Problem as problem:
            return _shut(calls.by_public_id(actor(), public_id), received, problem)
        return _taken(public_id, received, arrival)


def _taken(public_id: str, received: datetime, arrival: Arrival) -> ResponseReturnValue:
    """What has arrived whole: look at the form and seal the text while nothing is locked, then enter it."""
    ended = now()
    with to_read():
        desk = operations.desk_of(actor(), calls.by_public_id(actor(), public_id), received)
        form = _form(desk)
        if not form.ready():
            return _shown(desk, form)
        organisation = next(one for one in desk.organisations if one.public_id == form.organisation.data)
        try:
            files = arrival.files()
            text = arrival.text(operations.composed(desk.call, organisation, form.text(), files))
        except Problem as problem:
            form.refuse(problem)
            return _shown(desk, form)
    try:
        arrival.keep()
    except Refused as problem:
        arrival.drop()
        return _shut(desk.call, received, problem)
    sent = HandedIn(arrival.version, [text, *files], received, ended)
    try:
        made = patiently(lambda: operations.hand_in(actor(), desk.call, organisation, sent, form.version.data or None))
    except Refused as problem:
        arrival.drop()
        return _shut(desk.call, received, problem)
    flash(_("Your proposal has been handed in and sealed. This is the receipt: keep a copy."))
    return see("proposals.receipt", public_id=made.proposal.public_id, version_id=made.public_id)


def _form(desk: Desk) -> ProposalForm:
    """The form for whichever organisation it is for; opened, it carries the version of the proposal that is there."""
    form = ProposalForm()
    form.offer(desk.organisations, desk.call)
    if request.method != "POST":
        wanted = request.args.get("organisation", "")
        if any(one.public_id == wanted for one in desk.organisations):
            form.organisation.data = wanted
        there = _there(desk, form.organisation.data or desk.organisations[0].public_id)
        form.version.data = str(there.version_id) if there else ""
    return form


def _there(desk: Desk, organisation_id: str | None) -> Proposal | None:
    return next((one for one in desk.proposals if one.organisation.public_id == organisation_id), None)


def _shown(desk: Desk, form: ProposalForm) -> tuple[str, int]:
    return answer(
        "calls/proposals/hand_in.html", form, call=desk.call, there=_there(desk, form.organisation.data or desk.organisations[0].public_id),
        opens_at=operations.opens_at(desk.call), server_time=now(), limit=min(upload_limit(), 1 << 40) // MEGABYTE, most=MOST,
        minutes=sealing.settings().upload_minutes, ready=desk.public is not None, holders=sealing.holders_of(desk.call),
    )


def _shut(call: Call, received: datetime, problem: Problem) -> tuple[str, int]:
    """Nothing can be handed in, or nothing was: why, with both moments where it came late."""
    said = _(problem.message, **problem.values)
    page, _status = answer("calls/proposals/shut.html", call=call, problem=said, received=received, late=received > call.deadline)
    return page, 422


@blueprint.route("/proposals")
@login_required
def index() -> ResponseReturnValue:
    """The proposals of one's organisations."""
    return answer("calls/proposals/index.html", own=operations.own_of(actor(), request.args, page_number(), PAGE))


@blueprint.route("/open-calls/<public_id>/proposals")
@login_required
def of_call(public_id: str) -> ResponseReturnValue:
    """The proposals of a call, for its owners and reviewers: nothing before the opening, not even how many there are."""
    call = calls.by_public_id(actor(), public_id)
    found = operations.opened_of(actor(), call)
    if not found:
        require(actor(), "open_call.see_sealed", call)
    return answer(
        "calls/proposals/of_call.html", call=call, proposals=found, key=sealing.key_of(call), opens_at=operations.opens_at(call),
        holders=sealing.holders_of(call), lacking=sealing.lacking(call), moment=now(),
    )


@blueprint.route("/proposals/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One proposal: to its solver when what was handed in, to all who may read it what it says once it is open."""
    proposal = operations.by_public_id(actor(), public_id)
    said, price = proposal.said, proposal.said.get("price")
    return answer(
        "calls/proposals/show.html", proposal=proposal, call=proposal.call, said=said, files=operations.files_of(actor(), proposal),
        price=from_minor(price["amount"], price["currency"]) if price else None,
        own=may(actor(), "proposal.see_receipt", proposal),
        may_replace=proposal.state in ("sealed", "withdrawn") and proposal.opened is None and now() <= proposal.call.deadline,
        may_withdraw=may(actor(), "proposal.withdraw", proposal) and proposal.state in ("sealed", "opened"), opens_at=operations.opens_at(proposal.call),
        key=sealing.key_of(proposal.call),
    )


@blueprint.route("/proposals/<public_id>/withdraw", methods=["GET", "POST"])
@login_required
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take the proposal back, after being told what that means."""
    proposal = operations.by_public_id(actor(), public_id)
    require(actor(), "proposal.withdraw", proposal)
    if request.method == "POST":
        operations.withdraw(actor(), proposal)
        flash(_("Your proposal is withdrawn."))
        return see("proposals.show", public_id=public_id)
    return answer("calls/proposals/withdraw.html", proposal=proposal, call=proposal.call)


@blueprint.route("/proposals/<public_id>/receipts/<version_id>")
@login_required
def receipt(public_id: str, version_id: str) -> ResponseReturnValue:
    """The receipt of one version, for the solver."""
    proposal = operations.by_public_id(actor(), public_id)
    version = operations.version_of(actor(), proposal, version_id)
    return answer(
        "calls/proposals/receipt.html", proposal=proposal, call=proposal.call, version=version, signed=operations.receipt_of(actor(), version),
        opens_at=operations.opens_at(proposal.call), BEIJING=BEIJING,
    )


@blueprint.route("/proposals/<public_id>/receipts/<version_id>/receipt.json")
@login_required
def receipt_file(public_id: str, version_id: str) -> ResponseReturnValue:
    """The signed receipt as a file that can be checked later, without this site."""
    version = operations.version_of(actor(), operations.by_public_id(actor(), public_id), version_id)
    signed = operations.receipt_of(actor(), version)
    if signed is None:
        raise Refused(operations.NO_RECEIPT)
    written = json.dumps(signed, ensure_ascii=False, indent=2, sort_keys=True).encode()
    return _download(written, f"receipt-{version.public_id}.json")


@blueprint.route("/proposals/<public_id>/receipts/<version_id>/receipt.pdf")
@login_required
@limiter.limit("60 per hour")
def receipt_paper(public_id: str, version_id: str) -> ResponseReturnValue:
    """The receipt on paper, in the reader's language. What is signed is the file beside it."""
    proposal = operations.by_public_id(actor(), public_id)
    version = operations.version_of(actor(), proposal, version_id)
    signed = operations.receipt_of(actor(), version)
    if signed is None:
        raise Refused(operations.NO_RECEIPT)
    printed = on_paper("pdf/receipt.html", proposal=proposal, call=proposal.call, version=version, signed=signed, BEIJING=BEIJING)
    return _download(printed, f"receipt-{version.public_id}.pdf", "application/pdf")


@blueprint.route("/proposals/<public_id>/proposal.json")
@login_required
def text_file(public_id: str) -> ResponseReturnValue:
    """The opened text byte for byte as it was sealed: its hash is the receipt's."""
    proposal = operations.by_public_id(actor(), public_id)
    return _download(operations.text_of(actor(), proposal), f"proposal-{proposal.public_id}.json")


def _download(content: bytes, name: str, kind: str = "application/json") -> Response:
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name, max_age=0)


@blueprint.route("/proposals/<public_id>/files/<file_id>")
@login_required
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One opened file, as a download and never as a page of this site."""
    file = operations.file_of(actor(), operations.by_public_id(actor(), public_id), file_id)
    return send_file(path_of(file.sha256), mimetype=file.media_type, as_attachment=True, download_name=file.name, max_age=0, conditional=False)

