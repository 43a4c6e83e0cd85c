"""Two at the same moment, in two threads on a database of their own: the threshold is crossed once, nobody leaves on another's back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import SYSTEM
from marketplace.calls.pools import converting, operations, pledging, steering
from marketplace.calls.pools.models import CallConfirmation, Pledge, Pool
from marketplace.db import session
from marketplace.errors import Refused
from marketplace.people.models import Organisation, Person
from marketplace.record import Event
from tests import factories
from tests.at_once import at_once
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("own_database")
TEN_THOUSAND = 1_000_000


def firm():
    return factories.organisation(factories.person())


def given(pool_id, house_id, person_id, amount, at=NOW):
    """A pledge as a request makes it."""
    pool = session.get_one(Pool, pool_id)
    pledging.pledge(session.get_one(Person, person_id), pool, session.get_one(Organisation, house_id), amount, "CNY", 1, at=at)


def happened(name):
    return session.scalar(select(func.count()).select_from(Event).where(Event.name == name))


def committed(*amounts, **values):
    pool = factories.pool(None, *amounts, **values)
    session.refresh(pool, ["pledges"])
    pledging.settle(pool, NOW)
    session.commit()
    return pool


def test_two_pledges_that_cross_the_threshold_together_reach_it_once():
    pool, houses = factories.pool(None, 30 * TEN_THOUSAND), [firm(), firm()]
    who = [(pool.id, house.id, house.memberships[0].person_id) for house in houses]
    session.commit()
    ends = at_once(*(lambda one=one: given(*one, 40 * TEN_THOUSAND) for one in who))
    assert ends == [None, None]
    assert session.get_one(Pool, who[0][0]).state == "reached" and happened("pool.reach") == 1 and happened("pledge.given") == 2


def test_two_pledges_of_one_firm_at_once_leave_one_that_stands():
    pool, house = factories.pool(), firm()
    who = (pool.id, house.id, house.memberships[0].person_id)
    session.commit()
    at_once(*(lambda amount=amount: given(*who, amount * TEN_THOUSAND) for amount in (5, 6)))
    states = sorted(session.scalars(select(Pledge.state).where(Pledge.pool_id == who[0])))
    assert states in (["pledged", "replaced"], ["pledged"])


def test_two_who_leave_at_once_cannot_both_leave_it_reached():
    pool = committed(*[25 * TEN_THOUSAND] * 5)
    leaving = [(one.id, one.person_id) for one in pool.pledges[3:]]
    key = pool.id
    assert pool.state == "reached"

    def leave(pledge_id, person_id):
        pledging.withdraw_pledge(session.get_one(Person, person_id), session.get_one(Pledge, pledge_id), "law", at=NOW)

    ends = at_once(*(lambda one=one: leave(*one) for one in leaving))
    assert ends == [None, None]
    assert session.get_one(Pool, key).state == "open" and happened("pool.reopen") == 1


def test_a_pledge_and_the_deadline_at_once_agree_on_one_end():
    pool, house = factories.pool(None, 60 * TEN_THOUSAND), firm()
    key, who = pool.id, (pool.id, house.id, house.memberships[0].person_id)
    deadline = pool.deadline
    session.commit()
    ends = at_once(
        lambda: given(*who, 50 * TEN_THOUSAND, deadline - timedelta(seconds=1)),
        lambda: operations.end_pool(SYSTEM, session.get_one(Pool, key), deadline) and None,
    )
    found = session.get_one(Pool, key)
    states = {one.organisation_id: one.state for one in found.pledges}
    if ends[0] is None:
        assert found.state == "reached" and set(states.values()) == {"pledged"}
    else:
        assert isinstance(ends[0], Refused) and found.state == "missed" and set(states.values()) == {"released"} and house.id not in states
    assert ends[1] is None


def test_one_owner_confirms_twice_at_once():
    pool = committed(60 * TEN_THOUSAND, 50 * TEN_THOUSAND)
    lead = pool.organisation
    call = converting.convert(lead.memberships[0].person, pool, at=NOW)
    session.commit()
    keys = (lead.memberships[0].person_id, call.id, lead.id)

    def confirm():
        person, draft, house = (session.get_one(model, key) for model, key in zip((Person, type(call), Organisation), keys, strict=True))
        converting.confirm_call(person, draft, house, converting.digest_of(draft), at=NOW)

    ends = at_once(confirm, confirm)
    assert all(end is None or isinstance(end, IntegrityError) for end in ends) and None in ends
    assert session.scalar(select(func.count()).select_from(CallConfirmation)) == 1


def test_a_vote_and_the_closing_at_once():
    pool = committed(60 * TEN_THOUSAND, 50 * TEN_THOUSAND)
    lead = pool.organisation
    motion = steering.put_motion(lead.memberships[0].person, pool, "other", "先做哪一种？", at=NOW)
    session.commit()
    key, who, house, closes = motion.id, lead.memberships[0].person_id, lead.id, motion.closes

    def vote():
        found = session.get_one(type(motion), key)
        steering.vote(session.get_one(Person, who), found, session.get_one(Organisation, house), "yes", at=closes - timedelta(seconds=1))

    ends = at_once(vote, lambda: steering.close_motion(SYSTEM, session.get_one(type(motion), key), closes) and None)
    found = session.get_one(type(motion), key)
    assert found.state == "closed" and ends[1] is None
    assert (found.choice == "yes") == (ends[0] is None) and (ends[0] is None or isinstance(ends[0], Refused | StaleDataError))
