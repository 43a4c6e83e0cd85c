"""The table of locks against the source and the tests."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TABLE = (ROOT / "docs" / "locks.md").read_text("utf-8")


def test_every_place_that_locks_stands_in_the_table():
    locking = {one.relative_to(ROOT / "marketplace").as_posix() for one in (ROOT / "marketplace").rglob("*.py") if "with_for_update" in one.read_text("utf-8")}
    listed = set(re.findall(r"\| `([a-z_/]+\.py)`:", TABLE))
    assert locking <= listed, sorted(locking - listed)
    assert all((ROOT / "marketplace" / one).is_file() for one in listed)


def test_every_test_it_names_is_there():
    named = re.findall(r"`(tests/[a-z_/]+\.py)::(\w+)`", TABLE)
    assert len(named) > 15
    for file, name in named:
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), name
