"""The site that the walks of all routes ask: everybody and everything in it, made once for a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection

from marketplace.db import session
from marketplace.people.sessions import operations as sessions
from tests.web import exhibits, exhibits_of_money, states
from tests.web.blind_cast import gather
from tests.web.blind_rooms import furnish
from tests.web.standing import standing
from tests.web.walking import Exhibit, Names, Row, named, rows

Site = tuple[Connection, list[Exhibit], Names]


@pytest.fixture(scope="module")
def site(whole_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The cast of the blind listings and all exhibits, made once."""
    with standing(whole_app, tmp_path_factory.mktemp("index")) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "GRAIN", timedelta(days=1))  # a long walk writes that a session is in use, as it should; not what is asked here
        cast = gather()
        furnish(cast)
        who = exhibits.everybody(cast)
        firm = {**exhibits.staff(cast.things["firm"], cast.things["firm"].memberships[0].person), "counterparty": cast.people["granted"]}
        like, money = cast.things["technology_file"], exhibits_of_money
        found = [
            *exhibits.of_pages(cast), *exhibits.of_listings(cast, who, firm), *exhibits.of_deals(cast, who, firm), *exhibits.of_calls(cast, firm),
            *exhibits.of_resources(), *exhibits.of_people(cast, who), *exhibits.of_ways_in(who), *money.of_agreements(like), *money.of_duties(cast, who),
            *money.of_statements(like), *money.of_billing(like), *money.of_guarantees(like), *money.of_income(like),
        ]
        session.commit()
        every = [replace(one, who=named(one.who)) for one in [*found, *exhibits.missing(found), *states.put(found, connection)]]
        people = named(who)
        session.commit()
        session.remove()
        yield connection, every, people


@pytest.fixture(scope="module")
def every_row(site: Site, whole_app: Flask) -> list[Row]:
    """All rows; fails for a route whose address nobody can fill."""
    found, bare = rows(whole_app, site[1])
    assert not bare, f"no exhibit fills the address of {bare}: add one in tests/web/exhibits.py"
    return found
