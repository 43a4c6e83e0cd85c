"""Pages of the asset register, for the owners and signatories of the institute alone."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, Flask, flash, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may
from marketplace.catalogue import attachments
from marketplace.catalogue.views import send
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.duties.forms import sent
from marketplace.licensing.duties.register import decisions, operations
from marketplace.licensing.duties.register import evidence as _evidence  # noqa: F401 - registers its job
from marketplace.licensing.duties.register.forms import AssetForm, DaysForm, DecisionForm, ExportForm, FilterForm, VoidForm
from marketplace.licensing.forms import new_key
from marketplace.licensing.income import policies
from marketplace.terms.payment import from_minor
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, see

blueprint = Blueprint("register", __name__)

ROWS = 50


def prepare(app: Flask) -> None:
    """The way to the register from the page of an institute or of its technology."""
    app.jinja_env.globals.update(register_links=register_links)


def register_links(thing: Any) -> Markup:
    """Where an institute's register is, for its heads; nothing for anybody else."""
    organisation = getattr(thing, "organisation", thing)
    if organisation.kind != "institute" or not may(actor(), "organisation.read_register", organisation):
        return Markup("")
    return Markup(render_template("licensing/duties/register/links.html", thing=thing, organisation=organisation))


@blueprint.route("/organisations/<public_id>/register")
@login_required
def overview(public_id: str) -> ResponseReturnValue:
    """The assets of an institute with their states."""
    institute, today = operations.institute(actor(), public_id), policies.today()
    form, page = FilterForm(request.args), page_number()
    state = form.state.data if form.state.data in operations.STATES else ""
    number = (form.number.data or "").strip()
    rows = operations.listed(institute, today, state, number, page, ROWS)
    return answer(
        "licensing/duties/register/overview.html", institute=institute, lines=rows[:ROWS], more=len(rows) > ROWS, page=page, filters=form, today=today,
        total=operations.count(institute, today, state, number), counts=operations.counts(institute, today), costs=operations.costs(institute),
        args={name: value for name, value in (("state", state), ("number", number)) if value},
    )


@blueprint.route("/organisations/<public_id>/register/<technology_id>", methods=["GET", "POST"])
@login_required
def asset(public_id: str, technology_id: str) -> ResponseReturnValue:
    """One asset: how it was come by, and every decision about it."""
    institute = operations.institute(actor(), public_id)
    technology = operations.technology_of(institute, technology_id)
    found = operations.asset_of(technology)
    form = AssetForm() if request.method == "POST" else AssetForm(data=_filled(found))
    if form.ready():
        try:
            operations.record_asset(
                actor(), technology, form.acquisition.data, form.acquired_on.data, form.minor, form.currency.data, (form.note.data or "").strip() or None)
            flash(_("Saved."))
            return see("register.asset", public_id=public_id, technology_id=technology_id)
        except Refused as problem:
            form.refuse(problem)
    page = page_number()
    rows = decisions.listed(institute, None, None, technology, page, PAGE)
    (line,) = operations.listed(institute, policies.today(), "", technology.public_id, 1, 1)
    return answer("licensing/duties/register/asset.html", form, institute=institute, technology=technology, asset=found, state=line.state, page=page,
                  more=len(rows) > PAGE, args={"technology_id": technology_id}, **_shown(rows[:PAGE]))


def _filled(found: Any) -> dict[str, Any]:
    """What the form of an asset begins with."""
    if found is None:
        return {"currency": "CNY"}
    cost = f"{from_minor(found.cost, found.currency):f}" if found.cost is not None else ""
    return {"acquisition": found.acquisition, "acquired_on": found.acquired_on, "note": found.note, "cost": cost, "currency": found.currency or "CNY"}


def _shown(rows: list[Any]) -> dict[str, Any]:
    """Decisions with what voids them and their minutes."""
    return {"decisions": rows, "voided": decisions.voided(one.id for one in rows), "minutes": decisions.minutes_of(rows)}


@blueprint.route("/organisations/<public_id>/decisions")
@login_required
def listed(public_id: str) -> ResponseReturnValue:
    """The decisions of an institute."""
    institute = operations.institute(actor(), public_id)
    days, page = DaysForm(request.args), page_number()
    first, last = (field.data if isinstance(field.data, date) else None for field in (days.first, days.last))
    rows = decisions.listed(institute, first, last, None, page, PAGE)
    args = {name: day.isoformat() for name, day in (("first", first), ("last", last)) if day}
    shown = _shown(rows[:PAGE])
    return answer("licensing/duties/register/decisions.html", institute=institute, days=days, page=page, more=len(rows) > PAGE, args=args,
                  total=decisions.count(institute, first, last), **shown)


@blueprint.route("/organisations/<public_id>/decisions/new", methods=["GET", "POST"])
@login_required
def decide(public_id: str) -> ResponseReturnValue:
    """Enter a decision with its minutes."""
    institute = operations.institute(actor(), public_id)
    begun = {"key": new_key(), "day": policies.today(), "technology": request.args.get("technology", "")}
    form = DecisionForm(data=None if request.method == "POST" else begun)
    if form.ready():
        try:
            decisions.decide(
                actor(), institute, form.key.data, form.kind.data, form.day.data, form.decided_by.data, form.basis.data, _named(institute, form),
                sent(form.minutes),
            )
            flash(_("Entered."))
            return see("register.listed", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/duties/register/decide.html", form, institute=institute)


def _named(institute: Any, form: DecisionForm) -> Any:
    """The technology that was named by a number; None where none is. Raises `Refused` beside the field."""
    number = (form.technology.data or "").strip()
    found = operations.listed(institute, policies.today(), "", number, 1, 1)[:1] if number else []
    if number and not found:
        raise Refused(N_("Your institute has no technology of this number."), field="technology")
    return found[0].technology if found else None


@blueprint.route("/decisions/<public_id>/void", methods=["GET", "POST"])
@login_required
def void(public_id: str) -> ResponseReturnValue:
    """Enter that a decision counts no longer."""
    found = decisions.by_public_id(actor(), public_id)
    form = VoidForm(data=None if request.method == "POST" else {"key": new_key()})
    if form.ready():
        try:
            decisions.void_decision(actor(), found, form.key.data, form.basis.data, sent(form.minutes))
            return see("register.listed", public_id=found.organisation.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/duties/register/void.html", form, decision=found)


@blueprint.route("/decisions/<public_id>/files/<file_id>")
@login_required
def decision_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Minutes of a decision, or of what it was written from."""
    found = decisions.by_public_id(actor(), public_id)
    minutes = decisions.minutes_of([found]).get(found.id, [])
    file = next((one for one in minutes if one.public_id == file_id), None)
    if file is None:
        raise NotFound()
    return send(file)


@blueprint.route("/organisations/<public_id>/register/evidence", methods=["GET", "POST"])
@login_required
@limiter.limit("30 per hour", methods=["POST"])
def evidence(public_id: str) -> ResponseReturnValue:
    """Ask for the register as evidence; what was asked for is made by a job and stands here."""
    institute, today = operations.institute(actor(), public_id), policies.today()
    form = ExportForm(data=None if request.method == "POST" else {"key": new_key(), "first": date(today.year, 1, 1), "last": today})
    if form.ready():
        try:
            operations.ask_evidence(actor(), institute, form.key.data, form.first.data, form.last.data, language())
            return see("register.evidence", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("licensing/duties/register/evidence.html", form, institute=institute, exports=operations.exports_of(institute))


@blueprint.route("/evidence/<public_id>.zip")
@login_required
def download(public_id: str) -> ResponseReturnValue:
    """A finished export."""
    found = operations.export_of(actor(), public_id)
    path = attachments.store().path(found.sha256)
    if not path.exists():
        raise NotFound(N_("This file is missing on our side. Please tell whoever runs the site."))
    name = f"register-{found.organisation.public_id}-{found.first}-{found.last}.zip"
    return send_file(path, mimetype="application/zip", as_attachment=True, download_name=name, max_age=0)
