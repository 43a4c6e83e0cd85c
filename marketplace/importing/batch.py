"""One batch of rows against the catalogue: whom each row is about, what it changes, and what becomes of it.

The rules of outcomes stand in the package's chapter. A row is judged by what the file said of the technology last
time, and by which rows of this run came before it; both are read from the rows of runs, so that nothing depends on
the process at hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from marketplace.access import Actor
from marketplace.catalogue import operations as catalogue
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.importing.readers import Row
from marketplace.importing.rows import read_row
from marketplace.record import record, revise

PUBLISHABLE = ("created", "updated", "unchanged")

SAME_KEY = N_("Row %(row)s of this file has the same reference number.")
SAME_NUMBER = N_("Row %(row)s of this file has the same application number.")
SAME_TITLE = N_("Row %(row)s of this file has the same title.")
NOT_OURS = N_("“%(title)s” is in the catalogue already and did not come from this file.")
OTHER_KEY = N_("“%(title)s” is in the catalogue already under the reference number %(key)s.")


@dataclass
class Read:
    """A row with what became of it."""

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str = "rejected"
    technology: Technology | None = None
    column: str | None = None
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Batch:
    """Rows read together: what the catalogue knows of them is asked once for all of them."""

    def __init__(self, actor: Actor, run: ImportRun, headers: Sequence[str], rows: Sequence[Row]) -> None:
        self.run = run
        self.headers = headers
        self.actor = actor
        self.moment = now()
        self.reads = [self._read(row) for row in rows]
        self._look_up()

    def _read(self, row: Row) -> Read:
        read = Read(row)
        if row.fault:
            read.reason, read.facts["why"] = row.fault, row.why
            return read
        try:
            read.values = read_row(dict(zip(self.headers, row.cells, strict=True)), self.run.columns)
        except Refused as problem:
            read.column, read.reason, read.facts["why"] = problem.field, problem.message, problem.values
        return read

    def _look_up(self) -> None:
        """The technologies these rows may be about, by each way in which one is known, and what was said of them
        before."""
        values = [read.values for read in self.reads if read.values]
        numbers = {one["application_number"] for one in values if "application_number" in one}
        keys = {one["source_key"] for one in values if "source_key" in one}
        hashes = {catalogue.hash_of(one["title"]) for one in values}
        own = select(Technology).where(Technology.organisation_id == self.run.organisation_id)
        self.by_number = {one.application_number: one for one in _scalars(own, Technology.application_number, numbers)}
        by_key = own.where(Technology.source == self.run.source)
        self.by_key = {one.source_key: one for one in _scalars(by_key, Technology.source_key, keys)}
        titled = own.where(Technology.source_key.is_(None), Technology.application_number.is_(None))
        self.by_title = {one.title_hash: one for one in _scalars(titled, Technology.title_hash, hashes)}
        known = {one.id for found in (self.by_number, self.by_key, self.by_title) for one in found.values()}
        self.touched = self._touched(known)
        self.sent = self._sent(known)

    def _touched(self, known: set[int]) -> dict[Technology, int]:
        """Which of them earlier rows of this run were about."""
        of_run = (
            select(ImportRow.technology_id, func.min(ImportRow.number))
            .where(
                ImportRow.run_id == self.run.id, ImportRow.technology_id.in_(known), ImportRow.outcome.in_(PUBLISHABLE)
            )
            .group_by(ImportRow.technology_id)
        )
        rows = dict(session.execute(of_run).all())
        found = {one.id: one for by in (self.by_number, self.by_key, self.by_title) for one in by.values()}
        return {found[key]: number for key, number in rows.items() if key is not None}

    def _sent(self, known: set[int]) -> dict[int, dict[str, str]]:
        """What files last said of them: a digest of each field, as far as it was written into the catalogue."""
        said: dict[int, dict[str, str]] = {}
        before = select(ImportRow.technology_id, ImportRow.facts).where(
            ImportRow.technology_id.in_(known), ImportRow.outcome.in_(("created", "updated"))
        )
        for key, facts in session.execute(before.order_by(ImportRow.id)):
            if key is not None and not facts.get("waiting"):
                said.setdefault(key, {}).update(facts.get("sent", {}))
        return said

    def write(self) -> None:
        """Decide on each row in turn, then write technologies, revisions and what became of the rows."""
        for read in self.reads:
            if read.values:
                self._decide(read)
        session.flush()  # the new technologies get their ids, which events and rows point at
        for read in self.reads:
            if read.technology is not None and read.outcome in ("created", "updated") and not read.facts.get("waiting"):
                self._keep(read)
        session.add_all(self._row(read) for read in self.reads)
        session.flush()  # so that a clash shows inside the batch's savepoint

    def _decide(self, read: Read) -> None:
        found, how = self._about(read.values)
        if found is None:
            self._create(read)
        elif found in self.touched:
            read.outcome, read.technology, read.reason = "duplicate", found, how
            read.facts["why"] = {"row": self.touched[found]}
        elif found.source != self.run.source:
            read.outcome, read.technology, read.reason = "duplicate", found, NOT_OURS
            read.facts["why"] = {"title": found.titled("zh")[0][:100]}
        elif found.source_key and read.values.get("source_key", found.source_key) != found.source_key:
            read.outcome, read.technology, read.reason = "duplicate", found, OTHER_KEY
            read.facts["why"] = {"title": found.titled("zh")[0][:100], "key": found.source_key}
        else:
            self._compare(read, found)
        if read.outcome in PUBLISHABLE and read.technology is not None:
            self.touched[read.technology] = read.row.number

    def _about(self, values: dict[str, Any]) -> tuple[Technology | None, str]:
        """The technology a row is about and by what it is known: number, else key, else title.

        A row that has number or key is also about one known by title alone, which has just been given them, unless
        the file speaks of that one elsewhere.
        """
        number, key = values.get("application_number"), values.get("source_key")
        if number in self.by_number:
            return self.by_number[number], SAME_NUMBER
        if key in self.by_key:
            return self.by_key[key], SAME_KEY
        found = self.by_title.get(catalogue.hash_of(values["title"]))
        if found is not None and (number or key) and (found in self.touched or found.source != self.run.source):
            return None, ""
        return found, SAME_TITLE

    def _create(self, read: Read) -> None:
        values = {**read.values, "source": self.run.source}
        technology = catalogue.draft(self.actor, self.run.organisation, self.moment)
        try:
            catalogue.fill(technology, values)
        except Refused as problem:
            read.column, read.reason, read.facts["why"] = self._header(problem.field), problem.message, problem.values
            return
        technology.import_run_id = self.run.id
        session.add(technology)
        read.outcome, read.technology, read.facts["sent"] = "created", technology, sent(read.values)
        self._known(technology)

    def _known(self, technology: Technology) -> None:
        """Later rows of the batch find what this one made."""
        if technology.application_number:
            self.by_number[technology.application_number] = technology
        if technology.source_key:
            self.by_key[technology.source_key] = technology
        if not technology.application_number and not technology.source_key:
            self.by_title[technology.title_hash] = technology

    def _header(self, name: str | None) -> str | None:
        return next((header for header, known in self.run.columns.items() if known == name), None)

    def _compare(self, read: Read, technology: Technology) -> None:
        """Updated where the file says something else than last time and than the catalogue; else unchanged."""
        said, saying = self.sent.get(technology.id, {}), sent(read.values)
        fresh = {name: read.values[name] for name in saying if saying[name] != said.get(name)}
        changes = _changes(technology, fresh)
        read.outcome, read.technology = ("updated" if changes else "unchanged"), technology
        if changes:
            read.facts |= {"changes": changes, "sent": saying}
            if technology.state == "draft":
                catalogue.fill(technology, new_values(changes))
                technology.updated, technology.import_run_id = self.moment, self.run.id
            else:
                read.facts["waiting"] = True
        self._known(technology)

    def _keep(self, read: Read) -> None:
        technology = read.technology
        assert technology is not None
        record(
            technology,
            "create" if read.outcome == "created" else "update",
            self.actor,
            self.moment,
            run=self.run.public_id,
        )
        revise(technology, self.actor, catalogue.content(technology), self.moment)

    def _row(self, read: Read) -> ImportRow:
        if read.outcome == "rejected":
            read.facts["cells"] = [cell[:20_000] for cell in read.row.cells]
        return ImportRow(
            run_id=self.run.id,
            number=read.row.number,
            outcome=read.outcome,
            column=read.column,
            reason=read.reason,
            facts=read.facts,
            technology_id=read.technology.id if read.technology is not None else None,
        )


def _scalars(query: Any, column: Any, wanted: set[str]) -> Iterable[Technology]:
    return session.scalars(query.where(column.in_(wanted))) if wanted else ()


def sent(values: dict[str, Any]) -> dict[str, str]:
    """A short digest of each field as the file says it."""
    return {name: hashlib.sha256(_json(value).encode()).hexdigest()[:12] for name, value in values.items()}


def _json(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _changes(technology: Technology, values: dict[str, Any]) -> dict[str, list[Any]]:
    """What would change: field → [old, new] in JSON values; a language the file does not speak stays as it is."""
    changes = {}
    for name, value in values.items():
        old = getattr(technology, name)
        new = {**old, **value} if isinstance(value, dict) else value
        if new != old:
            changes[name] = [_plain(old), _plain(new)]
    return changes


def new_values(changes: dict[str, list[Any]]) -> dict[str, Any]:
    """The new values of changes, as `fill` takes them."""
    return {
        name: date.fromisoformat(new) if name in catalogue.DATES and new else new
        for name, (_old, new) in changes.items()
    }
