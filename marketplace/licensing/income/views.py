"""Pages of the income split: load, require, check the form, call one operation, go on."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.forms import AttachmentForm
from marketplace.catalogue.operations import by_public_id as technology_of
from marketplace.catalogue.views import send
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.forms import new_key
from marketplace.licensing.income import costs, inventors, operations, policies, rules, statements, words
from marketplace.licensing.income.desk import desk_of
from marketplace.licensing.income.forms import AnswerForm, CostForm, InventorsForm, OwnUseForm, PayoutForm, PolicyForm
from marketplace.licensing.income.listings import agreements_of, technologies_of
from marketplace.licensing.income.trace import statement_of
from marketplace.licensing.models import Agreement
from marketplace.printing import on_paper
from marketplace.web import Form, actor, answer, language, limiter, see

blueprint = Blueprint("income", __name__)


def prepare(app: Flask) -> None:
    """The rules in force, and what other pages show of the income split."""
    rules.configure(app.config["SETTINGS"])
    app.jinja_env.globals.update(
        income_words=words, income_percent=rules.percent, income_part=income_part, income_desk_of=desk_of, income_links=income_links,
        weight_of=statements.weight_of, statement_of=statement_of, traced_day=date.fromisoformat, traced_amount=_traced_amount,
    )


def _traced_amount(row: dict[str, Any], currency: str) -> str:
    return str(current_app.jinja_env.filters["money"](Decimal(row["amount"]), currency))


def _may_read(organisation: Any) -> bool:
    return organisation.kind == "institute" and may(actor(), "organisation.read_income", organisation)


def income_part(agreement: Agreement) -> Markup:
    """The splits of an agreement's payments, for the institute's heads; nothing for anybody else, the licensee above all."""
    if not _may_read(agreement.licensor):
        return Markup("")
    return Markup(render_template("licensing/income/part.html", agreement=agreement, splits=operations.splits_of(agreement)))


def income_links(thing: Any) -> Markup:
    """On the page of an institute or of its technology: where its income is divided, for its heads."""
    organisation = getattr(thing, "organisation", thing)
    return Markup(render_template("licensing/income/links.html", thing=thing)) if _may_read(organisation) else Markup("")


@blueprint.route("/organisations/<public_id>/income")
@login_required
def overview(public_id: str) -> ResponseReturnValue:
    """What an institute divided by year, and what waits."""
    institute = policies.institute(actor(), public_id)
    years = statements.years(actor(), institute)
    chosen = request.args.get("year", type=int) or (years[0].year if years else policies.today().year)
    chosen = min(max(chosen, 1), 9999)
    return answer(
        "licensing/income/overview.html", institute=institute, years=years, chosen=chosen, open_splits=statements.open_splits(actor(), institute),
        inventors=statements.inventors_in(actor(), institute, chosen), policy=policies.policy_on(institute.id, policies.today()),
        proposals=[one for one in policies.versions(institute) if one.state == "proposed"], weights=inventors.proposed(institute),
    )


@blueprint.route("/organisations/<public_id>/income/policy", methods=["GET", "POST"])
@login_required
def policy(public_id: str) -> ResponseReturnValue:
    """The policy in force, its versions, and a form to propose another."""
    institute = policies.institute(actor(), public_id)
    current = policies.policy_on(institute.id, policies.today())
    form = PolicyForm() if request.method == "POST" else PolicyForm.of(current, new_key(), policies.today())
    if form.ready():
        try:
            policies.propose_policy(actor(), institute, **form.values())
            flash(_("Proposed. A second person approves it."))
            return see("income.policy", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    found = policies.versions(institute)
    return answer(
        "licensing/income/policy.html", form, institute=institute, current=current, versions=found, findings={one.id: policies.findings(one) for one in found},
        held=rules.in_force(institute.region, policies.today()), answering=AnswerForm(formdata=None),
    )


ANSWERS = {
    "policies": (policies.by_public_id, {"approve": policies.approve_policy, "refuse": policies.refuse_policy}),
    "weights": (inventors.inventorship, {"approve": inventors.approve_inventorship, "refuse": inventors.refuse_inventorship}),
    "splits": (operations.by_public_id, {"approve": operations.approve_split, "refuse": operations.refuse_split}),
}


@blueprint.route("/income/<any(policies, weights, splits):kind>/<public_id>/<any(approve, refuse):verb>", methods=["POST"])
@login_required
def answered(kind: str, public_id: str, verb: str) -> ResponseReturnValue:
    """A second person's answer to a proposal or a split."""
    load, verbs = ANSWERS[kind]
    thing = load(actor(), public_id)
    reason = AnswerForm().reason.data or ""
    verbs[verb](actor(), thing, *([reason] if verb == "refuse" else []))
    flash(_("Approved.") if verb == "approve" else _("Refused."))
    if kind == "splits":
        return see("income.split", public_id=public_id)
    if kind == "weights":
        return see("income.weights", public_id=thing.technology.public_id)
    return see("income.policy", public_id=thing.organisation.public_id)


@blueprint.route("/technologies/<public_id>/inventors", methods=["GET", "POST"])
@login_required
def weights(public_id: str) -> ResponseReturnValue:
    """The weights of a technology's inventors: those that hold, the versions, and a form to propose others."""
    technology = technology_of(actor(), public_id)
    require(actor(), "organisation.read_income", technology)
    current = inventors.in_force(technology.id)
    form = InventorsForm() if request.method == "POST" else InventorsForm.of(current, technology.inventors, new_key())
    if "more" in request.form:
        form.rows.append_entry()
    elif form.ready():
        try:
            inventors.propose_inventorship(actor(), technology, form.key.data, form.named(), (form.note.data or "").strip() or None)
            flash(_("Proposed. A second person approves it."))
            return see("income.weights", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/income/weights.html", form, technology=technology, current=current, versions=inventors.versions(technology),
                  answering=AnswerForm(formdata=None))


def _payout_form(split: Any) -> PayoutForm:
    """The receivers who have not been paid, all of them ticked."""
    due = [line for line in split.lines if line.kind == "share" and line.amount and line.payout is None]
    ticked = {} if request.method == "POST" else {"data": {"places": [line.place for line in due], "day": operations.today_of(split)}}
    form = PayoutForm(**ticked)
    form.places.choices = [(line.place, line.inventor.name or _("erased") if line.inventor else words.ROLE_WORDS[line.code]) for line in due]
    return form


@blueprint.route("/income/splits/<public_id>", methods=["GET", "POST"])
@login_required
def split(public_id: str) -> ResponseReturnValue:
    """One split, the formula line by line; the form records payouts."""
    found = operations.by_public_id(actor(), public_id)
    form = _payout_form(found)
    if form.ready():
        try:
            operations.pay_out(actor(), found, form.places.data, form.day.data, (form.note.data or "").strip() or None)
            flash(_("Recorded."))
            return see("income.split", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer(
        "licensing/income/split.html", form, split=found, answering=AnswerForm(formdata=None), is_hand=actor().id in operations.hands(found),
        stale=found.state == "computed" and operations.stale(found), related=operations.related(found), findings=operations.findings_of(found),
    )


@blueprint.route("/income/splits/<public_id>/anew", methods=["POST"])
@login_required
def anew(public_id: str) -> ResponseReturnValue:
    """Compute a split anew by what holds now."""
    found = operations.compute_anew(actor(), operations.by_public_id(actor(), public_id))
    return see("income.split", public_id=found.public_id)


def _offer_technologies(form: Any, institute: Any) -> dict[str, Any]:
    found = {one.public_id: one for one in technologies_of(institute)}
    form.technology.choices = [(key, one.titled(language())[0]) for key, one in found.items()]
    return found


@blueprint.route("/organisations/<public_id>/income/own-use", methods=["GET", "POST"])
@login_required
def own_use(public_id: str) -> ResponseReturnValue:
    """Enter the operating profit of a year in which the institute used a technology itself."""
    institute = policies.institute(actor(), public_id)
    form = OwnUseForm(data=None if request.method == "POST" else {"year": policies.today().year - 1})
    found = _offer_technologies(form, institute)
    if form.ready():
        try:
            made = operations.record_own_use(actor(), _chosen(found, form), form.year.data, form.minor, form.currency.data)
            return see("income.split", public_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    held = [rule for rule in rules.in_force(institute.region, policies.today()) if rule.when == "self"]
    return answer("licensing/income/own_use.html", form, institute=institute, held=held)


def _chosen(found: dict[str, Any], form: Form) -> Any:
    """The technology that was chosen. Raises `Refused` beside the field."""
    key = form["technology"].data
    if key not in found:
        raise Refused(N_("Choose the technology."), field="technology")
    return found[key]


@blueprint.route("/organisations/<public_id>/income/costs", methods=["GET", "POST"])
@login_required
def costs_page(public_id: str) -> ResponseReturnValue:
    """The costs of an institute with what is recovered of each, and a form to record another."""
    institute = policies.institute(actor(), public_id)
    form = CostForm(data=None if request.method == "POST" else {"key": new_key(), "day": policies.today()})
    found, agreements = _offer_technologies(form, institute), {one.public_id: one for one in agreements_of(institute)}
    form.agreement.choices = [("", _("no, for all payments for the technology")), *((key, one.titled(language())[0]) for key, one in agreements.items())]
    if form.ready():
        try:
            made = costs.record_cost(
                actor(), _chosen(found, form), form.key.data or new_key(), form.code.data, form.day.data, form.currency.data, form.minor,
                (form.note.data or "").strip() or None, agreements.get(form.agreement.data),
            )
            flash(_("Recorded."))
            return see("income.cost", public_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    rows = costs.costs_of(institute)
    return answer("licensing/income/costs.html", form, institute=institute, costs=rows, recovered=costs.recovered([one.id for one in rows]))


@blueprint.route("/income/costs/<public_id>", methods=["GET", "POST"])
@login_required
def cost(public_id: str) -> ResponseReturnValue:
    """One cost and the proofs beside it; the form adds one."""
    found = costs.by_public_id(actor(), public_id)
    form = AttachmentForm()
    if form.ready():
        try:
            attachments.attach(actor(), found, form.file.data.stream, form.file.data.filename)
            return see("income.cost", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    recovered = costs.recovered([found.id]).get(found.id, 0)
    return answer("licensing/income/cost.html", form, cost=found, files=attachments.attachments_of(found), recovered=recovered)


@blueprint.route("/income/costs/<public_id>/files/<file_id>")
@login_required
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One proof, as a download."""
    return send(attachments.attachment_of(actor(), costs.by_public_id(actor(), public_id), file_id))


@blueprint.route("/income/costs/<public_id>/files/<file_id>/remove", methods=["POST"])
@login_required
def remove_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Take a proof away that was added by mistake."""
    attachments.detach(actor(), costs.by_public_id(actor(), public_id), file_id)
    return see("income.cost", public_id=public_id)


@blueprint.route("/income/costs/<public_id>/withdraw", methods=["POST"])
@login_required
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take a cost back that was recorded wrongly."""
    costs.withdraw_cost(actor(), costs.by_public_id(actor(), public_id))
    return see("income.cost", public_id=public_id)


@blueprint.route("/income")
@login_required
def mine() -> ResponseReturnValue:
    """The reader's own income statements, and the names that may be the reader's."""
    own = [(one, statements.years_of(one)) for one in inventors.of_person(actor())]
    return answer("licensing/income/mine.html", own=own, offered=inventors.offered_to(actor()))


@blueprint.route("/income/inventors/<public_id>/claim", methods=["POST"])
@login_required
def claim(public_id: str) -> ResponseReturnValue:
    """Link the reader's account to the inventor that was invited at its address."""
    inventors.claim(actor(), inventors.unclaimed(actor(), public_id))
    return see("income.mine")


@blueprint.route("/income/inventors/<public_id>/erase", methods=["POST"])
@login_required
def erase(public_id: str) -> ResponseReturnValue:
    """Erase an inventor's name and address; amounts stay."""
    found = inventors.erase(actor(), inventors.by_public_id(actor(), public_id))
    flash(_("Name, address and account are erased; the amounts stay."))
    return see("income.overview", public_id=found.organisation.public_id)


def _statement_of(public_id: str, year: int) -> statements.IncomeStatement:
    if not 1985 <= year <= 9999:
        raise NotFound()
    return statements.statement(actor(), inventors.by_public_id(actor(), public_id), year)


@blueprint.route("/income/inventors/<public_id>/<int:year>")
@login_required
def statement(public_id: str, year: int) -> ResponseReturnValue:
    """An inventor's income statement of a year."""
    found = _statement_of(public_id, year)
    return answer("licensing/income/statement.html", statement=found, years=statements.years_of(found.inventor), is_head=_may_read(found.inventor.organisation))


def _download_of(content: bytes | str, media_type: str, public_id: str, ending: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=f"income-statement-{public_id}.{ending}")
    return response


@blueprint.route("/income/inventors/<public_id>/<int:year>.csv")
@login_required
def statement_csv(public_id: str, year: int) -> ResponseReturnValue:
    """The same as a table for Excel."""
    found = _statement_of(public_id, year)
    heads = [
        _("Approved on"), _("Received on"), _("Source"), _("Technology"), _("Inventors' share of the net"), _("Weight"), _("Awarded"), _("Currency"),
        _("Paid on"),
    ]
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(heads)
    writer.writerows([_plain(cell) for cell in statements.row(line, language(), words.SOURCE_WORDS)] for line in found.lines)
    return _download_of("\ufeff" + file.getvalue(), "text/csv", f"{public_id}-{year}", "csv")


def _plain(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula; a negative amount stays a number."""
    text = str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "@", "\t", "\r") or (text[:1] == "-" and not text[1:].replace(".", "").isdigit()) else text


@blueprint.route("/income/inventors/<public_id>/<int:year>.pdf")
@login_required
@limiter.limit("60 per hour")
def statement_pdf(public_id: str, year: int) -> ResponseReturnValue:
    """The same on paper."""
    found = _statement_of(public_id, year)
    printed = on_paper("pdf/income_statement.html", statement=found, made=policies.today())
    return _download_of(printed, "application/pdf", f"{public_id}-{year}", "pdf")
