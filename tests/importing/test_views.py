"""Importing through the browser: upload, columns, reading, review, publishing, and the rejected rows in a file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from marketplace.catalogue.models import Technology
from marketplace.importing import operations, review
from marketplace.importing.models import ImportRun
from marketplace.jobs import run_all
from marketplace.people.models import Organisation, Person
from tests import factories as make

FILE = (
    "编号,成果名称,摘要,专利号,备注\nK1,薄壁件铣削,抑制颤振。,201710601862.3,甲\nK2,低温染整,节能。,,乙\n"
    "K3,错号,,201710601862.4,=1+1\nK2,重复,,,\n"
)


def page(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.get_data(as_text=True), "lxml")


def send(client: Any, institute: Organisation, data: bytes, name: str = "成果.csv", lang: str = "en") -> Any:
    return client.post(f"/{lang}/imports", data={"organisation": institute.public_id, "file": (io.BytesIO(data), name)})


def chosen(shown: BeautifulSoup) -> dict[str, str]:
    """What the page of columns would send as it stands."""
    picked = {field["name"]: field.find("option", selected=True) for field in shown.find_all("select")}
    return {name: option["value"] if option else "" for name, option in picked.items()}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_from_a_file_to_published_technologies(
    client: Any, session: Any, owner: Person, institute: Organisation, lang: str
) -> None:
    client.login(owner)
    assert client.get(f"/{lang}/imports").status_code == 200
    answer = send(client, institute, FILE.encode("gb18030"), lang=lang)
    assert answer.status_code == 303
    shown = page(client.get(answer.location))
    assert chosen(shown) == {
        "column-0": "source_key",
        "column-1": "title",
        "column-2": "abstract",
        "column-3": "application_number",
        "column-4": "",
    }
    assert "薄壁件铣削" in shown.get_text()
    answer = client.post(answer.location, data=chosen(shown))
    assert answer.status_code == 303
    reading = page(client.get(answer.location))
    assert reading.find("meta", attrs={"http-equiv": "refresh"})
    run_all(limit=5)
    review = page(client.get(answer.location))
    assert not review.find("meta", attrs={"http-equiv": "refresh"})
    assert [re.search(r"\((\d+)\)", tab.get_text())[1] for tab in review.find("nav", class_="tabs").find_all("a")] == [
        "2",
        "0",
        "0",
        "1",
        "1",
    ]
    for tab in review.find("nav", class_="tabs").find_all("a"):
        assert client.get(tab["href"]).status_code == 200
    assert client.post(review.find("form", class_="box")["action"], data={"outcomes": ["created"]}).status_code == 303
    run_all(limit=5)
    assert {one.state for one in session.scalars(select(Technology))} == {"published"}
    assert not page(client.get(answer.location)).find("form", class_="box")


def test_duplicate_and_rejected_rows_say_why(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    client.post(
        send(client, institute, FILE.encode()).location,
        data={"column-0": "source_key", "column-1": "title", "column-3": "application_number"},
    )
    run_all(limit=5)
    address = f"/en/imports/{session.scalars(select(ImportRun.public_id)).one()}"
    assert (
        "Row 3 of this file has the same reference number."
        in page(client.get(f"{address}?outcome=duplicate")).get_text()
    )
    rejected = page(client.get(f"{address}?outcome=rejected")).find("table").get_text(" ")
    assert "专利号" in rejected and "check digit" in rejected


def test_rejected_rows_come_back_as_a_file_that_no_spreadsheet_runs_and_can_be_sent_again(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    mapping = {
        "column-0": "source_key",
        "column-1": "title",
        "column-3": "application_number",
        "column-4": "advantages",
    }
    client.post(send(client, institute, FILE.encode()).location, data=mapping)
    run_all(limit=5)
    with client.get(f"/en/imports/{session.scalars(select(ImportRun.public_id)).one()}/rejected.csv") as answer:
        data = answer.data
    owner, institute = session.merge(owner), session.merge(institute)  # the streamed answer has closed its session
    headers, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert headers == ["编号", "成果名称", "摘要", "专利号", "备注", "Column to mend", "Reason"]
    assert row[:6] == ["K3", "错号", "", "201710601862.4", "'=1+1", "专利号"]
    mended = data.decode().replace("201710601862.4", "201710601862")
    shown = page(client.get(send(client, institute, mended.encode()).location))
    assert chosen(shown)["column-5"] == chosen(shown)["column-6"] == ""
    run = session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).first()
    operations.start(
        owner,
        run,
        {"编号": "source_key", "成果名称": "title", "专利号": "application_number", "备注": "advantages"},
    )
    list(operations.read_rows(owner, run))
    assert review.counts(run)["duplicate"] == 1  # K1 has that number
    made = page(client.get(f"/en/imports/{run.public_id}?outcome=duplicate")).get_text()
    assert "薄壁件铣削" in made


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (bytes(range(256)) * 9, "not a table"),
        (b"title,n\n", "no rows below"),
        (b"%PDF-1.4", "PDF"),
        (",".join(f"c{n}" for n in range(10_000)).encode() + b"\n1\n", "10,000 columns"),
        (b"PK\x03\x04xx", "damaged"),
    ],
)
def test_bad_files_are_refused_beside_the_field_and_nothing_is_kept(
    client: Any, session: Any, owner: Person, institute: Organisation, data: bytes, says: str
) -> None:
    client.login(owner)
    answer = send(client, institute, data)
    assert answer.status_code == 422
    assert says in page(answer).find(id="file-note").get_text()
    assert session.scalars(select(ImportRun)).all() == []


def test_a_mapping_that_cannot_be_is_shown_again_as_it_was_sent(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    address = send(client, institute, FILE.encode()).location
    answer = client.post(
        address, data={"column-0": "title", "column-1": "title", "column-2": "abstract", "publish": "y"}
    )
    assert answer.status_code == 422
    shown = page(answer)
    assert "same field: Title" in shown.find(class_="alert-box").get_text()
    assert chosen(shown) == {
        "column-0": "title",
        "column-1": "title",
        "column-2": "abstract",
        "column-3": "",
        "column-4": "",
    }
    assert shown.find(id="publish").has_attr("checked")


def test_nothing_chosen_to_publish_is_refused(
    client: Any, session: Any, owner: Person, institute: Organisation
) -> None:
    client.login(owner)
    client.post(send(client, institute, FILE.encode()).location, data={"column-1": "title"})
    run_all(limit=5)
    answer = client.post(
        f"/en/imports/{session.scalars(select(ImportRun.public_id)).one()}/publish", data={"sent": "1"}
    )
    assert answer.status_code == 422
    assert page(answer).find("form", class_="box").find(class_="field-error")


def test_a_failed_run_says_why(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    client.post(send(client, institute, "成果名称\n将要丢失\n".encode()).location, data={"column-0": "title"})
    run = session.scalars(select(ImportRun)).one()
    operations.store().path(run.sha256).unlink()
    address = f"/en/imports/{run.public_id}"
    run_all(limit=5)
    assert "missing on our side" in page(client.get(address)).find(class_="alert-box").get_text()


def test_only_members_see_a_run(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    send(client, institute, FILE.encode())
    address = f"/en/imports/{session.scalars(select(ImportRun.public_id)).one()}"
    client.logout()
    assert client.get(address).status_code == 303
    stranger = make.person()
    make.organisation(stranger)
    client.login(stranger)
    for path in ("", "/columns", "/rejected.csv"):
        assert client.get(address + path).status_code == 403
    for path in ("/columns", "/publish"):
        assert client.post(address + path).status_code == 403
    assert send(client, institute, FILE.encode()).status_code == 422  # that organisation is none of theirs


def test_somebody_without_an_organisation_is_led_to_entering_one(client: Any, session: Any) -> None:
    client.login(make.person())
    for path in ("imports", "technologies/new"):
        assert client.get(f"/en/{path}").location.endswith("/en/organisations/new")


def test_duplicates_are_kept_apart_rows_held_back_and_the_run_taken_back(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    body = "采用含磨料的柔性刷丝往复刷磨，去除毛刺而不损伤孔壁，单件节拍不超过两分钟。"
    file = f"成果名称,摘要\n交叉孔内壁毛刺的柔性刷磨去除方法,{body}\n交叉孔内壁毛刺的柔性刷磨式去除方法,{body}\n低温染整余热回收,节能\n"
    columns = send(client, institute, file.encode()).location
    run = client.post(columns, data=chosen(page(client.get(columns)))).location
    run_all(limit=5)
    shown = page(client.get(f"{run}?outcome=duplicate"))
    assert "柔性刷磨式" in shown.get_text() and "nearly the same title" in shown.get_text()
    button = shown.find("form", action=lambda address: address and "/keep" in address)
    assert client.post(button["action"]).status_code == 303
    shown = page(client.get(f"{run}?outcome=created"))
    form = shown.find("form", action=lambda address: address and "/hold" in address)
    assert [field["value"] for field in form.find_all("input", attrs={"name": "shown"})] == ["2", "3", "4"]
    assert client.post(form["action"], data={"shown": ["2", "3", "4"], "held": ["3", "x", "99999999999"]}).status_code == 303
    assert page(client.get(run)).find("input", attrs={"name": "held", "value": "3"}).has_attr("checked")
    client.post(f"{run}/publish", data={"outcomes": ["created"]})
    run_all(only=("importing.publish_run",))
    session.expire_all()
    states = {one.title["zh"]: one.state for one in session.scalars(select(Technology))}
    assert states["交叉孔内壁毛刺的柔性刷磨式去除方法"] == "draft" and sorted(states.values()) == ["draft", "published", "published"]
    assert client.post(f"{run}/undo").status_code == 303
    assert page(client.get(run)).find("progress")
    run_all(only=("importing.undo_run",))
    session.expire_all()
    assert {one.state for one in session.scalars(select(Technology))} == {"withdrawn"}
    assert "taken back" in page(client.get(run)).get_text()


def test_a_stranger_reaches_no_run(client: Any, session: Any, owner: Person, institute: Organisation) -> None:
    client.login(owner)
    run = send(client, institute, FILE.encode()).location.removesuffix("/columns")
    client.post("/en/sign-out")
    stranger = make.person()
    make.organisation(stranger)
    client.login(stranger)
    for address in ("hold", "undo", "go-on", "publish", "rows/2/keep"):
        assert client.post(f"{run}/{address}").status_code == 403
    assert client.get(f"/en/imports/template.xlsx?organisation={institute.public_id}").status_code == 404
    assert client.get("/en/imports/template.xlsx?listing=secrets").status_code == 404
