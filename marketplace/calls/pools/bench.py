"""How fast the list of pools answers: the whole request, beside the reading of twenty rows along an index in the same run. All made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from marketplace.calls.bench import AT_ONCE, HOUSES, beside, houses
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.catalogue.classification import INDUSTRIES
from marketplace.db import session
from marketplace.people.models import Organisation, Person
from marketplace.people.regions import PROVINCES

STATES = ("open", "open", "reached", "missed", "missed")
PLEDGES = 3  # of each pool; so that every bar has something to tell
QUESTIONS = {
    "open": "", "words": "q=刀具 寿命", "words_of_all": "state=all&q=刀具", "filtered": "state=all&industry=C35&region=330000&least=300000",
    "missed": "state=missed", "newest": "state=all&sort=newest",
}


def fill(pools: int, moment: datetime) -> None:
    """Make up so many pools with three pledges each in an empty database: two fifths are open, over a year of deadlines. Does not commit."""
    person = {"id": 1, "name": "甲", "address": "a@bench.example", "address_key": "a@bench.example", "password_hash": "", "language": "zh", "created": moment,
              "version_id": 1}
    session.execute(insert(Person), [person])
    for model, rows in ((Organisation, houses(moment)), (Pool, _pools(pools, moment)), (Pledge, _pledges(pools, moment))):
        while batch := list(islice(rows, AT_ONCE)):
            session.execute(insert(model), batch)


def _pools(count: int, moment: datetime) -> Iterator[dict[str, Any]]:
    industries, regions = [code for code in INDUSTRIES if len(code) == 3], list(PROVINCES)
    chance = np.random.default_rng(7).integers(1, 8_700, count + 1)
    for key in range(1, count + 1):
        state = STATES[key % len(STATES)]
        hours = int(chance[key]) * (-1 if state == "missed" else 1)
        title = {"zh": f"微细刀具寿命{key}" if key % 50 == 0 else f"焊缝气孔{key}", "en": f"Problem {key}"}
        brief = {"zh": "加工时磨损过快，批量报废，试过三种涂层都没有根本改善。" * 12}
        yield {"id": key, "organisation_id": 1 + key % HOUSES, "state": state, "visibility": "public", "language": "zh", "title": title, "brief": brief,
               "acceptance": {}, "industry": industries[key % len(industries)], "region": regions[key % len(regions)],
               "threshold": 100_000 * (1 + key % 900), "least": 1_000, "currency": "CNY", "deadline": moment + timedelta(hours=hours),
               "zone": "Asia/Shanghai", "basis": "proportional", "rights": ["own_use"], "revision": 1,
               "opened": moment - timedelta(hours=key), "created": moment,
               "updated": moment, "version_id": 1}


def _pledges(pools: int, moment: datetime) -> Iterator[dict[str, Any]]:
    for key in range(pools * PLEDGES):
        pool = 1 + key // PLEDGES
        over = STATES[pool % len(STATES)] == "missed"
        yield {"pool_id": pool, "organisation_id": 1 + (pool + key) % HOUSES, "person_id": 1, "amount": 10_000 * (1 + pool % 900), "currency": "CNY",
               "revision": 1, "named": False, "state": "released" if over else "pledged", "at": moment, "ended": moment if over else None, "version_id": 1}


def measure(get: Callable[[str], Any], requests: int, moment: datetime) -> dict[str, Any]:
    """Milliseconds of a page in the median and for 95 of 100 requests, by what is asked, and how many times the bare reading of twenty rows that is."""

    def bare() -> None:
        query = select(Pool.id, Pool.title, Pool.deadline).where(Pool.state == "open", Pool.deadline > moment).order_by(Pool.deadline, Pool.id)
        session.execute(query.limit(20)).all()
        session.rollback()

    return beside(bare, get, QUESTIONS, requests)
