"""The verbs of importing until the rows are read: upload, propose the columns, start, read in batches.

`read_rows` is a generator: it yields after each batch, and whoever runs it (worker, command line) commits there. What a
run has touched stands in its rows, so that it goes on in another process exactly as it would have in the first. What
follows, publishing and taking back, stands in `releasing`; what a run holds, in `review`.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue.attachments import plain_name, store, upload_limit
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.importing import releasing, review
from marketplace.importing.batch import PUBLISHABLE
from marketplace.importing.fields import EXAMPLE_HEADER, LISTINGS, plain
from marketplace.importing.formats import FORMATS
from marketplace.importing.mapping import Proposal, columns_of, headers_hash
from marketplace.importing.mapping import propose as propose_columns
from marketplace.importing.models import ImportMapping, ImportRun
from marketplace.importing.needs import NeedBatch
from marketplace.importing.readers import Row, Table, open_table
from marketplace.importing.technologies import Memory, TechnologyBatch
from marketplace.jobs import Job, enqueue, handler
from marketplace.needs.models import Need
from marketplace.people.models import Organisation
from marketplace.record import move, record

BATCH = 200
MOST_ROWS = 500_000


def upload(
    actor: Actor, organisation: Organisation, files: Sequence[tuple[BinaryIO, str]], listing: str = "technology", at: datetime | None = None
) -> ImportRun:
    """Keep the files (stream, name), several as one archive, and make a run of them. Refused when they are no table that can
    be read."""
    require(actor, f"{listing}.import", organisation)
    if not files:
        raise Refused(N_("Choose a file first."), field="file")
    with _packed(files) as source:
        stored = store().keep(source, upload_limit(), lambda path: _check_file(path, listing))
    name = ", ".join(plain_name(name) for _, name in files)[:120]
    run = ImportRun(
        organisation=organisation,
        organisation_id=organisation.id,
        author_id=actor.id,
        state="uploaded",
        sha256=stored.sha256,
        file_name=name or "table",
        listing=listing,
        format="table",
        kept=0,
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


@contextmanager
def _packed(files: Sequence[tuple[BinaryIO, str]]) -> Iterator[BinaryIO]:
    """One file as it is; several as one archive, as if they had been sent so."""
    if len(files) == 1:
        yield files[0][0]
        return
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, (source, name) in enumerate(files, 1):
                with archive.open(f"{number}/{plain_name(name) or 'table'}", "w", force_zip64=True) as member:
                    shutil.copyfileobj(source, member)
        target.seek(0)
        yield target


def _check_file(path: Path, listing: str) -> None:
    table = open_table(path)
    if EXAMPLE_HEADER in table.headers:
        raise Refused(
            N_("This is our example file: nothing of it is brought in. Take the column “%(header)s” out once the rows are your own."), field="file",
            header=EXAMPLE_HEADER,
        )
    if FORMATS[table.format].listing != listing and table.format != "table":
        raise Refused(
            N_("This file holds needs, not technologies. Choose so above.") if listing == "technology"
            else N_("This file holds technologies, not needs. Choose so above."), field="file",
        )
    if next(iter(table.rows()), None) is None:
        raise Refused(N_("The table has headers but no rows below them."), field="file")


def table_of(run: ImportRun) -> Table:
    """The run's file, opened anew."""
    path = store().path(run.sha256)
    if not path.exists():
        raise Refused(N_("The file of this import is missing on our side. Send it once more."), field="file")
    return open_table(path)


def propose(actor: Actor, run: ImportRun) -> list[Proposal]:
    """What the run's columns mean: as the organisation last said of these headers, else as their names and values tell."""
    require(actor, f"{run.listing}.import", run)
    table = table_of(run)
    proposals = propose_columns(table, run.listing)
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
    publish: bool = False,
    at: datetime | None = None,
) -> ImportRun:
    """Begin to read the file by these columns (header → field), which are remembered for the same headers.

    A job reads it. With `publish` what was read is published without a review.
    """
    require(actor, f"{run.listing}.import", run)
    table = table_of(run)
    headers = table.headers
    _check_columns(run.listing, headers, columns)
    remembered = _remembered(run.organisation_id, headers)
    if remembered is None:
        session.add(
            ImportMapping(organisation_id=run.organisation_id, headers_hash=headers_hash(headers), columns=columns)
        )
    else:
        remembered.columns = columns
    run.columns, run.publish, run.format, run.source = columns, publish, table.format, source_of(table.format, columns)
    move(run, "start", actor, at)
    return run


def _check_columns(listing: str, headers: Sequence[str], columns: dict[str, str]) -> None:
    for header, name in columns.items():
        if header not in headers:
            raise Refused(N_("The file has no column “%(header)s”."), field="columns", header=header)
        if name not in LISTINGS[listing].headers:
            raise Refused(N_("There is no field “%(name)s” to import into."), field="columns", name=name)
    single = [name for name in columns.values() if name not in LISTINGS[listing].several]
    twice = next((name for name in single if single.count(name) > 1), None)
    if twice:
        raise Refused(N_("Two columns are taken for the same field: %(name)s."), field="columns", name=twice)
    if not LISTINGS[listing].one_of & set(columns.values()):
        raise Refused(N_("Say which column holds the title."), field="columns")


def source_of(format: str, columns: dict[str, str]) -> str:
    """Where the rows come from, for their identity: a format is one source; so are tables whose reference numbers stand under
    the same header."""
    key = next((header for header, name in columns.items() if name == "source_key"), "")
    return format if format != "table" else f"table:{plain(key)}"[:60]


@handler("importing.read_run")
def read_run(thing_id: int) -> Iterator[None]:
    """The job that reads a started run, from wherever it got to."""
    run = session.get_one(ImportRun, thing_id)
    if run.state == "reading":
        yield from read_rows(releasing.on_behalf(run), run)


def read_rows(actor: Actor, run: ImportRun) -> Iterator[None]:
    """Read the rest of the file, yielding after each batch; a file that turns out to be broken ends the run as failed."""
    require(actor, f"{run.listing}.import", run)
    try:
        table = table_of(run)
        if run.total is None:
            run.total = _counted(table)
            yield
        rows, memory = islice(table.rows(), run.done, None), Memory(run)
        while batch := list(islice(rows, BATCH)):
            _read_batch(actor, run, table.headers, batch, memory)
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


def _counted(table: Table) -> int:
    """How many rows the file has. Refused beyond half a million."""
    count = sum(1 for _ in islice(table.rows(), MOST_ROWS + 1))
    if count > MOST_ROWS:
        raise Refused(N_("The file has more than %(most)s rows. Send it in parts."), field="file", most=MOST_ROWS)
    return count


def _read_batch(actor: Actor, run: ImportRun, headers: Sequence[str], rows: Sequence[Row], memory: Memory) -> None:
    """One batch, whole or not at all; when somebody else wrote one of its listings meanwhile, it is read once more."""
    done = run.done
    for attempt in (1, 2):
        try:
            with session.begin_nested():
                batch = NeedBatch(actor, run, headers, rows) if run.listing == "need" else TechnologyBatch(actor, run, headers, rows, memory)
                batch.write()
                run.done = done + len(rows)
            return
        except IntegrityError:
            if attempt == 2:
                raise


def by_public_id(actor: Actor, public_id: str) -> ImportRun:
    """The run under this id, for whoever may import for its organisation. Raises `NotFound`, for the operator also where it tells of blind listings."""
    run = session.scalar(select(ImportRun).where(ImportRun.public_id == public_id))
    if run is None or not may(actor, f"{run.listing}.import", run):
        raise NotFound()
    if run.organisation_id not in actor.seats and actor is not SYSTEM and review.tells_of_blind(run):
        raise NotFound()
    return run


def bring(
    actor: Actor, organisation: Organisation, paths: Sequence[Path], columns: Mapping[str, str] | None = None, publish: bool = False,
    listing: str = "technology",
) -> ImportRun:
    """Upload files of this machine and start to read them; `columns` mend what is proposed (header → field, "" leaves one out).

    Raises `Refused` when there is no such file or it is no table.
    """
    missing = next((path for path in paths if not path.is_file()), None)
    if missing:
        raise Refused(N_("There is no file “%(path)s”."), field="file", path=str(missing))
    with ExitStack() as stack:
        run = upload(actor, organisation, [(stack.enter_context(path.open("rb")), path.name) for path in paths], listing)
    mapping = columns_of(propose(actor, run)) | dict(columns or {})
    return start(actor, run, {header: name for header, name in mapping.items() if name}, publish)


WORK = {"reading": "importing.read_run", "publishing": "importing.publish_run", "undoing": "importing.undo_run"}
"""The jobs that bring a run on, by its state."""


def stands_still(run: ImportRun) -> bool:
    """Whether a run should go on and no job will see to it: one that failed again and again is not tried any more."""
    waiting = select(Job.id).where(Job.kind == WORK.get(run.state, ""), Job.key == f"import_run:{run.id}", Job.state.in_(("queued", "running")))
    return run.state in WORK and session.scalar(waiting.limit(1)) is None


def go_on(actor: Actor, run: ImportRun) -> ImportRun:
    """Have a run that stands still go on after its last whole batch."""
    require(actor, f"{run.listing}.import", run)
    if not stands_still(run):
        raise Refused(N_("This import is being worked on."))
    enqueue(WORK[run.state], key=f"import_run:{run.id}", thing_id=run.id)
    record(run, "go_on", actor)
    return run


def listings_of(actor: Actor, organisation: Organisation, listing: str) -> Iterator[Any]:
    """All technologies or needs of an organisation, oldest first, a few in memory at a time."""
    require(actor, f"{listing}.import", organisation)
    return (one for one in stored(organisation.id, listing) if may(actor, "listing.read_in_full", one))


def stored(organisation_id: int, listing: str) -> Iterator[Any]:
    """The same, for whoever has been asked already."""
    model = Need if listing == "need" else Technology
    own, last = select(model).where(model.organisation_id == organisation_id).order_by(model.id).limit(BATCH), 0
    while rows := list(session.scalars(own.where(model.id > last))):
        last = rows[-1].id
        yield from rows
        for row in rows:
            session.expunge(row)
