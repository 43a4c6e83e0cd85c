"""Alive, ready, figures: what each says, and to whom."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from marketplace.db import session
from marketplace.jobs import Job
from marketplace.migrate import standing
from marketplace.vitals import health

TOKEN = "watcher-" + "t" * 24


@pytest.fixture
def site(app, monkeypatch):
    """The application behind a proxy at 10.0.0.9, with a token, and room enough."""
    monkeypatch.setitem(app.config, "SETTINGS", dataclasses.replace(app.config["SETTINGS"], monitor_token=TOKEN, proxies=("10.0.0.9",), least_room=0))
    return app


def asked(app, path, address="127.0.0.1", **headers):
    with app.test_client() as client:
        return client.get(path, buffered=True, environ_base={"REMOTE_ADDR": address}, headers=headers)


def test_alive_asks_nothing(site, monkeypatch):
    monkeypatch.setattr(health, "findings", lambda *_args: pytest.fail("it looked"))
    answer = asked(site, "/healthz", "203.0.113.5")
    assert (answer.status_code, answer.text) == (200, "alive\n")


@pytest.mark.parametrize(("address", "headers", "told"), [
    ("127.0.0.1", {}, True), ("::1", {}, True), ("203.0.113.5", {}, False), ("203.0.113.5", {"Authorization": f"Bearer {TOKEN}"}, True),
    ("203.0.113.5", {"Authorization": f"Bearer {TOKEN}x"}, False), ("127.0.0.1", {"X-Forwarded-For": "203.0.113.5"}, False), ("10.0.0.9", {}, False),
    ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}, False), ("203.0.113.5", {"X-Forwarded-For": "127.0.0.1"}, False),
])
def test_only_a_watcher_is_told_more(site, address, headers, told):
    ready, figures = (asked(site, path, address, **headers) for path in ("/readyz", "/metrics"))
    assert ready.status_code == 200 and ("database:" in ready.text) is told
    assert figures.status_code == (200 if told else 404) and ("techbridge_jobs" in figures.text) is told


def test_a_database_older_than_the_program_is_no_server_and_a_newer_one_is(site):
    engine = site.extensions["engine"]
    assert standing(engine) == "current"
    assert health._database(engine).well
    for revision, stands, well in (("0001", "behind", False), ("of-tomorrow", "ahead", True)):
        with engine.connect() as connection, pytest.MonkeyPatch.context() as patch:
            connection.begin()
            connection.execute(text("update alembic_version set version_num = :new"), {"new": revision})
            patch.setattr(engine, "connect", lambda connection=connection: _Kept(connection))
            assert standing(engine) == stands
            assert health._database(engine).well is well
            connection.rollback()


class _Kept:
    """A connection that a `with` leaves open."""

    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        return self.connection

    def __exit__(self, *_error):
        return None


def test_without_room_it_is_not_ready_and_without_a_worker_it_is(site, monkeypatch):
    monkeypatch.setitem(site.config, "SETTINGS", dataclasses.replace(site.config["SETTINGS"], least_room=10**9))
    answer = asked(site, "/readyz")
    assert answer.status_code == 503 and "room: wrong" in answer.text and answer.headers["Retry-After"]
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    session.add(Job(kind="x", values={}, due=long_ago, created=long_ago))
    session.flush()
    queue = health._queue()
    assert not queue.well and not queue.grave


def test_where_nothing_can_be_written_it_is_not_ready(site):
    found = health._room(dataclasses.replace(site.config["SETTINGS"], data=Path("/proc")))
    assert not found.well and found.grave and "nothing can be written" in found.words
    assert health._room(site.config["SETTINGS"]).well and not list(site.config["SETTINGS"].data.glob("tmp*"))


def test_answers_are_counted_by_endpoint(site):
    asked(site, "/en/nowhere-private-words")
    asked(site, "/en/how")
    found = asked(site, "/metrics").text
    assert 'techbridge_requests_total{endpoint="matching.how",method="GET",status="200"}' in found
    assert "private" not in found
