"""Who may what: every route, as everybody, against things in each state; the table is beside, and nothing is in the site that it does not name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

import pytest
from flask import Flask
from sqlalchemy import Connection

from marketplace.db import session
from tests.web import exhibits, exhibits_of_money, walking, who_may
from tests.web.blind_cast import gather
from tests.web.blind_rooms import furnish
from tests.web.standing import standing
from tests.web.walking import LET_THROUGH, ROLES, Exhibit, Heard, Names, Row, Walk, listening, named, rows

Site = tuple[Connection, list[Exhibit], Names]


@pytest.fixture(scope="module")
def site(whole_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The cast of the blind listings and all exhibits, made once."""
    with standing(whole_app, tmp_path_factory.mktemp("index")) as connection:
        cast = gather()
        furnish(cast)
        who = exhibits.everybody(cast)
        firm = {**exhibits.staff(cast.things["firm"], cast.things["firm"].memberships[0].person), "counterparty": cast.people["granted"]}
        like, money = cast.things["technology_file"], exhibits_of_money
        found = [
            *exhibits.of_pages(cast), *exhibits.of_listings(cast, who, firm), *exhibits.of_deals(cast, who, firm), *exhibits.of_calls(cast, firm),
            *exhibits.of_resources(), *exhibits.of_people(cast, who), *money.of_agreements(like), *money.of_duties(cast, who), *money.of_statements(like),
            *money.of_billing(like), *money.of_guarantees(like), *money.of_income(like),
        ]
        session.commit()
        every = [replace(one, who=named(one.who)) for one in [*found, *exhibits.missing(found)]]
        people = named(who)
        session.remove()
        yield connection, every, people


def faults(row: Row, role: str, word: str, heard: Heard) -> list[str]:
    """What is wrong with an answer, whatever the table says."""
    through, found = word.startswith(LET_THROUGH), []
    if word[0].isdigit():
        found.append(f"answered {word}")
    if row.method == "GET" and set(heard.kept) - WRITTEN_BY_READING:
        found.append(f"reading has written {heard.kept}")
    if heard.kept and not through:
        found.append(f"answered {word}, and kept {heard.kept}")
    if through and not heard.allowed and row.endpoint not in UNASKED:
        found.append(f"answered {word}, and the permission table was not asked")
    return [f"{' '.join(row.name)}, {role}: {fault}" for fault in found]


WRITTEN_BY_READING: set[str] = set()
UNASKED: dict[str, str] = {}


def test_the_whole_product_answers_as_the_table_says(site: Site, whole_app: Flask) -> None:
    connection, every, people = site
    found, bare = rows(whole_app, every)
    assert not bare, f"no exhibit fills the address of {bare}"
    wrong, lines, done = [], [], 0
    log = open(f"/tmp/w-who-log-{os.environ.get('PART', '0')}.jsonl", "w", buffering=1)
    with listening() as begin:
        walk = Walk(whole_app, connection, people, begin)
        for number, row in enumerate(found):
            if number % int(os.environ.get("STRIDE", "1")) != int(os.environ.get("PART", "0")):
                continue
            if number % 50 == 0:
                open("/tmp/w-who-at.txt", "w").write(str(number))
            answers = {role: walk.ask(row, role) for role in ROLES if row.exhibit.state != walking.NOT_THERE or role in walking.OF_NOTHING}
            answers |= {role: (walking.UNTOLD, Heard()) for role in ROLES if role not in answers}
            log.write(json.dumps([row.name, {role: [word, [[a, sorted(r), e] for a, r, e in h.asked], h.filtered, h.kept] for role, (word, h) in answers.items()}]) + "\n")
            wrong += [fault for role, (word, heard) in answers.items() for fault in faults(row, role, word, heard)]
            for f in wrong[done:]:
                print(f, flush=True)
            done = len(wrong)
            lines.append(who_may.line(row, answers))
    if os.environ.get(who_may.WRITE):
        who_may.write(lines)
    open("/tmp/w-who-wrong.txt", "w").write("\n".join(wrong))
    assert not wrong
