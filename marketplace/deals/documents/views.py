"""Pages of a deal's documents: the list in the deal, one document with its versions and its log, the download."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from markupsafe import Markup

from marketplace.access import may, require
from marketplace.catalogue.attachments import MEGABYTE, upload_limit
from marketplace.catalogue.scanning.operations import states_of
from marketplace.deals import operations as deals
from marketplace.deals.documents import operations
from marketplace.deals.documents.forms import READER_WORDS, DocumentForm, VersionForm
from marketplace.deals.documents.models import Document
from marketplace.deals.models import Deal
from marketplace.errors import Problem
from marketplace.fields import number_in
from marketplace.web import PAGE, actor, answer, page_number, see

blueprint = Blueprint("documents", __name__)


def prepare(app: Flask) -> None:
    """What the deal's page shows of its documents, and the lines of its timeline."""
    app.jinja_env.globals.update(
        deal_documents_part=documents_part, document_of_entry=lambda entry: operations.of_entry(actor(), entry), document_readers=READER_WORDS,
    )
    app.jinja_env.globals.setdefault("entry_templates", {}).update(dict.fromkeys(operations.KINDS, "deals/entries/documents.html"))


def documents_part(deal: Deal) -> Markup:
    """The list of the documents that the reader may open, and the way to add one."""
    found = operations.documents_of(actor(), deal)
    newest = {document.id: document.versions[0] for document in found}
    return Markup(render_template(
        "deals/documents/part.html", deal=deal, documents=found, newest=newest, states=states_of(version.sha256 for version in newest.values()),
        takes_part=may(actor(), "deal.take_part", deal),
    ))


@blueprint.route("/deals/<public_id>/documents", methods=["GET", "POST"])
@login_required
def new(public_id: str) -> ResponseReturnValue:
    """Put a document into the deal."""
    deal = deals.by_public_id(actor(), public_id)
    require(actor(), "deal.take_part", deal)
    form = DocumentForm()
    form.offer_sides(operations.circles(actor(), deal), _("both sides and the technology manager"))
    if form.ready():
        try:
            sent = form.file.data
            made = operations.add_document(actor(), deal, form.name.data or "", sent.stream, sent.filename, form.side.data or None, form.guests.data)
            flash(_("The document is in the deal."))
            return see("documents.show", public_id=public_id, document_id=made.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("deals/documents/new.html", form, deal=deal, limit=upload_limit() // MEGABYTE)


def _document(public_id: str, document_id: str) -> Document:
    return operations.document_of(actor(), deals.by_public_id(actor(), public_id), document_id)


@blueprint.route("/deals/<public_id>/documents/<document_id>", methods=["GET", "POST"])
@login_required
def show(public_id: str, document_id: str) -> ResponseReturnValue:
    """One document: its versions, who opened them, and the next version."""
    document, page = _document(public_id, document_id), page_number()
    form = VersionForm() if request.method == "POST" else VersionForm(data={"after": str(document.number)})
    if form.ready():
        try:
            after = number_in(form.after.data) or 0
            operations.add_version(actor(), document, after, form.file.data.stream, form.file.data.filename)
            return see("documents.show", public_id=public_id, document_id=document_id)
        except Problem as problem:
            form.refuse(problem)
    openings = operations.openings_of(actor(), document, page, PAGE)
    return answer(
        "deals/documents/show.html", form, deal=document.deal, document=document, versions=document.versions, openings=openings[:PAGE], page=page,
        more=len(openings) > PAGE, states=states_of(version.sha256 for version in document.versions), limit=upload_limit() // MEGABYTE,
        may_edit=may(actor(), "deal_document.edit", document), may_share=may(actor(), "deal_document.share", document),
        may_remove=may(actor(), "deal_document.remove", document),
    )


@blueprint.route("/deals/<public_id>/documents/<document_id>/<int:number>")
@login_required
def download(public_id: str, document_id: str, number: int) -> ResponseReturnValue:
    """One version, as a download and never as a page of this site; it is logged."""
    version = operations.version_of(actor(), _document(public_id, document_id), number)
    path = operations.open_version(actor(), version)
    return send_file(path, mimetype=version.media_type, as_attachment=True, download_name=version.name, max_age=0, conditional=False)


@blueprint.route("/deals/<public_id>/documents/<document_id>/guests", methods=["POST"])
@login_required
def share(public_id: str, document_id: str) -> ResponseReturnValue:
    """Open the document to guests, or close it to them."""
    document = _document(public_id, document_id)
    operations.share_with_guests(actor(), document, request.form.get("guests") == "yes")
    return see("documents.show", public_id=public_id, document_id=document_id)


@blueprint.route("/deals/<public_id>/documents/<document_id>/remove", methods=["POST"])
@login_required
def remove(public_id: str, document_id: str) -> ResponseReturnValue:
    """Take the document out of the deal."""
    operations.remove_document(actor(), _document(public_id, document_id))
    flash(_("The document was taken out of the deal."))
    return see("deals.show", public_id=public_id)
