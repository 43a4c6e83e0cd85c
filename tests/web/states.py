"""Each state to which the cast does not come by itself, put into a thing that it has, with what the database asks to stand beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.exc import IntegrityError

from marketplace.db import Base
from tests.factories import NOW
from tests.web.walking import Exhibit, Put, put_state

DAY = NOW.date()
_PEOPLE, _CALLS = Base.metadata.tables["person"].c.id, Base.metadata.tables["open_call"].c.id
_SECOND = {"answered_by_id": select(func.max(_PEOPLE)).scalar_subquery(), "answered": NOW}  # who came last has proposed nothing
_FOUND = {"closed": NOW, "conclusion": "C", "underpaid": 100, "cost": 100, "share": "0.01", "bears": "licensee"}
_DECLINED = {"code": "timing", "reason": "R", **_SECOND}
_RECORDED = {"number": "2026-1", "recorded_on": DAY}
BESIDE: dict[str, dict[str, dict[str, Any]]] = {
    "audit": dict.fromkeys(("agreed", "closed", "disputed"), _FOUND),
    "booking": {"declined": _DECLINED},
    "claim": {"accepted": {"answer": "A"}, "paid": {"paid_day": DAY}, "refused": {"answer": "R"}, "settled": {"paid_day": DAY}},
    "contract_registration": {"registered": {"number": "2026-1", "registered_on": DAY}},
    "dispute": {"offered": {"settlement": "S", "settlement_side": "licensor"}, "settled": {"settlement": "S", "settlement_side": "licensor", "settled": NOW}},
    "distillation": {"returned": {"words": "W", **_SECOND}, "sent": {"sent": NOW}},
    "evidence_export": {"asked": {"sha256": None, "size": None, "ended": None}, "failed": {"sha256": None, "size": None}},
    "expert_request": {"declined": _DECLINED},
    "gate": {"passed": {"decided": NOW, "decided_by_id": _SECOND["answered_by_id"]}},
    "income_policy": {"refused": {"reason": "R", **_SECOND}},
    "inventorship": {"refused": {"reason": "R", **_SECOND}},
    "notice_objection": dict.fromkeys(("rejected", "upheld"), {"reasons": "R", "last": DAY.replace(year=DAY.year + 1), **_SECOND}),
    "payment": dict.fromkeys(("bounced", "rejected"), {"reason": "R", "answered": NOW}),
    "pledge": {**dict.fromkeys(("refused", "released", "replaced"), {"ended": NOW}), "withdrawn": {"ended": NOW, "reason": "other", "reason_text": "R"}},
    "pool": {"converted": {"call_id": select(func.min(_CALLS)).scalar_subquery(), "ended": NOW}},
    "proposal": {"withdrawn": {"withdrawn": NOW}},
    "recordal": {"open": {"filed_on": None}, "recorded": _RECORDED},
    "review": {"closed": {"closed": NOW}},
    "split": dict.fromkeys(("approved", "paid"), {"counted": DAY, **_SECOND}),
    "team": dict.fromkeys(("declined", "stopped"), {"reason": "R"}),
    "trial_application": {"declined": _DECLINED},
}
"""What a step of the application would have kept beside a state, without which the database does not take it: table → state → columns."""
THROUGH = {"contract_registration": "agreement_id", "recordal": "agreement_id", "review": "call_id"}
"""The tables whose rows no address names, with the column of the row by which the site finds them."""


def machines() -> dict[str, set[str]]:
    """The tables of things that have states, with all of these."""
    found = {}
    for mapper in Base.registry.mappers:
        steps = getattr(mapper.class_, "TRANSITIONS", None)
        if steps and "state" in mapper.columns:
            found[mapper.class_.__tablename__] = {step.target for step in steps.values()} | {state for step in steps.values() for state in step.origin}
    return found


def named_by(connection: Connection, rows: Table) -> dict[str, int]:
    """The id in an address → the row of which its page tells."""
    if rows.name in THROUGH:
        column = rows.c[THROUGH[rows.name]]
        parent = next(iter(column.foreign_keys)).column.table
        found = select(rows.c.id, parent.c.public_id).join(parent, column == parent.c.id)
    elif "public_id" in rows.c:
        found = select(rows.c.id, rows.c.public_id)
    else:
        return {}
    return {name: key for key, name in connection.execute(found)}


def put(found: list[Exhibit], connection: Connection) -> list[Exhibit]:
    """The exhibits of states that the cast has not: once for each place in the site and each side that looks at it, in the first thing there that can be so."""
    made = []
    for table, states in machines().items():
        rows = Base.metadata.tables[table]
        there = {state for (state,) in connection.execute(select(rows.c.state).distinct())}
        ids, shown = named_by(connection, rows), dict[tuple[str, str], list[tuple[Exhibit, str]]]()
        for one in sorted(found, key=lambda one: one.state.startswith(("draft", "lead"))):
            name = next((name for name, value in one.fill.items() if isinstance(value, str) and value in ids), "")
            if name:
                shown.setdefault((one.under, one.state.partition(", ")[2]), []).append((one, name))
        for state in sorted(states - there):
            for (_under, side), things in shown.items():
                ways = ((one, Put(table, ids[one.fill[name]], state, name, BESIDE.get(table, {}).get(state, {}))) for one, name in things)
                if first := next(((one, way) for one, way in ways if can_be(connection, way)), None):
                    one, way = first
                    told = ", ".join(filter(None, (state if way.name == "public_id" and table not in THROUGH else f"{table} {state}", side)))
                    made.append(replace(one, state=f"{told} (put)", private=False, put=way))
    return made


def can_be(connection: Connection, way: Put) -> bool:
    """Whether the database lets the thing be in the state."""
    tried = connection.begin_nested()
    try:
        put_state(connection, way)
    except IntegrityError:
        return False
    finally:
        tried.rollback()
    return True
