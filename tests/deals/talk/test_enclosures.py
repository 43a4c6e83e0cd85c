"""Files of answers by mail: documents of whoever wrote, for who reads the answer; what is refused is told to the writer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.alerts.inbox import operations as inbox
from marketplace.alerts.models import Mail
from marketplace.catalogue import attachments
from marketplace.catalogue.scanning.models import Upload
from marketplace.db import now
from marketplace.deals.documents import operations as documents
from marketplace.deals.documents.models import Document
from marketplace.deals.models import Entry
from marketplace.deals.talk import addresses, enclosures, operations
from marketplace.deals.talk.models import Message
from marketplace.record import move
from tests.catalogue.scanning.clamd import EICAR, running
from tests.deals.talk.talking import answer_from, answered_at, talking
from tests.inspection import work

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def folder(settings, tmp_path):
    attachments.configure(replace(settings, data=tmp_path))
    yield tmp_path / "files"
    attachments.configure(settings)


@pytest.fixture
def there(session, folder):
    with answered_at():
        yield talking()


def answer(there, who, audience="all", text="报价见附件。", **files):
    """A mail in answer, with files by their names (an underscore for the point)."""
    mail = answer_from(who, addresses.reply_address(there.party(who).public_id, audience), text)
    for name, content in files.items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name.replace("_", "."))
    return operations.receive(mail.as_bytes())


def told(session, person, template):
    return [mail for mail in session.scalars(select(Mail).where(Mail.template == template).order_by(Mail.id)) if mail.address == person.address]


def test_a_file_becomes_a_document_of_the_sender(client, session, there, folder):
    assert answer(there, there.holder, 报价_pdf=PDF, plan_txt=b"plan").outcome == "posted"
    session.flush()
    first, second = session.scalars(select(Document).order_by(Document.id))
    assert (first.name, first.person_id, first.side, first.guests, second.name) == ("报价.pdf", there.holder.id, None, True, "plan.txt")
    assert attachments.store().path(first.versions[0].sha256).read_bytes() == PDF
    work()
    assert "* 报价.pdf" in told(session, there.broker, "deal_message")[0].body and not told(session, there.holder, "files_refused")
    client.login(there.firm)
    page = client.get(f"/zh/deals/{there.deal.public_id}/messages?audience=all").get_data(as_text=True)
    assert f"/documents/{first.public_id}" in page and "未收录" not in page
    assert client.get(f"/zh/deals/{there.deal.public_id}/documents/{first.public_id}/1", buffered=True).data == PDF


@pytest.mark.parametrize(("audience", "reading"), [
    ("firm_broker", {"broker", "firm", "second"}), ("firm", {"firm", "second"}), ("all", {"broker", "firm", "second", "holder", "guest"}),
])
def test_who_reads_the_answer_opens_its_file_and_nobody_else(client, session, there, audience, reading):
    answer(there, there.firm, audience, plan_txt=b"what we pay now")
    session.flush()
    message, document = session.scalars(select(Message)).one(), session.scalars(select(Document)).one()
    lines = {entry.side for entry in session.scalars(select(Entry).where(Entry.kind == "document_added"))}
    assert lines == {"firm_broker": {"firm", "broker"}, "firm": {"firm"}, "all": {None}}[audience]
    for name in ("broker", "firm", "second", "holder", "guest"):
        who = getattr(there, name)
        client.login(who)
        opened = client.get(f"/en/deals/{there.deal.public_id}/documents/{document.public_id}/1", buffered=True)
        assert (opened.status_code == 200, bool(enclosures.shown(who, message))) == (name in reading, name in reading)
        assert ("plan.txt" in client.get(f"/en/deals/{there.deal.public_id}").get_data(as_text=True)) == (name in reading)


def test_a_file_without_a_word_is_announced_by_its_name(session, there):
    assert answer(there, there.firm, text="\n", plan_txt=b"plan").outcome == "posted"
    session.flush()
    assert session.scalars(select(Message)).one().text == "plan.txt"


REFUSED = {"plan.exe": b"MZ\x90\x00" * 9, "plan.pdf": b"MZ\x90\x00" * 9, "empty.txt": b""}


def test_what_is_refused_is_told_to_the_sender_in_one_mail_and_the_rest_is_taken(session, there, folder):
    files = {name.replace(".", "_"): content for name, content in REFUSED.items()}
    assert answer(there, there.holder, plan_txt=b"plan", **files).outcome == "posted"
    session.flush()
    assert [document.name for document in session.scalars(select(Document))] == ["plan.txt"]
    assert [path.read_bytes() for path in folder.rglob("*") if path.is_file()] == [b"plan"]
    work()
    mails = told(session, there.holder, "files_refused")
    assert len(mails) == 1 and not told(session, there.firm, "files_refused")
    for name in REFUSED:
        assert f"* {name}" in mails[0].body
    assert "附件只能是 PDF" in mails[0].body and "文件是空的" in mails[0].body and "plan.txt" not in mails[0].body
    assert "3个文件未收录" in told(session, there.broker, "deal_message")[0].body and session.scalars(select(Message)).one().left_out == 3


def test_a_virus_is_refused_by_the_scanner_and_the_operator_hears_of_it(session, settings, tmp_path, there, folder):
    with running() as server:
        attachments.configure(replace(settings, data=tmp_path, scanner=server.address))
        assert answer(there, there.firm, plan_txt=EICAR, good_txt=b"good").outcome == "posted"
    session.flush()
    assert [document.name for document in session.scalars(select(Document))] == ["good.txt"]
    work()
    assert [(upload.state, upload.thing_id) for upload in session.scalars(select(Upload).where(Upload.state == "refused"))] == [("refused", there.deal.id)]
    assert "found something harmful in “plan.txt”" in told(session, there.firm, "files_refused")[0].body


def test_without_a_scanner_a_virus_is_held_back_from_everybody(client, session, there):
    answer(there, there.firm, plan_txt=EICAR)
    work()
    document = session.scalars(select(Document)).one()
    for who in (there.firm, there.holder):
        client.login(who)
        assert client.get(f"/en/deals/{there.deal.public_id}/documents/{document.public_id}/1").status_code == 403
    assert told(session, there.firm, "upload")


def test_a_scanner_that_is_away_keeps_the_database_waiting_once(session, settings, tmp_path, there):
    attachments.configure(replace(settings, data=tmp_path, scanner=f"clamd://{tmp_path}/nothing"))
    answer(there, there.firm, a_txt=b"a", b_txt=b"b", c_txt=b"c")
    session.flush()
    assert [document.name for document in session.scalars(select(Document))] == ["a.txt"]
    work()
    assert told(session, there.firm, "files_refused")[0].body.count("does not answer") == 2


def test_a_mail_brings_so_many_files_and_no_more(session, there):
    answer(there, there.firm, **{f"f{number}_txt": str(number).encode() for number in range(12)})
    session.flush()
    assert len(list(session.scalars(select(Document)))) == enclosures.MOST == 10
    assert [each.name for each in enclosures.refused(session.scalars(select(Message)).one())] == ["f10.txt", "f11.txt"]


def test_a_removed_party_and_a_programme_bring_nothing(session, there):
    mail = answer_from(there.holder, addresses.reply_address(there.party(there.holder).public_id, "all"), "away", Auto_Submitted="auto-replied")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="a.pdf")
    assert operations.receive(mail.as_bytes()).outcome == "refused"
    move(there.party(there.holder), "remove", SYSTEM)
    session.flush()
    assert answer(there, there.holder, a_pdf=PDF).outcome == "refused"
    assert not list(session.scalars(select(Document)))


def test_a_mail_of_200_mb_is_not_read_and_its_sender_is_told(session, there, tmp_path):
    mail = answer_from(there.holder, addresses.reply_address(there.party(there.holder).public_id, "all"), "见附件")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="huge.pdf")
    path = tmp_path / "huge"
    path.write_bytes(mail.as_bytes())
    with path.open("r+b") as file:
        file.truncate(200 * 1024 * 1024)
    letter = inbox.mailboxes.FileLetter(path, tmp_path, path.stat().st_size)
    assert inbox.take(letter, now()).refused and inbox.take(letter, now()).refused
    work()
    assert not list(session.scalars(select(Document))) and not list(session.scalars(select(Message)))
    assert ["25 MB" in mail.body for mail in told(session, there.holder, "reply_refused")] == [True], "told once"


def test_a_mail_within_the_mail_is_one_file_and_its_words_are_not_the_senders(session, there):
    inner = answer_from(there.broker, "x@example.com", "words of somebody else")
    inner.add_attachment(PDF, maintype="application", subtype="pdf", filename="inner.pdf")
    mail = answer_from(there.firm, addresses.reply_address(there.party(there.firm).public_id, "all"), "see below")
    mail.add_attachment(inner)
    operations.receive(mail.as_bytes())
    session.flush()
    message = session.scalars(select(Message)).one()
    assert (message.text, message.left_out, list(session.scalars(select(Document)))) == ("see below", 1, [])


def test_on_the_page_a_document_for_one_side_and_the_broker(client, session, there):
    client.login(there.firm)
    assert documents.circles(there.firm, there.deal) == ["firm_broker", "firm"] and documents.circles(there.guest, there.deal) == []
    page = client.get(f"/zh/deals/{there.deal.public_id}/documents").get_data(as_text=True)
    assert 'value="firm_broker"' in page and 'value="holder_broker"' not in page
