"""A site on real sockets, for those tests of proposals that need its worker: one for them all."""

from __future__ import annotations

import json
import os
import re
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
from tests.shell import script

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


@dataclass
class Site:
    """A server on real sockets, with two threads, and one solver signed in."""

    data: Path
    port: int
    environment: dict[str, str]
    call: str
    house: str
    cookie: str

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        command = [sys.executable, "-m", "gunicorn", "marketplace.wsgi:app", "--bind", f"127.0.0.1:{self.port}", "--workers", "1", "--threads", "2",
                   "--worker-class", "marketplace.serving.Worker", "--timeout", "120", "--log-level", "warning"]
        self.process = subprocess.Popen(command, env=self.environment, start_new_session=True)
        for _attempt in range(900):
            try:
                self.connect().close()
                break
            except OSError:
                time.sleep(0.1)
        self.token()

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
        """The forgery token of the front page's form, good for all forms of the session; the session's cookie with it."""
        with self.connect() as line:
            line.sendall(self.head("GET", path="/en/"))
            page = answer(line)
        if found := re.search(r"Set-Cookie: techbridge=([^;]+)", page):
            self.cookie = found[1]
        return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]

    def head(self, method: str, more: str = "", keep: bool = False, path: str = "") -> bytes:
        """The lines before the body."""
        lines = f"{method} {path or f'/en/open-calls/{self.call}/proposal'} HTTP/1.1\r\nHost: x\r\nCookie: techbridge={self.cookie}\r\n{more}"
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


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    """The site; a test that kills it starts it again."""
    data = tmp_path_factory.mktemp("served") / "var"
    environment = {**os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "x" * 40, "TMPDIR": str(data)}
    environment.pop("DATABASE_URL", None)
    ended, said = script(PREPARE, environment)
    assert ended == 0, said
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Site(data, port, environment, **json.loads(said.splitlines()[-1]))
    found.start()
    try:
        yield found
    finally:
        found.process.terminate()
        found.process.wait(30)
