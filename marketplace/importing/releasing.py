"""The verbs after the rows are read: hold a row back, keep a duplicate apart, publish what was chosen, take a run back.

`publish_rows` and `undo_rows` are generators like `read_rows`, may be broken off anywhere and gone on with: what they did
stands in the listings and the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue import operations as catalogue
from marketplace.db import session
from marketplace.errors import N_, NotFound, Refused
from marketplace.importing import review
from marketplace.importing.batch import PUBLISHABLE, Batch, difference, digests, new_values
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.importing.needs import NeedBatch
from marketplace.importing.technologies import CAN_STAND_APART, TechnologyBatch
from marketplace.jobs import handler
from marketplace.people.models import Person
from marketplace.record import move, record, revise

BATCH = 200


def on_behalf(run: ImportRun) -> Actor:
    """Whoever sent the file, while that person may still import for the organisation; else the system."""
    author = session.get(Person, run.author_id) if run.author_id else None
    return author if author is not None and may(author, f"{run.listing}.import", run) else SYSTEM


def batch_of(actor: Actor, run: ImportRun) -> Batch:
    """A batch without rows, to write into what the run is about."""
    return (NeedBatch if run.listing == "need" else TechnologyBatch)(actor, run)


def hold(actor: Actor, run: ImportRun, shown: Collection[int], held: Collection[int]) -> None:
    """Of the rows shown (by number), hold these back from publication and no others."""
    require(actor, f"{run.listing}.import", run)
    own = update(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number.in_(shown))
    session.execute(own.values(held=False))
    session.execute(own.where(ImportRow.number.in_(held)).values(held=True))


def can_stand_apart(row: ImportRow) -> bool:
    """Whether a technology's duplicate is one by likeness alone, so that a person may know better."""
    return row.outcome == "duplicate" and row.technology_id is not None and row.reason in CAN_STAND_APART and "cells" in row.facts


def keep_apart(actor: Actor, run: ImportRun, number: int, headers: Sequence[str], at: datetime | None = None) -> ImportRow:
    """Make a technology of its own of a row that was taken for a duplicate. Refused where a number says that it is one."""
    require(actor, f"{run.listing}.import", run)
    row = session.scalar(select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number == number))
    if row is None or not can_stand_apart(row):
        raise NotFound()
    batch = TechnologyBatch(actor, run, headers)
    values = batch.values_of(dict(zip(headers, row.facts["cells"], strict=True)))
    technology = batch.fresh(values)
    catalogue.refuse_clash(technology)
    technology.import_run_id = run.id
    session.add(technology)
    record(technology, "create", actor, at, run=run.public_id)
    revise(technology, actor, catalogue.content(technology), at)
    row.outcome, row.technology_id, row.reason = "created", technology.id, None
    row.facts = {"sent": digests(values), "revision": technology.revision}
    return row


def release(actor: Actor, run: ImportRun, outcomes: Sequence[str], at: datetime | None = None) -> ImportRun:
    """Say which outcomes are to be published: a job does it. Rows held back stay as they are."""
    require(actor, f"{run.listing}.import", run)
    chosen = [outcome for outcome in PUBLISHABLE if outcome in outcomes]
    if not chosen:
        raise Refused(N_("Choose what to publish."), field="outcomes")
    run.outcomes = chosen
    move(run, "release", actor, at)
    return run


@handler("importing.publish_run")
def publish_run(thing_id: int) -> Iterator[None]:
    """The job that publishes a released run."""
    run = session.get_one(ImportRun, thing_id)
    if run.state == "publishing":
        yield from publish_rows(on_behalf(run), run)


def publish_rows(actor: Actor, run: ImportRun) -> Iterator[None]:
    """Publish the drafts of the released outcomes and write the changes that waited, yielding after each batch."""
    require(actor, f"{run.listing}.import", run)
    batch, last = batch_of(actor, run), 0
    while rows := _next_rows(run, last, run.outcomes):
        last = rows[-1].number
        things = review.things_of(run, rows)
        for row in rows:
            if not row.held and review.key_of(row) in things:
                _publish_row(batch, row, things[review.key_of(row)])
        session.flush()  # the batch is whole before it is handed to whoever commits
        yield
    move(run, "publish", actor)


def _next_rows(run: ImportRun, last: int, outcomes: Sequence[str]) -> list[ImportRow]:
    rows = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.number > last, ImportRow.outcome.in_(outcomes))
    return list(session.scalars(rows.order_by(ImportRow.number).limit(BATCH)))


def _publish_row(batch: Batch, row: ImportRow, thing: Any) -> None:
    if row.facts.get("waiting"):
        try:
            batch.try_on(thing, new_values(row.facts["changes"]))
        except Refused as problem:  # somebody has changed it meanwhile so that this no longer fits
            row.reason, row.facts = problem.message, {**row.facts, "why": problem.values}
            return
        batch.change(thing, new_values(row.facts["changes"]))
        row.facts = {**row.facts, "waiting": False, "revision": thing.revision}
    if thing.state == "draft":
        batch.publish(thing)


def undo(actor: Actor, run: ImportRun, at: datetime | None = None) -> ImportRun:
    """Take back what the run did: a job does it."""
    require(actor, f"{run.listing}.import", run)
    run.kept = 0
    move(run, "undo", actor, at)
    return run


@handler("importing.undo_run")
def undo_run(thing_id: int) -> Iterator[None]:
    """The job that takes a run back."""
    run = session.get_one(ImportRun, thing_id)
    if run.state == "undoing":
        yield from undo_rows(on_behalf(run), run)


def undo_rows(actor: Actor, run: ImportRun) -> Iterator[None]:
    """What the run created is withdrawn, what it changed gets its old values back, yielding after each batch.

    What a person or another run has changed since stays as it is, and is counted in `run.kept`.
    """
    require(actor, f"{run.listing}.import", run)
    batch, last = batch_of(actor, run), 0
    while rows := _next_rows(run, last, ("created", "updated")):
        last = rows[-1].number
        things = review.things_of(run, rows)
        for row in rows:
            if not row.facts.get("undone") and review.key_of(row) in things:
                run.kept += not _undo_row(batch, row, things[review.key_of(row)])
                row.facts = {**row.facts, "undone": True, "waiting": False}
        session.flush()  # the batch is whole before it is handed to whoever commits
        yield
    move(run, "end_undo", actor)


def _undo_row(batch: Batch, row: ImportRow, thing: Any) -> bool:
    """Whether nothing of what the row did is left."""
    if "revision" not in row.facts:
        return True  # it waited and was never written
    if row.outcome == "updated":
        return _put_back(batch, row, thing)
    if thing.revision != row.facts["revision"]:
        return False
    if thing.state in ("draft", "submitted", "published"):
        move(thing, "undo_with_run", batch.actor, batch.moment, run=batch.run.public_id)
    return True


def _put_back(batch: Batch, row: ImportRow, thing: Any) -> bool:
    """Give the old values back where the new ones still stand; whether all did."""
    changes = row.facts["changes"]
    standing = {
        name: pair for name, pair in changes.items() if difference(batch.value(thing, name), new_values({name: pair})[name]) is None
    }
    if standing:
        batch.change(thing, new_values(standing, place=0))
    return len(standing) == len(changes)
