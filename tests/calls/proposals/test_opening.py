"""The opening: by the clock, not before; each part held against its hashes; it may break off anywhere and run twice."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.calls.models import Reviewer
from marketplace.calls.proposals import opening, operations
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.proposals.receiving import Arrival, path_of
from marketplace.calls.sealing import operations as sealing
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import now
from marketplace.errors import NotFound
from marketplace.jobs import Job
from marketplace.record import Event
from marketplace.scanner import TEST_STRING
from tests.calls.proposals.cast import MARK, PDF, Cast, cast, handed_in
from tests.inspection import work


@pytest.fixture
def closed(session) -> Cast:
    """The deadline and the time for the last uploads have passed; two solvers have handed in; nothing is opened yet."""
    world = cast(now() - timedelta(minutes=20))
    handed_in(world.solver, world.institute, world.call, files=(PDF, PDF + b"2"))
    handed_in(world.other, world.other.organisations[0], world.call)
    world.call.state = "closed"
    session.flush()
    return world


def step(call) -> None:
    """Run the opening in the test's transaction."""
    for _ in opening.open_proposals(call.id):
        pass


def of(session, world: Cast) -> Proposal:
    return session.query(Proposal).filter_by(organisation_id=world.institute.id).one()


def mails(session, what: str) -> list[str]:
    return sorted(mail.address for mail in session.scalars(select(Mail)) if what in mail.subject)


def test_the_clock_opens_and_everybody_reads_his_own(client, closed, session) -> None:
    opening.await_opening(closed.call.id)
    work()
    proposal = of(session, closed)
    receipt = operations.receipt_of(closed.solver, proposal.versions[0])["receipt"]
    assert proposal.state == "opened" and proposal.said["title"] == f"方案 {MARK}"
    assert hashlib.sha256(proposal.content.encode()).hexdigest() == receipt["text"]["sha256"]
    event = session.scalar(select(Event).where(Event.name == "open_call.proposals_opened"))
    assert len(event.facts["hashes"]) == 2 and event.facts["hashes"][proposal.public_id] == receipt["text"]["sha256"]
    own = session.scalar(select(Event).where(Event.name == "proposal.open", Event.thing_id == proposal.id))
    assert own.facts["files"] == [one["sha256"] for one in receipt["files"]]
    files = operations.files_of(closed.owner, proposal)
    pages = (f"/en/proposals/{proposal.public_id}", f"/zh/proposals/{proposal.public_id}/files/{files[0].public_id}")
    for who, status in ((closed.solver, 200), (closed.owner, 200), (closed.reviewer, 404), (closed.operator, 404), (closed.other, 404)):
        client.login(who)
        assert [client.get(page, buffered=True).status_code for page in pages] == [status, status]
    client.login(closed.owner)
    assert client.get(pages[1], buffered=True).data == PDF
    assert f"方案 {MARK}" in client.get(f"/en/open-calls/{closed.call.public_id}/proposals").get_data(as_text=True)
    assert client.get(f"/en/proposals/{proposal.public_id}/receipts/{proposal.versions[0].public_id}").status_code == 404
    assert mails(session, "已开封") or mails(session, "open")


def test_nothing_opens_before_its_time_whoever_runs_the_job(session) -> None:
    world = cast(now() - timedelta(minutes=10))
    handed_in(world.solver, world.institute, world.call)
    world.call.state = "closed"
    step(world.call)
    assert of(session, world).state == "sealed" and sealing.key_of(world.call).opening is None
    opening.await_opening(world.call.id)
    session.flush()
    waiting = session.scalar(select(Job).where(Job.kind == "proposals.open"))
    assert abs(waiting.due - operations.opens_at(world.call)) < timedelta(seconds=5)


def test_a_call_that_is_still_open_is_not_opened(closed, session) -> None:
    closed.call.state = "published"
    step(closed.call)
    assert of(session, closed).state == "sealed"


@pytest.mark.parametrize("breaks", range(1, 6))
def test_broken_off_anywhere_it_goes_on_and_twice_changes_nothing(closed, session, breaks: int) -> None:
    work_ = opening.open_proposals(closed.call.id)
    for _ in range(breaks):
        next(work_, None)
    work_.close()
    step(closed.call)
    step(closed.call)
    assert [one.state for one in session.query(Proposal)] == ["opened", "opened"]
    assert session.query(Event).filter_by(name="open_call.proposals_opened").count() == 1
    assert session.query(Event).filter_by(name="proposal.open").count() == 2
    assert len(operations.files_of(closed.owner, of(session, closed))) == 2


def test_the_sealed_files_are_destroyed_after_the_opening(closed, session) -> None:
    files = [path_of(operations.folder(), part.file) for part in of(session, closed).versions[0].parts]
    assert all(path.exists() for path in files)
    opening.await_opening(closed.call.id)
    work()
    assert not any(path.exists() for path in files) and of(session, closed).versions[0].destroyed


@pytest.mark.parametrize("how", ["changed", "cut", "gone", "exchanged"])
def test_what_is_not_what_was_sealed_is_damaged_and_the_others_open(closed, session, how: str) -> None:
    parts = of(session, closed).versions[0].parts
    path = path_of(operations.folder(), parts[1].file)
    data = path.read_bytes()
    if how == "gone":
        path.unlink()
    elif how == "exchanged":
        path.write_bytes(path_of(operations.folder(), parts[2].file).read_bytes())
        parts[1].sha256 = parts[2].sha256  # by somebody who can write to the table too
        session.flush()
    else:
        path.write_bytes(data[:-1] if how == "cut" else bytes([data[0] ^ 1]) + data[1:])
    opening.await_opening(closed.call.id)
    work()
    assert sorted(one.state for one in session.query(Proposal)) == ["damaged", "opened"]
    assert session.scalar(select(Event).where(Event.name == "open_call.proposals_opened")).facts["damaged"] == [of(session, closed).public_id]
    assert path_of(operations.folder(), parts[0].file).exists()
    assert {closed.solver.address, closed.owner.address, closed.operator.address} <= {mail.address for mail in session.scalars(select(Mail))}


def test_another_proposal_sealed_in_its_place_by_whoever_writes_to_the_site_is_told_by_the_receipt(closed, session) -> None:
    version = of(session, closed).versions[0]
    public = operations.desk_of(closed.solver, closed.call, closed.call.deadline).public
    text = operations.composed(closed.call, closed.institute, {"title": "dearer"}, [])
    with Arrival(operations.folder(), public, version.public_id) as arrival:
        made = arrival.text(text)
        arrival.keep()
    for part in version.parts[1:]:
        session.delete(part)
    version.parts[0].file, version.parts[0].size, version.parts[0].sha256 = made.file, made.sealed_size, made.sealed_sha256
    session.flush()
    session.expire(version)
    step(closed.call)
    assert of(session, closed).state == "damaged"


def test_withdrawn_after_the_opening_it_stays_and_the_owner_is_told(client, closed, session) -> None:
    step(closed.call)
    proposal = of(session, closed)
    client.login(closed.solver)
    assert client.post(f"/en/proposals/{proposal.public_id}/withdraw").status_code == 303
    work()
    assert proposal.state == "withdrawn" and proposal.said["title"]
    told = {mail.address for mail in session.scalars(select(Mail)) if mail.template == "proposal"}
    assert closed.owner.address in told and closed.reviewer.address not in told
    client.login(closed.owner)
    assert client.get(f"/en/proposals/{proposal.public_id}").status_code == 200


def test_a_virus_is_held_back_and_the_proposal_stands(client, closed, session) -> None:
    third = cast(now() - timedelta(minutes=20))
    handed_in(third.solver, third.institute, third.call, files=(PDF + b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + TEST_STRING,))
    third.call.state = "closed"
    step(third.call)
    proposal = of(session, third)
    assert proposal.state == "opened" and session.query(Upload).filter_by(thing="proposal", thing_id=proposal.id).one().state == "quarantined"
    client.login(third.owner)
    file = operations.files_of(third.owner, proposal)[0]
    assert client.get(f"/en/proposals/{proposal.public_id}/files/{file.public_id}").status_code == 403


def test_reviewers_read_nothing_here_but_in_their_own_room(closed, session) -> None:
    step(closed.call)
    with pytest.raises(NotFound):
        operations.by_public_id(closed.reviewer, of(session, closed).public_id)


def test_a_withdrawn_call_destroys_what_is_sealed_unread(session) -> None:
    world = cast()
    handed_in(world.solver, world.institute, world.call, now())
    file = path_of(operations.folder(), of(session, world).versions[0].parts[0].file)
    world.call.state = "withdrawn"
    for _ in opening.discard(world.call.id):
        pass
    work()
    assert of(session, world).state == "discarded" and not file.exists() and of(session, world).content is None
    with pytest.raises(NotFound):
        handed_in(world.solver, world.institute, world.call, now())


def test_the_text_is_kept_byte_for_byte(client, closed, session) -> None:
    step(closed.call)
    client.login(closed.solver)
    data = client.get(f"/en/proposals/{of(session, closed).public_id}/proposal.json").get_data()
    assert json.loads(data)["salt"] and data == of(session, closed).content.encode()
