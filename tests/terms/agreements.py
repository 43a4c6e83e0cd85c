"""Agreements drawn by chance: terms with any clauses, and events that the schedule accepts, crowded onto few days so that they meet.

Candidates that were refused are taken out one by one; what is left is valid input. `traits` says which rules a drawn agreement
reaches, so that a test can make sure that none is left out.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from marketplace.terms.payment import add_months
from marketplace.terms.schedule import Schedule, answer

START = date(2026, 1, 1)
Drawn = tuple[dict[str, Any], list[dict[str, Any]], str]


def drawn_terms(chance: Random) -> dict[str, Any]:
    """Terms of an agreement, each clause there or not."""
    effective = START + timedelta(chance.choice((0, 14, 30, 58)))
    terms: dict[str, Any] = {"currency": chance.choice(("CNY", "CNY", "JPY")), "effective": str(effective)}
    cents = "" if terms["currency"] == "JPY" else f".{chance.randrange(100):02}"

    def money(most: int) -> str:
        return f"{chance.randrange(most)}{cents}"

    if chance.random() < 0.3:
        terms["end"] = str(effective + timedelta(chance.choice((0, 89, 200, 364, 500))))
    if chance.random() < 0.5:
        terms["entry_fee"] = money(2000)
    if chance.random() < 0.5:
        terms["payment_days"] = chance.choice((0, 10, 45))
    if chance.random() < 0.55:
        terms["trial"] = {"months": chance.choice((0, 1, 3, 6)), "sales_counted": chance.random() < 0.5}
        if chance.random() < 0.8:
            terms["conversion"] = {"price": money(3000), "window_days": chance.choice((0, 15, 30)), "silence": chance.choice(("lapse", "convert"))}
    if chance.random() < 0.5:
        terms["deferred"] = [
            {"id": name, "amount": money(3000), "months": chance.choice((0, 2, 6, 12)), "first_revenue": chance.random() < 0.6,
             "which": chance.choice(("earlier", "later"))} for name in "ab"
        ]
    if chance.random() < 0.4:
        terms["instalments"] = [{"id": str(n), "amount": money(3000), "due": str(effective + timedelta(chance.choice((0, 45, 90, 300))))} for n in (1, 2)]
    if chance.random() < 0.4:
        terms["milestones"] = [{"id": name, "amount": money(3000)} for name in ("m", "n")]
    if chance.random() < 0.5:
        terms["conditional"] = [{"id": "c", "amount": money(3000), "deemed_days": chance.choice((0, 10, 30))}, {"id": "d", "amount": money(3000)}]
    if chance.random() < 0.75:
        terms["royalty"] = drawn_royalty(chance, money)
    if chance.random() < 0.4:
        terms["buyout"] = {"price": money(4000)}
    if chance.random() < 0.4:
        terms["cap_total"] = money(9000)
    if chance.random() < 0.6:
        terms["late_interest"] = {"annual_rate": chance.choice(("0.0365", "0.1", "1"))}
    return terms


def drawn_royalty(chance: Random, money: Any) -> dict[str, Any]:
    """A royalty on any base."""
    base = chance.choice(("net_sales", "net_sales", "profit", "units"))
    royalty: dict[str, Any] = {"base": base, "period": chance.choice(("month", "quarter", "quarter", "half", "year"))}
    if base == "units":
        royalty["per_unit"] = chance.choice(("0.125", "2", "0.3333"))
    else:
        bounds = sorted({chance.randrange(1, 30) * 1000 for _ in range(chance.randrange(3))})
        royalty["tiers"] = [{"upto": upto and str(upto), "rate": chance.choice(("0", "0.015", "0.05", "0.1"))} for upto in (*bounds, None)]
    more = {
        "statement_days": chance.choice((0, 20)), "payment_days": chance.choice((0, 40)), "threshold": str(chance.randrange(8000)),
        "tier_scope": chance.choice(("lifetime", "year")), "minimum_per_year": money(4000),
    }
    return royalty | {key: value for key, value in more.items() if chance.random() < 0.5}


def drawn_events(chance: Random, terms: dict[str, Any]) -> list[dict[str, Any]]:
    """Candidates on a few crowded days; some will be refused."""
    effective = date.fromisoformat(terms["effective"])
    days = [effective + timedelta(chance.choice((0, chance.randrange(120), chance.randrange(500)))) for _ in range(9)]

    def on(name: str, **values: Any) -> dict[str, Any]:
        return {"type": name, "date": str(chance.choice(days)), **values}

    found = [on(name) for name in ("first_revenue", "bought_out") if chance.random() < 0.6]
    found += [on(name) for name in ("terminated", "certified") if chance.random() < 0.25]
    if "trial" in terms:
        found += [on(name) for name in ("trial_started", "converted", "converted") if chance.random() < 0.35]
        found += [on("trial_extended", months=chance.choice((0, 1, 3))) for _ in range(chance.randrange(3))]
        found += [on("declined") for _ in range(chance.random() < 0.25)]
    found += [on("milestone_accepted", id=fee["id"]) for fee in terms.get("milestones", ()) if chance.random() < 0.8]
    for fee in terms.get("conditional", ()):
        found += [on(chance.choice(("submitted", "submitted", "accepted", "rejected")), id=fee["id"]) for _ in range(chance.randrange(5))]
    if "royalty" in terms:
        found += drawn_statements(chance, terms, effective, days)
    names = ["entry", "conversion", "deferred:a", "instalment:2", "milestone:m", "conditional:c", "buyout", "minimum:2026", "non_use_certificate"]
    names += [f"royalty:{event['period']}" for event in found if event["type"] == "statement"]
    for _ in range(chance.randrange(7)):
        named = {"obligation": chance.choice(names)} if chance.random() < 0.5 else {}
        found.append(on("payment", amount=str(chance.randrange(4000)), **named))
    if "late_interest" in terms:
        found += [on("interest_paid", amount=str(chance.choice((0, 1, 5, 20)))) for _ in range(chance.randrange(4))]
    chance.shuffle(found)
    return found


def drawn_statements(chance: Random, terms: dict[str, Any], effective: date, days: list[date]) -> list[dict[str, Any]]:
    """Statements of most periods in a row, some late, some given again."""
    base, length = terms["royalty"]["base"], {"month": 1, "quarter": 3, "half": 6, "year": 12}[terms["royalty"]["period"]]
    counted = "trial" not in terms or terms["trial"]["sales_counted"]
    starts = [effective] if counted else [*days]
    whole = [add_months(START, n * length) for n in range(24 // length)]
    found = []
    for first in [*starts, *whole[:8]]:
        for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 1, 2))):
            figure = str(chance.randrange(20_000))
            figures = {"units": {"units": f"{figure}.5"}, "profit": {"profit": chance.choice(("", "-")) + figure}}.get(base) or {
                "gross": figure, "deductions": {"freight": str(chance.randrange(3000))}}
            latest = add_months(date(first.year, (first.month - 1) // length * length + 1, 1), length) - timedelta(1)
            day = chance.choice((latest + timedelta(chance.choice((0, 10, 10, 90))), chance.choice(days)))
            found.append({"type": "statement", "date": str(day), "period": str(first), **figures})
    return found


def drawn_agreement(chance: Random) -> Drawn:
    """Terms, events that are accepted with them, and a day."""
    terms = drawn_terms(chance)
    events = drawn_events(chance, terms)
    day = str(date.fromisoformat(terms["effective"]) + timedelta(chance.choice((chance.randrange(-20, 60), chance.randrange(900), 700))))
    while "error" in (found := answer(terms, events, day)):
        place = re.match(r"events\[(\d+)\]", found["error"]["path"])
        assert place, found
        del events[int(place[1])]
    return terms, events, day


@st.composite
def agreements(draw: st.DrawFn) -> Drawn:
    """Valid input of every kind; shrinks to fewer and plainer clauses and events."""
    return drawn_agreement(draw(st.randoms(use_true_random=False)))


def traits(found: Schedule, events: list[dict[str, Any]], day: str) -> set[str]:
    """Which rules an agreement reaches on a day."""
    reached = {f"state {found.state}"}
    if found.trial and found.trial.outcome:
        reached.add(f"trial {found.trial.outcome}")
    for one in found.obligations:
        reached.add(f"{one.kind} {one.state}")
        reached |= {f"note {note}" for note in one.because.notes} | {f"because {one.because.how}"}
        if one.kind == "minimum" and one.amount:
            reached.add("minimum owed")
        if one.interest:
            reached.add("interest")
        if one.expected:
            reached.add("expected")
    named = {place: event.get("obligation") for place, event in enumerate(events) if event["type"] == "payment"}
    for part in found.allotments:
        if str(part.day) > events[part.payment]["date"]:
            reached.add("credit allotted later")
        if named[part.payment] and named[part.payment] != part.obligation:
            reached.add("named goes elsewhere")
        if named[part.payment] == part.obligation:
            reached.add("named goes there")
    reached |= {"credit"} if found.credit else set()
    reached |= {"interest paid"} if any(event["type"] == "interest_paid" and event["amount"] != "0" and event["date"] <= day for event in events) else set()
    reached |= {"statement overdue"} if any(statement.overdue for statement in found.statements_due) else set()
    return reached
