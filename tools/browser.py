"""How long a reader waits for the first answers at a size: the index of `marketplace bench match` behind the real pages, in Chromium.

`python tools/browser.py 1000000 FOLDER`: FOLDER is what `marketplace bench match --docs 1000000 --folder FOLDER` was given, and
holds the site's data afterwards (two gigabytes at a million). Every technology of the benchmark gets its row in the database. Sixteen
problems are pasted on the front page, and the time runs from the click to the first answer on the page; then the pages of posted needs
are opened, which rank for them.
"""

from __future__ import annotations

import functools
import json
import os
import secrets
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page, sync_playwright
from prove import marketplace, served

from marketplace.matching import bench, operations
from marketplace.matching.index import Index
from marketplace.matching.synthetic import Corpus

HERE = Path(__file__).parent
OWN = (
    "我们厂做液压阀块，交叉孔里的毛刺手工去不干净，求一种能去除内孔毛刺又不伤孔壁的办法，节拍每件不超过两分钟。",
    "We make hydraulic manifolds; burrs in crossing bores are removed by hand and some stay. We want a way to remove them in two minutes a part.",
)


def at_size() -> Flask:
    """The site's application with the benchmark's index in the place of its own; for gunicorn."""
    documents, folder = int(os.environ["AT_SIZE"]), Path(os.environ["AT_FOLDER"])
    _, asking = bench.encoders_of(documents, Corpus(), folder)
    found = Index(folder / f"match-{documents}", asking)
    operations.index = functools.cache(lambda: found)
    return import_module("marketplace.wsgi").app


def fill(path: Path, documents: int) -> None:
    """A row for each technology of the benchmark, like one of the demo's but for its id and its texts."""
    with sqlite3.connect(path) as store:
        store.row_factory = sqlite3.Row
        if store.execute("SELECT max(id) FROM technology").fetchone()[0] >= documents:
            return
        like = dict(store.execute("SELECT * FROM technology WHERE state = 'published' AND visibility = 'public' AND kind = 'patent' LIMIT 1").fetchone())
        empty = dict.fromkeys(("family_id", "application_number", "publication_number", "source_key"))
        write = f"INSERT OR REPLACE INTO technology ({', '.join(like)}) VALUES ({', '.join(':' + name for name in like)})"
        store.executemany(write, (like | empty | row for row in _rows(documents)))
        store.execute("ANALYZE")


def _rows(documents: int) -> Iterator[dict[str, object]]:
    for number, each in enumerate(Corpus().technologies(documents)):
        texts = {part: {language: texts[place] for language, texts in each.passages.items()} for place, part in enumerate(("title", "abstract"))}
        yield {"id": each.key, "public_id": secrets.token_hex(6), "title_hash": secrets.token_hex(8), "advantages": "{}", "applications": "{}"} | {
            name: json.dumps(text, ensure_ascii=False) for name, text in texts.items()}
        if number % 100_000 == 99_999:
            print(f"{number + 1:,} rows", file=sys.stderr)


def answered(page: Page, go: Callable[[], object]) -> float:
    """Seconds until the first answer stands on the page."""
    started = time.perf_counter()
    go()
    page.wait_for_selector("article")
    return time.perf_counter() - started


def pasted(page: Page, address: str, text: str) -> float:
    """Seconds from the click to the first answer for a problem pasted on the front page."""
    page.goto(f"{address}/{'en' if text.isascii() else 'zh'}/")
    page.fill("form.ask textarea", text)
    return answered(page, lambda: page.click("form.ask button[type=submit]"))


def told(name: str, seconds: Sequence[float]) -> None:
    """A line of figures."""
    print(f"{name}: median {statistics.median(seconds):.2f} s, least {min(seconds):.2f}, most {max(seconds):.2f}, the very first {seconds[0]:.2f}")


def main() -> None:
    """Fill the database, serve, ask twice over, open needs."""
    documents, folder = int(sys.argv[1]), Path(sys.argv[2]).resolve()
    data = folder / f"site-{documents}"
    if not (data / "marketplace.db").exists():
        marketplace("demo", data=data)
    fill(data / "marketplace.db", documents)
    with sqlite3.connect(data / "marketplace.db") as store:
        needs = [row[0] for row in store.execute("SELECT public_id FROM need WHERE state = 'published' AND visibility = 'public' ORDER BY id LIMIT 16")]
    command = (
        *("-m", "gunicorn", "browser:at_size()", "--bind", "127.0.0.1:{port}"),
        *("--worker-class", "gthread", "--threads", "8", "--timeout", "120", "--log-level", "warning"),
    )
    texts = [*OWN, *(each.text for each in bench.questions(Corpus(), 14))]
    with served(data, command, AT_SIZE=str(documents), AT_FOLDER=str(folder), PYTHONPATH=str(HERE)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        for name in ("pasted", "pasted again"):
            told(name, [pasted(page, address, text) for text in texts])
        told("posted needs", [answered(page, lambda need=need: page.goto(f"{address}/zh/needs/{need}")) for need in needs])
        browser.close()


if __name__ == "__main__":
    main()
