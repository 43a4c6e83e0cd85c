"""Documents of a deal: versions, who may open them, the log, and what is refused."""

import io
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from marketplace.catalogue import attachments
from marketplace.catalogue.scanning.models import Upload
from marketplace.deals.documents import operations
from marketplace.deals.documents.models import Document, DocumentOpening, DocumentVersion
from marketplace.deals.models import Entry, Party
from marketplace.errors import NotAllowed, NotFound, Refused
from tests import factories
from tests.catalogue.scanning.clamd import EICAR, running
from tests.inspection import work


@pytest.fixture
def folder(settings, tmp_path):
    attachments.configure(replace(settings, data=tmp_path))
    yield tmp_path / "files"
    attachments.configure(settings)


@pytest.fixture
def deal(session, folder):
    return factories.deal(stage="introduced")


def person_of(deal, side):
    return next(party.person for party in deal.parties if party.side == side)


@pytest.fixture
def guest(session, deal):
    who = factories.person()
    session.add(Party(deal=deal, side="guest", person=who, address_key=who.address_key, state="active", created=factories.NOW))
    session.flush()
    session.expire(deal, ["parties"])
    return who


def add(who, deal, content=b"first", name="plan.txt", **values):
    return operations.add_document(who, deal, values.pop("called", "Plan"), io.BytesIO(content), name, **values)


def readers(deal, document):
    found = []
    for side in ("firm", "holder", "broker", "guest"):
        try:
            operations.document_of(person_of(deal, side), deal, document.public_id)
            found.append(side)
        except NotFound:
            pass
    return found


def test_who_may_read_a_document(session, deal, guest):
    firm = person_of(deal, "firm")
    shared, own, open_to_all = add(firm, deal), add(firm, deal, side="firm"), add(firm, deal, guests=True)
    assert readers(deal, shared) == ["firm", "holder", "broker"]
    assert readers(deal, own) == ["firm"]
    assert readers(deal, open_to_all) == ["firm", "holder", "broker", "guest"]
    assert readers(deal, add(guest, deal)) == ["firm", "holder", "broker", "guest"]
    assert readers(deal, add(person_of(deal, "broker"), deal, side="broker")) == ["broker"]
    for stranger in (factories.operator(), factories.broker(), factories.person()):
        with pytest.raises(NotFound):
            operations.document_of(stranger, deal, shared.public_id)
    late_owner = factories.person()
    factories.membership(late_owner, deal.firm, "owner")
    assert operations.document_of(late_owner, deal, own.public_id) is own
    with pytest.raises(NotAllowed):
        add(late_owner, deal)


def test_nobody_keeps_a_document_for_another_side(deal, guest):
    for who, side in ((person_of(deal, "firm"), "holder"), (guest, "guest"), (guest, "firm"), (person_of(deal, "broker"), "firm")):
        with pytest.raises(NotAllowed):
            add(who, deal, side=side)


def test_a_new_version_keeps_the_old(client, session, deal):
    firm, holder = person_of(deal, "firm"), person_of(deal, "holder")
    document = add(firm, deal)
    address = f"/en/deals/{deal.public_id}/documents/{document.public_id}"
    client.login(holder)
    assert client.post(address, data={"after": "1", "file": (io.BytesIO(b"second"), "plan2.txt")}).status_code == 303
    assert client.get(f"{address}/1", buffered=True).data == b"first"
    assert client.get(f"{address}/2", buffered=True).data == b"second"
    assert client.get(f"{address}/3").status_code == 404
    page = client.get(address).get_data(as_text=True)
    assert "plan.txt" in page and "plan2.txt" in page and "not scanned" in page
    opened = session.execute(select(DocumentOpening.person_id, DocumentVersion.number).join(DocumentVersion).order_by(DocumentOpening.id)).all()
    assert opened == [(holder.id, 1), (holder.id, 2)]
    client.login(firm)
    log = client.get(address.replace("/en/", "/zh/")).get_data(as_text=True)
    assert log.count(f"<td>{holder.name}</td><td class=\"n\">") == 2
    assert [entry.kind for entry in session.scalars(select(Entry).where(Entry.deal_id == deal.id).order_by(Entry.id))] == ["document_added", "document_version"]


def test_a_version_that_somebody_else_added_first_is_answered_409(client, session, deal):
    document = add(person_of(deal, "firm"), deal)
    operations.add_version(person_of(deal, "holder"), document, 1, io.BytesIO(b"second"), "b.txt")
    with pytest.raises(StaleDataError):
        operations.add_version(person_of(deal, "firm"), document, 1, io.BytesIO(b"mine"), "c.txt")
    client.login(person_of(deal, "firm"))
    answer = client.post(f"/en/deals/{deal.public_id}/documents/{document.public_id}", data={"after": "1", "file": (io.BytesIO(b"mine"), "c.txt")})
    assert answer.status_code == 409 and "Somebody else saved this first" in answer.get_data(as_text=True)
    assert [version.number for version in session.scalars(select(DocumentVersion))] == [1, 2]


def test_a_party_that_was_removed_opens_nothing_more(client, session, deal):
    holder = person_of(deal, "holder")
    document = add(holder, deal)
    address = f"/en/deals/{deal.public_id}/documents/{document.public_id}"
    session.query(Party).filter(Party.person_id == holder.id).update({"state": "removed"})
    session.query(factories.Membership).filter(factories.Membership.person_id == holder.id).update({"role": "member"})
    session.expire_all()
    client.login(holder)
    for path in ("", "/1"):
        assert client.get(address + path).status_code == 404
    for path, values in (("", {"after": "1", "file": (io.BytesIO(b"x"), "x.txt")}), ("/guests", {"guests": "yes"}), ("/remove", {})):
        assert client.post(address + path, data=values).status_code == 404
    assert client.get(f"/en/deals/{deal.public_id}/documents").status_code == 404
    assert session.scalars(select(DocumentOpening)).all() == []
    with pytest.raises((NotAllowed, NotFound)):
        operations.remove_document(holder, session.merge(document))


def test_a_document_is_opened_to_guests_and_closed_again(client, session, deal, guest):
    document = add(person_of(deal, "firm"), deal, called="Quiet plan")
    address = f"/zh/deals/{deal.public_id}/documents/{document.public_id}"
    client.login(guest)
    assert client.get(f"{address}/1").status_code == 404 and "Quiet plan" not in client.get(f"/en/deals/{deal.public_id}").get_data(as_text=True)
    assert operations.of_entry(guest, session.scalars(select(Entry)).one()) is None
    client.login(person_of(deal, "holder"))
    assert client.post(f"{address}/guests", data={"guests": "yes"}).status_code == 303
    client.login(guest)
    assert client.get(f"{address}/1", buffered=True).data == b"first"
    assert client.post(f"{address}/guests", data={"guests": "no"}).status_code == 403
    client.login(person_of(deal, "holder"))
    assert client.post(f"{address}/guests", data={"guests": "no"}).status_code == 303
    client.login(guest)
    assert client.get(f"{address}/1").status_code == 404


def test_a_document_of_one_side_is_not_opened_to_guests(deal):
    firm = person_of(deal, "firm")
    assert not add(firm, deal, side="firm", guests=True).guests
    with pytest.raises(Refused):
        operations.share_with_guests(firm, add(firm, deal, side="firm"), True)


def test_whoever_put_it_there_takes_it_away(client, session, deal):
    document = add(person_of(deal, "firm"), deal)
    address = f"/en/deals/{deal.public_id}/documents/{document.public_id}"
    client.login(person_of(deal, "holder"))
    assert client.post(f"{address}/remove").status_code == 403
    client.login(person_of(deal, "firm"))
    assert client.post(f"{address}/remove").status_code == 303
    assert client.get(f"{address}/1").status_code == 404 and client.get(address).status_code == 404
    assert operations.of_entry(person_of(deal, "firm"), session.scalars(select(Entry).order_by(Entry.id.desc())).first()).name == "Plan"


def test_the_walk_through_the_pages(client, session, deal):
    client.login(person_of(deal, "firm"))
    assert "There are no documents yet" in client.get(f"/en/deals/{deal.public_id}").get_data(as_text=True)
    assert client.get(f"/zh/deals/{deal.public_id}/documents").status_code == 200
    answer = client.post(f"/zh/deals/{deal.public_id}/documents", data={"name": "", "side": "firm", "file": (io.BytesIO("报价".encode()), "报价单.txt")})
    assert answer.status_code == 303 and "报价单.txt" in client.get(answer.location).get_data(as_text=True)
    page = client.get(f"/zh/deals/{deal.public_id}").get_data(as_text=True)
    assert "报价单.txt" in page and "仅企业方" in page
    client.login(person_of(deal, "holder"))
    assert "报价单" not in client.get(f"/zh/deals/{deal.public_id}").get_data(as_text=True)
    assert client.post(f"/zh/deals/{deal.public_id}/documents", data={"side": "firm", "file": (io.BytesIO(b"x"), "x.txt")}).status_code == 422


@pytest.mark.parametrize(("content", "name", "words"), [
    (b"MZ\x90\x00" * 100, "plan.exe", "can be attached"), (b"MZ\x90\x00" * 100, "plan.pdf", "not what its name says"), (b"", "plan.txt", "empty"),
    (b"PK\x03\x04 broken", "plan.docx", "not what its name says"),
], ids=["unknown", "disguised", "empty", "broken"])
def test_a_wrong_type_is_refused_and_nothing_kept(client, session, folder, deal, content, name, words):
    client.login(person_of(deal, "firm"))
    answer = client.post(f"/en/deals/{deal.public_id}/documents", data={"side": "", "file": (io.BytesIO(content), name)})
    assert answer.status_code == 422 and words in answer.get_data(as_text=True)
    nothing_is_left(session, folder)


def nothing_is_left(session, folder):
    assert not [path for path in folder.rglob("*") if path.is_file()]
    for model in (Document, DocumentVersion, Upload, Entry):
        assert session.scalars(select(model)).all() == []


@pytest.mark.parametrize(("language", "words"), [("en", "larger than the 64 MB that this site accepts"), ("zh", "文件超过本平台允许的 64 MB")])
def test_a_document_of_200_mb_is_told_the_limit_before_it_is_read(client, session, folder, deal, language, words):
    client.login(person_of(deal, "firm"))
    answer = client.post(
        f"/{language}/deals/{deal.public_id}/documents", data={"side": "", "file": (io.BytesIO(b"the beginning"), "plan.txt")},
        environ_overrides={"CONTENT_LENGTH": str(200 * 1024 * 1024)},
    )
    assert answer.status_code == 413 and words in answer.get_data(as_text=True)
    nothing_is_left(session, folder)


def test_a_file_larger_than_the_limit_leaves_nothing(session, folder, deal, monkeypatch):
    monkeypatch.setattr(attachments, "upload_limit", lambda: 1024 * 1024)
    with pytest.raises(Refused, match="larger than 1 MB"):
        add(person_of(deal, "firm"), deal, bytes(1024 * 1024 + 1))
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_a_virus_is_refused_by_the_scanner_and_nothing_kept(client, session, settings, tmp_path, folder, deal):
    client.login(person_of(deal, "firm"))
    with running() as server:
        attachments.configure(replace(settings, data=tmp_path, scanner=server.address))
        answer = client.post(f"/en/deals/{deal.public_id}/documents", data={"side": "", "file": (io.BytesIO(EICAR), "plan.txt")})
    assert answer.status_code == 422 and "found something harmful" in answer.get_data(as_text=True)
    nothing_is_left(session, folder)
    work()
    assert [(upload.state, upload.thing, upload.thing_id) for upload in session.scalars(select(Upload))] == [("refused", "deal", deal.id)]


def test_without_a_scanner_it_waits_for_the_operator_and_nobody_opens_it(client, session, deal):
    client.login(person_of(deal, "firm"))
    answer = client.post(f"/en/deals/{deal.public_id}/documents", data={"side": "", "file": (io.BytesIO(EICAR), "plan.txt")})
    assert answer.status_code == 303 and "held back" in client.get(answer.location).get_data(as_text=True)
    for who in (person_of(deal, "firm"), person_of(deal, "holder"), person_of(deal, "broker")):
        client.login(who)
        assert client.get(f"{answer.location}/1").status_code == 403
    client.login(factories.operator())
    assert client.get(f"{answer.location}/1").status_code == 404
    assert "plan.txt" in client.get("/en/operations/files").get_data(as_text=True)
    assert session.scalars(select(DocumentOpening)).all() == []
