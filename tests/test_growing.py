"""A demo grown large: whatever was asked for is there, and a second run adds only what is missing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from marketplace.catalogue.models import Offer, Technology
from marketplace.deals.models import Deal
from marketplace.demo import growing
from marketplace.matching.models import Match
from marketplace.needs.models import Need
from marketplace.people.models import Person
from marketplace.record import Event, Revision


def counted(session: Any, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model))


@pytest.mark.slow
def test_a_site_grows_to_the_numbers_asked_for_and_goes_on_where_it_was(session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "FIRMS", 6)
    monkeypatch.setattr(growing, "HOLDERS", 3)
    monkeypatch.setattr(growing, "BROKERS", 2)
    monkeypatch.setattr(growing.Growing, "offers", [{"mode": "licence", "terms": None}])
    site = growing.Growing()
    for part in (site.people(), site.technologies(30), site.needs(30), site.matches(), site.deals(5)):
        list(part)
    assert [counted(session, model) for model in (Technology, Need, Person, Match, Deal)] == [30, 30, 11, 30, 5]
    assert counted(session, Revision) == 60 and 0 < counted(session, Offer) < 30
    assert session.scalar(select(func.count()).select_from(Event).where(Event.name == "technology.publish")) == 30
    assert {row.title.keys() >= {"zh", "en"} for row in session.scalars(select(Technology))} == {True, False}
    for part in (site.people(), site.technologies(31), site.needs(30), site.matches(), site.deals(5)):
        list(part)
    assert [counted(session, model) for model in (Technology, Need, Person, Match, Deal)] == [31, 30, 11, 30, 5]
