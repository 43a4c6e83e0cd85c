"""Pages of duties: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Blueprint, Flask, Response, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.views import send
from marketplace.db import now
from marketplace.errors import NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing import operations as agreements
from marketplace.licensing.duties import operations, recordals, words
from marketplace.licensing.duties.forms import (
    AnswerForm,
    FileRecordalForm,
    NoticeForm,
    NumberForm,
    ObjectionForm,
    PaperObjectionForm,
    PricingForm,
    RecordForm,
    RegistrationForm,
    sent,
)
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.duties.pricing import price_of
from marketplace.licensing.duties.registration import form_data, pack
from marketplace.licensing.duties.registration import operations as registrations
from marketplace.licensing.duties.rules import configure
from marketplace.licensing.forms import minor, new_key
from marketplace.licensing.models import Agreement
from marketplace.ordering import Order, order
from marketplace.printing import NoPaper
from marketplace.terms.payment import from_minor
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, see

blueprint = Blueprint("duties", __name__)


def prepare(app: Flask) -> None:
    """The rules in force, and what other pages show of duties."""
    configure(app.config["SETTINGS"])
    app.jinja_env.globals.update(
        duty_words=words, duties_part=duties_part, notice_reading=notice_reading, contract_kinds=form_data.KINDS,
        typed_decimal=Decimal,
    )


def notice_reading(notice: Notice) -> Any:
    """The clock of a notice today."""
    return operations.reading(notice, ledger.day_of(notice.agreement, now()))


def duties_part(agreement: Agreement) -> Markup:
    """The clocks of an agreement, for its two sides: pricing, notice, recordal, registration. Nothing for anybody else."""
    if not may(actor(), "agreement.read", agreement):
        return Markup("")
    owed = agreement.licensor.kind == "institute"
    today = ledger.day_of(agreement, now())
    return Markup(render_template(
        "licensing/duties/part.html", agreement=agreement, owed=owed, is_holder=may(actor(), "agreement.price", agreement),
        pricing=operations.pricing_of(agreement), notices=operations.notices_of(agreement), hindrance=operations.hindrance(agreement, today),
        rule=operations.least_days(agreement.licensor, today), recordal=recordals.recordal_of(agreement), today=today,
        registration=registrations.registration_of(agreement), files=attachments.attachments_of, unpublished=operations.is_unpublished(agreement),
    ))


def _asked(template: str, form: Any, agreement: Agreement, **values: Any) -> ResponseReturnValue:
    return answer(f"licensing/duties/{template}.html", form, agreement=agreement, **values)


@blueprint.route("/agreements/<public_id>/pricing", methods=["GET", "POST"])
@login_required
def pricing(public_id: str) -> ResponseReturnValue:
    """Say how the price was found."""
    agreement = agreements.by_public_id(actor(), public_id)
    require(actor(), "agreement.price", agreement)
    form = PricingForm(data=None if request.method == "POST" else {"key": new_key(), "decided_on": ledger.day_of(agreement, now())})
    if form.ready():
        try:
            operations.record_pricing(
                actor(), agreement, form.key.data, form.mode.data, form.decided_by.data, form.decided_on.data, (form.basis.data or "").strip() or None,
                sent(form.minutes),
            )
            return see("duties.notice", public_id=public_id) if form.mode.data == "agreement" else see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return _asked("pricing", form, agreement)


@blueprint.route("/agreements/<public_id>/pricing/files/<file_id>")
@login_required
def pricing_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """The minutes of the pricing, for the institute."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = operations.pricing_of(agreement)
    if found is None:
        raise NotFound()
    return send(attachments.attachment_of(actor(), found, file_id))


@blueprint.route("/agreements/<public_id>/notice", methods=["GET", "POST"])
@login_required
def notice(public_id: str) -> ResponseReturnValue:
    """Publish the price that was agreed."""
    agreement = agreements.by_public_id(actor(), public_id)
    require(actor(), "agreement_notice.create", agreement)
    rule = operations.least_days(agreement.licensor, ledger.day_of(agreement, now()))
    form = NoticeForm() if request.method == "POST" else NoticeForm(data={
        "key": new_key(), "days": (rule.days if rule else None) or 15, **{f"abstract_{lang}": text for lang, text in agreement.technology.abstract.items()}})
    if form.ready():
        try:
            abstract = {lang: text for lang in ("zh", "en") if (text := (form[f"abstract_{lang}"].data or "").strip())}
            made = operations.publish_notice(
                actor(), agreement, form.key.data, abstract, form.related.data == "yes", (form.related_note.data or "").strip() or None, form.days.data,
                form.names_licensee.data,
            )
            flash(_("Published."))
            return see("duties.show_notice", public_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return _asked(
        "notice_form", form, agreement, hints=operations.hints_of(agreement), rule=rule, shown=operations.shown_to(agreement.technology),
        pricing=operations.pricing_of(agreement), price=price_of(ledger.version_of(agreement).terms),
    )


@blueprint.route("/notices")
def notices() -> ResponseReturnValue:
    """The notices that the reader may read, newest first."""
    page, (state, by) = page_number(), asked(request.args)
    rows = operations.listed(actor(), page, PAGE, state, by)
    narrowed = {"state": state} if state else {}
    return answer("licensing/duties/notices.html", notices=rows[:PAGE], page=page, more=len(rows) > PAGE, total=operations.count(actor(), state), order=by,
                  narrowed=narrowed, args=narrowed | by.arguments)


def asked(values: Any) -> tuple[str, Order]:
    """Which notices an address asks for, and in which order."""
    state = values.get("state", "")
    return state if state in words.NOTICE_WORDS else "", order(values.get("sort", ""), operations.ORDERS)


@blueprint.route("/notices/<public_id>")
def show_notice(public_id: str) -> ResponseReturnValue:
    """One notice: what is published, how its clock stands, what was objected."""
    found = operations.by_public_id(actor(), public_id)
    inside, is_side = may(actor(), "agreement_notice.enter_objection", found), may(actor(), "agreement.read", found.agreement)
    return answer(
        "licensing/duties/notice.html", notice=found, reading=notice_reading(found), inside=inside, is_side=is_side,
        readable={one.id for one in found.objections if may(actor(), "notice_objection.read", one)},
    )


@blueprint.route("/notices/<public_id>/object", methods=["GET", "POST"])
@login_required
@limiter.limit("30 per hour", methods=["POST"])
def object_to(public_id: str) -> ResponseReturnValue:
    """Object to a notice."""
    found = operations.by_public_id(actor(), public_id)
    form = ObjectionForm(data=None if request.method == "POST" else {"key": new_key()})
    if form.ready():
        try:
            made = operations.object_to(actor(), found, form.key.data, form.text.data, sent(form.file))
            return see("duties.objection", public_id=public_id, objection_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/duties/object.html", form, notice=found, on_paper=False)


@blueprint.route("/notices/<public_id>/paper", methods=["GET", "POST"])
@login_required
def paper(public_id: str) -> ResponseReturnValue:
    """Enter an objection that came on paper."""
    found = operations.by_public_id(actor(), public_id)
    require(actor(), "agreement_notice.enter_objection", found)
    form = PaperObjectionForm(data=None if request.method == "POST" else {"key": new_key(), "received_on": ledger.day_of(found.agreement, now())})
    if form.ready():
        try:
            made = operations.enter_objection(
                actor(), found, form.key.data, form.text.data, form.received_from.data, form.received_on.data, sent(form.file))
            return see("duties.objection", public_id=public_id, objection_id=made.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/duties/object.html", form, notice=found, on_paper=True)


@blueprint.route("/notices/<public_id>/objections/<objection_id>", methods=["GET", "POST"])
@login_required
def objection(public_id: str, objection_id: str) -> ResponseReturnValue:
    """One objection, for the institute and whoever raised it; the form answers it."""
    notice = operations.by_public_id(actor(), public_id)
    found = operations.objection_of(actor(), notice, objection_id)
    form = AnswerForm()
    if form.ready():
        try:
            operations.answer_objection(actor(), found, form.verdict.data == "upheld", form.reasons.data)
            flash(_("Answered."))
            return see("duties.show_notice", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    can = found.state == "open" and may(actor(), "notice_objection.reject", found) and (found.received_from is not None or found.person_id != actor().id)
    return answer("licensing/duties/objection.html", form, notice=notice, objection=found, may_answer=can, files=attachments.attachments_of(found))


@blueprint.route("/notices/<public_id>/objections/<objection_id>/files/<file_id>")
@login_required
def objection_file(public_id: str, objection_id: str, file_id: str) -> ResponseReturnValue:
    """A file beside an objection."""
    notice = operations.by_public_id(actor(), public_id)
    return send(attachments.attachment_of(actor(), operations.objection_of(actor(), notice, objection_id), file_id))


@blueprint.route("/notices/<public_id>/withdraw", methods=["POST"])
@login_required
def withdraw(public_id: str) -> ResponseReturnValue:
    """Take a notice back."""
    operations.withdraw_notice(actor(), operations.by_public_id(actor(), public_id))
    return see("duties.show_notice", public_id=public_id)


def _recordal(agreement: Agreement) -> Any:
    found = recordals.recordal_of(agreement)
    if found is None:
        raise NotFound()
    return found


@blueprint.route("/agreements/<public_id>/recordal/<any(file, record):verb>", methods=["GET", "POST"])
@login_required
def recordal(public_id: str, verb: str) -> ResponseReturnValue:
    """Enter that the licence was filed with the patent office, or what the office gave."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = _recordal(agreement)
    day = {"filed_on" if verb == "file" else "recorded_on": ledger.day_of(agreement, now())}
    form = (FileRecordalForm if verb == "file" else RecordForm)(data=None if request.method == "POST" else day)
    if form.ready():
        try:
            if verb == "file":
                recordals.file_recordal(actor(), found, form["filed_on"].data, sent(form["file"]))
            else:
                recordals.enter_recordal(actor(), found, form["number"].data, form["recorded_on"].data, sent(form["file"]))
            return see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return _asked("recordal", form, agreement, recordal=found, verb=verb)


@blueprint.route("/agreements/<public_id>/recordal/files/<file_id>")
@login_required
def recordal_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """A paper of the recordal."""
    return send(attachments.attachment_of(actor(), _recordal(agreements.by_public_id(actor(), public_id)), file_id))


def _registration_form(agreement: Agreement) -> RegistrationForm:
    """The form as it was saved, else with what the agreement proposes."""
    currency = ledger.terms_of(agreement).currency
    if request.method == "POST":
        form = RegistrationForm()
        form.currency.data = currency
        return form
    found = registrations.registration_of(agreement)
    if found is None:
        data: dict[str, Any] = {
            "kind": form_data.proposed_kind(agreement), "side": form_data.registering_side(agreement), "total": form_data.fixed_total(agreement)}
    else:
        amounts = {name: f"{from_minor(getattr(found, name), found.currency):f}" for name in ("total", "technology_amount")}
        data = {"kind": found.kind, "side": found.side, **amounts, **{f"asked_{code}": text for code, text in found.details.items()}}
        data |= {"seller_address": found.addresses.get("licensor"), "buyer_address": found.addresses.get("licensee")}
    return RegistrationForm(data={**data, "currency": currency})


@blueprint.route("/agreements/<public_id>/registration", methods=["GET", "POST"])
@login_required
def registration(public_id: str) -> ResponseReturnValue:
    """Prepare the registration of the contract; the pack is taken from here."""
    agreement = agreements.by_public_id(actor(), public_id)
    form = _registration_form(agreement)
    if form.ready():
        try:
            addresses = {"licensor": (form.seller_address.data or "").strip(), "licensee": (form.buyer_address.data or "").strip()}
            details = {code: (form[f"asked_{code}"].data or "").strip() for code in form_data.ASKED}
            total, technology = (minor(field.data, form.currency.data) for field in (form.total, form.technology_amount))
            registrations.prepare_registration(actor(), agreement, form.kind.data, form.side.data, total, technology, addresses, details)
            flash(_("Saved."))
            return see("duties.registration", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    found = registrations.registration_of(agreement)
    return _asked("registration", form, agreement, registration=found, missing=form_data.missing(agreement, found) if found else None,
                  source=form_data.DATA["source"][language()])


@blueprint.route("/agreements/<public_id>/registration/pack.zip")
@login_required
@limiter.limit("60 per hour")
def registration_pack(public_id: str) -> ResponseReturnValue:
    """The registration pack."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = registrations.registration_of(agreement)
    if found is None:
        raise NotFound()
    try:
        content = pack.pack(actor(), agreement, found, language())
    except OSError as error:
        raise NoPaper() from error
    response = Response(content, mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"registration-{public_id}.zip")
    return response


@blueprint.route("/agreements/<public_id>/registration/number", methods=["GET", "POST"])
@login_required
def registration_number(public_id: str) -> ResponseReturnValue:
    """Enter the number that the registration office gave."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = registrations.registration_of(agreement)
    if found is None:
        raise NotFound()
    form = NumberForm(data=None if request.method == "POST" else {"registered_on": ledger.day_of(agreement, now())})
    if form.ready():
        try:
            registrations.enter_registration(actor(), found, form.number.data, form.registered_on.data, sent(form.file))
            return see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return _asked("registration_number", form, agreement)


@blueprint.route("/agreements/<public_id>/registration/files/<file_id>")
@login_required
def registration_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """The certificate of the registration."""
    found = registrations.registration_of(agreements.by_public_id(actor(), public_id))
    if found is None:
        raise NotFound()
    return send(attachments.attachment_of(actor(), found, file_id))
