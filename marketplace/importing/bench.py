"""How fast a file is brought in, from its bytes to reviewed and published rows, and how much memory that takes.

A synthetic export of a patent database (as incoPat writes it) is imported into an empty site as a person would have it
done: sent, read by the job in batches, published by the next. *Bare* is the same file read by the library alone and its
cells inserted into one table of SQLite, in the same run. Encoding and matching have a benchmark of their own.
"""

from __future__ import annotations

import csv
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from marketplace.access import SYSTEM
from marketplace.catalogue import numbers
from marketplace.importing import operations, releasing, review
from marketplace.importing.batch import PUBLISHABLE
from marketplace.importing.mapping import columns_of
from marketplace.matching.bench import memory
from marketplace.matching.synthetic import Corpus
from marketplace.people.models import Organisation

HEADERS = (
    "标题", "摘要", "申请人", "公开（公告）号", "公开（公告）日", "申请号", "申请日", "专利类型", "IPC主分类", "IPC", "CPC", "国民经济分类",
    "标准化当前权利人", "发明人", "专利有效性", "当前法律状态", "工商统一社会信用代码", "首项权利要求",
)

Progress = Callable[[str], None]
Work = Callable[[Iterator[None]], None]


def rows(count: int) -> Iterator[list[str]]:
    """Rows of the export: abstracts of realistic length, every number valid and given once."""
    for number, document in enumerate(Corpus().technologies(count)):
        [(title, abstract)] = document.passages.values()
        digits = f"2015{1 + number % 2}{number:07d}"
        yield [
            f"{title} {number}", abstract, "东岭大学; 东岭机床有限公司", f"CN{104000000 + number}B", "2018-05-01",
            f"CN{digits}.{numbers.check_digit(digits)}",
            f"2015-{1 + number % 12:02d}-{1 + number % 28:02d}", "发明授权", "B23C3/00", "B23C3/00; B24B1/00",
            "B23C2220/04", "C3421 金属切削机床制造", "东岭大学", "张三; 李四; 王五", "有效", "授权", "", "1. " + abstract[:200],
        ]


def write_file(path: Path, count: int) -> None:
    """The export as xlsx or csv, by the path's ending."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerow(HEADERS)
            csv.writer(file).writerows(rows(count))
        return
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Export")
    sheet.append(HEADERS)
    for row in rows(count):
        sheet.append(row)
    book.save(path)


def bare_seconds(path: Path, aside: Path) -> float:
    """Seconds to read the file by the library alone and to insert its cells into one table."""
    started = time.perf_counter()
    with sqlite3.connect(aside) as store:
        store.execute(f"CREATE TABLE cell ({', '.join(f'c{place}' for place in range(len(HEADERS)))})")
        marks = ", ".join("?" * len(HEADERS))
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                store.executemany(f"INSERT INTO cell VALUES ({marks})", csv.reader(file))
        else:
            sheet = load_workbook(path, read_only=True).worksheets[0]
            store.executemany(f"INSERT INTO cell VALUES ({marks})", sheet.iter_rows(values_only=True))
    return time.perf_counter() - started


def bench_rows(organisation: Organisation, path: Path, work: Work, say: Progress) -> dict[str, Any]:
    """Import the file for the organisation; `work` runs a generator of batches to its end and commits after each."""
    bare = bare_seconds(path, path.with_suffix(".bare"))
    say("import")
    before = memory()
    started = time.perf_counter()
    with path.open("rb") as source:
        run = operations.upload(SYSTEM, organisation, [(source, path.name)])
    operations.start(SYSTEM, run, columns_of(operations.propose(SYSTEM, run)))
    work(operations.read_rows(SYSTEM, run))
    read = time.perf_counter() - started
    say("publish")
    releasing.release(SYSTEM, run, PUBLISHABLE)
    work(releasing.publish_rows(SYSTEM, run))
    whole = time.perf_counter() - started
    return {
        **review.counts(run), "file_bytes": path.stat().st_size, "bare_seconds": round(bare, 2), "read_seconds": round(read, 1),
        "published_seconds": round(whole - read, 1), "rows_a_second": round((run.total or 0) / whole), "ratio_to_bare": round(whole / bare, 1),
        "memory_before_bytes": before["memory_own_bytes"], **memory(),
    }
