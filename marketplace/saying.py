"""How pages say what they show: days, moments, amounts, figures, and the words of users, each marked with its language where that is not the page's.

These are filters of every template. What a user wrote in one language says which by its script: Chinese characters are Chinese, other letters English
(texts have no third language), and what has no letter at all is nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from math import exp
from typing import Any

from flask import Flask
from flask_babel import LazyString, format_date, format_decimal, format_percent, get_locale
from markupsafe import Markup, escape

from marketplace import money
from marketplace.db import HOME, LANGUAGES, in_language
from marketplace.languages import TAGS
from marketplace.mistakes import mistakes
from marketplace.web import in_words, language, spoken


def _day(value: date | datetime | str | None) -> str:
    """A day in words, also one that is kept as text (ISO 8601); that of a moment is the calendar day in the site's zone."""
    return format_date(date.fromisoformat(value) if isinstance(value, str) else value, "long") if value else ""


def _moment(value: datetime | None) -> Markup | str:
    """A moment as pages show it: day, hour and minute in the site's zone; the full moment, to the second and with its zone, beside it for machines."""
    if value is None:
        return ""
    local, locale = value.astimezone(HOME), get_locale()
    shown = locale.datetime_formats["medium"].replace("'", "").format(f"{local:%H:%M}", format_date(value, "medium"))
    return Markup('<time datetime="{}">{}</time>').format(local.isoformat(timespec="seconds"), shown)


def _money(amount: Decimal | str | None, currency: str) -> str:
    """An amount, or the text of an exact decimal, with its currency; minor units only where there are some."""
    if amount is None:
        return ""
    return money.written(Decimal(amount), currency, str(get_locale()))


_UNBROKEN = re.compile(
    r"(?<=[≤≥<>=±≈~]) (?=\d)|(?<=\d) (?=[\u4e00-\u9fff%‰°℃]|(?:[kMGmnµμ]?(?:m|g|s|W|V|A|N|J|L|Hz|Pa|Ω)|cm|km|t|h|min|bar|dB|rpm|ppm|TRL)[²³]?(?![A-Za-z]))"
)


def _unbroken(text: str) -> str:
    """A text whose figures stay on one line with their signs and units: ≤ 0.02 mm, 10 min, 30 万把. A space between them becomes one that does not break."""
    return _UNBROKEN.sub("\N{NO-BREAK SPACE}", text)


def _plain_value(value: Any) -> str:
    """A value of a revision as people read it."""
    if isinstance(value, dict):
        return " / ".join(_plain_value(part) for part in value.values() if part not in (None, "", [], {}))
    if isinstance(value, list):
        return "; ".join(_plain_value(part) for part in value)
    return "–" if value in (None, "") else str(value)


def _script(text: str | None) -> str:
    """The language a word is written in, by its script."""
    return "zh" if text and any("\u4e00" <= character <= "\u9fff" for character in text) else "en"


def _in(code: str, text: str) -> Markup:
    """A text in a language, marked where that is not the language of the page."""
    return escape(text) if not text or code == spoken() else Markup('<span lang="{}">{}</span>').format(TAGS[code], text)


def called(thing: Any) -> Markup:
    """The name of an organisation in the reader's language, else in the other, and marked so."""
    text, code = in_language(thing.name, language())
    return _in(code, text)


def named(name: str | None) -> Markup:
    """Somebody's name as it was written, a Chinese one marked on a page in another language. The family name stands where its bearer has put it."""
    return _in("zh" if _script(name or "") == "zh" else spoken(), name or "")


def told(text: Any) -> Markup:
    """What somebody typed in one language, that is told by its script; words of the page itself, and what says its language already, stay as they are."""
    if isinstance(text, (Markup, LazyString)):
        return escape(str(text)) if isinstance(text, LazyString) else text
    kept = str(text or "")
    return _in(_script(kept), kept) if any(character.isalpha() for character in kept) else escape(kept)


def told_value(value: Any) -> Markup:
    """A value of a revision as people read it: lists, texts in two languages, words of the page and of users, each in its language."""
    if value in (None, "", [], {}):
        return Markup("–")
    if isinstance(value, dict):
        said = [(code, part) for code, part in value.items() if part not in (None, "", [], {})]
        return Markup(" / ").join(_in(code, part) if code in LANGUAGES and isinstance(part, str) else told_value(part) for code, part in said)
    return Markup("; ").join(told_value(part) for part in value) if isinstance(value, list) else told(value)


def tag_of(text: Any) -> str:
    """The tag of a typed text for the field that holds it; empty where that is the page's own language, or no letter stands in it."""
    code = _script(text) if isinstance(text, str) and any(character.isalpha() for character in text) else spoken()
    return "" if code == spoken() else TAGS[code]


def _probability(score: float) -> float:
    return 1 / (1 + exp(-score)) if score >= 0 else exp(score) / (1 + exp(score))


FILTERS: dict[str, Callable[..., Any]] = {
    "day": _day, "moment": _moment, "money": _money, "plain_value": _plain_value, "script": _script, "unbroken": _unbroken,
    "sigmoid": _probability, "called": called, "named": named, "told": told, "told_value": told_value, "tag_of": tag_of, "mistakes": mistakes,
    "trim_text": lambda text, length: text if len(text) <= length else text[: length - 1].rstrip() + "…",
    "percent": lambda share: format_percent(share) if share >= 0.01 else "<" + format_percent(0.01),
    "points": lambda share: format_decimal(share * 100, "0.0"),
    "figures": lambda value, places: format_decimal(value, f"#,##0.{'0' * places}" if places else "#,##0"),
    "number": lambda value: format_decimal(value),
}


def prepare(app: Flask) -> None:
    """Give every template the filters, and the words of what an operation says."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals["in_words"] = in_words
