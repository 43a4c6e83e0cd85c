"""The anchor of the audit trail, by mail: out of reach of whoever could write the database."""

from __future__ import annotations

import json

from sqlalchemy import select

from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.people.models import Person
from marketplace.trail.models import Anchor


@handler("alerts.anchored")
def anchored(thing_id: int) -> None:
    """Send each operator the signed head of the chain."""
    anchor = session.get_one(Anchor, thing_id)
    for person in session.scalars(select(Person).where(Person.is_operator, Person.closed.is_(None)).order_by(Person.id)):
        to_person("anchor", person, "/operations/trail", position=anchor.position, paper=json.dumps(anchor.paper, ensure_ascii=False, sort_keys=True))
