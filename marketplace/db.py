"""The database: one declarative base, one session, and the column types every table shares.

Constraints are named by convention, so that a migration can name what it changes. Times are UTC-aware; a naive one is
refused at the door. On SQLite a transaction that will write takes the write lock when it begins (`writing`), so that two
writers queue instead of one failing half-way; readers never wait.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from threading import get_ident
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, String, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column, scoped_session, sessionmaker
from sqlalchemy.types import TypeDecorator

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
LANGUAGES = ("zh", "en")
HOME = ZoneInfo("Asia/Shanghai")
"""The site's own zone: by it moments are shown, and the days of tasks, fees and lists are counted."""

writing: ContextVar[bool] = ContextVar("writing", default=False)
noted: ContextVar[list[Any] | None] = ContextVar("noted", default=None)  # rows of a log that outlive the request that only reads
scope: ContextVar[str] = ContextVar("scope", default="")  # tells apart two sessions on one thread: a caller and the request it plays


class UTCTime(TypeDecorator[datetime]):
    """A moment, always aware and always UTC; SQLite stores it without zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; hand UTC to the driver."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone reached the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware UTC moment."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Data = JSON().with_variant(JSONB(), "postgresql")
Key = Annotated[int, mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)]
Codes = Annotated[list[str], mapped_column(Data, default=list)]
Bilingual = Annotated[dict[str, str], mapped_column(Data, default=dict)]
Minor = Annotated[int | None, mapped_column(BigInteger)]
Moment = Annotated[datetime, mapped_column(UTCTime)]
PublicId = Annotated[str, mapped_column(String(16), unique=True, default=lambda: new_public_id())]


class Base(DeclarativeBase):
    """The base of every table; names every constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCTime, dict[str, Any]: Data, list[Any]: Data, dict[str, str]: Data, list[str]: Data}


session = scoped_session(sessionmaker(autoflush=False), scopefunc=lambda: (get_ident(), scope.get()))


def new_public_id(length: int = 13) -> str:
    """A random id of 13 characters (64 bits) for addresses; it says nothing of number or order. Older ones have 12 (59 bits).

    Where the id is all that opens a page, 26 (128 bits).
    """
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def now() -> datetime:
    """The present moment, UTC. Operations take the clock as a parameter; this is its default."""
    return datetime.now(UTC)


def in_language(text: dict[str, str] | None, language: str) -> tuple[str, str]:
    """The text in the wanted language, else in the other: (text, language it is in); ("", wanted) when there is none."""
    for candidate in (language, *LANGUAGES):
        if text and text.get(candidate):
            return text[candidate], candidate
    return "", language


def _prepare_sqlite(engine: Engine) -> None:
    """Foreign keys on, write-ahead log, patient locks, and real BEGIN statements under our own control."""

    @event.listens_for(engine, "connect")
    def opened(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing.get() else "BEGIN")


def engine_for(url: str) -> Engine:
    """An engine for an address, as all of ours are; the session is not touched."""
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)  # values stay out of the logs
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    return engine


def connect(url: str) -> Engine:
    """Make the engine for an address and bind the session to it."""
    engine = engine_for(url)
    session.remove()
    session.configure(bind=engine)
    return engine


@contextmanager
def to_write() -> Iterator[None]:
    """Transactions begun inside take SQLite's write lock at once; PostgreSQL is not touched."""
    token = writing.set(True)
    try:
        yield
    finally:
        writing.reset(token)


@contextmanager
def noting() -> Iterator[list[Any]]:
    """What `note` is given inside is collected here, for whoever ends the transaction to write."""
    rows: list[Any] = []
    token = noted.set(rows)
    try:
        yield rows
    finally:
        noted.reset(token)


def note(row: Any) -> None:
    """Have a row of a log (or the update of one) written although the request at hand only reads: after its own transaction, before its answer leaves.

    Outside a request it is added to the running transaction.
    """
    rows = noted.get()
    if rows is None:
        session.add(row)
    else:
        rows.append(row)


@contextmanager
def to_read() -> Iterator[None]:
    """Transactions begun inside only read, even in a job: long calculations hold no lock. End the transaction before writing."""
    token = writing.set(False)
    try:
        yield
    finally:
        writing.reset(token)
