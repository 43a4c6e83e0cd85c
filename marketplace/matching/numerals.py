"""Numbers as people write them on the shop floor, in figures, in Chinese numerals and in English words.

``numeral(text, position)`` reads one number and says how far it reaches: 1,200 · 1.2×10^5 · 四十多 · 两三百 · 三成 · 千分之二 ·
一半 · two hundred · half a · three-quarters. Shares are given in per cent. Pure and bounded: every pattern has a limit on its
length, so reading a text is linear in its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DIGITS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
TENS = {"十": 10, "百": 100, "千": 1000}
SCALES = {
    "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "万亿": 1e12,
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "mn": 1e6, "bn": 1e9, "k": 1e3,
}
_SMALL = """zero one two three four five six seven eight nine ten
eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ENGLISH = {word: value for value, word in enumerate(_SMALL.split())}
ENGLISH |= {word: 20 + 10 * step for step, word in enumerate(_TENS.split())}
PARTS = {"half": 50.0, "halve": 50.0, "third": 100 / 3, "quarter": 25.0, "fifth": 20.0, "tenth": 10.0}
SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")
PERCENT = "percent"

_CN = "(?:[零〇一二两三四五六七八九十百万亿]|千(?![瓦帕克焦赫牛欧伏]))"
_CN_DIGIT = "[零〇一二两三四五六七八九]"
_WORDS = "|".join(sorted([*ENGLISH, "hundred", "thousand", "million", "billion"], key=len, reverse=True))
_SCALE = "万亿|十万|百万|千万|万|亿|千|百|k(?![A-Za-z])|(?:hundred|thousand|million|billion|mn|bn)(?![A-Za-z])"
# A figure inside a designation (STM32, 3.2.1, No.7) is not a quantity; a few quantities are written onto their number.
_FREE = r"(?:(?<![A-Za-z0-9_.])|(?<=(?<![A-Za-z])(?:Ra|Rz|pH|HV))|(?<=HRC)|(?<=CNY|RMB|USD|EUR))"
NUMBER = re.compile(
    rf"(?P<part>(?:百|千|万|[二三四五六七八九十])分之)(?P<share>{_CN}{{1,6}}(?:点{_CN_DIGIT}{{1,6}})?|\d{{1,6}}(?:\.\d{{1,6}})?)"
    r"|(?P<vague>[几数][十百千万亿]{1,3}"
    r"|(?<![A-Za-z])(?:several|few|couple of|dozens? of) (?:hundred|thousand|million|billion)(?![A-Za-z]))"
    r"|(?P<half>一半(?![儿路途])|(?<![上下大小后前])半(?=个?(?:小时|钟头|分钟|天|日|年|个月|月|米|毫米|公里|公斤|吨|克|升|度|秒|成|丝|公分|厘米|微米)))"
    rf"|(?<![几数第百千万])(?P<tenths>{_CN_DIGIT}{{1,2}})(?P<tenths_odd>多)?成(?=[五以之左上多的，。；、\s!?！？]|$|[一-鿿](?![一-鿿]))"
    rf"|(?<![几数第周期])(?P<chinese>{_CN}{{1,14}}(?:点{_CN_DIGIT}{{1,6}})?)(?P<odd>[多余来几])?(?P<scale_cn>(?:[百万亿]|千(?![瓦帕克焦赫牛欧伏])){{1,2}})?"
    rf"|{_FREE}(?P<figures>(?:(?<![0-9A-Za-z)）])[-−])?(?:\d{{1,3}}(?:,\d{{3}}){{1,4}}(?!\d)|\d{{1,15}})(?:\.\d{{1,12}})?)"
    r"(?P<power>e[+-]?\d{1,3}(?![\dA-Za-z])|(?P<times>\s?[×x*·]\s?10|(?<=(?<!\d)10))(?:\^[-−]?\d{1,3}|[⁻−]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|\*\*-?\d{1,3}))?"
    rf"(?P<odd_figures>(?:多|余|来|几)(?=[百千万亿\w]))?"
    r"|(?<![A-Za-z])(?P<count>a|an|one|two|three|four|five|seven|nine)[ -](?P<piece>half|halve|third|quarter|fifth|tenth)s?"
    r"(?![A-Za-z])"
    r"|(?<![A-Za-z])(?P<english_half>half)[ -](?:an? )?(?=[a-zA-Z])"
    rf"|(?<![A-Za-z])(?P<english>(?:{_WORDS})(?:(?: and | |-)(?:{_WORDS})){{0,6}})(?P<odd_english>-odd)?(?![A-Za-z])",
    re.IGNORECASE,
)
SCALE = re.compile(rf"\s?(?:{_SCALE})")


@dataclass(frozen=True)
class Numeral:
    """One number, or a spoken pair of them such as 三四; ``unit`` is "percent" for shares, else empty.

    ``figures`` tells digits from words; ``loose`` marks the shares that are mere talk unless a direction goes with them (一半,
    a third).
    """

    low: float
    high: float
    end: int
    approximate: bool = False
    unit: str = ""
    figures: bool = False
    loose: bool = False


def tidy(value: float) -> float:
    """The value without the dust of binary fractions (12 significant digits), so that 1.1 万 is 11,000."""
    return float(f"{value:.12g}")


def chinese(word: str) -> tuple[float, float] | None:
    """The value of a Chinese numeral as (low, high): 四十 is 40; 三四百 is 300 to 400; 一百二 is 120; None for no number."""
    if "点" in word:
        whole, _, fraction = word.partition("点")
        pair = chinese(whole)
        return pair and (pair[0] + _fraction(fraction), pair[0] + _fraction(fraction))
    pair = re.search("([一二两三四五六七八])([二两三四五六七八九])(?=[十百千万亿]|$)", word)
    if pair and DIGITS[pair[2]] == DIGITS[pair[1]] + 1:
        ends = [_plain(word[: pair.start()] + digit + word[pair.end():]) for digit in (pair[1], pair[2])]
        return None if None in ends else (ends[0], ends[1])
    value = _plain(word)
    return None if value is None else (value, value)


def _fraction(digits: str) -> float:
    return float("0." + "".join(str(DIGITS[digit]) for digit in digits))


def _plain(word: str) -> float | None:
    """A numeral without pairs; 一五三 is read digit by digit, 两千五 by its last place."""
    if all(letter in DIGITS for letter in word):
        return float("".join(str(DIGITS[letter]) for letter in word))
    total = section = digit = 0.0
    last = 1.0
    for letter in word:
        if letter in DIGITS:
            digit, last = DIGITS[letter], (1.0 if letter in "零〇" else last)
        elif letter in TENS:
            section += (digit or 1) * TENS[letter]
            digit, last = 0, TENS[letter]
        else:
            total = (total + section + digit or 1) * SCALES[letter]
            section = digit = 0
            last = SCALES[letter]
    return total + section + digit * (last / 10 if last > 10 else 1)


def english(words: str) -> float:
    """The value of English number words: "two hundred and fifty" is 250."""
    total = section = 0.0
    for word in re.split(" and |[ -]", words.lower()):
        if word == "hundred":
            section = (section or 1) * 100
        elif word in SCALES:
            total, section = total + (section or 1) * SCALES[word], 0
        elif word:
            section += ENGLISH[word]
    return total + section


def numeral(match: re.Match[str], text: str) -> Numeral | None:
    """The number that a match of NUMBER stands for, before any scale word or unit; None where it is none after all."""
    end = match.end()
    if match["vague"]:
        return None
    if match["part"]:
        whole = {"百": 100, "千": 1000, "万": 10000}.get(match["part"][0]) or (chinese(match["part"][0]) or (1, 1))[0]
        pair = _share(match["share"])
        low, high = (tidy(100 * value / whole) for value in pair or (0, 0))
        return Numeral(low, high, end, unit=PERCENT, loose=match["part"][0] not in "百千万") if pair else None
    if match["half"]:
        return Numeral(50, 50, end, unit=PERCENT, loose=True) if match["half"] == "一半" else Numeral(0.5, 0.5, end)
    if match["tenths"]:
        pair = chinese(match["tenths"])
        half = 5 if text[end:end + 1] == "五" else 0
        return pair and Numeral(10 * pair[0] + half, 10 * pair[1] + half, end + bool(half), bool(match["tenths_odd"]), PERCENT)
    if match["chinese"]:
        return _spoken(match)
    if match["figures"]:
        return _figures(match)
    if match["piece"]:
        count = 1 if match["count"].lower() in ("a", "an") else ENGLISH[match["count"].lower()]
        share = count * PARTS[match["piece"].lower()]
        return Numeral(tidy(share), tidy(share), end, unit=PERCENT, loose=True)
    if match["english_half"]:
        return Numeral(0.5, 0.5, end)
    value = english(match["english"])
    return Numeral(value, value, end, bool(match["odd_english"]))


def _share(word: str) -> tuple[float, float] | None:
    return (float(word), float(word)) if word[0].isdigit() and word[0].isascii() else chinese(word)


def _spoken(match: re.Match[str]) -> Numeral | None:
    """A Chinese numeral; with 几 after 十 the span is the next nine (十几 is 11 to 19), with 多, 余, 来 it is about."""
    pair = chinese(match["chinese"])
    if pair is None:
        return None
    low, high = pair
    if match["odd"] == "几":
        if match["chinese"][-1] != "十":
            return None
        low, high = low + 1, high + 9
    for scale in match["scale_cn"] or "":
        low, high = low * SCALES[scale], high * SCALES[scale]
    return Numeral(low, high, match.end(), bool(match["odd"]))


def _figures(match: re.Match[str]) -> Numeral:
    """Figures, with a power of ten where one is written."""
    value = float(match["figures"].replace(",", "").replace("−", "-"))
    if match["power"]:
        exponent = match["power"][len(match["times"] or ""):].lstrip("eE^*").translate(SUPERSCRIPT)
        mantissa = 1.0 if match["times"] == "" else value
        value = float(f"{mantissa!r}e{int(exponent)}")
    return Numeral(tidy(value), tidy(value), match.end(), bool(match["odd_figures"]), figures=True)


def scaled(number: Numeral, text: str) -> Numeral:
    """The number times the scale word behind it, where there is one: "30 万", "2 million", "$250k"."""
    match = SCALE.match(text, number.end)
    if not match or number.unit:
        return number
    factor = SCALES[match[0].strip().lower()]
    return Numeral(tidy(number.low * factor), tidy(number.high * factor), match.end(), number.approximate, "", number.figures)
