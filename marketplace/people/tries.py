"""Counts of tries for the rate limits: one table that all workers of a site share, so that ten tries are ten, however many workers there are.

A count is one statement (insert, or add to the row that is there), in a transaction of its own: it stands also when the request that caused it is refused
and rolled back. With PostgreSQL the table lies in the site's database; with SQLite in a file of its own beside it, so that counting never waits for a writer.
A backend of the package `limits`: Flask-Limiter asks it by the address `tries+…`.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, ClassVar

from limits.storage import Storage
from sqlalchemy import BigInteger, Engine, Float, Index, String, case, create_engine, delete, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base

SWEEP = 500  # counts between two sweeps of what is over
LONGEST_KEY = 300


class Tries(Base):
    """How often a key was counted in its window, and when (seconds since 1970) the window ends."""

    __tablename__ = "tries"

    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    ends: Mapped[float] = mapped_column(Float(53))

    __table_args__ = (Index("ix_tries_ends", "ends"),)


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"), hide_parameters=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def opened(connection: Any, _record: Any) -> None:
            for pragma in ("journal_mode=WAL", "busy_timeout=5000", "synchronous=OFF"):  # what a crash of the machine loses here are counts
                connection.execute(f"PRAGMA {pragma}")

        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
        Tries.__table__.create(engine, checkfirst=True)
        engine.dispose()  # whoever forks after this opens connections of his own
    return engine


class SharedTries(Storage):
    """The counts of all workers, by the address `tries+sqlite:////folder/tries.db` or `tries+postgresql+psycopg://…`."""

    STORAGE_SCHEME: ClassVar[list[str]] = ["tries+sqlite", "tries+postgresql+psycopg"]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._engine = _engine(uri.removeprefix("tries+"))
        self._counted = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the database raises."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a count, or begin it where its window is over; the count then."""
        moment, dialect = time.time(), postgresql if self._engine.dialect.name == "postgresql" else sqlite
        fresh = dialect.insert(Tries).values(key=key[:LONGEST_KEY], count=amount, ends=moment + expiry)
        is_over = Tries.ends <= moment
        counted = fresh.on_conflict_do_update(index_elements=[Tries.key], set_={
            "count": case((is_over, amount), else_=Tries.count + amount), "ends": case((is_over, moment + expiry), else_=Tries.ends),
        }).returning(Tries.count)
        with self._engine.begin() as connection:
            count = connection.execute(counted).scalar_one()
            self._counted += 1
            if self._counted % SWEEP == 0:
                connection.execute(delete(Tries).where(Tries.ends < moment))
        return count

    def _row(self, key: str) -> tuple[int, float] | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(Tries.count, Tries.ends).where(Tries.key == key[:LONGEST_KEY], Tries.ends > time.time())).one_or_none()
        return tuple(row) if row else None

    def get(self, key: str) -> int:
        """How often the key was counted in the window that runs."""
        row = self._row(key)
        return row[0] if row else 0

    def get_expiry(self, key: str) -> float:
        """When the key's window ends; now where none runs."""
        row = self._row(key)
        return row[1] if row else math.floor(time.time())

    def check(self) -> bool:
        """Whether the database answers."""
        try:
            self.get("check")
        except SQLAlchemyError:
            return False
        return True

    def reset(self) -> int:
        """Forget all counts; how many there were."""
        with self._engine.begin() as connection:
            return connection.execute(delete(Tries)).rowcount

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._engine.begin() as connection:
            connection.execute(delete(Tries).where(Tries.key == key[:LONGEST_KEY]))
