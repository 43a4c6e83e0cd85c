"""Databases of the chosen kind, each a copy of one that was migrated: all migrations take seconds, a copy a moment."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from marketplace.config import read
from marketplace.migrate import upgrade


class Databases:
    """Where databases are made: a folder of SQLite files, or a PostgreSQL server. What is committed in one is seen in no other."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self._folder, self._server, self._numbers = folder, server and make_url(server), count(1)
        self._model = self._named("migrated")
        if self._server:
            self._say("alter system set fsync = off")  # the server outlives every test; what the tests kill are its clients
            self._say("select pg_reload_conf()")
            self._say("create database migrated")
        upgrade(read({"DATABASE_URL": _written(self._model), "SECRET_KEY": "x" * 40, "MARKETPLACE_DATA": str(folder)}))

    @contextmanager
    def another(self) -> Iterator[str]:
        """The address of an empty, migrated database, which is gone afterwards."""
        url = self._named(f"copy{next(self._numbers)}")
        if self._server:
            self._say(f"create database {url.database} template migrated")
        else:
            shutil.copy(self._model.database, url.database)
        yield _written(url)
        if self._server:
            self._say(f"drop database {url.database} with (force)")

    def _named(self, name: str) -> URL:
        return self._server.set(database=name) if self._server else make_url(f"sqlite:///{self._folder / name}.db")

    def _say(self, statement: str) -> None:
        engine = create_engine(self._server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)
