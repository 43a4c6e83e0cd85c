"""How fast the list of calls answers: the whole request, beside the reading of twenty rows along an index in the same run. All made up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from marketplace.calls.models import Board, Call
from marketplace.catalogue.classification import INDUSTRIES
from marketplace.db import session
from marketplace.people.models import Organisation
from marketplace.people.regions import PROVINCES

AT_ONCE = 5_000
HOUSES, BOARDS = 400, 20
STATES = ("published", "published", "closed", "awarded", "ended")
QUESTIONS = {
    "open": "", "words": "q=刀具 寿命", "words_of_all": "state=all&q=刀具", "crossing": "q=tool life",
    "filtered": "state=all&industry=C35&region=330000&least=300000",
    "closed": "state=closed", "newest": "state=all&sort=newest",
}
WARMING = 3


def fill(calls: int, moment: datetime) -> None:
    """Make up so many calls in an empty database: two fifths are open, over two years of deadlines. Does not commit."""
    for model, rows in ((Organisation, houses(moment)), (Board, _boards(moment)), (Call, _calls(calls, moment))):
        while batch := list(islice(rows, AT_ONCE)):
            session.execute(insert(model), batch)


def houses(moment: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the firms."""
    for key in range(1, HOUSES + 1):
        yield {"id": key, "kind": "enterprise", "name": {"zh": f"企业{key}", "en": f"Works {key}"}, "names": [], "region": "330000", "about": {},
               "size": "large", "state": "verified", "created": moment, "version_id": 1}


def _boards(moment: datetime) -> Iterator[dict[str, Any]]:
    for key in range(1, BOARDS + 1):
        yield {"id": key, "organisation_id": key, "state": "published", "title": {"zh": f"榜单{key}"}, "about": {}, "created": moment, "version_id": 1}


def _calls(count: int, moment: datetime) -> Iterator[dict[str, Any]]:
    industries, regions = [code for code in INDUSTRIES if len(code) == 3], list(PROVINCES)
    chance = np.random.default_rng(7).integers(1, 17_000, count + 1)
    for key in range(1, count + 1):
        state = STATES[key % len(STATES)]
        hours = int(chance[key]) * (1 if state == "published" else -1)
        title = {"zh": f"微细刀具寿命{key}" if key % 50 == 0 else f"焊缝气孔{key}", "en": f"Problem {key}"}
        brief = {"zh": "加工时磨损过快，批量报废，试过三种涂层都没有根本改善。" * 3}
        yield {"id": key, "organisation_id": 1 + key % HOUSES, "board_id": 1 + key % BOARDS if key % 3 == 0 else None, "state": state, "visibility": "public",
               "language": "zh", "title": title, "brief": brief, "targets": [], "acceptance": {"zh": "实测三批。"}, "money": "budget",
               "amount": 100_000 * (1 + key % 900), "currency": "CNY", "stages": [], "eligible": {}, "eligibility": {}, "ip_position": "owner", "ip_terms": {},
               "industry": industries[key % len(industries)], "region": regions[key % len(regions)], "deadline": moment + timedelta(hours=hours),
               "zone": "Asia/Shanghai", "teams": 1, "anonymous": False, "revision": 1,
               "published": moment - timedelta(hours=key), "created": moment, "updated": moment, "version_id": 1}


def measure(get: Callable[[str], Any], requests: int, moment: datetime) -> dict[str, Any]:
    """Milliseconds of a page in the median and for 95 of 100 requests, by what is asked, and how many times the bare reading of twenty rows that is."""

    def bare() -> None:
        query = select(Call.id, Call.title, Call.deadline).where(Call.state == "published", Call.deadline > moment).order_by(Call.deadline, Call.id)
        session.execute(query.limit(20)).all()
        session.rollback()

    return beside(bare, get, QUESTIONS, requests)


def beside(bare: Callable[[], None], get: Callable[[str], Any], questions: dict[str, str], requests: int) -> dict[str, Any]:
    """The pages of these questions beside the bare reading, in milliseconds and in ratios."""
    ruler = timed(bare, requests)
    found = {name: timed(lambda question=question: get(question), requests) for name, question in questions.items()}
    return {
        "bare_ms": ruler, "pages_ms": found, "p50_to_bare": {name: round(times["p50"] / ruler["p50"], 1) for name, times in found.items()},
        "worst_p95_ms": max(times["p95"] for times in found.values()),
    }


def timed(work: Callable[[], Any], requests: int) -> dict[str, float]:
    """Milliseconds of so many runs, the median and that of 95 of 100."""
    taken = []
    for number in range(requests + WARMING):
        began = time.perf_counter()
        work()
        if number >= WARMING:
            taken.append((time.perf_counter() - began) * 1000)
    return {name: round(float(np.percentile(taken, percent)), 2) for name, percent in (("p50", 50), ("p95", 95))}
