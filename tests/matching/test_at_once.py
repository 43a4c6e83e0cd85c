"""Two workers who find families that overlap, at the same moment and on a database of their own: one family comes of them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.catalogue.models import Technology
from marketplace.db import session
from marketplace.matching import grouping
from tests import factories
from tests.at_once import ends_at_once

pytestmark = pytest.mark.usefixtures("own_database")


def test_two_families_that_share_a_technology_become_one():
    first, shared, last = (factories.technology(application_number="CN 201710601862.3").id for _ in range(3))
    session.commit()
    assert ends_at_once(lambda: grouping._settle([first, shared]), lambda: grouping._settle([shared, last])) == ["done", "done"]
    assert len(set(session.scalars(select(Technology.family_id)))) == 1 and session.get_one(Technology, last).family_id is not None
