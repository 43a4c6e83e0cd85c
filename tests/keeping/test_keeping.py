"""Backup, restore and the move from one database to another: everything arrives, or nothing; what was changed, cut or left out is noticed."""

from __future__ import annotations

import io
import os
import shutil
import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, text, update

from marketplace.access import SYSTEM
from marketplace.db import engine_for, now, session
from marketplace.keeping import backup as keeping
from marketplace.keeping import envelope, moving
from marketplace.keeping.backup import backup
from marketplace.keeping.restore import restore, verify
from marketplace.keeping.rows import NotKept, is_empty
from marketplace.people.models import Organisation
from marketplace.record import Event, record
from marketplace.trail import chaining
from tests import factories
from tests.postgres import postgres_server

WORD = b"a passphrase of the tests"


@pytest.fixture
def site(own_database, settings, tmp_path, monkeypatch):
    """A small site with rows, files and a chain, on a database of its own."""
    monkeypatch.setattr(envelope, "OPS", 1)
    monkeypatch.setattr(envelope, "MEMORY", 8 * 1024 * 1024)
    own = replace(settings, database=own_database, data=tmp_path / "here")
    for name, data in (("ab/cd", b"a file\n"), ("sealed/ef", os.urandom(70_000))):
        (own.files_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (own.files_folder / name).write_bytes(data)
    last = factories.technology(title={"zh": "纳米涂层 “丁”", "en": "Coating"})
    factories.technology(family_id=last.id)
    record(last, "noted", SYSTEM, share=2.0, text="ü")
    session.execute(update(Organisation).values(website="https://example.org/\u2028x"))
    session.commit()
    while chaining.link():
        session.commit()
    return own


@pytest.fixture
def elsewhere(databases, site, tmp_path):
    """Settings of an empty machine."""
    with databases.another() as url:
        yield replace(site, database=url, data=tmp_path / "there")


def sums(made: dict) -> dict:
    return {name: one["hash"] for name, one in made["tables"].items()}


@pytest.mark.parametrize("word", [None, WORD])
def test_a_backup_comes_back_whole_on_an_empty_machine(site, elsewhere, tmp_path, word):
    path = tmp_path / "site.backup"
    made = backup(site, path, "1", "v", word)
    assert made["tables"]["technology"]["rows"] == 2 and made["tables"]["link"]["rows"] and oct(path.stat().st_mode)[-3:] == "600"
    assert (b"Coating" in path.read_bytes()) is False and not list(tmp_path.glob("*.part"))
    brought = restore(elsewhere, path, word)
    assert sums(brought) == sums(made)
    assert {one.name: one.read_bytes() for one in elsewhere.files_folder.rglob("*") if one.is_file()} == \
        {one.name: one.read_bytes() for one in site.files_folder.rglob("*") if one.is_file()}
    again = backup(elsewhere, tmp_path / "again.backup", "1", "v", word)
    assert sums(again) == sums(made)
    with pytest.raises(NotKept, match="is not empty"):
        restore(elsewhere, path, word)
    with pytest.raises(NotKept, match="never written over"):
        backup(site, path, "1", "v", word)


@pytest.mark.parametrize("word, place", [(None, 0.3), (None, 0.9), (WORD, 0.4), (WORD, 0.99)])
def test_an_archive_that_was_changed_or_cut_is_refused_before_anything_is_written(site, elsewhere, tmp_path, word, place):
    path, bad = tmp_path / "site.backup", tmp_path / "bad.backup"
    backup(site, path, "1", "v", word)
    data = path.read_bytes()
    spot = int(len(data) * place)
    for spoilt in (data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1:], data[:spot]):
        bad.write_bytes(spoilt)
        with pytest.raises(envelope.Spoilt):
            restore(elsewhere, bad, word)
    with pytest.raises(envelope.Spoilt):
        verify(path, None if word else WORD) if word else verify(tmp_path / "here/files/ab/cd")
    if word:
        with pytest.raises(envelope.Spoilt, match="passphrase"):
            verify(path, b"another passphrase, as long")
    assert not elsewhere.files_folder.exists()
    engine = engine_for(elsewhere.database)
    with engine.connect() as connection:
        assert is_empty(connection)
    engine.dispose()


def test_a_part_that_the_manifest_does_not_bear_out_is_named(site, tmp_path):
    into = io.BytesIO()
    archive = keeping.Archive(stream := envelope.Writing(into, None))
    archive.add_bytes("files/one", b"one")
    archive.parts["files/one"]["sha256"] = "0" * 64
    archive.finish({"format": keeping.FORMAT})
    stream.finish()
    path = tmp_path / "made.backup"
    path.write_bytes(into.getvalue())
    with pytest.raises(envelope.Spoilt, match="1 parts are not what the manifest says: files/one"):
        verify(path)


def test_a_backup_that_breaks_off_leaves_nothing(site, tmp_path):
    def stop(words: str) -> None:
        if words.startswith("files/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backup(site, tmp_path / "site.backup", "1", "v", None, stop)
    assert not list(tmp_path.glob("*.backup*"))


def test_a_backup_is_one_moment_also_when_rows_come_while_it_is_made(site, tmp_path):
    before = session.scalar(select(func.count()).select_from(Organisation))
    session.rollback()

    def write(words: str) -> None:
        if words == "arrival":  # the first table: the moment is taken
            factories.organisation()
            session.commit()

    made = backup(site, tmp_path / "site.backup", "1", "v", None, write)
    assert made["tables"]["organisation"]["rows"] == before < session.scalar(select(func.count()).select_from(Organisation))


def test_a_move_takes_everything_and_compares_it(site, elsewhere, tmp_path):
    with pytest.raises(NotKept, match="same database"):
        moving.move(site.database, site.database)

    def disturb(name: str, _rows: int) -> None:
        if name == "person":
            factories.organisation()
            session.commit()

    with pytest.raises(NotKept, match="has changed while it was read"):
        moving.move(site.database, elsewhere.database, disturb)
    moved = moving.move(site.database, elsewhere.database)
    assert moved["technology"].rows == 2 and moved["event"].rows
    with pytest.raises(NotKept, match="is not empty"):
        moving.move(site.database, elsewhere.database)
    shutil.rmtree(elsewhere.data, ignore_errors=True)
    assert sums(backup(elsewhere, tmp_path / "moved.backup", "1", None)) == {name: one.hash for name, one in moved.items()}


@pytest.mark.slow
def test_the_demo_moves_to_the_other_kind_of_database_and_back(demo, tmp_path):
    shutil.copytree(demo, tmp_path / "var")
    own, back = f"sqlite:///{tmp_path}/var/marketplace.db", f"sqlite:///{tmp_path}/back.db"
    with postgres_server() as url:
        other = url.replace("postgresql://", "postgresql+psycopg://")
        sent = moving.move(own, other)
        engine = engine_for(other)
        with engine.begin() as connection:
            following = connection.scalar(text("select nextval(pg_get_serial_sequence('organisation', 'id'))"))
            assert following == connection.scalar(select(func.max(Organisation.id))) + 1
        engine.dispose()
        assert moving.move(other, back) == sent
    assert sum(one.rows for one in sent.values()) > 5000


@pytest.mark.slow
def test_a_restore_drill_of_the_demo_backed_up_while_others_write(demo, tmp_path, settings):
    """The backup is one moment of a database that is written to all the while; what comes back is whole and its chain unbroken."""
    shutil.copytree(demo, tmp_path / "var")
    own = replace(settings, database=f"sqlite:///{tmp_path}/var/marketplace.db", data=tmp_path / "var")
    there = replace(settings, database=f"sqlite:///{tmp_path}/there/marketplace.db", data=tmp_path / "there")
    stop, written = threading.Event(), []

    def write() -> None:
        engine = engine_for(own.database)
        while not stop.wait(0.01):
            with engine.begin() as connection:
                connection.execute(insert(Event), {"at": now(), "name": "job.noted", "thing": "job", "thing_id": 1, "actor_kind": "system", "facts": {"n": 1}})
            written.append(1)
        engine.dispose()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = backup(own, tmp_path / "site.backup", "1", "v", WORD)
    finally:
        stop.set()
        writer.join()
    assert len(written) > 3 and made["gone"] == []
    assert sums(restore(there, tmp_path / "site.backup", WORD)) == sums(made)
    engine = engine_for(there.database)
    with engine.connect() as connection:
        kept = connection.scalar(select(func.count()).select_from(Event.__table__))
        assert not connection.execute(text("pragma foreign_key_check")).all()
    engine.dispose()
    assert made["tables"]["event"]["rows"] == kept
