"""The long drills on real files, with their report: docs/proof/foundation.md. `make prove` runs it after all tests.

It works in an empty data folder, through the command line and over HTTP, as a person would; the real files are read from
the folder named by SHARED, or beside the checkout.
"""

from __future__ import annotations

import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("SHARED") or ROOT.parent / "shared")
REPORT = ROOT / "docs" / "proof" / "foundation.md"
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


def marketplace(*words: str, data: Path) -> Any:
    """What a command prints, read as JSON where it asks for that."""
    done = subprocess.run(
        [sys.executable, "-m", "marketplace.cli", *words], capture_output=True, text=True, check=True,
        env={**os.environ, "MARKETPLACE_DATA": str(data)},
    )
    return json.loads(done.stdout) if "--json" in words else done.stdout


@contextmanager
def served(data: Path) -> Iterator[str]:
    """A running site; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "marketplace.cli", "serve", "--port", str(port)], env={**os.environ, "MARKETPLACE_DATA": str(data)},
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _attempt in range(600):
            try:
                urllib.request.urlopen(f"{address}/en/how", timeout=5)
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


def first_results(address: str) -> list[float]:
    """Seconds from sending a pasted problem to having its page of answers, for each of the needs, three times over."""
    seconds = []
    for _round in range(3):
        for language, texts in NEEDS.items():
            for text in texts:
                browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
                page = BeautifulSoup(browser.open(f"{address}/{language}/").read(), "html5lib")
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


def judged(data: Path) -> list[str]:
    """nDCG@10 and the rest on the judged sets, engine and baselines."""
    lines = ["| set | system | nDCG@10 | recall@10 | recall@100 | MRR@10 |", "|---|---|---|---|---|---|"]
    for name in SETS:
        report = marketplace("evaluate", str(SHARED / "judged" / name), "--json", data=data)
        for system, figures in {"engine": report["engine"], **report["baselines"]}.items():
            cells = " | ".join(f"{figures[one]:.3f}" for one in ("ndcg@10", "recall@10", "recall@100", "mrr@10"))
            lines.append(f"| {name} | {system} | {cells} |")
    return lines


def main() -> None:
    """Run all drills and write the report."""
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
        sets = judged(data) if "--judged" in sys.argv else ["Run `python tools/prove.py --judged` (an hour); docs/matching.md has the figures of the last run."]
    REPORT.write_text("\n".join([
        "# Proof of the foundation", "",
        f"Written by `make prove` on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}. One run.", "",
        f"- `marketplace demo` on an empty folder: {prepared:.0f} s.",
        f"- First results on the demo catalogue, {len(seconds)} pasted problems in both languages over HTTP: "
        f"median {statistics.median(seconds):.2f} s, least {seconds[0]:.2f} s, most {seconds[-1]:.2f} s.",
        f"- Organisations by variants of their names: precision {names['precision']:.3f}, recall {names['recall']:.3f} "
        f"at threshold {names['threshold']}.", "",
        "## The table of 1,630 patents, imported twice", "", *table, "",
        "## Judged sets", "", *sets, "",
        "## Ten best of three needs in each language, against that table and the demo catalogue", *best, "",
    ]), encoding="utf-8")
    print(f"written: {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
