"""Needs: writing, posting, revisions, what a visitor pasted; each refusal beside its field."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from marketplace.access import SYSTEM, VISITOR
from marketplace.errors import NotFound, Refused
from marketplace.jobs import Job
from marketplace.needs import operations
from marketplace.needs.forms import named, typed_name
from marketplace.needs.models import Need, PastedProblem
from marketplace.record import Event, Revision
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")

TEXTS = {"title": {"zh": "毛刺多"}, "problem": {"zh": "毛刺去不干净"}, "tried": {"zh": "换过刀片，没用"}}


def firm():
    person = factories.person()
    return person, factories.organisation(person)


def draft(person, organisation, **values):
    return operations.create_need(person, organisation, NOW, **{**TEXTS, "industry": "C358", "modes": ["licence"], **values})


def test_a_need_is_written_posted_and_leaves_events_and_jobs(session):
    person, organisation = firm()
    need = draft(person, organisation)
    assert need.state == "draft" and need.revision == 1
    operations.post_need(person, need, NOW)
    session.flush()
    assert (need.state, need.grade) == ("published", "declared")
    assert need.listed_until == (NOW + timedelta(days=365)).date()
    assert [event.name for event in session.query(Event).filter_by(thing="need", thing_id=need.id).order_by(Event.id)] == [
        "need.create", "need.publish"]
    assert {job.kind for job in session.query(Job)} >= {"matching.index_need", "matching.match_need"}


@pytest.mark.parametrize(("gone", "field"), [
    ({"title": {}}, "title_zh"), ({"tried": {}}, "tried_zh"), ({"industry": None}, "industry"), ({"modes": []}, "modes"),
    ({"deadline": date(2020, 1, 1)}, "deadline"), ({"cash": "committed"}, "budget_max"),
])
def test_posting_says_what_is_missing(gone, field):
    person, organisation = firm()
    need = draft(person, organisation, **gone)
    with pytest.raises(Refused) as refused:
        operations.post_need(person, need, NOW)
    assert refused.value.field == field
    assert need.state == "draft"


def test_posting_says_everything_that_is_missing_at_once(client, session):
    person, organisation = firm()
    client.login(person)
    page = client.post("/zh/needs/new", data={**FORM, "organisation": organisation.public_id, "title_zh": "", "tried_zh": "", "industry": "",
                                              "post": "1"}).get_data(as_text=True)
    assert page.count('class="field-error"') == 3


def test_a_draft_without_organisation_cannot_be_posted():
    person = factories.person()
    need = draft(person, None)
    with pytest.raises(Refused) as refused:
        operations.post_need(person, need, NOW)
    assert refused.value.field == "organisation"


def test_a_stranger_neither_sees_nor_edits_a_draft():
    person, organisation = firm()
    need = draft(person, organisation)
    stranger = factories.person()
    for who in (stranger, VISITOR):
        with pytest.raises(NotFound):
            operations.edit_need(who, need, title={"zh": "别人"})
        with pytest.raises(NotFound):
            operations.by_public_id(who, need.public_id)


def test_nobody_posts_in_another_firms_name():
    person, _own = firm()
    _other, foreign = firm()
    with pytest.raises(NotFound):
        draft(person, foreign)


def test_every_change_is_a_full_revision_that_names_what_changed(session):
    person, organisation = firm()
    need = draft(person, organisation)
    operations.edit_need(person, need, NOW, title={"zh": "毛刺太多"}, budget_max=60_000_000)
    operations.edit_need(person, need, NOW, title={"zh": "毛刺太多"})
    rows = session.query(Revision).filter_by(thing="need", thing_id=need.id).order_by(Revision.number).all()
    assert [row.changed for row in rows] == [[], ["budget_max", "title"]]
    assert rows[1].content["problem"] == {"zh": "毛刺去不干净"} and rows[1].person_id == person.id


def test_budget_ends_must_be_in_order():
    person, organisation = firm()
    with pytest.raises(Refused) as refused:
        draft(person, organisation, budget_min=200, budget_max=100)
    assert refused.value.field == "budget_max"


def test_expired_needs_leave_the_site(session):
    person, organisation = firm()
    need = operations.post_need(person, draft(person, organisation), NOW)
    need.listed_until = date(2026, 1, 1)
    session.flush()
    for _pause in operations.expire_needs():
        session.flush()
    assert need.state == "expired"


def test_a_pasted_problem_is_kept_adopted_once_and_expires(session):
    kept = operations.keep_pasted("毛刺太多\n去不干净", NOW)
    person, organisation = firm()
    need = operations.adopt_pasted(person, kept.public_id, "zh", NOW)
    assert need.state == "draft" and need.problem == {"zh": "毛刺太多\n去不干净"} and need.organisation_id == organisation.id
    assert operations.adopt_pasted(person, kept.public_id, "zh", NOW).id == need.id
    with pytest.raises(NotFound):
        operations.adopt_pasted(factories.person(), kept.public_id, "zh", NOW)
    with pytest.raises(NotFound):
        operations.pasted(kept.public_id, NOW + timedelta(days=15))
    kept.expires = NOW - timedelta(days=400)
    session.flush()
    for _pause in operations.expire_needs():
        session.flush()
    assert session.query(PastedProblem).count() == 0


@pytest.mark.parametrize("text", ["", "   ", "\x00", "长" * 20_001])
def test_what_cannot_be_pasted(text):
    with pytest.raises(Refused) as refused:
        operations.keep_pasted(text, NOW)
    assert refused.value.field == "problem"


def test_a_second_step_from_an_old_page_is_refused():
    person, organisation = firm()
    need = operations.post_need(person, draft(person, organisation), NOW)
    operations.withdraw_need(person, need, NOW)
    with pytest.raises(Refused):
        operations.withdraw_need(person, need, NOW)


def test_the_history_speaks_in_words(client):
    person, organisation = firm()
    need = draft(person, organisation)
    operations.edit_need(person, need, NOW, cash="committed", budget_max=60_000_050, modes=["pooled"], industry="C35", visibility="members")
    client.login(person)
    page = client.get(f"/zh/needs/{need.public_id}/history").get_data(as_text=True)
    assert "600000.50" in page and "committed" not in page and "pooled" not in page and "C35" not in page


# through the browser's eyes

FORM = {
    "language": "zh", "title_zh": "毛刺多", "problem_zh": "毛刺去不干净", "tried_zh": "换过刀片，没用", "currency": "CNY", "payer": "firm",
    "cash": "planned", "budget_max": "60.5", "modes": ["licence", "pooled"], "industry": "C358", "region": "330000", "visibility": "public",
    "targets-0-quantity": "毛刺", "targets-0-quantity_other": "burr",
    "targets-0-direction": "at_most", "targets-0-wanted": "0.02", "targets-0-unit": "mm", "targets-0-today": "0.1",
    "targets-1-direction": "at_most", "targets-2-direction": "at_most",
}


def test_the_form_saves_and_posts(client, session):
    person, organisation = firm()
    client.login(person)
    client.get("/zh/needs/new")
    answer = client.post("/zh/needs/new", data={**FORM, "organisation": organisation.public_id, "post": "1"})
    assert answer.status_code == 303
    need = session.query(Need).one()
    assert need.state == "published" and need.budget_max == 6050 and need.modes == ["licence", "pooled"]
    assert need.targets == [{"quantity": {"zh": "毛刺", "en": "burr"}, "today": "0.1", "wanted": "0.02", "unit": "mm", "direction": "at_most"}]
    page = client.get(answer.location).get_data(as_text=True)
    assert "≤ 0.02 mm" in page and "¥60.50" in page
    edit = client.get(f"/zh/needs/{need.public_id}/edit").get_data(as_text=True)
    assert re.search(r'id="targets-0-quantity_other"[^>]* lang="en"[^>]* value="burr"', edit) and 'value="毛刺"' in edit


def test_a_form_without_the_other_language_keeps_it_while_the_name_is_the_same():
    before, row = {"zh": "毛刺", "en": "burr"}, {"quantity": "毛刺"}
    assert named(before, row, "quantity", "zh") == before and named(before, {"quantity": "毛边"}, "quantity", "zh") == {"zh": "毛边"}
    assert named(before, {**row, "quantity_other": " "}, "quantity", "zh") == {"zh": "毛刺"}
    assert typed_name("quantity", before, "en") == {"quantity": "burr", "quantity_other": "毛刺"}
    assert typed_name("quantity", {"en": "burr"}, "zh") == {"quantity": "burr", "quantity_other": ""}


def test_a_refused_form_keeps_what_was_typed_and_stores_nothing(client, session):
    person, organisation = firm()
    client.login(person)
    for wrong in ({"budget_max": "viel"}, {"deadline": "2026-13-40"}, {"budget_min": "100"}, {"language": "xx"}, {"modes": "xx"}):
        answer = client.post("/zh/needs/new", data={**FORM, "organisation": organisation.public_id, **wrong})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422 and "换过刀片，没用" in page and "field-error" in page
        assert session.query(Need).count() == 0


def test_an_incomplete_need_is_not_half_posted(client, session):
    person, organisation = firm()
    client.login(person)
    answer = client.post("/zh/needs/new", data={**FORM, "organisation": organisation.public_id, "tried_zh": "", "post": "1"})
    assert answer.status_code == 422
    assert session.query(Need).count() == 0


def test_two_people_edit_the_same_need(client, session):
    person, organisation = firm()
    need = draft(person, organisation)
    session.commit()
    client.login(person)
    opened = str(need.version_id)
    client.post(f"/en/needs/{need.public_id}/edit", data={**FORM, "organisation": organisation.public_id, "version": opened, "title_zh": "第一位"})
    answer = client.post(f"/en/needs/{need.public_id}/edit", data={**FORM, "organisation": organisation.public_id, "version": opened, "title_zh": "第二位"})
    assert answer.status_code == 409
    session.expire_all()
    assert session.query(Need).one().title == {"zh": "第一位"}


def test_who_may_read_members_only_needs(client, session):
    organisation = factories.organisation(factories.person())
    need = factories.need(organisation, visibility="members")
    unverified = factories.person()
    factories.organisation(unverified, state="unverified")
    verified = factories.person()
    factories.organisation(verified)
    session.commit()
    url = f"/en/needs/{need.public_id}"
    assert client.get(url).status_code == 404
    for who, status in ((unverified, 404), (verified, 200), (factories.broker(), 200), (factories.operator(), 200)):
        client.login(who)
        assert client.get(url).status_code == status


def test_the_system_may_load_needs():
    _person, organisation = firm()
    need = draft(SYSTEM, organisation)
    operations.post_need(SYSTEM, need, NOW)
    assert need.state == "published"
