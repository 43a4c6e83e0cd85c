"""Mail about teams: what was handed in goes to the user, what was measured and decided to the team."""

from __future__ import annotations

from typing import Any

from marketplace.alerts.operations import to_person
from marketplace.alerts.reviews import heads_of, solvers_of
from marketplace.calls.teams.models import Gate, Team
from marketplace.db import in_language, session
from marketplace.jobs import handler
from marketplace.people.models import Person


def _user(team: Team) -> list[Person]:
    author = team.call.author
    seated = author is not None and team.call.organisation_id in author.seats
    return [*([author] if author and seated else []), *heads_of(team.call.organisation)]


def _tell(people: list[Person], team: Team, what: str, **values: Any) -> None:
    """Write to each person once; `what` chooses the sentence in templates/mail/team.txt."""
    for person in {one.id: one for one in people if one.is_active}.values():
        said = {"stage": "", "reason": "", **{name: value(person.language) if callable(value) else value for name, value in values.items()}}
        names = {"title": team.call.titled(person.language)[0], "team": team.organisation.called(person.language)}
        to_person("team", person, f"/teams/{team.public_id}", what=what, **names, **said)


@handler("alerts.team_moved")
def team_moved(thing_id: int) -> None:
    """Tell the user that an award was declined, and the team that it was stopped or has finished."""
    team = session.get_one(Team, thing_id)
    if team.state == "declined":
        _tell(_user(team), team, "declined", reason=team.reason or "")
    elif team.state in ("stopped", "finished"):
        _tell(solvers_of(team.proposal), team, team.state, reason=team.reason or "")


@handler("alerts.gate_moved")
def gate_moved(thing_id: int) -> None:
    """Tell the user what was handed in, and the team what became of it."""
    gate = session.get_one(Gate, thing_id)
    if gate.state in ("submitted", "accepted", "rejected", "passed"):
        people = _user(gate.team) if gate.state == "submitted" else solvers_of(gate.team.proposal)
        reason = {"rejected": gate.finding, "passed": gate.reason}.get(gate.state)
        _tell(people, gate.team, gate.state, stage=lambda language: in_language(gate.title, language)[0], reason=reason or "")
