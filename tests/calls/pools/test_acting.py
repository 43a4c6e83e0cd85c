"""Co-owners of a call act: they answer questions and name reviewers, and nothing of what is the lead's alone."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.models import Mail
from marketplace.calls import questions, reviewers
from marketplace.calls.models import CallOwner
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound
from tests import factories
from tests.inspection import work

pytestmark = pytest.mark.usefixtures("app")
LEADS = ("edit", "publish", "amend", "extend", "withdraw", "decide", "award", "end_without_award", "ask_board", "name_holders")


def shared(**values):
    """An open call of three owners, and a plain member of the second."""
    call = factories.open_call(**values)
    houses = [call.organisation, *(factories.organisation(factories.person()) for _ in range(2))]
    shares = (500_000, 300_000, 200_000)
    call.owners = [CallOwner(organisation=house, organisation_id=house.id, share=share) for house, share in zip(houses, shares, strict=True)]
    member = factories.person()
    factories.membership(member, houses[1], "member")
    session.flush()
    return call, houses, member


def asked(call):
    question = questions.ask_question(factories.person(), call, "一批有多少件？", "zh")
    session.flush()
    return question


def test_a_co_owner_answers_and_it_is_kept_which(client):
    call, houses, member = shared()
    question = asked(call)
    work()
    told = session.scalars(select(Mail.person_id).where(Mail.template == "call_news")).all()
    assert {house.memberships[0].person_id for house in houses} <= set(told)
    assert questions.questions_of(member, call) == [question]
    stranger = factories.person()
    factories.organisation(stranger)
    for actor in (stranger, factories.operator()):
        with pytest.raises(NotAllowed):
            questions.answer_question(actor, question, "四十件")
        with pytest.raises(NotFound):
            questions.by_public_id(actor, call, question.public_id)
    page = f"/zh/open-calls/{call.public_id}"
    client.login(member)
    assert "/questions/" in client.get(page).get_data(as_text=True)
    form = {"text": "四十件", "version": str(question.version_id)}
    assert client.post(f"{page}/questions/{question.public_id}", data=form).status_code == 303
    session.refresh(question)
    assert question.answered_for_id == houses[1].id and f"· <span lang=\"\">{houses[1].called('zh')}" in client.get(page).get_data(as_text=True)


def test_a_co_owner_names_reviewers_and_takes_them_back(client):
    call, houses, member = shared()
    person = factories.person()
    client.login(member)
    page = f"/en/open-calls/{call.public_id}/reviewers"
    assert client.post(page, data={"address": person.address}).status_code == 303
    assert "named by" in client.get(page).get_data(as_text=True)
    reviewer = reviewers.reviewers_of(member, call)[0]
    assert reviewer.named_for_id == houses[1].id
    reviewers.remove_reviewer(houses[2].memberships[0].person, reviewer)
    assert reviewer.state == "removed"
    with pytest.raises(NotAllowed):
        reviewers.name_reviewer(factories.operator(), call, person.address)


def test_whoever_is_of_several_owners_acts_for_the_lead_first():
    call, houses, member = shared()
    factories.membership(member, houses[0], "member")
    question = asked(call)
    questions.answer_question(member, question, "四十件")
    assert question.answered_for_id == houses[0].id


def test_what_is_the_leads_alone_stays_so():
    call, houses, member = shared()
    for actor in (houses[1].memberships[0].person, member):
        assert not [verb for verb in LEADS if may(actor, f"open_call.{verb}", call)]
    assert all(may(houses[0].memberships[0].person, f"open_call.{verb}", call) for verb in LEADS)
