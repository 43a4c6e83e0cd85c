"""What a run holds: how many rows ended how, which rows, what waits for publication, and the report of it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select

from marketplace.catalogue.models import Technology
from marketplace.db import in_language, session
from marketplace.importing.batch import PUBLISHABLE
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.needs.models import Need
from marketplace.people.models import Organisation

OUTCOMES = ("created", "updated", "unchanged", "duplicate", "rejected")
BATCH = 200
REPORTED = 1000


def runs_of(organisations: Iterable[Organisation], limit: int = 10) -> list[ImportRun]:
    """The latest runs of these organisations, newest first."""
    own = select(ImportRun).where(ImportRun.organisation_id.in_([one.id for one in organisations]))
    return list(session.scalars(own.order_by(ImportRun.id.desc()).limit(limit)))


def counts(run: ImportRun) -> dict[str, int]:
    """How many rows ended in which outcome."""
    rows = select(ImportRow.outcome, func.count()).where(ImportRow.run_id == run.id).group_by(ImportRow.outcome)
    found = dict(session.execute(rows).all())
    return {outcome: found.get(outcome, 0) for outcome in OUTCOMES}


def link(run: ImportRun) -> Any:
    """The column by which a row of the run names its listing."""
    return ImportRow.need_id if run.listing == "need" else ImportRow.technology_id


def model(run: ImportRun) -> Any:
    """What the run's rows are about."""
    return Need if run.listing == "need" else Technology


def _waits() -> ColumnElement[bool]:
    return ImportRow.facts["waiting"].as_boolean().is_(True)


def waiting(run: ImportRun) -> int:
    """How many listings the run would publish that are drafts yet, or change that readers see already; held rows count too."""
    drafts = (
        select(func.count()).select_from(ImportRow).join(model(run), model(run).id == link(run))
        .where(ImportRow.run_id == run.id, ImportRow.outcome.in_(PUBLISHABLE), model(run).state == "draft")
    )
    changes = select(func.count()).where(ImportRow.run_id == run.id, ImportRow.outcome == "updated", _waits())
    return (session.scalar(drafts) or 0) + (session.scalar(changes) or 0)


def held(run: ImportRun) -> int:
    """How many rows are held back."""
    return session.scalar(select(func.count()).where(ImportRow.run_id == run.id, ImportRow.held.is_(True))) or 0


def rows_of(run: ImportRun, outcome: str, offset: int = 0, limit: int = 50) -> list[tuple[ImportRow, Any]]:
    """Rows of one outcome in the order of the file, each with the listing it is about, or None."""
    own = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome == outcome).order_by(ImportRow.number)
    rows = list(session.scalars(own.offset(offset).limit(limit)))
    things = things_of(run, rows)
    return [(row, things.get(key_of(row))) for row in rows]


def key_of(row: ImportRow) -> int | None:
    """The key of what a row is about."""
    return row.technology_id or row.need_id


def things_of(run: ImportRun, rows: Iterable[ImportRow]) -> dict[int | None, Any]:
    """What rows are about, by their keys."""
    wanted = {key for row in rows if (key := key_of(row))}
    return {one.id: one for one in session.scalars(select(model(run)).where(model(run).id.in_(wanted)))}


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


def tells_of_blind(run: ImportRun) -> bool:
    """Whether rows of the run are about blind listings, or were to be: then they are for the organisation's own people."""
    listing, link = model(run), ImportRow.need_id if run.listing == "need" else ImportRow.technology_id
    about = select(ImportRow.id).join(listing, listing.id == link).where(ImportRow.run_id == run.id, listing.visibility == "blind")
    return session.scalar(about.limit(1)) is not None or any(_meant_blind(row) for row in rejected(run.id))


def _meant_blind(row: ImportRow) -> bool:
    return any(str(cell).strip().casefold() == "blind" for cell in row.facts.get("cells") or ())


def said(values: Mapping[str, Any] | None, language: str) -> dict[str, Any]:
    """The values of a message, names and titles in the reader's language."""
    return {name: in_language(value, language)[0] if isinstance(value, dict) else value for name, value in (values or {}).items()}


def report(run: ImportRun) -> dict[str, Any]:
    """What became of the file, as plain values: counts, the run's id and state, and the reasons of rows that were not
    taken."""
    rows = select(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome.in_(("duplicate", "rejected")))
    reasons = [
        {
            "row": row.number,
            "outcome": row.outcome,
            "column": row.column,
            "reason": (row.reason or "") % said(row.facts.get("why"), "en"),
        }
        for row in session.scalars(rows.order_by(ImportRow.number).limit(REPORTED))
    ]
    error = {"error": run.error[0] % run.error[1]} if run.error else {}
    return {**counts(run), "run": run.public_id, "state": run.state, "total": run.total, "reasons": reasons, **error}
