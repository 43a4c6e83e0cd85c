"""Pages of technologies: load, require, check the form, call one operation, go on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, flash, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required
from sqlalchemy import select

from marketplace.access import actions_of, may, require
from marketplace.catalogue import attachments, classification, operations, pictures, words
from marketplace.catalogue.changes import readable
from marketplace.catalogue.forms import ListingFileForm, TechnologyForm
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Problem, Refused
from marketplace.people.grants import operations as grants
from marketplace.people.grants import signing
from marketplace.people.grants.log import opened
from marketplace.people.models import Person
from marketplace.record import history as revisions_of
from marketplace.record import noun
from marketplace.terms.checks import Finding
from marketplace.terms.forms import TermsForm
from marketplace.terms.payment import Terms
from marketplace.terms.simulator import views as simulator
from marketplace.terms.views import in_words, note, typed_findings
from marketplace.web import TAGS, actor, answer, language, see

blueprint = Blueprint("catalogue", __name__)

PICTURE_KEPT = 86_400  # seconds for which a visitor's browser keeps a picture
STEPS = ("technology.publish", "technology.edit", "technology.withdraw", "technology.history")


def prepare(app: Flask) -> None:
    """Settings for the store of files; words and names for the templates of every package."""
    attachments.configure(app.config["SETTINGS"])
    simulator.bind(app, "offer", _offered)
    grants.bind("technology", operations.by_public_id, Technology)
    signing.bind(signing.Files(attachments.keep_pdf, attachments.path_of))
    app.jinja_env.globals.update(
        technology_words=words,
        technology_drafts_of=operations.drafts_of,
        attachments_of=attachments.attachments_of,
        pictures_of=pictures.shown,
        picture_size=pictures.fitted,
        picture_says=pictures.says,
        field_name=classification.field_name,
        industry_name=classification.industry_name,
    )


def _offered(public_id: str) -> simulator.Offered:
    """The offer of a technology, for the simulator. Raises `NotFound` where the reader may not read it or it has no terms."""
    technology = operations.in_full(actor(), public_id)
    if not technology.offer or not technology.offer.terms:
        raise NotFound(N_("There are no payment terms to calculate with."))
    opened(actor(), technology, "page", "offer")
    title, title_language = technology.titled(language())
    address = url_for("catalogue.show", public_id=public_id)
    return simulator.Offered(public_id, title, TAGS[title_language], address, technology.offer.terms)


def teaser_page(listing: Any, room: str) -> ResponseReturnValue:
    """The page of a blind listing for whoever knows its teaser alone: where to ask for access, and for the operator how to take it off."""
    name = noun(listing)
    ask = url_for("grants.ask", noun=name, public_id=listing.public_id) if "grants.ask" in current_app.view_functions else None
    withdraw = url_for(f"{room}.step", public_id=listing.public_id, verb="withdraw") if may(actor(), f"{name}.withdraw", listing) else None
    return answer("catalogue/teaser.html", listing=listing, noun=name, ask=ask, withdraw=withdraw)


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


def _filled(form: TechnologyForm, technology: Technology | None) -> TechnologyForm:
    organisations = [technology.organisation] if technology else _organisations()
    form.list_choices(organisations, _("Choose"), language())
    return form


@blueprint.route("/technologies/new", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Write a technology."""
    if not _organisations():
        flash(_("Enter your organisation first, then its technologies."))
        return see("people.new_organisation")
    return _edit_page(_filled(TechnologyForm(), None), TermsForm(), None)


@blueprint.route("/technologies/<public_id>/edit", methods=["GET", "POST"])
@login_required
def edit(public_id: str) -> ResponseReturnValue:
    """Change a technology, or go on with a draft."""
    technology = operations.by_public_id(actor(), public_id)
    require(actor(), "technology.edit", technology)
    posted = request.method == "POST"
    terms = technology.offer.terms if technology.offer else None
    form = TechnologyForm() if posted else TechnologyForm.of(technology)
    return _edit_page(
        _filled(form, technology), TermsForm() if posted or not terms else TermsForm.of(terms), technology
    )


def _edit_page(form: TechnologyForm, terms: TermsForm, technology: Technology | None) -> ResponseReturnValue:
    """Save on POST; with the button "post" the technology is published at once when nothing stands against it."""
    existing = None
    if request.method == "POST" and not terms.pressed():
        form_ready, terms_ready = form.ready(), terms.validate()
        if not form.mode.data and not terms.empty:
            form.refuse(Refused(N_("Choose how it can be had: without that the payment terms below belong to nothing."), field="mode"))
        elif form_ready and terms_ready:
            try:
                return _saved(form, terms, technology)
            except Problem as problem:
                form.refuse(problem)
                existing = problem.values.get("existing")
    read = terms.terms or terms.read()
    page, status = answer(
        "catalogue/edit.html", form, terms=terms, technology=technology, existing=existing,
        found=note(_findings(technology, read), terms, form, language()), said=in_words(read) if read or terms.empty else None,
    )
    return page, 422 if any(terms.problems()) and request.method == "POST" else status


def _findings(technology: Technology | None, read: Terms | None) -> list[Finding]:
    """What the checks say of the offer as it is typed, or of the saved one when its page is opened."""
    if request.method == "POST":
        return typed_findings(read, technology.organisation.public_id if technology else None)
    return operations.findings(technology, now().date()) if technology else []


def _saved(form: TechnologyForm, terms: TermsForm, technology: Technology | None) -> ResponseReturnValue:
    values = form.values(terms.agreed)
    if technology is None:
        owner = next((one for one in _organisations() if one.public_id == form.organisation.data), _organisations()[0])
        technology = operations.create_technology(actor(), owner, **values)
    else:
        form.check_version(technology)
        operations.edit_technology(actor(), technology, **values)
    if "post" in request.form and technology.state not in Technology.OPEN_STATES:
        operations.publish_technology(actor(), technology)
        flash(_("The technology is published. We are looking for needs that it answers."))
    else:
        flash(_("Saved."))
    return see("catalogue.show", public_id=technology.public_id)


@blueprint.route("/technologies/<public_id>")
def show(public_id: str) -> ResponseReturnValue:
    """A technology as its readers see it; a blind one as its teaser to whoever was given no access."""
    technology = operations.by_public_id(actor(), public_id)
    if not may(actor(), "listing.read_in_full", technology):
        return teaser_page(technology, "catalogue")
    opened(actor(), technology, "page")
    return answer(
        "catalogue/show.html",
        technology=technology,
        steps=actions_of(actor(), technology, STEPS),
        files=attachments.attachments_of(technology),
    )


@blueprint.route("/technologies/<public_id>/history")
def history(public_id: str) -> ResponseReturnValue:
    """What changed, when, by whom."""
    technology = operations.by_public_id(actor(), public_id)
    require(actor(), "technology.history", technology)
    opened(actor(), technology, "history")
    changes = readable(revisions_of(technology), language())
    people = select(Person.id, Person.name).where(Person.id.in_({change.person_id for change in changes}))
    return answer(
        "catalogue/history.html", technology=technology, changes=changes, names=dict(session.execute(people).all())
    )


STEPPED = {
    "publish": (operations.publish_technology, "technology.publish"),
    "withdraw": (operations.withdraw_technology, "technology.withdraw"),
}


@blueprint.route("/technologies/<public_id>/<any(publish, withdraw):verb>", methods=["POST"])
@login_required
def step(public_id: str, verb: str) -> ResponseReturnValue:
    """Take one step of the technology's life by a button."""
    technology = operations.by_public_id(actor(), public_id)
    operation, action = STEPPED[verb]
    require(actor(), action, technology)
    try:
        operation(actor(), technology)
    except Refused as problem:
        if verb != "publish":
            raise
        flash(_(problem.message, **problem.values))
        return see("catalogue.edit", public_id=public_id)
    return see("catalogue.show", public_id=public_id) if may(actor(), "listing.read", technology) else see("matching.technologies")


@blueprint.route("/technologies/<public_id>/files", methods=["GET", "POST"])
@login_required
def files(public_id: str) -> ResponseReturnValue:
    """The files beside a technology: put one there, or take one away."""
    technology = operations.by_public_id(actor(), public_id)
    require(actor(), "technology.edit", technology)
    form = ListingFileForm()
    if form.ready():
        try:
            pictures.attach(actor(), technology, form.file.data.stream, form.file.data.filename, form.shows)
            return see("catalogue.files", public_id=public_id)
        except Refused as problem:
            form.refuse(problem)
    return answer("catalogue/files.html", form, technology=technology, files=attachments.attachments_of(technology))


@blueprint.route("/technologies/<public_id>/files/<file_id>")
def download(public_id: str, file_id: str) -> ResponseReturnValue:
    """One file, as a download and never as a page of this site."""
    technology = operations.by_public_id(actor(), public_id)
    file = attachments.attachment_of(actor(), technology, file_id)
    opened(actor(), technology, "file", file.name)
    return send(file)


@blueprint.route("/technologies/<public_id>/files/<file_id>/<any(small, large):size>")
def picture(public_id: str, file_id: str, size: str) -> ResponseReturnValue:
    """A picture beside a technology, made from its file."""
    technology = operations.by_public_id(actor(), public_id)
    file = attachments.attachment_of(actor(), technology, file_id)
    opened(actor(), technology, "file", file.name)
    return send_picture(file, size)


def send_picture(attachment: Any, size: str) -> ResponseReturnValue:
    """A picture that was made from an attachment, to be seen within a page."""
    return send_file(pictures.made(attachment, size), mimetype="image/webp", max_age=PICTURE_KEPT, etag=f"{attachment.sha256}-{size}")


def send(attachment: Any) -> ResponseReturnValue:
    """The bytes of an attachment with its checked type; the browser is told to save them and to guess nothing."""
    path = attachments.path_of(attachment.sha256)
    return send_file(path, mimetype=attachment.media_type, as_attachment=True, download_name=attachment.name, max_age=0)


@blueprint.route("/technologies/<public_id>/files/<file_id>/remove", methods=["POST"])
@login_required
def remove_file(public_id: str, file_id: str) -> ResponseReturnValue:
    """Take a file off the technology."""
    technology = operations.by_public_id(actor(), public_id)
    attachments.detach(actor(), technology, file_id)
    return see("catalogue.files", public_id=public_id)
