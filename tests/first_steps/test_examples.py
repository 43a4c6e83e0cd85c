"""Examples: somebody new tries the site with one, alone, and throws it away; nothing of it is anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from marketplace.access import VISITOR
from marketplace.db import Base, now, session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.first_steps.examples import operations, sheet
from marketplace.first_steps.examples.models import Example
from marketplace.first_steps.examples.samples import SAMPLES
from marketplace.importing import operations as importing
from marketplace.jobs import run_all
from marketplace.matching import operations as matching
from marketplace.record import Event
from tests import factories
from tests.inspection import InspectingClient, playing

pytestmark = pytest.mark.usefixtures("app")


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in Base.metadata.sorted_tables}


def test_a_firm_tries_the_site_with_an_example_and_throws_it_away(client: InspectingClient) -> None:
    owner = factories.person()
    factories.organisation(owner)
    client.login(owner)
    before = rows()
    desk = client.get("/en/desk").get_data(as_text=True)
    assert "/en/desk/example/begin/need" in desk
    assert client.post("/en/desk/example/begin/need").location.endswith("/en/desk/example")
    page = client.get("/en/desk/example").get_data(as_text=True)
    assert SAMPLES["need"].title["en"] in page and SAMPLES["technology"].title["en"] in page, "an empty catalogue shows the ready-made other side"
    assert "Words in common" in page and "Only you see this" in page
    assert SAMPLES["need"].title["zh"] in client.get("/zh/desk/example").get_data(as_text=True)
    client.post("/en/desk/example/answer", data={"key": "example", "answer": "shortlisted"})
    assert "Ask for an introduction" in client.get("/en/desk/example").get_data(as_text=True)
    client.post("/en/desk/example", data={"title": "Drills", "text": "Drills snap on the night shift."})
    page = client.get("/zh/desk/example").get_data(as_text=True)
    assert "Drills snap on the night shift." in page and operations.example_of(owner).answers == {}
    assert client.post("/en/desk/example", data={"title": "x", "text": " "}).status_code == 422
    assert "Go on with your example" in client.get("/en/desk").get_data(as_text=True)
    assert client.post("/en/desk/example/discard").status_code == 303
    assert client.get("/en/desk/example").status_code == 404
    assert rows() == before, "something of the example is left, or was written elsewhere"


def test_an_institute_sees_terms_needs_and_a_spreadsheet_that_is_never_brought_in(client: InspectingClient, tmp_path: Path) -> None:
    officer = factories.person()
    house = factories.organisation(officer, kind="institute")
    client.login(officer)
    client.post("/zh/desk/example/begin/technology")
    page = client.get("/zh/desk/example").get_data(as_text=True)
    assert "/zh/simulator?example=trial_and_royalty" in page and SAMPLES["need"].title["zh"] in page
    assert client.get("/zh/simulator?example=trial_and_royalty").status_code == 200
    assert client.get("/zh/simulator?example=other").status_code == 404
    for language in ("zh", "en"):
        assert client.get(f"/{language}/desk/example/spreadsheet").status_code == 200
        assert [line.outcome for line in sheet.read(language).lines] == ["created", "created", "duplicate", "rejected"]
        taken = {one.field for one in sheet.read(language).columns}
        assert {"title", "filed_on", "inventors", "trl", None} <= taken, taken
    path = tmp_path / "example.xlsx"
    path.write_bytes(client.get("/zh/desk/example/spreadsheet.xlsx").data)
    with path.open("rb") as file, pytest.raises(Refused, match="example file"):
        importing.upload(officer, house, [(file, "example.xlsx")])


def test_a_technology_manager_plays_a_deal_that_counts_nowhere(client: InspectingClient) -> None:
    broker = factories.broker()
    client.login(broker)
    before = rows()
    client.post("/en/desk/example/begin/pair")
    assert client.post("/en/desk/example/play").status_code == 422
    client.post("/en/desk/example/answer", data={"key": "example", "answer": "shortlisted"})
    for stage in operations.PLAYED:
        assert client.post("/en/desk/example/play").status_code == 303
        assert operations.example_of(broker).stage == stage
    assert 'aria-current="step"' in client.get("/en/desk/example").get_data(as_text=True)
    client.post("/en/desk/example/play")
    assert operations.example_of(broker).stage == operations.PLAYED[0]
    assert {name: count - before[name] for name, count in rows().items() if count != before[name]} == {"example": 1}


@pytest.fixture
def fresh_index(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An index of this test alone, without encoders."""
    matching.index.cache_clear()
    found = matching.index()
    for name, value in (("folder", tmp_path), ("_view", None), ("_generation", None), ("_seen", None)):
        monkeypatch.setattr(found, name, value)
    yield
    matching.index.cache_clear()


@pytest.mark.usefixtures("fresh_index")
def test_what_is_found_for_an_example_is_what_its_owner_may_read(client: InspectingClient) -> None:
    shown = factories.technology(title={"en": "Deburring bushings"}, abstract={"en": "Takes the burr off bores and slots of small stainless-steel bushings."})
    hidden = factories.technology(
        visibility="members", title={"en": "Deburring members"}, abstract={"en": "Takes the burr off bores and slots of small stainless-steel bushings too."},
    )
    for number in range(9):
        factories.technology(title={"en": f"Sorting parcels {number}"}, abstract={"en": f"A belt for parcels, kind {number}."})
    session.commit()
    with playing():
        matching.reindex()
    client.login(factories.person())
    client.post("/en/desk/example/begin/need")
    page = client.get("/en/desk/example").get_data(as_text=True)
    assert shown.public_id in page and hidden.public_id not in page and SAMPLES["technology"].text["en"] not in page


def test_nobody_comes_to_an_example_but_its_owner(client: InspectingClient) -> None:
    owner, other, operator = factories.person(), factories.person(), factories.operator()
    example = operations.begin(owner, "need", "zh")
    session.flush()
    for actor in (other, operator):
        with pytest.raises(NotFound):
            operations.own(actor)
        for verb, rest in ((operations.change, ("t", "t", "zh")), (operations.answer_example, ("example", "declined")), (operations.play, ()),
                           (operations.throw_away, ())):
            with pytest.raises(NotAllowed):
                verb(actor, example, *rest)
    with pytest.raises(NotAllowed):
        operations.begin(VISITOR, "need", "zh")
    for address in ("example", "example/spreadsheet", "example/spreadsheet.xlsx"):
        assert "/sign-in" in client.get(f"/zh/desk/{address}").location
    client.login(operator)
    for address in ("example", "example/spreadsheet", "example/spreadsheet.xlsx"):
        assert client.get(f"/zh/desk/{address}").status_code == 404
    assert client.post("/zh/desk/example/discard").status_code == 404
    assert operations.example_of(owner) is example and not session.scalar(select(Event.id).where(Event.thing == "example").limit(1))


def test_an_example_ends_by_itself_and_another_kind_takes_its_place() -> None:
    owner, later = factories.person(), factories.person()
    operations.begin(owner, "need", "zh", now() - operations.KEPT - timedelta(minutes=1))
    kept = operations.begin(later, "need", "zh")
    session.flush()
    assert operations.begin(later, "need", "en") is kept
    operations.begin(later, "pair", "en")
    session.flush()
    assert session.scalars(select(Example.kind).order_by(Example.id)).all() == ["need", "pair"]
    list(operations.end_examples())
    assert session.scalars(select(Example.kind)).all() == ["pair"]
    assert run_all() == 0
