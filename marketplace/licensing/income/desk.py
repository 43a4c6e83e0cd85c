"""What the income split asks of a person: policies, weights and splits to approve, splits that wait, an account to link."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from marketplace.access import Actor, may
from marketplace.db import session
from marketplace.licensing.income.inventors import of_person, offered_to
from marketplace.licensing.income.models import IncomePolicy, Inventor, Inventorship, Split
from marketplace.people.models import Organisation


@dataclass(frozen=True)
class IncomeTask:
    """What waits in one institute: proposals and splits to approve, splits that lack something."""

    organisation: Organisation
    to_approve: int
    waiting: int


@dataclass(frozen=True)
class Desk:
    """All of it: the institutes that need something, the inventors the actor may be, whether there are income statements to read."""

    tasks: list[IncomeTask]
    offered: list[Inventor]
    is_inventor: bool


def desk_of(actor: Actor) -> Desk:
    """What waits for the actor."""
    own = [one for one in getattr(actor, "organisations", []) if one.kind == "institute" and may(actor, "organisation.read_income", one)]
    tasks = [task for task in map(_task, own) if task.to_approve or task.waiting]
    return Desk(tasks, offered_to(actor), bool(of_person(actor)))


def _task(organisation: Organisation) -> IncomeTask:
    by_state = select(Split.state, func.count()).where(Split.organisation_id == organisation.id, Split.state.in_(("computed", "waiting")))
    counts = dict(session.execute(by_state.group_by(Split.state)).all())
    proposed = sum(
        session.scalar(select(func.count()).select_from(model).where(model.organisation_id == organisation.id, model.state == "proposed")) or 0
        for model in (IncomePolicy, Inventorship)
    )
    return IncomeTask(organisation, counts.get("computed", 0) + proposed, counts.get("waiting", 0))
