"""How days and sums stand in a mail: in Chinese and English as terms write them, in a third language as CLDR does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date

from marketplace import money
from marketplace.db import HOME, LANGUAGES
from marketplace.languages import LOCALES
from marketplace.terms.payment import from_minor
from marketplace.terms.words import Tongue


@dataclass(frozen=True)
class Sum:
    """An amount in minor units with its currency, as it goes into a mail."""

    minor: int
    currency: str


def written(value: Any, tongue: str) -> Any:
    """A value for a template of mail: days, moments (in the site's zone, which is named) and sums in words of the language, all else as it is."""
    if isinstance(value, Sum):
        amount = from_minor(value.minor, value.currency) or 0
        return Tongue(tongue, value.currency).money(amount) if tongue in LANGUAGES else money.written(amount, value.currency, LOCALES[tongue])
    if isinstance(value, datetime):
        local = value.astimezone(HOME)
        return f"{written(local.date(), tongue)} {local:%H:%M} (UTC{local.isoformat()[-6:]})"
    if isinstance(value, date):
        return Tongue(tongue, "CNY").day(value) if tongue in LANGUAGES else format_date(value, "long", locale=LOCALES[tongue])
    return value
