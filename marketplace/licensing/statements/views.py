"""Pages of statements: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
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
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements import operations, sheet, words
from marketplace.licensing.statements.forms import SalesFileForm, StatementForm, TextForm
from marketplace.licensing.statements.models import STANDING, Statement
from marketplace.licensing.statements.preview import Preview, period_of, preview
from marketplace.ordering import Order, order
from marketplace.terms.royalty import Period
from marketplace.terms.schedule import sentence
from marketplace.web import PAGE, actor, answer, new_token, page_number, see

blueprint = Blueprint("statements", __name__)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = {"all": (*STANDING, "draft", "replaced"), "sent": ("sent",), "queried": ("queried",), "accepted": ("accepted",), "draft": ("draft",)}


def prepare(app: Flask) -> None:
    """What pages of other packages show of statements."""
    app.jinja_env.globals.update(
        statement_words=words, statements_part=part, statements_due_of=operations.due_of, statements_waiting_for=operations.waiting_for,
        why_owed=sentence, today_of=_today,
    )


def _today(agreement: Agreement) -> date:
    """The agreement's day of this request."""
    return ledger.day_of(agreement, now())


def part(agreement: Agreement) -> Markup:
    """What the page of an agreement says of its statements; nothing where there is no royalty."""
    terms = ledger.terms_of(agreement)
    if terms.royalty is None:
        return Markup()
    own = [one for one in operations.of_agreement(actor(), agreement) if one.state in (*STANDING, "draft")]
    due = ledger.schedule_of(agreement, _today(agreement)).statements_due
    return Markup(render_template("licensing/statements/part.html", agreement=agreement, statements=own[:3], due=due, terms=terms))


def _period() -> date:
    """The period that the address names. Raises `NotFound`."""
    try:
        return date.fromisoformat(request.values.get("period", ""))
    except ValueError:
        raise NotFound() from None


@blueprint.route("/statements")
@login_required
def index() -> ResponseReturnValue:
    """The statements of my organisations, and those that are missing."""
    page, (shown, by) = page_number(), asked(request.args)
    found = operations.statements_of(actor(), SHOWN[shown], (page - 1) * PAGE, PAGE + 1, by)
    return answer(
        "licensing/statements/index.html", statements=found[:PAGE], page=page, more=len(found) > PAGE, shown=shown, order=by,
        total=operations.count_of(actor(), SHOWN[shown]), args={"show": shown, **by.arguments},
        missing=operations.due_of(actor()) if page == 1 and shown == "all" else [],
    )


def asked(values: Any) -> tuple[str, Order]:
    """Which statements an address asks for, and in which order."""
    shown = values.get("show", "all")
    return shown if shown in SHOWN else "all", order(values.get("sort", ""), operations.ORDERS)


@blueprint.route("/agreements/<public_id>/statements")
@login_required
def of_agreement(public_id: str) -> ResponseReturnValue:
    """Every period of an agreement with what was stated for it, and what is missing."""
    agreement = licensing.by_public_id(actor(), public_id)
    own = operations.of_agreement(actor(), agreement)
    found = ledger.schedule_of(agreement, _today(agreement))
    return answer(
        "licensing/statements/of_agreement.html", agreement=agreement, terms=ledger.terms_of(agreement), schedule=found,
        due={one.period: one for one in found.statements_due}, today=_today(agreement), may_state=may(actor(), "agreement.statement", agreement),
        may_estimate=may(actor(), "statement.estimate", agreement), estimate=ledger.version_of(agreement).clauses.get("estimate") or {},
        standing={one.period: one for one in own if one.state in STANDING}, drafts={one.period: one for one in own if one.state == "draft"},
    )


def _loaded(public_id: str) -> tuple[Agreement, Period, str]:
    """The agreement, the period that the address names, and the figure that is stated."""
    agreement = licensing.by_public_id(actor(), public_id)
    require(actor(), "agreement.statement", agreement)
    return agreement, period_of(agreement, _period(), _today(agreement)), operations.figure_of(agreement)


def _zero(agreement: Agreement, period: Period) -> Preview | None:
    """What a statement of nothing would change; none while the period goes on."""
    return None if period.last > _today(agreement) else preview(agreement, period.first, operations.nothing(agreement), now())


@blueprint.route("/agreements/<public_id>/statements/new", methods=["GET", "POST"])
@login_required
def new(public_id: str) -> ResponseReturnValue:
    """Report a period by the form. A draft that is there is gone on with."""
    agreement, period, figure = _loaded(public_id)
    draft = operations.draft_of(agreement, period.first)
    if draft is not None and request.method != "POST":
        return see("statements.show", public_id=draft.public_id)
    form = StatementForm()
    if "more" in request.form:
        form.add_row()
    elif form.ready() and form.complete():
        try:
            made = operations.draft_statement(actor(), agreement, period.first, form.values(figure), form.key.data or new_token(), form.note.data or "")
            return see("statements.show", public_id=made.public_id)
        except Problem as problem:
            form.refuse(problem)
    return _form_page(form, agreement, period, figure, None)


def _form_page(form: StatementForm, agreement: Agreement, period: Period, figure: str, statement: Statement | None) -> ResponseReturnValue:
    zero = _zero(agreement, period) if statement is None else None
    text, status = answer(
        "licensing/statements/edit.html", form, agreement=agreement, period=period, figure=figure, statement=statement, zero=zero,
        zero_key=new_token(), currency=ledger.terms_of(agreement).currency,
    )
    refused = request.method == "POST" and "more" not in request.form
    return text, 422 if refused else status


@blueprint.route("/agreements/<public_id>/statements/zero", methods=["POST"])
@login_required
def zero(public_id: str) -> ResponseReturnValue:
    """State that nothing was sold, in one step; when what is owed is no longer what was shown, show it again."""
    agreement, period, figure = _loaded(public_id)
    form = StatementForm(formdata=None)
    try:
        made = operations.send_zero(actor(), agreement, period.first, request.form.get("digest", ""), request.form.get("key") or new_token())
        flash(_("The statement was sent."))
        return see("statements.show", public_id=made.public_id)
    except Refused as problem:
        form.refuse(problem)
    return _form_page(form, agreement, period, figure, None)


@blueprint.route("/agreements/<public_id>/statements/file", methods=["GET", "POST"])
@login_required
def file(public_id: str) -> ResponseReturnValue:
    """Report a period by a table: its sums become the draft, the file its evidence."""
    agreement, period, figure = _loaded(public_id)
    form, faults = SalesFileForm(), ()
    if form.ready():
        try:
            made = operations.draft_from_file(actor(), agreement, period, form.file.data.stream, form.file.data.filename or "", form.key.data or new_token())
            return see("statements.show", public_id=made.public_id)
        except sheet.Unreadable as problem:
            faults = problem.faults
            form.refuse(problem)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/statements/file.html", form, agreement=agreement, period=period, figure=figure, faults=faults, where=sheet.WHERE)


@blueprint.route("/agreements/<public_id>/statements/template.xlsx")
@login_required
def template(public_id: str) -> ResponseReturnValue:
    """The table to fill for a period, with the deductions named as last time."""
    agreement, period, figure = _loaded(public_id)
    last = next((one for one in operations.of_agreement(actor(), agreement) if one.state in STANDING and one.values.get("deductions")), None)
    made = sheet.template(figure, period, list(last.values["deductions"]) if last else ())
    return send_file(made, mimetype=XLSX, as_attachment=True, download_name=f"statement-{period.first}.xlsx", max_age=0)


@blueprint.route("/agreements/<public_id>/statements/estimate", methods=["POST"])
@login_required
def estimate(public_id: str) -> ResponseReturnValue:
    """Estimate an overdue period, where the agreement allows it."""
    agreement = licensing.by_public_id(actor(), public_id)
    made = operations.estimate_statement(actor(), agreement, _period())
    return see("statements.show", public_id=made.public_id)


@blueprint.route("/statements/<public_id>")
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """A statement; of a draft what it will change, of a sent one what it changed."""
    return _show(operations.by_public_id(actor(), public_id))


def _show(statement: Statement, refused: str = "") -> ResponseReturnValue:
    agreement = statement.agreement
    found, wrong = None, refused
    if statement.state == "draft":
        try:
            found = operations.foreseen(statement)
        except Refused as problem:
            wrong = wrong or _(problem.message, **problem.values)
    terms = ledger.terms_of(agreement)
    page = render_template(
        "licensing/statements/show.html", statement=statement, agreement=agreement, terms=terms, preview=found, wrong=wrong, today=_today(agreement),
        files=attachments.attachments_of(statement), may_edit=may(actor(), "statement.edit", statement),
        may_answer=may(actor(), "statement.accept", statement), figure=operations.figure_of(agreement),
    )
    return page, 422 if refused else 200


@blueprint.route("/statements/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change a draft."""
    statement = operations.by_public_id(actor(), public_id)
    require(actor(), "statement.edit", statement)
    agreement, figure = statement.agreement, operations.figure_of(statement.agreement)
    period = period_of(agreement, statement.period, _today(agreement))
    form = StatementForm.of(statement) if request.method != "POST" else StatementForm()
    if "more" in request.form:
        form.add_row()
    elif form.ready() and form.complete():
        form.check_version(statement)
        try:
            operations.edit_draft(actor(), statement, form.values(figure), form.note.data or "")
            return see("statements.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return _form_page(form, agreement, period, figure, statement)


@blueprint.route("/statements/<public_id>/send", methods=["POST"])
@login_required
def send(public_id: str) -> ResponseReturnValue:
    """Send a draft; when what is owed is no longer what was shown, show it again and send nothing."""
    statement = operations.by_public_id(actor(), public_id)
    try:
        operations.send_statement(actor(), statement, request.form.get("digest", ""))
    except Refused as problem:
        return _show(statement, _(problem.message, **problem.values))
    flash(_("The statement was sent."))
    return see("statements.show", public_id=public_id)


STEPPED = {"discard": operations.discard_draft, "accept": operations.accept_statement}


@blueprint.route("/statements/<public_id>/<any(discard, accept):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Give a draft up, or accept a statement."""
    statement = operations.by_public_id(actor(), public_id)
    STEPPED[verb](actor(), statement)
    if verb == "discard":
        return see("statements.of_agreement", public_id=statement.agreement.public_id)
    return see("statements.show", public_id=public_id)


SAID = {"query": operations.query_statement, "reply": operations.reply_to_query}


@blueprint.route("/statements/<public_id>/<any(query, reply):verb>", methods=["GET", "POST"])
@login_required
def say(public_id: str, verb: str) -> ResponseReturnValue:
    """Ask about a statement, or answer the question."""
    statement = operations.by_public_id(actor(), public_id)
    require(actor(), f"statement.{verb}", statement)
    form = TextForm()
    if form.ready():
        try:
            SAID[verb](actor(), statement, form.text.data)
            return see("statements.show", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/statements/say.html", form, statement=statement, verb=verb)


@blueprint.route("/statements/<public_id>/files", methods=["GET", "POST"])
@login_required
def files(public_id: str) -> ResponseReturnValue:
    """The evidence beside a statement: put a file there, or take one off a draft."""
    statement = operations.by_public_id(actor(), public_id)
    require(actor(), "statement.edit", statement)
    form = AttachmentForm()
    if form.ready():
        try:
            operations.attach_evidence(actor(), statement, form.file.data.stream, form.file.data.filename)
            return see("statements.files", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/statements/files.html", form, statement=statement, files=attachments.attachments_of(statement))


@blueprint.route("/statements/<public_id>/files/<file_id>")
@login_required
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file, as a download."""
    statement = operations.by_public_id(actor(), public_id)
    return send_attachment(attachments.attachment_of(actor(), statement, file_id))


@blueprint.route("/statements/<public_id>/files/<file_id>/remove", methods=["POST"])
@login_required
def remove_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file off a draft."""
    statement = operations.by_public_id(actor(), public_id)
    operations.detach_evidence(actor(), statement, file_id)
    return see("statements.files", public_id=public_id)
