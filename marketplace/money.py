"""Amounts of money as people read them: one way to write a currency on every page, in every mail and in the words of terms.

The signs are those of China, in English too: ¥ is the yuan and never the yen (JP¥), and a dollar says whose it is (US$).
"""

from __future__ import annotations

from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal, get_currency_precision, get_currency_symbol


def sign_of(currency: str) -> str:
    """The sign of a currency: ¥, US$, €, JP¥."""
    return get_currency_symbol(currency, "zh")


def written(amount: Decimal | int, currency: str, locale: str) -> str:
    """An amount with its currency, ¥200,000; minor units only where there are some, and the minus sign before all.

    In a language besides Chinese and English the sign of the currency stands where CLDR has it.
    """
    places = 0 if amount == int(amount) else get_currency_precision(currency)
    decimals = "." * bool(places) + "0" * places
    if Locale.parse(locale).language not in ("zh", "en"):
        usual = Locale.parse(locale).currency_formats["standard"].pattern
        return format_decimal(amount, usual.replace(".00", decimals).replace("¤", f"'{sign_of(currency)}'"), locale=locale)
    figures = format_decimal(abs(amount), "#,##0" + decimals, locale=locale)
    return f"{'-' if amount < 0 else ''}{sign_of(currency)}{figures}"
