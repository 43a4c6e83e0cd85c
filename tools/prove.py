"""The long drills on real files, with their reports in docs/proof/. `make prove` runs it after all tests.

`python tools/prove.py foundation`, `matching`, `licensing`, `brokering`, `calls`, `load` or `faults` runs one part. It works in an empty data folder,
through the command line and over HTTP, as a person would; the real files are read from the folder named by SHARED, or beside the checkout.
ENCODINGS may name a file that keeps the encodings of the judged sets from run to run, which otherwise take some half an hour.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import calls_drill
import faults as faults_drill
import load
import sealed
from brokering_drill import brokering
from bs4 import BeautifulSoup
from drilling import ROOT, marketplace, passed, served, write

SHARED = Path(os.environ.get("SHARED") or ROOT.parent / "shared")
PLOTS = ROOT / "docs" / "reliability"
KILLS = "tests/matching/test_index.py::test_two_hundred_deaths_lose_and_double_nothing"
NEEDS = {
    "en": (
        "We need a coating that keeps ice from sticking to pump housings outdoors, without heating them.",
        "Our welders breathe too much fume; we want a sensor that warns when the gas in the hall gets dangerous.",
        "A bearing in our gearbox fails early because the oil film breaks down at high temperature.",
    ),
    "zh": (
        "户外泵壳冬天结冰，除冰费人工，想要一种不加热就不粘冰的涂层。",
        "车间焊接烟尘和有害气体多，想要一种便宜的气体传感器，浓度一高就报警。",
        "减速箱轴承高温下油膜破裂，用不到半年就坏，想找耐高温的润滑办法。",
    ),
}
SETS = ("needs_zh", "needs_en", "xquad_zh_en", "xquad_en_zh", "sbir_short")


def first_results(address: str) -> list[float]:
    """Seconds from sending a pasted problem to having its page of answers, for each of the needs, three times over."""
    seconds = []
    for _round in range(3):
        for language, texts in NEEDS.items():
            for text in texts:
                browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
                page = BeautifulSoup(browser.open(f"{address}/{language}/").read(), "lxml")
                token = page.select_one("form.ask input[name=csrf_token]")["value"]
                form = urllib.parse.urlencode({"problem": text, "csrf_token": token}).encode()
                started = time.perf_counter()
                answer = browser.open(f"{address}/{language}/", form).read().decode()
                seconds.append(time.perf_counter() - started)
                assert "article" in answer
    return sorted(seconds)


def ten_best(data: Path) -> list[str]:
    """The ten best of each need, as they come out."""
    lines = []
    for language, texts in NEEDS.items():
        for text in texts:
            lines.append(f"\n**{text}**\n")
            for place, row in enumerate(marketplace("match", text, "--json", "--lang", language, data=data), 1):
                lines.append(f"{place}. {row['probability'] * 100:.1f} %, {row['title']}")
    return lines


def imported(data: Path) -> list[str]:
    """The counts of the same file imported twice."""
    lines = ["| run | created | updated | unchanged | duplicate | rejected | rows | seconds |", "|---|---|---|---|---|---|---|---|"]
    for run in ("first", "second"):
        started = time.perf_counter()
        report = marketplace(
            "import", str(SHARED / "data" / "nasa_patents_2014.csv"), "--for", "Norrsund Institute of Technology", "--publish", "--json", data=data)
        names = ("created", "updated", "unchanged", "duplicate", "rejected")
        cells = [str(report[name]) for name in names]
        lines.append(f"| {run} | {' | '.join(cells)} | {sum(map(int, cells))} | {time.perf_counter() - started:.1f} |")
    return lines


def judged(data: Path, names: Sequence[str] = SETS) -> list[str]:
    """The figures of the engine and of the baselines on the judged sets, and each reliability, drawn into `PLOTS`."""
    kept = os.environ.get("ENCODINGS") or str(data / "judged-encodings")
    lines = ["| set | system | nDCG@10 | recall@10 | recall@100 | MRR@10 |", "|---|---|---|---|---|---|"]
    runs = ["", "| set | gap | pairs | seconds | encoded in this run | cut: texts / characters |", "|---|---|---|---|---|---|"]
    PLOTS.mkdir(exist_ok=True)
    for name in names:
        started = time.perf_counter()
        report = marketplace(
            "evaluate", str(SHARED / "judged" / name), "--json", "--cache", kept, "--plot", str(PLOTS / f"{name}.svg"), data=data)
        lines += [f"| {name} | {system} | {_cells(figures)} |" for system, figures in {"engine": report["engine"], **report["baselines"]}.items()]
        encoded = ", ".join(f"{encoder} {count:,}" for encoder, count in report["encoded"].items())
        cut = ", ".join(f"{encoder} {100 * each['texts']:.1f} / {100 * each['characters']:.1f} %" for encoder, each in report["cut"].items())
        found = report["reliability"]
        runs.append(f"| {name} | {found['gap']:.3f} | {found['pairs']:,} | {time.perf_counter() - started:.0f} | {encoded} | {cut} |")
    return [*lines, *runs, "", *(f"![{name}](../reliability/{name}.svg)" for name in names)]


def _cells(figures: dict[str, Any]) -> str:
    """Each measure with its interval where it has one worth showing: the first alone, so that the table can be read."""
    low, high = figures["ndcg@10_interval"]
    rest = " | ".join(f"{figures[one]:.3f}" for one in ("recall@10", "recall@100", "mrr@10"))
    return f"{figures['ndcg@10']:.3f} ({low:.3f}–{high:.3f}) | {rest}"


def killed(drill: str = KILLS) -> str:
    """What the drill of killing a writer at random moments says."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", drill], capture_output=True, text=True, cwd=ROOT)
    verdict = "nothing was lost, nothing doubled" if done.returncode == 0 else f"FAILED\n\n```\n{done.stdout[-2000:]}\n```"
    return f"{verdict} ({time.perf_counter() - started:.0f} s)"


def foundation() -> None:
    """The drills of the foundation, and their report."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        started = time.perf_counter()
        marketplace("demo", data=data)
        prepared = time.perf_counter() - started
        with served(data) as address:
            seconds = first_results(address)
        table = imported(data)
        names = marketplace("names", str(SHARED / "data" / "ror_mentions.tsv"), "--json", data=data)
        best = ten_best(data)
    write("foundation", "Proof of the foundation", [
        f"- `marketplace demo` on an empty folder: {prepared:.0f} s.",
        f"- First results on the demo catalogue, {len(seconds)} pasted problems in both languages over HTTP: "
        f"median {statistics.median(seconds):.2f} s, least {seconds[0]:.2f} s, most {seconds[-1]:.2f} s.",
        f"- Organisations by variants of their names: precision {names['precision']:.3f}, recall {names['recall']:.3f} "
        f"at threshold {names['threshold']}.", "",
        "## The table of 1,630 patents, imported twice", "", *table, "",
        "## Ten best of three needs in each language, against that table and the demo catalogue", *best, "",
    ])


def matching() -> None:
    """The drills of the matching engine, and their report."""
    there = (SHARED / "judged").is_dir()
    with tempfile.TemporaryDirectory() as folder:
        sets = judged(Path(folder)) if there else ["The folder of judged sets is missing: name its parent by SHARED."]
    write("matching", "Proof of the matching engine", [
        f"- A writer of the index killed at 200 random moments (`{KILLS.partition('::')[2]}`): {killed()}.", "",
        "## Judged sets", "", "Intervals hold 95 %, by bootstrap over questions; *gap* and the drawings: docs/matching.md.", "", *sets, "",
    ])


AT_ONCE = ("agreement/test_at_once.py", "statements/test_at_once.py", "billing/test_at_once.py", "risk/test_two_at_once.py", "income/test_two_at_once.py")
LAWS = "tests/terms/test_schedule_laws.py"


def licensing() -> None:
    """The drills of licensing: speed of schedule and simulator, the laws at length, people at once on both databases."""
    with tempfile.TemporaryDirectory() as folder:
        bench = marketplace("bench", "schedule", "--json", data=Path(folder))
        changes = marketplace("bench", "simulator", "--json", data=Path(folder))
    tests = [f"tests/licensing/{name}" for name in AT_ONCE]
    write("licensing", "Proof of licensing", [
        "## Schedule (`marketplace bench schedule`)", "", *_listed(bench), "", "## Simulator (`marketplace bench simulator`)", "", *_listed(changes), "",
        "## Tests", "",
        f"- The laws of the schedule, at least 2,000 examples each: {passed(LAWS, '-m', 'slow')}.",
        f"- Two people at once, on SQLite: {passed(*tests)}.",
        f"- The same on PostgreSQL: {passed(*tests, '--database=postgresql')}.", "",
    ])


def _listed(figures: dict[str, Any], inside: str = "") -> list[str]:
    """Figures of a report, one a line."""
    lines: list[str] = []
    for name, value in figures.items():
        lines += _listed(value, f"{inside}{name}, ") if isinstance(value, dict) else [f"- {inside}{name}: {value}"]
    return lines


def calls() -> None:
    """The stories by pages, the speed of sealing, and last the drill of many proposals at once against a served site; their report."""
    stories = calls_drill.story()
    with tempfile.TemporaryDirectory() as folder:
        bench = marketplace("bench", "sealing", "--json", data=Path(folder))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    write("calls", "Proof of calls", [
        *stories, "## Sealing and opening, MB/s (`marketplace bench sealing`)", "", *_listed(bench), "",
        "## Proposals in the last minutes before a deadline, and their opening (`tools/sealed.py`)", "", *_listed(sealed.run(500, 20, 600, port)), "",
    ])


def faults() -> None:
    """300 kills under load and the states of failure; what it imports starts a PostgreSQL."""
    faults_drill.report()


PARTS = {"foundation": foundation, "matching": matching, "licensing": licensing, "brokering": brokering, "calls": calls, "load": load.main,
         "faults": faults}


def main() -> None:
    """Run the named parts, by default all."""
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()
