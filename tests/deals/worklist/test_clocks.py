"""The clocks of an agreement on the page of its deal: what the technology manager and both sides see of it, and what nobody does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from marketplace.db import now, session
from marketplace.deals.models import Party
from marketplace.licensing.duties import operations as duties
from marketplace.licensing.duties import recordals
from marketplace.licensing.duties.watching import clocks_of
from marketplace.licensing.ledger import day_of
from tests import factories
from tests.licensing.agreement.parties import TRIAL, parties, signed
from tests.licensing.duties.parties import negotiated, published

SECRETS = ("200,000", "900,000", "50,000", "200000", "900000")


def dealt(who, agreement, stage="notice", **values):
    """The deal that the agreement belongs to: its two owners, a broker and a guest take part."""
    pair = factories.match(factories.need(who.licensee), who.technology)
    deal = factories.deal(pair, None, stage, agreement=agreement, **values)
    guest = factories.person()
    session.add(Party(deal=deal, side="guest", person=guest, address_key=guest.address_key, state="active", created=factories.NOW))
    session.flush()
    session.expire(deal, ["parties"])
    return deal, guest


def block(client, reader, deal, lang="en") -> str:
    """What the block of the clocks says to a reader; nothing where it is not shown."""
    client.login(reader)
    page = BeautifulSoup(client.get(f"/{lang}/deals/{deal.public_id}").get_data(as_text=True), "lxml")
    found = page.select_one("#clocks dl")
    return " ".join(found.get_text(" ", strip=True).split()) if found else ""


def test_the_broker_and_both_sides_read_the_same_clocks_and_no_amount(client):
    who = parties()
    at = now() - timedelta(days=5)
    agreement = negotiated(who, {**TRIAL, "effective": at.date().isoformat()}, at)
    notice = published(who, agreement, at, days=15)
    deal, guest = dealt(who, agreement)
    said = [block(client, reader, deal) for reader in (deal.broker, who.firm, who.holder)]
    assert len(set(said)) == 1, said
    first, last = notice.published_on, notice.published_on + timedelta(days=15)
    for part in (f"From {first:%B} {first.day}, {first.year}", f"{last:%B} {last.day}, {last.year}", "11 of 15", "none is open",
                 f"Can be signed from {last + timedelta(days=1):%B} {(last + timedelta(days=1)).day}"):
        assert part in said[0], (part, said[0])
    client.login(deal.broker)
    page = client.get(f"/en/deals/{deal.public_id}").get_data(as_text=True)
    assert not [secret for secret in SECRETS if secret in page]
    assert block(client, guest, deal) == "" and "剩余天数" in block(client, deal.broker, deal, "zh")
    objection = duties.object_to(factories.person(), notice, "1", "价格太低", at=at)
    session.flush()
    stopped = block(client, deal.broker, deal)
    assert "one is open and stops the clock" in stopped and "Can be signed from" not in stopped and "价格太低" not in stopped
    duties.answer_objection(who.holder, objection, True, "有理", now())
    session.flush()
    assert "an objection was right" in block(client, deal.broker, deal)


def test_of_a_draft_and_of_a_blind_notice_nothing_leaks(client):
    who = parties()
    who.technology.visibility, who.technology.teaser = "blind", {"zh": "一种装置", "en": "A device"}
    factories.access_grant(who.technology, who.licensee)
    agreement = negotiated(who, {**TRIAL, "effective": now().date().isoformat()}, now())
    deal, _guest = dealt(who, agreement)
    notice = published(who, agreement, now(), days=15)
    client.login(deal.broker)
    page = client.get(f"/en/deals/{deal.public_id}").get_data(as_text=True)
    assert not [secret for secret in SECRETS if secret in page]
    assert "Days left" in page and notice.public_id not in page, "its page tells the price and is not his to read"
    client.login(who.firm)
    assert notice.public_id in client.get(f"/en/deals/{deal.public_id}").get_data(as_text=True)
    agreement.state = "draft"
    assert clocks_of(agreement, now().date()) is None


@pytest.mark.parametrize(("days", "words"), [(0, "to be recorded"), (200, "overdue since")])
def test_after_signing_the_recordal_and_the_registration_stand_there(client, days, words):
    who = parties()
    who.technology.application_number = "201710601862.3"
    agreement = signed(who)
    recordals.begin_recordal(agreement.id)
    session.flush()
    deal, _guest = dealt(who, agreement, "performing")
    recordal = recordals.recordal_of(agreement)
    recordal.due = day_of(agreement, now()) - timedelta(days=1) if days else recordal.due
    session.flush()
    said = block(client, deal.broker, deal)
    assert "Recordal with the patent office" in said and words in said and "not prepared yet" in said and "Can be signed" not in said
    factories.event(agreement, "trial_started", day_of(agreement, now()).isoformat())
    session.flush()
    assert "Trial until" in block(client, who.firm, deal)
