"""The inbox: a real Maildir, one message after the other, each once, moved only after the commit."""

from __future__ import annotations

import os

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from marketplace import cli_mail
from marketplace.alerts.inbox import mailboxes, operations
from marketplace.alerts.inbox.models import IncomingMail
from marketplace.cli import main
from marketplace.config import SettingsError, read
from marketplace.db import now
from marketplace.deals.talk import addresses
from marketplace.deals.talk.models import Message
from marketplace.jobs import enqueue
from tests import factories, inspection
from tests.alerts.inbox.conftest import report, sent
from tests.deals.talk.talking import answer_from, answered_at, talking

pytestmark = pytest.mark.usefixtures("app")


def look() -> None:
    enqueue("alerts.inbox")
    inspection.work()


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_reports_are_read_and_put_away(session, maildir, deliver):
    mail = sent()
    deliver("1", report(mail.message_id))
    deliver("2", b"Subject: hello\nMessage-ID: <hello@x>\n\nWho are you?\n")
    look()
    assert mail.state == "bounced"
    assert names(maildir / ".Done/cur") == ["1:2,S"] and names(maildir / ".Refused/cur") == ["2:2,S"] and names(maildir / "new") == []
    rows = session.scalars(select(IncomingMail).order_by(IncomingMail.id)).all()
    assert [(row.outcome, row.refused) for row in rows] == [("bounced", False), ("refused", True)]
    look()
    assert len(session.scalars(select(IncomingMail)).all()) == 2


def test_a_message_that_breaks_its_reader_stops_no_other(session, maildir, deliver, monkeypatch, client):
    mail = sent()

    def stumbling(raw, at):
        if b"4711" in raw:
            session.add(IncomingMail(digest="half", size=1, outcome="x", refused=False, at=at))
            session.flush()
            raise ValueError("on purpose")
        return operations.Taken("not_ours")

    monkeypatch.setattr(operations, "RECEIVERS", [stumbling, *operations.RECEIVERS])
    deliver("1", b"Subject: 4711\n\n")
    deliver("2", report(mail.message_id))
    look()
    assert mail.state == "bounced" and names(maildir / ".Refused/cur") == ["1:2,S"] and names(maildir / ".Done/cur") == ["2:2,S"]
    assert session.scalar(select(IncomingMail).where(IncomingMail.digest == "half")) is None, "what it had begun is undone"
    client.login(factories.operator())
    assert "邮件无法读取" in client.get("/zh/mail").get_data(as_text=True)


def test_killed_between_the_commit_and_the_move_it_counts_once(session, maildir, deliver, monkeypatch):
    mail = sent()
    deliver("1", report(mail.message_id))
    monkeypatch.setattr(mailboxes.FileLetter, "put_away", lambda self, refused: os.stat("/nothing/there"))
    look()
    assert mail.state == "bounced" and names(maildir / "new") == ["1"]
    monkeypatch.undo()
    look()
    assert names(maildir / ".Done/cur") == ["1:2,S"] and [row.outcome for row in session.scalars(select(IncomingMail))] == ["bounced"]


def test_killed_before_the_commit_it_is_read_again(session, maildir, deliver):
    mail = sent()
    session.commit()
    deliver("1", report(mail.message_id))
    work = operations.look()
    next(work)
    work.close()
    session.rollback()
    assert mail.state == "sent" and names(maildir / "new") == ["1"]
    look()
    assert mail.state == "bounced"


def test_an_answer_to_a_message_reaches_its_deal(session, maildir, deliver):
    there = talking()
    with answered_at():
        to = addresses.reply_address(there.party(there.firm).public_id, "all")
        deliver("1", answer_from(there.firm, to, "周五可以。").as_bytes())
        deliver("2", answer_from(there.holder, to, "我也可以。").as_bytes())
        look()
    assert [message.text for message in session.scalars(select(Message))] == ["周五可以。"]
    assert names(maildir / ".Done/cur") == ["1:2,S"] and names(maildir / ".Refused/cur") == ["2:2,S"], "the other address may not write there"


def test_one_message_through_a_pipe(session, monkeypatch):
    mail = sent()
    runner = CliRunner()
    monkeypatch.setattr(cli_mail, "ready", lambda: None)
    session.commit()
    with inspection.playing():
        answer = runner.invoke(main, ["mail", "receive"], input=report(mail.message_id))
    session.expire_all()
    assert (answer.exit_code, answer.output, mail.state) == (0, "bounced\n", "bounced")


def test_a_large_one_is_not_even_read(session, maildir, deliver, monkeypatch):
    monkeypatch.setattr(operations, "LARGEST", 100)
    monkeypatch.setattr(mailboxes.FileLetter, "read", lambda self: pytest.fail("read"))
    deliver("1", b"x" * 101)
    look()
    assert names(maildir / ".Refused/cur") == ["1:2,S"] and session.scalar(select(IncomingMail.reason)) == "The message is too large."


def test_a_refused_one_that_is_put_back_is_looked_at_again(session, maildir, deliver):
    raw = report("<unknown@site>")
    assert operations.take_bytes(raw, now()).refused
    mail = sent()
    mail.message_id = "<unknown@site>"
    session.flush()
    assert operations.take_bytes(raw, now()).outcome == "bounced"
    session.flush()
    assert [row.refused for row in session.scalars(select(IncomingMail))] == [False]


def test_without_an_inbox_or_with_one_that_is_away_nothing_happens(session, maildir, caplog):
    (maildir / "new").rmdir()
    look()
    assert "the inbox cannot be read: FileNotFoundError" in caplog.text


@pytest.mark.parametrize(("typed", "right"), [
    ("maildir:/var/mail/site", True), ("imaps://me:secret@mail.example.com/INBOX", True), ("maildir:relative", False),
    ("imaps://mail.example.com/INBOX", False), ("pop3://me:secret@x/", False),
])
def test_the_setting(typed, right, tmp_path):
    environ = {"MARKETPLACE_INBOX": typed, "MARKETPLACE_DATA": str(tmp_path), "SECRET_KEY": "x" * 40}
    if right:
        assert read(environ).inbox == typed and "secret" not in repr(read(environ))
    else:
        with pytest.raises(SettingsError) as caught:
            read(environ)
        assert "secret" not in str(caught.value)
