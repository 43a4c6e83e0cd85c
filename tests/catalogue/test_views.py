"""Pages of technologies: written, refused with everything kept, published, read, their files and their history."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from marketplace.access import VISITOR
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Technology
from marketplace.errors import NotAllowed, NotFound
from marketplace.people.models import Organisation, Person
from marketplace.terms import checklist
from tests import factories as make
from tests.importing.readers.test_tables import workbook

FORM = {
    "kind": "patent",
    "title_zh": "薄壁件颤振抑制铣削",
    "title_en": "Chatter-free milling of thin walls",
    "abstract_zh": "用于薄壁件。",
    "keywords_zh": "颤振；铣削",
    "application_number": "ZL 2017 1 0601862.3",
    "filed_on": "2017-07-21",
    "ipc": "B23C 3/00\nB23Q 17/09",
    "industries-0": "C3484",
    "trl": "6",
    "inventors": "周砚秋\nLin Haoran",
    "visibility": "public",
    "mode": "licence",
    "exclusivity": "ordinary",
    "terms-currency": "CNY",
    "terms-trial_months": "6",
    "terms-conversion_price": "20万",
    "terms-payment_days": "30",
    "terms-conversion_window_days": "30",
    "terms-conversion_silence": "lapse",
}


@pytest.fixture
def owner(session: Any) -> Person:
    return make.person()


@pytest.fixture
def institute(owner: Person) -> Organisation:
    return make.organisation(owner, kind="institute")


def page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "lxml")


def only(session: Any) -> Technology:
    return session.scalars(select(Technology)).one()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_technology_is_written_published_and_read(
    client: Any, session: Any, owner: Person, institute: Organisation, lang: str
) -> None:
    client.login(owner)
    assert client.get(f"/{lang}/technologies/new").status_code == 200
    answer = client.post(f"/{lang}/technologies/new", data={**FORM, "organisation": institute.public_id, "post": "1"})
    made = only(session)
    assert (answer.status_code, answer.location) == (303, f"/{lang}/technologies/{made.public_id}")
    assert (made.state, made.application_number, made.keywords, made.industries) == (
        "published",
        "201710601862.3",
        {"zh": ["颤振", "铣削"]},
        ["C3484"],
    )
    assert made.offer.terms["conversion"]["price"] == "200000.00"
    client.logout()
    text = page(client.get(f"/{lang}/technologies/{made.public_id}")).get_text(" ")
    assert made.title[lang] in text
    assert {"zh": "免费试用", "en": "Free trial"}[lang] in text
    assert "201710601862.3" in text


def test_an_invalid_form_keeps_what_was_typed_and_says_what_is_wrong_beside_it(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    wrong = {**FORM, "application_number": "201710601862.4", "organisation": institute.public_id}
    answer = client.post("/en/technologies/new", data=wrong)
    assert answer.status_code == 422
    shown = page(answer)
    assert "check digit" in shown.find(id="application_number-note").get_text()
    for name in ("title_zh", "title_en", "application_number", "keywords_zh", "filed_on", "terms-conversion_price"):
        assert shown.find(attrs={"name": name})["value"] == wrong[name]
    assert shown.find(attrs={"name": "abstract_zh"}).get_text().strip() == FORM["abstract_zh"]
    assert shown.find(id="trl").find("option", selected=True)["value"] == "6"
    assert shown.find(id="industries-0").find("option", selected=True)["value"] == "C3484"
    assert session.scalars(select(Technology)).all() == []


@pytest.mark.parametrize(
    ("wrong", "note"),
    [
        ({"title_zh": "", "title_en": " "}, "title_zh-note"),
        ({"term_months": "x"}, "term_months-note"),
        ({"filed_on": "soon"}, "filed_on-note"),
        ({"title_en": "x" * 301}, "title_en-note"),
        ({"kind": "gift"}, "kind-note"),
        ({"ipc": "B23"}, "ipc-note"),
        ({"kind": "negative_result"}, "mode-note"),
        ({"listed_until": "2020-01-01", "post": "1"}, "listed_until-note"),
    ],
)
def test_every_refusal_stands_beside_its_field(
    client: Any, session: Any, owner: Person, institute: Organisation, wrong: dict[str, str], note: str
) -> None:
    client.login(owner)
    answer = client.post("/en/technologies/new", data={**FORM, "organisation": institute.public_id, **wrong})
    assert answer.status_code == 422
    assert page(answer).find(id=note).find(class_="field-error").get_text(strip=True)
    assert session.scalars(select(Technology)).all() == []


def test_wrong_terms_are_refused_beside_their_field(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    answer = client.post(
        "/en/technologies/new", data={**FORM, "organisation": institute.public_id, "terms-trial_months": "many"}
    )
    assert answer.status_code == 422
    assert page(answer).find(id="terms-trial_months-error").get_text(strip=True)
    assert session.scalars(select(Technology)).all() == []


def test_a_button_of_the_terms_editor_saves_nothing_and_keeps_everything(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    answer = client.post(
        "/en/technologies/new", data={**FORM, "organisation": institute.public_id, "terms-preset": "upfront"}
    )
    assert answer.status_code == 200
    assert page(answer).find(attrs={"name": "title_en"})["value"] == FORM["title_en"]
    assert session.scalars(select(Technology)).all() == []


def test_a_clash_is_refused_beside_the_field_with_a_link_to_the_existing_one(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    existing = make.technology(institute, application_number="201710601862.3")
    client.login(owner)
    answer = client.post("/en/technologies/new", data={**FORM, "organisation": institute.public_id})
    assert answer.status_code == 422
    shown = page(answer)
    assert shown.find(id="application_number-note").find(class_="field-error")
    assert shown.find("a", href=f"/en/technologies/{existing.public_id}")


def test_editing_shows_what_is_there_and_a_stale_edit_is_409(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    client.post("/en/technologies/new", data={**FORM, "organisation": institute.public_id})
    made = only(session)
    shown = page(client.get(f"/en/technologies/{made.public_id}/edit"))
    sent = {
        field["name"]: field.get("value", "")
        for field in shown.find_all("input")
        if field.get("type") not in ("checkbox", "submit", "radio")
    }
    sent |= {field["name"]: field.get_text().lstrip("\n") for field in shown.find_all("textarea")}
    sent |= {
        field["name"]: (field.find("option", selected=True) or field.find("option"))["value"]
        for field in shown.find_all("select")
    }
    assert sent["application_number"] == "201710601862.3"
    unchanged = client.post(f"/en/technologies/{made.public_id}/edit", data=sent)
    assert (unchanged.status_code, only(session).revision) == (303, 1)
    assert client.post(f"/en/technologies/{made.public_id}/edit", data={**sent, "trl": "7"}).status_code == 303
    session.expire_all()
    assert (only(session).trl, only(session).revision) == (7, 2)
    assert client.post(f"/en/technologies/{made.public_id}/edit", data={**sent, "trl": "8"}).status_code == 409
    session.expire_all()
    assert only(session).trl == 7


def test_an_industry_without_a_name_of_its_own_survives_editing(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    made = make.technology(institute, industries=["C3489", "C13", "C14", "C15"])
    client.login(owner)
    shown = page(client.get(f"/en/technologies/{made.public_id}/edit"))
    assert [
        shown.find(id=f"industries-{n}").find("option", selected=True)["value"] for n in range(4)
    ] == made.industries


def test_history_shows_old_and_new(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    client.post("/en/technologies/new", data={**FORM, "organisation": institute.public_id})
    made = only(session)
    data = {
        **FORM,
        "trl": "8",
        "industries-0": "C3421",
        "terms-trial_months": "9",
        "sublicensing": "y",
        "version": str(made.version_id),
    }
    assert client.post(f"/en/technologies/{made.public_id}/edit", data=data).status_code == 303
    changes = {
        change.find("b").get_text(): (change.find("del").get_text(), change.find("ins").get_text())
        for change in page(client.get(f"/en/technologies/{made.public_id}/history")).find_all(class_="change")
    }
    assert changes.keys() == {"Maturity (TRL)", "Industries", "Payment terms", "Sublicensing allowed"}
    assert changes["Maturity (TRL)"] == ("6", "8")
    assert changes["Industries"] == ("Machining of mechanical parts", "Metal-cutting machine tools")
    assert changes["Sublicensing allowed"] == ("no", "yes")
    assert changes["Payment terms"][0].startswith("Free trial of 6 months") and changes["Payment terms"][1].startswith(
        "Free trial of 9 months"
    )
    client.post(f"/en/technologies/{made.public_id}/publish")
    client.login(make.person())
    assert client.get(f"/en/technologies/{made.public_id}").status_code == 200
    assert client.get(f"/en/technologies/{made.public_id}/history").status_code == 403


def test_a_negative_result_is_shown_as_such(client: Any, session: Any) -> None:
    made = make.technology(kind="negative_result")
    shown = page(client.get(f"/en/technologies/{made.public_id}"))
    assert "did not work" in shown.find(class_="warn").get_text()
    assert "On what terms" not in shown.get_text()


@pytest.mark.parametrize("verb", ["publish", "withdraw", "edit", "files", "files/x/remove"])
def test_strangers_and_visitors_change_nothing(client: Any, session: Any, verb: str) -> None:
    made = make.technology()
    assert client.post(f"/en/technologies/{made.public_id}/{verb}").status_code == 303  # to the page for signing in
    client.login(make.person())
    assert client.post(f"/en/technologies/{made.public_id}/{verb}").status_code == 403
    session.expire_all()
    assert made.state == "published"


def test_terms_without_an_offer_to_belong_to_are_not_lost_in_silence(client: Any, owner: Person, institute: Organisation, session: Any) -> None:
    client.login(owner)
    answer = client.post("/en/technologies/new", data={**FORM, "organisation": institute.public_id, "mode": ""})
    assert answer.status_code == 422 and "payment terms below" in page(answer).find(id="mode-note").get_text()
    assert session.scalar(select(func.count(Technology.id))) == 0


def test_an_offer_without_terms_and_a_free_one_are_two_things(client: Any, owner: Person, institute: Organisation, session: Any) -> None:
    client.login(owner)
    plain = {name: value for name, value in FORM.items() if not name.startswith("terms-")}
    for number, (fields, free) in enumerate((({"terms-currency": "CNY"}, False), ({"terms-currency": "CNY", "terms-free": "y"}, True))):
        data = {**plain, **fields, "application_number": "", "title_zh": f"题目 {number}", "title_en": f"Title {number}"}
        saved = client.post("/en/technologies/new", data={**data, "organisation": institute.public_id})
        assert saved.status_code == 303
        made = session.scalar(select(Technology).order_by(Technology.id.desc()))
        assert (made.offer.terms is not None) is free
        shown = page(client.get(f"/en/technologies/{made.public_id}/edit"))
        assert shown.find(id="terms-free").has_attr("checked") is free
        assert ("Free of charge." in shown.find(attrs={"data-words": "en"}).text) is free


def test_the_words_are_shown_without_script(client: Any, owner: Person, institute: Organisation, session: Any) -> None:
    client.login(owner)
    data = {**FORM, "organisation": institute.public_id, "mode": "open_licence", "exclusivity": "sole", "terms-show": "1"}
    shown = page(client.post("/en/technologies/new", data=data))
    assert "Free trial of 6 months" in shown.find(attrs={"data-words": "en"}).text
    assert "Must be changed" in shown.find(id="exclusivity-notes").text and shown.find(id="findings").find("a", href="#exclusivity")
    assert session.scalar(select(func.count(Technology.id))) == 0


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"annual_fee": "unpaid"}, "annual_fee"), ({"pledge": "no_consent"}, "pledge"), ({"exclusive_in_force": "y"}, "exclusive_in_force"),
        ({"exclusivity": "sole"}, "exclusivity"), ({"kind": "patent_application"}, "kind"),
    ],
)
def test_each_of_the_five_refusals_stops_publishing_and_stands_beside_its_field(
    client: Any, owner: Person, institute: Organisation, session: Any, fields: dict[str, str], place: str
) -> None:
    client.login(owner)
    sound = {**FORM, "organisation": institute.public_id, "kind": "patent", "mode": "open_licence", "exclusivity": "ordinary", "post": "1"}
    refused = client.post("/en/technologies/new", data={**sound, **fields})
    assert refused.status_code == 422
    assert "Must be changed" in page(refused).find(id=f"{place}-notes").text and page(refused).find(href="#findings")
    assert session.scalar(select(func.count(Technology.id))) == 0
    assert client.post("/en/technologies/new", data=sound).status_code == 303


def test_what_is_said_of_the_standing_is_kept_and_shown_again(client: Any, owner: Person, institute: Organisation, session: Any) -> None:
    client.login(owner)
    said = {"annual_fee": "paid", "pledge": "consent", "evaluation_report": "no", "exclusive_in_force": "y"}
    assert client.post("/en/technologies/new", data={**FORM, **said, "organisation": institute.public_id}).status_code == 303
    made = session.scalar(select(Technology))
    assert {name: getattr(made.offer, name) for name in said} == {**said, "exclusive_in_force": True}
    form = page(client.get(f"/en/technologies/{made.public_id}/edit"))
    assert form.find(id="pledge").find("option", selected=True)["value"] == "consent" and form.find(id="exclusive_in_force").has_attr("checked")


def test_the_checks_of_the_region_of_the_organisation_that_offers_hold(
    client: Any, owner: Person, institute: Organisation, tmp_path: Any, settings: Any, session: Any
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f'[[check]]\ncode = "promotional_wording"\nregion = "{institute.region}"\nwords = ["homely"]\n', "utf-8")
    checklist.configure(replace(settings, checks=path))
    try:
        client.login(owner)
        data = {**FORM, "mode": "open_licence", "exclusivity": "ordinary", "kind": "patent", "abstract_en": "A homely method."}
        live = {"organisation": institute.public_id}
        assert "abstract_en" in client.post("/en/terms/words", data={**data, **live}).json["notes"]
        assert "abstract_en" not in client.post("/en/terms/words", data=data).json["notes"]
        assert "abstract_en" in client.post(f"/en/terms/words?organisation={institute.public_id}", data=data).json["notes"]
        client.post("/en/technologies/new", data={**data, **live})
        made = session.scalar(select(Technology))
        assert "homely" in page(client.get(f"/en/technologies/{made.public_id}/edit")).find(id="abstract_en-notes").text
    finally:
        checklist.configure(settings)


def test_a_draft_is_not_found_by_others(client: Any, session: Any) -> None:
    made = make.technology(state="draft")
    assert client.get(f"/en/technologies/{made.public_id}").status_code == 404
    client.login(make.person())
    assert client.post(f"/en/technologies/{made.public_id}/edit").status_code == 404


def test_publishing_what_may_not_be_leads_to_the_form(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    made = make.technology(
        institute, state="draft", kind="patent_application", offer={"mode": "open_licence", "exclusivity": "ordinary"}
    )
    client.login(owner)
    answer = client.post(f"/en/technologies/{made.public_id}/publish")
    assert (answer.status_code, answer.location) == (303, f"/en/technologies/{made.public_id}/edit")
    assert page(client.get(answer.location)).find(class_="finding-refuse")


PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")


def put(client: Any, made: Technology, data: bytes, name: str) -> Any:
    return client.post(f"/en/technologies/{made.public_id}/files", data={"file": (io.BytesIO(data), name)})


@pytest.mark.parametrize(
    ("data", "name", "media"),
    [
        (PDF, "report.pdf", "application/pdf"),
        (PNG, "照片.png", "image/png"),
        ("标题,值\n甲,1\n".encode("gb18030"), "数据.csv", "text/csv"),
        (b"plain words", "notes.TXT", "text/plain"),
        (workbook([["a"], [1]]), "table.xlsx", attachments.OFFICE[".xlsx"][0]),
    ],
)
def test_a_file_is_kept_and_handed_out_as_a_download(
    client: Any, owner: Person, institute: Organisation, data: bytes, name: str, media: str
) -> None:
    made = make.technology(institute)
    client.login(owner)
    assert put(client, made, data, name).status_code == 303
    file = attachments.attachments_of(made)[0]
    client.logout()
    with client.get(f"/en/technologies/{made.public_id}/files/{file.public_id}") as answer:
        assert answer.data == data
        assert answer.mimetype == media
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "empty.pdf", "empty"),
        (b"MZ\x90\x00", "program.exe", "Only PDF"),
        (b"<script>alert(1)</script>", "page.html", "Only PDF"),
        (PNG, "picture.pdf", "not what its name says"),
        (b"PK\x03\x04 broken", "table.xlsx", "not what its name says"),
        (b"words\x00\x01", "notes.txt", "not what its name says"),
        (workbook([["a"]]), "text.docx", "not what its name says"),
        (b"<svg/>", "drawing.svg", "Only PDF"),
        (b"GIF89a", "picture.png", "not what its name says"),
    ],
)
def test_files_of_other_types_are_refused_and_leave_nothing(
    client: Any, app: Any, owner: Person, institute: Organisation, data: bytes, name: str, says: str
) -> None:
    made = make.technology(institute)
    client.login(owner)
    before = stored_files(app)
    answer = put(client, made, data, name)
    assert answer.status_code == 422
    assert says in page(answer).find(id="file-note").get_text()
    assert attachments.attachments_of(made) == []
    assert stored_files(app) == before


def stored_files(app: Any) -> set[str]:
    return {str(path) for path in app.config["SETTINGS"].files_folder.rglob("*") if path.is_file()}


def test_too_large_and_too_many(
    client: Any, app: Any, owner: Person, institute: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.technology(institute)
    client.login(owner)
    monkeypatch.setattr(attachments, "LARGEST", 1000)
    before = stored_files(app)
    assert "The file is larger than" in page(put(client, made, b"x" * 1001, "big.txt")).get_text()
    assert stored_files(app) == before
    for number in range(attachments.MOST):
        assert put(client, made, b"file %d" % number, "a.txt").status_code == 303
    assert "Remove one first" in page(put(client, made, b"one more", "a.txt")).get_text()


def test_the_same_bytes_are_stored_once(client: Any, app: Any, owner: Person, institute: Organisation) -> None:
    made = make.technology(institute)
    client.login(owner)
    put(client, made, b"same words in two files", "a.txt")
    before = stored_files(app)
    put(client, made, b"same words in two files", "b.txt")
    assert stored_files(app) == before
    assert [file.name for file in attachments.attachments_of(made)] == ["a.txt", "b.txt"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\计划.txt", "计划.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("x" * 300 + ".txt", "x" * 110 + ".txt"),
    ],
)
def test_names_lead_nowhere(name: str, kept: str) -> None:
    assert attachments.plain_name(name) == kept


def test_files_are_open_to_whom_the_listing_is_and_gone_when_removed(
    client: Any, owner: Person, institute: Organisation
) -> None:
    made = make.technology(institute, visibility="members")
    other = make.technology()
    client.login(owner)
    put(client, made, b"for members", "a.txt")
    address = f"/en/technologies/{made.public_id}/files/{attachments.attachments_of(made)[0].public_id}"
    with client.get(address) as answer:
        assert answer.status_code == 200
    assert client.get(address.replace(made.public_id, other.public_id)).status_code == 404
    client.logout()
    assert client.get(address).status_code == 404
    client.login(owner)
    assert client.post(address + "/remove").status_code == 303
    assert client.get(address).status_code == 404


def test_operations_on_files_ask_for_themselves_whether_one_may(
    session: Any, owner: Person, institute: Organisation
) -> None:
    made = make.technology(institute, visibility="members")
    file = attachments.attach(owner, made, io.BytesIO(b"for members"), "a.txt")
    assert attachments.attachment_of(make.broker(), made, file.public_id) is file
    for actor in (VISITOR, make.person()):
        with pytest.raises(NotFound):
            attachments.attachment_of(actor, made, file.public_id)
    for change in (
        lambda who: attachments.detach(who, made, file.public_id),
        lambda who: attachments.attach(who, made, io.BytesIO(b"x"), "a.txt"),
    ):
        with pytest.raises(NotAllowed):
            change(make.broker())
