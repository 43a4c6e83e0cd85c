"""What is due first of an agreement."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from marketplace.licensing.next_due import Due, due_next

DAY = date(2027, 3, 31)
BEFORE = DAY - timedelta(days=1)


def standing(**values: Any) -> Any:
    return SimpleNamespace(**{"status": "active", "next_due": None, "statement_due": None, "statements_overdue": 0, "window_end": None, **values})


def owed(**values: Any) -> Any:
    return SimpleNamespace(**{"kind": "royalty", "state": "open", "due": DAY, "unpaid": 500, **values})


@pytest.mark.parametrize(("stands", "rows", "said"), [
    ({"next_due": DAY, "statement_due": DAY}, [owed()], Due("obligation", DAY, False, "royalty", 500)),
    ({"next_due": DAY}, [owed(state="paid", due=BEFORE), owed(state="overdue")], Due("obligation", DAY, True, "royalty", 500)),
    ({"next_due": DAY}, [owed(kind="non_use_certificate")], Due("obligation", DAY, False, "non_use_certificate")),
    ({"next_due": BEFORE, "statement_due": BEFORE, "statements_overdue": 2}, [owed()], Due("statement", BEFORE, True)),
    ({"next_due": BEFORE, "status": "on_trial", "window_end": DAY}, [], Due("decision", DAY)),
    ({"next_due": DAY, "window_end": DAY}, [], Due("day", DAY)),
    ({}, [owed(state="pending", due=None)], Due("later")),
    ({}, [owed(state="paid")], Due("nothing")),
    ({}, [], Due("nothing")),
], ids=["money first", "the overdue one", "a paper, no money", "a statement", "the decision", "a day alone", "waits for an event", "all paid", "nothing owed"])
def test_what_comes_first(stands: dict[str, Any], rows: list[Any], said: Due) -> None:
    assert due_next(standing(**stands), rows) == said
