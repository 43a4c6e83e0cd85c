"""The tables of docs/security.md on OWASP ASVS: every number of levels 1 and 2 once, every test and document named exists, every other row says why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"\| (\d+\.\d+\.\d+(?:-\d+)?) \| ([^|]+) \| (met|not applicable|open) \| ([^|]+) \|")
NUMBERS = """
1.1.1-2 1.2.1-9 1.3.1-11 1.4.1-3 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-4 2.4.1 3.2.1-2 3.3.1-4 3.4.1-6 3.5.1-5 3.7.1-2 4.1.1-3 4.2.1 4.3.1-2 4.4.1-4 5.1.1
5.2.1-3 5.3.1-2 5.4.1-3 6.1.1-3 6.2.1-12 6.3.1-5 6.3.7-8 6.4.1-4 6.5.1-5 6.6.1-3 6.7.1-2 6.8.1-4 7.1.1-3 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-3 7.6.1-2
8.1.1-2 8.2.1-3 8.3.1 8.4.1 9.1.1-3 9.2.1-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.1-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-3 11.5.1
11.6.1 12.1.1-3 12.2.1-2 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.3.1-3 15.1.1-3 15.2.1-3 15.3.1-7 16.1.1 16.2.1-5 16.3.1-4
16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2
"""
"""What is of level 1 or 2, and of level 3 what is met: 6.3.5, 6.3.7-8, 6.7.1-2, 7.5.3."""

pytestmark = pytest.mark.xdist_group("rules")


def one_by_one(parts: Iterable[str]) -> list[str]:
    """Numbers and ranges of them, each number by itself."""
    found = []
    for part in parts:
        section, _dot, places = part.rpartition(".")
        first, _dash, last = places.partition("-")
        found += [f"{section}.{place}" for place in range(int(first), int(last or first) + 1)]
    return found


def test_every_item_stands_once_and_what_it_names_exists() -> None:
    page = ROOT / "docs/security.md"
    rows = [ROW.fullmatch(line.strip()) for line in page.read_text(encoding="utf-8").splitlines() if re.match(r"\| \d+\.", line)]
    assert None not in rows, "a row that is not: | number | words | state | how |"
    assert Counter(one_by_one(row[1] for row in rows if row)) == Counter(one_by_one(NUMBERS.split()))
    tests = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        tests |= set(re.findall(r"^(?:async )?(?:def )?(test_\w+)(?:\(| =)", path.read_text(encoding="utf-8"), re.MULTILINE))
    for row in rows:
        assert row is not None
        number, how = row[1], row[4]
        named, linked = re.findall(r"`(test_\w+)`", how), re.findall(r"\]\(([^)#]+)\)", how)
        assert not set(named) - tests, (number, set(named) - tests)
        assert all((page.parent / link).exists() for link in linked), (number, linked)
        assert named or linked or row[3] != "met" or "forms of each" in how, f"{number} is called met: by which test, or where is it written down?"
