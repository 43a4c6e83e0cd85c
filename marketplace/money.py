"""Amounts of money as people read them: one way to write a currency on every page, in every mail and in the words of terms.

The signs are those of China, in English too: ¥ is the yuan and never the yen (JP¥), and a dollar says whose it is (US$).
"""

from __future__ import annotations

from decimal import Decimal

from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol


def sign_of(currency: str) -> str:
    """The sign of a currency: ¥, US$, €, JP¥."""
    return get_currency_symbol(currency, "zh")


def written(amount: Decimal | int, currency: str, locale: str) -> str:
    """An amount with its currency, ¥200,000; minor units only where there are some, and the minus sign before all."""
    whole = amount == int(amount)
    places = 0 if whole else get_currency_precision(currency)
    figures = format_decimal(abs(amount), "#,##0" + "." * bool(places) + "0" * places, locale=locale)
    return f"{'-' if amount < 0 else ''}{sign_of(currency)}{figures}"
