"""Pages of signing: read the text, ask for a code, sign; the PDFs; and the page that says whether something was signed here."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, Response, flash, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.access import may
from marketplace.catalogue.attachments import store
from marketplace.db import now
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.fields import number_in
from marketplace.licensing import operations as agreements
from marketplace.licensing.ledger import day_of, version_of
from marketplace.licensing.models import Agreement
from marketplace.licensing.signing import operations, papers
from marketplace.licensing.signing.forms import AskForm, CodeForm, VerifyForm
from marketplace.terms.payment import parse
from marketplace.web import actor, answer, limiter, see

blueprint = Blueprint("signing", __name__)

CHUNK = 256 * 1024


def prepare(app: Flask) -> None:
    """What printing needs, and what the agreement's page shows of signing."""
    settings = app.config["SETTINGS"]
    papers.configure(settings, Path(app.root_path, str(app.template_folder)), Path(str(app.static_folder)), Path(app.config["TRANSLATIONS"]))
    app.jinja_env.globals.update(
        signatures_of=operations.signatures_of, papers_of=operations.papers_of, may_sign=may_sign, certificate_owed=operations.certificate_owed,
    )


def may_sign(agreement: Agreement, of: str = "agreement") -> bool:
    """Whether the reader can sign now."""
    try:
        operations.side_to_sign(actor(), agreement, of)
    except (NotAllowed, Refused):
        return False
    return True


@blueprint.route("/agreements/<public_id>/text/<int:number>")
def read(public_id: str, number: int) -> ResponseReturnValue:
    """The text of a version, for reading; what was signed under it stands below."""
    agreement = agreements.by_public_id(actor(), public_id)
    if number not in {version.number for version in agreements.versions_of(agreement)}:
        raise NotFound()
    found = operations.text_to_sign(agreement, "agreement", number)
    given = operations.signatures_of(agreement, "agreement", number)
    return answer("licensing/signing/read.html", agreement=agreement, number=number, words=found, given=given)


@blueprint.route("/agreements/<public_id>/text/<int:number>.txt")
def plain(public_id: str, number: int) -> ResponseReturnValue:
    """The very file that is hashed."""
    agreement = agreements.by_public_id(actor(), public_id)
    if number not in {version.number for version in agreements.versions_of(agreement)}:
        raise NotFound()
    found = operations.text_to_sign(agreement, "agreement", number)
    response = Response(found.canonical.encode(), mimetype="text/plain")
    response.headers["Content-Disposition"] = f"attachment; filename=agreement-{public_id}-{number}.txt"
    return response


@blueprint.route("/agreements/<public_id>/<any(sign, certificate):what>", methods=["GET", "POST"])
@login_required
def sign(public_id: str, what: str) -> ResponseReturnValue:
    """Read what is to be signed, and ask for a code."""
    agreement = agreements.by_public_id(actor(), public_id)
    of = "certificate" if what == "certificate" else "agreement"
    operations.side_to_sign(actor(), agreement, of)
    number = agreement.version if of == "agreement" else operations.certificate_number(agreement)
    found = operations.text_to_sign(agreement, of)
    form = AskForm() if request.method == "POST" else AskForm(data={"number": str(number), "sha256": found.sha256})
    if form.ready():
        try:
            asked = number_in(form.number.data) or 0
            signature = operations.ask_code(actor(), agreement, asked, form.sha256.data, of)
            return see("signing.enter", public_id=public_id, signature_id=signature.public_id)
        except Refused as problem:
            form.refuse(problem)
            form.number.data, form.sha256.data = str(number), found.sha256
    return answer("licensing/signing/sign.html", form, agreement=agreement, of=of, words=found, number=number, late=of == "agreement" and _late(agreement))


def _late(agreement: Agreement) -> bool:
    """Whether the day of effect has passed already: signing keeps it, and the page says so."""
    terms = parse(version_of(agreement).terms, template=False)
    return bool(terms.effective and terms.effective < day_of(agreement, now()))


@blueprint.route("/agreements/<public_id>/signatures/<signature_id>", methods=["GET", "POST"])
@login_required
@limiter.limit("60 per hour", methods=["POST"])
def enter(public_id: str, signature_id: str) -> ResponseReturnValue:
    """Enter the code. A wrong one leads back here, because a page that is refused would forget that it was tried."""
    agreement = agreements.by_public_id(actor(), public_id)
    signature = operations.signature_of(actor(), agreement, signature_id)
    if signature.signed is not None:
        return see("licensing.show", public_id=public_id) if request.method == "POST" else _signed(agreement)
    form = CodeForm() if request.method == "POST" else CodeForm(data={"sha256": signature.text_sha256})
    if form.ready():
        try:
            if operations.sign(actor(), signature, form.code.data, form.sha256.data).signed is None:
                return see("signing.enter", public_id=public_id, signature_id=signature_id)
            flash(_("Signed."))
            return see("licensing.show", public_id=public_id)
        except Refused as problem:
            form.refuse(Refused(problem.message, field="code", **problem.values))
    left = operations.TRIES - signature.tries
    return answer("licensing/signing/enter.html", form, agreement=agreement, signature=signature, left=left, wrong=signature.tries > 0)


def _signed(agreement: Agreement) -> ResponseReturnValue:
    return answer("licensing/signing/signed.html", agreement=agreement)


@blueprint.route("/agreements/<public_id>/papers/<paper_id>")
def paper(public_id: str, paper_id: str) -> ResponseReturnValue:
    """One PDF, as a download."""
    agreement = agreements.by_public_id(actor(), public_id)
    found = operations.paper_of(actor(), agreement, paper_id)
    response = send_file(
        store().path(found.sha256), mimetype="application/pdf", as_attachment=True,
        download_name=f"{found.text.of}-{public_id}-{found.language}.pdf", conditional=False,
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.route("/verify", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
def verify() -> ResponseReturnValue:
    """Ask whether a text or PDF was signed here: by its hash, or by the file, which is hashed and kept nowhere."""
    form = VerifyForm()
    if form.ready():
        return see("signing.verified", sha256=_hash_of(form.file.data.stream) if form.file.data else form.sha256.data)
    return answer("licensing/signing/verify.html", form)


def _hash_of(stream: object) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK):  # type: ignore[attr-defined]
        digest.update(chunk)
    return digest.hexdigest()


@blueprint.route("/verify/<sha256>")
@limiter.limit("120 per hour")
def verified(sha256: str) -> ResponseReturnValue:
    """Whether something with this hash was signed here and when; the two sides also see under which agreement."""
    found = operations.signed_with(sha256[:64])
    own = found is not None and may(actor(), "agreement.read", found[0].agreement)
    return answer("licensing/signing/verified.html", sha256=sha256[:64], found=found, own=own)
