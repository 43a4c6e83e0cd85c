"""A need from a file through the browser: nothing is kept before the last step, and only what was ticked arrives."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.importing.need_file import operations
from marketplace.importing.need_file.proposals import proposals
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from tests import factories as make
from tests.importing.need_file.documents import form, word

TEXT = """毛刺太多
需求描述：一把钳子要铣四十分钟。
已尝试的方案：换过刀具，没用。
技术指标：
毛刺高度从0.05 mm降到0.02 mm
预算：30-50万元
期限：2027年6月底前
合作方式：联合开发
所属行业：C358
地区：浙江"""


@pytest.fixture
def owner(session: Any) -> Person:
    return make.person()


@pytest.fixture
def firm(owner: Person) -> Organisation:
    return make.organisation(owner)


def page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "lxml")


def send(client: Any, data: bytes, name: str = "需求.txt", lang: str = "en", **values: str) -> Any:
    return client.post(f"/{lang}/needs/from-file", data={"file": (io.BytesIO(data), name), **values})


def filled(shown: BeautifulSoup) -> dict[str, Any]:
    """What the page of proposals would send as it stands."""
    whole = shown.find("form", action=lambda action: action and action.endswith("/draft"))
    values: dict[str, Any] = {"ticked": []}
    for field in whole.find_all(["input", "textarea", "select"]):
        if field.name == "select":
            values[field["name"]] = (field.find("option", selected=True) or field.find("option"))["value"]
        elif field.name == "textarea":
            values[field["name"]] = field.get_text().replace("\r\n", "\n").removeprefix("\n")  # a line end after the tag is none of the text
        elif field.get("type") != "checkbox":
            values[field["name"]] = field.get("value", "")
        elif field.has_attr("checked"):
            values[field["name"]] = "y"
    return values


def needs(session: Any) -> int:
    return session.scalar(select(func.count()).select_from(Need))


def key(kind: str, text: str = TEXT) -> str:
    return next(one.key for one in proposals(text) if one.kind == kind)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_a_file_to_a_draft_with_what_was_ticked(client: Any, session: Any, owner: Person, firm: Organisation, lang: str) -> None:
    client.login(owner)
    assert "/needs/from-file" in client.get(f"/{lang}/desk").get_data(as_text=True)
    assert "/needs/from-file" in client.get(f"/{lang}/needs/new").get_data(as_text=True)
    assert client.get(f"/{lang}/needs/from-file").status_code == 200
    answer = send(client, TEXT.encode("gb18030"), lang=lang)
    assert answer.status_code == 200
    assert needs(session) == 0
    shown = page(answer)
    boxes = shown.find_all("input", attrs={"name": "ticked"})
    assert len(boxes) == 7 and not any(box.has_attr("checked") for box in boxes)
    assert [quote.get_text() for quote in shown.find_all("blockquote")] == [one.quote for one in proposals(TEXT)]
    values = filled(shown)
    assert values["title"] == "毛刺太多" and values["text"].splitlines() == TEXT.splitlines() and values["organisation"] == firm.public_id
    values["text"] = TEXT.replace("\n", "\r\n")  # as browsers send it
    values["ticked"] = [key("tried"), key("target"), key("budget"), key("deadline"), key("mode")]
    answer = client.post(f"/{lang}/needs/from-file/draft", data=values)
    made = session.scalars(select(Need)).one()
    assert answer.status_code == 303 and answer.location.endswith(f"/{lang}/needs/{made.public_id}/edit")
    assert (made.state, made.language, made.title, made.problem) == ("draft", "zh", {"zh": "毛刺太多"}, {"zh": TEXT})
    assert (made.budget_min, made.budget_max, made.currency, made.deadline) == (30_000_000, 50_000_000, "CNY", date(2027, 6, 30))
    assert (made.tried, made.modes, made.industry, made.region) == ({"zh": "换过刀具，没用。"}, ["joint_development"], None, None)
    assert made.targets == [{"quantity": {"zh": "毛刺高度"}, "today": "0.05", "wanted": "0.02", "unit": "mm", "direction": "at_most"}]
    assert (made.payer, made.cash, made.organisation_id) == ("undecided", "none", firm.id)
    edit = page(client.get(answer.location))
    assert edit.find(id="targets-0-quantity")["value"] == "毛刺高度"
    assert edit.find(class_="note-box")  # the gate says what is missing


def test_nothing_ticked_is_nothing_but_title_and_text(client: Any, session: Any, owner: Person, firm: Organisation) -> None:
    client.login(owner)
    client.post("/en/needs/from-file/draft", data=filled(page(send(client, TEXT.encode()))))
    made = session.scalars(select(Need)).one()
    assert (made.targets, made.modes, made.tried, made.budget_min, made.budget_max, made.deadline, made.industry, made.region) == (
        [], [], {}, None, None, None, None, None)


def test_somebody_without_an_organisation_gets_a_draft_of_their_own(client: Any, session: Any, owner: Person) -> None:
    client.login(owner)
    answer = client.post("/en/needs/from-file/draft", data=filled(page(send(client, word("Belts slip", "The belts slip when wet."), "a.docx"))))
    assert answer.status_code == 303
    made = session.scalars(select(Need)).one()
    assert (made.organisation_id, made.author_id, made.title) == (None, owner.id, {"en": "Belts slip"})


@pytest.mark.parametrize("address", ["/en/needs/from-file", "/en/needs/from-file/draft"])
def test_visitors_are_asked_to_sign_in(client: Any, session: Any, address: str) -> None:
    for answer in (client.get(address), client.post(address, data={"title": "a", "text": "b", "language": "en"})):
        assert answer.status_code == 303 and "sign-in" in answer.location
    assert needs(session) == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"PK\x03\x04xx", b"\xd0\xcf\x11\xe0", bytes(99), b"x" * 20_001],
                         ids=["empty", "pdf", "damaged", "doc", "binary", "long"])
def test_bad_files_are_refused_beside_the_field(client: Any, session: Any, owner: Person, firm: Organisation, data: bytes, lang: str) -> None:
    client.login(owner)
    answer = send(client, data, lang=lang)
    assert answer.status_code == 422
    assert page(answer).find(id="file-note").find(class_="field-error").get_text()
    assert needs(session) == 0


def test_no_file_is_refused(client: Any, owner: Person) -> None:
    client.login(owner)
    assert client.post("/en/needs/from-file", data={}).status_code == 422


def test_a_draft_is_never_begun_for_another_organisation(client: Any, session: Any, owner: Person, firm: Organisation) -> None:
    other = make.organisation(make.person())
    client.login(owner)
    values = filled(page(send(client, TEXT.encode()))) | {"organisation": other.public_id}
    assert client.post("/en/needs/from-file/draft", data=values).status_code == 422
    assert needs(session) == 0


def test_what_was_ticked_before_the_text_was_changed_is_asked_again(client: Any, session: Any, owner: Person, firm: Organisation) -> None:
    client.login(owner)
    values = filled(page(send(client, TEXT.encode()))) | {"ticked": [key("budget"), key("mode")]}
    values["text"] = TEXT.replace("30-50万元", "60万元")
    answer = client.post("/en/needs/from-file/draft", data=values)
    assert answer.status_code == 422 and "was changed" in page(answer).find(class_="field-error").get_text()
    assert [box["value"] for box in page(answer).find_all("input", attrs={"name": "ticked"}) if box.has_attr("checked")] == [key("mode")]
    assert needs(session) == 0
    again = client.post("/en/needs/from-file/draft", data=values | {"again": "1", "ticked": []})
    assert again.status_code == 200 and "600,000" in page(again).get_text()
    assert needs(session) == 0


def test_two_budgets_cannot_both_be_ticked(client: Any, session: Any, owner: Person, firm: Organisation) -> None:
    text = "项目分两期，一期预算20万元，二期预算60万元。"
    client.login(owner)
    values = filled(page(send(client, text.encode()))) | {"ticked": [one.key for one in proposals(text)]}
    answer = client.post("/en/needs/from-file/draft", data=values)
    assert answer.status_code == 422 and "one budget" in page(answer).find(class_="field-error").get_text()
    assert needs(session) == 0


@pytest.mark.parametrize("gone", [{"title": " "}, {"text": " \r\n"}, {"title": "长" * 121}, {"text": "字" * 20_001}, {"language": "fr"}],
                         ids=["no title", "no text", "long title", "long text", "no language"])
def test_what_is_missing_or_too_long_is_said_beside_the_field(
        client: Any, session: Any, owner: Person, firm: Organisation, gone: dict[str, str]) -> None:
    client.login(owner)
    answer = client.post("/en/needs/from-file/draft", data=filled(page(send(client, TEXT.encode()))) | gone)
    assert answer.status_code == 422
    assert page(answer).find(id=f"{next(iter(gone))}-note").find(class_="field-error")
    assert needs(session) == 0


def test_quotes_are_shown_as_text(client: Any, owner: Person, firm: Organisation) -> None:
    client.login(owner)
    text = "<script>alert(1)</script>\n预算<b onclick=x>30万元</b>。\n已尝试的方案：</textarea><img src=x onerror=y>"
    shown = page(send(client, text.encode()))
    assert not shown.find("img", src="x") and not shown.find(attrs={"onclick": True})
    assert "alert(1)" not in "".join(script.get_text() for script in shown.find_all("script"))
    assert any("<img src=x onerror=y>" in quote.get_text() for quote in shown.find_all("blockquote"))
    assert "</textarea><img" in shown.find("textarea").get_text()


def test_the_file_stays_beside_the_need_only_where_it_is_wanted(client: Any, session: Any, owner: Person, firm: Organisation) -> None:
    client.login(owner)
    data = form()
    shown = page(send(client, data, "表 单.docx", keep="y"))
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0
    values = filled(shown)
    assert values["keep"] == "y"
    assert client.post("/en/needs/from-file/draft", data={name: value for name, value in values.items() if name != "keep"}).status_code == 303
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0
    assert client.post("/en/needs/from-file/draft", data=values).status_code == 303
    kept = session.scalars(select(Attachment)).one()
    assert (kept.name, kept.size) == ("表 单.docx", len(data))
    assert attachments.store().path(kept.sha256).read_bytes() == data


@pytest.mark.parametrize("changed", [{"kept_name": "a.exe"}, {"kept_data": "!!"}, {"kept_data": "AAAA"}])
def test_a_file_that_cannot_be_kept_is_said_so_and_no_draft_is_made(
        client: Any, session: Any, owner: Person, firm: Organisation, changed: dict[str, str]) -> None:
    client.login(owner)
    values = filled(page(send(client, form(), "a.docx", keep="y"))) | changed
    answer = client.post("/en/needs/from-file/draft", data=values)
    assert answer.status_code == 422 and page(answer).find(id="keep-note").find(class_="field-error")
    assert needs(session) == 0


def test_a_large_file_is_not_carried_along(client: Any, owner: Person, firm: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "CARRIED", 10)
    client.login(owner)
    answer = send(client, TEXT.encode(), keep="y")
    assert answer.status_code == 422 and page(answer).find(id="keep-note").find(class_="field-error")


def test_the_second_step_opened_by_itself_leads_to_the_first(client: Any, owner: Person) -> None:
    client.login(owner)
    assert client.get("/en/needs/from-file/draft").location.endswith("/en/needs/from-file")
