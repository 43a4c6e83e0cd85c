"""Pages of importing: upload, columns, progress, review, publish, and the rejected rows as a file to be mended."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, flash, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.errors import NotFound, Problem
from marketplace.fields import number_in
from marketplace.importing import operations, releasing, review, words
from marketplace.importing import template as template_of
from marketplace.importing.fields import LISTINGS, harmless
from marketplace.importing.forms import ColumnsForm, ImportForm, ReleaseForm
from marketplace.importing.mapping import Proposal
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.web import actor, answer, language, page_number, see, streamed

CSV = "text/csv; charset=utf-8"

blueprint = Blueprint("importing", __name__)

PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def prepare(app: Flask) -> None:
    """Words for the templates."""
    app.jinja_env.globals.update(importing_words=words)


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


def _told(message: str | None, values: dict[str, Any] | None) -> str:
    """A message id of an import with its values, in the reader's language."""
    return _(message, **review.said(values, language())) if message else ""


@blueprint.route("/imports", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Send files; below them the latest imports."""
    organisations = _organisations()
    if not organisations:
        flash(_("Enter your organisation first, then its technologies."))
        return see("people.new_organisation")
    form = ImportForm(listing=request.args.get("listing", "technology"))
    form.organisation.choices = [(one.public_id, one.called(language())) for one in organisations]
    if form.ready():
        owner = next(one for one in organisations if one.public_id == form.organisation.data)
        try:
            files = [(file.stream, file.filename) for file in form.file.data]
            run = operations.upload(actor(), owner, files, form.listing.data)
            return see("importing.columns", public_id=run.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("importing/new.html", form, runs=review.runs_of(organisations))


@blueprint.route("/imports/<public_id>/columns", methods=["GET", "POST"])
@login_required
def columns(public_id: str) -> ResponseReturnValue:
    """What the columns mean: proposed, to be mended, then the reading starts."""
    run = operations.by_public_id(actor(), public_id)
    if run.state != "uploaded":
        return see("importing.run", public_id=public_id)
    form, proposals = ColumnsForm(), operations.propose(actor(), run)
    chosen = {place: request.form.get(f"column-{place}", "") for place in range(len(proposals))}
    if form.ready():
        try:
            columns = {one.header: chosen[place] for place, one in enumerate(proposals) if chosen[place]}
            operations.start(actor(), run, columns, form.publish.data)
            return see("importing.run", public_id=public_id)
        except Problem as problem:
            problem.values = {**problem.values, "name": words.field(run.listing, problem.values.get("name", ""))}
            form.refuse(problem)
    return answer(
        "importing/columns.html", form, run=run, columns=_shown(proposals, chosen), fields=_fields(run.listing), format=operations.table_of(run).format,
    )


def _fields(listing: str) -> list[tuple[str, str]]:
    kind = LISTINGS[listing]
    return [(name, words.field(listing, name) + (" +" if name in kind.several else "")) for name in kind.headers]


def _shown(proposals: list[Proposal], chosen: dict[int, str]) -> list[tuple[Proposal, str]]:
    """Each column with what is chosen for it: what was sent, else what is proposed."""
    return [
        (one, chosen[place] if request.method == "POST" else one.field or "") for place, one in enumerate(proposals)
    ]


@blueprint.route("/imports/<public_id>")
@login_required
def run(public_id: str) -> ResponseReturnValue:
    """How far the run is, and when it is read, what became of its rows."""
    run = operations.by_public_id(actor(), public_id)
    if run.state == "uploaded":
        return see("importing.columns", public_id=public_id)
    return _review(run, ReleaseForm())


def _review(run: ImportRun, form: ReleaseForm) -> ResponseReturnValue:
    counts = review.counts(run)
    outcome = request.args.get("outcome", "")
    if outcome not in review.OUTCOMES:
        outcome = next((name for name in review.OUTCOMES if counts[name]), "created")
    pages = max(1, -(-counts[outcome] // PAGE))
    page = min(page_number(), pages)
    return answer(
        "importing/run.html", form, run=run, counts=counts, outcome=outcome, rows=review.rows_of(run, outcome, (page - 1) * PAGE, PAGE),
        page=page, pages=pages, told=_told, waiting=review.waiting(run), held=review.held(run), can_stand_apart=releasing.can_stand_apart,
        stands_still=operations.stands_still(run),
    )


def _to_rows(run: ImportRun) -> ResponseReturnValue:
    """Back to the rows that were looked at."""
    return see("importing.run", public_id=run.public_id, outcome=request.args.get("outcome"), page=request.args.get("page"))


@blueprint.route("/imports/<public_id>/publish", methods=["POST"])
@login_required
def publish(public_id: str) -> ResponseReturnValue:
    """Publish what was chosen of the run."""
    run = operations.by_public_id(actor(), public_id)
    form = ReleaseForm()
    if form.ready():
        try:
            releasing.release(actor(), run, form.outcomes.data or [])
            return see("importing.run", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return _review(run, form)


@blueprint.route("/imports/<public_id>/hold", methods=["POST"])
@login_required
def hold(public_id: str) -> ResponseReturnValue:
    """Hold rows of the page at hand back from publication."""
    run = operations.by_public_id(actor(), public_id)
    releasing.hold(actor(), run, _numbers("shown"), _numbers("held"))
    flash(_("Noted. What is held back stays a draft, or as readers see it now."))
    return _to_rows(run)


def _numbers(name: str) -> list[int]:
    return [number for text in request.form.getlist(name)[:PAGE] if (number := number_in(text)) is not None]


@blueprint.route("/imports/<public_id>/rows/<int:number>/keep", methods=["POST"])
@login_required
def keep(public_id: str, number: int) -> ResponseReturnValue:
    """Make a technology of its own of a row that was taken for a duplicate."""
    run = operations.by_public_id(actor(), public_id)
    releasing.keep_apart(actor(), run, number, operations.table_of(run).headers)
    return _to_rows(run)


@blueprint.route("/imports/<public_id>/go-on", methods=["POST"])
@login_required
def go_on(public_id: str) -> ResponseReturnValue:
    """Have a run that stands still go on."""
    operations.go_on(actor(), operations.by_public_id(actor(), public_id))
    return see("importing.run", public_id=public_id)


@blueprint.route("/imports/<public_id>/undo", methods=["POST"])
@login_required
def undo(public_id: str) -> ResponseReturnValue:
    """Take back what the run did."""
    run = operations.by_public_id(actor(), public_id)
    releasing.undo(actor(), run)
    return see("importing.run", public_id=public_id)


@blueprint.route("/imports/<public_id>/rejected.csv")
@login_required
def rejected(public_id: str) -> ResponseReturnValue:
    """The rejected rows as they came, each with its column and the reason, to be mended and sent again."""
    run = operations.by_public_id(actor(), public_id)
    headers = operations.table_of(run).headers
    response = streamed(_csv_lines([*headers, _("Column to mend"), _("Reason")], review.rejected(run.id), len(headers)), CSV)
    response.headers.set("Content-Disposition", "attachment", filename="rejected.csv")
    return response


def _csv_lines(headers: list[str], rows: Iterator[ImportRow], width: int) -> Iterator[str]:
    """A csv with a byte order mark, so that spreadsheets read its Chinese; no cell of it can be run as a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([harmless(header) for header in headers])
    for row in rows:
        cells = [*row.facts.get("cells", []), *[""] * width][:width]
        writer.writerow(
            [harmless(cell) for cell in (*cells, row.column or "", _told(row.reason, row.facts.get("why")))]
        )
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


@blueprint.route("/imports/template.<any(xlsx, csv):kind>")
@login_required
def template(kind: str) -> ResponseReturnValue:
    """Our template: empty, or with all that an organisation has."""
    listing = request.args.get("listing", "technology")
    if listing not in LISTINGS:
        raise NotFound()
    things: Iterator[Any] = iter(())
    wanted = request.args.get("organisation")
    if wanted:
        owner = next((one for one in _organisations() if one.public_id == wanted), None)
        if owner is None:
            raise NotFound()
        things = operations.listings_of(actor(), owner, listing)
    name = f"techbridge-{'needs' if listing == 'need' else 'technologies'}.{kind}"
    if kind == "csv":
        response = streamed(template_of.csv_lines(listing, things, language()), CSV)
        response.headers.set("Content-Disposition", "attachment", filename=name)
        return response
    return send_file(template_of.written(listing, things, language()), mimetype=XLSX, as_attachment=True, download_name=name)
