"""How fast the simulator answers a change: from the posted form to the page, beside the bare schedule of the same agreement.

Each change moves the level of the sales, as the slider does. The schedule alone is that of the expected scenario, with
all its statements, in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from statistics import median, quantiles
from typing import Any

from marketplace.terms.payment import Terms, parse
from marketplace.terms.plan import Plan
from marketplace.terms.schedule import schedule
from marketplace.terms.simulate import Outlook

START = "2027-01-15"
TERMS: dict[str, Any] = {
    "currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "200000"}, "buyout": {"price": "9000000"}, "cap_total": "900000000",
    "milestones": [{"id": "pilot", "amount": "80000"}, {"id": "line", "amount": "200000"}],
    "royalty": {
        "base": "net_sales", "period": "quarter", "tiers": [{"upto": "5000000", "rate": "0.05"}, {"upto": None, "rate": "0.03"}],
        "minimum_per_year": "20000",
    },
}

CASES = {"40 quarters": (40, "quarter"), "100 years by the quarter": (400, "quarter"), "100 years by the month": (400, "month")}

Sent = dict[str, list[str]]


def bench_simulator(post: Callable[[Sent], None], typed: Callable[[Terms], Sent], changes: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds of a change, median and 95 %, for each case. `post` answers a form, `typed` is what its fields say of terms.

    On a machine that does other work too, the milliseconds of the processor say more than those of the clock.
    """
    report = {}
    for name, (quarters, period) in CASES.items():
        say(name)
        terms = parse({**TERMS, "royalty": {**TERMS["royalty"], "period": period}}, template=True)
        sent = typed(terms) | {"start": [START], "quarters": [str(quarters)], "fill": ["level"], "upfront": ["900000"], "growth": ["0.5"]}
        answers, work = zip(*[_timed(post, sent | {"level": [str(500_000 + level)]}) for level in range(changes + 1)][1:], strict=True)
        outlook = Outlook(terms, Plan(date.fromisoformat(START), quarters, milestone_months=(6, 12)))
        events = outlook.events([Decimal(500_000)] * quarters)
        bare = median(_timed(schedule, outlook.terms, events, outlook.as_of)[0] for _ in range(changes))
        report[name] = {
            "changes": changes, "median_ms": _ms(median(answers)), "p95_ms": _ms(quantiles(answers, n=20)[-1]), "processor_ms": _ms(median(work)),
            "bare_schedule_ms": _ms(bare), "median_to_bare": round(median(answers) / bare, 1),
        }
    return report


def _timed(work: Callable[..., object], *given: Any) -> tuple[float, float]:
    """Seconds that passed, and seconds that the processor worked for it."""
    began, worked = time.perf_counter(), time.process_time()
    work(*given)
    return time.perf_counter() - began, time.process_time() - worked


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
