"""What comes at the moment of the opening, on a database of its own: a second worker, and a solver who takes his proposal back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace.calls.proposals import opening, operations
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.sealing.models import CallKey
from marketplace.db import now, session
from marketplace.people.models import Person
from marketplace.record import Event
from tests.at_once import ends_at_once
from tests.calls.proposals.cast import PDF, cast, handed_in


@pytest.fixture
def closed(own_database, settings, tmp_path, monkeypatch):
    """The deadline has passed, one solver has handed in, nothing is opened yet: ids of call, proposal and solver."""
    monkeypatch.setattr(operations, "folder", lambda: tmp_path)
    monkeypatch.setattr(opening, "folder", operations.folder)
    world = cast(now() - timedelta(minutes=20))
    handed_in(world.solver, world.institute, world.call, files=(PDF,))
    world.call.state = "closed"
    session.commit()
    return world.call.id, session.scalars(select(Proposal.id)).one(), world.solver.id


def opened(call_id):
    """The job as its runner does it: a commit wherever it yields."""
    for _ in opening.open_proposals(call_id):
        session.commit()


def events(*names):
    return session.scalar(select(func.count()).select_from(Event).where(Event.name.in_(names)))


def test_a_call_opened_by_two_workers_at_once_is_opened_once(closed):
    call_id, proposal_id, _solver = closed
    assert ends_at_once(*[lambda: opened(call_id)] * 2) == ["done", "done"]
    assert session.get_one(Proposal, proposal_id).state == "opened" and session.scalars(select(CallKey.opened)).one()
    assert (events("proposal.open"), events("open_call.proposals_opened")) == (1, 1)


def test_a_proposal_is_withdrawn_or_opened_and_the_opening_never_fails(closed):
    call_id, proposal_id, solver_id = closed
    ends = ends_at_once(
        lambda: opened(call_id),
        lambda: operations.withdraw(session.get_one(Person, solver_id), session.get_one(Proposal, proposal_id)) and None,
    )
    found = session.get_one(Proposal, proposal_id)
    assert ends[0] == "done" and events("open_call.proposals_opened") == 1, ends
    assert (found.state == "withdrawn") == (ends[1] == "done"), "whoever is too late is told, and his proposal stands opened"
    assert (found.opened is not None) == (events("proposal.open") == 1)
