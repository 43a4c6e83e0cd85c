"""Mail: what each happening writes, in both languages, and how it leaves through a real server."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.exceptions import MethodNotAllowed

from marketplace.access import SYSTEM, VISITOR
from marketplace.alerts import operations
from marketplace.alerts.models import Mail
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.alerts.subscriptions.models import Subscription
from marketplace.db import now
from marketplace.jobs import enqueue, run_all, run_one
from marketplace.people import operations as people
from marketplace.people import organisations
from marketplace.record import record
from tests import factories, inspection
from tests.factories import PASSWORD
from tests.inspection import ENGLISH_RUN

pytestmark = pytest.mark.usefixtures("app")

LINK = re.compile(r"https?://[^/\s]+(/\S+)")


def every_happening(session, language: str) -> list[str]:
    """Cause one of each mail and write it; the names of the templates that must come of it."""
    person, owner, asking = (factories.person(language=language, name=name) for name in ("Kim", "Quinn", "Robin"))
    person.confirmed = None
    names = {"zh": "启明阀门", "en": "Qiming Valves"}
    works, good, bad, closed = (factories.organisation(owner, state="pending", name=names) for _ in range(4))
    people.ask_confirmation(person, person)
    people.ask_reset(VISITOR, person.address)
    people.ask_address(owner, owner, PASSWORD, "another@example.com")
    organisations.invite(owner, works, "guest@example.com", "member", language)
    organisations.ask_to_join(asking, works)
    organisations.accept_request(owner, organisations.ask_to_join(asking, good))
    organisations.refuse_request(owner, organisations.ask_to_join(asking, closed))
    organisations.verify(factories.operator(), good)
    organisations.refuse_verification(factories.operator(), bad, "4711")
    need = factories.need(works, author_id=owner.id)
    subscriptions.follow(owner, need, "Deburring" if language == "en" else "去毛刺", factories.NOW).pace = "at_once"
    factories.match(need)
    record(need, "matches_found", SYSTEM, count=1)
    session.commit()
    run_all()
    enqueue("alerts.digests")
    session.commit()
    run_all()
    return ["change_address", "change_address_notice", "confirm_address", "digest", "invite", "join_answered", "join_answered", "join_request",
            "organisation_refused", "organisation_verified", "reset_password"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_mail_is_whole_in_its_language_and_its_link_leads_somewhere(app, session, language):
    names = every_happening(session, language)
    mails = session.scalars(select(Mail)).all()
    assert sorted(mail.template for mail in mails) == names
    routes = app.url_map.bind("127.0.0.1")
    for mail in mails:
        text = f"{mail.subject}\n{mail.body}"
        assert mail.language == language and mail.subject and "\n" not in mail.subject
        assert "%(" not in text and "{{" not in text and "  " not in mail.subject
        assert ("您好" if language == "zh" else "Hello") in mail.body
        if language == "zh":
            assert not ENGLISH_RUN.search(text), text
        paths = LINK.findall(mail.body)
        assert len(paths) == (3 if mail.template == "digest" else 1)
        for path in paths:
            assert path.startswith(f"/{language}/")
            try:
                routes.match(path)
            except MethodNotAllowed:
                pytest.fail(f"{mail.template} leads to {path}, which cannot be opened")


def test_the_number_found_stands_in_the_mail_to_the_author(session):
    author = factories.person(language="en", address="author@example.com")
    need = factories.need(factories.organisation(author), author_id=author.id)
    record(need, "publish", SYSTEM, factories.NOW)
    inspection.work()
    for count in (2, 1):
        for _ in range(count):
            factories.match(need)
        record(need, "matches_found", SYSTEM, count=count)
        inspection.work()
        session.execute(update(Subscription).values(due=now()))
        enqueue("alerts.digests")
        inspection.work()
    subjects = [mail.subject for mail in session.scalars(select(Mail).where(Mail.address == "author@example.com").order_by(Mail.id))]
    assert subjects == ["2 new things in what you follow", "1 new thing in what you follow"]


def test_a_name_cannot_write_headers(session):
    owner = factories.person()
    works = factories.organisation(owner, name={"zh": "甲\r\nBcc: everybody@example.com"})
    organisations.invite(owner, works, "guest@example.com", "member")
    session.commit()
    run_all()
    mail = session.scalars(select(Mail)).one()
    message = operations._message(mail, "mail@example.com")
    assert message["Subject"] == "邀请您加入甲" and message["Bcc"] is None


def ask(session):
    person = factories.person(language="zh", address="reader@example.com")
    people.ask_reset(VISITOR, person.address)
    session.commit()
    return person


def the_mail(session) -> Mail:
    session.expire_all()
    return session.scalars(select(Mail)).one()


def test_without_a_mail_server_mail_is_kept(session):
    ask(session)
    run_all()
    assert (the_mail(session).state, the_mail(session).sent) == ("kept", None) and "/zh/reset/" in the_mail(session).body


def test_mail_leaves_once_and_its_text_does_not_stay(session, box):
    ask(session)
    run_all()
    mail, [sent] = the_mail(session), box.mails
    assert (mail.state, mail.body) == ("sent", "") and mail.sent is not None
    assert box.recipients == ["reader@example.com"] and sent["To"] == "reader@example.com"
    assert sent["Subject"] == "重设密码" and sent["From"] == "TechBridge <mail@example.com>"
    assert sent["Message-ID"] == mail.message_id and mail.message_id.endswith("@techbridge.example.com>")
    assert "https://techbridge.example.com/zh/reset/" in sent.get_body(("plain",)).get_content() and sent.get_body(("plain",)).get_content_charset() == "utf-8"
    list(operations.send(mail.id))
    assert len(box.mails) == 1, "a job that runs twice sends no second mail"


def test_a_mail_that_was_refused_for_now_is_tried_again_under_the_same_id(session, box):
    ask(session)
    box.answers = ["451 try again later"]
    run_all()
    mail = the_mail(session)
    assert (mail.state, mail.attempts, box.mails) == ("queued", 1, []) and "/zh/reset/" in mail.body
    assert mail.error == "451 try again later"
    name = mail.message_id
    run_one(now() + timedelta(hours=1))
    assert [sent["Message-ID"] for sent in box.mails] == [name]
    assert (the_mail(session).state, the_mail(session).error) == ("sent", None)


def test_nothing_is_locked_while_the_mail_server_answers(session, box):
    ask(session)
    run_one()
    work = operations.send(the_mail(session).id)
    next(work)
    assert box.mails == [], "the runner commits before the server is spoken to"
    assert list(work) == [] and len(box.mails) == 1


@pytest.mark.parametrize("address", ["smtp://name:secret@127.0.0.1:{port}", "smtp://127.0.0.1:{port}?starttls=required"])
def test_a_password_or_a_mail_that_asks_for_tls_is_not_sent_without(session, box, bind, address):
    port = operations._post[0].settings.smtp.rsplit(":", 1)[1]
    bind(smtp=address.format(port=port))
    ask(session)
    run_all()
    assert box.mails == [] and the_mail(session).state == "queued"
    assert "STARTTLS" in the_mail(session).error


def test_closed_accounts_get_no_mail(session):
    person = ask(session)
    person.closed = now()
    session.commit()
    run_all()
    assert session.scalars(select(Mail)).all() == []
