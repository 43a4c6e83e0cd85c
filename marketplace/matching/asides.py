"""What a pasted problem says beside the problem: budget, deadline, figures wanted, politeness.

`text_wishes` reads the first three as `rules.Wishes`, so that a text without a form is ranked by its facts too.
`without_asides` gives the text for matching with the clauses left out that say only how much, until when, and please: "预算20万"
and "thanks in advance" stand in texts about anything and describe nothing. Quantities stay: "≤ 0.02 mm" is evidence.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from babel.numbers import get_currency_precision

from marketplace.matching.quantities import Quantity, quantities
from marketplace.matching.rules import Amount, Wishes, level_for, targets
from marketplace.matching.units import convert, is_money

_PURSE = re.compile(
    "预算|经费|出资|资金|投资|投入|总价|总共|一共|能出|愿意出|budget|spend|invest|fund|grant|we can pay|willing to pay|in total", re.IGNORECASE
)
_BEFORE = 14  # characters before an amount in which its purse is named
_LATEST = date.max - timedelta(days=366)
_CALENDAR = re.compile(r"(20\d{2})(?:\s?[年\-/.]\s?(1[0-2]|0?[1-9])(?!\d))?")
_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)}) (20\d{{2}})\b")

_CLAUSE = re.compile(r"[，。；！？;!?\n]+|,(?!\d)|\.(?=\s|$)")
_POLITE = re.compile(
    "(?:您|你|大家)好|各位(?:老师|专家|朋友|同行|大神|大佬)?好?|请问(?:一下)?|请教(?:一下)?|麻烦(?:各位|大家|您)?(?:帮忙)?(?:看看|看一下)?|"
    "(?:先|多)?谢谢?(?:各位|大家|您)?[了啦]?(?=$)|感谢(?:各位|大家|您)?(?=$)|不胜感激|跪求|急求|在线等|求助|盼(?:望)?(?:回)?复|期待(?:您|贵方)?的?(?:回复|来信)|"
    "(?:有意者?)?(?:请)?(?:与我们?|电话|微信|来电)联系|此致|敬礼|"
    r"\b(?:hi(?: there)?|hello|dear (?:sirs?|madam|all|team|experts?)(?: or madam)?|good (?:morning|afternoon|day)|please|kindly|"
    r"(?:many )?thanks?(?: you)?(?: very much| so much)?(?: in advance)?|(?:best|kind) regards|sincerely|"
    r"(?:we|i)(?: would|'d) (?:really |greatly |very much )?appreciate(?: it| any help)?|any help (?:is|would be) (?:greatly |much )?appreciated|"
    r"looking forward to (?:your reply|hearing from you)|(?:could|can) (?:you|anyone|somebody) (?:help|advise))\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    "希望|最好|要求|预算|经费|资金|费用|投资|投入|总价|出资|控制|大概|大约|左右|以内|之内|之前|以前|不超过|交样|交货|交付|完成|验收|投产|上线|试用|出样|出板|"
    "出结果|见效|搞定|解决|工期|交期|期限|我们|目前|可以|愿意|必须|需要|能|得|须|要|想|请|就|在|于|为|是|的|了|有|内|前|后|约|元|等|给|出|到|共|一|也|都|好说|"
    r"\b(?:our|we|have|has|is|are|the|an?|of|about|around|roughly|up|to|at|most|by|in|on|with|within|for|and|it|this|that|be|can|would|will|must|"
    r"should|like|want|wanted|need|needed|budget|available|money|spend|total|deadline|deliver\w*|results?|ready|prototypes?|due|start\w*|max\w*|"
    r"finish\w*|complet\w*|done|running|installed|boards?)\b",
    re.IGNORECASE,
)
_LEAST_LEFT = {"zh": 3, "en": 2}  # Chinese characters or English words that make a clause more than an aside


def text_wishes(text: str, day: date | None = None) -> Wishes:
    """What a text without a form wants: figures, the most it will pay, and until when. `day` is the day it was asked.

    Without a day neither a span of months nor an age can be counted, and both stay unknown.
    """
    found = quantities(text)
    deadline = _deadline(found, day)
    level = level_for(day, deadline, ()) if day else None
    return Wishes(trl=level, budget=_budget(text, found), targets=targets(found), deadline=deadline, day=day)


def _budget(text: str, found: Iterable[Quantity]) -> Amount | None:
    """The first amount that is said to be what can be spent; a price for each piece is none."""
    for one in found:
        if _is_budget(text, one):
            low, high = (_minor(value, one.unit) for value in (one.low, one.high))
            return Amount(low if one.direction in ("range", "at_least") else None, None if one.direction == "at_least" else high, one.unit)
    return None


def _is_budget(text: str, one: Quantity) -> bool:
    return one.kind == "money" and is_money(one.unit) and "/" not in one.unit and bool(_PURSE.search(text[max(0, one.start - _BEFORE) : one.end + 8]))


def _minor(value: float | None, currency: str) -> int:
    return int(Decimal(str(value or 0)).scaleb(get_currency_precision(currency)).to_integral_value())


def _deadline(found: Iterable[Quantity], day: date | None) -> date | None:
    """The first deadline: a calendar date by its month's last day, or so many months from the day of asking."""
    for one in found:
        if one.kind == "date" and one.role == "target":
            reached = _calendar_day(one.text) if one.low is None else _after(one, day)
            if reached:
                return reached
    return None


def _calendar_day(written: str) -> date | None:
    english, plain = _MONTH.search(written), _CALENDAR.search(written)
    if english:
        year, month = int(english[2]), _MONTHS.index(english[1]) + 1
    elif plain:
        year, month = int(plain[1]), int(plain[2] or 12)
    else:
        return None
    return date(year, month, monthrange(year, month)[1])


def _after(one: Quantity, day: date | None) -> date | None:
    days = convert(one.high or 0.0, one.unit, "day")
    if day is None or days is None or not 0 <= days < (_LATEST - day).days:
        return None
    return day + timedelta(days=round(days))


def without_asides(text: str) -> str:
    """The text less greetings, thanks, and the clauses that only name a budget or a deadline; the whole text if nothing is left.

    Where such a clause says more, only the amount or the day is taken out of it.
    """
    asides = [one for one in quantities(text) if one.role == "target" and (one.kind == "date" or _is_budget(text, one))]
    kept = "".join(_kept(text, start, end, stop, asides) for start, end, stop in _clauses(text))
    return kept.strip(" ，,；;\n") if _says_enough(kept) else text


def _clauses(text: str) -> list[tuple[int, int, int]]:
    """Where each clause starts, where its words end, and where its punctuation ends."""
    found, start = [], 0
    for match in _CLAUSE.finditer(text):
        found.append((start, match.start(), match.end()))
        start = match.end()
    return [*found, (start, len(text), len(text))]


def _kept(text: str, start: int, end: int, stop: int, asides: Sequence[Quantity]) -> str:
    """A clause with its punctuation, less its asides; nothing where it says nothing else."""
    words, at = "", start
    for one in asides:
        if at <= one.start < end:
            words, at = words + text[at : one.start], min(end, one.end)
    words += text[at:end]
    plain = _POLITE.sub("", words.strip()).strip()
    if len(words) == end - start and plain == words.strip():
        return text[start:stop]
    indent = words[: len(words) - len(words.lstrip())]
    return indent + plain + text[end:stop] if _says_enough(_FILLER.sub(" ", plain)) else ""


def _says_enough(words: str) -> bool:
    return len(re.findall("[一-鿿]", words)) >= _LEAST_LEFT["zh"] or len(re.findall("[A-Za-z]{2,}", words)) >= _LEAST_LEFT["en"]
