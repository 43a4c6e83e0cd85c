"""Co-owners of a call act: they answer questions and name reviewers, and nothing of what is the lead's alone; their rights stay theirs."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.models import Mail
from marketplace.calls import questions, reviewers
from marketplace.calls.models import CallOwner
from marketplace.calls.pools import converting
from marketplace.calls.teams import operations as teams
from marketplace.calls.teams.operations import Plan
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound
from marketplace.licensing.ledger import version_of
from tests import factories
from tests.calls.pools.owning import pooled
from tests.calls.reviewing import scene as make
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
    assert question.answered_for_id == houses[1].id and f"· {houses[1].called('zh')}" in client.get(page).get_data(as_text=True)


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


def test_the_rights_agreed_in_the_pool_reach_the_agreement_of_the_team_whatever_the_lead_amends():
    found, _award = make.awarded(ip_position="owner")
    team = teams.teams_of(found.call)[0]
    pool = pooled(found)
    agreed = converting.clauses_of(pool)["further"]
    found.call.ip_terms = {"zh": "牵头方另有安排。", "en": "The lead has other plans."}
    agreement = teams.take(found.solvers[0], team, [Plan(), Plan()], factories.NOW)
    said = version_of(agreement).clauses["further"]
    for code in ("zh", "en"):
        assert agreed[code] in said[code] and found.call.ip_terms[code] in said[code]
        assert all(one.organisation.called(code) in said[code] for one in found.call.owners)


def test_a_call_that_repeats_the_agreed_rights_says_them_once():
    found, _award = make.awarded()
    pool = pooled(found)
    found.call.ip_terms = converting.clauses_of(pool)["further"]
    assert teams.rights_of(found.call) == {code: said.strip() for code, said in found.call.ip_terms.items()}
    alone, _other = make.awarded(ip_terms={"zh": "共有"})
    assert teams.rights_of(alone.call) == {"zh": "共有", "en": ""}


def test_what_is_the_leads_alone_stays_so():
    call, houses, member = shared()
    for actor in (houses[1].memberships[0].person, member):
        assert not [verb for verb in LEADS if may(actor, f"open_call.{verb}", call)]
    assert all(may(houses[0].memberships[0].person, f"open_call.{verb}", call) for verb in LEADS)
