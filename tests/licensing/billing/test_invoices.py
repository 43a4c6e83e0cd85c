"""Invoices: numbered without gaps, copying what they state, cancelled only by a mirror, following what is owed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from marketplace.access import SYSTEM
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.jobs import Job
from marketplace.licensing import ledger
from marketplace.licensing.billing import operations, totals
from marketplace.licensing.billing.models import Invoice
from marketplace.licensing.models import Obligation
from tests import factories
from tests.factories import NOW
from tests.inspection import work

KEY = "milestone:pilot"


def invoices(agreement) -> list[Invoice]:
    return list(session.scalars(select(Invoice).where(Invoice.agreement_id == agreement.id).order_by(Invoice.number)))


def test_an_obligation_that_arises_is_billed_once_by_a_job(two):
    two.reach()
    work()
    (invoice,) = invoices(two.agreement)
    assert (invoice.kind, invoice.subject, invoice.amount, invoice.currency, invoice.due) == ("fee", KEY, 5_000_000, "CNY", date(2026, 3, 3))
    assert (invoice.number, invoice.person_id, invoice.issuer_id, invoice.customer_id) == (1, None, two.institute.id, two.firm.id)
    operations.bill_obligation(session.scalar(select(Obligation.id).where(Obligation.key == KEY)))
    operations.bill(two.agreement)
    assert len(invoices(two.agreement)) == 1


def test_everything_it_states_is_a_copy(two):
    operations.edit_profile(two.officer, two.institute, address={"zh": "杭州市文一路1号"}, bank="测试银行", account="330106", tax_note={"zh": "不含税"})
    two.institute.credit_code = "12100000400002259P"
    two.reach()
    invoice = operations.issue(two.officer, two.agreement, KEY, NOW)
    two.institute.name = {"zh": "改名后的学院"}
    two.agreement.title = {"zh": "改过的标题"}
    operations.edit_profile(two.officer, two.institute, address={"zh": "别处"})
    session.flush()
    session.expire(invoice)
    assert invoice.copy["issuer"]["name"]["zh"].startswith("测试企业") and invoice.copy["issuer"]["code"] == "12100000400002259P"
    assert invoice.copy["issuer"]["address"] == {"zh": "杭州市文一路1号"} and invoice.copy["issuer"]["account"] == "330106"
    assert invoice.copy["agreement"]["title"]["zh"].startswith("许可协议") and invoice.copy["agreement"]["sha256"] == two.agreement.text_sha256
    assert "2026年2月1日" in invoice.copy["because"]["zh"] and "1 February 2026" in invoice.copy["because"]["en"]
    assert invoice.copy["tax_note"] == {"zh": "不含税"}


def test_a_royalty_states_its_period_and_its_base(two):
    factories.event(two.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000.50", deductions={"运费": "1000"})
    invoice = operations.issue(two.officer, two.agreement, "royalty:2026-04-01", NOW)
    assert (invoice.period_first, invoice.period_last, invoice.amount) == (date(2026, 4, 1), date(2026, 6, 30), 2_997_002)
    assert invoice.copy["base"] == {"kind": "net_sales", "figure": "999000.50", "gross": "1000000.50", "deductions": {"运费": "1000"}}


def test_a_minimum_states_its_year_and_what_the_royalties_were(app):
    terms = {**factories.TERMS, "royalty": {**factories.TERMS["royalty"], "period": "year", "minimum_per_year": "10000"}, "effective": "2025-01-01"}
    agreement = factories.agreement(terms=terms)
    factories.event(agreement, "statement", "2026-01-20", period="2025-01-01", gross="100000")
    invoice = operations.issue(SYSTEM, agreement, "minimum:2025", NOW)
    assert (invoice.amount, invoice.period_first, invoice.period_last) == (700_000, date(2025, 1, 1), date(2025, 12, 31))
    assert invoice.copy["base"] == {"kind": "minimum", "figure": "10000.00", "royalties": "3000.00"}


def test_what_changes_is_cancelled_by_a_mirror_and_billed_anew(two):
    factories.event(two.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000")
    work()
    factories.event(two.agreement, "statement", "2026-08-10", period="2026-04-01", gross="900000")
    work()
    first, mirror, second = invoices(two.agreement)
    assert [one.number for one in (first, mirror, second)] == [1, 2, 3]
    assert (first.amount, mirror.amount, second.amount) == (3_000_000, -3_000_000, 2_700_000)
    assert mirror.cancels is first and mirror.copy["cancels"]["reference"] == first.reference and mirror.reason == operations.CHANGED
    assert operations.live_invoices(two.agreement) == {"royalty:2026-04-01": [second]}


def test_what_is_taken_back_is_cancelled(two):
    event = factories.event(two.agreement, "milestone_accepted", "2026-02-01", id="pilot")
    work()
    ledger.void(two.owner, event, "wrong milestone", NOW)
    work()
    assert [one.amount for one in invoices(two.agreement)] == [5_000_000, -5_000_000]
    assert operations.live_invoices(two.agreement) == {}


def test_what_a_person_cancelled_stays_cancelled_until_a_person_issues_it(two):
    two.reach()
    work()
    operations.cancel(two.officer, invoices(two.agreement)[0], "wrong address", NOW)
    operations.bill(two.agreement, NOW)
    assert len(invoices(two.agreement)) == 2
    again = operations.issue(two.officer, two.agreement, KEY, NOW)
    assert (again.number, again.round) == (3, 1)
    assert operations.issue(two.officer, two.agreement, KEY, NOW) is again


def test_cancelling_twice_gives_one_mirror_and_a_mirror_cannot_be_cancelled(two):
    two.reach()
    invoice = operations.issue(two.officer, two.agreement, KEY, NOW)
    mirror = operations.cancel(two.officer, invoice, "wrong", NOW)
    assert operations.cancel(two.officer, invoice, "wrong", NOW) is mirror
    with pytest.raises(Refused):
        operations.cancel(two.officer, mirror, "wrong", NOW)
    with pytest.raises(Refused):
        operations.cancel(two.officer, invoice, " ", NOW)


@pytest.mark.parametrize("change", [lambda invoice: setattr(invoice, "amount", 1), session.delete], ids=["changed", "deleted"])
def test_an_invoice_is_never_changed_or_deleted(two, change):
    two.reach()
    change(operations.issue(two.officer, two.agreement, KEY, NOW))
    with pytest.raises(ValueError, match="cannot be changed"):
        session.flush()


def test_nothing_is_issued_by_itself_where_that_is_switched_off(two):
    operations.edit_profile(two.officer, two.institute, automatic=False)
    two.reach()
    work()
    assert invoices(two.agreement) == []
    assert operations.issue(two.officer, two.agreement, KEY, NOW).number == 1


def test_what_has_not_arisen_cannot_be_billed(two):
    for key in (KEY, "royalty:2026-04-01", "nothing"):
        with pytest.raises(Refused):
            operations.issue(two.officer, two.agreement, key, NOW)


def test_numbers_begin_anew_each_year_of_the_issuers_zone(two):
    two.reach()
    eve = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    first = operations.issue(two.officer, two.agreement, KEY, eve)
    operations.cancel(two.officer, first, "x", eve)
    later = operations.issue(two.officer, two.agreement, KEY, eve + timedelta(minutes=1))
    assert [(one.year, one.number) for one in (first, later)] == [(2026, 1), (2027, 1)]
    assert later.issued == date(2027, 1, 1) and first.reference != later.reference


def test_a_failure_after_the_number_was_taken_leaves_no_gap(two):
    two.reach()
    nested = session.begin_nested()
    operations.issue(two.officer, two.agreement, KEY, NOW)
    nested.rollback()
    assert operations.issue(two.officer, two.agreement, KEY, NOW).number == 1
    assert list(totals.faults()) == []


def test_a_gap_would_be_found(two):
    two.reach()
    operations.take_number(two.institute, 2026)
    operations.issue(two.officer, two.agreement, KEY, NOW)
    session.flush()
    assert any("last number given 2" in fault for fault in totals.faults())


def test_interest_is_billed_as_far_as_it_has_accrued_and_never_twice(two):
    two.reach()
    ledger.refresh(two.agreement, NOW)
    note = operations.issue_interest(two.officer, two.agreement, NOW)
    assert (note.kind, note.amount, note.due) == ("interest", 5_000_000 * 244 * 365 // 365 // 10_000, NOW.date() + timedelta(days=30))
    with pytest.raises(Refused):
        operations.issue_interest(two.officer, two.agreement, NOW)
    later = operations.issue_interest(two.officer, two.agreement, NOW + timedelta(days=10))
    assert later.amount == 5_000
    operations.cancel(two.officer, note, "too early", NOW + timedelta(days=10))
    assert operations.interest_to_bill(two.agreement) == note.amount


def test_a_tax_invoice_number_stands_beside_the_invoice(two):
    two.reach()
    invoice = operations.issue(two.officer, two.agreement, KEY, NOW)
    for _time in range(2):
        operations.note_tax_invoice(two.officer, invoice, " 2433 2000 0001 ", NOW)
    session.flush()
    session.expire(invoice)
    assert [one.number for one in invoice.tax_invoices] == ["243320000001"]
    with pytest.raises(NotAllowed):
        operations.note_tax_invoice(two.owner, invoice, "1", NOW)


def test_only_the_licensor_issues_and_cancels_and_only_the_two_sides_read(two):
    two.reach()
    invoice = operations.issue(two.officer, two.agreement, KEY, NOW)
    for who in (two.owner, factories.person(), factories.operator(), factories.broker()):
        with pytest.raises(NotAllowed):
            operations.issue(who, two.agreement, KEY, NOW)
        with pytest.raises(NotAllowed):
            operations.cancel(who, invoice, "x", NOW)
        if who is not two.owner:
            with pytest.raises(NotFound):
                operations.by_public_id(who, invoice.public_id)
    assert operations.by_public_id(two.owner, invoice.public_id) is invoice


@pytest.mark.parametrize("currency", ["CNY", "JPY", "KRW", "USD", "EUR"])
def test_amounts_up_to_a_million_million_in_any_currency(app, currency):
    agreement = factories.agreement(terms={"currency": currency, "effective": "2026-01-01", "entry_fee": "1000000000000"})
    invoice = operations.issue(SYSTEM, agreement, "entry", NOW)
    assert invoice.amount == 10**12 * (1 if currency in ("JPY", "KRW") else 100)
    session.flush()
    assert list(totals.agreement_faults(agreement)) == []


def test_the_job_of_billing_is_queued_with_what_caused_it(two):
    two.reach()
    assert session.scalar(select(Job).where(Job.kind == "licensing.bill")) is not None
