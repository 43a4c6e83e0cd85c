"""Mail of risk sharing: who hears of what, in the reader's language, with a link that leads somewhere; jobs that run twice."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace.alerts import risk as mails
from marketplace.alerts.models import Mail
from marketplace.db import session
from marketplace.licensing import ledger
from marketplace.licensing.models import AgreementEvent
from marketplace.licensing.risk import claiming, operations, watching
from marketplace.record import Event
from tests.factories import NOW
from tests.inspection import ENGLISH_RUN, work
from tests.licensing.risk.cases import COVER, filed, in_force, offered, paid, parties, requested, settled

pytestmark = pytest.mark.usefixtures("app")

LINK = re.compile(r"https?://[^/\s]+(/\S+)")


def sent(of, act):
    """The mails of what `act` did: (who, subject), in the order of the people."""
    work()
    session.query(Mail).delete()
    act()
    work()
    names = {of.institute.address: "institute", of.firm.address: "firm", of.guarantor.address: "guarantor"}
    return sorted((names[mail.address], mail.template) for mail in session.scalars(select(Mail)))


def test_who_hears_of_a_guarantee():
    of = parties()
    assert sent(of, lambda: requested(of)) == [("guarantor", "guarantee_news")]
    assert sent(of, lambda: offered(of)) == [("firm", "guarantee_news"), ("institute", "guarantee_news")], "what was asked is answered already"
    guarantee = offered(of)
    assert sent(of, lambda: operations.change_cover(of.firm, guarantee, COVER, at=NOW)) == [("guarantor", "guarantee_news")]
    assert [who for who, _ in sent(of, lambda: operations.decline_guarantee(of.guarantor, guarantee, NOW))] == ["firm", "institute"]
    assert [who for who, _ in sent(of, lambda: in_force(of))] == ["firm", "guarantor", "institute"]


def test_who_hears_of_a_claim():
    of = parties()
    guarantee = in_force(of)
    assert sent(of, lambda: filed(of, guarantee)) == [("firm", "claim_news"), ("guarantor", "claim_news")]
    [claim] = guarantee.claims
    assert sent(of, lambda: claiming.accept_claim(of.guarantor, claim, NOW)) == [("institute", "claim_news")]
    assert sent(of, lambda: claiming.pay_claim(of.guarantor, claim, NOW.date(), "", NOW)) == [("institute", "claim_news")]
    assert sent(of, lambda: claiming.deny_claim(of.institute, claim, NOW)) == [("firm", "claim_news"), ("guarantor", "claim_news")]
    claiming.pay_claim(of.guarantor, claim, NOW.date(), "", NOW)
    assert sent(of, lambda: claiming.settle_claim(of.institute, claim, NOW)) == [("firm", "recourse"), ("guarantor", "claim_news")]
    later = {"amount": "50000", "obligation": "milestone:pilot"}
    assert sent(of, lambda: ledger.enter(of.institute, of.agreement, "payment", NOW.date(), "later", NOW, **later)) == [("guarantor", "claim_news")]
    [event] = session.scalars(select(AgreementEvent).where(AgreementEvent.key.startswith("claim:")))
    assert sent(of, lambda: ledger.void(of.institute, event, "退票", NOW)) == [("firm", "claim_news"), ("guarantor", "claim_news")]
    session.refresh(claim)
    assert claim.state == "accepted", "the job has reopened it"
    assert sent(of, lambda: claiming.refuse_claim(of.guarantor, claim, "已由被许可方付清", NOW)) == [("institute", "claim_news")]


def test_a_debt_overdue_is_told_once(monkeypatch):
    of = parties()
    settled(of, in_force(of))
    monkeypatch.setattr(watching, "now", lambda: NOW + timedelta(days=31))

    def daily():
        for _pause in watching.watch_guarantees():
            session.flush()

    assert sent(of, daily) == [("firm", "recourse"), ("guarantor", "recourse")]
    assert sent(of, daily) == []
    assert session.query(Event).filter_by(name="claim.recourse_overdue").count() == 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_mail_is_whole_in_its_language(app, language):
    of = parties(language=language)
    guarantee = in_force(of)
    claim = paid(of, guarantee)
    claiming.settle_claim(of.institute, claim, NOW)
    claim.answer = "4711"
    session.commit()
    session.query(Mail).delete()
    for step in ("asked", "offered", "in_force", "declined"):
        mails._guarantee(guarantee, step, of.agreement.licensor)
    for step in ("filed", "accepted", "refused", "paid", "settled", "unpaid", "paid_twice"):
        mails._claim(claim, step, 123_456, of.agreement.licensor)
    for late in (False, True):
        mails._debt(claim, claim.entries[0], late, of.agreement.licensor)
    session.flush()
    found = session.scalars(select(Mail)).all()
    assert len(found) == 13 and len({mail.subject for mail in found}) == 13
    routes = app.url_map.bind("127.0.0.1")
    for mail in found:
        text = f"{mail.subject}\n{mail.body}"
        assert "%(" not in text and "{{" not in text and "\n" not in mail.subject and of.agreement.title[language] in text
        assert language == "en" or not ENGLISH_RUN.search(text), text
        [path] = LINK.findall(mail.body)
        assert path.startswith(f"/{language}/") and routes.match(path)
    assert any("1,234.56" in mail.body for mail in found)
