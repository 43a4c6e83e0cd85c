"""The schedule of the broker's fee: worked examples, which docs/fees.md quotes, and laws over what may happen."""

from __future__ import annotations

import json
import random
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.deals.fees.because import reason
from marketplace.deals.fees.schedule import ALLOWED, Facts, Fee, Payment, kept, schedule

CASES = json.loads(Path(__file__).with_name("fee_cases.json").read_text("utf-8"))
DAY = date(2026, 1, 1)


def fee_of(values):
    decimals = {name: Decimal(values[name]) for name in ("rate", "amount", "firm_share", "cap") if name in values}
    return Fee(**{**values, **decimals})


def facts_of(values):
    days = {name: date.fromisoformat(values[name]) for name in ("introduced", "signed") if name in values}
    payments = tuple(Payment(key, date.fromisoformat(day), Decimal(amount)) for key, day, amount in values.get("payments", []))
    fixed = Decimal(values["fixed_fees"]) if "fixed_fees" in values else None
    return Facts(**days, payments=payments, fixed_fees=fixed, currency=values.get("currency"))


def written(case):
    return [f"{due.id} {due.amount:.2f} {due.due}" for due in schedule(fee_of(case["fee"]), facts_of(case["facts"]))]


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_worked_examples(case):
    assert written(case) == case["dues"]


def test_the_guide_quotes_every_example():
    guide = (Path(__file__).parents[3] / "docs/fees.md").read_text("utf-8")
    quoted = {title: lines.split("\n") for title, lines in re.findall(r"```\n# ([^\n]+)\n(.*?)\n?```", guide, re.DOTALL)}
    assert quoted == {case["title"]: case["dues"] or [""] for case in CASES}


def test_each_due_says_why_in_both_languages():
    for case in CASES:
        fee = fee_of(case["fee"])
        for due in schedule(fee, facts_of(case["facts"])):
            zh, en = reason(due, fee, "zh"), reason(due, fee, "en")
            assert zh.endswith("。") and en.endswith(".") and "{" not in zh + en
    fee = fee_of(CASES[0]["fee"])
    last = schedule(fee, facts_of(CASES[0]["facts"]))[-1]
    assert "上限" in reason(last, fee, "zh") and "60" in reason(last, fee, "en")


amounts = st.decimals(Decimal("0.01"), Decimal("9999999"), places=2)
moments = [(kind, of, moment) for (kind, of), known in ALLOWED.items() for moment in known]


@st.composite
def fees(draw, moment=None):
    kind, of, when = draw(st.sampled_from([one for one in moments if moment in (None, one[2])]))
    payer = draw(st.sampled_from(("firm", "holder", "both")))
    share = {"firm": Decimal(1), "holder": Decimal(0)}.get(payer) if payer != "both" else draw(st.decimals(Decimal("0.01"), Decimal("0.99"), places=4))
    return Fee(kind=kind, of=of, rate=draw(st.decimals(Decimal("0.0001"), Decimal(1), places=6)), amount=draw(amounts) if kind == "fixed" else None,
               payer=payer, firm_share=share, moment=when, due_days=draw(st.integers(0, 365)), cap=draw(st.none() | amounts))


payments = st.lists(st.tuples(st.integers(0, 900), amounts), max_size=8).map(
    lambda rows: tuple(Payment(f"{place:03}", DAY + timedelta(days=day), amount) for place, (day, amount) in enumerate(rows)))


def facts(paid):
    return Facts(introduced=DAY, signed=DAY, payments=paid, fixed_fees=Decimal("12345.67"), currency="CNY")


@given(fees(), payments, st.integers())
def test_the_order_of_entry_changes_nothing(fee, paid, seed):
    mixed = list(paid)
    random.Random(seed).shuffle(mixed)
    assert schedule(fee, facts(tuple(mixed))) == schedule(fee, facts(paid))


@given(fees(), payments)
def test_nothing_is_negative_the_cap_holds_and_shares_add_up(fee, paid):
    owed = schedule(fee, facts(paid))
    assert all(due.amount > 0 and due.amount == due.amount.quantize(Decimal("0.01")) for due in owed)
    assert fee.cap is None or sum(due.amount for due in owed) <= fee.cap
    alone = Fee(**{name: getattr(fee, name) for name in Fee.__slots__} | {"payer": "firm", "firm_share": Decimal(1)})
    assert sum(due.amount for due in owed) == sum(due.amount for due in schedule(alone, facts(paid)))
    assert len({due.id for due in owed}) == len(owed)


@given(fees("each_payment"), payments.filter(bool), st.data())
def test_a_void_or_a_refund_never_makes_more_due(fee, paid, data):
    before = sum(due.amount for due in schedule(fee, facts(paid)))
    without = tuple(one for one in paid if one is not data.draw(st.sampled_from(paid)))
    back = Payment("999", DAY + timedelta(days=data.draw(st.integers(0, 1000))), -data.draw(amounts))
    assert sum(due.amount for due in schedule(fee, facts(without))) <= before
    assert sum(due.amount for due in schedule(fee, facts((*paid, back)))) <= before


@given(payments, amounts)
def test_what_is_given_back_comes_off_the_latest(paid, amount):
    left = kept((*paid, Payment("999", DAY + timedelta(days=2000), -amount)))
    assert sum(one.amount for one in left) == max(sum(one.amount for one in paid) - amount, 0)
    assert [one.id for one in left] == [one.id for one in kept(paid)][: len(left)]
