"""How fast the worklist answers: the whole request, beside the reading of twenty rows by an index in the same run.

One technology manager leads all the deals, so that every section is full: a third of the deals stand still, a fifth has an agreement whose trial ends, or
whose statement is overdue. Everything is made up; it goes straight into the tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from marketplace.catalogue.classification import FIELDS, INDUSTRIES
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.deals.models import Deal, Party, StageSpan
from marketplace.licensing.models import Agreement, Standing
from marketplace.matching.models import Match, Scoring
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.people.regions import PROVINCES

AT_ONCE = 5_000
HOUSES = 200
FULL = 10  # matches of one need
WARMING = 3

Rows = Iterator[dict[str, Any]]


def _kept(model: type, rows: Rows) -> None:
    while batch := list(islice(rows, AT_ONCE)):
        session.execute(insert(model), batch)


def fill(matches: int, deals: int, moment: datetime) -> Person:
    """Make up so many matches and deals in an empty database; the technology manager who leads them all. Does not commit."""
    needs, technologies = max(deals, matches // FULL), max(deals, matches // 4)
    broker = Person(
        name="李经理", address="broker@example.com", address_key="broker@example.com", password_hash="", is_broker=True, created=moment, confirmed=moment,
    )
    session.add(broker)
    session.flush()  # deals point at him
    _kept(Organisation, _houses(moment))
    _kept(Technology, _technologies(technologies, moment))
    _kept(Need, _needs(needs, broker.id, moment))
    _kept(Match, _matches(matches, needs, technologies, deals, moment))
    _kept(Scoring, _scorings(matches, moment))
    _fill_deals(deals, broker, moment)
    return broker


def _houses(moment: datetime) -> Rows:
    regions = list(PROVINCES)
    for key in range(1, 2 * HOUSES + 1):
        yield {"id": key, "kind": "enterprise" if key <= HOUSES else "institute", "name": {"zh": f"机构{key}", "en": f"House {key}"}, "names": [],
               "region": regions[key % len(regions)], "about": {}, "state": "verified", "created": moment, "version_id": 1}


def _technologies(count: int, moment: datetime) -> Rows:
    fields = list(FIELDS)
    for key in range(1, count + 1):
        yield {"id": key, "organisation_id": HOUSES + 1 + key % HOUSES, "kind": "patent", "state": "published", "visibility": "public", "teaser": {},
               "title": {"zh": f"一种装置{key}", "en": f"Device {key}"}, "abstract": {"zh": "用于测试的装置。" * 20}, "advantages": {}, "applications": {},
               "keywords": {}, "family": [], "owners": [], "parties": {}, "inventors": [], "ipc": [], "industries": [], "title_hash": str(key),
               "field": fields[key % len(fields)], "published": moment, "created": moment, "updated": moment, "revision": 1, "version_id": 1}


def _needs(count: int, broker: int, moment: datetime) -> Rows:
    industries = [code for code in INDUSTRIES if len(code) == 3]
    for key in range(1, count + 1):
        badge = {"grade": "verified", "verified_until": moment.date() + timedelta(days=key % 400), "verified_by_id": broker} if key % 20 == 0 else {
            "grade": "declared", "verified_until": None, "verified_by_id": None}
        yield {"id": key, "organisation_id": 1 + key % HOUSES, "state": "published", "visibility": "public", "teaser": {}, "language": "zh",
               "title": {"zh": f"难题{key}", "en": f"Problem {key}"}, "problem": {"zh": "毛刺太多，加工太慢。" * 20}, "place": {}, "tried": {},
               "constraints": {}, "volume": {}, "targets": [], "modes": ["licence"], "questions": {},
               "industry": industries[key % len(industries)], "region": "330000",
               "revision": 1, "published": moment, "created": moment, "updated": moment, "version_id": 1, **badge}


def _pair(key: int, needs: int, technologies: int) -> tuple[int, int]:
    """The need and the technology of the match of this number, no pair twice: the first of each need come first."""
    return 1 + (key - 1) % needs, 1 + (key - 1 + (key - 1) // needs * 7) % technologies


def _matches(count: int, needs: int, technologies: int, deals: int, moment: datetime) -> Rows:
    chance = np.random.default_rng(7).beta(1, 4, count + 1)
    for key in range(1, count + 1):
        need, technology = _pair(key, needs, technologies)
        dealt = key <= deals
        yield {"id": key, "need_id": need, "technology_id": technology, "score": 0.0, "probability": float(chance[key]), "current": True,
               "firm": "declined" if key % 9 == 0 else "new", "holder": "new", "broker": "introduced" if dealt else "declined" if key % 7 == 0 else "new",
               "created": moment - timedelta(days=key % 700), "version_id": 1}


def _scorings(count: int, moment: datetime) -> Rows:
    for key in range(1, count + 1):
        yield {"match_id": key, "need_revision": 1, "technology_revision": 1, "index_version": "bench", "score": 0.0, "base": -3.0,
               "contributions": [["words", 1.2], ["meaning_title", 1.1], ["region", -0.2]], "at": moment}


def _fill_deals(count: int, broker: Person, moment: datetime) -> None:
    """The first matches as deals; every fifth performs under an agreement."""
    stages = ("lead", "qualified", "introduced", "evaluation")
    pairs = session.execute(select(Match.need_id, Match.technology_id).where(Match.id <= count).order_by(Match.id)).all()
    sides = [(1 + need % HOUSES, HOUSES + 1 + technology % HOUSES) for need, technology in pairs]
    made = [key for key in range(1, count + 1) if key % 5 == 0]
    _kept(Agreement, ({
        "id": key, "technology_id": pairs[key - 1][1], "title": {}, "licensor_id": sides[key - 1][1], "licensee_id": sides[key - 1][0],
        "drafted_by_id": sides[key - 1][0], "state": "countersigned", "signed": moment, "text_sha256": f"{key:064d}",
        "proposed": moment, "version": 1, "created": moment, "version_id": 1,
    } for key in made))
    _kept(Standing, (_standing(key, moment.date()) for key in made))
    _kept(Deal, ({
        "id": key, "match_id": key, "need_id": pairs[key - 1][0], "technology_id": pairs[key - 1][1], "firm_id": sides[key - 1][0],
        "holder_id": sides[key - 1][1], "broker_id": broker.id, "agreement_id": key if key % 5 == 0 else None,
        "state": "performing" if key % 5 == 0 else stages[key % 4],
        "since": moment - timedelta(days=key % 40), "frozen": {"need": {}, "technology": {}}, "created": moment, "version_id": 1,
    } for key in range(1, count + 1)))
    _kept(StageSpan, ({"deal_id": key, "stage": "lead", "entered": moment} for key in range(1, count + 1)))
    _kept(Party, ({"deal_id": key, "side": "broker", "person_id": broker.id, "address_key": broker.address_key, "state": "active", "created": moment,
                   "version_id": 1} for key in range(1, count + 1)))


def _standing(key: int, today: date) -> dict[str, Any]:
    status = ("on_trial", "awaiting_decision", "active")[key // 5 % 3]
    end = today + timedelta(days=key % 20 - 5)
    return {
        "agreement_id": key, "as_of": today, "status": status, "currency": "CNY", "fees": 0, "paid": 0, "outstanding": 0, "overdue": 0, "interest": 0,
        "credit": 0, "trial_end": end, "window_end": end + timedelta(days=30), "statement_due": end, "next_due": end,
        "statements_overdue": 1 if status == "active" else 0,
    }


def measure(get: Callable[[], Any], broker: Person, requests: int) -> dict[str, Any]:
    """Milliseconds of the whole request, and of twenty rows read by an index, median and 95 %.

    On a machine that does other work too, the milliseconds of the processor say more than those of the clock.
    """
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
    return {**figures, "p50_to_bare": round(figures["request"]["p50"] / figures["bare_select"]["p50"], 1)}
