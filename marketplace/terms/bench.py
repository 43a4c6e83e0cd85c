"""How long the schedule takes, on agreements made up for it, beside reading the same input with nothing but the JSON parser.

A site computes schedules on every agreement page and, at night, of all agreements; so both are timed: ten thousand agreements with
forty events, and single ones with four hundred in the mixes that cost most (what must be counted afresh for each interest payment).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random
from time import process_time
from typing import Any

from marketplace.terms.payment import add_months
from marketplace.terms.schedule import answer

START = date(2020, 1, 1)
AS_OF = date(2026, 6, 30)


def bench_schedule(agreements: int, events: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Time so many agreements with so many events, and the mixes of 400; seconds, milliseconds, and the ratio to `json.loads` alone."""
    chance = Random(1)
    texts = [json.dumps(agreement(chance, events)) for _ in range(agreements)]
    say("parser")
    began = process_time()
    for text in texts:
        json.loads(text)
    bare = process_time() - began
    say("schedules")
    began = process_time()
    for text in texts:
        _answered(json.loads(text))
    seconds = process_time() - began
    return {
        "agreements": agreements, "events_each": events, "seconds": round(seconds, 2), "milliseconds_each": round(seconds / agreements * 1000, 3),
        "parser_alone_seconds": round(bare, 3), "ratio_to_parser": round(seconds / bare, 1),
        "one_of_400_milliseconds": {name: round(_best(made), 1) for name, made in mixes()},
    }


def _answered(values: dict[str, Any]) -> dict[str, Any]:
    """The schedule of made-up terms and events, which must be good: a refusal would be quick."""
    found = answer(values["terms"], values["events"], values["as_of"])
    if "error" in found:
        raise ValueError(found["error"])
    return found


def _best(values: dict[str, Any]) -> float:
    """Milliseconds of the quickest of three."""
    times = []
    for _ in range(3):
        began = process_time()
        _answered(values)
        times.append(process_time() - began)
    return min(times) * 1000


def agreement(chance: Random, events: int) -> dict[str, Any]:
    """Terms with most clauses and so many events: a trial converted, statements (some restated), payments (some late, some named)."""
    terms = {
        "currency": "CNY", "effective": str(START), "entry_fee": str(chance.randrange(1000, 9000)),
        "trial": {"months": chance.randrange(3, 9)}, "conversion": {"price": "30000"}, "payment_days": 30,
        "deferred": [{"id": "d", "amount": "20000", "months": 24, "first_revenue": True}],
        "milestones": [{"id": f"m{n}", "amount": str(chance.randrange(1000, 50000))} for n in range(3)],
        "conditional": [{"id": f"c{n}", "amount": "7000", "deemed_days": 30} for n in range(3)],
        "royalty": {"base": "net_sales", "period": "quarter", "minimum_per_year": "9000",
                    "tiers": [{"upto": "900000", "rate": "0.05"}, {"upto": "2000000", "rate": "0.035"}, {"upto": None, "rate": "0.02"}]},
        "cap_total": "900000", "late_interest": {"annual_rate": "0.0435"},
    }
    found: list[dict[str, Any]] = [{"type": "converted", "date": "2020-04-10"}, {"type": "first_revenue", "date": "2020-06-01"}]
    found += [{"type": "milestone_accepted", "date": str(START + timedelta(chance.randrange(900))), "id": f"m{n}"} for n in range(3)]
    for n in range(3):
        found.append({"type": "submitted", "date": f"2021-0{n + 1}-05", "id": f"c{n}"})
        found.append({"type": "accepted" if n else "rejected", "date": f"2021-0{n + 1}-25", "id": f"c{n}"})
    quarters = [date(2020, 4, 10), *(add_months(date(2020, 7, 1), 3 * n) for n in range(23))]
    share = (events - len(found)) // 2
    for n in range(share):
        first = quarters[n % len(quarters)]
        found.append(_statement(chance, first, add_months(first, 4) + timedelta(n)))
    for n in range(events - len(found)):
        day = START + timedelta(100 + chance.randrange(2200))
        kind = {"type": "interest_paid", "amount": "0.01"} if n % 6 == 0 else {"type": "payment", "amount": str(chance.randrange(500, 30000))}
        name = {"obligation": "conversion"} if n % 6 == 1 else {}
        found.append({**kind, **name, "date": str(day)})
    chance.shuffle(found)
    return {"terms": terms, "events": found, "as_of": str(AS_OF)}


def _statement(chance: Random, first: date, day: date) -> dict[str, Any]:
    gross, freight = chance.randrange(10_000, 300_000), chance.randrange(5_000)
    return {"type": "statement", "date": str(day), "period": str(first), "gross": f"{gross}.50", "deductions": {"freight": str(freight)}}


def mixes() -> Iterator[tuple[str, dict[str, Any]]]:
    """The agreements with 400 events that cost most: a hundred years of months, each with a royalty and a yearly minimum."""
    terms = {
        "currency": "CNY", "effective": "2000-01-01", "entry_fee": "1000000", "cap_total": "900000000", "late_interest": {"annual_rate": "0.0435"},
        "royalty": {"base": "net_sales", "period": "month", "minimum_per_year": "9000",
                    "tiers": [{"upto": "90000", "rate": "0.05"}, {"upto": None, "rate": "0.02"}]},
    }
    chance = Random(2)
    months = [add_months(date(2000, 1, 1), n) for n in range(1200)]
    stated = [_statement(chance, first, add_months(first, 1)) for first in months]
    restated = [_statement(chance, months[n % 60], add_months(months[n], 2) + timedelta(3)) for n in range(400)]
    interest = [{"type": "interest_paid", "date": str(add_months(month, 2) + timedelta(20)), "amount": "0.01"} for month in months]
    paid = [{"type": "payment", "date": str(add_months(month, 2) + timedelta(9)), "amount": "2500"} for month in months]
    named = [{**payment, "obligation": f"royalty:{months[n // 4]}"} for n, payment in enumerate(paid)]
    corrected = [_statement(chance, months[n % 7], date(2050, 1, 1) + timedelta(2 * n)) for n in range(133)]
    daily = [{"type": "interest_paid", "date": str(date(2050, 1, 2) + timedelta(2 * n)), "amount": "0.01"} for n in range(200)]
    late = [{"type": "payment", "date": str(date(2050, 1, 1) + timedelta(2 * n)), "amount": "2500"} for n in range(133)]
    for name, events in (
        ("corrected_daily", stated[:134] + corrected + daily[:133]), ("paid_daily", stated[:134] + late + daily[:133]),
        ("interest_daily", stated[:200] + daily),
        ("statements", stated[:400]), ("interest", interest[:400]), ("named", named[:400]),
        ("statements_payments", stated[:200] + paid[:200]),
        ("all", stated[:100] + restated[:100] + paid[:100] + interest[:100]), ("restated_interest", stated[:100] + restated[:150] + interest[:150]),
    ):
        yield name, {"terms": terms, "events": events, "as_of": "2099-12-31"}
