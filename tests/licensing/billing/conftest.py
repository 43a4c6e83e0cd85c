"""What the tests of money share: two organisations under an agreement, and a milestone accepted."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation, Person
from tests import factories


@dataclass
class Two:
    """An institute that licenses, a firm that pays, their people, and the agreement between them."""

    agreement: Agreement
    institute: Organisation
    firm: Organisation
    officer: Person
    owner: Person

    def reach(self, day: str = "2026-02-01") -> None:
        """The milestone of 50,000 is accepted; due 30 days later."""
        factories.event(self.agreement, "milestone_accepted", day, id="pilot")


@pytest.fixture
def two(app) -> Two:
    """The agreement of the factories: a milestone of CNY 50,000, a royalty of 3 % by quarter, 3.65 % late interest."""
    officer, owner = factories.person(), factories.person(language="en")
    institute, firm = factories.organisation(officer, kind="institute"), factories.organisation(owner)
    return Two(factories.agreement(institute, firm), institute, firm, officer, owner)
