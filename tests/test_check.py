"""`marketplace check` over what notices, credit records and fees keep as copies: it is well as the site makes them, and says what somebody changed by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from marketplace.cli_check import CHECKS
from marketplace.db import now, session
from marketplace.deals.fees.dues import refresh
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.fees.operations import Wanted, set_fee
from marketplace.deals.introduction.operations import answer
from marketplace.licensing.credit.entries import refresh_credit
from marketplace.licensing.credit.models import CreditEntry
from marketplace.licensing.duties.models import Notice
from tests import factories
from tests.factories import NOW
from tests.licensing.agreement.parties import TRIAL, parties
from tests.licensing.duties.parties import negotiated, published


def look(app, name: str) -> str:
    session.commit()
    return CHECKS[name](app.config["SETTINGS"], True)


def test_a_notice_whose_last_day_was_changed_by_hand_is_found(app):
    who = parties()
    notice = published(who, negotiated(who, {**TRIAL, "effective": now().date().isoformat()}, now()), now(), days=15)
    assert "every notice" in look(app, "notices")
    session.execute(update(Notice).values(runs_until=notice.runs_until - timedelta(days=14)))
    with pytest.raises(ValueError, match=f"notice {notice.public_id}: runs until .*, the clock says"):
        look(app, "notices")


def test_a_credit_entry_that_no_fact_bears_out_is_found(app):
    agreement = factories.agreement(terms={"currency": "CNY", "entry_fee": "1000", "effective": "2026-05-01"})
    factories.event(agreement, "payment", "2026-05-20", amount="1000")
    refresh_credit(agreement, now())
    assert session.query(CreditEntry).count() and "1 agreements" in look(app, "credit")
    session.execute(update(CreditEntry).values(outcome="overdue", done=None))
    with pytest.raises(ValueError, match="is not what the facts say"):
        look(app, "credit")


def test_a_day_that_began_since_the_last_count_is_no_fault(app):
    agreement = factories.agreement(terms={"currency": "CNY", "entry_fee": "1000", "effective": "2026-05-01"})
    agreement.standing.as_of = date(2026, 5, 2)
    session.flush()
    assert not session.query(CreditEntry).count() and "1 agreements" in look(app, "credit")


def test_a_due_of_a_fee_that_its_schedule_does_not_know_is_found(app):
    deal = factories.deal()
    set_fee(deal.broker, deal, Wanted("fixed", amount=100_000, payer="firm", moment="introduction", due_days=10), NOW)
    for side, house in (("firm", deal.firm), ("holder", deal.holder)):
        answer(house.memberships[0].person, deal, side, True, 1, at=NOW)
    deal.state, deal.introduced = "introduced", NOW
    refresh(deal, NOW)
    assert "1 deals" in look(app, "fees")
    session.execute(update(FeeDue).values(amount=1))
    with pytest.raises(ValueError, match=f"deal {deal.public_id}: introduction:firm: kept 1, owed 100000"):
        look(app, "fees")
