"""Everything of an organisation as one zip: whole, for its owners alone, and good to bring in again."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.catalogue import attachments
from marketplace.catalogue import operations as catalogue
from marketplace.importing import review
from marketplace.needs import operations as needs
from marketplace.people.models import Organisation, Person
from marketplace.record import Event
from tests import factories as make
from tests.importing.bringing import import_file


@pytest.fixture
def owner(session: Any) -> Person:
    return make.person()


@pytest.fixture
def institute(owner: Person) -> Organisation:
    return make.organisation(owner, kind="institute", name={"zh": "东岭大学"})


def fetched(client: Any, organisation: Organisation) -> zipfile.ZipFile:
    with client.post(f"/zh/organisations/{organisation.public_id}/export") as answer:
        assert (answer.status_code, answer.mimetype) == (200, "application/zip")
        return zipfile.ZipFile(io.BytesIO(answer.data))


def lines(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]


def test_everything_is_in_it_and_comes_back(client: Any, session: Any, owner: Person, institute: Organisation, tmp_path: Path) -> None:
    made = catalogue.create_technology(owner, institute, title={"zh": "=薄壁件铣削"}, abstract={"zh": "旧"}, trl=6)
    catalogue.edit_technology(owner, made, abstract={"zh": "新"})
    need = needs.create_need(owner, institute, title={"zh": "去毛刺"}, problem={"zh": "交叉孔毛刺"})
    attachments.attach(owner, made, io.BytesIO("说明".encode()), "../说明.txt")
    import_file(owner, institute, written(tmp_path))
    stranger = make.person()
    catalogue.create_technology(stranger, make.organisation(stranger), title={"zh": "别家的"})
    number, name, owner_id = made.public_id, owner.name, owner.id
    title = dict(need.title)
    client.login(owner)
    archive = fetched(client, institute)
    owner, institute = session.merge(owner), session.merge(institute)  # the streamed answer has closed its session
    assert archive.testzip() is None
    assert not [entry for entry in archive.namelist() if ".." in entry or entry.startswith("/")]
    assert json.loads(archive.read("organisation.json"))["members"] == [{"name": name, "role": "owner"}]
    whole = {row["number"]: row for row in lines(archive, "technologies.jsonl")}
    assert len(whole) == 2 and [row["content"]["abstract"] for row in whole[number]["revisions"]] == [{"zh": "旧"}, {"zh": "新"}]
    assert whole[number]["revisions"][0]["by"] == name
    assert [row["content"]["title"] for row in lines(archive, "needs.jsonl")] == [title]
    [run] = lines(archive, "imports.jsonl")
    assert (run["created"], run["file"]) == (1, "list.csv")
    beside = [entry for entry in archive.namelist() if entry.startswith(f"files/{number}/")]
    assert len(beside) == 1 and archive.read(beside[0]).decode() == "说明"
    (tmp_path / "again.xlsx").write_bytes(archive.read("technologies.xlsx"))
    again = import_file(owner, institute, tmp_path / "again.xlsx")
    assert review.counts(again)["unchanged"] == 2
    assert session.scalars(select(Event.actor_id).where(Event.name == "organisation.export")).all() == [owner_id]


def written(folder: Path) -> Path:
    path = folder / "list.csv"
    path.write_text("编号,成果名称\nK1,低温染整\n", encoding="utf-8")
    return path


def test_only_owners_fetch_it(client: Any, institute: Organisation) -> None:
    address = f"/en/organisations/{institute.public_id}/export"
    assert client.post(address).status_code == 303  # to sign in
    member, stranger, operator = make.person(), make.person(), make.operator()
    make.membership(member, institute, "member")
    make.organisation(stranger)
    for person in (member, stranger, operator):
        client.login(person)
        assert client.post(address).status_code == 403
        assert "export" not in client.get(f"/en/organisations/{institute.public_id}").get_data(as_text=True)
        client.post("/en/sign-out")
