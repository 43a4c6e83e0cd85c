"""One batch of rows against the catalogue: whom each row is about, what it changes, and what becomes of it.

The rules of outcomes stand in the package's chapter. A row is judged by what files said of the listing before, and by
which rows of this run came before it; both are read from the rows of runs, so that nothing depends on the process at hand.
What is special of technologies and of needs stands in `technologies` and `needs`.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import func, select

from marketplace.access import Actor
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, Refused
from marketplace.importing.models import ImportRow, ImportRun
from marketplace.importing.readers import Row
from marketplace.record import move, record, revise

PUBLISHABLE = ("created", "updated", "unchanged")
CELL_KEPT = 20_000
"""Characters of a cell that are kept of a row that was not taken."""

SAME_ID = N_("Row %(row)s of this file has the same number on this site.")
NOT_YOURS = N_("Your organisation has nothing under the number %(number)s of this site. Leave the cell empty to add this row as a new one.")


@dataclass
class Read:
    """A row with what became of it."""

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    outcome: str = "rejected"
    thing: Any = None
    column: str | None = None
    reason: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def refuse(self, problem: Refused, column: str | None) -> None:
        """The row is rejected for this reason, in this column."""
        self.outcome, self.thing = "rejected", None
        self.column, self.reason, self.facts["why"] = column, problem.message, problem.values

    def duplicates(self, thing: Any, reason: str, **why: Any) -> None:
        """The row is about something that is there already, and how that was seen."""
        self.outcome, self.thing, self.reason = "duplicate", thing, reason
        self.facts["why"] = {"title": shortened(thing.title), **why}


def shortened(text: Mapping[str, str]) -> dict[str, str]:
    """A title or name in its languages, as the reason of a row holds it: the reader's is taken when it is shown."""
    return {code: words[:100] for code, words in text.items()}


class Batch(ABC):
    """Rows read together: what the catalogue knows of them is asked once for all of them."""

    link: ClassVar[str]  # the column of a row that names its listing
    by_id: Mapping[str, Any]  # what was looked up by its number on this site

    def __init__(self, actor: Actor, run: ImportRun, headers: Sequence[str] = (), rows: Sequence[Row] = ()) -> None:
        self.run = run
        self.headers = headers
        self.actor = actor
        self.moment = now()
        self.new: dict[Any, int] = {}  # what rows of this batch were about, and which
        self.reads = [self._read(row) for row in rows]
        self.look_up([read.values for read in self.reads if read.values])
        known = {one.id for one in self.known()}
        self.touched = self._touched(known)
        self.sent = self._sent(known)
        self.undone = self._undone(known)

    @abstractmethod
    def values_of(self, cells: Mapping[str, str]) -> dict[str, Any]:
        """The values of a row. Raises `Refused` with the column as its field."""

    @abstractmethod
    def look_up(self, values: Sequence[Mapping[str, Any]]) -> None:
        """Read what the rows may be about, by each way in which it is known."""

    @abstractmethod
    def known(self) -> Iterable[Any]:
        """What was looked up."""

    @abstractmethod
    def about(self, read: Read) -> tuple[Any, str]:
        """What a row that names no number on this site is about, and a message for a second row about the same; (None, "") for
        something new."""

    def clashes(self, read: Read, found: Any, how: str) -> bool:
        """Whether the row is a duplicate of what it was found to be about, and no update; marks it so."""
        return False

    @abstractmethod
    def draft(self, read: Read) -> Any:
        """A new listing, filled; None where the row was marked as something else instead. Raises `Refused`."""

    @abstractmethod
    def try_on(self, thing: Any, values: dict[str, Any]) -> None:
        """Raise `Refused` where the listing could not take these values; it stays as it is."""

    @abstractmethod
    def fill(self, thing: Any, values: dict[str, Any]) -> None:
        """Write values into a listing. Raises `Refused` with the field."""

    def value(self, thing: Any, name: str) -> Any:
        """The value of a field as changes speak of it."""
        return getattr(thing, name)

    def following(self, thing: Any, changes: Mapping[str, Any]) -> dict[str, list[Any]]:
        """What changes with these changes, so that it can be put back with them."""
        return {}

    @abstractmethod
    def content(self, thing: Any) -> dict[str, Any]:
        """What a revision keeps."""

    @abstractmethod
    def remember(self, thing: Any) -> None:
        """Later rows of the batch find what this one made or changed."""

    @abstractmethod
    def publish(self, thing: Any) -> None:
        """Open a draft to its readers, where nothing stands against it."""

    def change(self, thing: Any, values: dict[str, Any]) -> None:
        """Write values into a listing, with event and revision. Raises `Refused`."""
        self.fill(thing, values)
        thing.updated, thing.import_run_id = self.moment, self.run.id
        record(thing, "update", self.actor, self.moment, run=self.run.public_id)
        revise(thing, self.actor, self.content(thing), self.moment)

    def _read(self, row: Row) -> Read:
        read = Read(row)
        if row.place:
            read.facts["place"] = row.place
        if row.fault:
            read.reason, read.facts["why"] = row.fault, row.why
            return read
        try:
            read.values = self.values_of(dict(zip(self.headers, row.cells, strict=True)))
        except Refused as problem:
            read.refuse(problem, problem.field)
        return read

    def _touched(self, known: set[int]) -> dict[int, int]:
        """Which of them earlier rows of this run were about, and which rows those are."""
        link = getattr(ImportRow, self.link)
        of_run = select(link, func.min(ImportRow.number)).where(
            ImportRow.run_id == self.run.id, link.in_(known), ImportRow.outcome.in_(PUBLISHABLE)
        )
        return dict(session.execute(of_run.group_by(link)).all())

    def _sent(self, known: set[int]) -> dict[int, dict[str, str]]:
        """What files said of them: a digest of each field, as far as it was written into the catalogue; where this source said
        something, that, else what any other said last."""
        link = getattr(ImportRow, self.link)
        before = select(link, ImportRow.facts, ImportRun.source).join(ImportRun, ImportRun.id == ImportRow.run_id).where(
            link.in_(known), ImportRow.outcome.in_(("created", "updated")), ImportRun.state.not_in(("undoing", "undone"))
        )
        others: dict[int, dict[str, str]] = {}
        own: dict[int, dict[str, str]] = {}
        for key, facts, source in session.execute(before.order_by(ImportRow.id)):
            if not facts.get("waiting"):
                (own if source == self.run.source else others).setdefault(key, {}).update(facts.get("sent", {}))
        return {key: {**others.get(key, {}), **own.get(key, {})} for key in known}

    def _undone(self, known: set[int]) -> set[int]:
        """Those whose creation was taken back with its run: they can be created once more."""
        link = getattr(ImportRow, self.link)
        made = select(link).join(ImportRun, ImportRun.id == ImportRow.run_id).where(
            link.in_(known), ImportRow.outcome == "created", ImportRun.state == "undone"
        )
        return set(session.scalars(made))

    def write(self) -> None:
        """Decide on each row in turn, then write listings, revisions and what became of the rows."""
        for read in self.reads:
            if read.values:
                self._decide(read)
        session.flush()  # the new listings get their ids, which events and rows point at
        for read in self.reads:
            if read.thing is not None and read.outcome in ("created", "updated") and not read.facts.get("waiting"):
                self._keep(read)
        session.add_all(self._row(read) for read in self.reads)
        session.flush()  # so that a clash shows inside the batch's savepoint

    def _named(self, number: str) -> tuple[Any, str]:
        """What our own template names by its number on this site."""
        if number not in self.by_id:
            raise Refused(NOT_YOURS, field="public_id", number=number)
        return self.by_id[number], SAME_ID

    def _decide(self, read: Read) -> None:
        number = read.values.pop("public_id", None)
        try:
            found, how = self._named(number) if number else self.about(read)
        except Refused as problem:
            read.refuse(problem, self._header(problem.field))
            return
        if found is None:
            self._create(read)
        elif found.id in self.touched or found in self.new:
            read.duplicates(found, how, row=self.touched.get(found.id) or self.new[found])
        elif found.id in self.undone and found.state == "withdrawn":
            self._create_again(read, found)
        elif not self.clashes(read, found, how):
            self._compare(read, found)
        if read.outcome in PUBLISHABLE and read.thing is not None:
            self.new[read.thing] = read.row.number

    def _create(self, read: Read) -> None:
        try:
            thing = self.draft(read)
        except Refused as problem:
            read.refuse(problem, self._header(problem.field))
            return
        if thing is None:
            return
        thing.import_run_id = self.run.id
        session.add(thing)
        read.outcome, read.thing, read.facts["sent"] = "created", thing, digests(read.values)
        self.remember(thing)

    def _create_again(self, read: Read, thing: Any) -> None:
        try:
            self.fill(thing, read.values)
        except Refused as problem:
            read.refuse(problem, self._header(problem.field))
            return
        move(thing, "create_again", self.actor, self.moment, run=self.run.public_id)
        thing.import_run_id, thing.updated = self.run.id, self.moment
        read.outcome, read.thing, read.facts["sent"] = "created", thing, digests(read.values)
        self.remember(thing)

    def _header(self, name: str | None) -> str | None:
        return next((header for header, known in self.run.columns.items() if known == name), None)

    def _compare(self, read: Read, thing: Any) -> None:
        """Updated where the file says something else than before and than the catalogue; else unchanged."""
        said, saying = self.sent.get(thing.id, {}), digests(read.values)
        fresh = {name: read.values[name] for name in saying if saying[name] != said.get(name)}
        changes = {name: pair for name, value in fresh.items() if (pair := difference(self.value(thing, name), value))}
        changes |= self.following(thing, changes)
        read.outcome, read.thing = ("updated" if changes else "unchanged"), thing
        if changes:
            read.facts |= {"changes": changes, "sent": saying}
            self._update(read, thing, changes)
        if read.thing is not None:
            self.remember(thing)

    def _update(self, read: Read, thing: Any, changes: dict[str, list[Any]]) -> None:
        """A draft is changed at once; what readers see waits for the run's publication. Both are tried first."""
        try:
            self.try_on(thing, new_values(changes))
        except Refused as problem:
            del read.facts["changes"], read.facts["sent"]
            read.refuse(problem, self._header(problem.field))
            return
        if thing.state != "draft":
            read.facts["waiting"] = True
            return
        self.fill(thing, new_values(changes))
        thing.updated, thing.import_run_id = self.moment, self.run.id

    def _keep(self, read: Read) -> None:
        record(read.thing, "create" if read.outcome == "created" else "update", self.actor, self.moment, run=self.run.public_id)
        revise(read.thing, self.actor, self.content(read.thing), self.moment)
        read.facts["revision"] = read.thing.revision

    def _row(self, read: Read) -> ImportRow:
        if read.outcome in ("rejected", "duplicate"):
            read.facts["cells"] = [cell[:CELL_KEPT] for cell in read.row.cells]
        return ImportRow(
            run_id=self.run.id, number=read.row.number, outcome=read.outcome, column=read.column, reason=read.reason, facts=read.facts,
            held=False, **{self.link: read.thing.id if read.thing is not None else None},
        )


def digests(values: Mapping[str, Any]) -> dict[str, str]:
    """A short digest of each field as the file says it."""
    return {name: hashlib.sha256(_json(value).encode()).hexdigest()[:12] for name, value in values.items()}


def _json(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def difference(old: Any, new: Any) -> list[Any] | None:
    """[old, new] in JSON values where a value would change, else None; a language the file does not speak stays as it is."""
    merged = _merged(old, new)
    return None if (merged or None) == (old or None) else [_plain(old), _plain(merged)]


def _merged(old: Any, new: Any) -> Any:
    """A new value with what it does not speak of left as it is: a language of a text, a field of an offer."""
    if not isinstance(new, dict) or (new and not _spoken(new) and "mode" not in (old or new)):
        return new
    if _spoken(new):
        return {code: text for code, text in {**(old or {}), **new}.items() if text not in ("", [])}
    return {**(old or {}), **{name: _merged((old or {}).get(name), value) if _spoken(value) else value for name, value in new.items()}}


def _spoken(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and value.keys() <= set(LANGUAGES)


def new_values(changes: Mapping[str, list[Any]], place: int = 1) -> dict[str, Any]:
    """The new values of changes (with `place` 0 the old ones), as they are written into a listing."""
    return {name: date.fromisoformat(pair[place]) if name in DAYS and pair[place] else pair[place] for name, pair in changes.items()}


DAYS = ("filed_on", "granted_on", "expires_on", "listed_until", "deadline")
