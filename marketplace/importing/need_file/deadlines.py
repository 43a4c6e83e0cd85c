"""By when a text wants its problem solved: only days that can be told, each with the words they were read from.

A month or a quarter counts to its last day, as it is meant in "by the end of June". A span of months counts only from a
day that the text names; without a year ("6月底前", "by June") nothing is known.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from dateutil.relativedelta import relativedelta

from marketplace.importing.need_file.sections import section_at
from marketplace.importing.need_file.targets import clause_before, quote_at

MONTHS = "january february march april may june july august september october november december".split()
_NAME = "|".join(f"{month[:3]}(?:{month[3:]})?" for month in MONTHS)
_DATE = re.compile(
    r"(?<!\d)(?P<y>20\d{2})\s?(?:年\s?(?:(?P<m>1[0-2]|0?[1-9])\s?月(?:份)?(?:\s?(?P<d>3[01]|[12]\d|0?[1-9])\s?[日号])?"
    r"|第?(?P<q>[一二三四1-4])季度|(?P<half>上半年|下半年)|(?P<whole>年?底|年?内|年?末)(?!部))"
    r"|(?P<sep>[-/.])(?P<m2>1[0-2]|0?[1-9])(?:(?P=sep)(?P<d2>3[01]|[12]\d|0?[1-9]))?(?!\d|[-/.]\d))(?P<vague>初|上旬|中旬)?"
    rf"|\b(?:(?P<d3>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\s(?:of\s)?)?(?P<n>{_NAME})\.?(?:\s(?P<d4>3[01]|[12]\d|0?[1-9])(?:st"
    rf"|nd|rd|th)?)?,?\s(?P<y3>20\d{{2}})\b"
    r"|\bQ(?P<q5>[1-4])[\s/-]?(?P<y5>20\d{2})\b|\b(?:end of|year-end) (?P<y6>20\d{2})\b", re.IGNORECASE)
_BEFORE = re.compile(
    "截止|截至|期限|时限|最迟|不晚于|赶在|完成时间|交付时间|工期至|deadline|by|before|until|no later than|not later than|due(?: on| by)?"
    "|latest|finish(?:ed)? (?:in|on)|deliver(?:y|ed)?(?: in| on| by)?|needed (?:in|by)", re.IGNORECASE)
_AFTER = re.compile("底?[之以]?前|底[^层座]|底$|末|内|完成|交付|验收|投产|上线|量产|见效|at the latest|deadline", re.IGNORECASE)
_PAST = re.compile(
    "成立|引进|建成|投用|购|买|安装|自从|以来|始于|启动于|起(?!草)|founded|installed|bought|since|built|started|as of|dated?"
    "|回复|报名|联系|填表|reply|respon[ds]|answer|contact|apply", re.IGNORECASE)
_MONTHS_AFTER = re.compile(r"\s?(?:起|开始)\s?[，,]?\s?(?:的)?(\d{1,2})\s?个月(?:之?内|以内)?")
_MONTHS_BEFORE = re.compile(r"\bwithin (\d{1,2}) months (?:of|from|after)\s$", re.IGNORECASE)


@dataclass(frozen=True)
class Deadline:
    """A day by which the problem shall be solved."""

    day: date
    quote: str


def deadlines(text: str) -> list[Deadline]:
    """The deadlines a text names, in its order, each day once."""
    found: dict[date, str] = {}
    for match in _DATE.finditer(text):
        start = text[max(0, match.start() - 24) : match.start()]
        day = _day(match)
        span = _MONTHS_AFTER.match(text, match.end()) or _MONTHS_BEFORE.search(start)
        if day is None:
            continue
        if span:
            day = day + relativedelta(months=int(span[1])) if _is_exact(match) else None
        elif not _is_deadline(text, match):
            day = None
        if day is not None and day.year < 2100:
            found.setdefault(day, quote_at(text, match.start(), match.end()))
    return [Deadline(day, quote) for day, quote in found.items()]


def _is_exact(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("d", "d2", "d3", "d4"))


def _day(match: re.Match[str]) -> date | None:
    """The day, or the last one of what is named; None where there is no such day or none is said."""
    year = int(match["y"] or match["y3"] or match["y5"] or match["y6"])
    quarter = match["q"] or match["q5"]
    month = 12
    if match["vague"]:
        return None
    if quarter:
        month = 3 * (int(quarter) if quarter.isdigit() else "一二三四".index(quarter) + 1)
    elif match["half"]:
        month = 6 if match["half"] == "上半年" else 12
    elif match["n"]:
        month = next(place for place, name in enumerate(MONTHS, 1) if name.startswith(match["n"].lower()[:3]))
    elif match["m"] or match["m2"]:
        month = int(match["m"] or match["m2"])
    day = match["d"] or match["d2"] or match["d3"] or match["d4"]
    last = monthrange(year, month)[1]
    return None if day and int(day) > last else date(year, month, int(day) if day else last)


def _is_deadline(text: str, match: re.Match[str]) -> bool:
    """Whether the words around a date make it an end: its section, or the words of its clause; the start of a span is none."""
    section = section_at(text, match.start())
    code = section.code if section else ""
    after, before = text[match.end() : match.end() + 16].split("\n")[0], clause_before(text, match.start())
    if re.match(r"\s?(?:-|–|—|~|～|至|到|to |until )\s?\S", after) or code in ("tried", "background", "other", "volume"):
        return False
    if _PAST.search(before) or re.match(r"\s?(?:起|以来|开始|引进|成立|建成|投用|购|安装|完成了)", after):
        return False
    if code == "deadline":
        return True
    cue = re.search(rf"(?:{_BEFORE.pattern})[^，。；;,\n]{{0,16}}$", before, re.IGNORECASE)
    near = re.split(r"[，。；;,]", after)[0]
    return bool(cue) or bool(match["whole"]) or bool(_AFTER.search(near))
