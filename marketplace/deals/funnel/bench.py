"""How long the counting of the whole funnel takes, and its page, beside one pass over the matches in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from marketplace.db import session
from marketplace.deals.funnel.operations import figures
from marketplace.matching.models import Match


def measure(get: Callable[[], Any], count: Callable[[], Any], moment: datetime) -> dict[str, Any]:
    """Seconds of counting everything, and of one bare pass over the matches; milliseconds of the public page once it is counted."""
    counted, _ = _timed(lambda: figures(moment))
    bare, _ = _timed(lambda: session.execute(select(func.count(), func.sum(Match.probability))).one())
    count()
    page = min(_timed(get)[0] for _ in range(5))
    return {
        "count_seconds": round(counted, 2), "bare_pass_seconds": round(bare, 3), "count_to_bare": round(counted / bare, 1),
        "page_ms": round(1_000 * page, 1),
    }


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found
