"""Who hears of what happens to a call: whoever asked, and whom rooms to the right add, such as those who have handed in a proposal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import select

from marketplace.calls.models import Call, CallQuestion
from marketplace.db import session
from marketplace.people.models import Person


def askers(call: Call) -> list[Person]:
    """Everybody who has asked a question about the call."""
    asked = select(CallQuestion.person_id).where(CallQuestion.call_id == call.id)
    return list(session.scalars(select(Person).where(Person.id.in_(asked)).order_by(Person.id)))


HEARERS: list[Callable[[Call], Iterable[Person]]] = [askers]
"""Each gives people who have to do with a call from the outside; rooms to the right add theirs."""


def hearers(call: Call) -> list[Person]:
    """All of them, each once, without closed accounts."""
    found = {person.id: person for give in HEARERS for person in give(call)}
    return [person for person in found.values() if person.is_active]
