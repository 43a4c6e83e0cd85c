"""How fast the pages of a technology manager answer: the whole request, beside the reading of twenty rows by an index in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import Engine, event, select

from marketplace.db import session
from marketplace.deals.models import Deal
from marketplace.people.models import Person

WARMING = 3


def measure(get: Callable[[], Any], broker: Person, requests: int) -> dict[str, Any]:
    """Milliseconds of the whole request, and of twenty rows read by an index, median and 95 %; and how many statements a request sends.

    On a machine that does other work too, the milliseconds of the processor say more than those of the clock.
    """
    statements: list[str] = []

    def noted(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", noted)
    get()
    event.remove(Engine, "before_cursor_execute", noted)
    bare = select(Deal.id, Deal.state, Deal.since).where(Deal.broker_id == broker.id, Deal.state == "qualified").limit(20)
    times: dict[str, list[float]] = {"request": [], "request_processor": [], "bare_select": []}
    for _ in range(requests + WARMING):
        began, worked = time.perf_counter(), time.process_time()
        get()
        times["request"].append(1_000 * (time.perf_counter() - began))
        times["request_processor"].append(1_000 * (time.process_time() - worked))
        began = time.perf_counter()
        session.execute(bare).all()
        times["bare_select"].append(1_000 * (time.perf_counter() - began))
        session.rollback()
    figures = {name: {f"p{part}": round(float(np.percentile(values[WARMING:], part)), 2) for part in (50, 95)} for name, values in times.items()}
    return {**figures, "statements": len(statements), "p50_to_bare": round(figures["request"]["p50"] / figures["bare_select"]["p50"], 1)}
