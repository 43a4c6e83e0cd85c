"""Pages of audits: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.forms import AttachmentForm
from marketplace.catalogue.views import send as send_attachment
from marketplace.db import now
from marketplace.errors import NotFound, Problem, Refused
from marketplace.licensing import ledger
from marketplace.licensing import operations as licensing
from marketplace.licensing.audits import operations, words
from marketplace.licensing.audits.forms import AuditForm, FindingsForm
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements.forms import TextForm
from marketplace.licensing.statements.models import STANDING
from marketplace.licensing.statements.operations import figure_of, of_agreement
from marketplace.terms.figures import typed_minor
from marketplace.terms.payment import from_minor
from marketplace.terms.royalty import Period
from marketplace.web import actor, answer, see

blueprint = Blueprint("audits", __name__)


def prepare(app: Flask) -> None:
    """What pages of other packages show of audits."""
    app.jinja_env.globals.update(audit_words=words, audits_part=part, audit_money=lambda minor, audit: from_minor(minor, audit.currency))


def part(agreement: Agreement) -> Markup:
    """The audits under an agreement, and the way to a new one; nothing where there are none and no right to one."""
    found, clause = operations.audits_of(actor(), agreement), operations.clause_of(agreement)
    if not found and clause is None:
        return Markup()
    may_ask = clause is not None and may(actor(), "audit.ask", agreement)
    return Markup(render_template("licensing/audits/part.html", agreement=agreement, audits=found, may_ask=may_ask))


def _span(period: Period) -> str:
    return f"{format_date(period.first, 'medium')} – {format_date(period.last, 'medium')}"


@blueprint.route("/agreements/<public_id>/audits/new", methods=["GET", "POST"])
@login_required
def new(public_id: str) -> ResponseReturnValue:
    """Ask for an audit."""
    agreement = licensing.by_public_id(actor(), public_id)
    require(actor(), "audit.ask", agreement)
    today = ledger.day_of(agreement, now())
    over = [one for one in ledger.schedule_of(agreement, today).periods if one.last <= today]
    form = AuditForm(data=None if request.method == "POST" else {name: request.args.get(name, "") for name in ("first", "until")})
    form.offer_periods(over, _span)
    if form.ready():
        try:
            first, until = (date.fromisoformat(field.data) for field in (form.first, form.until))
            made = operations.ask_audit(actor(), agreement, first, until, form.reason.data, form.key.data)
            return see("audits.show", public_id=made.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/audits/new.html", form, agreement=agreement, clause=operations.clause_of(agreement))


@blueprint.route("/audits/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """An audit with its findings."""
    audit = operations.by_public_id(actor(), public_id)
    return answer(
        "licensing/audits/show.html", audit=audit, agreement=audit.agreement, figure=figure_of(audit.agreement),
        clause=operations.clause_of(audit.agreement), files=attachments.attachments_of(audit), today=ledger.day_of(audit.agreement, now()),
        may_run=may(actor(), "audit.start", audit), may_agree=may(actor(), "audit.agree", audit),
        corrections=[one for one in of_agreement(actor(), audit.agreement) if one.audit_id == audit.id],
    )


STEPPED = {"start": operations.start_audit, "withdraw": operations.withdraw_audit, "agree": operations.agree_findings}


@blueprint.route("/audits/<public_id>/<any(start, withdraw, agree):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of an audit by a button."""
    audit = operations.by_public_id(actor(), public_id)
    STEPPED[verb](actor(), audit)
    return see("audits.show", public_id=public_id)


@blueprint.route("/audits/<public_id>/close", methods=["GET", "POST"])
@login_required
def close(public_id: str) -> ResponseReturnValue:
    """Enter the findings and close the audit."""
    audit = operations.by_public_id(actor(), public_id)
    require(actor(), "audit.close", audit)
    if audit.state != "running":
        raise Refused(operations.FINDINGS_ONCE)
    periods, figure = operations.periods_of(audit), figure_of(audit.agreement)
    stated = {one.period: one.values for one in of_agreement(actor(), audit.agreement) if one.state in STANDING}
    form = FindingsForm(data=None if request.method == "POST" else {
        "findings": [{"period": one.first.isoformat()} for one in periods], "version": str(audit.version_id)})
    if form.ready():
        form.check_version(audit)
        try:
            operations.close_audit(actor(), audit, form.found(figure, stated), form.conclusion.data, typed_minor(form.cost.data, audit.currency, "cost"))
            return see("audits.show", public_id=public_id)
        except ValueError:
            raise NotFound() from None
        except Problem as problem:
            form.refuse(problem)
    return answer(
        "licensing/audits/close.html", form, audit=audit, agreement=audit.agreement, figure=figure, stated=stated,
        periods={one.first.isoformat(): one for one in periods}, limit=(operations.clause_of(audit.agreement) or {}).get("bears_cost_from"),
    )


@blueprint.route("/audits/<public_id>/dispute", methods=["GET", "POST"])
@login_required
def dispute(public_id: str) -> ResponseReturnValue:
    """Say why the findings are wrong."""
    audit = operations.by_public_id(actor(), public_id)
    require(actor(), "audit.dispute", audit)
    form = TextForm()
    if form.ready():
        try:
            operations.dispute_findings(actor(), audit, form.text.data)
            return see("audits.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/audits/dispute.html", form, audit=audit)


@blueprint.route("/audits/<public_id>/files", methods=["GET", "POST"])
@login_required
def files(public_id: str) -> ResponseReturnValue:
    """The report and its annexes: put a file there."""
    audit = operations.by_public_id(actor(), public_id)
    require(actor(), "audit.edit", audit)
    form = AttachmentForm()
    if form.ready():
        try:
            operations.attach_report(actor(), audit, form.file.data.stream, form.file.data.filename)
            return see("audits.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/audits/files.html", form, audit=audit)


@blueprint.route("/audits/<public_id>/files/<file_id>")
@login_required
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file, as a download."""
    audit = operations.by_public_id(actor(), public_id)
    return send_attachment(attachments.attachment_of(actor(), audit, file_id))
