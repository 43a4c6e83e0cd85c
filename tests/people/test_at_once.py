"""Two owners at the same moment: an organisation keeps one."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from marketplace.db import session
from marketplace.people import organisations
from marketplace.people.models import Membership, Person
from tests import factories
from tests.at_once import ends_at_once
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("own_database")


def test_the_last_two_owners_cannot_both_go():
    people = factories.person(), factories.person()
    house = factories.organisation(*people[:1])
    session.add(Membership(organisation=house, person=people[1], role="owner", created=NOW))
    session.commit()
    seats = [(person.id, session.scalar(select(Membership.id).where(Membership.person_id == person.id))) for person in people]

    def leave(person, seat):
        return lambda: organisations.remove_member(session.get_one(Person, person), session.get_one(Membership, seat))

    assert sorted(ends_at_once(*(leave(*one) for one in seats))) == ["Refused", "done"]
    assert session.scalar(select(func.count()).select_from(Membership).where(Membership.role == "owner")) == 1
