"""Pages of access to blind listings: ask, answer, NDA and its signatures, the desk, the log, the operator's look."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

from flask import Blueprint, Flask, Response, flash, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import may, require
from marketplace.db import now
from marketplace.errors import N_, NotAllowed, Problem, Refused
from marketplace.people import organisations
from marketplace.people.grants import nda as template
from marketplace.people.grants import operations, signing, words
from marketplace.people.grants.forms import AnswerForm, AskForm, CodeForm, LookForm, NdaForm, SignForm, end_of
from marketplace.people.grants.models import AccessEntry, Nda
from marketplace.people.models import AccessGrant, Organisation
from marketplace.record import noun
from marketplace.web import PAGE, actor, answer, language, limiter, page_number, see

blueprint = Blueprint("grants", __name__)

MOST_LINES = 50_000  # of a log as a file


def prepare(app: Flask) -> None:
    """Words of access, and what a listing's page may show of it."""
    app.jinja_env.globals.update(
        grant_words=words, listing_of_grant=operations.listing_of, grant_state=state_of, owner_is_told=owner_is_told, access_to_answer=access_to_answer,
    )


def state_of(grant: AccessGrant) -> str:
    """Where a request stands today: a grant whose day has passed is over."""
    return "ended" if grant.state == "granted" and grant.until and grant.until <= now() else grant.state


def owner_is_told(grant: AccessGrant) -> bool:
    """Whether the asking side knows whose listing it is: since the access was given, or where the NDA says so."""
    nda = operations.nda_of(grant)
    return grant.until is not None or nda is not None and nda.nonce is None


def access_to_answer() -> int:
    """How many requests wait for the actor's organisations, for their desk."""
    return sum(grant.state == "asked" for grant in operations.asked_of(actor())) if actor().seats else 0


@blueprint.route("/access")
@login_required
def index() -> ResponseReturnValue:
    """The desk: what others ask of us, and what we have asked for."""
    return answer("people/grants/index.html", to_us=operations.asked_of(actor()), ours=operations.asked_by(actor()), houses=_houses())


def _houses() -> list[Organisation]:
    return list(getattr(actor(), "organisations", []))


@blueprint.route("/access/<any(technology, need):noun>/<public_id>", methods=["GET", "POST"])
@login_required
@limiter.limit("60 per hour", methods=["POST"])
def ask(noun: str, public_id: str) -> ResponseReturnValue:
    """Ask for access to a blind listing."""
    listing = operations.listing_called(actor(), noun, public_id)
    there = _asked_already(listing)
    if there is not None:
        return see("grants.show", public_id=there.public_id)
    if not _houses():
        if may(actor(), "listing.look_into", listing):
            return see("grants.look", noun=noun, public_id=public_id)
        flash(_("Enter your organisation first: access is given to organisations."))
        return see("people.new_organisation")
    form = AskForm()
    form.offer(_houses(), language())
    if form.ready():
        try:
            house = next(one for one in _houses() if one.public_id == form.organisation.data)
            grant = operations.ask_access(actor(), listing, house, form.purpose.data)
            flash(_("Your request is on its way to the owner, who answers by mail."))
            return see("grants.show", public_id=grant.public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/grants/ask.html", form, listing=listing, noun=noun)


def _asked_already(listing: Any) -> AccessGrant | None:
    """The request of one of the actor's organisations that waits or is granted: nobody asks twice."""
    asked = (operations.latest(listing, house) for house in _houses())
    return next((grant for grant in asked if grant is not None and state_of(grant) in ("asked", "nda", "granted")), None)


@blueprint.route("/access/<any(technology, need):noun>/<public_id>/look", methods=["GET", "POST"])
@login_required
def look(noun: str, public_id: str) -> ResponseReturnValue:
    """The operator opens a blind listing for a day, for a written reason."""
    listing = operations.listing_called(actor(), noun, public_id)
    if not may(actor(), "listing.look_into", listing):
        raise NotAllowed()
    form = LookForm()
    if form.ready():
        try:
            operations.look_into(actor(), listing, form.reason.data)
            flash(_("Open to you for 24 hours. The owner is told."))
            return see({"technology": "catalogue.show", "need": "needs.show"}[noun], public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("people/grants/look.html", form, listing=listing, noun=noun)


@blueprint.route("/access/<public_id>", methods=["GET", "POST"])
@login_required
def show(public_id: str) -> ResponseReturnValue:
    """One request: what for, how it stands, and for the owner the answer."""
    grant = operations.by_public_id(actor(), public_id)
    form = AnswerForm() if request.method == "POST" else AnswerForm(data={"version": str(grant.version_id), "until": _usual(grant)})
    if form.ready():
        form.check_version(grant)
        try:
            _answered(grant, request.form.get("verb", ""), form)
            return see("grants.show", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    nda = operations.nda_of(grant)
    return answer(
        "people/grants/show.html", form, grant=grant, listing=operations.listing_of(grant), nda=nda, given=signing.given(nda) if nda else {},
        ours=grant.owner_id in actor().seats, may_sign=bool(nda) and _may_sign(nda), needs_nda=operations.needs_nda(grant),
        signed=operations.is_signed(nda), digest=signing.digest_of(grant.owner, nda.nonce) if nda and nda.nonce else None,
    )


def _usual(grant: AccessGrant) -> object:
    """The day that the form proposes: as it stands, else the usual time from today."""
    return (grant.until - timedelta(days=1) if grant.until else now() + operations.USUAL).date()


def _answered(grant: AccessGrant, verb: str, form: AnswerForm) -> None:
    """What the owner's button says."""
    until, reason = end_of(form.until.data), form.reason.data or ""
    if verb == "grant":
        operations.grant_access(actor(), grant, until)
    elif verb == "extend" and until:
        operations.extend_access(actor(), grant, until)
    elif verb == "refuse":
        operations.refuse_access(actor(), grant, reason)
    elif verb == "revoke":
        operations.revoke_access(actor(), grant, reason)
    else:
        raise Refused(N_("Choose an answer."))


@blueprint.route("/access/<public_id>/nda", methods=["GET", "POST"])
@login_required
def ask_nda(public_id: str) -> ResponseReturnValue:
    """The owner puts an NDA before the access."""
    grant = operations.by_public_id(actor(), public_id)
    if not may(actor(), "access_grant.ask_nda", grant):
        raise NotAllowed()
    blank = {"version": str(grant.version_id), "years": 3, "until": _usual(grant)}
    form = NdaForm() if request.method == "POST" else NdaForm(data=blank)
    if form.ready():
        form.check_version(grant)
        own = form.file.data
        try:
            signing.ask_nda(
                actor(), grant, years=form.years.data or 0, named=form.named.data, grant_until=end_of(form.until.data) if form.give.data else None,
                file=(own.stream, own.filename) if own and own.filename else None,
            )
            return see("grants.sign", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("people/grants/nda.html", form, grant=grant)


def _nda(public_id: str) -> Nda:
    return signing.by_public_id(actor(), operations.by_public_id(actor(), public_id))


def _may_sign(nda: Nda) -> bool:
    try:
        signing.side_to_sign(actor(), nda)
    except Problem:
        return False
    return True


@blueprint.route("/access/<public_id>/nda.txt")
@login_required
def plain(public_id: str) -> ResponseReturnValue:
    """The very file that is hashed, where it is our template's."""
    nda = _nda(public_id)
    if nda.zh is None or nda.en is None:
        return see("grants.file", public_id=public_id)
    response = Response(template.canonical(nda.zh, nda.en).encode(), mimetype="text/plain")
    response.headers["Content-Disposition"] = f"attachment; filename=nda-{public_id}.txt"
    return response


@blueprint.route("/access/<public_id>/nda.pdf")
@login_required
def file(public_id: str) -> ResponseReturnValue:
    """The owner's PDF, as a download."""
    nda = _nda(public_id)
    path = signing.pdf_of(actor(), nda)
    return send_file(path, mimetype="application/pdf", as_attachment=True, download_name=nda.file_name, max_age=0)


@blueprint.route("/access/<public_id>/sign", methods=["GET", "POST"])
@login_required
def sign(public_id: str) -> ResponseReturnValue:
    """Read the NDA, and ask for a code to sign it."""
    nda = _nda(public_id)
    if request.method == "POST":
        require(actor(), "nda.sign", nda)
    form = SignForm() if request.method == "POST" else SignForm(data={"sha256": nda.sha256})
    if form.ready():
        try:
            signature = signing.ask_code(actor(), nda, form.sha256.data)
            return see("grants.enter", public_id=public_id, signature_id=signature.public_id)
        except Refused as problem:
            form.refuse(problem)
            form.sha256.data = nda.sha256
    return answer("people/grants/sign.html", form, grant=nda.grant, nda=nda, given=signing.given(nda), may_sign=_may_sign(nda))


@blueprint.route("/access/<public_id>/signatures/<signature_id>", methods=["GET", "POST"])
@login_required
@limiter.limit("60 per hour", methods=["POST"])
def enter(public_id: str, signature_id: str) -> ResponseReturnValue:
    """Enter the code. A wrong one leads back here, because a page that is refused would forget that it was tried."""
    nda = _nda(public_id)
    signature = signing.signature_of(actor(), nda, signature_id)
    if signature.signed is not None:
        return see("grants.show", public_id=public_id)
    form = CodeForm() if request.method == "POST" else CodeForm(data={"sha256": signature.text_sha256})
    if form.ready():
        try:
            if signing.sign(actor(), signature, form.code.data, form.sha256.data).signed is None:
                return see("grants.enter", public_id=public_id, signature_id=signature_id)
            flash(_("Signed."))
            return see("grants.show", public_id=public_id)
        except Refused as problem:
            form.refuse(Refused(problem.message, field="code", **problem.values))
    left = signing.TRIES - signature.tries
    return answer("people/grants/enter.html", form, grant=nda.grant, signature=signature, left=left, wrong=signature.tries > 0)


@blueprint.route("/access/log/<public_id>")
@login_required
def log(public_id: str) -> ResponseReturnValue:
    """Who opened what of an organisation's blind listings, newest first; of one listing where `of` and `listing` name it."""
    house, listing, page = organisations.by_public_id(public_id), _asked_listing(), page_number()
    rows = operations.log_of(actor(), house, page, PAGE, listing)
    titles = {(row.thing, row.thing_id): operations.listing_of(row).titled(language()) for row in rows}
    looks = operations.looks_at(house) if page == 1 and listing is None else []
    return answer(
        "people/grants/log.html", house=house, rows=rows[:PAGE], page=page, more=len(rows) > PAGE, titles=titles, looks=looks, listing=listing,
        args={"of": noun(listing), "listing": listing.public_id} if listing else {},
    )


def _asked_listing() -> Any:
    name, key = request.args.get("of"), request.args.get("listing")
    return operations.listing_called(actor(), name, key) if name and key else None


@blueprint.route("/access/log/<public_id>.csv")
@login_required
def log_file(public_id: str) -> ResponseReturnValue:
    """The log as a file."""
    house = organisations.by_public_id(public_id)
    rows = operations.log_of(actor(), house, 1, MOST_LINES, _asked_listing())
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow([_("When"), _("Reader"), _("Organisation"), _("What was opened"), _("File"), _("Listing"), _("Title")])
    writer.writerows([_plain(cell) for cell in _line(row)] for row in rows[:MOST_LINES])
    response = Response("\ufeff" + file.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f"attachment; filename=access-log-{public_id}.csv"
    return response


def _line(row: AccessEntry) -> list[str]:
    listing = operations.listing_of(row)
    who = row.organisation.called(language()) if row.organisation else _("the site's operator")
    return [row.at.isoformat(timespec="seconds"), row.person.name, who, str(words.WHAT_WORDS[row.what]), row.about or "", listing.public_id,
            listing.titled(language())[0]]


def _plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
