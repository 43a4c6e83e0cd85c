"""Two people at the same moment, in two threads on a database of their own: one of two overlapping bookings, no more trials than there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from marketplace.catalogue.facilities import operations as facilities
from marketplace.catalogue.facilities.models import Booking
from marketplace.catalogue.scenarios import operations as scenarios
from marketplace.catalogue.scenarios.models import TrialApplication
from marketplace.db import session
from marketplace.errors import Refused
from marketplace.people.models import Person
from tests import factories as make
from tests.at_once import at_once
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("own_database")


def accepting(model, accept, requests, hosts):
    """Each host accepts his request, all at once; how many did, and what the others were told."""
    def one(key: int, host: int):
        return lambda: accept(session.get_one(Person, host), session.get_one(model, key), NOW) and None

    ends = at_once(*(one(key, host) for key, host in zip(requests, hosts, strict=True)))
    return sum(end is None for end in ends), [end for end in ends if end is not None]


def test_of_two_overlapping_bookings_one_is_accepted():
    host, second = make.person(), make.person()
    house = make.organisation(host, second, kind="service_provider")
    facility, starts = make.facility(house), datetime(2026, 11, 9, 1, tzinfo=UTC)
    keys = [make.booking(facility, starts=starts + timedelta(hours=hours)).id for hours in (0, 4)]
    hosts = [host.id, second.id]
    session.commit()
    session.remove()
    won, told = accepting(Booking, facilities.accept, keys, hosts)
    assert won == 1 and isinstance(told[0], Refused) and "taken then" in str(told[0]), told
    assert session.scalar(select(func.count()).select_from(Booking).where(Booking.state == "accepted")) == 1


def test_of_bookings_of_two_facilities_both_are_accepted():
    host, second = make.person(), make.person()
    house = make.organisation(host, second, kind="service_provider")
    keys = [make.booking(make.facility(house)).id for _ in range(2)]
    hosts = [host.id, second.id]
    session.commit()
    session.remove()
    assert accepting(Booking, facilities.accept, keys, hosts) == (2, [])


def test_the_last_trial_is_given_once():
    host, second = make.person(), make.person()
    scenario = make.scenario(make.organisation(host, second), trials=1)
    keys = []
    for number in range(2):
        holder = make.person()
        technology = make.technology(make.organisation(holder, kind="institute"), trl=7)
        keys.append(scenarios.ask(holder, scenario, technology, "想试", f"k{number}", NOW).id)
    hosts = [host.id, second.id]
    session.commit()
    session.remove()
    won, told = accepting(TrialApplication, scenarios.accept, keys, hosts)
    assert won == 1 and isinstance(told[0], Refused) and "given away" in str(told[0]), told
