"""Two at the same moment on a database of their own: a team is taken or declined, and an event of its agreement moves its gate once."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from marketplace.calls.teams import operations
from marketplace.calls.teams.following import follow_event
from marketplace.calls.teams.models import Gate, Team
from marketplace.db import session
from marketplace.licensing.models import Agreement
from marketplace.licensing.performing.operations import enter_event
from marketplace.people.models import Person
from marketplace.record import Event
from tests.at_once import ends_at_once
from tests.calls.teams.test_teams import LATER, PLANS, signed, teams
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("own_database")


def count(model, *where):
    return session.scalar(select(func.count()).select_from(model).where(*where))


def test_a_team_taken_and_declined_at_once_is_one_of_both():
    found, (team, _other) = teams()
    solver, key = found.solvers[0].id, team.id
    session.commit()
    ends = ends_at_once(
        lambda: operations.take(session.get_one(Person, solver), session.get_one(Team, key), PLANS, NOW) and None,
        lambda: operations.decline(session.get_one(Person, solver), session.get_one(Team, key), "团队已解散", NOW) and None,
    )
    assert sorted(ends) == ["Refused", "done"], "who comes second is told so, and nothing of his stands"
    taken = session.get_one(Team, key).state == "working"
    assert count(Agreement) == taken and count(Event, Event.name.in_(("team.take", "team.decline"))) == 1


def test_an_event_of_the_agreement_followed_twice_at_once_moves_the_gate_once():
    found, (team, _other) = teams()
    agreement = signed(found, team, found.solvers[0])
    event, gate = enter_event(found.solvers[0], agreement, "submitted", LATER.date(), "own:1", LATER, id="stage-1"), team.gates[0].id
    session.commit()
    key = event.id
    assert ends_at_once(*[lambda: follow_event(key)] * 2) == ["done", "done"]
    assert session.get_one(Gate, gate).state == "submitted" and count(Event, Event.name == "gate.submit") == 1
