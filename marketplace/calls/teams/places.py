"""Places of an award that became free: a team that declined, or was stopped before its agreement was signed, leaves its place and its money.

What the first award gave is the whole; what teams hold that are not gone is taken off it. So a later team that declines in its turn frees its place again,
and no later award can spend what the first did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from marketplace.calls.models import Call
from marketplace.calls.reviewing.operations import review_of
from marketplace.calls.reviewing.table import Row, Table, table_of
from marketplace.calls.teams.models import Team
from marketplace.db import session


@dataclass(frozen=True)
class Free:
    """How many places are free, and the money that came back with them, in minor units."""

    teams: int
    amount: int


def is_gone(team: Team) -> bool:
    """Whether the team left its place without ever having been bound: it declined, or was stopped before both had signed."""
    return team.state == "declined" or team.state == "stopped" and (team.agreement is None or team.agreement.state != "countersigned")


def free_of(call: Call) -> Free:
    """What the first award gave, less what teams hold that are not gone."""
    own = select(Team).where(Team.call_id == call.id).options(joinedload(Team.award), joinedload(Team.agreement))
    teams = list(session.scalars(own))
    first, held = [one for one in teams if one.award.number == 1], [one for one in teams if not is_gone(one)]
    return Free(len(first) - len(held), sum(one.amount or 0 for one in first) - sum(one.amount or 0 for one in held))


def candidates_of(call: Call, table: Table) -> Sequence[Row]:
    """Who can be given a free place: standing proposals with a rank that no team ever came of, in order of rank."""
    teams = set(session.scalars(select(Team.proposal_id).where(Team.call_id == call.id)))
    return [row for row in table.rows if row.ranked is not None and row.ranked.rank is not None and row.proposal.id not in teams]


def can_be_awarded(call: Call) -> bool:
    """Whether a place is free and somebody could be given it."""
    review = review_of(call)
    return review is not None and free_of(call).teams > 0 and bool(candidates_of(call, table_of(review)))
