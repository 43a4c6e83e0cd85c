"""What a text says can be spent: only amounts that are called a budget, each with the words it was read from.

A price of a machine, a loss, a turnover or what was spent before is no budget; nor is an amount without a currency,
unless the Chinese text counts it in 万. Two budgets are two proposals: which of them holds is for the person to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from marketplace.importing.need_file.sections import Section, section_at, sections
from marketplace.importing.need_file.targets import quote_at
from marketplace.matching.quantities import Quantity, quantities
from marketplace.terms.payment import MINOR_UNITS

CURRENCIES = ("CNY", "USD", "EUR", "JPY")  # those of a need's form that can be read
MOST = 1e12

_SILENT = ("tried", "background", "volume", "place", "industry", "region", "other")
_PURSE = re.compile(
    "预算|经费|出资|(?:拟|计划|愿意?|可|准备|预计)投入|投入不超过|能出|愿意?出|可出|拿得?出|(?<!注册)资金|费用(?:控制|不超过|上限|预算)"
    r"|\bbudget|\b(?:can|will(?:ing to)?|would|prepared to|able to|could) (?:pay|spend|invest)|\bfunds?\b|\bfunding\b|\bset aside", re.IGNORECASE)
_NO_PURSE = re.compile(
    "首付|定金|报价|申请|不考虑|预付|去年|前年|已(?:经)?(?:投|花|用|付)|花了|花费了|买|购|原价|损失|亏|产值|营业|销售|收入|罚|售价|单价|注册"
    "|每年|每月|[年月](?:研发)?投入|一年|每[件台套吨只]"
    r"|\bquot(?:ed?|ation)|\bdeposit|\bdown payment|\blast year|\bspent\b|\bbought\b|\bpaid\b|\bcosts?\b|\blos[st]|\blosing\b|\brevenue|\bturnover"
    r"|\bsales\b|\bprices?\b|\bsav(?:e|ing)", re.IGNORECASE)
_YEARLY = re.compile(r"\s?(?:/|每|一)\s?年|\s?(?:a|per|each|every) (?:year|month|unit|piece)|\s?annually|\s?yearly", re.IGNORECASE)
_CLAUSE = re.compile(r"[，。；;\n]|,(?!\d)|\.(?=\s|$)")
_SPAN = re.compile(
    r"\s?(?P<joint>to|and|-|–|—|~|～|至|到)\s?(?:(?:EUR|USD|RMB|CNY|JPY)\s?|[€$¥￥])?(\d[\d,]*(?:\.\d+)?)\s?(k|m|万|thousand"
    r"|million)?(?!\d|[.,]\d|[A-Za-z])", re.IGNORECASE)
_BARE = re.compile(r"(?:约|不超过|不高于|≤|<)?\s?\d[\d,]*(?:\.\d+)?(?:\s?(?:-|–|—|~|～|至|到)\s?\d[\d,]*(?:\.\d+)?)?")
_ASIDE_UNIT = re.compile("(?:单位[:：]?)?(?:人民币)?(万元|元|万美元|万欧元|美元|欧元|RMB|CNY|USD|EUR)", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """What can be spent, in minor units of the currency; an end that is not said is None."""

    low: int | None
    high: int | None
    currency: str
    quote: str


def budgets(text: str) -> list[Budget]:
    """The budgets a text names, in its order, each once."""
    found = list(_of_labels(text))
    read = 0
    for one in quantities(text):
        if one.start >= read and _is_budget(text, one):
            quote = quote_at(text, one.start, one.end)
            low, high, read = _ends(text, one)
            found.append(Budget(_minor(low, one.unit), _minor(high, one.unit), one.unit, quote))
    return list({(one.low, one.high, one.currency): one for one in found}.values())


def _of_labels(text: str) -> Iterator[Budget]:
    """Budgets whose unit stands in brackets behind the label: 预算（万元）：50."""
    for section in sections(text):
        line = section.text.split("\n", 1)[0].strip("。 ")
        unit = _ASIDE_UNIT.fullmatch(section.aside) if section.code == "budget" else None
        if unit and _BARE.fullmatch(line):
            for one in quantities(f"预算{line}{unit[1]}"):
                if _can_be_kept(one):
                    low, high = _bounds(one)
                    yield Budget(_minor(low, one.unit), _minor(high, one.unit), one.unit, _whole(text, section, line))


def _whole(text: str, section: Section, line: str) -> str:
    return text[section.begins : section.start + len(line)].strip()


def _is_budget(text: str, one: Quantity) -> bool:
    if not _can_be_kept(one) or not _has_currency(one) or _YEARLY.match(text, one.end):
        return False
    section = section_at(text, one.start)
    code = section.code if section else ""
    begins = section.start if section else 0
    if section and code == "budget" and _ASIDE_UNIT.fullmatch(section.aside):
        return False  # `_of_labels` has read it
    clause = _CLAUSE.split(text[max(begins, one.start - 60) : one.start])[-1] + one.text
    after = _CLAUSE.split(text[one.end : one.end + 14])[0]
    if code in _SILENT or _NO_PURSE.search(clause):
        return False
    return code == "budget" or bool(_PURSE.search(clause) or re.match(r"\s?(?:的?预算|的?经费|budget|is (?:available|set aside))", after))


def _can_be_kept(one: Quantity) -> bool:
    return one.kind == "money" and one.unit in CURRENCIES and 0 < (one.high or 0) <= MOST


def _has_currency(one: Quantity) -> bool:
    """Whether the text itself says that this is money: a currency, or 万 and 亿 as only money is counted so bare."""
    return bool(one.written) or bool(re.search("[万亿]", one.text))


def _ends(text: str, one: Quantity) -> tuple[float | None, float | None, int]:
    """Low, high, and where the words for them end; of "RMB 300,000 to 500,000" the second number too."""
    span = _SPAN.match(text, one.end) if one.low == one.high and one.direction == "equal" else None
    between = re.search(r"\bbetween\s$", text[max(0, one.start - 8) : one.start], re.IGNORECASE)
    if span and (between or span["joint"] != "and"):
        scale = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "万": 1e4}.get((span[3] or "").lower(), 1.0)
        high = float(span[2].replace(",", "")) * scale
        if (one.low or 0) < high <= MOST:
            return one.low, high, span.end()
    return *_bounds(one), one.end


def _bounds(one: Quantity) -> tuple[float | None, float | None]:
    """Low and high as a need holds them; a single amount is the most that will be spent."""
    return one.low if one.direction in ("range", "at_least") else None, None if one.direction == "at_least" else one.high


def _minor(value: float | None, currency: str) -> int | None:
    return None if value is None else int(Decimal(f"{value:.15g}").scaleb(MINOR_UNITS[currency]).to_integral_value())
