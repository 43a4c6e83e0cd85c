"""Questions on a call: asked by anybody who may read it, answered to all together.

A question stands for its asker and the call's owners until it is answered, then for all. Nobody is told who asked, the owners neither: else they
would know before the deadline who works on a proposal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from marketplace.access import Actor, may, require
from marketplace.calls.conditions import LATE
from marketplace.calls.models import Call, CallQuestion
from marketplace.calls.operations import owner_acting
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.people.operations import acting_person, require_confirmed
from marketplace.record import record

LONGEST_QUESTION, LONGEST_ANSWER = 2000, 5000
EACH = 20
"""Questions that one person may have waiting on one call."""


def ask_question(actor: Actor, call: Call, text: str, language: str, at: datetime | None = None) -> CallQuestion:
    """Ask about a published call, until its questions end."""
    require(actor, "listing.read", call)
    require(actor, "open_call.ask", call)
    require_confirmed(actor)
    moment = at or now()
    _require_time(call, moment)
    plain = text.strip()[:LONGEST_QUESTION]
    if not plain:
        raise Refused(N_("Write your question first."), field="text")
    person = acting_person(actor)
    waiting = select(CallQuestion.id).where(CallQuestion.call_id == call.id, CallQuestion.person_id == person.id, CallQuestion.answer.is_(None))
    if len(session.scalars(waiting.limit(EACH)).all()) >= EACH:
        raise Refused(N_("Wait for answers to your earlier questions first."), field="text")
    question = CallQuestion(call=call, person_id=person.id, text=plain, language=language, at=moment)
    session.add(question)
    record(question, "ask", actor, moment)
    return question


def _require_time(call: Call, at: datetime) -> None:
    if call.state != "published":
        raise Refused(N_("This call is not open."))
    if at >= call.deadline:
        raise Refused(LATE)
    if call.questions_until is not None and at >= call.questions_until:
        raise Refused(N_("The time for questions is over."), field="text")


def takes_questions(call: Call, at: datetime) -> bool:
    """Whether a question can be asked at this moment."""
    return call.state == "published" and at < (call.questions_until or call.deadline)


def by_public_id(actor: Actor, call: Call, public_id: str) -> CallQuestion:
    """The question of the call under this id. Raises `NotFound` where it is none of the actor's business."""
    question = session.scalar(select(CallQuestion).where(CallQuestion.call_id == call.id, CallQuestion.public_id == public_id))
    if question is None or not (question.answered or may(actor, "call_question.read", question)):
        raise NotFound()
    return question


def answer_question(actor: Actor, question: CallQuestion, text: str, at: datetime | None = None) -> CallQuestion:
    """Answer a question, to all, until the deadline; any owner of the call does. An answer stands as it was published."""
    require(actor, "call_question.answer", question)
    moment = at or now()
    if question.call.state != "published" or moment >= question.call.deadline:
        raise Refused(LATE)
    if question.answer is not None:
        raise Refused(N_("This question has been answered in the meantime. Reload the page."))
    plain = text.strip()[:LONGEST_ANSWER]
    if not plain:
        raise Refused(N_("Write the answer first."), field="text")
    question.answer, question.answered, question.answered_for_id = plain, moment, owner_acting(actor, question.call)
    record(question, "answer", actor, moment, organisation=question.answered_for_id)
    return question


def questions_of(actor: Actor, call: Call) -> Sequence[CallQuestion]:
    """The questions of a call that the actor may read, oldest first: answered ones, his own, and for the owners all."""
    query = select(CallQuestion).where(CallQuestion.call_id == call.id).order_by(CallQuestion.id)
    if owner_acting(actor, call) is None:
        own = CallQuestion.person_id == actor.id if actor.id is not None else CallQuestion.id.is_(None)
        query = query.where(or_(CallQuestion.answer.is_not(None), own))
    return session.scalars(query).all()
