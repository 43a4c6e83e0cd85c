"""Questions and answers: what is asked is between asker and owners until it is answered to all, and nobody learns who asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import VISITOR
from marketplace.alerts.models import Mail
from marketplace.calls import questions
from marketplace.calls.models import CallQuestion
from marketplace.db import now, session
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")


def asked(call, asker=None, text="How large is one batch?"):
    question = questions.ask_question(asker or factories.person(), call, text, "en")
    session.flush()
    return question


def owner_of(call):
    return call.organisation.memberships[0].person


def test_a_question_shows_to_asker_and_owners_until_it_is_answered_then_to_all():
    call, asker, other = factories.open_call(), factories.person(), factories.person()
    question = asked(call, asker)
    readers = (asker, owner_of(call), other, VISITOR, factories.operator())
    assert [len(questions.questions_of(who, call)) for who in readers] == [1, 1, 0, 0, 0]
    with pytest.raises(NotFound):
        questions.by_public_id(other, call, question.public_id)
    questions.answer_question(owner_of(call), question, "Forty pieces.")
    session.flush()
    assert all(len(questions.questions_of(who, call)) == 1 for who in readers)


def test_questions_end_when_the_call_says_and_at_the_deadline():
    until = now() + timedelta(days=1)
    call = factories.open_call(questions_until=until)
    assert questions.takes_questions(call, until - timedelta(seconds=1)) and not questions.takes_questions(call, until)
    for at in (until, call.deadline, call.deadline + timedelta(days=1)):
        with pytest.raises(Refused):
            questions.ask_question(factories.person(), call, "Too late?", "en", at)
    questions.ask_question(factories.person(), call, "In time?", "en", until - timedelta(seconds=1))
    for state in ("draft", "closed", "withdrawn"):
        closed = factories.open_call(state=state)
        with pytest.raises((Refused, NotFound)):
            questions.ask_question(owner_of(closed) if state == "draft" else factories.person(), closed, "Now?", "en")


def test_who_may_ask_and_answer():
    call = factories.open_call(visibility="members")
    with pytest.raises(NotFound):
        questions.ask_question(factories.person(), call, "May I?", "en")
    with pytest.raises(NotFound):
        questions.ask_question(VISITOR, call, "May I?", "en")
    with pytest.raises(Refused):
        questions.ask_question(factories.person(confirmed=None), factories.open_call(), "May I?", "en")
    question = asked(factories.open_call())
    for who in (factories.person(), factories.operator(), factories.broker()):
        with pytest.raises(NotAllowed):
            questions.answer_question(who, question, "No.")
    for text in ("", "  \n"):
        with pytest.raises(Refused):
            questions.answer_question(owner_of(question.call), question, text)
    with pytest.raises(Refused, match="passed"):
        questions.answer_question(owner_of(question.call), question, "Late.", question.call.deadline)


def test_an_answer_stands():
    question = asked(factories.open_call())
    questions.answer_question(owner_of(question.call), question, "Forty.")
    with pytest.raises(Refused, match="meantime"):
        questions.answer_question(owner_of(question.call), question, "Fifty.")


def test_nobody_asks_without_end():
    call, asker = factories.open_call(), factories.person()
    for number in range(questions.EACH):
        asked(call, asker, f"Question {number}?")
    with pytest.raises(Refused, match="Wait"):
        asked(call, asker)
    assert asked(call, factories.person())


def test_mail_tells_what_is_asked_and_not_by_whom():
    call, asker, other = factories.open_call(), factories.person(name="独一无二的提问人"), factories.person()
    question = asked(call, asker)
    asked(call, other, "Another question?")
    work()
    told = session.scalars(select(Mail).where(Mail.template == "call_news")).all()
    assert {mail.person_id for mail in told} == {owner_of(call).id} and len(told) == 2
    assert all(asker.name not in mail.body + mail.subject and asker.address not in mail.body for mail in told)
    questions.answer_question(owner_of(call), session.get_one(CallQuestion, question.id), "Forty pieces.")
    work()
    answered = session.scalars(select(Mail).where(Mail.template == "call_news", Mail.person_id.in_([asker.id, other.id]))).all()
    assert {mail.person_id for mail in answered} == {asker.id, other.id}, "everybody who asked hears of every answer"
    assert asker.name not in next(mail.body for mail in answered if mail.person_id == other.id)


def test_two_who_answer_at_once():
    question = asked(factories.open_call())
    session.execute(CallQuestion.__table__.update().where(CallQuestion.id == question.id).values(version_id=CallQuestion.version_id + 1))
    with pytest.raises(StaleDataError), session.begin_nested():
        questions.answer_question(owner_of(question.call), question, "Forty.")
        session.flush()
