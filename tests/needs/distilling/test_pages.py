"""The pages of distilling: rows that grow without script, a draft kept and resumed, both texts, evidence for whom it is, two brokers at once."""

from __future__ import annotations

import io

import pytest

from marketplace.needs.distilling import operations
from marketplace.needs.distilling.models import Distillation
from tests import factories
from tests.factories import NOW
from tests.needs.distilling.test_distilling import QUESTIONS, YES, cast, sent, signed

pytestmark = pytest.mark.usefixtures("app")

FORM = {
    "version": "0", "asked": "车间主任", "interviewed": "2026-11-01", "place": "三号线", "currency": "CNY", "budget_max": "60.5",
    "payer": "firm", "cash": "committed",
    "attempts-0-what": "换过刀片", "attempts-0-by": "机加车间", "attempts-0-when": "2026-03", "attempts-0-why": "刃口崩", "attempts-1-what": "",
    "alone": "yes", "alone_evidence": "看过三个月的试验记录", "pays": "unclear", "pays_evidence": "",
    "questions-0-zh": "如何把毛刺高度控制在0.02mm以下？", "questions-0-targets-0-quantity": "毛刺高度", "questions-0-targets-0-direction": "at_most",
    "questions-0-targets-0-wanted": "0.02", "questions-0-targets-0-unit": "mm", "questions-0-targets-0-today": "0.1", "questions-1-zh": "",
    "questions-1-targets-0-direction": "at_most",
}


def address(need):
    return f"/zh/needs/{need.public_id}/distillation"


def test_a_draft_is_saved_resumed_and_sent(client, session):
    owner, broker, need = cast()
    client.login(broker)
    client.get(address(need))
    assert client.post(address(need), data=FORM).status_code == 303
    kept = session.query(Distillation).one()
    assert kept.sheet["attempts"] == [{"what": "换过刀片", "by": "机加车间", "when": "2026-03", "why": "刃口崩"}]
    assert (kept.sheet["budget_max"], kept.sheet["interviewed"], kept.sheet["tests"]["alone"]["finding"]) == (6050, "2026-11-01", "yes")
    assert kept.questions == [{"text": {"zh": "如何把毛刺高度控制在0.02mm以下？"}, "targets": [
        {"quantity": {"zh": "毛刺高度"}, "today": "0.1", "wanted": "0.02", "unit": "mm", "direction": "at_most"}]}]
    page = client.get(address(need)).get_data(as_text=True)
    assert "看过三个月的试验记录" in page and 'value="0.02"' in page and "2026-11-01" in page
    answer = client.post(address(need), data={**FORM, "version": str(kept.version_id), "send": "1"})
    assert answer.status_code == 303 and answer.location.endswith(f"/distillations/{kept.public_id}")
    session.expire_all()
    assert kept.state == "sent"
    assert client.get(address(need)).status_code == 303


def test_nothing_is_sent_without_a_question_and_nothing_half_kept(client, session):
    _owner, broker, need = cast()
    client.login(broker)
    answer = client.post(address(need), data={**FORM, "questions-0-zh": "", "questions-0-targets-0-wanted": "", "send": "1"})
    assert answer.status_code == 422 and "车间主任" in answer.get_data(as_text=True)
    assert session.query(Distillation).count() == 0


@pytest.mark.parametrize(("button", "name"), [("attempt", "attempts-2-what"), ("question", "questions-2-zh"), ("target-0", "questions-0-targets-1-quantity")])
def test_rows_grow_by_buttons(client, button, name):
    _owner, broker, need = cast()
    client.login(broker)
    page = client.post(address(need), data={**FORM, "more": button}).get_data(as_text=True)
    assert f'name="{name}"' in page and "车间主任" in page


def test_figures_are_read_in_the_questions_and_fill_empty_rows(client, session):
    _owner, broker, need = cast()
    client.login(broker)
    typed = {key: value for key, value in FORM.items() if "targets" not in key}
    page = client.post(address(need), data={**typed, "questions-0-zh": "要求毛刺高度降到0.02 mm以下。", "propose": "1"}).get_data(as_text=True)
    assert 'value="0.02"' in page and session.query(Distillation).count() == 0


def test_two_brokers_at_the_same_draft(client, session):
    _owner, broker, need = cast()
    client.login(broker)
    assert client.post(address(need), data=FORM).status_code == 303
    client.login(factories.broker())
    assert client.post(address(need), data={**FORM, "asked": "第二位"}).status_code == 409
    session.expire_all()
    assert session.query(Distillation).one().sheet["asked"] == "车间主任"


def test_the_firm_reads_both_texts_and_signs_what_it_has_read(client, session):
    owner, broker, need = cast()
    found = sent(broker, need)
    client.login(owner)
    assert f"/zh/distillations/{found.public_id}" in client.get(f"/zh/needs/{need.public_id}").get_data(as_text=True)
    page = client.get(f"/zh/distillations/{found.public_id}").get_data(as_text=True)
    assert need.problem["zh"] in page and "如何在铣削时控制毛刺" in page and "≤ 0.02 mm" in page
    assert client.post(f"/zh/distillations/{found.public_id}/sign_off", data={"version": "77"}).status_code == 409
    assert client.post(f"/zh/distillations/{found.public_id}/sign_off", data={"version": str(found.version_id)}).status_code == 303
    session.expire_all()
    assert need.grade == "distilled"
    assert "如何在铣削时控制毛刺" in client.get(f"/zh/needs/{need.public_id}").get_data(as_text=True)


def test_the_firm_sends_back_and_the_broker_sees_why(client, session):
    owner, broker, need = cast()
    found = sent(broker, need)
    client.login(owner)
    url = f"/en/distillations/{found.public_id}/send_back"
    assert client.post(url, data={"words": " "}).status_code == 422
    assert client.post(url, data={"words": "限值不对", "version": str(found.version_id)}).status_code == 303
    client.login(broker)
    page = client.get(address(need)).get_data(as_text=True)
    assert "限值不对" in page and "如何在铣削时控制毛刺" in page
    assert client.post(f"/zh/distillations/{found.public_id}/recall").status_code == 422


def test_evidence_is_for_the_firm_and_brokers_and_the_badge_for_all(client, session):
    owner, broker, need = cast()
    found = signed(owner, broker, need)
    client.login(broker)
    url = f"/zh/needs/{need.public_id}/verification"
    assert "看过三个月的试验记录和预算批件" in client.get(url).get_data(as_text=True)
    wrong = client.post(url, data={"alone": "yes", "alone_evidence": "短", "pays": "no", "pays_evidence": "没有预算，老板不肯出"})
    assert wrong.status_code == 422 and wrong.get_data(as_text=True).count('class="field-error"') == 2
    answer = client.post(url, data={name: value for test in YES for name, value in ((test, "yes"), (f"{test}_evidence", "机密证据若干页"))})
    assert answer.status_code == 422
    data = {"alone": "yes", "alone_evidence": "机密证据一：试验记录三份", "pays": "yes", "pays_evidence": "机密证据二：预算批件一份"}
    assert client.post(url, data=data).status_code == 303
    for who in (owner, broker):
        client.login(who)
        assert "机密证据二" in client.get(f"/zh/distillations/{found.public_id}").get_data(as_text=True)
    client.logout()
    page = client.get(f"/zh/needs/{need.public_id}").get_data(as_text=True)
    assert "真需求" in page and broker.name in page and "机密证据" not in page


def test_files_of_the_evidence(client, session):
    owner, broker, need = cast()
    draft = operations.save(broker, need, {}, QUESTIONS, NOW)
    client.login(broker)
    url = f"/zh/distillations/{draft.public_id}/files"
    assert client.post(url, data={"file": (io.BytesIO("试验记录".encode()), "记录.txt")}).status_code == 303
    link = client.get(url).get_data(as_text=True).split(f'{url}/')[1].split('"')[0]
    operations.send(broker, draft, NOW)
    client.login(owner)
    with client.get(f"{url}/{link}") as answer:
        assert answer.data.decode() == "试验记录"
    for who in (factories.person(), factories.operator()):
        client.login(who)
        assert client.get(f"{url}/{link}").status_code == 404
    client.login(broker)
    assert client.post(f"{url}/{link}/remove").status_code == 303
    assert client.get(f"{url}/{link}").status_code == 404
