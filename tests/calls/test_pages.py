"""The pages of calls, by what each reader sees and may press, in both languages."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from marketplace.calls import reviewers
from marketplace.calls.models import Board, Call, CallQuestion, Reviewer
from marketplace.db import now, session
from marketplace.web import limiter
from tests import factories

pytestmark = pytest.mark.usefixtures("app")

DRAFT = {
    "language": "en", "title_en": "Life of micro tools", "brief_en": "Tools wear too fast.", "targets-0-quantity": "tool life", "targets-0-wanted": "120",
    "targets-0-unit": "min", "targets-0-direction": "at_least", "acceptance_en": "Three batches measured.", "money": "prize", "amount": "500000",
    "currency": "CNY", "stages-0-title": "Acceptance", "stages-0-title_other": "验收", "stages-0-share": "100", "ip_position": "owner",
    "criteria-0-title": "Approach", "criteria-0-title_other": "技术路线",
    "criteria-0-weight": "66.6666", "criteria-0-most": "10", "criteria-1-title": "Team", "criteria-1-weight": "33.3334", "criteria-1-most": "5",
    "teams": "2", "zone": "Europe/Berlin", "other_zone": "", "deadline_clock": "17:00", "visibility": "public", "kinds": ["institute", "enterprise"],
    "sizes": ["small"], "targets-1-direction": "at_least", "targets-2-direction": "at_least",
}


@pytest.fixture(params=["zh", "en"])
def lang(request):
    return request.param


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def owner_of(thing):
    return thing.organisation.memberships[0].person


def told(answer):
    """The errors of a refused form."""
    return [each.get_text(" ", strip=True) for each in BeautifulSoup(answer.data, "lxml").select(".field-error, .alert-box p")]


def in_days(days):
    return (now() + timedelta(days=days)).date().isoformat()


def test_from_a_need_to_a_published_call(client, lang):
    owner = factories.person(language=lang)
    house = factories.organisation(owner, size="large")
    need = factories.need(house, modes=["open_call"])
    client.login(owner)
    assert f"/needs/{need.public_id}/open-call" in page(client, f"/{lang}/needs/{need.public_id}")
    answer = client.post(f"/{lang}/needs/{need.public_id}/open-call")
    assert answer.status_code == 303
    call = session.scalars(select(Call)).one()
    address = f"/{lang}/open-calls/{call.public_id}"
    assert answer.location == f"{address}/edit"
    edit = BeautifulSoup(page(client, f"{address}/edit"), "lxml")
    assert [box["value"] for box in edit.select("input[name=sizes][checked]")] == ["micro", "small", "medium"]
    answer = client.post(f"{address}/edit", data={**DRAFT, "deadline_day": in_days(30), "publish": "1"})
    assert answer.status_code == 303, told(answer)
    session.expire_all()
    assert call.state == "published" and [row.weight for row in call.criteria] == [666_666, 333_334] and call.stages[0]["share"] == 1_000_000
    assert call.zone == "Europe/Berlin" and call.eligible == {"kinds": ["institute", "enterprise"], "sizes": ["small"], "regions": []}
    client.logout()
    shown = page(client, address)
    assert "Life of micro tools" in shown and "UTC+08:00" in shown and re.search(r"UTC\+0[12]:00", shown), "the deadline in the call's zone and in China's"
    assert {"zh": "第一个字节", "en": "first byte"}[lang] in shown
    assert all({"zh": zh, "en": en}[lang] in shown for zh, en in (("验收", "Acceptance"), ("技术路线", "Approach"))), "rows have both languages too"
    assert call.public_id in page(client, f"/{lang}/open-calls") and call.public_id in page(client, f"/{lang}/needs/{need.public_id}")
    client.login(owner)
    assert f"/open-calls/{call.public_id}" in page(client, f"/{lang}/open-calls/mine")


def test_all_that_is_missing_stands_beside_its_field(client, lang):
    owner = factories.person()
    call = factories.open_call(factories.organisation(owner), state="draft", language=lang)
    client.login(owner)
    empty = {"language": lang, "money": "prize", "currency": "CNY", "ip_position": "shared", "visibility": "public", "zone": "Europe/Berlin",
             "other_zone": "", "publish": "1", "deadline_day": "2027-03-28", "deadline_clock": "02:30", "stages-0-title": "A", "stages-0-share": "30",
             **{f"targets-{row}-direction": "equal" for row in range(3)}}
    answer = client.post(f"/{lang}/open-calls/{call.public_id}/edit", data=empty)
    assert answer.status_code == 422
    wrong = told(answer)
    assert len(wrong) == 10 and any("Europe/Berlin" in one for one in wrong) and any("30" in one for one in wrong), wrong
    session.expire_all()
    assert call.state == "draft" and call.title, "nothing was saved"


def test_one_more_row_and_what_was_typed_stays(client):
    owner = factories.person()
    call = factories.open_call(factories.organisation(owner), state="draft")
    client.login(owner)
    address = f"/en/open-calls/{call.public_id}/edit"
    for name in ("targets", "stages", "criteria"):
        before = len(BeautifulSoup(page(client, address), "lxml").select(f"[name^={name}-][name$=title], [name^={name}-][name$=quantity]"))
        shown = BeautifulSoup(client.post(address, data={**DRAFT, "deadline_day": in_days(9), "more": name}).data, "lxml")
        rows = shown.select(f"[name^={name}-][name$=title], [name^={name}-][name$=quantity]")
        assert len(rows) == before + 1 and shown.select_one("[name=title_en]")["value"] == DRAFT["title_en"]
    assert client.post(address, data={**DRAFT, "deadline_day": in_days(9), "more": "version"}).status_code == 303, "no other field grows"


@pytest.mark.parametrize("path", ["edit", "amend", "deadline", "withdraw", "reviewers", "board"])
def test_another_firm_has_no_way_in_by_the_public_id(client, path):
    stranger = factories.person()
    factories.organisation(stranger)
    draft, call = factories.open_call(state="draft"), factories.open_call()
    client.login(stranger)
    assert client.get(f"/en/open-calls/{draft.public_id}").status_code == 404
    client.login(factories.operator())
    assert client.get(f"/en/open-calls/{draft.public_id}").status_code == 404, "a draft may have been begun from a blind need"
    client.login(stranger)
    for thing, status in ((draft, 404), (call, 403)):
        assert client.get(f"/en/open-calls/{thing.public_id}/{path}").status_code == status
        assert client.post(f"/en/open-calls/{thing.public_id}/{path}", data={"note": "x"}).status_code == status
    need = factories.need(call.organisation)
    assert client.post(f"/en/needs/{need.public_id}/open-call").status_code == 403
    assert client.post("/en/open-calls/new", data={"organisation": call.organisation.public_id}).status_code == 403


def test_two_who_edit_at_once(client):
    owner = factories.person()
    call = factories.open_call(factories.organisation(owner), state="draft")
    client.login(owner)
    version = BeautifulSoup(page(client, f"/en/open-calls/{call.public_id}/edit"), "lxml").select_one("[name=version]")["value"]
    sent = {**DRAFT, "deadline_day": in_days(9), "version": version}
    assert client.post(f"/en/open-calls/{call.public_id}/edit", data=sent).status_code == 303
    assert client.post(f"/en/open-calls/{call.public_id}/edit", data={**sent, "title_en": "Mine"}).status_code == 409
    session.expire_all()
    assert call.title["en"] == DRAFT["title_en"]


def test_questions_by_buttons(client, lang):
    call, asker, other = factories.open_call(), factories.person(), factories.person()
    address = f"/{lang}/open-calls/{call.public_id}"
    client.login(asker)
    assert client.post(f"{address}/questions", data={"text": ""}).status_code == 422
    assert client.post(f"{address}/questions", data={"text": "批量多大？How large?"}).status_code == 303
    question = session.scalars(select(CallQuestion)).one()
    assert "How large?" in page(client, address)
    client.login(other)
    assert "How large?" not in page(client, address)
    assert client.get(f"{address}/questions/{question.public_id}").status_code == 404
    client.login(owner_of(call))
    shown = page(client, address)
    assert f"/questions/{question.public_id}" in shown and asker.name not in shown
    assert page(client, f"{address}/questions/{question.public_id}")
    assert client.post(f"{address}/questions/{question.public_id}", data={"text": "Forty."}).status_code == 303
    client.logout()
    shown = page(client, address)
    assert "How large?" in shown and "Forty." in shown and asker.name not in shown


def test_amendment_deadline_and_taking_back_by_their_forms(client, lang):
    call = factories.open_call(language=lang)
    client.login(owner_of(call))
    address = f"/{lang}/open-calls/{call.public_id}"
    form = BeautifulSoup(page(client, f"{address}/amend"), "lxml").select_one("form[method=post]")
    sent = {field["name"]: field.get("value") or field.get_text() for field in form.select("input[name], textarea[name]") if field.get("type") != "checkbox"}
    choices = ("language", "money", "currency", "ip_position", "industry", "region")
    sent |= {name: form.select_one(f"select[name={name}] [selected]")["value"] for name in choices}
    sent |= {**{f"targets-{row}-direction": "at_least" for row in range(3)}, "amount": "900000", "note": "The sum was wrong."}
    assert client.post(f"{address}/amend", data={**sent, "note": ""}).status_code == 422
    answer = client.post(f"{address}/amend", data=sent)
    assert answer.status_code == 303, told(answer)
    later = {"deadline_day": in_days(60), "deadline_clock": "17:00", "note": "More time was asked for."}
    assert client.post(f"{address}/deadline", data={**later, "deadline_day": in_days(2)}).status_code == 422
    assert page(client, f"{address}/deadline") and client.post(f"{address}/deadline", data=later).status_code == 303
    client.logout()
    shown = page(client, address)
    assert "The sum was wrong." in shown and "More time was asked for." in shown and "900,000" in shown
    client.login(owner_of(call))
    assert page(client, f"{address}/withdraw") and client.post(f"{address}/withdraw", data={"note": ""}).status_code == 422
    assert client.post(f"{address}/withdraw", data={"note": "No need any more."}).status_code == 303
    client.logout()
    assert client.get(address).status_code == 404 and call.public_id not in page(client, f"/{lang}/open-calls?state=all")


def test_reviewers_by_their_pages(client, lang):
    call, person = factories.open_call(), factories.person()
    client.login(owner_of(call))
    address = f"/{lang}/open-calls/{call.public_id}/reviewers"
    assert client.post(address, data={"address": "nobody@example.com"}).status_code == 422
    assert client.post(address, data={"address": person.address}).status_code == 303
    assert person.name in page(client, address)
    naming = session.scalars(select(Reviewer)).one()
    client.login(person)
    assert naming.public_id in page(client, f"/{lang}/desk")
    page(client, f"/{lang}/open-calls/reviewing/{naming.public_id}")
    assert client.post(f"/{lang}/open-calls/reviewing/{naming.public_id}/accept").status_code == 303
    assert client.post(f"/{lang}/open-calls/reviewing/{naming.public_id}/remove").status_code == 403
    assert reviewers.count_of(call) == 1
    client.login(factories.person())
    assert client.get(f"/{lang}/open-calls/reviewing/{naming.public_id}").status_code == 404


def test_a_board_by_its_pages(client, lang):
    keeper = factories.person()
    agency = factories.organisation(keeper, kind="agency")
    client.login(keeper)
    assert page(client, f"/{lang}/boards/new")
    sent = {"organisation": agency.public_id, "title_zh": "精密制造榜", "title_en": "Precision board", "region": "330000"}
    made = client.post(f"/{lang}/boards/new", data=sent)
    assert made.status_code == 303
    board = session.scalars(select(Board)).one()
    address = f"/{lang}/boards/{board.public_id}"
    assert page(client, address) and client.post(f"{address}/publish").status_code == 303
    call = factories.open_call(region="310000")
    client.login(owner_of(call))
    assert page(client, f"/{lang}/open-calls/{call.public_id}/board")
    assert client.post(f"/{lang}/open-calls/{call.public_id}/board", data={"board": board.public_id}).status_code == 303
    assert client.post(f"{address}/calls/{call.public_id}/take").status_code == 403
    client.login(keeper)
    assert f"/boards/{board.public_id}/calls/{call.public_id}/take" in page(client, address)
    assert client.post(f"{address}/calls/{call.public_id}/take").status_code == 303
    client.logout()
    shown = page(client, address)
    assert call.public_id in shown and f"/open-calls.xlsx?board={board.public_id}" in shown
    assert call.public_id not in page(client, f"{address}?region=330000") and board.public_id in page(client, f"/{lang}/boards")
    assert client.get(f"{address}/edit").status_code == 303
    client.login(factories.person())
    assert client.get(f"{address}/edit").status_code == 403 and client.get(f"/{lang}/boards/new").status_code == 403
    client.login(keeper)
    assert page(client, f"{address}/edit") and client.post(f"{address}/calls/{call.public_id}/remove").status_code == 303
    assert client.post(f"{address}/calls/{call.public_id}/remove").status_code == 404


def test_structured_data_of_a_public_call(client):
    call = factories.open_call(title={"en": "</script><b>"})
    found = BeautifulSoup(page(client, f"/en/open-calls/{call.public_id}"), "lxml").select_one('script[type="application/ld+json"]')
    demand = json.loads(found.string)["@graph"][0]
    assert demand["@type"] == "Demand" and demand["validThrough"] == call.deadline.isoformat() and demand["priceSpecification"]["price"] == "800000.00"
    verified = factories.person()
    factories.organisation(verified)
    client.login(verified)
    hidden = factories.open_call(visibility="members")
    assert "application/ld+json" not in page(client, f"/en/open-calls/{hidden.public_id}")


def test_a_need_that_the_reader_may_not_read_is_not_named(client):
    need = factories.need(visibility="blind", teaser={"en": "A works"}, title={"en": "Quite secret"})
    call = factories.open_call(need.organisation, need=need)
    for who in (None, factories.operator(), factories.broker()):
        if who:
            client.login(who)
        shown = page(client, f"/en/open-calls/{call.public_id}")
        assert "Quite secret" not in shown and need.public_id not in shown
        assert call.public_id not in page(client, f"/en/needs/{need.public_id}"), "nor does the need's page lead to its call"


def test_questions_are_not_asked_without_end(client):
    call = factories.open_call()
    client.login(factories.person())
    limiter.enabled = True
    try:
        limiter.reset()
        answers = [client.post(f"/en/open-calls/{call.public_id}/questions", data={"text": ""}).status_code for _n in range(31)]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert set(answers[:30]) == {422} and answers[30] == 429
