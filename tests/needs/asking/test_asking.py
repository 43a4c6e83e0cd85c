"""A first need, one question at a time: saved as it goes, read once more, published through the gate of all needs."""

from __future__ import annotations

import pytest

from marketplace.needs import operations
from marketplace.needs.asking.forms import QUESTIONS, question_of
from marketplace.needs.models import Need
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")

ANSWERS = {
    "problem": {"problem_en": "Burr that no brush takes off.", "title_en": "Burr on parts"}, "tried": {"tried_en": "Brushes: the burr stays."},
    "targets": {"targets-0-quantity": "Burr", "targets-0-direction": "at_most", "targets-0-wanted": "0.02", "targets-0-unit": "mm"}, "deadline": {},
    "budget": {"budget_max": "3000", "currency": "CNY", "payer": "firm", "cash": "planned"}, "modes": {"modes": "licence"},
    "reader": {"industry": "C358", "visibility": "public"},
}


@pytest.fixture
def asked(client):
    person = factories.person()
    organisation = factories.organisation(person)
    client.login(person)
    return person, organisation


def test_from_the_first_question_to_the_published_need(client, session, asked):
    _person, organisation = asked
    place = "/en/needs/first"
    for question, values in ANSWERS.items():
        if question != "problem":
            assert place.endswith(f"/ask/{question}")
        place = client.post(place, data={**values, **({"organisation": organisation.public_id} if question == "reader" else {})}).location
    assert place.endswith("/check")
    need = session.query(Need).one()
    page = client.get(place).get_data(as_text=True)
    assert need.state == "draft" and page.count("?change=1") == len(QUESTIONS)
    assert client.post(place, data={}).location.endswith(f"/needs/{need.public_id}")
    session.expire_all()
    assert need.state == "published" and need.budget_max == 300_000 and need.targets[0]["wanted"] == "0.02"
    assert need.region == organisation.region and not operations.is_first(asked[0])


def test_an_answer_that_publishing_would_refuse_is_not_kept_and_says_so_beside_its_field(client, session, asked):
    need = operations.create_need(asked[0], asked[1], NOW, problem={"en": "Burr"}, title={"en": "Burr"}, language="en")
    refused = client.post(f"/en/needs/{need.public_id}/ask/problem", data={"problem_en": "Other", "title_en": ""})
    assert refused.status_code == 422 and 'href="#title_en"' in refused.get_data(as_text=True)
    session.expire_all()
    assert need.problem == {"en": "Burr"}
    publish = client.post(f"/en/needs/{need.public_id}/check", data={})
    assert publish.status_code == 422 and 'href="#change-tried"' in publish.get_data(as_text=True) and need.state == "draft"
    assert client.get(f"/en/needs/{need.public_id}/ask").location.endswith("/ask/tried")


def test_a_changed_answer_leads_back_to_all_of_them_and_leaves_the_rest(client, session, asked):
    need = operations.create_need(asked[0], asked[1], NOW, problem={"zh": "毛刺", "en": "Burr"}, title={"zh": "毛刺"}, targets=[], budget_max=500)
    answer = client.post(f"/zh/needs/{need.public_id}/ask/problem?change=1", data={"problem_zh": "毛刺多", "title_zh": "毛刺"})
    session.expire_all()
    assert answer.location.endswith("/check") and need.problem == {"zh": "毛刺多", "en": "Burr"} and need.budget_max == 500


def test_one_more_target_keeps_what_was_typed(client, asked):
    need = operations.create_need(asked[0], asked[1], NOW, problem={"zh": "毛刺"}, title={"zh": "毛刺"})
    page = client.post(f"/zh/needs/{need.public_id}/ask/targets", data={**ANSWERS["targets"], "more": "1"}).get_data(as_text=True)
    assert 'name="targets-1-quantity"' in page and 'value="0.02"' in page


def test_a_stale_answer_is_refused_and_strangers_see_no_question(client, asked):
    need = operations.create_need(asked[0], asked[1], NOW, problem={"zh": "毛刺"}, title={"zh": "毛刺"})
    assert client.post(f"/zh/needs/{need.public_id}/ask/tried", data={"tried_zh": "刷", "version": "99"}).status_code == 409
    client.login(factories.person())
    assert {client.get(f"/zh/needs/{need.public_id}/{end}").status_code for end in ("ask", "ask/tried", "check")} == {404}


def test_a_pasted_problem_is_completed_by_questions_only_the_first_time(client, asked):
    kept = operations.keep_pasted("毛刺太多")
    assert client.post(f"/zh/problems/{kept.public_id}/keep").location.endswith("/ask/problem")
    factories.need(asked[1], published=NOW, state="published")
    again = operations.keep_pasted("刀具断")
    assert client.post(f"/zh/problems/{again.public_id}/keep").location.endswith("/edit")


def test_everything_that_publishing_may_miss_has_its_question():
    empty = operations.draft(factories.person(), None, NOW)
    empty.cash, empty.visibility, empty.deadline = "planned", "blind", NOW.date().replace(year=2020)
    assert {question_of(field) for field, _message in operations.missing(empty, NOW.date())} == set(QUESTIONS) - {"targets"}
