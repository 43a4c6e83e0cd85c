"""Files of a gate: handed in with a stage and with its judgement, read by the two sides of the team alone, never changed."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from marketplace.calls.pools.models import Pool
from marketplace.calls.teams import evidence, operations
from marketplace.calls.teams.models import GateFile
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import session
from marketplace.errors import Refused
from tests import factories
from tests.calls.pools.owning import owner, pooled
from tests.calls.teams.test_teams import LATER, signed, teams

pytestmark = pytest.mark.usefixtures("app")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def file(name="measured.pdf", content=PDF):
    return BytesIO(content), name


def begun():
    """A team whose agreement is signed, its first gate, and the solver who leads it."""
    found, (team, _other) = teams()
    signed(found, team, found.solvers[0])
    return found, team.gates[0]


def test_files_come_with_a_stage_and_with_its_judgement():
    found, gate = begun()
    operations.submit(found.solvers[0], gate, "样机", LATER, [file(), file("../shop floor.txt", b"burr 0.015 mm")])
    operations.judge(found.member, gate, True, ["0.015"], "合格", LATER, [file("report.pdf", PDF + b"\n")])
    session.flush()
    session.refresh(gate)
    assert [(one.side, one.name) for one in gate.files] == [("team", "measured.pdf"), ("team", "shop floor.txt"), ("user", "report.pdf")]
    assert (gate.files[0].sha256, gate.files[0].size) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    assert session.query(Upload).filter_by(thing="gate", thing_id=gate.id).count() == 3
    for change in ("update gate_file set name = 'other.pdf'", "delete from gate_file"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(change))


@pytest.mark.parametrize("brought", [[file("page.html", b"<script>")], [file("empty.pdf", b"")], [file("fake.pdf", b"MZ")]])
def test_a_file_that_is_none_stops_the_step(brought):
    found, gate = begun()
    with pytest.raises(Refused) as told:
        operations.submit(found.solvers[0], gate, "样机", LATER, brought)
    assert told.value.field == "files" and gate.state == "open"


def test_there_is_an_end_to_files(monkeypatch):
    found, gate = begun()
    monkeypatch.setattr(evidence, "MOST", 2)
    with pytest.raises(Refused, match="files of each side"):
        operations.submit(found.solvers[0], gate, "样机", LATER, [file() for _ in range(3)])
    operations.submit(found.solvers[0], gate, "样机", LATER, [file() for _ in range(2)])
    operations.judge(found.member, gate, False, ["1"], "不合格", LATER, [file()])
    session.flush()
    session.refresh(gate)
    with pytest.raises(Refused, match="files of each side"):
        operations.submit(found.solvers[0], gate, "再来", LATER, [file()])


def test_by_pages_both_sides_fetch_and_nobody_else(client):
    found, gate = begun()
    pool: Pool = pooled(found)
    page = f"/zh/gates/{gate.public_id}"
    client.login(found.solvers[0])
    client.get(f"{page}/submit")
    said = {"evidence": "样机在三号车间", "version": str(gate.version_id)}
    assert client.post(f"{page}/submit", data=said | {"files": [file("page.html", b"<b>")]}).status_code == 422
    assert client.post(f"{page}/submit", data=said | {"files": [file(), file("log.csv", b"a,b\n1,2\n")]}).status_code == 303
    kept = session.query(GateFile).all()
    assert len(kept) == 2
    shown = client.get(f"/zh/teams/{gate.team.public_id}").get_data(as_text=True)
    assert all(one.sha256 in shown and one.name in shown for one in kept)
    address = f"{page}/files/{kept[0].public_id}"
    for reader in (found.solvers[0], found.member):
        client.login(reader)
        fetched = client.get(address)
        assert fetched.data == PDF and fetched.headers["Content-Disposition"].startswith("attachment")
        fetched.close()
    session.refresh(gate)
    assert kept[0].sha256 in client.get(f"{page}/judge").get_data(as_text=True)
    judged = {"value_0": "0.015", "verdict": "accepted", "finding": "合格", "version": str(gate.version_id), "files": [file("report.pdf")]}
    assert client.post(f"{page}/judge", data=judged).status_code == 303
    for stranger in (found.solvers[1], found.people[0], owner(pool.pledges[1].organisation), factories.operator()):
        client.login(stranger)
        assert client.get(address).status_code == 404
    client.login(found.member)
    assert client.get(f"{page}/files/{'x' * 12}").status_code == 404
