"""What waits for a person on the desk: proposals, trials that end, certificates, corrections and settlements to answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from marketplace.access import Actor
from marketplace.db import now, session
from marketplace.licensing.models import Agreement, Obligation, Standing, Version
from marketplace.licensing.operations import own_sides
from marketplace.licensing.performing.models import Correction, Dispute
from marketplace.licensing.performing.reminders import CERTIFICATE_SOON, TRIAL_SOON

MOST = 30


@dataclass(frozen=True)
class Task:
    """One thing that waits: under which agreement, what, and until when if there is a day."""

    agreement: Agreement
    what: str
    until: date | None = None


def tasks_of(actor: Actor, at: datetime | None = None) -> list[Task]:
    """What waits for the actor, the earliest day first, then what has none."""
    seats = list(actor.seats)
    if not seats:
        return []
    found = [*_proposals(actor, seats), *_answers(actor, seats), *_days(seats, (at or now()).date())]
    return sorted(found, key=lambda task: (task.until is None, task.until or date.max, task.agreement.id))[:MOST]


def _proposals(actor: Actor, seats: list[int]) -> Iterator[Task]:
    """Versions of the other side that nobody has answered."""
    own = or_(Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats))
    on_table = select(Agreement, Version.side).join(Version, (Version.agreement_id == Agreement.id) & (Version.number == Agreement.version))
    for agreement, side in session.execute(on_table.where(own, Agreement.state == "proposed").order_by(Agreement.id.desc()).limit(MOST)):
        if side not in own_sides(actor, agreement):
            yield Task(agreement, "proposal")


def _answers(actor: Actor, seats: list[int]) -> Iterator[Task]:
    """Corrections and settlements that the other side waits for."""
    own = or_(Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats))
    asked = select(Correction).join(Agreement).where(own, Correction.state == "asked").limit(MOST)
    yield from (Task(one.agreement, "correction") for one in session.scalars(asked) if one.side not in own_sides(actor, one.agreement))
    offered = select(Dispute).join(Agreement).where(own, Dispute.state == "offered").limit(MOST)
    yield from (Task(one.agreement, "settlement") for one in session.scalars(offered) if one.settlement_side not in own_sides(actor, one.agreement))


def _days(seats: list[int], today: date) -> Iterator[Task]:
    """Trials and windows that end soon, and certificates that are owed."""
    own = or_(Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats))
    standing = select(Agreement, Standing).join(Standing).where(own)
    for agreement, row in session.execute(standing.where(Standing.status == "on_trial", Standing.trial_end <= today + TRIAL_SOON).limit(MOST)):
        yield Task(agreement, "trial_ending", row.trial_end)
    for agreement, row in session.execute(standing.where(Standing.status == "awaiting_decision").limit(MOST)):
        yield Task(agreement, "window_ending", row.window_end)
    owed = select(Obligation).where(
        Obligation.licensee_id.in_(seats), Obligation.key == "non_use_certificate", Obligation.state.in_(("open", "overdue")),
        Obligation.due <= today + CERTIFICATE_SOON * 5,
    )
    yield from (Task(one.agreement, "certificate", one.due) for one in session.scalars(owed.limit(MOST)))
