"""How teams follow their agreements: what is entered on the agreement's own page moves the gate, a termination stops the team."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.calls.teams.models import Gate, Team
from marketplace.calls.teams.operations import LIVE
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing.models import AgreementEvent
from marketplace.record import move

STEPS = {
    "submitted": ("submit", ("open", "rejected")), "accepted": ("accept", ("open", "submitted", "rejected")), "rejected": ("reject", ("open", "submitted")),
}
"""Event of the agreement → the step of the gate, and the states in which it is still to be taken."""


@handler("teams.follow_event")
def follow_event(thing_id: int) -> None:
    """Bring the team to where its agreement is. Entered from the gate itself, or done twice, it changes nothing."""
    event = session.get_one(AgreementEvent, thing_id)
    team = session.scalar(select(Team).where(Team.agreement_id == event.agreement_id).with_for_update())
    if team is None or event.voids_id is not None:
        return
    if event.type == "terminated" and team.state == "working":
        team.reason = event.reason or ""
        move(team, "stop", SYSTEM)
        for gate in team.gates:
            if gate.state in LIVE:
                gate.reason, gate.decided = team.reason, now()
                move(gate, "stop", SYSTEM)
    gate_ = next((one for one in team.gates if one.key == event.values.get("id")), None)
    if gate_ is not None:
        _follow(gate_, event)


def _follow(gate: Gate, event: AgreementEvent) -> None:
    verb, origins = STEPS.get(event.type, ("", ()))
    if event.key.startswith(f"gate:{gate.public_id}:") or gate.state not in origins:
        return
    if event.type in ("accepted", "rejected"):
        gate.finding = event.reason
    move(gate, verb, SYSTEM)
