"""Figures as people type them and as we show them: 20万, ¥200,000.50, 3％, 6个月, 2027年6月30日.

Each reader gives the value in the shape of terms.md, or, where it cannot be read for sure, the text as it stands, so
that `payment.parse` refuses it beside its field: nothing is guessed. Full-width digits and signs count as the plain ones.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, localcontext

from marketplace.errors import N_, Refused
from marketplace.terms.payment import MINOR_UNITS

_SIGNS = {
    "人民币": ("CNY",), "RMB": ("CNY",), "CNY": ("CNY",), "¥": ("CNY", "JPY"), "USD": ("USD",), "US$": ("USD",), "$": ("USD",), "美元": ("USD",),
    "EUR": ("EUR",), "€": ("EUR",), "欧元": ("EUR",), "JPY": ("JPY",), "日元": ("JPY",), "KRW": ("KRW",), "₩": ("KRW",), "韩元": ("KRW",),
    "元": ("CNY",),
}
"""What people write beside an amount, the longer before the shorter, and the currencies it may mean."""

PRECISION = 500
"""Digits kept while a figure is moved by its 万 or its per cent: more than anybody types, so that nothing is rounded."""

_SIGN = "|".join(re.escape(sign) for sign in _SIGNS)
_DIGITS = r"(?P<whole>[0-9]{1,3}(?:(?P<mark>[, '])[0-9]{3})(?:(?P=mark)[0-9]{3})*|[0-9]+)?(?P<part>\.[0-9]*)?"
_AMOUNT = re.compile(rf"(?P<before>{_SIGN})? ?{_DIGITS} ?(?P<unit>万|萬|亿|億)? ?(?P<after>{_SIGN})?", re.IGNORECASE)
_MULTIPLES = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(%|per ?cent)?", re.IGNORECASE)
_WHOLE = re.compile(r"([0-9]{1,6}) ?(?:个月|月|天|日|months?|days?)?", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})(?:[-/.]|年)([0-9]{1,2})(?:[-/.]|月)([0-9]{1,2})日?")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def _amount(text: str) -> re.Match[str] | None:
    match = _AMOUNT.fullmatch(_plain(text))
    return match if match and (match["whole"] or (match["part"] and len(match["part"]) > 1)) else None


def typed_amount(text: str) -> str:
    """An amount as people type it (200,000, 200 000, 20万, ¥5000) as a decimal string; else as it stands, to be refused."""
    match = _amount(text)
    if not match:
        return text
    digits = re.sub("[, ']", "", match["whole"] or "0") + (match["part"] or "")
    if not match["unit"]:
        return digits
    with localcontext(prec=PRECISION):
        written = f"{Decimal(digits) * _MULTIPLES[match['unit']]:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def typed_minor(text: str | None, currency: str, field: str) -> int | None:
    """An amount as people type it, in minor units; None where nothing was. Refused beside its field when it is none, or finer than the currency."""
    written = typed_amount((text or "").strip())
    if not written:
        return None
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?", written):
        raise Refused(N_("Type an amount of this currency, no finer than its smallest unit."), field=field)
    minor = Decimal(written).scaleb(MINOR_UNITS[currency])
    if minor != minor.to_integral_value():
        raise Refused(N_("Type an amount of this currency, no finer than its smallest unit."), field=field)
    return int(minor)


def currencies_named(text: str) -> set[str] | None:
    """The currencies that an amount may be in by the signs typed with it; None where none is typed."""
    match = _amount(text)
    signs = [match[name] for name in ("before", "after") if match[name]] if match else []
    if not signs:
        return None
    return set.intersection(*(set(_SIGNS[sign.upper()]) for sign in signs))


def typed_percent(text: str) -> str:
    """A rate in per cent (3, 3%, 3 ％, 4.35) as a share; anything else as it stands, to be refused."""
    match = _PERCENT.fullmatch(_plain(text))
    with localcontext(prec=PRECISION):
        return f"{Decimal(match[1]).scaleb(-2):f}" if match else text


def small_percent(text: str) -> str | None:
    """The figure, when a rate below one per cent was typed without its sign: perhaps 0.03 was to be 3 per cent."""
    match = _PERCENT.fullmatch(_plain(text))
    return match[1] if match and not match[2] and 0 < Decimal(match[1]) < 1 else None


def typed_whole(text: str) -> int | str:
    """A number of months or days (6, 6个月, 30 days); anything else as it stands, to be refused."""
    match = _WHOLE.fullmatch(_plain(text))
    return int(match[1]) if match else text


def typed_day(text: str) -> str:
    """A date (2027-06-30, 2027/6/30, 2027年6月30日) as an ISO date; anything else as it stands, to be refused."""
    match = _DAY.fullmatch(_plain(text).replace(" ", ""))
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}" if match else text


def shown_amount(value: str) -> str:
    """A decimal string as the form shows it: 200,000, and 0.50 with its places."""
    whole, _, part = value.partition(".")
    return f"{int(whole):,}" + (f".{part}" if part.strip("0") else "")


def shown_percent(value: str) -> str:
    """A share as the form shows it, in per cent."""
    with localcontext(prec=PRECISION):
        written = f"{Decimal(value).scaleb(2):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
