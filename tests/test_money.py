"""Amounts as people read them: one sign for a currency, in every language and in every place that writes one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from marketplace import money
from marketplace.saying import FILTERS
from marketplace.terms.words import Tongue


@pytest.mark.parametrize(("amount", "currency", "text"), [
    ("200000", "CNY", "¥200,000"), ("1234567.8", "CNY", "¥1,234,567.80"), ("-600", "CNY", "-¥600"), ("0", "CNY", "¥0"), ("5000", "JPY", "JP¥5,000"),
    ("0.5", "USD", "US$0.50"), ("30", "EUR", "€30"),
])
def test_an_amount_is_written_in_one_way(app, amount, currency, text):
    value = Decimal(amount)
    assert {money.written(value, currency, locale) for locale in ("en", "zh_Hans_CN")} == {text}
    for language in ("en", "zh"):
        with app.test_request_context(f"/{language}/"):
            assert FILTERS["money"](value, currency) == text
    if value > 0:
        assert Tongue("en", currency).money(value) == text
