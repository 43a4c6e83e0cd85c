"""Over real sockets, against the worker that serves the site: which first byte counts, what lies on the disk meanwhile, and what a crash leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.calls.proposals.cast import MARK

PREPARE = """
import json
from marketplace import create_app
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.migrate import upgrade
from tests.calls.proposals.cast import cast
from tests.inspection import InspectingClient
upgrade(read())
app = create_app()
app.test_client_class = InspectingClient
with app.app_context(), to_write():
    world = cast()
    client = app.test_client()
    session.commit()
    client.login(world.solver)
    print(json.dumps({"call": world.call.public_id, "house": world.institute.public_id, "cookie": client.get_cookie("techbridge").value}))
"""
BODY = (b"%PDF-1.7\n" + MARK.encode() * 90_000)[:900_000]
pytestmark = pytest.mark.xdist_group("served")


@dataclass
class Site:
    """A server on real sockets, with two threads, and one solver signed in."""

    data: Path
    port: int
    process: subprocess.Popen
    call: str
    house: str
    cookie: str

    def database(self, statement: str, *values: object) -> list[tuple]:
        """Run a statement on the database as it lies on the disk."""
        with closing(sqlite3.connect(self.data / "marketplace.db", timeout=20)) as found, found:
            return found.execute(statement, values).fetchall()

    def deadline(self, seconds: float) -> datetime:
        """Set the deadline so many seconds from now, with no proposal there."""
        for table in ("sealed_part", "proposal_version", "proposal"):
            self.database(f"delete from {table}")
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        self.database("update open_call set deadline = ?", moment.replace(tzinfo=None).isoformat(sep=" "))
        return moment

    def connect(self) -> socket.socket:
        """A fresh connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def token(self) -> str:
        """The page's forgery token; the session's cookie with it."""
        with self.connect() as line:
            line.sendall(self.head("GET"))
            page = answer(line)
        if found := re.search(r"Set-Cookie: techbridge=([^;]+)", page):
            self.cookie = found[1]
        return re.search(r'name="csrf-token" content="([^"]+)"', page)[1]

    def head(self, method: str, more: str = "", keep: bool = False) -> bytes:
        """The lines before the body."""
        lines = f"{method} /en/open-calls/{self.call}/proposal HTTP/1.1\r\nHost: x\r\nCookie: techbridge={self.cookie}\r\n{more}"
        return (lines + ("" if keep else "Connection: close\r\n") + "\r\n").encode()

    def request(self, token: str, more: str = "") -> bytes:
        """A whole request that hands in a proposal."""
        fields = {"csrf_token": token, "organisation": self.house, "title": MARK, "summary": MARK, "plan": MARK, "version": ""}
        parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items()]
        parts.append(b'--x\r\nContent-Disposition: form-data; name="files"; filename="plan.pdf"\r\n\r\n' + BODY + b"\r\n--x--\r\n")
        body = b"".join(parts)
        return self.head("POST", f"{more}Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\n") + body

    def marked(self) -> list[Path]:
        """The files of the data folder in which a word of the solver stands."""
        return [path for path in self.data.rglob("*") if path.is_file() and MARK.encode() in path.read_bytes()]


def answer(line: socket.socket) -> str:
    """All that the server says before it hangs up."""
    said = b""
    while more := line.recv(65536):
        said += more
    return said.decode(errors="replace")


def status(said: str) -> int:
    return int(said.split()[1])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("served") / "var"
    environment = {**os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "x" * 40, "TMPDIR": str(data)}
    environment.pop("DATABASE_URL", None)
    made = subprocess.run([sys.executable, "-c", PREPARE], env=environment, check=True, capture_output=True, timeout=300, text=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "marketplace.wsgi:app", "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "2",
               "--worker-class", "marketplace.serving.Worker", "--timeout", "120", "--log-level", "warning"]
    found = Site(data, port, subprocess.Popen(command, env=environment, start_new_session=True), **json.loads(made.stdout.splitlines()[-1]))
    try:
        for _attempt in range(900):
            try:
                found.connect().close()
                break
            except OSError:
                time.sleep(0.1)
        found.token()
        yield found
    finally:
        found.process.terminate()
        found.process.wait(30)


def wait_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds() + 0.2))


def test_the_deadline_passes_during_the_upload_and_it_counts(site) -> None:
    token, deadline = site.token(), site.deadline(1.5)
    request = site.request(token)
    with site.connect() as line:
        line.sendall(request[:500_000])
        wait_until(deadline)
        aside = list((site.data / "files" / "sealed" / "aside").iterdir())
        assert len(aside) == 1 and aside[0].stat().st_size > 100_000 and site.marked() == []
        line.sendall(request[500_000:])
        assert status(answer(line)) == 303
    first, last = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in site.database("select first_byte, last_byte from proposal_version")[0])
    assert first < deadline < last
    assert site.marked() == []


def test_a_request_that_begins_after_the_deadline_is_late_whatever_it_says(site) -> None:
    token, deadline = site.token(), site.deadline(0.2)
    before = deadline.timestamp() - 60
    with site.connect() as early:  # opened in time, silent until it is late
        wait_until(deadline)
        early.sendall(site.request(token, f"X-Request-Start: t={before:.3f}\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"))
        said = answer(early)
    assert status(said) == 422 and "first byte" in said
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_connection_kept_alive_gives_no_second_request_the_moment_of_the_first(site) -> None:
    token, deadline = site.token(), site.deadline(1.0)
    with site.connect() as line:
        line.sendall(site.head("GET", keep=True))
        assert b"200 OK" in line.recv(65536)
        wait_until(deadline)
        line.sendall(site.request(token))
        assert "422" in answer(line)
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_request_behind_another_in_one_packet_has_not_the_moment_of_the_other(site) -> None:
    token, deadline = site.token(), site.deadline(0.3)
    with site.connect() as line:
        first = site.head("GET", keep=True)
        line.sendall(first[:20])
        wait_until(deadline)
        line.sendall(first[20:] + site.request(token))
        assert re.findall(r"HTTP/1.1 (\d+)", answer(line)) == ["200", "422"]  # the page was asked for in time, the proposal came late
    assert site.database("select count(*) from proposal") == [(0,)]


def test_a_request_that_waits_for_a_free_thread_came_when_it_came(site) -> None:
    token, deadline = site.token(), site.deadline(2.0)
    request = site.request(token)
    slow = [site.connect() for _ in range(2)]  # they keep both threads busy
    for line in slow:
        line.sendall(request[:2000])
    time.sleep(0.3)
    with site.connect() as waiting:
        waiting.sendall(request)
        wait_until(deadline)
        for line in slow:
            line.close()
        assert status(answer(waiting)) == 303
    assert site.database("select count(*) from proposal") == [(1,)]


@pytest.mark.parametrize("keep", [True, False], ids=["kept alive", "closed"])
def test_who_sends_too_much_reads_why_and_finds_no_broken_connection(site, keep) -> None:
    size = 65 << 20
    with site.connect() as line:
        head = site.head("POST", f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {size}\r\n", keep=keep)
        line.sendall(head.replace(b"/proposal HTTP", b"/questions HTTP"))
        for _megabyte in range(65):
            line.sendall(bytes(1 << 20))
        said = line.recv(65536).decode() if keep else answer(line)
    assert status(said) == 413 and "64 MB" in said


def test_an_upload_that_breaks_off_leaves_nothing_and_a_kill_only_what_is_sealed(site) -> None:
    token, _deadline = site.token(), site.deadline(600)
    request, aside = site.request(token), site.data / "files" / "sealed" / "aside"
    with site.connect() as line:
        line.sendall(request[:500_000])
        time.sleep(0.5)
    for _attempt in range(50):
        if not list(aside.iterdir()):
            break
        time.sleep(0.1)
    assert list(aside.iterdir()) == [] and site.database("select count(*) from proposal") == [(0,)]
    with site.connect() as line:
        line.sendall(request[:500_000])
        time.sleep(0.5)
        os.killpg(site.process.pid, signal.SIGKILL)
    assert len(list(aside.iterdir())) == 1 and site.marked() == [] and site.database("select count(*) from proposal") == [(0,)]
