"""A made-up site for measurements: one technology manager leads all the deals, and every section of his worklist is full.

A third of the deals stand still, a fifth has an agreement whose trial ends or whose statement is overdue, others have a notice that ends, fees overdue,
messages that nobody answered and promises due; introductions are asked for, and some of it he has put off. So it is among the first thousand deals; of the
others, as nobody could work otherwise, one in ten has something due within a month. It goes straight into the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import insert, select

from marketplace.catalogue.classification import FIELDS, INDUSTRIES
from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.models import Deal, Party, StageSpan
from marketplace.deals.talk.models import Message, Task
from marketplace.deals.worklist.models import Snooze
from marketplace.licensing.duties.models import Notice, Pricing
from marketplace.licensing.models import Agreement, Standing
from marketplace.matching.models import Match, MatchAnswer, Scoring
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.people.regions import PROVINCES

AT_ONCE = 5_000
HOUSES = 200
FULL = 10  # matches of one need
LEADS = 30  # deals that nobody has taken, and matches with which a side asks for an introduction
SNOOZES = 60  # rows of a kind that were put off
SAID = 6  # messages of a deal
DENSE = 1_000  # deals among which everything is due about now

Rows = Iterator[dict[str, Any]]


def _kept(model: type, rows: Rows) -> None:
    while batch := list(islice(rows, AT_ONCE)):
        session.execute(insert(model), batch)


def fill(matches: int, deals: int, moment: datetime) -> Person:
    """Make up so many matches and deals in an empty database; the technology manager who leads them all. Does not commit."""
    needs, technologies = max(deals, matches // FULL), max(deals, matches // 4)
    broker, engineer = _person("李经理", "broker@example.com", moment, is_broker=True), _person("王工", "engineer@example.com", moment)
    session.add_all([broker, engineer])
    session.flush()  # deals point at them
    _kept(Organisation, _houses(moment))
    _kept(Technology, _technologies(technologies, moment))
    _kept(Need, _needs(needs, broker.id, moment))
    _kept(Match, _matches(matches, needs, technologies, deals, moment))
    _kept(Scoring, _scorings(matches, moment))
    _kept(MatchAnswer, _answers(matches, deals, broker, moment))
    _fill_deals(deals, broker, engineer, moment)
    _kept(Message, _messages(deals, broker, engineer, moment))
    _kept(Task, _tasks(deals, moment))
    _kept(FeeDue, _fees(deals, moment.date()))
    _kept(Snooze, ({"person_id": broker.id, "kind": kind, "thing": f"elsewhere{key}", "until": moment.date() + timedelta(days=key % 60 - 30),
                    "created": moment} for kind in ("pair", "still", "reply", "badge") for key in range(SNOOZES)))
    return broker


def _person(name: str, address: str, moment: datetime, **values: Any) -> Person:
    return Person(name=name, address=address, address_key=address, password_hash="", created=moment, confirmed=moment, **values)


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
        badge = {"grade": "verified", "verified_until": moment.date() + timedelta(days=key // 20 % 60), "verified_by_id": broker} if key % 20 == 0 else {
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
        asked = key in _accepted(count, deals)
        yield {"id": key, "need_id": need, "technology_id": technology, "score": 0.0, "probability": float(chance[key]), "current": True,
               "firm": "introduced" if asked else "declined" if key % 9 == 0 else "new", "holder": "new",
               "created": moment - timedelta(days=key % 700), "version_id": 1}


def _answers(matches: int, deals: int, broker: Person, moment: datetime) -> Rows:
    """What sides asked for, and every seventh pair turned down by the technology manager himself."""
    for key in _accepted(matches, deals):
        yield {"match_id": key, "side": "firm", "answer": "introduced", "code": None, "person_id": None, "at": moment - timedelta(days=3)}
    for key in range(_accepted(matches, deals).stop, matches + 1):
        if key % 7 == 0:
            yield {"match_id": key, "side": "broker", "answer": "declined", "code": "capacity", "person_id": broker.id, "at": moment - timedelta(days=3)}


def _accepted(matches: int, deals: int) -> range:
    """The matches with which the firm asks for an introduction: the first ones after those that became deals."""
    return range(deals + 1, min(deals + LEADS, matches) + 1)


def _scorings(count: int, moment: datetime) -> Rows:
    for key in range(1, count + 1):
        yield {"match_id": key, "need_revision": 1, "technology_revision": 1, "index_version": "bench", "score": 0.0, "base": -3.0,
               "contributions": [["words", 1.2], ["meaning_title", 1.1], ["region", -0.2]], "at": moment}


def _fill_deals(count: int, broker: Person, engineer: Person, moment: datetime) -> None:
    """The first matches as deals: every fifth performs under an agreement, every fifth is negotiated while the price is published, some wait for a broker."""
    stages = ("lead", "qualified", "introduced", "evaluation")
    pairs = session.execute(select(Match.need_id, Match.technology_id).where(Match.id <= count).order_by(Match.id)).all()
    sides = [(1 + need % HOUSES, HOUSES + 1 + technology % HOUSES) for need, technology in pairs]
    alone = {key for key in range(1, count + 1) if key % 5 == 2 and key <= 5 * LEADS}
    _fill_agreements(count, pairs, sides, engineer, moment)
    _kept(Deal, ({
        "id": key, "match_id": key, "need_id": pairs[key - 1][0], "technology_id": pairs[key - 1][1], "firm_id": sides[key - 1][0],
        "holder_id": sides[key - 1][1], "broker_id": None if key in alone else broker.id, "agreement_id": key if key % 5 in (0, 1) else None,
        "state": "lead" if key in alone else "performing" if key % 5 == 0 else "negotiating" if key % 5 == 1 else stages[key % 4],
        "since": moment - timedelta(days=key % 40), "frozen": {"need": {}, "technology": {}}, "created": moment, "version_id": 1,
    } for key in range(1, count + 1)))
    _kept(StageSpan, ({"deal_id": key, "stage": "lead", "entered": moment} for key in range(1, count + 1)))
    _kept(Party, ({"id": 2 * key - number, "deal_id": key, "side": side, "person_id": who.id, "address_key": who.address_key, "state": "active",
                   "created": moment, "version_id": 1}
                  for key in range(1, count + 1) for number, (side, who) in enumerate((("firm", engineer), ("broker", broker)))
                  if side == "firm" or key not in alone))


def _fill_agreements(count: int, pairs: Sequence[Any], sides: Sequence[tuple[int, int]], engineer: Person, moment: datetime) -> None:
    """Agreements in force with their standings, and others whose price is published."""
    signed, priced = range(5, count + 1, 5), range(1, count + 1, 5)
    for keys, state in ((signed, "countersigned"), (priced, "proposed")):
        _kept(Agreement, ({
            "id": key, "technology_id": pairs[key - 1][1], "title": {}, "licensor_id": sides[key - 1][1], "licensee_id": sides[key - 1][0],
            "drafted_by_id": sides[key - 1][0], "state": state, "signed": moment if state == "countersigned" else None,
            "text_sha256": f"{key:064d}" if state == "countersigned" else None, "proposed": moment, "version": 1, "created": moment, "version_id": 1,
        } for key in keys))
    _kept(Standing, (_standing(key, moment.date()) for key in signed))
    _kept(Pricing, ({"id": key, "agreement_id": key, "mode": "agreement", "decided_by": "院务会", "decided_on": moment.date(), "key": "1",
                     "person_id": engineer.id, "at": moment} for key in priced))
    _kept(Notice, ({
        "agreement_id": key, "pricing_id": key, "number": 1, "price_sha256": "0" * 64, "name": {}, "abstract": {}, "price": {}, "hints": [],
        "shown_to": "public", "related": False, "published_on": moment.date() - timedelta(days=15 - key % 14), "days": 15,
        "runs_until": moment.date() + timedelta(days=key % 14), "key": "1", "person_id": engineer.id, "created": moment, "version_id": 1,
    } for key in priced if key <= DENSE))


def _messages(deals: int, broker: Person, engineer: Person, moment: datetime) -> Rows:
    """A few messages in each deal to and fro; in every fifth the last one waits for an answer of the broker's."""
    for key in range(1, deals + 1):
        for number in range(SAID):
            theirs = (number + (key % 5 == 3)) % 2 == 0
            yield {"deal_id": key, "audience": "all", "text": "请看一下样件的照片。" * 8, "person_id": engineer.id if theirs else broker.id,
                   "party_id": 2 * key if theirs else 2 * key - (key % 5 != 2 or key > 5 * LEADS), "key": str(number),
                   "at": moment - timedelta(hours=200 - number)}


def _tasks(deals: int, moment: datetime) -> Rows:
    """Promises of the broker's: in every deal he leads one that is done, in every third one that is open."""
    for key in range(1, deals + 1):
        if key % 5 == 2 and key <= 5 * LEADS:
            continue
        for number, (state, day) in enumerate((("done", -20), ("open", _day(key, key % 4 - 3)))[:1 + (key % 3 == 0)]):
            yield {"deal_id": key, "audience": "broker", "text": "把图纸寄给研究所", "due": moment.date() + timedelta(days=day), "party_id": 2 * key - 1,
                   "set_by_id": 2 * key - 1, "state": state, "key": str(number), "created": moment, "version_id": 1}


def _day(key: int, near: int) -> int:
    """In how many days something of a deal is due: about now among the dense, else within a year."""
    return near if key <= DENSE else key * 7 % 360


def _fees(deals: int, today: date) -> Rows:
    """What is due of fees in every deal that performs: two parts that are paid, and in every other one a third that is overdue or soon to come."""
    for key in range(5, deals + 1, 5):
        for number in range(2 + (key % 2)):
            yield {"deal_id": key, "key": f"payment:{number:012d}:firm", "payer": "firm", "amount": 200_000, "currency": "CNY",
                   "arose": today - timedelta(days=60), "due": today + timedelta(days=_day(key, key % 60 - 30)), "because": {},
                   "paid": 200_000 if number < 2 else 0}


def _standing(key: int, today: date) -> dict[str, Any]:
    status = ("on_trial", "awaiting_decision", "active")[key // 5 % 3]
    end = today + timedelta(days=_day(key, key % 20 - 5))
    return {
        "agreement_id": key, "as_of": today, "status": status, "currency": "CNY", "fees": 0, "paid": 0, "outstanding": 0, "overdue": 0, "interest": 0,
        "credit": 0, "trial_end": end, "window_end": end + timedelta(days=30), "statement_due": end, "next_due": end,
        "statements_overdue": 1 if status == "active" and end < today else 0,
    }
