"""Handing in: sealed while it arrives, a receipt, changeable until the deadline, and nobody reads it."""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from marketplace.calls.proposals import operations
from marketplace.calls.proposals.models import Proposal, SealedPart
from marketplace.calls.proposals.receiving import Arrival, path_of
from marketplace.calls.sealing import operations as sealing
from marketplace.calls.sealing.receipts import verified
from marketplace.db import now
from marketplace.errors import Refused
from marketplace.web import SEALED_ENDPOINTS
from tests.calls.proposals.cast import MARK, PDF, Cast, cast, form, handed_in, large, multipart
from tests.inspection import work


@pytest.fixture
def world(session) -> Cast:
    return cast()


def sent(client, world: Cast, who=None, **values):
    """What the page answers when the solver sends the form with a large file."""
    client.login(who or world.solver)
    return post(client, world, form(world.institute, **values), [large()])


def post(client, world: Cast, fields, files):
    body, media = multipart(fields, files)
    return client.post(f"/en/open-calls/{world.call.public_id}/proposal", data=body, content_type=media)


def only(session) -> Proposal:
    return session.query(Proposal).one()


def test_the_page_says_what_sealing_means(client, world) -> None:
    client.login(world.solver)
    page = client.get(f"/zh/open-calls/{world.call.public_id}/proposal").get_data(as_text=True)
    assert "可行性" in page and "密封" in page
    client.logout()
    assert client.get(f"/en/open-calls/{world.call.public_id}/proposal").status_code in (302, 303)


def test_a_proposal_is_sealed_and_its_receipt_is_shown(client, world, session, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at/all")  # a parser that spools to the disk would fail
    answer = sent(client, world)
    assert answer.status_code == 303
    page = client.get(answer.location).get_data(as_text=True)
    proposal = only(session)
    version = proposal.versions[0]
    receipt = json.loads(client.get(f"{answer.location}/receipt.json").get_data())
    content = verified(json.dumps(receipt))
    assert content["files"][0]["sha256"] == hashlib.sha256(large()[0].getvalue()).hexdigest() in page
    assert content["files"][0]["name"] == "plan.pdf" and content["call"] == world.call.public_id
    assert proposal.state == "sealed" and proposal.content is None and version.first_byte <= version.last_byte
    assert MARK not in page and MARK not in client.get(f"/en/proposals/{proposal.public_id}").get_data(as_text=True)
    for part in version.parts:
        assert path_of(operations.folder(), part.file).stat().st_size == part.size
    assert not list((operations.folder() / "aside").iterdir())


def test_nothing_that_was_sent_is_in_any_row_or_file(client, world, session, settings) -> None:
    others = set(Path(settings.data).rglob("*"))  # tests before this one may have opened proposals
    assert sent(client, world).status_code == 303
    work()
    tables = reversed(Proposal.metadata.sorted_tables)
    rows = [repr(tuple(row)) for table in tables for row in session.execute(table.select())]  # a row itself shortens long texts
    assert len(rows) > 20 and not [row for row in rows if MARK in row]
    hashes = {hashlib.sha256(content).hexdigest() for content in (large()[0].getvalue(), PDF)}
    assert not [row for row in rows if any(one in row for one in hashes)]
    files = [path for path in Path(settings.data).rglob("*") if path.is_file() and path not in others]
    assert len([path for path in files if "sealed" in path.parts]) >= 2
    assert not [path for path in files if MARK.encode() in path.read_bytes()]


def test_who_may_not_read_finds_nothing_before_the_opening(client, world, session) -> None:
    answer = sent(client, world)
    proposal, receipt = only(session), answer.location
    own = f"/en/proposals/{proposal.public_id}"
    pages = (own, f"{own}/withdraw", receipt, f"{receipt}/receipt.json", f"{own}/proposal.json", f"{own}/files/whatever")
    for who in (world.operator, world.owner, world.reviewer, world.other):
        client.login(who)
        assert [client.get(page).status_code for page in pages] == [404] * len(pages)
        assert client.post(f"{own}/withdraw").status_code == 404
        assert own not in client.get("/en/proposals").get_data(as_text=True)
    for who, status in ((world.operator, 403), (world.reviewer, 403), (world.other, 403), (world.owner, 200)):
        client.login(who)
        answer = client.get(f"/en/open-calls/{world.call.public_id}/proposals")
        assert answer.status_code == status and proposal.public_id not in answer.get_data(as_text=True)
    client.login(world.solver)
    assert [client.get(page).status_code for page in pages[:4]] == [200] * 4
    assert client.get(pages[4]).status_code == client.get(pages[5]).status_code == 404


def test_the_last_version_counts_and_the_earlier_is_destroyed(client, world, session) -> None:
    sent(client, world)
    first = only(session).versions[0]
    files = [path_of(operations.folder(), part.file) for part in first.parts]
    assert sent(client, world).status_code == 422 and only(session).number == 1  # the form did not know of the first
    assert sent(client, world, version=str(only(session).version_id)).status_code == 303
    work()
    session.expire_all()
    assert only(session).number == 2 and [version.destroyed is None for version in only(session).versions] == [True, False]
    assert not any(path.exists() for path in files)
    assert all(path_of(operations.folder(), part.file).exists() for part in only(session).versions[0].parts)


def test_withdrawn_before_the_opening_it_is_destroyed_and_can_be_sent_again(client, world, session) -> None:
    sent(client, world)
    proposal = only(session)
    files = [path_of(operations.folder(), part.file) for part in proposal.versions[0].parts]
    assert client.get(f"/en/proposals/{proposal.public_id}/withdraw").status_code == 200
    assert client.post(f"/en/proposals/{proposal.public_id}/withdraw").status_code == 303
    work()
    assert proposal.state == "withdrawn" and not any(path.exists() for path in files)
    assert sent(client, world, version=str(proposal.version_id)).status_code == 303
    assert only(session).state == "sealed" and only(session).withdrawn is None


def test_late_is_late_by_the_first_byte(world, session) -> None:
    deadline = world.call.deadline
    for late in (timedelta(microseconds=1), timedelta(seconds=1)):
        with pytest.raises(Refused):
            handed_in(world.solver, world.institute, world.call, deadline + late)
    sent_ = operations.HandedIn("x", [], deadline + timedelta(microseconds=1), deadline)
    with pytest.raises(Refused) as refused:  # also when the desk was looked at in time
        operations.hand_in(world.solver, world.call, world.institute, sent_)
    assert refused.value.message == operations.LATE
    made = handed_in(world.solver, world.institute, world.call, deadline, at=deadline + timedelta(minutes=14))
    assert made.first_byte == deadline


def test_an_upload_that_ends_after_the_call_was_closed_counts(world, session) -> None:
    with pytest.raises(Refused):
        handed_in(world.other, world.other.organisations[0], world.call, at=world.call.deadline + timedelta(minutes=16))
    world.call.state = "closed"
    session.flush()
    assert handed_in(world.solver, world.institute, world.call, at=world.call.deadline + timedelta(minutes=9)).number == 1


def test_nothing_is_taken_in_once_the_opening_has_begun(world, session) -> None:
    sealing.key_of(world.call).opening = now()
    session.flush()
    with pytest.raises(Refused):
        handed_in(world.solver, world.institute, world.call)


def test_owner_reviewer_and_stranger_cannot_hand_in(client, world) -> None:
    for who in (world.owner, world.reviewer, world.operator):
        assert sent(client, world, who).status_code == 422
    assert sent(client, world, world.other).status_code == 422  # for an organisation that is not his


def test_a_refused_form_keeps_nothing(client, world, session) -> None:
    answer = sent(client, world, title="")
    assert answer.status_code == 422 and "Choose your files again" in answer.get_data(as_text=True)
    client.login(world.solver)
    assert post(client, world, form(world.institute), [large(name="virus.exe")]).status_code == 422
    assert post(client, world, form(world.institute), [(io.BytesIO(), "empty.pdf")]).status_code == 422
    assert post(client, world, form(world.institute), [(io.BytesIO(PDF), f"{number}.pdf") for number in range(11)]).status_code == 422
    assert session.query(Proposal).count() == 0 and session.query(SealedPart).count() == 0
    assert not list((operations.folder() / "aside").glob("*"))


def test_a_call_without_a_key_takes_nothing(client, world, session) -> None:
    session.delete(sealing.key_of(world.call))
    session.flush()
    assert sent(client, world).status_code == 422 and session.query(Proposal).count() == 0


def test_files_never_go_to_a_temporary_file_unnoticed(app, client, world) -> None:
    """Whoever reads the form of a sealed page too early gets an error, not a file on the disk."""
    assert {"proposals.hand_in"} == SEALED_ENDPOINTS
    body, media = multipart({}, [large()])
    address = f"/en/open-calls/{world.call.public_id}/proposal"
    with app.test_request_context(address, method="POST", data=body, content_type=media) as context, pytest.raises(RuntimeError):
        context.request.form  # noqa: B018


def test_the_page_asks_for_its_forgery_token_itself(app, client, world, session) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert sent(client, world).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert session.query(Proposal).count() == 0


def test_what_an_upload_leaves_is_swept(session, world) -> None:
    arrival = Arrival(operations.folder(), b"\1" * 32, "x")
    arrival.into("plan.pdf").write(PDF)
    assert len(list((operations.folder() / "aside").iterdir())) == 1
    with arrival:
        pass
    assert not list((operations.folder() / "aside").iterdir())


def test_a_busy_database_is_waited_for_and_a_refusal_leaves_no_file(client, world, session, monkeypatch) -> None:
    real, tried = operations.hand_in, []

    def busy(*given, **named):
        tried.append(1)
        if len(tried) < 3:
            raise OperationalError("insert", {}, Exception("database is locked"))
        return real(*given, **named)

    monkeypatch.setattr(operations, "hand_in", busy)
    assert sent(client, world).status_code == 303 and len(tried) == 3
    lying = {path for path in operations.folder().rglob("*") if path.is_file()}
    assert sent(client, world).status_code == 422  # the form did not know of the first
    assert {path for path in operations.folder().rglob("*") if path.is_file()} == lying


def test_a_forged_form_hands_nothing_in(client, world, session, app) -> None:
    """The route asks for the token itself, once the upload is read: without ours nothing of it is kept."""
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        for forged in ({}, {"csrf_token": "forged"}):
            assert sent(client, world, **forged).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert session.query(Proposal).count() == 0 and not list((operations.folder() / "aside").iterdir())
    assert sent(client, world).status_code == 303
