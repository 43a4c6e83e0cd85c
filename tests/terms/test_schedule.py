"""The schedule, on worked cases: those of the definition, where its folder is at hand, and our own, one for each of its sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from marketplace.terms.schedule import answer

CASES = json.loads(Path(__file__).with_name("schedule_cases.json").read_text("utf-8"))
FIELDS = ("id", "amount", "trigger", "due", "state", "paid", "interest")


def line(obligation: dict[str, Any]) -> str:
    """An obligation as the cases write it: its fields in a row, a day expected at the end."""
    row = " ".join(obligation[name] or "-" for name in FIELDS)
    return f"{row} expected={obligation['expected']}" if obligation["expected"] else row


def compared(case: dict[str, Any]) -> None:
    """Whether a case comes out as it was worked by hand; currency and day of effect are CNY and 1 January 2026 unless given."""
    found = answer({"currency": "CNY", "effective": "2026-01-01", **case["terms"]}, case["events"], case["as_of"])
    if "error" in case:
        assert found["error"]["path"] == case["error"]
        return
    assert "error" not in found, found
    assert [line(obligation) for obligation in found["obligations"]] == case["owed"]
    assert found["state"] == case["state"]
    assert found["credit"] == case.get("credit", "0.00")
    assert found["totals"]["interest"] == case.get("interest", "0" if case["terms"].get("currency") == "JPY" else "0.00")
    missing = [f"{one['period']} {one['due']}{' overdue' if one['overdue'] else ''}" for one in found["statements_due"]]
    assert missing == case.get("statements_due", missing)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_our_own_cases(case: dict[str, Any]) -> None:
    compared(case)


def test_the_cases_of_the_definition(shared: Path) -> None:
    wrong = []
    for case in json.loads((shared / "terms_cases.json").read_text("utf-8")):
        found = answer(case["terms"], case["events"], case["as_of"])
        for obligation in found.get("obligations", ()):
            assert obligation.pop("because").endswith(".")
        if found.get("error", {}).get("path") != case["expected"].get("error", {}).get("path") or "error" not in found and found != case["expected"]:
            wrong.append((case["name"], found))
    assert not wrong
