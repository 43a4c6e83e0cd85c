"""Mail that does not get through: pauses, refusals for good, what the operator sees and does, and the headers of a digest."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from marketplace.access import VISITOR
from marketplace.alerts import delivery, operations
from marketplace.alerts.models import Mail, Undeliverable
from marketplace.alerts.subscriptions import operations as subscriptions
from marketplace.db import now
from marketplace.jobs import Job, run_one
from marketplace.people import operations as people
from tests import factories, inspection

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def mail(session) -> Mail:
    """A mail that waits to be sent."""
    people.ask_reset(VISITOR, factories.person(language="zh", address="reader@example.com").address)
    session.commit()
    with inspection.playing():
        run_one()
    return session.scalars(select(Mail)).one()


def again(session) -> Job | None:
    """Let the waiting attempt come."""
    session.execute(update(Job).where(Job.kind == "alerts.send", Job.state == "queued").values(due=now()))
    inspection.work()
    return session.scalar(select(Job).where(Job.kind == "alerts.send", Job.state == "queued"))


def test_pauses_grow_over_two_days_and_then_it_is_refused(session, box, mail):
    box.answers = ["451 4.3.0 try <reader@example.com> later"] * 20
    waited, name = timedelta(0), mail.message_id
    while waiting := again(session):
        pause = waiting.due - now()
        assert mail.state == "queued" and pause <= delivery.PAUSES[mail.attempts - 1] and (mail.attempts < 2 or pause > timedelta(minutes=4))
        waited += pause
    assert (mail.state, mail.attempts, mail.message_id) == ("refused", len(delivery.PAUSES) + 1, name)
    assert timedelta(hours=47) < waited < timedelta(hours=49) and mail.body
    assert mail.error == "451 4.3.0 try <…> later", "no address in what is kept of the answer"
    assert session.scalars(select(Job).where(Job.state == "failed")).all() == []
    assert session.scalars(select(Undeliverable)).all() == [], "the address may be good: the server was not"


def test_a_server_that_is_away_is_waited_for(session, bind, mail):
    bind(smtp="smtp://127.0.0.1:1")
    assert again(session) is not None and mail.state == "queued" and "ConnectionRefusedError" in mail.error


def test_what_is_refused_for_good_is_not_tried_again_and_not_logged(session, box, mail, caplog):
    box.answers = ["554 5.6.0 reader@example.com said something"]
    with caplog.at_level(logging.DEBUG, logger="marketplace"):
        assert again(session) is None
    assert (mail.state, mail.error) == ("refused", "554 5.6.0 … said something") and "reader@" not in caplog.text
    assert session.scalars(select(Undeliverable)).all() == [], "the text was refused, not the address"


def test_an_address_that_is_refused_gets_no_more_digests(session, box, mail):
    async def nobody(_server, _session, _envelope, _address, _options):
        return "550 5.1.1 no such mailbox"

    box.handle_RCPT = nobody
    assert again(session) is None and mail.state == "refused"
    [closed] = session.scalars(select(Undeliverable)).all()
    assert (closed.address_key, closed.status) == ("reader@example.com", "5.1.1")


def test_the_operator_sees_and_tries_again_or_gives_up(client, session, box, mail):
    box.answers = ["451 later"]
    again(session)
    for person, status in ((factories.person(), 403), (factories.broker(), 403), (factories.operator(), 200)):
        client.login(person)
        answer = client.get("/zh/mail")
        assert answer.status_code == status
        assert client.post(f"/zh/mail/{mail.public_id}/give_up").status_code == (403 if status == 403 else 303)
    session.expire_all()
    assert mail.state == "refused" and mail.error == "451 later"
    page = client.get("/en/mail").get_data(as_text=True)
    assert "r…@example.com" in page and "reader@" not in page and "451 later" in page
    assert client.post(f"/en/mail/{mail.public_id}/give_up").status_code == 422, "given up already"
    assert client.post(f"/en/mail/{mail.public_id}/try_again").status_code == 303
    assert session.scalars(select(Job).where(Job.kind == "alerts.send", Job.state == "queued")).one().due <= now()
    inspection.work()
    assert (mail.state, len(box.mails)) == ("sent", 1) and box.mails[0]["Message-ID"] == mail.message_id
    assert delivery.standing() == {"waiting": 0, "after a failure": 0, "refused": 0, "bounced": 0}


def test_try_again_brings_the_waiting_attempt_forward_and_makes_no_second(client, session, box, mail):
    box.answers = ["451 later"]
    again(session)
    client.login(factories.operator())
    client.post(f"/zh/mail/{mail.public_id}/try_again")
    inspection.work()
    assert mail.state == "sent" and session.scalars(select(Job).where(Job.kind == "alerts.send", Job.state == "queued")).all() == []


def test_headers_of_a_digest_and_of_other_mail(session, box, mail):
    person = factories.person(address="follower@example.com")
    row = subscriptions.follow_search(person, "technology", "laser", {}, "laser", factories.NOW)
    stop = f"/unsubscribe/{subscriptions.token_for(row)}"
    operations.to_person(
        "digest", person, "/subscriptions", sections=[], count=1, stop=stop, alone=True, envelope=operations.Envelope(unsubscribe=stop))
    inspection.work()
    sent = {message["To"]: message for message in box.mails}
    digest, other = sent["follower@example.com"], sent["reader@example.com"]
    assert "".join(digest["List-Unsubscribe"].split()) == f"<https://techbridge.example.com/zh{stop}>"
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and digest["Auto-Submitted"] == "auto-generated"
    assert digest.get_body(("plain",)).get_content().rstrip().endswith(f"https://techbridge.example.com/zh{stop}")
    assert other["List-Unsubscribe"] is None and other["List-Unsubscribe-Post"] is None and "unsubscribe" not in other.get_body(("plain",)).get_content()
