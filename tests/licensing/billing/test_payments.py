"""Payments: reported, foreseen, confirmed, rejected, bounced; and nothing that is recorded twice counts twice."""

from __future__ import annotations

import io
from datetime import date

import pytest
from sqlalchemy import select

from marketplace.access import VISITOR
from marketplace.db import session
from marketplace.errors import NotAllowed, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.billing import bank, operations, payments, totals
from marketplace.licensing.billing.models import BankLine, Payment
from marketplace.licensing.models import AgreementEvent, Obligation, Standing
from tests import factories
from tests.factories import NOW

KEY = "milestone:pilot"
DAY = date(2026, 3, 1)


@pytest.fixture
def owing(two):
    """The milestone is owed and billed."""
    two.reach()
    operations.issue(two.officer, two.agreement, KEY, NOW)
    return two


def report(two, amount: int = 5_000_000, key: str = "k", who=None, **values) -> Payment:
    return payments.report_payment(who or two.owner, two.agreement, key, NOW, **{"amount": amount, "day": DAY, "reference": "ABC", **values})


def events(two) -> list[AgreementEvent]:
    return [event for event in ledger.standing_events(two.agreement) if event.type in ("payment", "interest_paid")]


def unpaid(two) -> int:
    return session.scalar(select(Obligation.unpaid).where(Obligation.agreement_id == two.agreement.id, Obligation.key == KEY))


def test_reported_it_counts_for_nothing_confirmed_it_pays(owing):
    payment = report(owing)
    assert (payment.state, unpaid(owing), events(owing)) == ("reported", 5_000_000, [])
    assert payments.preview(payment, NOW) == [payments.Part(KEY, 5_000_000)]
    payments.confirm_payment(owing.officer, payment, NOW)
    assert (payment.state, unpaid(owing), len(events(owing))) == ("confirmed", 0, 1)
    assert payments.preview(payment, NOW) == [payments.Part(KEY, 5_000_000)]
    assert list(totals.faults()) == []


def test_part_of_it_leaves_the_rest_open_and_more_is_credit(owing):
    payments.confirm_payment(owing.officer, report(owing, 2_000_000), NOW)
    assert unpaid(owing) == 3_000_000
    over = report(owing, 3_500_000, "k2")
    assert payments.preview(over, NOW) == [payments.Part(KEY, 3_000_000), payments.Part("credit", 500_000)]
    payments.confirm_payment(owing.officer, over, NOW)
    assert unpaid(owing) == 0 and session.get(Standing, owing.agreement.id).credit == 500_000
    assert list(totals.faults()) == []


def test_unnamed_it_pays_the_oldest_and_says_so_before(owing):
    factories.event(owing.agreement, "statement", "2026-07-10", period="2026-04-01", gross="1000000")
    payment = report(owing, 6_000_000, day=date(2026, 10, 1))
    royalty = "royalty:2026-04-01"
    assert payments.preview(payment, NOW) == [payments.Part(KEY, 5_000_000), payments.Part(royalty, 1_000_000)]
    named = report(owing, 1_000_000, "k2", day=date(2026, 10, 1), obligation_key=royalty)
    assert payments.preview(named, NOW) == [payments.Part(royalty, 1_000_000)]


def test_a_part_can_pay_interest(owing):
    payment = report(owing, 5_100_000, day=date(2026, 11, 2), interest=100_000)
    assert payments.preview(payment, NOW) == [payments.Part(KEY, 5_000_000), payments.Part("interest", 100_000)]
    payments.confirm_payment(owing.officer, payment, NOW)
    assert [event.type for event in events(owing)] == ["payment", "interest_paid"]
    assert session.get(Standing, owing.agreement.id).interest == 122_000 - 100_000
    assert list(totals.faults()) == []


def test_more_interest_than_accrued_is_refused_beside_its_field(owing):
    with pytest.raises(Refused) as refused:
        report(owing, 200_000, day=date(2026, 11, 2), interest=200_000)
    assert refused.value.field == "interest"


@pytest.mark.parametrize(("values", "field"), [
    ({"amount": 0}, "amount"), ({"amount": 10**14 + 1}, "amount"), ({"day": date(2027, 1, 1)}, "day"), ({"obligation_key": "milestone:other"}, "obligation"),
    ({"interest": 5_000_001}, "interest"),
])
def test_what_cannot_be_is_refused_beside_its_field(owing, values, field):
    with pytest.raises(Refused) as refused:
        report(owing, **values)
    assert refused.value.field == field


def test_a_form_sent_twice_reports_one_payment(owing):
    assert report(owing) is report(owing)
    assert len(payments.payments_of(owing.agreement)) == 1


def test_the_same_money_typed_again_needs_a_word_that_it_is_another(owing):
    report(owing)
    with pytest.raises(Refused) as refused:
        report(owing, key="k2", reference="a-b c")
    assert refused.value.field == "again"
    assert report(owing, key="k2", again=True).twin == 1
    assert report(owing, key="k3", amount=4_999_999).twin == 0


def test_a_bank_transaction_is_recorded_once(owing):
    report(owing, transaction="T1")
    with pytest.raises(Refused) as refused:
        report(owing, key="k2", amount=1, transaction="T1")
    assert refused.value.field == "transaction"


def test_confirming_twice_counts_once(owing):
    payment = report(owing)
    payments.confirm_payment(owing.officer, payment, NOW)
    with pytest.raises(Refused):
        payments.confirm_payment(owing.officer, payment, NOW)
    assert len(events(owing)) == 1


def test_rejected_needs_a_reason_and_leaves_room_for_another(owing):
    payment = report(owing)
    with pytest.raises(Refused):
        payments.reject_payment(owing.officer, payment, " ", NOW)
    payments.reject_payment(owing.officer, payment, "not in our account", NOW)
    assert (payment.state, payments.preview(payment, NOW)) == ("rejected", [])
    assert report(owing, key="k2").twin == 0


def test_bounced_it_no_longer_counts_and_the_obligation_is_open_again(owing):
    payment = payments.confirm_payment(owing.officer, report(owing, 5_100_000, day=date(2026, 11, 2), interest=100_000), NOW)
    payments.bounce_payment(owing.officer, payment, "returned by the bank", NOW)
    assert (payment.state, unpaid(owing), events(owing)) == ("bounced", 5_000_000, [])
    assert session.get(Standing, owing.agreement.id).interest == 122_000
    assert list(totals.faults()) == []


def test_only_the_licensor_confirms_and_strangers_know_nothing(owing):
    payment = report(owing)
    for who in (owing.owner, factories.person(), factories.operator(), factories.broker(), VISITOR):
        for answer in (payments.confirm_payment, lambda a, p: payments.reject_payment(a, p, "x"), lambda a, p: payments.bounce_payment(a, p, "x")):
            with pytest.raises(NotAllowed):
                answer(who, payment)
        if who is not owing.owner:
            with pytest.raises(NotAllowed):
                report(owing, key="k2", who=who)
            with pytest.raises(NotFound):
                payments.by_public_id(who, payment.public_id)


def statement(two, text: str, name: str = "bank.csv", who=None):
    return bank.bring(who or two.officer, two.institute, io.BytesIO(text.encode()), name, "CNY", NOW)


HEAD = "交易日期,交易流水号,对方户名,借方发生额,贷方发生额,摘要\n"


def line(two) -> BankLine:
    return session.scalars(select(BankLine).where(BankLine.organisation_id == two.institute.id)).one()


def test_a_bank_statement_is_read_and_what_its_lines_pay_is_proposed(owing):
    invoice = operations.last_invoice(owing.agreement, KEY)
    file = statement(owing, HEAD + f"2026-03-01,L1,某公司,,\"50,000.00\",{invoice.reference}\n2026-03-02,L2,某公司,12.00,,水费\n2026-03-03,L3,甲,,abc,\n")
    session.flush()
    found = line(owing)
    assert (found.amount, found.day, found.transaction, found.payer) == (5_000_000, DAY, "L1", "某公司")
    assert [one["row"] for one in file.rejected] == [4]
    finding = bank.proposals(owing.officer, owing.institute, [found])[found.id]
    assert (finding.kind, finding.demands[0].reference) == ("exact", invoice.reference)
    payment = payments.take_line(owing.officer, found, owing.agreement, at=NOW, **bank.split_of(invoice, found.amount))
    assert (payment.state, found.state, payments.preview(payment, NOW)) == ("reported", "taken", [payments.Part(KEY, 5_000_000)])
    payments.confirm_payment(owing.officer, payment, NOW)
    assert (payment.state, found.state, unpaid(owing)) == ("confirmed", "taken", 0)
    with pytest.raises(Refused):
        payments.take_line(owing.officer, found, owing.agreement, at=NOW)
    assert list(totals.faults()) == []


def test_the_same_file_and_the_same_line_in_another_file_are_known(owing):
    first = statement(owing, HEAD + "2026-03-01,L1,甲,,100,\n")
    assert statement(owing, HEAD + "2026-03-01,L1,甲,,100,\n") is first
    second = statement(owing, HEAD + "2026-03-01,L1,甲,,100,\n2026-03-02,L2,甲,,100,\n")
    assert (second.known, session.query(BankLine).count()) == (1, 2)


def test_lines_without_an_id_are_told_apart_by_their_place_among_equal_ones(owing):
    plain = "date,amount,payer,memo\n"
    statement(owing, plain + "2026-03-01,100.00,A,x\n2026-03-01,100.00,A,x\n")
    again = statement(owing, plain + "2026-03-01,100.00,A,x\n2026-03-01,100.00,A,x\n2026-03-01,100.00,A,x\n")
    assert (again.known, session.query(BankLine).count()) == (2, 3)


def test_a_line_confirms_the_payment_that_was_reported_and_makes_no_second(owing):
    payment = report(owing, reference="许可费")
    statement(owing, HEAD + "2026-03-02,L1,别的名字,,50000,许可费\n")
    found = line(owing)
    finding = bank.proposals(owing.officer, owing.institute, [found])[found.id]
    assert (finding.kind, finding.payment.id) == ("reported", payment.public_id)
    payments.confirm_payment(owing.officer, payments.take_line(owing.officer, found, owing.agreement, payment, NOW), NOW)
    assert (payment.state, payment.transaction, len(payments.payments_of(owing.agreement)), len(events(owing))) == ("confirmed", "L1", 1, 1)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_line_whose_payment_was_none_is_open_again(owing, confirmed):
    statement(owing, HEAD + "2026-03-02,L1,甲,,50000,\n")
    payment = payments.take_line(owing.officer, line(owing), owing.agreement, at=NOW)
    if confirmed:
        payments.confirm_payment(owing.officer, payment, NOW)
    answer = payments.bounce_payment if confirmed else payments.reject_payment
    answer(owing.officer, payment, "assigned to the wrong agreement", NOW)
    session.flush()
    assert line(owing).state == "open"
    again = payments.take_line(owing.officer, line(owing), owing.agreement, at=NOW)
    assert payments.confirm_payment(owing.officer, again, NOW).state == "confirmed"
    assert unpaid(owing) == 0 and list(totals.faults()) == []


def test_nobody_takes_a_line_for_an_agreement_of_others(owing):
    statement(owing, HEAD + "2026-03-02,L1,甲,,50000,\n")
    with pytest.raises(NotAllowed):
        payments.take_line(owing.officer, line(owing), factories.agreement(), at=NOW)
    with pytest.raises(NotAllowed):
        payments.take_line(owing.owner, line(owing), owing.agreement, at=NOW)


def test_bank_statements_are_their_organisations_business(owing):
    for who in (owing.owner, factories.person(), factories.operator(), VISITOR):
        with pytest.raises(NotAllowed):
            statement(owing, HEAD + "2026-03-02,L1,甲,,50000,\n", who=who)
        with pytest.raises(NotAllowed):
            bank.open_lines(who, owing.institute)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "日期,摘要\n2026-01-01,x\n"])
def test_a_file_without_day_or_amount_is_refused(owing, text):
    with pytest.raises(Refused) as refused:
        statement(owing, text)
    assert refused.value.field == "file"


@pytest.mark.parametrize("written", ["20260301", "2026/03/01", "2026-3-1 09:08:07", "2026-03-01T09:08:07", "2026年3月1日"])
def test_days_are_read_as_banks_write_them(owing, written):
    statement(owing, HEAD + f"{written},L1,甲,,1,\n")
    assert line(owing).day == DAY


@pytest.mark.parametrize(("written", "minor"), [("1,234.5", 123450), ("￥1000", 100000), ("+7", 700), ("1000000000000", 10**14)])
def test_amounts_are_read_as_banks_write_them(owing, written, minor):
    statement(owing, HEAD + f'2026-03-01,L1,甲,,"{written}",\n')
    assert line(owing).amount == minor
