"""The exchange of the site's sealing key: everything opens before, meanwhile and after, also when it was killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM, VISITOR
from marketplace.calls.models import Call
from marketplace.calls.proposals import opening, operations, rotation
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.sealing import keys
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.models import CallKey, SealingKey
from marketplace.calls.sealing.receipts import verified
from marketplace.db import now
from marketplace.db import session as db_session
from marketplace.errors import NotAllowed, Refused
from marketplace.record import Event
from tests.calls.proposals.cast import Cast, call, cast, handed_in
from tests.calls.proposals.test_keys import held, share, site, waiting  # noqa: F401 - `site` is a fixture
from tests.inspection import work
from tests.licensing.agreement.test_at_once import at_once

PREPARE = """
import json
from marketplace import create_app
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.migrate import upgrade
from tests import factories as make
from tests.calls.proposals.cast import call, cast, handed_in
upgrade(read())
with create_app().app_context(), to_write():
    world = cast()
    for _ in range(800):
        call(world.house)
    for _ in range(3):
        solver = make.person()
        handed_in(solver, make.organisation(solver, kind="institute"), world.call)
    session.commit()
"""
OPEN_ALL = """
from marketplace.console import ready
ready()
from sqlalchemy import select
from marketplace.calls.proposals.models import ProposalVersion
from marketplace.calls.proposals.operations import unwrapped
from marketplace.calls.sealing.models import CallKey
from marketplace.calls.sealing.operations import secret_of
from marketplace.db import session
found = [len(secret_of(key)) for key in session.scalars(select(CallKey))]
receipts = [unwrapped(version)["receipt"]["version"] for version in session.scalars(select(ProposalVersion))]
print(len(found), len(receipts))
"""


@pytest.fixture
def new(site, tmp_path) -> keys.SiteKey:  # noqa: F811
    """Another sealing key, whose line is added to the site's file."""
    made = keys.site_key(tmp_path / "new.key", make=True)
    sealing.site_keys()
    assert keys.add_site_key(tmp_path / "site.key", made) and not keys.add_site_key(tmp_path / "site.key", made)
    return made


def only_new(site, tmp_path: Path) -> None:  # noqa: F811
    site(sealing_key=tmp_path / "new.key")


def exchanged(new: keys.SiteKey) -> dict[str, int]:
    """The whole exchange in the test's transaction, and its tally."""
    found: Counter[str] = Counter()
    for batch in rotation.exchange(SYSTEM, new):
        db_session.flush()
        found += batch
    return dict(found)


def test_afterwards_the_old_key_is_needed_no_longer(site, new, session, tmp_path) -> None:  # noqa: F811
    world = waiting()
    proposal = session.query(Proposal).one()
    before = operations.receipt_of(world.solver, proposal.versions[0])
    held_, secrets = held(2, 3)
    holder = sealing.holders_of(held_.call)[0]
    sealing.bring_share(VISITOR, holder, share(holder, secrets[0]))
    assert rotation.count() == 4 and exchanged(new) == {"keys": 1, "shares": 1, "receipts": 2}
    assert exchanged(new) == {"there": 4}
    only_new(site, tmp_path)
    assert operations.receipt_of(world.solver, proposal.versions[0]) == before
    assert verified(json.dumps(before), before["key"])["version"] == 1 and before["key"] != new.public
    assert sealing.lacking(held_.call) == 1
    assert opened_one(world) == "opened"


def opened_one(world: Cast) -> str:
    """Open the call, and say the state of its proposal."""
    opening.await_opening(world.call.id)
    work()
    return db_session.query(Proposal).filter_by(call_id=world.call.id).one().state


def test_meanwhile_either_key_opens_and_the_new_one_wraps(site, new, session, tmp_path, monkeypatch) -> None:  # noqa: F811
    monkeypatch.setattr(rotation, "BATCH", 1)
    world, other = waiting(), waiting()
    half = rotation.exchange(SYSTEM, new)
    for _ in range(3):
        next(half)
    half.close()
    raw = [row.wrapped for row in (sealing.key_of(world.call), sealing.key_of(other.call))]
    assert [bool(opens(new, one)) for one in raw] == [True, False]
    third = cast()
    version = handed_in(third.solver, third.institute, third.call)
    assert opens(new, version.receipt) and operations.unwrapped(version)["key"] == new.public
    assert opens(new, sealing.key_of(third.call).wrapped)
    assert exchanged(new) == {"there": 3, "keys": 1, "receipts": 2}
    only_new(site, tmp_path)
    assert opened_one(world) == opened_one(other) == "opened"


def opens(key: keys.SiteKey, kept: str) -> bool:
    try:
        return bool(key.unwrap(kept))
    except keys.Broken:
        return False


def test_a_machine_that_has_only_the_old_key_takes_nothing_in(site, new, session, tmp_path) -> None:  # noqa: F811
    old = keys.site_key(tmp_path / "site.key")
    keys.make_file(tmp_path / "old.key", keys.written(keys.SITE, old.raw))
    exchanged(new)
    site(sealing_key=tmp_path / "old.key")
    with pytest.raises(sealing.Shut):
        sealing.site_key()
    world = cast(state="draft")
    assert sealing._lacks_key(world.call, now())


def test_the_keys_of_old_receipts_stay_on_their_page(client, site, new, session, tmp_path) -> None:  # noqa: F811
    world = cast()
    handed_in(world.solver, world.institute, world.call)
    old = keys.site_key(tmp_path / "site.key").public
    exchanged(new)
    only_new(site, tmp_path)
    page = client.get("/en/receipts/key").get_data(as_text=True)
    assert old in page and new.public in page and page.index(new.public) < page.index(old)
    assert [row.public for row in sealing.receipt_keys() if row.cleared] == [old]
    assert {event.name for event in session.scalars(select(Event).where(Event.thing == "sealing_key"))} == {"sealing_key.retire", "sealing_key.clear"}


def test_what_no_key_opens_is_counted_and_left(site, new, session, tmp_path) -> None:  # noqa: F811
    world = cast()
    sealing.key_of(world.call).wrapped = foreign = keys.site_key(tmp_path / "foreign.key", make=True).wrap(b"x" * 32)
    session.flush()
    assert exchanged(new) == {"lost": 1} and sealing.key_of(world.call).wrapped == foreign
    assert not [row for row in session.query(SealingKey) if row.cleared]


def test_a_retired_key_does_not_come_back_and_people_do_not_exchange(site, new, session, tmp_path) -> None:  # noqa: F811
    world = cast()
    exchanged(new)
    with pytest.raises(Refused):
        exchanged(keys.site_key(tmp_path / "site.key"))
    with pytest.raises(NotAllowed):
        next(rotation.exchange(world.operator, new))


def test_a_second_line_is_added_whole_or_not_at_all(tmp_path) -> None:
    path, new = tmp_path / "site.key", keys.site_key(tmp_path / "new.key", make=True)
    first = keys.site_key(path, make=True)
    path.write_text(path.read_text().strip())  # no end of line
    path.chmod(0o600)
    assert keys.add_site_key(path, new) and keys.site_keys(path) == [first, new] and path.stat().st_mode & 0o777 == 0o600
    with path.open("a") as file:
        file.write("techbridge-site-key:AAAA")  # what a broken writing would leave
    assert keys.site_keys(path) == [first, new]
    (tmp_path / "none.key").write_text("nonsense\n")
    with pytest.raises(keys.NotAKey):
        keys.site_keys(tmp_path / "none.key")


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_and_every_call_opens(tmp_path) -> None:
    data, old, new_file = tmp_path / "var", tmp_path / "site.key", tmp_path / "new.key"
    environment = {**os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "x" * 40, "MARKETPLACE_SEALING_KEY": str(old)}
    environment.pop("DATABASE_URL", None)

    def run(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=300)

    assert run("-c", PREPARE).returncode == 0
    command = ["-m", "marketplace.cli", "calls", "rotate-sealing-key", str(new_file)]
    running = subprocess.Popen([sys.executable, *command], env=environment, stdout=subprocess.DEVNULL)
    with closing(sqlite3.connect(data / "marketplace.db", timeout=60, isolation_level=None)) as database:
        before = dict(database.execute("select id, wrapped from call_key"))

        def moved_keys() -> int:
            return sum(before[key] != wrapped for key, wrapped in database.execute("select id, wrapped from call_key"))

        while not moved_keys() and running.poll() is None:
            pass  # it writes batch upon batch, so that whoever asked for the lock first might get it last
        running.send_signal(signal.SIGKILL)
        running.wait(30)
        moved = moved_keys()
    assert running.returncode == -signal.SIGKILL and 0 < moved < len(before) == 801
    assert run("-c", OPEN_ALL).stdout.split() == ["801", "3"]
    done = run(*command, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"keys": 801 - moved, "shares": 0, "receipts": 3, "there": moved, "lost": 0, "added": False}
    environment["MARKETPLACE_SEALING_KEY"] = str(new_file)
    assert run("-c", OPEN_ALL).stdout.split() == ["801", "3"]
    assert "needed no longer" in run(*command).stdout


def test_who_had_wrapped_by_the_old_key_and_commits_late_is_waited_for(own_database, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sealing, "_settings", [replace(sealing.settings(), sealing_key=tmp_path / "site.key")])
    world, new, wrapped = cast(), keys.site_key(tmp_path / "new.key", make=True), threading.Event()
    over = threading.Event()
    draft = call(world.house, state="draft").id
    sealing.known(sealing.site_key())
    db_session.commit()
    keys.add_site_key(tmp_path / "site.key", new)

    def publish() -> None:
        sealing.make_key(SYSTEM, db_session.get_one(Call, draft))
        db_session.flush()
        wrapped.set()
        over.wait(2)  # the exchange goes as far as it can meanwhile

    def exchange() -> None:
        wrapped.wait(30)
        for _batch in rotation.exchange(SYSTEM, new):
            db_session.commit()
        over.set()

    assert at_once(publish, exchange) == [None, None]
    assert [opens(new, key.wrapped) for key in db_session.query(CallKey)] == [True, True]
