"""The verbs of importing: upload, propose the columns, start, read in batches, review, release, publish.

`read_rows` and `publish_rows` are generators: they yield after each batch, and whoever runs them (worker, command
line) commits there. Nothing is kept in memory between batches but the place in the file: which technologies the run
has touched stands in its rows, so that a run goes on in another process exactly as it would have in the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.attachments import plain_name, store, upload_limit
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.importing.batch import PUBLISHABLE, Batch, new_values
from marketplace.importing.mapping import Proposal, columns_of, headers_hash, plain
from marketplace.importing.mapping import propose as propose_columns
from marketplace.importing.models import ImportMapping, ImportRow, ImportRun
from marketplace.importing.readers import Row, Table, open_table
from marketplace.importing.rows import FIELDS, LISTS
from marketplace.jobs import handler
from marketplace.people.models import Organisation, Person
from marketplace.record import move, record, revise

OUTCOMES = ("created", "updated", "unchanged", "duplicate", "rejected")
BATCH = 200
REPORTED = 1000


def upload(
    actor: Actor, organisation: Organisation, source: BinaryIO, name: str, at: datetime | None = None
) -> ImportRun:
    """Keep the file and make a run of it. Refused when it is no table that can be read."""
    require(actor, "technology.import", organisation)
    stored = store().keep(source, upload_limit(), _check_file)
    run = ImportRun(
        organisation=organisation,
        organisation_id=organisation.id,
        author_id=actor.id,
        state="uploaded",
        sha256=stored.sha256,
        file_name=plain_name(name) or "table",
        source="",
        columns={},
        outcomes=[],
        done=0,
        publish=False,
        created=at or now(),
    )
    session.add(run)
    record(run, "upload", actor, at)
    return run


def _check_file(path: Path) -> None:
    if next(iter(open_table(path).rows()), None) is None:
        raise Refused(N_("The table has headers but no rows below them."), field="file")


def table_of(run: ImportRun) -> Table:
    """The run's file, opened anew."""
    path = store().path(run.sha256)
    if not path.exists():
        raise Refused(N_("The file of this import is missing on our side. Send it once more."), field="file")
    return open_table(path)


def propose(actor: Actor, run: ImportRun) -> list[Proposal]:
    """What the run's columns mean: as the organisation last said of these headers, else as their names and values tell."""
    require(actor, "technology.import", run)
    table = table_of(run)
    proposals = propose_columns(table)
    remembered = _remembered(run.organisation_id, table.headers)
    if remembered is None:
        return proposals
    return [Proposal(one.header, remembered.columns.get(one.header), 100.0, one.samples) for one in proposals]


def _remembered(organisation_id: int, headers: Sequence[str]) -> ImportMapping | None:
    return session.scalar(
        select(ImportMapping).where(
            ImportMapping.organisation_id == organisation_id, ImportMapping.headers_hash == headers_hash(headers)
        )
    )


def start(
    actor: Actor,
    run: ImportRun,
    columns: dict[str, str],
    *,
    publish: bool = False,
    here: bool = False,
    at: datetime | None = None,
) -> ImportRun:
    """Begin to read the file by these columns (header → field), which are remembered for the same headers.

    With `publish` what was read is published without a review. With `here` the caller reads it now; otherwise a job
    does.
    """
    require(actor, "technology.import", run)
    headers = table_of(run).headers
    _check_columns(headers, columns)
    remembered = _remembered(run.organisation_id, headers)
    if remembered is None:
        session.add(
            ImportMapping(organisation_id=run.organisation_id, headers_hash=headers_hash(headers), columns=columns)
        )
    else:
        remembered.columns = columns
    run.columns, run.publish, run.source = columns, publish, source_of(columns)
    move(run, "start_here" if here else "start", actor, at)
    return run


def _check_columns(headers: Sequence[str], columns: dict[str, str]) -> None:
    for header, name in columns.items():
        if header not in headers:
            raise Refused(N_("The file has no column “%(header)s”."), field="columns", header=header)
        if name not in FIELDS:
            raise Refused(N_("There is no field “%(name)s” to import into."), field="columns", name=name)
    single = [name for name in columns.values() if name not in LISTS]
    twice = next((name for name in single if single.count(name) > 1), None)
    if twice:
        raise Refused(N_("Two columns are taken for the same field: %(name)s."), field="columns", name=twice)
    if not {"title", "title_zh", "title_en"} & set(columns.values()):
        raise Refused(N_("Say which column holds the title."), field="columns")


def source_of(columns: dict[str, str]) -> str:
    """Where the rows come from, for their identity: tables whose reference numbers stand under the same header are
    one source."""
    key = next((header for header, name in columns.items() if name == "source_key"), "")
    return f"table:{plain(key)}"[:60]


@handler("importing.read_run")
def read_run(thing_id: int) -> Iterator[None]:
    """The job that reads a started run, from wherever it got to."""
    run = session.get_one(ImportRun, thing_id)
    if run.state == "reading":
        yield from read_rows(_on_behalf(run), run)


def _on_behalf(run: ImportRun) -> Actor:
    """Whoever sent the file, while that person may still import for the organisation; else the system."""
    author = session.get(Person, run.author_id) if run.author_id else None
    return author if author is not None and may(author, "technology.import", run) else SYSTEM


def read_rows(actor: Actor, run: ImportRun) -> Iterator[None]:
    """Read the rest of the file, yielding after each batch; a file that turns out to be broken ends the run as failed."""
    require(actor, "technology.import", run)
    try:
        table = table_of(run)
        if run.total is None:
            run.total = sum(1 for _ in table.rows())
        rows = islice(table.rows(), run.done, None)
        while batch := list(islice(rows, BATCH)):
            _read_batch(actor, run, table.headers, batch)
            yield
    except Refused as problem:
        run.error = [problem.message, problem.values]
        move(run, "fail", actor)
        return
    run.ended = now()
    move(run, "finish", actor)
    if run.publish:
        run.outcomes = list(PUBLISHABLE)
        move(run, "release", actor)


def _read_batch(actor: Actor, run: ImportRun, headers: Sequence[str], rows: Sequence[Row]) -> None:
    """One batch, whole or not at all; when somebody else wrote one of its technologies meanwhile, it is read once more."""
    done = run.done
    for attempt in (1, 2):
        try:
            with session.begin_nested():
                Batch(actor, run, headers, rows).write()
                run.done = done + len(rows)
            return
        except IntegrityError:
            if attempt == 2:
                raise


def release(
    actor: Actor, run: ImportRun, outcomes: Sequence[str], *, here: bool = False, at: datetime | None = None
) -> ImportRun:
    """Say which outcomes are to be published: a job (or, with `here`, the caller) does it."""
    require(actor, "technology.import", run)
    chosen = [outcome for outcome in PUBLISHABLE if outcome in outcomes]
    if not chosen:
        raise Refused(N_("Choose what to publish."), field="outcomes")
    run.outcomes = chosen
    move(run, "release_here" if here else "release", actor, at)
    return run


@handler("importing.publish_run")
def publish_run(thing_id: int) -> Iterator[None]:
    """The job that publishes a released run."""
    run = session.get_one(ImportRun, thing_id)
    if run.state == "publishing":
        yield from publish_rows(_on_behalf(run), run)


def publish_rows(actor: Actor, run: ImportRun) -> Iterator[None]:
    """Publish the drafts of the released outcomes and write the changes that waited, yielding after each batch."""
    require(actor, "technology.import", run)
    last = 0
    while rows := _next_rows(run, last):
        last = rows[-1].number
        technologies = _technologies_of(rows)
        for row in rows:
            if row.technology_id in technologies:
                _publish_row(actor, run, row, technologies[row.technology_id])
        session.flush()  # the batch is whole before it is handed to whoever commits
        yield
    move(run, "publish", actor)


def _next_rows(run: ImportRun, last: int) -> list[ImportRow]:
    rows = select(ImportRow).where(
        ImportRow.run_id == run.id, ImportRow.number > last, ImportRow.outcome.in_(run.outcomes)
    )
    return list(session.scalars(rows.order_by(ImportRow.number).limit(BATCH)))


def _publish_row(actor: Actor, run: ImportRun, row: ImportRow, technology: Technology) -> None:
    moment = now()
    if row.facts.get("waiting"):
        catalogue.fill(technology, new_values(row.facts["changes"]))
        technology.updated, technology.import_run_id = moment, run.id
        record(technology, "update", actor, moment, run=run.public_id)
        revise(technology, actor, catalogue.content(technology), moment)
        row.facts = {**row.facts, "waiting": False}
    if technology.state == "draft" and catalogue.is_publishable(technology, moment.date()):
        move(technology, "publish_with_run", actor, moment, run=run.public_id)
        technology.published, technology.import_run_id = moment, run.id


def by_public_id(actor: Actor, public_id: str) -> ImportRun:
    """The run under this id, for whoever may import for its organisation. Raises `NotFound`."""
    run = session.scalar(select(ImportRun).where(ImportRun.public_id == public_id))
    if run is None:
        raise NotFound()
    require(actor, "technology.import", run)
    return run


def runs_of(organisations: Iterable[Organisation], limit: int = 10) -> list[ImportRun]:
    """The latest runs of these organisations, newest first."""
    own = select(ImportRun).where(ImportRun.organisation_id.in_([one.id for one in organisations]))
    return list(session.scalars(own.order_by(ImportRun.id.desc()).limit(limit)))


def counts(run: ImportRun) -> dict[str, int]:
    """How many rows ended in which outcome."""
    rows = select(ImportRow.outcome, func.count()).where(ImportRow.run_id == run.id).group_by(ImportRow.outcome)
    found = dict(session.execute(rows).all())
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


def waiting(run: ImportRun) -> int:
    """How many technologies the run would publish that are drafts yet, or change that readers see already."""
    drafts = (
        select(func.count())
        .select_from(ImportRow)
        .join(Technology, Technology.id == ImportRow.technology_id)
        .where(ImportRow.run_id == run.id, ImportRow.outcome.in_(PUBLISHABLE), Technology.state == "draft")
    )
    changes = select(func.count()).where(
        ImportRow.run_id == run.id, ImportRow.outcome == "updated", ImportRow.facts["waiting"].as_boolean().is_(True)
    )
    return (session.scalar(drafts) or 0) + (session.scalar(changes) or 0)


def rows_of(
    run: ImportRun, outcome: str, offset: int = 0, limit: int = 50
) -> list[tuple[ImportRow, Technology | None]]:
    """Rows of one outcome in the order of the file, each with the technology it is about."""
    own = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == outcome).order_by(ImportRow.number)
    rows = list(session.scalars(own.offset(offset).limit(limit)))
    technologies = _technologies_of(rows)
    return [(row, technologies.get(row.technology_id)) for row in rows]


def _technologies_of(rows: Iterable[ImportRow]) -> dict[int | None, Technology]:
    """The technologies that rows are about, by their keys."""
    wanted = {row.technology_id for row in rows if row.technology_id}
    return {one.id: one for one in session.scalars(select(Technology).where(Technology.id.in_(wanted)))}


def rejected(run_id: int) -> Iterator[ImportRow]:
    """Every rejected row of the run with this id, in the order of the file, a batch at a time in memory."""
    last = 0
    own = (
        select(ImportRow)
        .where(ImportRow.run_id == run_id, ImportRow.outcome == "rejected")
        .order_by(ImportRow.number)
        .limit(BATCH)
    )
    while rows := list(session.scalars(own.where(ImportRow.number > last))):
        last = rows[-1].number
        yield from rows


def import_file(
    actor: Actor,
    organisation: Organisation,
    path: Path,
    columns: dict[str, str] | None = None,
    publish: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> ImportRun:
    """Bring a file in from beginning to end; `columns` mend what is proposed (header → field, "" leaves one out).

    `progress(done, total)` is called after each batch, where the caller may commit. Raises `Refused` when it is no
    table.
    """
    if not path.is_file():
        raise Refused(N_("There is no file “%(path)s”."), field="file", path=str(path))
    with path.open("rb") as source:
        run = upload(actor, organisation, source, path.name)
    mapping = columns_of(propose(actor, run)) | (columns or {})
    start(actor, run, {header: name for header, name in mapping.items() if name}, publish=False, here=True)
    tell = progress or (lambda done, total: None)
    for _ in read_rows(actor, run):
        tell(run.done, run.total)
    if publish and run.state == "read":
        release(actor, run, PUBLISHABLE, here=True)
        for _ in publish_rows(actor, run):
            tell(run.done, run.total)
    return run


def report(run: ImportRun) -> dict[str, Any]:
    """What became of the file, as plain values: counts, the run's id and state, and the reasons of rows that were not
    taken."""
    rows = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome.in_(("duplicate", "rejected")))
    reasons = [
        {
            "row": row.number,
            "outcome": row.outcome,
            "column": row.column,
            "reason": (row.reason or "") % (row.facts.get("why") or {}),
        }
        for row in session.scalars(rows.order_by(ImportRow.number).limit(REPORTED))
    ]
    error = {"error": run.error[0] % run.error[1]} if run.error else {}
    return {**counts(run), "run": run.public_id, "state": run.state, "total": run.total, "reasons": reasons, **error}
