"""Measurable targets of a text, as rows of a need, each with the words it was read from.

`quantities` finds the figures; here is decided which of them are wanted, more strictly than for matching, since these
would stand in the need: under a heading of targets whatever is not said to be today's value, elsewhere only what a word
of wanting goes with. What was tried, what is today, what is bought and what merely describes a part is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marketplace.importing.need_file.sections import Section, section_at
from marketplace.matching import quantity_words as around
from marketplace.matching import text as cut
from marketplace.matching.quantities import Quantity, quantities
from marketplace.matching.units import convert, shown
from marketplace.needs.figures import plain

MOST = 12
LONGEST_NAME, LONGEST_UNIT = 80, 20
LONGEST_QUOTE = 240
MOST_VALUE = 1e12

_SPEAKING = ("", "problem", "targets")  # the sections that may hold a target
_WANTED = re.compile(
    "希望|要求|想要|目标|需要|需|指标|期望|诉求|争取|力争|最好|必须|应当|应该|应(?!用|力|变)|须|想把|要把|要能|得(?=降|提|控|达|到|在)|想"
    r"|\b(?:wants?|wanted|need(?:ed|s)?|targets?|goals?|must|should|required?|requires|aim(?:ing)?|looking for|shall|ideally|would like)\b", re.IGNORECASE)
_GIVEN = re.compile(
    "现在|目前|现状|当前|眼下|如今|原来|原先|以前|一直|只有|只能|仅有|现用|至今|上不了|达不到|做到过|现有|已经?|曾|去年|前年"
    "|上次|试过|用过|做过|试验|实测|一般|通常|竞争对手|同行|国外|进口|供应商|竞品|标称"
    r"|\b(?:now|today|currently|at present|presently|at the moment|so far|existing|stuck|we (?:get|have|had|reach)|tried|last year|previous(?:ly)?"
    r"|was|were|had|has been|competitors?|suppliers?|vendors?|imported)\b", re.IGNORECASE)
_GIVEN_AFTER = re.compile(r"\s?[（(]?(?:today|now|currently|at present|at the moment|目前|现状|现在)(?![A-Za-z])", re.IGNORECASE)
_WANTED_AFTER = re.compile(r"\s?[（(]?(?:wanted|needed|required|is the (?:target|goal)|目标|为目标)(?![A-Za-z])", re.IGNORECASE)
_BROUGHT = re.compile(r"(?:控制|降|压|减|缩短|提高|提升)[在到至为][±≤<≥>约\s]*$")
_FROM = re.compile(
    r"(?:从|由|(?<![A-Za-z])from)[^，。,;；\n]{0,24}?(?:到|至|为|to)\s?(?:below |under |above |over |less than |at (?:most"
    r"|least) )?$", re.IGNORECASE)
_CLAUSE = re.compile(r"[，。；;、！!？?\n\t]|,(?!\d)|\.(?=\s|$)")
_VERBS = re.compile(
    "^(?:从|由|把|将|使)|^执行$|(?:降低|减少|缩短|提高|提升|增加|降|升|减|压|缩|增|控制|达|做)(?:到|至|为|在)?$"
    r"|\s*\b(?:fall|drop|cut|reduced?|rise|raised?|lower(?:ed)?|increased?|improved?|go|come)$", re.IGNORECASE)
_LEAD = re.compile(
    r"^\s*[-•·*]?\s*(?:.*(?:把|将|使|让))?|(?:希望|要求|必须|需要|需|要|应|能)$"
    r"|\s+(?:(?:must|should|shall|has to|have to|needs? to|to)(?: be)? )?(?:fall|drop|go|rise|come|cut|reduced|raised|lowered"
    r"|increased|improved)\s*$", re.IGNORECASE)
_TODAY = re.compile("(?:目前|当前|现有|现)(?:值|状|水平|状值|指标)?|现状值?|today|current(?: value)?|now|present", re.IGNORECASE)
_TARGET = re.compile(
    "(?:期望|希望|预期|技术|考核)?(?:目标|指标|要求|达到)(?:值|要求|指标)?|wanted(?: value)?|targets?(?: value)?|goals?"
    "|required?", re.IGNORECASE)
_NAME = re.compile(r"(.+?)\s?[（(]([^（()）]{1,12})[)）]")
_UNIT = re.compile("(?:计量)?单位|units?", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """Rows of a need's targets (two for a span), with the words they were read from."""

    rows: tuple[dict[str, Any], ...]
    quote: str


def targets(text: str) -> list[Target]:
    """The targets that a text states, in its order, at most as many as a need holds."""
    language = cut.language(text)
    tables = list(_tables(text))
    found = [(start, _of_row(text, start, end, columns, language)) for start, end, columns in tables]
    given: list[Quantity] = []
    for one in quantities(text):
        if one.kind != "measure" or any(start <= one.start < end for start, end, _ in tables):
            continue
        if _is_wanted(text, one):
            found.append((one.start, _of_quantity(text, one, given, language)))
        given.append(one)
    known = [target for _, target in sorted(found, key=lambda pair: pair[0]) if target is not None]
    return list({repr(target.rows): target for target in known}.values())[:MOST]


def quote_at(text: str, start: int, end: int) -> str:
    """The sentence or line around a place of the text, exactly as it stands there."""
    until = min(len(text), end + LONGEST_QUOTE // 2)
    stop = around.STOP.search(text, end, until)
    return text[_sentence(text, start, LONGEST_QUOTE // 2) : stop.end() if stop else until].strip()


def _sentence(text: str, position: int, most: int = 300) -> int:
    """Where the sentence around a place begins, at most so many characters before it."""
    earliest = max(0, position - most)
    return max((match.end() for match in around.STOP.finditer(text, earliest, position)), default=earliest)


def clause_before(text: str, position: int) -> str:
    """What stands before a place in its clause."""
    return _CLAUSE.split(text[max(0, position - 80) : position])[-1]


# ---- which figures are wanted

def _is_wanted(text: str, one: Quantity) -> bool:
    section = section_at(text, one.start)
    code = section.code if section else ""
    if code not in _SPEAKING or _GIVEN_AFTER.match(text, one.end) or one.role == "present":
        return bool(code == "targets" and _WANTED_AFTER.match(text, one.end))
    if code == "targets":
        return not _GIVEN.search(clause_before(text, one.start))
    return _asked_for(text, one, section)


def _asked_for(text: str, one: Quantity, section: Section | None) -> bool:
    """Whether the nearest word of wanting or having, in the sentence up to the figure, is one of wanting."""
    before = text[max(_sentence(text, one.start), section.start if section else 0) : _figure_at(one)]
    having = max((match.end() for match in _GIVEN.finditer(before)), default=-1)
    wanting = max((match.end() for match in _WANTED.finditer(before)), default=-1)
    if wanting > having:
        return one.direction != "equal" or bool(one.change) or one.role == "target"
    if having < 0 and section is not None and section.code == "problem" and _BROUGHT.search(before):
        return True
    return bool(_WANTED_AFTER.match(text, one.end)) or (having < 0 and bool(_FROM.search(before)))


def _figure_at(one: Quantity) -> int:
    """Where the figure itself begins, behind the words of its direction (降到, at most)."""
    digit = re.search(r"\d", one.text)
    return one.start + (digit.start() if digit else 0)


# ---- rows

def _of_quantity(text: str, one: Quantity, given: list[Quantity], language: str) -> Target | None:
    name = _name(text, one, language)
    return Target(_rows(name, one, _today(text, one, given), language), quote_at(text, one.start, one.end)) if name else None


def _name(text: str, one: Quantity, language: str) -> str:
    """What is measured, without the verb of its change; of a change from one figure to another what stands before both."""
    name = _VERBS.sub("", one.what).strip()
    before = clause_before(text, _figure_at(one))
    moved = _FROM.search(before)
    if moved and (not name or language == "zh"):
        name = _VERBS.sub("", _LEAD.sub("", before[: moved.start()])).strip("：: ")
    elif name and (tail := re.search(f"{re.escape(name)}([率量度值])", before)):
        name += tail[1]
    if name and one.change:
        name += {("down", "zh"): "降低", ("up", "zh"): "提高", ("down", "en"): " reduction", ("up", "en"): " increase"}[one.change, language]
    return name if len(name) <= LONGEST_NAME else ""


def _rows(name: str, one: Quantity, today: str | None, language: str) -> tuple[dict[str, Any], ...]:
    unit = shown(one.unit, one.written, language)[:LONGEST_UNIT]
    ends = (("at_least", one.low), ("at_most", one.high)) if one.direction == "range" else ((one.direction, one.high),)
    return tuple(
        {"quantity": {language: name}, "today": today, "wanted": plain_number(value), "unit": unit, "direction": direction}
        for direction, value in ends if value is not None and abs(value) <= MOST_VALUE
    )


def _today(text: str, one: Quantity, given: list[Quantity]) -> str | None:
    """Today's value where the same sentence or line names it for the same thing."""
    begins = _sentence(text, one.start)
    for other in reversed(given):
        if other.start < begins:
            break
        moved = _FROM.search(text[max(0, other.start - 8) : _figure_at(one)])
        same = (other.what and other.what == one.what) or (moved and other is given[-1])
        value = convert(other.high or 0.0, other.unit, one.unit) if same and not one.change and other.low == other.high else None
        if value is not None:
            return plain_number(value)
    return None


def plain_number(value: float) -> str:
    """A number as a need keeps it: plain decimals, no idle zeros."""
    kept = Decimal(f"{value:.10g}")
    return plain(kept) if kept else "0"


# ---- tables

def _tables(text: str) -> Iterator[tuple[int, int, dict[str, int]]]:
    """Rows of tables whose header says which column is wanted: start, end, and the columns by what they hold."""
    columns: dict[str, int] = {}
    start = 0
    for line in text.split("\n"):
        cells = line.split("\t")
        if len(cells) < 2:
            columns = {}
        elif found := _columns(cells):
            columns = found
        elif columns:
            yield start, start + len(line), columns
        start += len(line) + 1


def _columns(cells: list[str]) -> dict[str, int]:
    """Which columns of a header hold today's value, the wanted one and the unit; empty where none is wanted."""
    found = {
        kind: place
        for place, cell in reversed(list(enumerate(cells))) if place
        for kind, pattern in (("today", _TODAY), ("wanted", _TARGET), ("unit", _UNIT)) if pattern.fullmatch(cell.strip())
    }
    return found if "wanted" in found else {}


def _of_row(text: str, start: int, end: int, columns: dict[str, int], language: str) -> Target | None:
    cells = [cell.strip() for cell in text[start:end].split("\t")]
    named = _NAME.fullmatch(cells[0])
    name = cells[0] if named is None else named[1]
    unit = _cell(cells, columns, "unit") or (named[2] if named else "")
    wanted = _figure(_cell(cells, columns, "wanted"), unit)
    section = section_at(text, start)
    if not name or len(name) > LONGEST_NAME or wanted is None or (section is not None and section.code == "tried"):
        return None
    today = _figure(_cell(cells, columns, "today"), unit)
    value = convert(today.high or 0.0, today.unit, wanted.unit) if today and today.low == today.high else None
    return Target(_rows(name, wanted, plain_number(value) if value is not None else None, language), text[start:end].strip())


def _cell(cells: list[str], columns: dict[str, int], kind: str) -> str:
    place = columns.get(kind, len(cells))
    return cells[place] if place < len(cells) else ""


def _figure(cell: str, unit: str) -> Quantity | None:
    """The one figure of a cell; a column of its own may hold its unit."""
    found = [one for one in quantities(cell) if one.kind == "measure"] if not unit else []
    found = found or [one for one in quantities(f"{cell} {unit}") if one.kind == "measure"]
    return found[0] if len(found) == 1 else None
