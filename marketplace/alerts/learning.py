"""The weekly line to the operators: how many answers were read, and what learning from them came to."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.matching.models import LearningRun
from marketplace.people.models import Person


@handler("alerts.learned")
def learned(thing_id: int) -> None:
    """Tell each operator what a reading of new answers came to; a week without new ones is told to nobody."""
    run = session.get_one(LearningRun, thing_id)
    for person in session.scalars(select(Person).where(Person.is_operator, Person.closed.is_(None)).order_by(Person.id)):
        to_person("learned", person, "/desk", verdict=run.verdict, answers=run.answers, missing=run.missing.get("pairs", 0))
