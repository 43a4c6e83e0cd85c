"""Two people of one organisation who hand in for one call at the same moment: one version after the other, no file lost, every receipt true."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from marketplace.calls.models import Call
from marketplace.calls.proposals import opening, operations
from marketplace.calls.proposals.models import Proposal, ProposalVersion, SealedPart
from marketplace.calls.proposals.receiving import path_of
from marketplace.calls.sealing.receipts import verified
from marketplace.catalogue.models import Attachment
from marketplace.db import now, session
from marketplace.web import limiter
from tests import factories as make
from tests.at_once import given_at_once
from tests.calls.proposals.cast import PDF, cast, form, multipart
from tests.inspection import work


@pytest.fixture
def site(own_database, whole_app, settings, tmp_path, monkeypatch):
    """Two members of one institute before one call, each with a browser of his own; sealed files lie in a folder of the test."""
    monkeypatch.setattr(limiter, "enabled", False)
    monkeypatch.setattr(operations, "folder", lambda: tmp_path)
    monkeypatch.setattr(opening, "folder", operations.folder)
    world = cast()
    second = make.person()
    make.membership(second, world.institute)
    session.commit()
    browsers = [whole_app.test_client(), whole_app.test_client()]
    for browser, person in zip(browsers, (world.solver, second), strict=True):
        browser.login(person)
    return world, browsers, tmp_path


def handing_in(world, browser, name: str, version: str = ""):
    """What a browser sends: a proposal with a file of its own."""
    fields, address = form(world.institute, version, title=name), f"/en/open-calls/{world.call.public_id}/proposal"
    body, media = multipart(fields, [(content_of(name), f"{name}.pdf")])
    return lambda: browser.post(address, data=body, content_type=media)


def content_of(name: str) -> io.BytesIO:
    return io.BytesIO(PDF + name.encode() * 40_000)


def lying(folder: Path) -> set[str]:
    """The names of all files in the folder, those aside too."""
    return {path.name for path in folder.rglob("*") if path.is_file()}


def versions() -> list[ProposalVersion]:
    session.rollback()
    return sorted(session.scalars(select(ProposalVersion)), key=lambda one: one.number)


def true_receipt(browser, version: ProposalVersion, name: str) -> bool:
    """Whether the receipt that the site gives out is signed, and says the file that this browser sent."""
    told = browser.get(f"/en/proposals/{version.proposal.public_id}/receipts/{version.public_id}/receipt.json")
    content = verified(json.dumps(told.get_json()))
    return content["version"] == version.number and content["files"][0]["sha256"] == hashlib.sha256(content_of(name).getvalue()).hexdigest()


def test_two_first_versions_at_once_and_then_the_second_knowingly(site):
    world, browsers, folder = site
    names = ("first", "second")
    answers = given_at_once(*(handing_in(world, browser, name) for browser, name in zip(browsers, names, strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 422], answers
    won = [answer.status_code for answer in answers].index(303)
    told = answers[1 - won].get_data(as_text=True)
    assert "Somebody of your organisation has handed in" in told
    [made] = versions()
    assert lying(folder) == {part.file for part in made.parts} and true_receipt(browsers[won], made, names[won])
    late = handing_in(world, browsers[1 - won], names[1 - won], str(made.proposal.version_id))()
    assert late.status_code == 303
    earlier, later = versions()
    assert [true_receipt(browsers[0], one, names[place]) for one, place in ((earlier, won), (later, 1 - won))] == [True, True]
    work()
    earlier, later = versions()
    assert earlier.destroyed and lying(folder) == {part.file for part in later.parts}
    opened_as(world.call.id, names[1 - won])


def opened_as(call_id: int, name: str) -> None:
    """The deadline comes, and what is opened is what was handed in last, whole."""
    session.execute(update(Call).values(state="closed", deadline=now() - operations.longest_upload() - timedelta(days=1)))
    session.commit()
    for _step in opening.open_proposals(call_id):
        session.commit()
    session.commit()
    proposal = session.scalars(select(Proposal)).one()
    assert proposal.state == "opened" and proposal.said["title"] == name
    assert session.scalars(select(Attachment.sha256).where(Attachment.thing == "proposal")).one() == hashlib.sha256(content_of(name).getvalue()).hexdigest()


def test_of_two_who_replace_the_same_version_one_is_told(site):
    world, browsers, folder = site
    assert handing_in(world, browsers[0], "begun")().status_code == 303
    [begun] = versions()
    seen = str(begun.proposal.version_id)
    answers = given_at_once(*(handing_in(world, browser, name, seen) for browser, name in zip(browsers, ("mine", "yours"), strict=True)))
    assert sorted(answer.status_code for answer in answers) == [303, 422], answers
    _begun, later = versions()
    won = [answer.status_code for answer in answers].index(303)
    assert later.number == later.proposal.number == 2 and true_receipt(browsers[won], later, ("mine", "yours")[won])
    named = set(session.scalars(select(SealedPart.file)))
    assert lying(folder) == named and len(named) == 4, "what was refused left no file, and what stands lost none"
    assert path_of(folder, later.parts[0].file).stat().st_size == later.parts[0].size
