"""Rows of all tables, whichever database keeps them: read in one order, counted, hashed, and written into an empty database with their ids."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import JSON, Column, Connection, Date, DateTime, Engine, LargeBinary, Table, bindparam, func, insert, inspect, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError

from marketplace.db import Base, UTCTime
from marketplace.trail.chain import canonical

BATCH = 1000
Told = Callable[[int], None]
Row = list[Any]


class NotKept(ValueError):
    """The data could not be carried over; the words say why. Nothing was left half done."""


@dataclass(frozen=True)
class Sum:
    """What is compared of a table: how many rows, and SHA-256 over all of them in the order of their keys."""

    rows: int
    hash: str


def tables() -> list[Table]:
    """All tables, each behind those it refers to."""
    return Base.metadata.sorted_tables


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads and whatever others write."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            connection.execute(text("select 1 from alembic_version"))  # SQLite takes the moment at the first reading
            yield connection


def revision_of(connection: Connection) -> str | None:
    """The revision that a database stands at; None for one without tables."""
    return MigrationContext.configure(connection).get_current_revision()


def is_empty(connection: Connection) -> bool:
    """Whether no table of ours holds a row."""
    there = set(inspect(connection).get_table_names())
    return not any(connection.execute(select(table.primary_key.columns.values()[0]).limit(1)).first() for table in tables() if table.name in there)


def read(connection: Connection, table: Table) -> Iterator[Row]:
    """The rows in the order of their keys, as plain values in the order of the columns."""
    unset = [column for column in table.columns if isinstance(column.type, JSON) and column.nullable]
    query = select(table, *(column.is_(None) for column in unset)).order_by(*table.primary_key.columns)
    columns = list(table.columns)
    places = [columns.index(column) for column in unset]
    always = [place for place, one in enumerate(columns) if isinstance(one.type, JSON) and not one.nullable]
    with connection.execute(query.execution_options(yield_per=BATCH)) as found:
        for row in found:
            values = [_plain(value) for value in row[: len(columns)]]
            for place, absent in [*zip(places, row[len(columns):], strict=True), *((place, False) for place in always)]:
                if values[place] is None and not absent:
                    values[place] = {"json": None}  # the word null is another thing than nothing
            yield values


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return {"bytes": b64encode(value).decode()} if isinstance(value, (bytes, memoryview)) else value


def _bound(column: Column[Any], value: Any) -> Any:
    """The value as the database takes it."""
    kind = column.type
    if isinstance(kind, JSON):
        return JSON.NULL if value == {"json": None} else value
    if value is None:
        return None
    if isinstance(kind, (UTCTime, DateTime)):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    return b64decode(value["bytes"]) if isinstance(kind, LargeBinary) else value


class Counting:
    """Counts and hashes the rows that go through it."""

    def __init__(self) -> None:
        self._rows, self._hash = 0, hashlib.sha256()

    def take(self, row: Row) -> Row:
        """Count the row in, and give it back."""
        self._rows += 1
        self._hash.update(canonical(row) + b"\n")
        return row

    @property
    def sum(self) -> Sum:
        """What went through."""
        return Sum(self._rows, self._hash.hexdigest())


def summed(connection: Connection, table: Table) -> Sum:
    """Count and hash of a table as it stands."""
    counting = Counting()
    for row in read(connection, table):
        counting.take(row)
    return counting.sum


def write(connection: Connection, table: Table, rows: Iterable[Row], told: Told = lambda _number: None) -> Sum:
    """Put the rows into an empty table, with their ids; what was read, counted and hashed. Raises `NotKept` where the database refuses one.

    A row may refer to one of its own table that comes later: such a reference is set when all are there.
    """
    counting, later, batch = Counting(), [], []
    target, own = _target(table), _own(table)
    columns = list(table.columns)
    for row in rows:
        values = {column.name: _bound(column, value) for column, value in zip(columns, counting.take(row), strict=True)}
        for name in own:
            if values[name] is not None and values[name] > values["id"]:
                later.append({"key": values["id"], "name": name, "value": values[name]})
                values[name] = None
        batch.append(values)
        if len(batch) == BATCH:
            _insert(connection, table, target, batch)
            told(len(batch))
            batch = []
    _insert(connection, table, target, batch)
    for one in later:
        change = update(table).where(table.c.id == bindparam("key")).values({one["name"]: bindparam("value")})
        connection.execute(change, {"key": one["key"], "value": one["value"]})
    told(len(batch))
    return counting.sum


def _insert(connection: Connection, table: Table, target: Table, batch: list[dict[str, Any]]) -> None:
    if not batch:
        return
    try:
        connection.execute(insert(target).inline(), batch)
    except DBAPIError as error:
        said = str(error.orig).splitlines()[0] if connection.dialect.name == "sqlite" else getattr(error.orig, "sqlstate", "")
        raise NotKept(f"the database refuses rows of {table.name} from key {next(iter(batch[0].values()))} on: {type(error.orig).__name__} {said}") from error


def _target(table: Table) -> Table:
    """The table as it is written to: no defaults of ours, and nothing instead of the word null where nothing is set."""
    copied = Table(table.name, Base.metadata.__class__())
    for column in table.columns:
        kind = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql") if isinstance(column.type, JSON) else column.type
        copied.append_column(Column(column.name, kind, primary_key=column.primary_key, autoincrement=False))
    return copied


def _own(table: Table) -> list[str]:
    """Columns that refer to the table itself."""
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def count_on(connection: Connection) -> None:
    """Let the next new row of each table get an id behind those that were written; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables():
        sequence = connection.scalar(select(func.pg_get_serial_sequence(table.name, "id"))) if "id" in table.c else None
        if sequence:
            last = connection.scalar(select(func.max(table.c.id)))
            connection.execute(select(func.setval(sequence, last or 1, last is not None)))


def compared(there: dict[str, Sum], here: dict[str, Sum]) -> list[str]:
    """What differs, in words."""
    return [
        f"{name}: {one.rows} rows were read, {here[name].rows} stand here" if one.rows != here[name].rows else f"{name}: the rows differ"
        for name, one in there.items() if one != here[name]
    ]
