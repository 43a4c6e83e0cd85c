"""Fixtures: a real database (SQLite, or PostgreSQL with --database=postgresql), a savepoint a test, a client that inspects pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from sqlalchemy import Engine

from marketplace import create_app
from marketplace.calls.sealing import operations as sealing
from marketplace.config import Settings, read
from marketplace.db import connect
from marketplace.db import session as db_session
from marketplace.people import passwords
from marketplace.web import limiter
from tests import factories
from tests.databases import Databases
from tests.inspection import InspectingClient
from tests.postgres import postgres_server
from tests.shell import Shell

REPOSITORY = Path(__file__).parent.parent

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what asks for no database: it says the same as on SQLite."""
    if config.getoption("--database") == "postgresql":
        without = [item for item in items if "databases" not in item.fixturenames]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if "databases" in item.fixturenames]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their parameter: packed files hold the time, so that two workers would see two tests."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files and judged texts that stay out of the repository."""
    folder = Path(os.environ.get("SHARED") or REPOSITORY.parent / "shared")
    if not folder.is_dir():
        pytest.skip(f"the folder of real files is missing: set SHARED (looked in {folder.name} beside the checkout)")
    return folder


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """Databases of the chosen kind, empty and migrated."""
    folder = tmp_path_factory.mktemp("databases")
    if request.config.getoption("--database") == "sqlite":
        yield Databases(folder)
        return
    with postgres_server() as url:
        yield Databases(folder, url)


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> Iterator[str]:
    """The database of all tests that take back what they do."""
    with databases.another() as url:
        yield url


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the tests: own folders, words only (encoders have their own tests)."""
    return read(
        {
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only-for-tests-" + "x" * 32,
            "MARKETPLACE_DATA": str(tmp_path_factory.mktemp("data")),
            "MARKETPLACE_ENCODERS": "none",
            "MARKETPLACE_LIMITS": "memory://",
        }
    )


@pytest.fixture(scope="session")
def weakly() -> Iterator[None]:
    """Passwords are hashed with little work: with as much as a site takes, half of the time of the tests of people would go into it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", factories.QUICK)
        patch.setattr(passwords, "_NOBODY", factories.QUICK.hash("of nobody"))
        yield


@pytest.fixture(scope="session")
def whole_app(weakly: None, settings: Settings) -> Flask:
    """The application over a migrated database."""
    app = create_app(settings)
    sealing.site_keys()  # made now: once a test has made an application as in production, nothing makes one any more
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    app.test_client_class = InspectingClient
    return app


@pytest.fixture
def app(whole_app: Flask) -> Iterator[Flask]:
    """The application with a transaction around the test: commits inside become savepoints, and all is rolled back."""
    engine: Engine = whole_app.extensions["engine"]
    limiter.enabled = False
    with engine.connect() as connection:
        outer = connection.begin()
        db_session.remove()
        db_session.configure(bind=connection, join_transaction_mode="create_savepoint")
        try:
            yield whole_app
        finally:
            db_session.remove()
            outer.rollback()
            db_session.configure(bind=engine)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The data of a site with the demo catalogue whose worker has done all that was to do, to be copied. It is made once for all workers of a run."""
    common = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    with (common / "demo.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not (common / "demo").exists():
            shell = Shell(common / "demo.new")
            shell.folder.mkdir(exist_ok=True)
            shell.run("demo")
            shell.run("worker", "--once")
            shell.folder.rename(common / "demo")
    return common / "demo" / "var"


@pytest.fixture
def own_database(whole_app: Flask, databases: Databases) -> Iterator[str]:
    """A database for this test alone, in which commits are real and several connections see each other's rows; the session is bound to it."""
    with databases.another() as url:
        engine = connect(url)
        try:
            yield url
        finally:
            db_session.remove()
            engine.dispose()
            db_session.configure(bind=whole_app.extensions["engine"])


@pytest.fixture
def session(app: Flask) -> Iterator[object]:
    """The session of the test, flushed on demand."""
    yield db_session


@pytest.fixture
def client(app: Flask) -> InspectingClient:
    """A visitor's browser; `client.login(person)` signs in."""
    return app.test_client()
