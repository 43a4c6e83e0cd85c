"""Bounces: read as servers write them, believed by the Message-ID alone, and what follows for the address."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts.delivery import SOFT, SOFT_WITHIN
from marketplace.alerts.inbox import bounces, operations
from marketplace.alerts.inbox.models import IncomingMail
from marketplace.alerts.models import Undeliverable
from tests.alerts.inbox.conftest import report, sent
from tests.factories import NOW

pytestmark = pytest.mark.usefixtures("app")

EXIM = b"""Message-ID: <E1-exim@mx>
From: Mail Delivery System <Mailer-Daemon@mx>
To: mail@site
Content-Type: multipart/report; report-type=delivery-status; boundary=1-eximdsn-1
MIME-Version: 1.0
Subject: Mail delivery failed

--1-eximdsn-1
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1-eximdsn-1
Content-type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Action: failed
Final-Recipient: rfc822;reader@example.com
Status: 5.0.0
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; 550 5.7.1 no

--1-eximdsn-1
Content-type: message/rfc822

Return-path: <mail@site>
Message-ID:
 <%s>
Subject: x

text

--1-eximdsn-1--
"""


@pytest.mark.parametrize("returned", ["headers", "all"])
def test_a_hard_bounce_closes_the_address(session, returned):
    mail = sent()
    taken = operations.take_bytes(report(mail.message_id, returned=returned), NOW)
    assert (taken.outcome, taken.refused) == ("bounced", False) and (mail.state, mail.bounce) == ("bounced", "5.1.1")
    [closed] = session.scalars(select(Undeliverable)).all()
    assert (closed.address_key, closed.status, closed.since) == ("reader@example.com", "5.1.1", NOW)


def test_as_exim_writes_it(session):
    mail = sent()
    assert operations.take_bytes(EXIM % mail.message_id.strip("<>").encode(), NOW).outcome == "bounced"
    assert (mail.state, mail.bounce) == ("bounced", "5.0.0")


def test_a_forged_one_changes_nothing(session):
    mail = sent()
    forged = [
        report(mail.message_id.replace("secret", "guessed"), own_id="<1@x>"), report(f"<{mail.public_id}@site>", own_id="<2@x>"),
        report("", own_id="<3@x>"), report(mail.message_id, returned="nothing", own_id="<4@x>"),
    ]
    for raw in forged:
        assert operations.take_bytes(raw, NOW).refused
    session.flush()
    assert mail.state == "sent" and session.scalars(select(Undeliverable)).all() == []
    assert session.scalar(select(IncomingMail.reason).limit(1)) == "A report about a mail that was not sent from here."


@pytest.mark.parametrize(("action", "status", "outcome"), [("delayed", "4.4.1", "noted"), ("delivered", "2.0.0", "noted"), ("relayed", "2.1.9", "noted")])
def test_a_delay_or_a_receipt_is_no_bounce(session, action, status, outcome):
    mail = sent()
    assert operations.take_bytes(report(mail.message_id, status, action), NOW).outcome == outcome
    assert mail.state == "sent" and session.scalars(select(Undeliverable)).all() == []


def test_soft_ones_close_the_address_when_there_are_three_in_a_week(session):
    mails = [sent() for _ in range(SOFT + 1)]
    for day, mail in enumerate(mails):
        mail.address, mail.sent = "full@example.com", NOW + timedelta(days=day)
    mails[0].sent = NOW - SOFT_WITHIN
    for number, mail in enumerate(mails):
        assert session.scalars(select(Undeliverable)).all() == [], number
        operations.take_bytes(report(mail.message_id, "4.2.2", own_id=f"<{number}@mx>"), NOW + timedelta(days=3))
    assert session.scalars(select(Undeliverable.status)).all() == ["4.2.2"]


def test_the_same_report_counts_once(session):
    mail = sent()
    raw = report(mail.message_id)
    assert [operations.take_bytes(raw, NOW).outcome for _ in range(2)] == ["bounced", "duplicate"]
    session.flush()
    assert len(session.scalars(select(IncomingMail)).all()) == 1


@pytest.mark.parametrize("raw", [
    b"", b"\x00\xff\xfe", b"Subject: hello\n\nworld", b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\n",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nAction: fail",
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x--",
])
def test_what_is_not_a_report_is_not_taken_for_one(raw):
    found = bounces.receive(raw, NOW)
    assert found.outcome in ("not_ours", "refused")
