"""Two people at the same moment, in two threads on a database of their own: one deal, one broker, one use of an invitation."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db import session
from marketplace.deals import operations
from marketplace.deals.models import Deal, Party
from marketplace.deals.parties import operations as parties
from marketplace.errors import Problem, Refused
from marketplace.matching.models import Match
from marketplace.people.models import Person
from tests import factories
from tests.at_once import at_once
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("own_database")


def one(model, key):
    return session.get_one(model, key)


def ends_of(ends):
    """How many succeeded, and what the others were told."""
    return sum(end is None for end in ends), [end for end in ends if end is not None]


def test_two_brokers_open_the_same_deal_at_once():
    match, first, second = factories.match().id, factories.broker().id, factories.broker().id
    session.commit()
    ends = at_once(*(lambda who=who: operations.open_deal(one(Person, who), one(Match, match), NOW) and None for who in (first, second)))
    won, told = ends_of(ends)
    assert won == 1 and session.scalar(select(func.count()).select_from(Deal)) == 1
    assert isinstance(told[0], Refused | StaleDataError), told
    if isinstance(told[0], Refused):
        assert str(told[0]) == "There is an open deal of this need and this technology already."


def test_two_brokers_take_one_lead_at_once():
    match = factories.match(factories.need(factories.organisation(factories.person())), factories.technology())
    asker = match.need.organisation.memberships[0].person
    lead = operations.ask(asker, "firm", match.technology, match.need, match.need.organisation, at=NOW).public_id
    brokers = [factories.broker().id, factories.broker().id]
    session.commit()
    won, told = ends_of(at_once(*(lambda who=who: operations.take(one(Person, who), lead, NOW) and None for who in brokers)))
    assert won == 1 and isinstance(told[0], Problem) and "taken by somebody else a moment ago" in str(told[0])
    deal = session.scalars(select(Deal)).one()
    assert deal.broker_id in brokers and sum(party.side == "broker" for party in deal.parties) == 1


def test_an_invitation_is_used_twice_at_once():
    deal, invited = factories.deal(stage="introduced"), factories.person()
    party = parties.invite(deal.broker, deal, "firm", invited.address, at=NOW)
    token, who = parties.token_of(party), invited.id
    session.commit()
    won, told = ends_of(at_once(*(lambda: parties.accept(one(Person, who), token, NOW) and None for _ in range(2))))
    assert won == 1 and isinstance(told[0], Refused | StaleDataError), told
    assert session.scalar(select(func.count()).select_from(Party).where(Party.person_id == who, Party.state == "active")) == 1


def test_a_step_and_its_opposite_at_once():
    deal = factories.deal(stage="evaluation")
    key, broker, firm = deal.id, deal.broker_id, deal.firm.memberships[0].person_id
    session.commit()
    won, told = ends_of(at_once(
        lambda: operations.step(one(Person, broker), one(Deal, key), "negotiate", NOW) and None,
        lambda: operations.lose(one(Person, firm), one(Deal, key), "price", at=NOW) and None,
    ))
    state = one(Deal, key).state
    assert (won, state) in ((1, "negotiating"), (1, "lost"), (2, "lost")), (won, told, state)
    assert all(isinstance(end, Refused | StaleDataError) for end in told), told
