"""From one database to another, SQLite or PostgreSQL in either direction: everything or nothing.

The target is brought to the revision of the source, filled in one transaction, read again and compared table by table; only then is it committed. The
source is only read. The site must stand still meanwhile: a source that has changed since the beginning is noticed, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select

from marketplace.db import engine_for
from marketplace.jobs import Job
from marketplace.keeping.rows import NotKept, Sum, compared, count_on, is_empty, read, revision_of, snapshot, summed, tables, write
from marketplace.migrate import head, upgrade_address
from marketplace.record import Event
from marketplace.trail.models import Alteration

Say = Callable[[str, int], None]
WATCHED = (Event, Alteration, Job)
"""What every change of the site adds to."""


def move(source: str, target: str, say: Say = lambda _table, _rows: None) -> dict[str, Sum]:
    """Carry everything over; count and hash of each table. Raises `NotKept`: then the target is as empty as it was.

    `say` hears the table and how many rows more were written.
    """
    if source == target:
        raise NotKept("source and target are the same database")
    if target.startswith("sqlite:///"):
        Path(target.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    origin, goal = engine_for(source), engine_for(target)
    try:
        with snapshot(origin) as reading:
            _require_source(reading)
            _prepare(goal, target)
            with goal.begin() as writing:
                sums = _carry(reading, writing, say)
                count_on(writing)
                _require_still(origin, reading)
        return sums
    finally:
        origin.dispose()
        goal.dispose()


def _require_source(reading: Connection) -> None:
    stands = revision_of(reading)
    if stands != head():
        raise NotKept(f"the source stands at revision {stands}, this program at {head()}: run `marketplace upgrade` on it first")


def _prepare(goal: Engine, address: str) -> None:
    """An empty database at the newest revision. Raises `NotKept` for one that holds anything."""
    with goal.connect() as connection:
        stands, empty = revision_of(connection), is_empty(connection)
    if not empty:
        raise NotKept("the target is not empty: nothing is ever written over; name a new database")
    if stands not in (None, head()):
        raise NotKept(f"the target stands at revision {stands}, this program at {head()}: drop its tables, or run `marketplace upgrade` on it")
    if stands is None:
        upgrade_address(address)


def _carry(reading: Connection, writing: Connection, say: Say) -> dict[str, Sum]:
    """All rows of all tables, and the proof that they have arrived. Raises `NotKept` with what differs."""
    sent, come = {}, {}
    for table in tables():
        sent[table.name] = write(writing, table, read(reading, table), lambda number, name=table.name: say(name, number))
    for table in tables():
        come[table.name] = summed(writing, table)
    if found := compared(sent, come):
        raise NotKept("; ".join(found))
    return sent


def _require_still(origin: Engine, reading: Connection) -> None:
    """Raise `NotKept` when the source has been written to since its rows were read."""
    last = [select(func.max(model.id)) for model in WATCHED]
    with origin.connect() as connection:
        if [connection.scalar(query) for query in last] != [reading.scalar(query) for query in last]:
            raise NotKept("the source has changed while it was read: stop the site and its workers, then move it")
