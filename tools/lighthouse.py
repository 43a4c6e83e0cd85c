"""Lighthouse over the main pages, as a phone on a slow line sees them: `python tools/lighthouse.py [ADDRESS [RUNS]]`.

Lighthouse is no part of this repository. It needs Node 20 and is found as `lighthouse` on the PATH or where LIGHTHOUSE points to; `npm install
lighthouse` in any folder brings it (then LIGHTHOUSE=…/node_modules/.bin/lighthouse). Chromium is the one the tests use. Without an ADDRESS the demo
is loaded and served as in production: by gunicorn, compressed, with a worker beside it. Each page is looked at RUNS times (3) with a fresh profile,
on the mobile profile with its simulated slow line and processor; the table has the medians. Ends with 1 when a score lies under 95 or anything moves.

The ten main pages can be read by everybody, in Chinese and English by turns. The pages of an account are looked at besides, signed in; search engines
are kept from them on purpose, so that they get no score for being found.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from drilling import marketplace, served
from visitor import Visitor

CATEGORIES = {"performance": "speed", "accessibility": "accessible", "best-practices": "practices", "seo": "found"}
LEAST = 95
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-sync"
HEAD = [
    "| page | " + " | ".join(CATEGORIES.values()) + " | first paint, s | largest paint, s | blocked, ms | moved | first visit, kB | later, kB |",
    "|---" * (len(CATEGORIES) + 7) + "|",
]
HOW = "Lighthouse is missing: `npm install lighthouse` in any folder, then LIGHTHOUSE=FOLDER/node_modules/.bin/lighthouse"


def first(visitor: Visitor, path: str, pattern: str) -> str:
    """The first address on a page that looks like the pattern."""
    found = re.search(rf'href="({pattern})"', visitor.get(path).text)
    assert found, f"no {pattern} on {path}"
    return found[1]


def main_pages(visitor: Visitor) -> list[str]:
    """The ten: front, the lists and one thing of each, the simulator, and what demand has no supply."""
    return [
        "/zh/", "/en/technologies", first(visitor, "/zh/technologies", r"/zh/technologies/\w{12}"), "/zh/needs",
        first(visitor, "/en/needs", r"/en/needs/\w{12}"), "/zh/open-calls",
        first(visitor, "/en/open-calls", r"/en/open-calls/\w{12}"), "/zh/simulator", "/en/facilities", "/zh/map",
    ]


def own_pages(visitor: Visitor, broker: Visitor) -> list[tuple[str, Visitor]]:
    """Pages of an account, each with whose it is: the desk, the matches, a match, deals, a deal, the worklist, the board."""
    match = first(visitor, "/en/matches?side=firm", r"/en/matches/\w{12}")
    deal = first(broker, "/zh/deals", r"/zh/deals/\w{12}")
    return [
        ("/en/desk", visitor), ("/zh/matches?side=firm", visitor), (match, visitor), ("/zh/agreements", visitor), ("/en/deals", broker), (deal, broker),
        ("/en/worklist", broker), ("/zh/deals/board", broker),
    ]


def cookie(visitor: Visitor) -> str:
    """The session of somebody signed in, as a header says it."""
    return "; ".join(f"{one.name}={one.value}" for one in visitor.jar)


def look(program: str, address: str, folder: Path, signed_in: Visitor | None) -> dict[str, Any]:
    """One report."""
    command = [program, address, "--quiet", "--output=json", f"--output-path={folder / 'report.json'}", f"--chrome-flags={FLAGS}",
               f"--only-categories={','.join(CATEGORIES)}"]
    if signed_in:
        headers = folder / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookie(signed_in)}))
        command.append(f"--extra-headers={headers}")
    subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": shutil.which("chromium") or ""}, stdout=subprocess.DEVNULL, timeout=300)
    return json.loads((folder / "report.json").read_text())


def figures(report: dict[str, Any]) -> list[float]:
    """Scores of 100, paints in seconds, blocking in milliseconds, shift, kilobytes of the first visit and without what is kept for a year."""
    def of(name: str) -> float:
        return report["audits"][name]["numericValue"]

    sent = report["audits"]["network-requests"]["details"]["items"]
    scores = [100 * (report["categories"][name]["score"] or 0) for name in CATEGORIES]
    return [*scores, of("first-contentful-paint") / 1000, of("largest-contentful-paint") / 1000, of("total-blocking-time"),
            of("cumulative-layout-shift"), sum(one["transferSize"] for one in sent) / 1000,
            sum(one["transferSize"] for one in sent if "/static/" not in one["url"]) / 1000]


def row(program: str, address: str, path: str, runs: int, signed_in: Visitor | None) -> tuple[str, bool]:
    """A line of the table, and whether it is as it should be."""
    measured = []
    for _run in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            measured.append(figures(look(program, address + path, Path(folder), signed_in)))
    found = [median(column) for column in zip(*measured, strict=True)]
    scores = found[:len(CATEGORIES)] if signed_in is None else found[:len(CATEGORIES) - 1]
    shown = [f"{score:.0f}" for score in scores] + ["–"] * (len(CATEGORIES) - len(scores))
    paints, (blocked, moved, visit, later) = found[4:6], found[6:]
    cells = [*shown, *(f"{paint:.1f}" for paint in paints), f"{blocked:.0f}", f"{moved:.3f}".rstrip("0").rstrip("."), f"{visit:.0f}", f"{later:.0f}"]
    told = re.sub(r"(?<=s/)\w{12}$", "…", path)
    return f"| `{told}` | {' | '.join(cells)} |", min(scores) >= LEAST and moved == 0 and visit <= 150 and later <= 30


@contextlib.contextmanager
def site(address: str | None) -> Iterator[str]:
    """The site that is named, or the demo, loaded and served for this."""
    if address:
        yield address.rstrip("/")
        return
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "var"
        marketplace("demo", data=data)
        with served(data) as found:
            yield found


def main() -> int:
    """The table on standard output."""
    program = os.environ.get("LIGHTHOUSE") or shutil.which("lighthouse")
    if not program:
        print(HOW, file=sys.stderr)
        return 2
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with site(sys.argv[1] if len(sys.argv) > 1 else None) as address:
        visitor, owner, broker = Visitor(address), Visitor(address, "owner"), Visitor(address, "broker1")
        asked = [*((path, None) for path in main_pages(visitor)), *own_pages(owner, broker)]
        print("\n".join(HEAD), flush=True)
        good = True
        for path, signed_in in asked:
            line, fine = row(program, address, path, runs, signed_in)
            good = good and fine
            print(line, flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
