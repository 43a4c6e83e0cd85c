"""A database of its own for tests in which two people act at once: what they do is committed for real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from marketplace.config import read
from marketplace.db import connect, session
from marketplace.migrate import upgrade


def _on_server(at_home: URL, statement: str) -> None:
    server = create_engine(at_home, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(statement))
    server.dispose()


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def migrated(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """An empty, migrated database beside the tests' own, to be copied."""
    at_home, folder = make_url(database_url), tmp_path_factory.mktemp("migrated")
    lite = at_home.get_backend_name() == "sqlite"
    url = at_home.set(database=str(folder / "migrated.db") if lite else "migrated")
    if not lite:
        _on_server(at_home, "create database migrated")
    upgrade(read({"DATABASE_URL": _written(url), "SECRET_KEY": "x" * 40, "MARKETPLACE_DATA": str(folder)}))
    yield url
    if not lite:
        _on_server(at_home, "drop database migrated")


@pytest.fixture
def two_at_once(whole_app: Flask, migrated: URL, database_url: str, tmp_path: Path) -> Iterator[None]:
    """A copy of it, bound to the session until the test ends."""
    at_home = make_url(database_url)
    lite = at_home.get_backend_name() == "sqlite"
    url = at_home.set(database=str(tmp_path / "own.db") if lite else "two_at_once")
    if lite:
        shutil.copy(str(migrated.database), str(url.database))
    else:
        _on_server(at_home, "create database two_at_once template migrated")
    engine = connect(_written(url))
    try:
        yield
    finally:
        session.remove()
        engine.dispose()
        session.configure(bind=whole_app.extensions["engine"])
        if not lite:
            _on_server(at_home, "drop database two_at_once")
