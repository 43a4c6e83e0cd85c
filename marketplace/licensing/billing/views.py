"""Pages of money: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.views import send
from marketplace.db import now
from marketplace.errors import N_, NotFound, Problem
from marketplace.licensing import ledger
from marketplace.licensing.billing import bank, export, operations, payments, reminders, totals, words
from marketplace.licensing.billing.forms import BankForm, PaymentForm, ProfileForm, ReasonForm, TaxNumberForm
from marketplace.licensing.billing.models import Invoice
from marketplace.licensing.models import Agreement
from marketplace.licensing.operations import by_public_id as agreement_by_id
from marketplace.ordering import Order, order
from marketplace.people import organisations
from marketplace.people.models import Organisation
from marketplace.printing import on_paper
from marketplace.terms.payment import from_minor
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, see, streamed

blueprint = Blueprint("billing", __name__)

SIDES = ("licensor", "licensee")


def prepare(app: Flask) -> None:
    """What the pages of other rooms show of money."""
    app.jinja_env.globals.update(billing_words=words, billing_part=billing_part, money_to_do=reminders.money_to_do, from_minor=from_minor)


def _organisation(public_id: str) -> Organisation:
    found = organisations.by_public_id(public_id)
    require(actor(), "organisation.money", found)
    return found


def _side() -> str:
    wanted = request.args.get("side", "licensor")
    return wanted if wanted in SIDES else "licensor"


def _number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None


@blueprint.route("/money")
@login_required
def index() -> ResponseReturnValue:
    """The money of the actor's only organisation, or which ones there are."""
    own = list(getattr(actor(), "organisations", []))
    return see("billing.money", public_id=own[0].public_id) if len(own) == 1 else answer("licensing/billing/index.html", organisations=own)


@blueprint.route("/money/<public_id>")
def money(public_id: str) -> ResponseReturnValue:
    """What is owed to an organisation and by it."""
    organisation = _organisation(public_id)
    today = operations.today_of(organisation.id, now())
    return answer(
        "licensing/billing/money.html", organisation=organisation, totals=totals.totals(actor(), organisation), years=operations.years_of(organisation),
        arrears={side: totals.arrears(actor(), organisation, side, today) for side in SIDES}, waiting=payments.waiting_for(organisation, PAGE),
        lines=len(bank.open_lines(actor(), organisation)),
    )


@blueprint.route("/money/<public_id>/invoices")
def invoices(public_id: str) -> ResponseReturnValue:
    """The invoices an organisation has issued or got."""
    organisation, page, (side, where, by) = _organisation(public_id), page_number(), asked(request.args)
    found = operations.invoices_of(actor(), organisation, side, page, PAGE, by, **where)
    chosen = {"side": side, **where}
    return answer("licensing/billing/invoices.html", organisation=organisation, invoices=found[:PAGE], page=page, more=len(found) > PAGE, chosen=chosen,
                  years=operations.years_of(organisation), order=by, total=operations.count_invoices(actor(), organisation, side, **where),
                  narrowed={**chosen, "public_id": organisation.public_id}, args={**chosen, **by.arguments, "public_id": organisation.public_id})


def asked(values: Any) -> tuple[str, dict[str, Any], Order]:
    """Which invoices an address asks for: the side, the further filters, the order."""
    state, year = values.get("state", ""), _number("year")
    where = {**({"state": state} if state in ("live", "cancelled") else {}), **({"year": year} if year else {})}
    return _side(), where, order(values.get("sort", ""), operations.INVOICE_ORDERS)


@blueprint.route("/money/<public_id>/arrears")
def arrears(public_id: str) -> ResponseReturnValue:
    """What is unpaid, by age and agreement."""
    organisation, page, side, by = _organisation(public_id), page_number(), _side(), order(request.args.get("sort", ""), totals.ORDERS)
    today = operations.today_of(organisation.id, now())
    rows = totals.arrears_by_agreement(actor(), organisation, side, today, page, PAGE, by)
    return answer("licensing/billing/arrears.html", organisation=organisation, side=side, sums=totals.arrears(actor(), organisation, side, today),
                  rows=rows[:PAGE], page=page, more=len(rows) > PAGE, today=today, order=by, total=totals.count_in_arrears(actor(), organisation, side),
                  narrowed={"public_id": organisation.public_id, "side": side}, args={"public_id": organisation.public_id, "side": side, **by.arguments})


@blueprint.route("/money/<public_id>/profile", methods=["GET", "POST"])
@login_required
def profile(public_id: str) -> ResponseReturnValue:
    """How an organisation bills."""
    organisation = _organisation(public_id)
    require(actor(), "organisation.billing", organisation)
    kept = operations.profile_of(organisation.id)
    form = ProfileForm() if request.method == "POST" else ProfileForm.of(kept)
    if form.ready():
        form.check_version(kept)
        operations.edit_profile(actor(), organisation, **form.values())
        flash(_("Saved."))
        return see("billing.money", public_id=public_id)
    return answer("licensing/billing/profile.html", form, organisation=organisation)


@blueprint.route("/money/<public_id>/<any(invoices, payments):name>-<int:year>.csv")
@limiter.limit("60 per hour")
def table(public_id: str, name: str, year: int) -> ResponseReturnValue:
    """A year's invoices or payments for a bookkeeper."""
    lines = export.table(actor(), _organisation(public_id), name, year)
    return _download(lines, "text/csv; charset=utf-8", f"{name}-{year}.csv")


@blueprint.route("/money/<public_id>/<int:year>.zip")
@limiter.limit("30 per hour")
def year_zip(public_id: str, year: int) -> ResponseReturnValue:
    """A year for a bookkeeper: both tables and every invoice as UBL."""
    parts = export.bundle(actor(), _organisation(public_id), year, _item, language())
    return _download(parts, "application/zip", f"techbridge-{year}.zip")


def _download(parts: Any, media_type: str, name: str) -> Response:
    response = streamed(parts, media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _item(invoice: Invoice) -> str:
    """What an invoice bills, in the reader's language."""
    return str(words.KIND_WORDS[words.obligation_kind(invoice.copy["obligation"])])


@blueprint.route("/invoices/<public_id>")
def invoice(public_id: str) -> ResponseReturnValue:
    """One invoice as it was issued, and what became of it."""
    return _invoice_page(operations.by_public_id(actor(), public_id), None, None)


def _invoice_page(found: Invoice, form: ReasonForm | None, tax_form: TaxNumberForm | None) -> ResponseReturnValue:
    may_cancel = found.kind != "mirror" and found.mirror is None and may(actor(), "invoice.cancel", found)
    tax = (tax_form or TaxNumberForm(formdata=None)) if may(actor(), "invoice.tax_number", found) else None
    return answer("licensing/billing/invoice.html", form or tax_form, invoice=found, item=_item(found), unpaid=_unpaid(found), tax_form=tax,
                  cancel_form=(form or ReasonForm(formdata=None)) if may_cancel else None)


def _unpaid(found: Invoice) -> int | None:
    """What is unpaid of a live invoice in minor units; None for a mirror and for what one cancels."""
    return operations.unpaid_of(found.agreement).get(found.reference)


@blueprint.route("/invoices/<public_id>/cancel", methods=["POST"])
@login_required
def cancel(public_id: str) -> ResponseReturnValue:
    """Cancel an invoice by its mirror."""
    found, form = operations.by_public_id(actor(), public_id), ReasonForm()
    require(actor(), "invoice.cancel", found)
    if form.ready():
        mirror = operations.cancel(actor(), found, form.reason.data)
        return see("billing.invoice", public_id=mirror.public_id)
    return _invoice_page(found, form, None)


@blueprint.route("/invoices/<public_id>/tax-number", methods=["POST"])
@login_required
def tax_number(public_id: str) -> ResponseReturnValue:
    """Note the number of the tax invoice beside an invoice."""
    found, form = operations.by_public_id(actor(), public_id), TaxNumberForm()
    require(actor(), "invoice.tax_number", found)
    if form.ready():
        operations.note_tax_invoice(actor(), found, form.number.data)
        return see("billing.invoice", public_id=public_id)
    return _invoice_page(found, None, form)


@blueprint.route("/invoices/<public_id>.xml")
def ubl(public_id: str) -> ResponseReturnValue:
    """An invoice as UBL 2.1."""
    found = operations.by_public_id(actor(), public_id)
    response = Response(export.as_ubl(found, _item(found), language()), mimetype="application/xml")
    response.headers.set("Content-Disposition", "attachment", filename=f"{found.reference}.xml")
    return response


@blueprint.route("/invoices/<public_id>.pdf")
@limiter.limit("120 per hour")
def paper(public_id: str) -> ResponseReturnValue:
    """An invoice on paper, made anew from what it states."""
    found = operations.by_public_id(actor(), public_id)
    response = Response(on_paper("pdf/invoice.html", invoice=found, item=_item(found)), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"{found.reference}.pdf")
    return response


@blueprint.route("/agreements/<public_id>/billing")
def agreement_money(public_id: str) -> ResponseReturnValue:
    """What is owed under an agreement, what is billed, what was paid. Before both have signed there is nothing of it."""
    agreement = agreement_by_id(actor(), public_id)
    if agreement.standing is None:
        raise NotFound()
    return answer("licensing/billing/agreement.html", **_of_agreement(agreement))


def _of_agreement(agreement: Agreement) -> dict[str, Any]:
    return {
        "agreement": agreement, "obligations": operations.obligations_of(agreement), "live": operations.live_invoices(agreement),
        "payments": payments.payments_of(agreement), "interest_to_bill": operations.interest_to_bill(agreement),
        "may_bill": may(actor(), "agreement.bill", agreement), "fits": operations.fits,
    }


def billing_part(agreement: Agreement) -> Markup:
    """The money of an agreement on its page: sums, and where to go on."""
    if not may(actor(), "agreement.read", agreement) or agreement.standing is None:
        return Markup("")
    return Markup(render_template("licensing/billing/part_billing.html", **_of_agreement(agreement)))


@blueprint.route("/agreements/<public_id>/billing/issue", methods=["POST"])
@login_required
def issue(public_id: str) -> ResponseReturnValue:
    """Bill an obligation, or the interest that has accrued."""
    agreement, key = agreement_by_id(actor(), public_id), request.form.get("key", "")
    require(actor(), "agreement.bill", agreement)
    made = operations.issue_interest(actor(), agreement) if key == operations.INTEREST else operations.issue(actor(), agreement, key)
    return see("billing.invoice", public_id=made.public_id)


@blueprint.route("/agreements/<public_id>/payments/new", methods=["GET", "POST"])
@login_required
def new_payment(public_id: str) -> ResponseReturnValue:
    """Report a payment with its proof."""
    agreement = agreement_by_id(actor(), public_id)
    require(actor(), "agreement.report_payment", agreement)
    standing = agreement.standing
    owed = [one for one in operations.obligations_of(agreement) if one.unpaid]
    known = {"obligation": request.args.get("for"), "reference": request.args.get("reference"), "day": ledger.day_of(agreement, now())}
    form = PaymentForm() if request.method == "POST" else PaymentForm.blank(**known)
    form.offer_obligations([(one.key, _owed_in_words(one)) for one in owed], _("Whatever is oldest"))
    if form.ready() and standing:
        try:
            payment = payments.report_payment(actor(), agreement, form.key.data, **form.values(standing.currency))
            if form.file.data and form.file.data.filename and not attachments.attachments_of(payment):
                payments.add_proof(actor(), payment, form.file.data.stream, form.file.data.filename)
            return see("billing.payment", public_id=payment.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("licensing/billing/new_payment.html", form, agreement=agreement)


def _owed_in_words(obligation: Any) -> str:
    amount = current_app.jinja_env.filters["money"](from_minor(obligation.unpaid, obligation.currency), obligation.currency)
    return f"{words.KIND_WORDS[obligation.kind]} {obligation.key.partition(':')[2]} · {amount}"


@blueprint.route("/payments/<public_id>")
def payment(public_id: str) -> ResponseReturnValue:
    """One payment: what it pays or would pay, its proof, its answer."""
    return _payment_page(payments.by_public_id(actor(), public_id), None)


def _payment_page(found: Any, form: ReasonForm | None) -> ResponseReturnValue:
    fault, parts = None, []
    try:
        parts = list(payments.preview(found))
    except Problem as problem:
        fault = _(problem.message, **problem.values)
    return answer("licensing/billing/payment.html", form, payment=found, parts=parts, fault=fault, files=attachments.attachments_of(found),
                  reason_form=form or ReasonForm(formdata=None), may_answer=may(actor(), "payment.confirm", found))


@blueprint.route("/payments/<public_id>.pdf")
@limiter.limit("120 per hour")
def receipt(public_id: str) -> ResponseReturnValue:
    """The receipt for a payment, for both sides. Raises `NotFound` before the licensor has confirmed it, and once it is taken back."""
    found = payments.by_public_id(actor(), public_id)
    if found.state != "confirmed":
        raise NotFound(N_("There is a receipt once the licensor has confirmed that the money has come."))
    response = Response(on_paper("pdf/payment.html", payment=found, parts=list(payments.preview(found))), mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"receipt-{public_id}.pdf")
    return response


@blueprint.route("/payments/<public_id>/confirm", methods=["POST"])
@login_required
def confirm(public_id: str) -> ResponseReturnValue:
    """The money has come."""
    payments.confirm_payment(actor(), payments.by_public_id(actor(), public_id))
    return see("billing.payment", public_id=public_id)


ANSWERS = {"reject": payments.reject_payment, "bounce": payments.bounce_payment}


@blueprint.route("/payments/<public_id>/<any(reject, bounce):verb>", methods=["POST"])
@login_required
def turn_down(public_id: str, verb: str) -> ResponseReturnValue:
    """The money has not come, or has gone back."""
    found, form = payments.by_public_id(actor(), public_id), ReasonForm()
    require(actor(), f"payment.{verb}", found)
    if form.ready():
        ANSWERS[verb](actor(), found, form.reason.data)
        return see("billing.payment", public_id=public_id)
    return _payment_page(found, form)


@blueprint.route("/payments/<public_id>/files/<file_id>")
def proof(public_id: str, file_id: str) -> ResponseReturnValue:
    """A proof of payment, as a download."""
    return send(payments.proof_of(actor(), payments.by_public_id(actor(), public_id), file_id))


@blueprint.route("/money/<public_id>/bank", methods=["GET", "POST"])
@login_required
def bank_lines(public_id: str) -> ResponseReturnValue:
    """Bring a bank statement in, and say what its lines are."""
    organisation = _organisation(public_id)
    require(actor(), "organisation.bank", organisation)
    form = BankForm()
    if form.ready():
        try:
            file = bank.bring(actor(), organisation, form.file.data.stream, form.file.data.filename, form.currency.data)
            return see("billing.bank_lines", public_id=public_id, file=file.public_id)
        except Problem as problem:
            form.refuse(problem)
    shown = request.args.get("file")
    lines = bank.open_lines(actor(), organisation)
    return answer(
        "licensing/billing/bank.html", form, organisation=organisation, lines=lines, findings=bank.proposals(actor(), organisation, lines),
        file=bank.file_of(actor(), organisation, shown) if shown else None, agreements=bank.agreements_of(organisation),
    )


@blueprint.route("/money/<public_id>/bank/<line_id>/<any(take, aside):verb>", methods=["POST"])
@login_required
def bank_line(public_id: str, line_id: str, verb: str) -> ResponseReturnValue:
    """Say that a line is a payment for an invoice or under an agreement, or none."""
    organisation = _organisation(public_id)
    line = bank.line_of(actor(), organisation, line_id)
    if verb == "aside":
        bank.set_aside(actor(), line)
        return see("billing.bank_lines", public_id=public_id)
    made = _taken(organisation, line, *request.form.get("what", "").partition(":")[::2])
    if request.form.get("sure"):
        payments.confirm_payment(actor(), made)
        flash(_("The payment is confirmed."))
        return see("billing.bank_lines", public_id=public_id)
    return see("billing.payment", public_id=made.public_id)


def _taken(organisation: Organisation, line: Any, kind: str, name: str) -> Any:
    """The payment that a line becomes: `invoice:reference`, `payment:id` or `agreement:id`."""
    if kind == "payment":
        reported = payments.by_public_id(actor(), name)
        return payments.take_line(actor(), line, reported.agreement, reported)
    if kind == "invoice":
        named = bank.invoice_named(organisation, name)
        return payments.take_line(actor(), line, named.agreement, **bank.split_of(named, line.amount))
    return payments.take_line(actor(), line, bank.agreement_of(line, name))
