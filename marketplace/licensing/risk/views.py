"""Pages of risk sharing: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Blueprint, Flask, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.forms import AttachmentForm
from marketplace.catalogue.views import send
from marketplace.db import new_public_id, now
from marketplace.errors import NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing import operations as licensing
from marketplace.licensing.models import Agreement
from marketplace.licensing.risk import claiming, entries, operations, words
from marketplace.licensing.risk import watching as _watching  # noqa: F401 - registers its jobs
from marketplace.licensing.risk.duties import duties_of
from marketplace.licensing.risk.forms import AnswerForm, ClaimForm, CoverForm, MoneyForm, PayForm, ReasonForm, RequestForm
from marketplace.licensing.risk.models import Claim, Guarantee
from marketplace.people import organisations
from marketplace.record import noun
from marketplace.saying import FILTERS
from marketplace.terms.payment import from_minor
from marketplace.web import Form, actor, answer, language, see

blueprint = Blueprint("risk", __name__)


def prepare(app: Flask) -> None:
    """The words, the part on an agreement's page and the part on the desk."""
    app.jinja_env.globals.update(
        risk_words=words, risk_part=risk_part, risk_desk=risk_desk, cover_of=operations.cover_of, claim_outstanding=entries.outstanding,
    )


def risk_part(agreement: Agreement) -> Markup:
    """The guarantees as a part of the agreement's page."""
    return Markup(render_template("licensing/risk/part.html", agreement=agreement, guarantees=operations.guarantees_of(actor(), agreement)))


def risk_desk() -> Markup:
    """What waits for the person under guarantees, and whether there are any, as a part of the desk."""
    given = bool(operations.guarantees_by(actor(), 1))
    return Markup(render_template("licensing/risk/desk.html", duties=duties_of(actor()), given=given))


def _today(agreement: Agreement) -> date:
    return ledger.day_of(agreement, now())


def _steps(thing: Guarantee | Claim) -> set[str]:
    """The verbs that whoever looks may take, and that the state allows."""
    verbs = [verb for verb, step in type(thing).TRANSITIONS.items() if thing.state in step.origin]
    return {verb for verb in verbs if may(actor(), f"{noun(thing)}.{verb}", thing)}


@blueprint.route("/agreements/<public_id>/guarantees")
@login_required
def index(public_id: str) -> ResponseReturnValue:
    """The guarantees behind an agreement."""
    agreement = licensing.by_public_id(actor(), public_id)
    return answer("licensing/risk/index.html", agreement=agreement, guarantees=operations.guarantees_of(actor(), agreement))


@blueprint.route("/guarantees")
@login_required
def mine() -> ResponseReturnValue:
    """The guarantees that the actor's organisations give, and what they stand for."""
    return answer("licensing/risk/mine.html", guarantees=operations.guarantees_by(actor()), exposures=entries.exposure_of(actor()))


@blueprint.route("/agreements/<public_id>/guarantees/new", methods=["GET", "POST"])
@login_required
def new(public_id: str) -> ResponseReturnValue:
    """Ask an organisation to stand behind the agreement."""
    agreement = licensing.by_public_id(actor(), public_id)
    require(actor(), "guarantee.request", agreement)
    form = RequestForm(data=None if request.method == "POST" else {**RequestForm.FIRST, "key": new_public_id()})
    form.guarantor.choices = [("", _("Choose")), *((one.public_id, one.called(language())) for one in operations.possible_guarantors(agreement))]
    currency = ledger.version_of(agreement).terms["currency"]
    if form.ready():
        try:
            guarantee = operations.request_guarantee(
                actor(), agreement, organisations.by_public_id(form.guarantor.data), form.kind.data, form.protects.data, form.terms(currency),
                form.key.data or new_public_id(), form.note.data,
            )
            flash(_("The organisation has been asked."))
            return see("risk.show", public_id=guarantee.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/edit.html", form, agreement=agreement, guarantee=None, verb="request", currency=currency)


@blueprint.route("/guarantees/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """A guarantee as the two sides and the guarantor see it."""
    guarantee = operations.by_public_id(actor(), public_id)
    accepted = operations.acceptances_of(guarantee)
    can_accept = guarantee.state == "offered" and [side for side in operations.signing_sides(actor(), guarantee) if side not in accepted]
    return answer(
        "licensing/risk/show.html", guarantee=guarantee, cover=operations.cover_of(guarantee), version=operations.version_of(guarantee),
        accepted=accepted, can_accept=can_accept, steps=_steps(guarantee), obligations=operations.covered_by(guarantee),
        claimable=claiming.claimable(guarantee, _today(guarantee.agreement)), premium=entries.premium_schedule(guarantee, _today(guarantee.agreement)),
        premiums=entries.premiums_of(guarantee), standing=entries.standing(entries.premiums_of(guarantee)),
        sees_agreement=may(actor(), "agreement.read", guarantee.agreement), can_claim=may(actor(), "guarantee.claim", guarantee),
        can_enter=may(actor(), "guarantee.premium", guarantee),
    )


@blueprint.route("/guarantees/<public_id>/<any(offer, change):verb>", methods=["GET", "POST"])
@login_required
def propose(public_id: str, verb: str) -> ResponseReturnValue:
    """Offer a cover, or ask for another than the one offered."""
    guarantee = operations.by_public_id(actor(), public_id)
    require(actor(), f"guarantee.{verb}", guarantee)
    operation = {"offer": operations.offer_guarantee, "change": operations.change_cover}[verb]
    before = {**CoverForm.data_of(operations.cover_of(guarantee)), "version": str(guarantee.version_id)}
    form = CoverForm(data=None if request.method == "POST" else before)
    if form.ready():
        try:
            form.check_version(guarantee)
            operation(actor(), guarantee, form.terms(guarantee.currency), form.note.data)
            return see("risk.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/edit.html", form, agreement=guarantee.agreement, guarantee=guarantee, verb=verb, currency=guarantee.currency)


@blueprint.route("/guarantees/<public_id>/accept", methods=["POST"])
@login_required
def accept(public_id: str) -> ResponseReturnValue:
    """Accept the offer that was read, by its hash."""
    guarantee = operations.by_public_id(actor(), public_id)
    operations.accept_guarantee(actor(), guarantee, request.form.get("sha256", ""))
    return see("risk.show", public_id=public_id)


STEPPED: dict[str, Callable[..., Guarantee]] = {
    "decline": operations.decline_guarantee, "withdraw": operations.withdraw_guarantee, "release": operations.release_guarantee,
}


@blueprint.route("/guarantees/<public_id>/<any(decline, withdraw, release):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of the guarantee's life by a button."""
    guarantee = operations.by_public_id(actor(), public_id)
    STEPPED[verb](actor(), guarantee)
    return see("risk.show", public_id=public_id)


@blueprint.route("/guarantees/<public_id>/claims/new", methods=["GET", "POST"])
@login_required
def new_claim(public_id: str) -> ResponseReturnValue:
    """Claim what was lost."""
    guarantee = operations.by_public_id(actor(), public_id)
    require(actor(), "guarantee.claim", guarantee)
    found = claiming.claimable(guarantee, _today(guarantee.agreement))
    keys = [one.obligation.key for one in found]
    form = ClaimForm(data=None if request.method == "POST" else {"obligations": keys, "key": new_public_id()})
    form.obligations.choices = [(key, key) for key in {*keys, *request.form.getlist("obligations")}]
    if form.ready():
        try:
            claim = claiming.file_claim(actor(), guarantee, form.obligations.data, form.reason.data, form.keyed())
            flash(_("The claim is filed. Put the evidence beside it below."))
            return see("risk.claim", public_id=claim.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/claim_new.html", form, guarantee=guarantee, claimable=found)


@blueprint.route("/claims/<public_id>", methods=["GET", "POST"])
def claim(public_id: str) -> ResponseReturnValue:
    """A claim as the two sides and the guarantor see it; a file sent here is put beside it."""
    found = claiming.by_public_id(actor(), public_id)
    form = AttachmentForm()
    if form.ready():
        try:
            attachments.attach(actor(), found, form.file.data.stream, form.file.data.filename)
            return see("risk.claim", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    rows = entries.entries_of(found)
    return answer(
        "licensing/risk/claim.html", form, claim=found, guarantee=found.guarantee, steps=_steps(found),
        files=attachments.attachments_of(found), entries=rows, standing=entries.standing(rows), outstanding=entries.outstanding(found),
        notes=claiming.notes_of(found), can_enter=may(actor(), "guarantee.repay", found.guarantee), can_attach=may(actor(), "claim.edit", found),
        obligations={row.key: row for row in operations.covered_by(found.guarantee)},
    )


@blueprint.route("/claims/<public_id>/files/<file_id>")
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file beside a claim, as a download."""
    found = claiming.by_public_id(actor(), public_id)
    file = next((one for one in attachments.attachments_of(found) if one.public_id == file_id), None)
    if file is None:
        raise NotFound()
    return send(file)


CLAIM_STEPPED: dict[str, Callable[..., Claim]] = {
    "accept": claiming.accept_claim, "withdraw": claiming.withdraw_claim, "settle": claiming.settle_claim, "deny": claiming.deny_claim,
}


@blueprint.route("/claims/<public_id>/<any(accept, withdraw, settle, deny):verb>", methods=["POST"])
@login_required
def claim_step(public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of the claim's life by a button."""
    found = claiming.by_public_id(actor(), public_id)
    CLAIM_STEPPED[verb](actor(), found)
    return see("risk.claim", public_id=public_id)


def _worded_step(form: Form, found: Claim, heading: str, lead: str, button: str, act: Callable[[], object]) -> ResponseReturnValue:
    """A step that needs words: its own small page."""
    if form.ready():
        try:
            act()
            return see("risk.claim", public_id=found.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/step.html", form, claim=found, guarantee=found.guarantee, heading=heading, lead=lead, button=button)


@blueprint.route("/claims/<public_id>/refuse", methods=["GET", "POST"])
@login_required
def refuse(public_id: str) -> ResponseReturnValue:
    """Refuse a claim with a reason."""
    found = claiming.by_public_id(actor(), public_id)
    require(actor(), "claim.refuse", found)
    form = AnswerForm()
    return _worded_step(form, found, _("Refuse the claim"), _("Whoever claimed reads the reason and may claim again."), _("Refuse the claim"),
                        lambda: claiming.refuse_claim(actor(), found, form.answer.data))


@blueprint.route("/claims/<public_id>/pay", methods=["GET", "POST"])
@login_required
def pay(public_id: str) -> ResponseReturnValue:
    """Say that the claim was paid."""
    found = claiming.by_public_id(actor(), public_id)
    require(actor(), "claim.pay", found)
    form = PayForm(data=None if request.method == "POST" else {"day": _today(found.guarantee.agreement)})
    lead = _("To be paid now: %(amount)s. The other side confirms when it has come in.", amount=_money(sum(claiming.payable(found).values()), found))
    return _worded_step(form, found, _("Enter the payment of the claim"), lead, _("The claim is paid"),
                        lambda: claiming.pay_claim(actor(), found, form.day.data, form.reference.data or ""))


@blueprint.route("/claims/<public_id>/reopen", methods=["GET", "POST"])
@login_required
def reopen(public_id: str) -> ResponseReturnValue:
    """Say that the confirmed payment bounced."""
    found = claiming.by_public_id(actor(), public_id)
    require(actor(), "claim.reopen", found)
    form = ReasonForm()
    lead = _("The payment is taken out of the agreement's account, the recourse debt is cancelled, and the claim waits for payment again.")
    return _worded_step(form, found, _("The payment bounced"), lead, _("Reverse the payment"),
                        lambda: claiming.reopen_claim(actor(), found, form.reason.data))


def _money(minor: int, found: Claim) -> str:
    return FILTERS["money"](from_minor(minor, found.guarantee.currency), found.guarantee.currency)


@blueprint.route("/claims/<public_id>/repayments/new", methods=["GET", "POST"])
@login_required
def repay(public_id: str) -> ResponseReturnValue:
    """Enter that a part of a recourse debt came in."""
    found = claiming.by_public_id(actor(), public_id)
    require(actor(), "guarantee.repay", found.guarantee)
    currency = found.guarantee.currency
    form = MoneyForm().fill(from_minor(max(0, entries.outstanding(found)), currency), _today(found.guarantee.agreement))
    return _worded_step(form, found, _("Enter a repayment"), _("What the other side has paid you back for this claim."), _("Enter"),
                        lambda: entries.record_repayment(actor(), found, form.minor(currency), form.day.data, form.keyed()))


@blueprint.route("/guarantees/<public_id>/premiums/new", methods=["GET", "POST"])
@login_required
def premium(public_id: str) -> ResponseReturnValue:
    """Enter that premium came in."""
    guarantee = operations.by_public_id(actor(), public_id)
    require(actor(), "guarantee.premium", guarantee)
    today = _today(guarantee.agreement)
    schedule = entries.premium_schedule(guarantee, today)
    form = MoneyForm().fill(schedule.totals.outstanding if schedule else None, today)
    if form.ready():
        try:
            entries.record_premium(actor(), guarantee, form.minor(guarantee.currency), form.day.data, form.keyed())
            return see("risk.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/step.html", form, claim=None, guarantee=guarantee, heading=_("Enter a premium"), lead="", button=_("Enter"))


@blueprint.route("/guarantee-entries/<public_id>/take-back", methods=["GET", "POST"])
@login_required
def take_back(public_id: str) -> ResponseReturnValue:
    """Say that a premium or a repayment was entered wrong."""
    entry = entries.by_public_id(actor(), public_id)
    require(actor(), "guarantee.premium", entry.guarantee)
    form = ReasonForm()
    if form.ready():
        try:
            entries.take_back(actor(), entry, form.reason.data)
            return see("risk.claim", public_id=entry.claim.public_id) if entry.claim else see("risk.show", public_id=entry.guarantee.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/risk/step.html", form, claim=entry.claim, guarantee=entry.guarantee, heading=_("Reverse an entry"),
                  lead=_("It stays visible beside the row that reverses it."), button=_("Reverse it"))
