"""Pages of agreements up to signing: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import actions_of, may, require
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, Problem, Refused
from marketplace.fields import number_in
from marketplace.licensing import clauses, operations, text, words
from marketplace.licensing.differences import differences
from marketplace.licensing.forms import ClausesForm, FilterForm, new_key
from marketplace.licensing.ledger import day_of, terms_of
from marketplace.licensing.models import Agreement
from marketplace.licensing.next_due import due_next
from marketplace.licensing.operations import Draft, Filter
from marketplace.licensing.performing.operations import WAITING
from marketplace.ordering import Order, order
from marketplace.people.models import Organisation
from marketplace.terms.forms import TermsForm
from marketplace.terms.reading import TermsError
from marketplace.terms.simulator import views as simulator
from marketplace.terms.views import in_words, note
from marketplace.web import PAGE, TAGS, actor, answer, language, page_number, see

blueprint = Blueprint("licensing", __name__)

STEPS = ("agreement.propose", "agreement.withdraw", "agreement.revise", "agreement.sign", "agreement.dispute", "agreement.correct")


def prepare(app: Flask) -> None:
    """Words for the templates of every package, and who may begin an agreement about a technology."""
    app.jinja_env.globals.update(licensing_words=words, may_license=_may_license, text_parts=text.parts, due_next=due_next)
    simulator.bind(app, "agreement", _agreed)


def _agreed(public_id: str) -> simulator.Offered:
    """The terms on the table or in force, for the simulator. Raises `NotFound` for whoever is on neither side."""
    agreement = operations.by_public_id(actor(), public_id)
    terms = dict(operations.draft_of(agreement).terms)
    start = terms_of(agreement).effective
    for name in ("effective", "end"):
        terms.pop(name, None)
    title, title_language = agreement.titled(language())
    return simulator.Offered(public_id, title, TAGS[title_language], url_for("licensing.show", public_id=public_id), terms, start)


def _may_license(technology: Technology) -> bool:
    """Whether the reader may draft an agreement about the technology: for the holder, or for another verified organisation."""
    offered = technology.kind != "negative_result" and not (technology.offer and technology.offer.mode == "open_source")
    return offered and technology.state == "published" and technology.organisation.state == "verified" and bool(_own())


@blueprint.route("/agreements")
@login_required
def index() -> ResponseReturnValue:
    """The agreements of the actor's organisations, what is due next first."""
    form = FilterForm(request.args)
    wanted, by = asked(request.args)
    page = page_number()
    rows = operations.listed(actor(), wanted, page, PAGE, by)
    narrowed = {name: value for name, value in (("status", wanted.status), ("side", wanted.side)) if value}
    return answer(
        "licensing/index.html", filters=form, agreements=rows[:PAGE], page=page, more=len(rows) > PAGE, total=operations.count(actor(), wanted), order=by,
        narrowed=narrowed, args=narrowed | by.arguments,
    )


def asked(values: Any) -> tuple[Filter, Order]:
    """Which agreements an address asks for, and in which order."""
    form = FilterForm(values)
    return Filter(form.status.data or "", form.side.data or ""), order(values.get("sort", ""), operations.ORDERS)


@blueprint.route("/technologies/<public_id>/agreements/new", methods=["GET", "POST"])
@login_required
def new(public_id: str) -> ResponseReturnValue:
    """Draft an agreement from a technology's offer: for the firm that wants it, or by its holder for a firm found by name."""
    technology = catalogue.in_full(actor(), public_id)
    if not _may_license(technology):
        raise Refused(N_("Agreements are drafted by members of verified organisations about published technologies."))
    if request.method != "POST":
        day = now().date() + timedelta(days=14)
        return _page(*_filled(operations.draft_from_offer(technology, day), key=new_key()), technology)
    form, terms = ClausesForm(), TermsForm(agreement=True)
    draft = _draft(form, terms)
    if draft is not None:
        try:
            licensor, licensee = _parties(form, technology)
            agreement = operations.create_agreement(
                actor(), technology, licensor, licensee, draft.terms, draft.clauses, note=form.note.data, key=form.key.data or None
            )
            return _saved(agreement)
        except Problem as problem:
            form.refuse_at(terms, problem)
    return _page(form, terms, technology)


@blueprint.route("/agreements/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change a draft, or propose a changed version. When another came first both texts are shown, and nothing typed is lost."""
    agreement = operations.by_public_id(actor(), public_id)
    require(actor(), "agreement.revise", agreement)
    if agreement.state not in operations.UNSIGNED:
        raise Refused(N_("This agreement can no longer be changed."))
    if request.method != "POST":
        return _page(*_filled(operations.draft_of(agreement), base=str(agreement.version)), agreement.technology, agreement)
    form, terms = ClausesForm(), TermsForm(agreement=True)
    draft = _draft(form, terms)
    if draft is not None:
        try:
            base = number_in(form.base.data) or 0
            operations.revise_agreement(actor(), agreement, base, draft.terms, draft.clauses, form.note.data)
            return _saved(agreement)
        except StaleDataError:
            return _overtaken(public_id, form, terms, draft)
        except Problem as problem:
            form.refuse_at(terms, problem)
    return _page(form, terms, agreement.technology, agreement)


def _filled(draft: Draft, **values: Any) -> tuple[ClausesForm, TermsForm]:
    """Both forms with what a draft says."""
    return ClausesForm.of(draft, **values), TermsForm.of(draft.terms)


def _draft(form: ClausesForm, terms: TermsForm) -> Draft | None:
    """What was typed; None when a button of the form was pressed or something is wrong."""
    if terms.pressed():
        return None
    if "more_acceptance" in request.form:
        form.acceptance.append_entry()
        return None
    ready, readable = form.ready(), terms.validate()
    return form.draft(terms) if ready and readable else None


def _parties(form: ClausesForm, technology: Technology) -> tuple[Organisation, Organisation]:
    """Licensor and licensee: a firm drafts for itself, the holder names the firm or chooses among those that the name may mean."""
    own = _own()
    if technology.organisation not in own:
        return technology.organisation, next((one for one in own if one.public_id == form.firm.data), own[0])
    found = operations.firms_named(form.partner.data or "", technology.organisation)
    chosen = [one for one in found if one.public_id == form.firm.data] or found
    if len(chosen) == 1:
        return technology.organisation, chosen[0]
    form.firm.choices = [(one.public_id, one.called(language())) for one in found]
    raise Refused(N_("Choose the firm that you mean.") if found else N_("No verified organisation has this name or code."), field="partner")


def _own() -> list[Organisation]:
    """The verified organisations for which the reader acts."""
    return [one for one in getattr(actor(), "organisations", []) if one.state == "verified"]


def _saved(agreement: Agreement) -> ResponseReturnValue:
    if "propose" in request.form and agreement.state == "draft":
        operations.propose_agreement(actor(), agreement)
        flash(_("The other side has been told of your proposal."))
    elif agreement.state == "proposed":
        flash(_("Your version is on the table; the other side has been told."))
    else:
        flash(_("Saved. Only your organisation sees the draft."))
    return see("licensing.show", public_id=agreement.public_id)


def _overtaken(public_id: str, form: ClausesForm, terms: TermsForm, draft: Draft) -> ResponseReturnValue:
    """409: what was typed stays in the form, beside what came in between; sent again, and mended where it is refused, it goes over that."""
    session.rollback()
    agreement = operations.by_public_id(actor(), public_id)
    theirs, rows = operations.draft_of(agreement), list[Any]()
    form.base.data = str(agreement.version)
    form.base.raw_data = None
    try:
        typed, _read = operations.checked(draft, day_of(agreement, now()))
        rows = differences((theirs.terms, theirs.clauses), (typed.terms, typed.clauses), language())
    except TermsError as error:
        form.place(terms, error.path, error.said(_))  # without a comparison: of two versions one could not be
    page, _status = _page(form, terms, agreement.technology, agreement, overtaken=operations.versions_of(agreement)[0], rows=rows)
    return page, 409


def _page(form: ClausesForm, terms: TermsForm, technology: Technology, agreement: Agreement | None = None, **values: Any) -> tuple[str, int]:
    """The form as it stands, with what the checks say of it."""
    own, read = _own(), terms.terms or terms.read()
    if technology.organisation not in own:
        form.firm.choices = [(one.public_id, one.called(language())) for one in own]
    found = operations.findings(technology, read, form.clauses(), now().date()) if read else []
    page, status = answer(
        "licensing/edit.html", form, terms=terms, technology=technology, agreement=agreement, found=note(found, terms, form, language()),
        is_holder=technology.organisation in own, said=in_words(read) if read else None, articles=clauses.DATA["article"], **values,
    )
    return page, 422 if request.method == "POST" and (form.placed or any(terms.problems())) else status


@blueprint.route("/agreements/<public_id>/<any(propose, withdraw):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Propose a draft, or withdraw what is not signed."""
    agreement = operations.by_public_id(actor(), public_id)
    if verb == "propose":
        operations.propose_agreement(actor(), agreement)
    else:
        operations.withdraw_agreement(actor(), agreement)
    return see("licensing.show", public_id=public_id)


@blueprint.route("/agreements/<public_id>/versions")
def versions(public_id: str) -> ResponseReturnValue:
    """Every version, who proposed it, and what differs between two of them."""
    agreement = operations.by_public_id(actor(), public_id)
    known = operations.versions_of(agreement)
    numbers = {version.number for version in known}
    chosen = [number for name in ("before", "after") if (number := number_in(request.args.get(name))) is not None]
    if len(chosen) != 2 or not set(chosen) <= numbers:
        chosen = [max(agreement.version - 1, 1), agreement.version]
    old, new_one = (operations.draft_of(agreement, number) for number in chosen)
    rows = differences((old.terms, old.clauses), (new_one.terms, new_one.clauses), language())
    return answer("licensing/versions.html", agreement=agreement, versions=known, before=chosen[0], after=chosen[1], rows=rows)


@blueprint.route("/agreements/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """An agreement as its two sides see it."""
    agreement = operations.by_public_id(actor(), public_id)
    draft = operations.draft_of(agreement)
    return answer(
        "licensing/show.html", agreement=agreement, steps=actions_of(actor(), agreement, STEPS), terms=terms_of(agreement), draft=draft,
        versions=operations.versions_of(agreement), own_sides=operations.own_sides(actor(), agreement),
        readable=may(actor(), "listing.read_in_full", agreement.technology), said=list(_said(draft)), waiting=WAITING,
    )


def _said(draft: Draft) -> Iterator[tuple[clauses.Clause, str]]:
    """Each clause that says something, with what it says."""
    for clause in clauses.CLAUSES:
        if value := clauses.shown(clause, clauses.value_at(draft.clauses, clause.path), language()):
            yield clause, value
