"""Events are read to the letter: what is refused, with which path."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from marketplace.terms.events import read
from marketplace.terms.payment import parse
from marketplace.terms.reading import TermsError
from marketplace.terms.schedule import answer

TIERS = [{"upto": None, "rate": "0.1"}]
TERMS: dict[str, Any] = {
    "currency": "CNY", "effective": "2026-01-01", "trial": {"months": 1, "sales_counted": True}, "milestones": [{"id": "m", "amount": "1"}],
    "conditional": [{"id": "c", "amount": "1"}], "buyout": {"price": "1"}, "late_interest": {"annual_rate": "0"},
    "royalty": {"base": "net_sales", "period": "quarter", "tiers": TIERS},
}
UNITS = {"base": "units", "period": "quarter", "per_unit": "1"}
PROFIT = {"base": "profit", "period": "quarter", "tiers": TIERS}


def refused(events: Any, royalty: dict[str, Any] | None = None) -> str:
    with pytest.raises(TermsError) as caught:
        read(events, parse({**TERMS, "royalty": royalty or TERMS["royalty"]}, template=False))
    return caught.value.path


def event(name: str, **values: Any) -> dict[str, Any]:
    return {"type": name, "date": "2026-02-01", **values}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("x", "events[0]"), (None, "events[0]"), ({}, "events[0].type"), ({"type": "started", "date": "2026-02-01"}, "events[0].type"),
        ({"type": ["converted"], "date": "2026-02-01"}, "events[0].type"), ({"type": "converted"}, "events[0].date"),
        ({"type": "converted", "date": "2026-2-1"}, "events[0].date"), (event("converted", id="m"), "events[0].id"),
        (event("trial_extended"), "events[0].months"), (event("trial_extended", months=True), "events[0].months"),
        (event("trial_extended", months=10000), "events[0].months"), (event("trial_extended", months="1"), "events[0].months"),
        (event("milestone_accepted"), "events[0].id"), (event("milestone_accepted", id="c"), "events[0].id"),
        (event("milestone_accepted", id=["m"]), "events[0].id"), (event("submitted", id="m"), "events[0].id"),
        (event("statement", gross="1"), "events[0].period"), (event("statement", period="2026-01-01"), "events[0].gross"),
        (event("statement", period="2026-01-01", gross="-1"), "events[0].gross"),
        (event("statement", period="2026-01-01", gross=1.5), "events[0].gross"),
        (event("statement", period="2026-01-01", gross="1", profit="1"), "events[0].profit"),
        (event("statement", period="2026-01-01", gross="1", deductions=[]), "events[0].deductions"),
        (event("statement", period="2026-01-01", gross="1", deductions=None), "events[0].deductions"),
        (event("statement", period="2026-01-01", gross="1", deductions={"freight": "1.001"}), "events[0].deductions.freight"),
        (event("payment"), "events[0].amount"), (event("payment", amount=10), "events[0].amount"), (event("payment", amount="-1"), "events[0].amount"),
        (event("payment", amount="1", obligation=None), "events[0].obligation"), (event("payment", amount="1", note="x"), "events[0].note"),
        (event("interest_paid"), "events[0].amount"), (event("interest_paid", amount="1.001"), "events[0].amount"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(given: Any, path: str) -> None:
    assert refused([given]) == path


@pytest.mark.parametrize("events", [None, {}, "events"])
def test_events_are_a_list(events: Any) -> None:
    assert refused(events) == "events"


def test_the_path_counts_in_the_list_as_given() -> None:
    assert refused([event("payment", amount="1"), event("payment", amount="x")]) == "events[1].amount"


def test_the_figures_of_a_statement_are_those_of_the_base() -> None:
    assert refused([event("statement", period="2026-01-01", gross="1")], UNITS) == "events[0].gross"
    assert refused([event("statement", period="2026-01-01", units="-1")], UNITS) == "events[0].units"
    assert refused([event("statement", period="2026-01-01", profit="1", deductions={})], PROFIT) == "events[0].deductions"
    assert refused([event("statement", period="2026-01-01", profit="--1")], PROFIT) == "events[0].profit"
    assert refused([event("statement", period="2026-01-01", profit="-1.001")], PROFIT) == "events[0].profit"
    assert refused([event("statement", period="2026-01-01", profit="-")], PROFIT) == "events[0].profit"


@pytest.mark.parametrize("name", ["trial_started", "trial_extended", "converted", "declined", "milestone_accepted", "submitted", "accepted", "rejected",
                                  "statement", "bought_out", "interest_paid"])
def test_an_event_needs_its_clause(name: str) -> None:
    found = answer({"currency": "CNY", "effective": "2026-01-01"}, [event(name)], "2026-03-01")
    assert found["error"]["path"] == "events[0].type"


@pytest.mark.parametrize("name", ["first_revenue", "terminated"])
def test_some_need_none(name: str) -> None:
    assert "error" not in answer({"currency": "CNY", "effective": "2026-01-01"}, [event(name)], "2026-03-01")


def test_events_are_read_as_given() -> None:
    given = [event("statement", period="2026-01-01", gross="10.5", deductions={"freight": "2"}), event("payment", amount="3")]
    found = read(given, parse(TERMS, template=False))
    assert (found[0].gross, found[0].deductions, found[0].period, found[0].place) == (Decimal("10.5"), {"freight": Decimal(2)}, date(2026, 1, 1), 0)
    assert (found[1].amount, found[1].obligation, found[1].date) == (Decimal(3), None, date(2026, 2, 1))
    loss = read([event("statement", period="2026-01-01", profit="-7.50")], parse({**TERMS, "royalty": PROFIT}, template=False))
    assert loss[0].profit == Decimal("-7.5")


@pytest.mark.parametrize("day", [None, 20260301, "2026-3-1", "tomorrow", ""])
def test_the_day_is_a_date(day: Any) -> None:
    assert answer(TERMS, [], day)["error"]["path"] == "as_of"
