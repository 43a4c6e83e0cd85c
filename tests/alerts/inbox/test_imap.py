"""The inbox on a real IMAP server: bounces and answers with files are read, moved, and counted once, also when the worker dies in between."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from marketplace.alerts.inbox import mailboxes, operations
from marketplace.alerts.inbox.models import IncomingMail
from marketplace.deals.documents.models import Document
from marketplace.deals.talk import addresses
from marketplace.deals.talk.models import Message
from marketplace.jobs import enqueue
from tests import inspection
from tests.alerts.inbox.conftest import report, sent
from tests.alerts.inbox.imap_server import Server, running
from tests.deals.talk.talking import answer_from, answered_at, talking

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("app"), pytest.mark.xdist_group("imap")]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Server]:
    """The server; its folder lies where another account may go."""
    with tempfile.TemporaryDirectory(prefix="techbridge-imap-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder)) as server:
            yield server


@pytest.fixture
def server(dovecot: Server, app) -> Iterator[Server]:
    """The server as the site's inbox, with nothing in it."""
    for path in [path for path in dovecot.maildir.rglob("*") if path.is_file() and path.parent.name in ("new", "cur")]:
        path.unlink()
    before = list(operations._settings)
    operations.configure(replace(before[0], inbox=dovecot.address))
    yield dovecot
    operations._settings[:] = before


def look() -> None:
    enqueue("alerts.inbox")
    inspection.work()


def outcomes(session) -> list[str]:
    return [row.outcome for row in session.scalars(select(IncomingMail).order_by(IncomingMail.id))]


def test_a_bounce_and_a_stranger_are_read_and_put_away(session, server):
    mail = sent()
    server.deliver("1", report(mail.message_id))
    server.deliver("2", b"Subject: hello\r\nMessage-ID: <hello@x>\r\n\r\nWho are you?\r\n")
    look()
    assert mail.state == "bounced" and sorted(outcomes(session)) == ["bounced", "refused"]
    assert server.held() == [] and len(server.held("Done")) == 1 and len(server.held("Refused")) == 1
    look()
    assert len(outcomes(session)) == 2


def test_an_answer_with_a_file_reaches_its_deal(session, server):
    there = talking()
    with answered_at():
        answer = answer_from(there.firm, addresses.reply_address(there.party(there.firm).public_id, "all"), "报价见附件。")
        answer.add_attachment("报价".encode(), maintype="text", subtype="plain", filename="报价.txt")
        server.deliver("1", answer.as_bytes())
        look()
    assert [message.text for message in session.scalars(select(Message))] == ["报价见附件。"]
    assert [document.name for document in session.scalars(select(Document))] == ["报价.txt"] and len(server.held("Done")) == 1


def test_a_large_one_is_not_fetched_and_its_sender_is_told(session, server, monkeypatch):
    there = talking()
    monkeypatch.setattr(mailboxes.ServerLetter, "read", lambda self: pytest.fail("fetched"))
    with answered_at():
        answer = answer_from(there.firm, addresses.reply_address(there.party(there.firm).public_id, "all"), "x").as_bytes()
        server.deliver("1", answer + b"\r\n" + b"x" * (26 * 1024 * 1024))
        look()
    assert outcomes(session) == ["refused"] and len(server.held("Refused")) == 1


def test_killed_between_the_commit_and_the_move_it_counts_once(session, server, monkeypatch):
    mail = sent()
    server.deliver("1", report(mail.message_id))

    def dying(self, refused):
        raise OSError("killed here")

    monkeypatch.setattr(mailboxes.ServerLetter, "put_away", dying)
    look()
    assert mail.state == "bounced" and server.held() == ["1"]
    monkeypatch.undo()
    look()
    assert server.held() == [] and outcomes(session) == ["bounced"]


def test_a_wrong_password_is_named_and_nothing_lost(session, server, caplog):
    server.deliver("1", report(sent().message_id))
    operations.configure(replace(operations._settings[0], inbox=server.address.replace("pass", "guess")))
    look()
    assert "the inbox cannot be read: error" in caplog.text and "guess" not in caplog.text and server.held() == ["1"]
