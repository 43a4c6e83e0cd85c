"""`marketplace check` over what notices, credit records, fees, pools, calls and bookings keep: it is well as the site makes them, and says what somebody
changed by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, text, update

from marketplace.calls.models import Call, CallOwner
from marketplace.calls.pools import converting, pledging
from marketplace.calls.pools.models import Pledge, Pool
from marketplace.calls.sealing.models import CallKey
from marketplace.catalogue.facilities import faults as bookings
from marketplace.catalogue.facilities.models import Booking
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


def pooled(*amounts: int) -> Pool:
    pool = factories.pool(None, *amounts, at=now())
    session.refresh(pool, ["pledges"])
    pledging.settle(pool, now())
    return pool


def test_a_pool_whose_state_is_not_what_its_pledges_say_is_found(app):
    pool, reached, converted = pooled(30_000_000), pooled(60_000_000, 50_000_000), pooled(70_000_000, 40_000_000)
    converting.convert(converted.organisation.memberships[0].person, converted, at=now())
    assert (pool.state, reached.state, converted.state) == ("open", "reached", "converted") and "every pool" in look(app, "pools")
    first, second = (update(Pledge).where(Pledge.pool_id == one.id) for one in (pool, reached))
    own = update(Pool).where(Pool.id == pool.id)
    for change, told in (
        (second.values(amount=1), f"pool {reached.public_id}: is reached, with 2 pledges that come to 2 of 100000000"),
        (second.values(revision=9), f"pool {reached.public_id}: is reached, with 0 pledges"),
        (update(Pool).where(Pool.id == reached.id).values(state="open"), f"pool {reached.public_id}: is open, with 2 pledges that come to 110000000"),
        (own.values(state="missed"), f"pool {pool.public_id}: is missed, and 1 pledges stand"),
        (own.values(deadline=now() - timedelta(hours=2)), f"pool {pool.public_id}: is open, its deadline was"),
        (delete(CallOwner).where(CallOwner.organisation_id != converted.organisation_id), "2 pledges stand, its call has 1 owners.*636364 of 1000000"),
    ):
        session.execute(change)  # the check takes it back when it is through
        with pytest.raises(ValueError, match=told):
            CHECKS["pools"](app.config["SETTINGS"], True)
    session.execute(first.values(amount=200_000_000))
    assert "every pool" in look(app, "pools"), "one firm alone carries no pool, whatever it pledges"


def test_a_call_without_its_key_and_an_award_without_teams_are_found(app):
    open_for = factories.open_call(published=now() - timedelta(hours=2))
    with pytest.raises(ValueError, match=f"call {open_for.public_id}: is published, and has no key"):
        look(app, "calls")
    session.add(CallKey(call_id=open_for.id, public="x" * 44, created=now()))
    factories.open_call(published=now())
    assert "every published call" in look(app, "calls"), "a key may take its job some minutes"
    session.execute(update(Call).where(Call.id == open_for.id).values(state="awarded"))
    with pytest.raises(ValueError, match=f"call {open_for.public_id}: is awarded, and has no team"):
        look(app, "calls")


def test_two_bookings_at_one_time_are_found_where_the_database_has_lost_its_rule(own_database):
    facility, starts = factories.facility(), now()
    wide, other = (factories.booking(facility, starts=starts, ends=starts + timedelta(hours=hours), state="requested") for hours in (9, 1))
    within = factories.booking(facility, starts=starts + timedelta(hours=2), ends=starts + timedelta(hours=3), state="requested")
    elsewhere = factories.booking(factories.facility(), starts=starts, ends=starts + timedelta(hours=1), state="accepted")
    session.execute(update(Booking).where(Booking.id == wide.id).values(state="accepted"))
    session.commit()
    assert list(bookings.faults(starts)) == []
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("alter table booking drop constraint ex_booking_facility_id_span"))
    else:
        session.execute(text("drop trigger tr_booking_update"))
    session.execute(update(Booking).values(state="accepted"))
    told = list(bookings.faults(starts))
    assert [line.split(":")[0] for line in sorted(told)] == sorted(f"booking {one.public_id}" for one in (other, within)), told
    assert facility.public_id in told[0] and elsewhere.public_id not in str(told)
    over = list(bookings.faults(starts + timedelta(days=2)))
    assert any(line.startswith(f"booking {elsewhere.public_id}: is accepted, and was over on") for line in over)
