"""The site of a demo grown large, used by many at once for ten minutes. `python tools/prove.py load` runs it; so does

    python tools/load.py                                   # grows a demo first (marketplace bench grow), which takes most of an hour
    python tools/load.py --data FOLDER                     # one that was grown before; it works on a copy
    python tools/load.py --data FOLDER --seconds 120 --users 30 --report /tmp/load.md

The site is served as `marketplace serve --workers 2` serves it, with its job worker beside, and used by locust (tools/load_users.py, in .venv-load, an
environment of its own: requirements-load.txt) from the same machine. No protection is switched off: each user has an account and an address of his own, which
comes to the site in X-Forwarded-For from a proxy that it trusts (MARKETPLACE_PROXIES=127.0.0.1). Then the list of technologies is asked for without pause, in
turns with a bare Flask page that renders the same template with the same data from memory (tools/load_bare.py) under the same gunicorn. Nothing but 127.0.0.1
is asked, and it stops by itself.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drilling import PROOF, ROOT, free_port

TOOLS = Path(os.environ.get("LOAD_TOOLS") or ROOT / ".venv-load")
WORKERS = 2
EVERY = 5.0  # seconds between two looks at the memory
TURNS, TURN = 4, 20  # of the real page and the bare one each, and their seconds
AT_ONCE = 6  # who ask for the list without pause
WARM = 45  # seconds of use before it is measured
SERVE = (sys.executable, "-m", "marketplace.cli", "serve", "--workers", str(WORKERS), "--port")
BARE = (sys.executable, "-m", "gunicorn", "-c", "python:marketplace.server", "load_bare:app", "--workers", str(WORKERS), "--bind")


@dataclass
class Watched:
    """What was seen of processes: seconds since the beginning → megabytes of each kind, their own and those of mapped files; processor seconds by kind."""

    memory: list[tuple[float, dict[str, float], dict[str, float]]] = field(default_factory=list)
    processor: dict[str, float] = field(default_factory=dict)


def children(root: int) -> list[int]:
    """A process and all that came from it."""
    found = [root]
    for each in found:
        try:
            found += [int(one) for task in Path(f"/proc/{each}/task").iterdir() for one in (task / "children").read_text().split()]
        except OSError:
            continue
    return list(dict.fromkeys(found))


def kind_of(process: int) -> str:
    """What a process of the site does."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return "gunicorn" if "gunicorn" in words else "job worker" if "worker" in words else "locust" if any("locust" in word for word in words) else "starter"


def megabytes(process: int, of: str) -> float:
    """What a process takes of the memory, of shared pages its part: its own (`Pss_Anon`), or of mapped files (`Pss_File`), which the system takes back."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{of}:")), 0.0)


def seconds_of(process: int) -> float:
    """The processor time that a process has had."""
    try:
        cells = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(cells[11]) + int(cells[12])) / os.sysconf("SC_CLK_TCK")


def summed(roots: Sequence[int], of: Any, *more: Any) -> dict[str, float]:
    """A measure of the processes that came from some, each counted once, by what they do."""
    sums: dict[str, float] = {}
    for process in dict.fromkeys(each for root in roots for each in children(root)):
        if (kind := kind_of(process)) not in ("", "starter"):
            sums[kind] = sums.get(kind, 0.0) + of(process, *more)
    return sums


@contextmanager
def watching(*roots: int) -> Iterator[Watched]:
    """Look at the processes meanwhile, every few seconds."""
    seen, stop, began = Watched(), threading.Event(), time.monotonic()
    before = summed(roots, seconds_of)

    def look() -> None:
        while not stop.wait(EVERY):
            seen.memory.append((time.monotonic() - began, summed(roots, megabytes, "Pss_Anon"), summed(roots, megabytes, "Pss_File")))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()
        seen.processor = {kind: value - before.get(kind, 0.0) for kind, value in summed(roots, seconds_of).items()}


@contextmanager
def running(command: Sequence[str], data: Path, log: Path, path: str, **more: str) -> Iterator[tuple[str, int]]:
    """A server on a port of its own; its address and its process. What it says goes to a file."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    last = f"127.0.0.1:{port}" if "--bind" in command else str(port)
    with log.open("w") as file:
        server = subprocess.Popen([*command, last, *(("--no-worker",) if more.pop("alone", "") else ())], stdout=file, stderr=file, cwd=ROOT,
                                  env=environment(data, **more))
        try:
            wait_for(address + path)
            yield address, server.pid
        finally:
            server.terminate()
            try:
                server.wait(90)
            except subprocess.TimeoutExpired:
                server.kill()


def environment(data: Path, **more: str) -> dict[str, str]:
    """What the site runs with."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tools")))
    given = {"MARKETPLACE_ENCODERS": "fast", "PYTHONFAULTHANDLER": "1", **os.environ}  # where a process dies by a signal, its log tells in which lines it was
    return {**given, "MARKETPLACE_DATA": str(data), "PYTHONPATH": paths, "MARKETPLACE_PROXIES": "127.0.0.1", "MARKETPLACE_LOGS": "words", **more}


def wait_for(address: str) -> None:
    """Until a page answers."""
    for _attempt in range(600):
        try:
            urllib.request.urlopen(address, timeout=30).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"{address} does not answer")


def texts(data: Path, folder: Path) -> Path:
    """What users type: words, titles and problems of the grown demo, as a file for locust."""
    path = folder / "texts.json"
    with path.open("w", encoding="utf-8") as file:
        subprocess.run([sys.executable, str(ROOT / "tools/load_texts.py")], env=environment(data), cwd=ROOT, stdout=file, check=True)
    return path


def locust(script: str, address: str, users: int, seconds: int, out: Path, **more: str) -> tuple[list[dict[str, str]], int]:
    """Let so many use the site for so long; what locust counted for each page, and its process's seconds."""
    command = [str(TOOLS / "bin/locust"), "-f", str(ROOT / "tools" / script), "--headless", "--host", address, "-u", str(users),
               "-r", str(max(1, users // 10)), "-t", f"{seconds}s", "--csv", str(out), "--stop-timeout", "20", "--only-summary", "-L", "WARNING"]
    done = subprocess.Popen(command, env={**os.environ, **more}, stdout=subprocess.DEVNULL, stderr=out.with_suffix(".log").open("w"), cwd=ROOT)
    done.wait(seconds + 120)
    with Path(f"{out}_stats.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with Path(f"{out}_failures.csv").open(encoding="utf-8") as file:
        failures = list(csv.DictReader(file))
    for row in failures:
        print(f"  {row['Occurrences']} × {row['Name']}: {row['Error'][:160]}")
    return rows, len(failures)


def used(address: str, users: int, seconds: int, out: Path, known: Path) -> tuple[list[dict[str, str]], Watched]:
    """The measured use of the site, after some that is not measured: workers that have read nothing yet are no worker's usual state."""
    locust("load_users.py", address, max(users // 2, 5), WARM, out.with_name("warm"), LOAD_TEXTS=str(known), LOAD_FIRST="500")
    with watching(os.getpid()) as seen:
        rows, _failures = locust("load_users.py", address, users, seconds, out, LOAD_TEXTS=str(known))
    return rows, seen


def turns(data: Path, folder: Path, turn: int) -> list[dict[str, float]]:
    """The list of technologies, real and bare in turns: requests a second, and milliseconds of a processor for each in the server."""
    found = []
    with (
        running(SERVE, data, folder / "real.log", "/en/how", alone="yes") as real,
        running(BARE, data, folder / "bare.log", "/zh/technologies", LOAD_BARE="1", MARKETPLACE_SITE="http://127.0.0.1:1") as bare,
    ):
        for name, (address, _pid) in (("real", real), ("bare", bare)):
            locust("load_listing.py", address, AT_ONCE, 6, folder / f"warm-{name}")
        for number in range(2 * TURNS):
            name, (address, pid) = (("real", real), ("bare", bare))[number % 2]
            with watching(pid) as seen:
                rows, failures = locust("load_listing.py", address, AT_ONCE, turn, folder / f"turn-{number}")
            whole = next(row for row in rows if row["Name"] == "Aggregated")
            count = int(whole["Request Count"])
            found.append({"page": name, "rate": float(whole["Requests/s"]), "ms": 1000 * seen.processor.get("gunicorn", 0.0) / max(count, 1),  # type: ignore[dict-item]
                          "errors": int(whole["Failure Count"]) + failures})
    return found


def by_time(seen: Watched) -> list[str]:
    """The memory of each kind of process in fifths of the time, MB; of mapped files at the beginning and at the end."""
    end = seen.memory[-1][0]
    fifths = [[look for look in seen.memory if part * end / 5 < look[0] <= (part + 1) * end / 5] for part in range(5)]
    kinds = sorted({kind for look in seen.memory for kind in look[1]} - {"locust"})

    def mean(part: int, which: int, kind: str) -> float:
        return statistics.mean(look[which].get(kind, 0.0) for look in fifths[part])  # type: ignore[attr-defined, union-attr]

    return [
        "", "## Memory (PSS, all processes of a kind together)", "",
        "| MB, mean of each fifth of the time | " + " | ".join(str(part + 1) for part in range(5)) + " | pages of mapped files, first and last fifth |",
        "|---|---|---|---|---|---|---|",
        *("| ".join((f"| {kind} ", *(f"{mean(part, 1, kind):.0f} " for part in range(5)), f"{mean(0, 2, kind):.0f}, {mean(4, 2, kind):.0f} |"))
          for kind in kinds),
    ]


def waiting(data: Path) -> dict[str, int]:
    """The jobs by state, read from the database of the run."""
    command = [sys.executable, str(ROOT / "tools/load_texts.py"), "jobs"]
    return json.loads(subprocess.run(command, env=environment(data), cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def told(rows: list[dict[str, str]], seen: Watched, pair: list[dict[str, float]], asked: Any, jobs: tuple[dict[str, int], dict[str, int]], counts: Any) -> str:
    """The report."""
    whole = next(row for row in rows if row["Name"] == "Aggregated")
    span, cores = seen.memory[-1][0], os.cpu_count() or 1
    lines = [
        "# Proof of trust: load", "",
        f"Written by `python tools/prove.py load` on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. One run. The users "
        "are made on the same machine and share its cores.", "",
        f"- Site: {counts['technology']:,} technologies, {counts['need']:,} needs, {counts['deal']:,} deals on {asked.database}; "
        f"{WORKERS} gunicorn processes, one job worker; encoders `{environment(Path())['MARKETPLACE_ENCODERS']}`.",
        f"- {asked.users} users for {asked.seconds} s, a pause of {asked.pauses} s after each thing; 70 % reading and matching, 20 % writing, 10 % uploads.",
        f"- Requests: {int(whole['Request Count']):,}, {float(whole['Requests/s']):.1f} a second; errors: {whole['Failure Count']}; "
        f"p50 {whole['50%']} ms, p95 {whole['95%']} ms, p99 {whole['99%']} ms.",
        f"- Processor, of {cores} cores: " + ", ".join(f"{kind} {100 * value / span / cores:.0f} %" for kind, value in sorted(seen.processor.items())) + ".",
        f"- Jobs: {jobs[0]} before, {jobs[1]} after.", "",
        "## By page", "", "| page | requests | errors | p50 ms | p95 ms | p99 ms |", "|---|---|---|---|---|---|",
        *(f"| {row['Name']} | {row['Request Count']} | {row['Failure Count']} | {row['50%']} | {row['95%']} | {row['99%']} |"
          for row in sorted(rows, key=lambda row: row["Name"]) if row["Name"] != "Aggregated"),
    ]
    return "\n".join([*lines, *by_time(seen), *_compared(pair)])


def _compared(pair: list[dict[str, float]]) -> list[str]:
    """The list of technologies beside the bare page."""
    if not pair:
        return [""]
    rates = {name: statistics.mean(each["rate"] for each in pair if each["page"] == name) for name in ("real", "bare")}  # type: ignore[comparison-overlap]
    costs = {name: statistics.mean(each["ms"] for each in pair if each["page"] == name) for name in ("real", "bare")}  # type: ignore[comparison-overlap]
    return [
        "", "## The list of technologies beside a bare Flask page", "",
        f"The same template with the same data, {WORKERS} processes of the same gunicorn each, {AT_ONCE} users without a pause, in turns; as a visitor.", "",
        "| turn | page | requests a second | processor ms a request | errors |", "|---|---|---|---|---|",
        *(f"| {at} | {each['page']} | {each['rate']:.1f} | {each['ms']:.1f} | {each['errors']:.0f} |" for at, each in enumerate(pair, 1)),
        "", f"Rate of the real page to that of the bare one: **{rates['real'] / rates['bare']:.2f}** (processor time the other way round: "
        f"{costs['bare'] / costs['real']:.2f}).", "",
    ]


def read(words: Sequence[str]) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path(os.environ["LOAD_DATA"]) if "LOAD_DATA" in os.environ else None, help="a grown demo; also LOAD_DATA")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--pauses", default="1-5", help="seconds between two things done")
    parser.add_argument("--turn", type=int, default=TURN, help="seconds of a turn of the comparison; 0: none")
    parser.add_argument("--in-place", action="store_true", help="use the data themselves, no copy")
    parser.add_argument("--report", type=Path, default=PROOF / "trust-load.md")
    parser.add_argument("--keep", type=Path, help="folder for logs and what locust wrote")
    return parser.parse_args(words)


def grown(folder: Path) -> Path:
    """A demo, grown."""
    data = folder / "grown"
    for command in (("demo",), ("bench", "grow")):
        subprocess.run([sys.executable, "-m", "marketplace.cli", *command], env=environment(data), cwd=ROOT, check=True)
    return data


def main(words: Sequence[str] = ()) -> None:
    """See the module."""
    asked = read(words)
    with tempfile.TemporaryDirectory(prefix="load-") as place:
        folder = asked.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        data = asked.data or grown(Path(place))
        if asked.data and not asked.in_place:
            data = Path(place) / "data"
            subprocess.run(["cp", "-r", "--reflink=auto", str(asked.data), str(data)], check=True)
        known = texts(data, folder)
        asked.database = "PostgreSQL" if "postgresql" in os.environ.get("DATABASE_URL", "") else "SQLite"
        os.environ["LOAD_LEAST"], _, os.environ["LOAD_MOST"] = asked.pauses.partition("-")
        before = waiting(data)
        with running(SERVE, data, folder / "site.log", "/en/how") as (address, _server):
            rows, seen = used(address, asked.users, asked.seconds, folder / "use", known)
        jobs = (before, waiting(data))
        pair = turns(data, folder, asked.turn) if asked.turn else []
        report = told(rows, seen, pair, asked, jobs, json.loads(known.read_text(encoding="utf-8"))["counts"])
    asked.report.parent.mkdir(parents=True, exist_ok=True)
    asked.report.write_text(report, encoding="utf-8")
    print(report)
    if int(next(row for row in rows if row["Name"] == "Aggregated")["Failure Count"]):
        raise SystemExit("there were errors")


if __name__ == "__main__":
    main(sys.argv[1:])
