"""Pages of importing: upload, columns, progress, review, publish, and the rejected rows as a file to be mended."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, flash, request, stream_with_context
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from marketplace.catalogue.words import FIELD_WORDS
from marketplace.errors import Problem
from marketplace.importing import operations, words
from marketplace.importing.fields import harmless
from marketplace.importing.forms import ColumnsForm, ImportForm, ReleaseForm
from marketplace.importing.mapping import Proposal
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.importing.rows import FIELDS, LISTS
from marketplace.web import actor, answer, language, page_number, see

blueprint = Blueprint("importing", __name__)

PAGE = 50


def prepare(app: Flask) -> None:
    """Words for the templates."""
    app.jinja_env.globals.update(importing_words=words)


def _organisations() -> list[Any]:
    return list(getattr(actor(), "organisations", []))


def _told(message: str | None, values: dict[str, Any] | None) -> str:
    """A message id of an import with its values, in the reader's language."""
    return _(message, **(values or {})) if message else ""


@blueprint.route("/imports", methods=["GET", "POST"])
@login_required
def new() -> ResponseReturnValue:
    """Send a file; below it the latest imports."""
    organisations = _organisations()
    if not organisations:
        flash(_("Enter your organisation first, then its technologies."))
        return see("people.new_organisation")
    form = ImportForm()
    form.organisation.choices = [(one.public_id, one.called(language())) for one in organisations]
    if form.ready():
        owner = next(one for one in organisations if one.public_id == form.organisation.data)
        try:
            run = operations.upload(actor(), owner, form.file.data.stream, form.file.data.filename)
            return see("importing.columns", public_id=run.public_id)
        except Problem as problem:
            form.refuse(problem)
    return answer("importing/new.html", form, runs=operations.runs_of(organisations))


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
            operations.start(actor(), run, columns, publish=form.publish.data)
            return see("importing.run", public_id=public_id)
        except Problem as problem:
            problem.values = {**problem.values, "name": str(FIELD_WORDS.get(problem.values.get("name", ""), ""))}
            form.refuse(problem)
    return answer("importing/columns.html", form, run=run, columns=_shown(proposals, chosen), fields=_fields())


def _fields() -> list[tuple[str, str]]:
    return [(name, str(FIELD_WORDS[name]) + (" +" if name in LISTS else "")) for name in FIELDS]


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
    counts = operations.counts(run)
    outcome = request.args.get("outcome", "")
    if outcome not in operations.OUTCOMES:
        outcome = next((name for name in operations.OUTCOMES if counts[name]), "created")
    page, pages = page_number(), max(1, -(-counts[outcome] // PAGE))
    rows = operations.rows_of(run, outcome, (min(page, pages) - 1) * PAGE, PAGE)
    return answer(
        "importing/run.html",
        form,
        run=run,
        counts=counts,
        outcome=outcome,
        rows=rows,
        page=min(page, pages),
        pages=pages,
        told=_told,
        waiting=operations.waiting(run),
    )


@blueprint.route("/imports/<public_id>/publish", methods=["POST"])
@login_required
def publish(public_id: str) -> ResponseReturnValue:
    """Publish what was chosen of the run."""
    run = operations.by_public_id(actor(), public_id)
    form = ReleaseForm()
    if form.ready():
        try:
            operations.release(actor(), run, form.outcomes.data or [])
            return see("importing.run", public_id=public_id)
        except Problem as problem:
            form.refuse(problem)
    return _review(run, form)


@blueprint.route("/imports/<public_id>/rejected.csv")
@login_required
def rejected(public_id: str) -> ResponseReturnValue:
    """The rejected rows as they came, each with its column and the reason, to be mended and sent again."""
    run = operations.by_public_id(actor(), public_id)
    headers = operations.table_of(run).headers
    lines = stream_with_context(
        _csv_lines([*headers, _("Column to mend"), _("Reason")], operations.rejected(run.id), len(headers))
    )
    return Response(lines, mimetype="text/csv", headers={"Content-Disposition": "attachment; filename=rejected.csv"})


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
