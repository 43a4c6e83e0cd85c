"""Which invoice money pays: exact, partial, over, mistyped, wrong, twice; and references that check themselves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.licensing.billing.attribution import Demand, Known, Money, attribute, plain, reference_of

DAY = date(2026, 11, 2)
FIRST, SECOND, THIRD = (reference_of("AB3K", 2026, number) for number in (12, 13, 14))
DEMANDS = [
    Demand(FIRST, "one", 5_000_000, "CNY", ("浙江测试机械有限公司", "Zhejiang Test Machinery Co., Ltd.")),
    Demand(SECOND, "one", 1_234_50, "CNY", ("浙江测试机械有限公司",)),
    Demand(THIRD, "two", 5_000_000, "USD", ("Other Works",)),
]


def money(amount: int, reference: str = "", payer: str = "", **values) -> Money:
    return Money(amount, values.pop("currency", "CNY"), values.pop("day", DAY), reference, payer, **values)


@pytest.mark.parametrize(("amount", "kind"), [(5_000_000, "exact"), (4_999_999, "partial"), (5_000_001, "over")])
def test_the_reference_names_the_invoice_and_the_amount_says_how(amount, kind):
    found = attribute(money(amount, f"货款 {FIRST} 谢谢"), DEMANDS, [])
    assert (found.kind, found.demands) == (kind, (DEMANDS[0],))


@pytest.mark.parametrize("memo", [FIRST.lower(), FIRST.replace("-", " "), FIRST.replace("-", ""), f"INV.{FIRST}/许可费",
                                  "".join(chr(ord(c) + 0xFEE0) if c != "-" else "－" for c in FIRST)])
def test_a_reference_is_found_however_it_is_written(memo):
    assert attribute(money(5_000_000, memo), DEMANDS, []).demands == (DEMANDS[0],)


def test_a_mistyped_reference_is_proposed_only_with_the_right_amount():
    wrong = FIRST.replace("-00012-", "-00017-")
    assert attribute(money(5_000_000, wrong), DEMANDS, []).why == "reference_mistyped"
    found = attribute(money(4_000_000, wrong), DEMANDS, [])
    assert (found.kind, found.why, found.demands) == ("wrong_reference", "unknown_reference", ())
    assert DEMANDS[0] in found.candidates


@pytest.mark.parametrize(("demand", "why"), [
    (Demand(FIRST, "one", 0, "CNY"), "paid"), (Demand(FIRST, "one", 5, "CNY", live=False), "cancelled"), (Demand(FIRST, "one", 5, "USD"), "other_currency"),
])
def test_a_reference_that_cannot_be_paid_needs_a_person(demand, why):
    found = attribute(money(1_234_50, FIRST), [demand, *DEMANDS[1:]], [])
    assert (found.kind, found.why, found.demands) == ("wrong_reference", why, ())
    assert found.candidates[0].reference == SECOND


def test_several_references_of_one_agreement_go_in_the_order_of_the_schedule():
    found = attribute(money(5_123_450, f"{FIRST},{SECOND}"), DEMANDS, [])
    assert (found.kind, found.why, len(found.demands)) == ("several", "reference_exact", 2)
    other = [DEMANDS[0], Demand(SECOND, "two", 5, "CNY")]
    assert attribute(money(5_000_005, f"{FIRST},{SECOND}"), other, []).why == "several_agreements"


def test_without_a_reference_name_and_amount_must_speak_for_one():
    assert attribute(money(5_000_000, "许可费", "浙江测试机械"), DEMANDS, []).kind == "by_name"
    assert attribute(money(5_000_000, "许可费", "上海别家公司"), DEMANDS, []).kind == "unknown"
    twice = [*DEMANDS, Demand(reference_of("AB3K", 2026, 15), "one", 5_000_000, "CNY", ("浙江测试机械有限公司",))]
    assert attribute(money(5_000_000, "", "浙江测试机械有限公司"), twice, []).why == "several_fit"


def known(**values) -> Known:
    return Known(**{"id": "p", "agreement": "one", "amount": 5_000_000, "currency": "CNY", "day": DAY, "reference": FIRST, "state": "confirmed", **values})


def test_money_recorded_already_is_never_taken_for_new():
    assert attribute(money(7, "anything", transaction="T1"), DEMANDS, [known(transaction="T1")]).why == "same_transaction"
    assert attribute(money(5_000_000, FIRST), DEMANDS, [known()]).kind == "duplicate"
    reported = known(state="reported", day=DAY - timedelta(days=4))
    assert attribute(money(5_000_000, FIRST, transaction="T2"), DEMANDS, [reported]).kind == "reported"
    assert attribute(money(5_000_000, FIRST, day=DAY + timedelta(days=9)), DEMANDS, [reported]).kind == "exact"


@given(st.integers(1, 10**8), st.integers(2020, 2090), st.data())
def test_no_mistyped_reference_is_valid(number, year, data):
    """ISO 7064 MOD 37,36 finds every single wrong character."""
    reference = plain(reference_of("AB3K", year, number))
    place = data.draw(st.integers(0, len(reference) - 1))
    other = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != reference[place]]))
    wrong = reference[:place] + other + reference[place + 1 :]
    found = attribute(money(5, wrong), [Demand(reference_of("AB3K", year, number), "one", 4, "CNY")], [])
    assert found.kind in ("wrong_reference", "unknown")


@given(st.integers(1, 10**14), st.text(max_size=60), st.text(max_size=20))
def test_whatever_is_written_something_is_found(amount, memo, payer):
    found = attribute(money(amount, memo, payer), DEMANDS, [known()])
    assert found.kind in ("exact", "partial", "over", "several", "by_name", "reported", "duplicate", "wrong_reference", "unknown")
