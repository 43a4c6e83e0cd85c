"""What others wait for: replies to messages in the actor's deals, and promises of his that are due."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import selectinload

from marketplace.access import Actor
from marketplace.deals.talk.models import Message, Task
from marketplace.deals.talk.operations import replies_waiting, tasks_due
from marketplace.deals.worklist.pairs import MOST
from marketplace.deals.worklist.rows import Row, Step
from marketplace.deals.worklist.sources import WITH_LISTINGS, about, day_at
from marketplace.errors import N_

QUOTED = 120  # characters of a message or a promise


def replies(actor: Actor, today: date) -> list[Row]:
    """Messages of the parties that nobody has answered, the oldest first."""
    return [
        Row("reply", message.public_id, N_("%(name)s wrote on %(day)s and waits for an answer."),
            Step(N_("Write back"), "talk.messages", {"public_id": message.deal.public_id, "audience": message.audience, "_anchor": "newest"}),
            {"name": message.person.name, "day": day_at(message.at)}, quote=message.text[:QUOTED], day=day_at(message.at), **about(actor, message.deal))
        for message in replies_waiting(actor, MOST, selectinload(Message.deal).options(*WITH_LISTINGS))
    ]


def promises(actor: Actor, today: date) -> list[Row]:
    """The actor's own tasks that are due today or were before, the oldest first."""
    return [
        Row("task", task.public_id, N_("You promised this until today.") if task.due == today else N_("You promised this until %(day)s."),
            Step(N_("Done"), "talk.close_task", {"public_id": task.deal.public_id, "task_id": task.public_id, "verb": "do"}, post=True),
            {"day": task.due}, quote=task.text[:QUOTED], day=task.due, **about(actor, task.deal))
        for task in tasks_due(actor, today, MOST, selectinload(Task.deal).options(*WITH_LISTINGS))
    ]
