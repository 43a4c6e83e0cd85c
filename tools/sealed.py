"""The drill of sealed proposals: so many large ones in the last minutes before a deadline, against `marketplace serve`; then the opening. None may be lost.

`python tools/sealed.py --proposals 500 --megabytes 20 --seconds 600` prints its figures as JSON. It works in a folder of its own, over HTTP, as solvers
would: each asks for the page, sends the form with one file, and gets a receipt. A quarter of them begin in the last tenth of the time, and two after the
deadline, which must be refused. Then the worker opens the call, and each file is held against what was sent and against the receipt.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
MB = 1_000_000
PIECE = 256 * 1024
CLIENTS = 48
MINUTES = 2  # the longest upload in this drill, so that the opening need not be waited for
PREPARE = """
import json, sys
from marketplace import create_app
from marketplace.config import read
from marketplace.db import session, to_write
from marketplace.migrate import upgrade
from tests import factories as make
from tests.calls.proposals.cast import call
from tests.inspection import InspectingClient
upgrade(read())
app = create_app()
app.test_client_class = InspectingClient
solvers = []
with app.app_context(), to_write():
    made = call(make.organisation(make.person())).public_id
    for _ in range(int(sys.argv[1])):
        who = make.person()
        house = make.organisation(who, kind="institute")
        client, name = app.test_client(), house.public_id
        session.commit()
        client.login(who)
        solvers.append([name, client.get_cookie("techbridge").value])
print(json.dumps({"call": made, "solvers": solvers}))
"""


@dataclass
class Solver:
    """One who hands in: whose proposal, his session, and what he sends, which follows from his number."""

    number: int
    house: str
    cookie: str
    size: int
    token: str = ""
    status: int = 0
    seconds: float = 0.0
    sha256: str = ""

    def pieces(self) -> Any:
        """What he sends, piece by piece: random, and his own."""
        yield b"%PDF-1.7\n"
        block, left = random.Random(self.number).randbytes(PIECE), self.size - 9
        while left > 0:
            yield block[:left]
            left -= PIECE

    def ask(self, address: str, call: str) -> None:
        """Open the page, as everybody does before he sends."""
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=120)
        line.request("GET", f"/en/open-calls/{call}/proposal", headers={"Cookie": f"techbridge={self.cookie}"})
        answer = line.getresponse()
        page = answer.read().decode()
        self.cookie = next((found[1] for value in answer.headers.get_all("Set-Cookie", []) if (found := re.match("techbridge=([^;]+)", value))), self.cookie)
        self.token = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]
        line.close()

    def hand_in(self, address: str, call: str) -> None:
        """Send the form with the file."""
        fields = {"csrf_token": self.token, "organisation": self.house, "title": f"Plan {self.number}", "summary": "S", "plan": "P", "version": ""}
        head = b"".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items())
        head += b'--x\r\nContent-Disposition: form-data; name="files"; filename="plan.pdf"\r\n\r\n'
        began, digest = time.perf_counter(), hashlib.sha256()
        line = http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)
        try:
            line.putrequest("POST", f"/en/open-calls/{call}/proposal")
            line.putheader("Cookie", f"techbridge={self.cookie}")
            line.putheader("Content-Type", "multipart/form-data; boundary=x")
            line.putheader("Content-Length", str(len(head) + self.size + 9))
            line.endheaders(head)
            for piece in self.pieces():
                digest.update(piece)
                line.send(piece)
            line.send(b"\r\n--x--\r\n")
            self.status = line.getresponse().status
        except OSError as error:
            self.status = -(error.errno or 1)
        finally:
            line.close()
        self.sha256, self.seconds = digest.hexdigest(), time.perf_counter() - began


def prepared(data: Path, count: int, environment: dict[str, str]) -> tuple[str, list[list[str]]]:
    """A call and so many solvers who are signed in."""
    done = subprocess.run([sys.executable, "-c", PREPARE, str(count)], env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["call"], found["solvers"]


def query(data: Path, statement: str, *values: object) -> list[tuple]:
    """What the database on the disk says."""
    with closing(sqlite3.connect(data / "marketplace.db", timeout=60)) as found, found:
        return found.execute(statement, values).fetchall()


def sent(solvers: list[Solver], late: list[Solver], address: str, call: str, data: Path, window: float) -> tuple[float, int]:
    """Everybody sends within the window, whose end is the deadline; how long all took, and how often the site answered another reader meanwhile."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda one: one.ask(address, call), [*solvers, *late]))
    began = time.time()
    deadline = datetime.now(UTC) + timedelta(seconds=window)
    query(data, "update open_call set deadline = ?", deadline.replace(tzinfo=None).isoformat(sep=" "))
    soon = random.Random(7)
    starts = sorted(window * (soon.uniform(0.9, 0.97) if n % 4 == 0 else soon.uniform(0, 0.9)) for n in range(len(solvers)))

    def at(pair: tuple[Solver, float]) -> None:
        time.sleep(max(0.0, began + pair[1] - time.time()))
        pair[0].hand_in(address, call)

    with ThreadPoolExecutor(len(solvers) + len(late)) as pool:
        list(pool.map(at, [*zip(solvers, starts, strict=True), *((one, window + 0.5) for one in late)]))
    took = time.time() - began
    query(data, "update open_call set state = 'closed'")
    return took, len(starts)


def opened(data: Path, call: str, environment: dict[str, str]) -> float:
    """Wait until the opening is due, then have the worker do it; seconds it took."""
    deadline = datetime.fromisoformat(query(data, "select deadline from open_call")[0][0]).replace(tzinfo=UTC)
    time.sleep(max(0.0, (deadline + timedelta(minutes=MINUTES + 1, seconds=2) - datetime.now(UTC)).total_seconds()))
    queue = "from marketplace.console import ready; ready(); from marketplace import jobs; from marketplace.db import session, to_write\n" \
            "with to_write():\n    jobs.enqueue('proposals.open', thing_id=1); session.commit()\njobs.run_all(only=('proposals.open',))"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", queue], env=environment, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def bare(folder: Path, count: int, size: int) -> float:
    """Seconds to write as many bytes to as many files on the same disk, each synced."""
    block, began = random.Random(1).randbytes(PIECE), time.perf_counter()
    for number in range(count):
        path = folder / f"bare{number}"
        with path.open("wb") as file:
            for start in range(0, size, PIECE):
                file.write(block[:size - start])
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    return time.perf_counter() - began


def drill(data: Path, address: str, call: str, people: list[list[str]], size: int, window: float, environment: dict[str, str]) -> dict[str, Any]:
    """The whole of it on a site that is served; its figures."""
    solvers = [Solver(number, house, cookie, size) for number, (house, cookie) in enumerate(people)]
    in_time, late = solvers[:-2], solvers[-2:]
    took, _count = sent(in_time, late, address, call, data, window)
    receipts = query(data, "select count(*) from proposal_version")[0][0]
    opening = opened(data, call, environment)
    kept = dict(query(
        data, "select o.public_id, a.sha256 from proposal p join organisation o on o.id = p.organisation_id "
        "join attachment a on a.thing = 'proposal' and a.thing_id = p.id where p.state = 'opened'"))
    seconds = sorted(one.seconds for one in in_time)
    lost = [one.number for one in in_time if one.status != 303 or kept.get(one.house) != one.sha256]
    written = bare(data, len(in_time), size)
    megabytes = len(in_time) * size / MB
    return {
        "proposals": len(in_time), "megabytes_each": size / MB, "window_seconds": window, "accepted": receipts, "lost": len(lost),
        "late_refused": sum(one.status == 422 or one.status < 0 for one in late), "late_taken": sum(one.house in kept for one in late),
        "statuses": {str(status): sum(one.status == status for one in in_time) for status in {one.status for one in in_time}},
        "all_in_after_seconds": round(took, 1), "received_mb_a_second": round(megabytes / took, 1),
        "upload_seconds": {"median": round(seconds[len(seconds) // 2], 2), "p95": round(seconds[int(len(seconds) * 0.95)], 2), "most": round(seconds[-1], 2)},
        "opening_seconds": round(opening, 1), "opened_mb_a_second": round(megabytes / opening, 1),
        "bare_write_seconds": round(written, 1), "bare_mb_a_second": round(megabytes / written, 1),
    }


def run(proposals: int, megabytes: int, seconds: float, port: int, folder: Path | None = None) -> dict[str, Any]:
    """Prepare, serve, drill."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        data = Path(place) / "var"
        environment = {
            **os.environ, "MARKETPLACE_DATA": str(data), "MARKETPLACE_ENCODERS": "none", "SECRET_KEY": "x" * 40, "PYTHONPATH": str(ROOT),
            "MARKETPLACE_UPLOAD_MINUTES": str(MINUTES),
        }
        environment.pop("DATABASE_URL", None)
        call, people = prepared(data, proposals + 2, environment)
        command = [sys.executable, "-m", "marketplace.cli", "serve", "--port", str(port), "--no-worker"]
        server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            for _attempt in range(600):
                try:
                    http.client.HTTPConnection("127.0.0.1", port, timeout=5).connect()
                    break
                except OSError:
                    time.sleep(0.2)
            return drill(data, f"http://127.0.0.1:{port}", call, people, megabytes * MB, seconds, environment)
        finally:
            server.terminate()
            server.wait(60)


def main() -> None:
    """Read the numbers, run, print."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--proposals", type=int, default=500)
    wanted.add_argument("--megabytes", type=int, default=20)
    wanted.add_argument("--seconds", type=float, default=600)
    wanted.add_argument("--port", type=int, default=5072)
    wanted.add_argument("--folder", type=Path, default=None)
    given = wanted.parse_args()
    print(json.dumps(run(given.proposals, given.megabytes, given.seconds, given.port, given.folder), indent=2))


if __name__ == "__main__":
    main()
