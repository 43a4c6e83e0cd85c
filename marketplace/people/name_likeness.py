"""How alike a written name and a registered one are: Latin pieces by fitted weights over a few features, Chinese ones by rules.

A Latin piece is compared by the best stretch of words in it (``stretch``): what share of the registered words it holds,
counting rare words for more than "university"; what stands between and beside them; RapidFuzz on the letters. The
weights turn these into the probability that both mean one organisation; they were fitted on affiliations of research
papers by ``names_measure.fit`` (docs/names.md). Chinese names are short and close to each other (江苏大学, 江苏师范大学), so
rules say when one is a form of the other. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import exp

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from marketplace.people.name_forms import CHANGING, HEADS, ZH_GENERIC, Piece, chinese_core, chinese_words, is_place

Weight = Callable[[str], float]
Held = dict[int, tuple[int, float]]  # place of a word in the piece → index of the registered word it stands for, likeness

# Filled by fit(); see docs/names.md for the run. The order is that of ``FEATURES``.
# Positive features can only speak for a match, negative ones only against it.
FOR = ("letters", "joined", "held", "rarest", "same", "whole", "place", "no_place", "initials")
AGAINST = ("before", "changed", "missing", "head_missing", "single", "outdone", "unsaid", "hospital")
FEATURES = (
    "before", "changed", "letters", "joined", "held", "rarest", "same", "missing", "head_missing", "whole", "single",
    "place", "outdone", "no_place", "initials", "unsaid", "hospital",
)
WEIGHTS = (
    -0.317, -0.467, 0.281, 4.361, 1.661, 8.308, 2.06, -0.736, -0.495, 1.052, -2.453, 1.607, -3.0, 0.634,
    1.623, -3.432, -0.596,
)
BIAS = -14.358


@dataclass(frozen=True)
class Stretch:
    """The words of one piece that stand for the registered ones, and what was measured on them."""

    words: tuple[str, ...]
    value: float
    features: tuple[float, ...]


def probability(features: tuple[float, ...]) -> float:
    """The logistic of the weighted features, 0 to 1."""
    return 1 / (1 + exp(-BIAS - sum(weight * value for weight, value in zip(WEIGHTS, features, strict=True))))


def same_word(one: str, other: str) -> float:
    """1 for the same word, less for a truncated (technol) or misspelt one, 0 for different ones."""
    if one == other:
        return 1.0
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 4 or len(longer) - len(shorter) > 6:
        return 0.0
    if len(shorter) > 4 and longer.startswith(shorter):
        return 0.75
    ratio = fuzz.ratio(one, other) if len(shorter) > 4 else 0.0
    return 0.009 * ratio if ratio >= 84 else 0.0


def stretch(piece: Piece, registered: tuple[str, ...], weight: Weight, nearby: frozenset[str]) -> Stretch | None:
    """The best stretch of the piece for the registered words; None where no word is shared. ``nearby`` are places named beside it."""
    matched = _matched(piece.words, registered)
    if not matched:
        return None
    total = sum(map(weight, registered))
    first, last = _best_ends(piece.words, matched, registered, weight)
    held = {at: matched[at] for at in matched if first <= at <= last}
    value = sum(likeness * weight(registered[index]) for index, likeness in held.values())
    between = sum(_intruder(word, weight) for at, word in enumerate(piece.words[first: last + 1], first) if at not in held)
    left = piece.words[first - 1] if first and not piece.unit and registered[0] != "university" else ""
    right = piece.words[last + 1] if last + 1 < len(piece.words) and piece.words[last + 1] not in nearby else ""
    beside = 0.1 * ((left in CHANGING) + (right in CHANGING)) + 0.02 * (bool(left) + bool(right))
    whole = len(held) == len(registered) and not between
    features = (float(bool(left)), float(right in CHANGING), *_measured(piece, registered, weight, (first, last), held, whole))
    return Stretch(piece.words[first: last + 1], (value - between) / total - beside, features)


def _matched(words: tuple[str, ...], registered: tuple[str, ...]) -> Held:
    """Place in the piece → (index of the registered word, likeness); each registered word is taken once."""
    matched: Held = {}
    taken: set[int] = set()
    for at, word in enumerate(words):
        free = (index for index in range(len(registered)) if index not in taken)
        likeness, index = max(((same_word(word, registered[index]), -index) for index in free), default=(0.0, 0))
        if likeness:
            matched[at] = (-index, likeness)
            taken.add(-index)
    return matched


def _intruder(word: str, weight: Weight) -> float:
    return 0.3 if word in HEADS else weight(word)


def _best_ends(words: tuple[str, ...], matched: Held, registered: tuple[str, ...], weight: Weight) -> tuple[int, int]:
    """From which to which matched word the balance of what is held and what intrudes is best, the shorter one of equals."""
    worth = [-_intruder(word, weight) for word in words]
    for at, (index, likeness) in matched.items():
        worth[at] = likeness * weight(registered[index])
    places = sorted(matched)
    spans = ((sum(worth[first: last + 1]), first - last, first, last) for first in places for last in places if 0 <= last - first < 16)
    return max(spans, key=lambda span: (round(span[0], 9), span[1]))[2:]


def _measured(piece: Piece, registered: tuple[str, ...], weight: Weight, ends: tuple[int, int], held: Held,
              whole: bool) -> tuple[float, ...]:
    """The features of a stretch from "letters" to "single"."""
    words = piece.words[ends[0]: ends[1] + 1]
    found = {index for index, _ in held.values()}
    missing = [word for index, word in enumerate(registered) if index not in found]
    weights = [likeness * weight(registered[index]) for index, likeness in held.values()]
    one, other = " ".join(registered), " ".join(words)
    return (
        fuzz.token_sort_ratio(one, other) / 100, fuzz.ratio(one.replace(" ", ""), other.replace(" ", "")) / 100,
        min(sum(weights), 1.5), max(weights), float(whole and len(piece.words) == len(registered)),
        max(map(weight, missing), default=0.0), float(any(word in HEADS for word in missing)),
        float(whole), float(len(registered) == 1),
    )


# ---- Chinese

_HEADS = frozenset({"大学", "学院", "研究院", "研究所", "医院", "科学院"})
_UNIT = re.compile("(?:.{0,16}(?:系|学院|学部|研究所|研究院|实验室|中心|课题组|部|处|教研室|团队|校区|大学院))?$")
_ANOTHER = re.compile("医院|附属|公司|中学|小学|出版社|分校|独立学院|资产经营")


def chinese_likeness(written: str, registered: str) -> float:
    """0 to 100: equal cores 100, a department behind the name 95, a short form 60 to 98, a slip of the pen in a long name 70 to 95."""
    (one, _), (other, company) = chinese_core(written), chinese_core(registered)
    if written == registered:
        return 100.0
    if one == other:
        return 70.0 if company and _elsewhere(written, registered) else 97.0
    if len(other) > 1 and one.startswith(other) and len(one) > len(other) and not is_place(other):
        return _behind(one[len(other):], company)
    if len(other) > 3 and one.endswith(other):
        before = one[: -len(other)]
        return 92.0 if is_place(before) and before[-1] in "省市区县" else 45.0
    short = _short_form(one, other, company) if len(one) < len(other) else 0.0
    return max(short, _slip(one, other))


def _slip(one: str, other: str) -> float:
    """A slip of the pen: another character of the same sound (pinyin input), or one in a name of six characters and more."""
    if len(one) == len(other) > 2 and lazy_pinyin(one) == lazy_pinyin(other):
        return 0.0 if is_place(chinese_words(one)[0]) and is_place(chinese_words(other)[0]) else 88.0
    ratio = fuzz.ratio(one, other)
    return 0.9 * ratio + 5 if min(len(one), len(other)) > 5 and ratio >= 85 and _same_generics(one, other) else 0.0


def _elsewhere(one: str, other: str) -> bool:
    """Companies of one name that name different places, 苏州铭锐 and 上海铭锐: sisters perhaps, but two legal persons."""
    places = [{word.rstrip("省市区县") for word in chinese_words(name) if is_place(word)} for name in (one, other)]
    return bool(places[0] and places[1] and not places[0] & places[1])


def _behind(rest: str, company: bool) -> float:
    """What may follow a name: a unit of it, not another body that bears its name."""
    if _ANOTHER.search(rest):
        return 40.0
    return 95.0 if _UNIT.fullmatch(rest) else 60.0 if company else 75.0


def _same_generics(one: str, other: str) -> bool:
    """江苏师范大学 is not 江苏大学 misspelt: the usual words must be the same ones."""
    return [word for word in chinese_words(one) if word in ZH_GENERIC] == [word for word in chinese_words(other) if word in ZH_GENERIC]


def _short_form(short: str, name: str, company: bool) -> float:
    """How well a short form stands for a name: each of its characters begins a word (浙大, 哈工大), or whole words are left out at the end.

    A name that has its head (江苏大学) is whole and short for nothing (江苏师范大学). The first word must be there;
    a place alone (浙江), usual words alone (化学) or one character never are a name.
    """
    words = list(chinese_words(name))
    taken = _spelled_by(short, words)
    if not taken or len(short) < 2 or (len(taken) == 1 and is_place(words[0])) or all(word in ZH_GENERIC for word in chinese_words(short)):
        return 0.0
    weights = [0.6 if company and word in ZH_GENERIC else 1.0 for word in words]
    weights[-1] = 0.3 if words[-1] in ZH_GENERIC else weights[-1]
    share = sum(weight for at, weight in enumerate(weights) if at in taken) / sum(weights)
    own = words[0] in short and not is_place(words[0]) and words[0] not in ZH_GENERIC
    complete = short.endswith(words[-1]) and words[-1] in _HEADS and len(taken) < len(words)
    return round(min(98.0, 98 * share**1.5 + (25 if own else 0)) * (0.4 if complete else 1.0), 1)


def _spelled_by(short: str, words: list[str]) -> set[int]:
    """Which words the short form is made of, in order, each by a beginning of it or (研究所, 科学院) by its last character."""
    taken: set[int] = set()
    rest = short
    for at, word in enumerate(words):
        common = next((length for length in range(min(len(word), len(rest)), 0, -1) if word.startswith(rest[:length])), 0)
        if not common and rest and word[-1] == rest[0] and word[-1] in "所院校局厂":
            common = 1
        if common:
            taken.add(at)
            rest = rest[common:]
        elif at == 0:
            return set()
    return taken if not rest else set()
