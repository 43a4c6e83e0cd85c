"""Uploads: what is refused leaves nothing, what is held back opens to nobody, and the operator answers."""

import io
from dataclasses import replace

import pytest
from sqlalchemy import select

from marketplace.alerts.models import Mail
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.catalogue.scanning.models import Upload
from marketplace.catalogue.scanning.operations import state_of
from marketplace.catalogue.scanning.sweeping import ask_again
from tests import factories
from tests.catalogue.scanning.clamd import EICAR, running
from tests.inspection import work


@pytest.fixture
def folder(settings, tmp_path):
    """A store of this test's own."""
    attachments.configure(replace(settings, data=tmp_path))
    yield tmp_path / "files"
    attachments.configure(settings)


@pytest.fixture
def scanned(settings, tmp_path, folder):
    with running() as server:
        attachments.configure(replace(settings, data=tmp_path, scanner=server.address))
        yield server


@pytest.fixture
def technology(session):
    return factories.technology(factories.organisation(factories.person(), kind="institute"))


def bring(client, technology, content: bytes, name: str = "note.txt"):
    client.login(technology.organisation.memberships[0].person)
    return client.post(f"/en/technologies/{technology.public_id}/files", data={"file": (io.BytesIO(content), name)})


def uploads(session):
    session.expire_all()
    return session.scalars(select(Upload).order_by(Upload.id)).all()


def bytes_in(folder) -> list:
    return [path for path in folder.rglob("*") if path.is_file()]


def fetch(client, session, technology):
    attachment = session.scalars(select(Attachment)).one()
    return client.get(f"/en/technologies/{technology.public_id}/files/{attachment.public_id}", buffered=True)


def test_an_infected_file_is_refused_and_the_operator_told(client, session, scanned, folder, technology):
    operator = factories.operator()
    answer = bring(client, technology, EICAR)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "found something harmful in “note.txt” (Eicar-Test-Signature)" in page
    assert bytes_in(folder) == [] and session.scalars(select(Attachment)).all() == []
    work()
    (upload,) = uploads(session)
    assert (upload.state, upload.name, upload.said) == ("refused", "note.txt", "Eicar-Test-Signature")
    mail = session.scalar(select(Mail).where(Mail.person_id == operator.id))
    assert "Eicar-Test-Signature" in mail.body and upload.sha256 in mail.body and "note.txt" not in mail.body
    client.login(operator)
    assert upload.sha256 in client.get("/zh/operations/files").get_data(as_text=True)


def test_a_clean_file_is_marked_scanned(client, session, scanned, technology):
    assert bring(client, technology, b"a note").status_code == 303
    assert [upload.state for upload in uploads(session)] == ["clean"]
    assert "scanned" in client.get(f"/en/technologies/{technology.public_id}").get_data(as_text=True)
    assert fetch(client, session, technology).data == b"a note"


def test_without_a_scanner_a_file_is_marked_as_not_scanned(client, session, folder, technology):
    assert bring(client, technology, b"a note").status_code == 303
    assert "not scanned" in client.get(f"/en/technologies/{technology.public_id}/files").get_data(as_text=True)
    assert fetch(client, session, technology).data == b"a note"


def test_what_looks_harmful_is_held_back_until_the_operator_releases_it(client, session, folder, technology):
    assert bring(client, technology, EICAR).status_code == 303
    (upload,) = uploads(session)
    assert (upload.state, upload.why) == ("quarantined", "test_string")
    refused = fetch(client, session, technology)
    assert refused.status_code == 403 and "held back until" in refused.get_data(as_text=True)
    operator = factories.operator()
    work()
    templates = [(mail.person_id, mail.template) for mail in session.scalars(select(Mail).order_by(Mail.id))]
    assert templates == [(upload.person_id, "upload"), (operator.id, "upload")]
    client.login(operator)
    assert fetch(client, session, technology).status_code == 403
    page = client.get("/en/operations/files").get_data(as_text=True)
    assert "note.txt" in page and upload.sha256 in page and "it carries the test string" in page
    assert client.post(f"/en/operations/files/{upload.public_id}", data={"verb": "release", "reason": " "}).status_code == 422
    assert client.post(f"/en/operations/files/{upload.public_id}", data={"verb": "release", "reason": "only the test string"}).status_code == 303
    assert fetch(client, session, technology).data == EICAR
    assert bring(client, technology, EICAR, "again.txt").status_code == 303
    assert [upload.state for upload in uploads(session)] == ["released", "released"]


def test_what_the_operator_deletes_is_gone_from_the_disk(client, session, folder, technology):
    bring(client, technology, EICAR)
    (upload,) = uploads(session)
    client.login(factories.operator())
    assert len(bytes_in(folder)) == 1
    assert client.post(f"/zh/operations/files/{upload.public_id}", data={"verb": "delete", "reason": "有害"}).status_code == 303
    work()
    assert bytes_in(folder) == [] and state_of(upload.sha256) == "deleted"
    refused = fetch(client, session, technology)
    assert refused.status_code == 403 and "deleted by" in refused.get_data(as_text=True)
    assert "有害" in session.scalars(select(Mail).where(Mail.person_id == upload.person_id).order_by(Mail.id.desc())).first().body


def test_nobody_but_the_operator_sees_the_list(client, session, folder, technology):
    bring(client, technology, EICAR)
    (upload,) = uploads(session)
    for who in (technology.organisation.memberships[0].person, factories.broker()):
        client.login(who)
        for address in ("/en/operations/files", f"/en/operations/files/{upload.public_id}"):
            assert client.get(address).status_code == 403
        assert client.post(f"/en/operations/files/{upload.public_id}", data={"verb": "release", "reason": "mine"}).status_code == 403


def test_a_silent_scanner_is_asked_again(client, session, settings, tmp_path, folder, technology):
    silent = replace(settings, data=tmp_path, scanner="clamd:///nowhere/clamd.ctl")
    attachments.configure(silent)
    bring(client, technology, b"a note")
    bring(client, technology, EICAR, "bad.txt")
    assert [(upload.state, upload.why) for upload in uploads(session)] == [("quarantined", "unreachable"), ("quarantined", "test_string")]
    list(ask_again())
    assert [upload.state for upload in uploads(session)] == ["quarantined", "quarantined"]
    with running() as server:
        attachments.configure(replace(silent, scanner=server.address))
        list(ask_again())
        session.flush()
    assert [upload.state for upload in uploads(session)] == ["clean", "quarantined"]


def test_what_the_scanner_calls_infected_later_is_deleted(client, session, settings, tmp_path, folder, technology, monkeypatch):
    attachments.configure(replace(settings, data=tmp_path, scanner="clamd:///nowhere/clamd.ctl"))
    monkeypatch.setattr("marketplace.scanner.own_look", lambda path: None)  # so that only the scanner can tell
    bring(client, technology, EICAR, "bad.txt")
    with running() as server:
        attachments.configure(replace(settings, data=tmp_path, scanner=server.address))
        list(ask_again())
    work()
    assert [(upload.state, upload.said) for upload in uploads(session)] == [("deleted", "Eicar-Test-Signature")]
    assert bytes_in(folder) == []
