"""Measurable targets in shop-floor text, Chinese and English: what shall be how much, today and wanted.

``quantities(text)`` finds them, ``words(quantity, lang)`` says one back to the reader ("毛刺 ≤ 0.02 mm"), and
``compare(target, offered)`` says whether a figure meets another. Money and deadlines are recognised too, and marked, so that a
budget is never matched as a technical target. Why by rules: a reader must be able to see why a number was read as it was,
and the same text must always be read the same way. Reading is linear in the length of the text and never raises.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import isfinite
from typing import Literal

import rjieba

from marketplace.matching import quantity_words as around
from marketplace.matching.numerals import NUMBER, Numeral, numeral, scaled, tidy
from marketplace.matching.units import (
    CALENDAR,
    CALENDAR_WORDS,
    Unit,
    convert,
    is_money,
    per,
    plural,
    rate_at,
    shown,
    unit_at,
)

Direction = Literal["at_most", "at_least", "equal", "range"]
NUMBERS = 10_000
Verdict = Literal["met", "missed", "unknown"]


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_DIRECTIONS: tuple[tuple[Direction, re.Pattern[str]], ...] = (("at_most", around.AT_MOST), ("at_least", around.AT_LEAST))


@dataclass(frozen=True)
class Quantity:
    """One quantity of a text. ``text`` is ``source[start:end]``; ``low`` equals ``high`` unless ``direction`` is "range".

    ``kind`` is "measure", "money" or "date" (a deadline; a calendar date has no value). ``change`` is "down" or "up" where the
    figure is a difference from today (能耗降低 30 %). ``unit`` is a name of units.py, ``written`` the unit as it stands there.
    """

    what: str
    low: float | None
    high: float | None
    unit: str
    written: str
    direction: Direction
    role: Literal["target", "present", "other"]
    kind: Literal["measure", "money", "date"]
    change: Literal["", "down", "up"]
    approximate: bool
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Reading:
    """A number with its unit at one place, before its neighbourhood is read; unit None is a calendar date."""

    low: float
    high: float
    unit: Unit | None
    start: int
    end: int
    approximate: bool = False
    figures: bool = True
    share: bool = False


def quantities(text: str) -> list[Quantity]:
    """All quantities of a text, in its order; an empty list for a text without any. Offsets count characters of ``text``.

    At most NUMBERS numbers are looked at: a text with more is a table, and a page must answer in time.
    """
    plain = text.translate(around.PLAIN)
    scene = _Scene(plain)
    found: list[Quantity] = []
    for reading in islice(_readings(plain), NUMBERS):
        quantity = _quantity(plain, reading, scene, found)
        if quantity is None:
            continue
        while found and found[-1].start >= quantity.start:
            found.pop()
        start = max(quantity.start, found[-1].end if found else 0)
        found.append(replace(quantity, start=start, text=text[start:quantity.end]))
    return found


# ---- numbers and their units

def _readings(plain: str) -> Iterator[_Reading]:
    """Dates and numbers with their units, left to right, none inside another."""
    position = 0
    date, number = around.DATE.search(plain), NUMBER.search(plain)
    while date or number:
        if date and (not number or date.start() <= number.start()):
            if date.start() >= position:
                yield _Reading(0, 0, None, date.start(), date.end())
                position = date.end()
            date = around.DATE.search(plain, date.end())
            continue
        reading = None if number.start() < position else _reading(plain, number)
        if reading:
            yield reading
            position = reading.end
        number = NUMBER.search(plain, max(position, number.end()))


def _reading(plain: str, match: re.Match[str]) -> _Reading | None:
    """The number of a match with its scale word and unit, and with its second number where it is a span."""
    first = numeral(match, plain)
    if first is None:
        return None
    sign = around.CURRENCY_SIGN.search(plain[max(0, match.start() - 4):match.start()])
    if sign:
        return _priced(plain, match, first, sign)
    scale = around.SCALE_BEFORE.search(plain[max(0, match.start() - 12):match.start()])
    first, unit = _with_unit(plain, first, scale[1] if scale else "")
    span = _span(plain, match.start(), first, unit)
    if span:
        return span
    half = bool(unit.written) and first.unit == "" and plain[unit.end:unit.end + 1] == "半" and not match["half"]
    low, high = ((value + (0.5 if half else 0)) * unit.factor for value in (first.low, first.high))
    return _Reading(tidy(low), tidy(high), unit, match.start(), unit.end + half, first.approximate, first.figures, first.loose)


def _priced(plain: str, match: re.Match[str], number: Numeral, sign: re.Match[str]) -> _Reading:
    """An amount behind a currency sign: $250k, ¥20万, €60 a set."""
    scale = around.MONEY_SCALE.match(plain, number.end)
    factor = {"m": 1e6, "k": 1e3, "b": 1e9, "万": 1e4, "亿": 1e8}[scale.lastgroup] if scale else 1.0
    end = scale.end() if scale else number.end
    unit = per(plain, Unit(1.0, around.CURRENCIES[sign[0].strip()], sign[0].strip(), end))
    value = tidy(number.low * factor * unit.factor)
    return _Reading(value, value, unit, match.start() - len(sign[0]), unit.end)


def _with_unit(plain: str, number: Numeral, scale: str = "") -> tuple[Numeral, Unit]:
    """The unit behind a number, a scale word between them applied (5 千瓦 is 5 kW, 30 万件 is 300,000 pieces).

    ``scale`` is one that stands before its numbers (pH 6, HRC 58) and holds unless a unit follows.
    """
    if number.unit:
        return number, Unit(1.0, number.unit, "%", number.end)
    if plain.startswith("个半", number.end):
        number = replace(number, low=number.low + 0.5, high=number.high + 0.5, end=number.end + 2)
    unit = unit_at(plain, number.end, number.figures)
    if unit is None:
        number = scaled(number, plain)
        unit = unit_at(plain, number.end, number.figures) or rate_at(plain, number.end)
    return number, unit or Unit(1.0, scale, scale, number.end)


def _span(plain: str, start: int, first: Numeral, unit: Unit) -> _Reading | None:
    """Two numbers of one dimension: 2–3 cm, 100 µm 到 1 mm, 20±0.5 ℃; None for a single one or for a change from one to another."""
    joint = around.RANGE.match(plain, unit.end)
    match = joint and NUMBER.match(plain, joint.end())
    second = match and numeral(match, plain)
    if not second:
        return None
    second, other = _with_unit(plain, second, unit.name if unit.end == first.end else "")
    tolerance = "±" in joint[0]
    before = plain[max(0, start - 24):start]
    if joint["both"] and not around.BETWEEN.search(before):
        return None
    if around.FROM.search(before) and not tolerance and (unit.name or around.MOVED.search(before)):
        return None
    if not other.name or (unit.name and convert(1.0, unit.name, other.name) is None):
        return None
    low = convert(first.low * unit.factor, unit.name, other.name) if unit.name else first.low * _shared(first, second, plain) * other.factor
    high = second.high * other.factor
    low, high = (low - high, low + high) if tolerance else (low, high)
    if low > high:
        return None
    return _Reading(tidy(low), tidy(high), other, start, other.end, first.approximate or second.approximate, first.figures)


def _shared(first: Numeral, second: Numeral, plain: str) -> float:
    """In "20-30 万件" the scale word belongs to both numbers."""
    tail = scaled(replace(second, low=1.0, high=1.0), plain)
    written = plain[first.end:second.end]
    own = plain[first.end - 1] in "百千万亿"  # 20万到30万: the first has its own
    scale = re.search("([百千万亿]{1,2})$", written) if second.figures and first.figures and not own else None
    return scaled(Numeral(1.0, 1.0, 0), scale[1]).low if scale and first.high < second.high else min(tail.low, 1.0)


# ---- the neighbourhood

class _Scene:
    """Where the sentences of a text end, and where it speaks of today or of what is wanted."""

    def __init__(self, plain: str) -> None:
        self._stops = [match.end() for match in around.STOP.finditer(plain)]
        self._cues = list(around.CUE.finditer(plain))
        self._starts = [cue.start() for cue in self._cues]
        self._headings = [cue for cue in self._cues if re.match(r"\s?[:：\n]", plain[cue.end():cue.end() + 2])]
        self._heading_starts = [cue.start() for cue in self._headings]

    def sentence(self, position: int) -> int:
        """Where the sentence around this place begins."""
        index = bisect_right(self._stops, position)
        return self._stops[index - 1] if index else 0

    def role(self, position: int) -> str:
        """What the nearest cue before this place in its sentence says, else the heading above it; "" for neither."""
        index = bisect_right(self._starts, position) - 1
        if index >= 0 and self._starts[index] >= self.sentence(position):
            return self._cues[index].lastgroup or ""
        index = bisect_right(self._heading_starts, position) - 1
        near = index >= 0 and position - self._heading_starts[index] < 200
        return (self._headings[index].lastgroup or "") if near else ""


def _quantity(plain: str, reading: _Reading, scene: _Scene, found: list[Quantity]) -> Quantity | None:
    """The reading in its neighbourhood: direction, kind, role and what is measured; None where it is no quantity after all."""
    sentence = scene.sentence(reading.start)
    if not (isfinite(reading.low) and isfinite(reading.high)):
        return None
    if reading.unit is None:
        role = "present" if scene.role(reading.start) == "present" else "target"
        return Quantity("", None, None, "", "", "at_most", role, "date", "", False, reading.start, reading.end, "")
    left = plain[max(sentence, reading.start - 40):reading.start]
    start, end, direction, approximate = _direction(plain, reading, left)
    unit, written, start = _unit_in_place(plain, reading, left, start)
    change = _change(plain, reading, left, unit)
    kind = _kind(plain, reading, left, unit, direction, change)
    if kind == "money" and not is_money(unit):
        unit = "CNY" if re.search("[一-鿿]", left + plain[reading.start:reading.end]) else ""
    if not _worth(reading, unit, direction, kind, change):
        return None
    low, high, direction = _bounds(reading, "at_least" if change and direction == "equal" else direction)
    quantity = Quantity("", low, high, unit, written, direction, "other", kind, change, approximate, start, end, "")
    quantity = replace(quantity, role=_role(plain, quantity, reading, scene, left))
    what = _what(plain, quantity, max(sentence, found[-1].end if found else 0), sentence, found)
    what = around.CHANGE_WORD.sub("", what) if change else what.removesuffix(unit) if unit in ("HRC", "HV") else what
    return replace(quantity, what=what)


def _direction(plain: str, reading: _Reading, left: str) -> tuple[int, int, Direction, bool]:
    """The quantity's extent with its direction words, the direction, and whether it is only about so much."""
    rate = around.RATE_BEFORE.search(left)
    prefixes = _prefixes(left, reading) or (_prefixes(left[:rate.start()], reading) if rate else [])
    suffix = around.SUFFIX.match(plain, reading.end)
    about = around.ABOUT.search(left)
    approximate = reading.approximate or bool(about) or bool(suffix and suffix["about"])
    start = reading.start - (len(left) - prefixes[0][0] if prefixes else len(left) - about.start() if about else 0)
    end = suffix.end() if suffix else reading.end
    direction: Direction = prefixes[0][2] if prefixes else "equal"
    moved = around.FROM_TO.search(left)
    if moved and direction == "equal":
        direction = "at_most" if reading.low < float(moved[1]) else "at_least"
    if suffix and suffix.lastgroup != "about":
        direction = suffix.lastgroup
    if prefixes and "better than" in left[prefixes[0][0]:] and reading.unit.name not in ("percent", "permille"):
        direction = "at_most"
    return start, end, direction, approximate


def _prefixes(left: str, reading: _Reading) -> list[tuple[int, int, Direction]]:
    """The direction words that end the window, earliest and at_most first; 过 is one only before larger numbers (过百, not 过两次)."""
    return sorted((match.start(), order, name) for order, (name, pattern) in enumerate(_DIRECTIONS)
                  if (match := pattern.search(left)) and (match[0] != "过" or reading.low >= 20))


def _unit_in_place(plain: str, reading: _Reading, left: str, start: int) -> tuple[str, str, int]:
    """The unit as its neighbours make it: 度 as temperature or angle, pH before its number, "一天" before it as a rate."""
    unit, written = reading.unit.name, reading.unit.written
    if unit == "degree" and written != "°" and not around.ANGLE.search(left[-12:] + plain[reading.end:reading.end + 6]):
        unit = "degC"
    rate = around.RATE_BEFORE.search(left)
    time = rate and CALENDAR_WORDS.get((rate["time"] or rate["short"]).removeprefix("个"))
    if time and "/" not in unit and unit not in (time, "percent") and (unit or written == ""):
        return f"{unit or 'piece'}/{time}", f"{written}/{time}", min(start, reading.start - len(left) + rate.start())
    return unit, written, start


def _change(plain: str, reading: _Reading, left: str, unit: str) -> Literal["", "down", "up"]:
    """"down" or "up" where the number says by how much something shall change."""
    for name, pattern in around.CHANGES:
        if pattern.search(left):
            return name
    after = unit in ("percent", "fold") and around.CHANGE_AFTER.match(plain, reading.end)
    return after.lastgroup if after else ""


def _kind(plain: str, reading: _Reading, left: str, unit: str, direction: str, change: str) -> Literal["measure", "money", "date"]:
    """Money by its unit or by the words before a bare number; a deadline by the words around a span of days or months."""
    if is_money(unit) or (not unit and (plain[reading.end - 1] == "万" or around.MONEY_NEAR.search(left))):
        return "money"
    if unit not in (*CALENDAR, "day") or change:
        return "measure"
    around_it = left[-14:] + plain[reading.end:reading.end + 8]
    if around.DEADLINE_AFTER.match(plain, reading.end) or around.DEADLINE_BEFORE.search(left):
        return "date"
    within = around.WITHIN.search(left) or plain.startswith(("内", "之内", "以内", "前", "之前"), reading.end)
    return "date" if unit in CALENDAR and within and not around.LASTING.search(around_it) else "measure"


def _worth(reading: _Reading, unit: str, direction: str, kind: str, change: str) -> bool:
    """Whether the number says something: 一个问题, 一半, 一天 and bare figures do not, unless a direction goes with them."""
    if reading.unit.written == "块" and reading.low == 1 and not reading.figures:
        return False
    if direction != "equal" or change or kind == "money":
        return bool(unit) or reading.figures or reading.low >= 10
    if not unit or reading.share:
        return False
    if unit == "piece":
        return reading.low >= 10
    return reading.figures or reading.low != 1 or unit not in (*CALENDAR, "day", "degC", "degree")


def _bounds(reading: _Reading, direction: Direction) -> tuple[float, float, Direction]:
    """Low, high and direction; of a span only the end that binds is kept where a direction is said."""
    if direction == "at_most":
        return reading.high, reading.high, direction
    if direction == "at_least":
        return reading.low, reading.low, direction
    return reading.low, reading.high, "range" if reading.low < reading.high else "equal"


def _role(plain: str, quantity: Quantity, reading: _Reading, scene: _Scene, left: str) -> Literal["target", "present", "other"]:
    """Wanted, or as it is today, by the nearest cue; a figure with a direction and no cue is a target."""
    if around.FROM_TO.search(left):
        return "target"
    if around.FROM.search(plain[max(0, quantity.start - 8):quantity.start]) or around.TOO_MUCH.match(plain, quantity.end):
        return "present"
    cue = scene.role(reading.start)
    if cue:
        return cue
    if quantity.kind == "money":
        return "target" if around.BUDGET.search(left) or quantity.direction == "at_most" else "other"
    bound = quantity.direction in ("at_most", "at_least") and not around.WEAK.match(plain[quantity.start:quantity.end])
    return "target" if quantity.kind == "date" or quantity.change or bound else "other"


# ---- what is measured

def _what(plain: str, quantity: Quantity, floor: int, sentence: int, found: list[Quantity]) -> str:
    """The noun phrase before the quantity in its clause, else behind it, else that of the like quantity just before; or ""."""
    before = re.sub(r"[：:=(（\s]+$", "", plain[max(floor, quantity.start - 40):quantity.start])
    what = _phrase(around.BREAK.split(before)[-1], last=True)
    if what and not re.search("-[A-Za-z]", plain[quantity.start:quantity.end]):
        return what
    after = around.BREAK.split(plain[quantity.end:quantity.end + 40])[0]
    after = re.sub(r"^(?:的|\s?of\s(?:the\s)?)", "", after)
    what = _phrase(after, last=False) or what
    if what or not found or found[-1].start < sentence:
        return what
    return found[-1].what if found[-1].kind == quantity.kind and _alike(found[-1], quantity) else ""


def _alike(one: Quantity, other: Quantity) -> bool:
    return one.unit == other.unit or convert(1.0, one.unit, other.unit) is not None


def _phrase(part: str, last: bool) -> str:
    """The last (or first) short noun phrase of a clause."""
    return _phrase_zh(part, last) if re.search("[一-鿿]", part) else _phrase_en(part, last)


def _phrase_zh(part: str, last: bool) -> str:
    """Nouns, and verbs between them, at the end (or the start) of the part; at most 10 characters."""
    window = part[-20:] if last else part[:14]
    tokens = rjieba.tag(window.encode("utf-8", "replace").decode())  # the segmenter refuses lone surrogates
    tokens = tokens[::-1] if last else tokens
    taken: list[str] = []
    for token, tag in tokens:
        noun = tag[0] in "nljgs" or tag in ("vn", "eng", "b", "an") or (tag[0] in "va" and len(token) > 1)
        if token in around.SKIP_ZH or not noun:
            if taken or not last:
                break
            continue
        if sum(map(len, taken)) + len(token) > 10:
            break
        taken.append(token)
    return "".join(taken[::-1] if last else taken)


def _phrase_en(part: str, last: bool) -> str:
    """Up to three words without function words at the end (or the start) of the part."""
    tokens = re.findall(r"[A-Za-z][A-Za-z'’-]*", part)
    taken: list[str] = []
    for token in tokens[::-1] if last else tokens:
        if token.lower() in around.STOP_EN:
            if taken or not last:
                break
            continue
        taken.append(token)
        if len(taken) == 3:
            break
    return " ".join(taken[::-1] if last else taken)


# ---- saying and comparing

def words(quantity: Quantity, lang: str) -> str:
    """The quantity as a reader of ``lang`` ("zh" or "en") should see it, to confirm that it was read rightly."""
    if quantity.kind == "date" and quantity.low is None:
        return quantity.text
    sign = {"at_most": "≤ ", "at_least": "≥ "}.get(quantity.direction, "≈ " if quantity.approximate else "")
    change = {"down": ("降低", "down"), "up": ("提高", "up")}.get(quantity.change)
    moved = change[lang != "zh"] if change else ""
    return " ".join(part for part in (quantity.what, moved, sign + _amount(quantity, lang)) if part)


def _amount(quantity: Quantity, lang: str) -> str:
    """Value and unit: 30 万把/年, 300,000 pcs/year, 2–3 cm."""
    low, high = quantity.low or 0.0, quantity.high or 0.0
    unit = shown(quantity.unit, quantity.written, lang)
    scale, mark = 1.0, ""
    if lang == "zh" and (is_money(quantity.unit) or quantity.unit.startswith("piece") or not quantity.unit):
        scale, mark = (1e8, " 亿") if abs(high) >= 1e8 else (1e4, " 万") if abs(high) >= 1e4 else (1.0, "")
    figure = _figure(high / scale) if low == high else f"{_figure(low / scale)}–{_figure(high / scale)}"
    unit = plural(quantity.unit, high, unit) if lang == "en" else unit
    if lang == "en" and is_money(quantity.unit):
        return f"{unit.partition('/')[0]} {figure}{''.join(unit.partition('/')[1:])}"
    return f"{figure}{mark}{unit}" if mark or unit in "%‰°" else f"{figure} {unit}"


def _figure(value: float) -> str:
    """A number with grouping and no idle zeros; powers of ten beyond the usual sizes."""
    if value and not 1e-6 <= abs(value) < 1e15:
        mantissa, _, power = f"{value:.4g}".partition("e")
        return mantissa + (f"×10{str(int(power)).translate(_RAISED)}" if power else "")
    kept = value if value == int(value) else float(f"{value:.6g}")
    return f"{kept:,.12f}".rstrip("0").rstrip(".").removesuffix("-0") or "0"


def compare(target: Quantity, offered: Quantity) -> Verdict:
    """Whether an offered figure meets a target. Both are read as intervals in the target's unit.

    "met" where all that the offer allows lies in what the target accepts, "missed" where nothing does, else "unknown"; so are
    different dimensions, money and dates, a change against a level, and two named things in one script that share no
    word (板厚 says nothing about 毛刺). Across scripts, or where one is unnamed, the figures alone decide: pair them first.
    """
    if target.kind != "measure" or offered.kind != "measure" or target.change != offered.change or _strangers(target, offered):
        return "unknown"
    ends = [convert(value, offered.unit, target.unit) for value in (offered.low, offered.high)]
    if None in ends:
        return "unknown"
    if target.direction == "range" and offered.direction == "range":
        return "missed" if ends[1] < target.low or ends[0] > target.high else "met" if _same(ends, target) else "unknown"
    wanted, given = _interval(target, [target.low, target.high]), _interval(offered, ends)
    if given[0] >= wanted[0] and given[1] <= wanted[1]:
        return "met"
    return "missed" if given[1] < wanted[0] or given[0] > wanted[1] else "unknown"


def _interval(quantity: Quantity, ends: list[float]) -> tuple[float, float]:
    """What the quantity allows, as closed bounds with room for the rounding of a conversion; "about" is ten per cent."""
    room = (0.1 if quantity.approximate and quantity.direction == "equal" else 1e-9) * max(abs(ends[0]), abs(ends[1]))
    if quantity.direction == "at_most":
        return float("-inf"), ends[1] + room
    if quantity.direction == "at_least":
        return ends[0] - room, float("inf")
    return ends[0] - room, ends[1] + room


def _same(ends: list[float], target: Quantity) -> bool:
    room = 1e-9 * max(map(abs, ends))
    return abs(ends[0] - target.low) <= room and abs(ends[1] - target.high) <= room


def _strangers(one: Quantity, other: Quantity) -> bool:
    """True for two named things in the same script without a word (Chinese: two characters) in common."""
    if not one.what or not other.what:
        return False
    names = [_marks(one.what), _marks(other.what)]
    chinese = [bool(re.search("[一-鿿]", quantity.what)) for quantity in (one, other)]
    return bool(names[0] and names[1] and chinese[0] == chinese[1] and not names[0] & names[1])


def _marks(what: str) -> set[str]:
    han = re.sub("[^一-鿿]", "", what)
    return {word.lower().rstrip("s") for word in re.findall("[A-Za-z]{3,}", what)} | {han[i:i + 2] for i in range(len(han) - 1)}
