"""Evidence: the sentences and words that a reader can check, beside the figures of a hit.

A score is a sum of named parts; this shows what lies under two of them: which sentence of the document is nearest in
meaning to which sentence of the question, and which words both share, as they stand or through the dictionary. Offsets
are given into the texts as they were handed in, so that a page can mark them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np

from marketplace.matching import bridge
from marketplace.matching import text as cut
from marketplace.matching.quantities import quantities
from marketplace.matching.semantic import Vectors

MOST_PAIRS = 3
MOST_WORDS = 12
_FEWEST_LETTERS = 2  # a shared single Chinese character or Latin letter proves nothing
_LEAST_LIKE = 0.15  # cosine without what all questions share, below which a pair of sentences is no evidence


class Passages(Protocol):
    """What evidence needs of a document: `passages`, language → (title, body)."""

    @property
    def passages(self) -> dict[str, tuple[str, str]]: ...


class Likeness(Protocol):
    """How like sentences of a question and sentences of a document are, as they were handed in: (question's, document's) cosines."""

    def __call__(self, asked: tuple[str, ...], found: tuple[str, ...]) -> Vectors: ...


class Mark(NamedTuple):
    """A piece of a text: `text[start:end]`."""

    start: int
    end: int
    text: str


class SentencePair(NamedTuple):
    """A sentence of the question, the nearest sentence of the document, and their likeness (cosine, at most 1)."""

    asked: Mark
    found: Mark
    similarity: float


class WordPair(NamedTuple):
    """A word of the question and the word of the document that answers it, with every place where either stands.

    `bridged` says that the dictionary joined them; otherwise they are one word.
    """

    asked: tuple[Mark, ...]
    found: tuple[Mark, ...]
    bridged: bool


@dataclass(frozen=True)
class Evidence:
    """What carried a match. Offsets of `asked` marks are into the question, of `found` marks into `title` + newline +
    `body` of the passage in `language`, given again as `text`."""

    language: str
    text: str
    sentences: tuple[SentencePair, ...]
    words: tuple[WordPair, ...]


def evidence(query_text: str, document: Passages, likeness: Likeness | None, reader_language: str) -> Evidence:
    """The best sentence pairs and the shared words of a question and a document; no sentences without a `likeness`.

    The passage is the one in the reader's language where there is one, else the other: evidence that one cannot read
    is none.
    """
    language = reader_language if reader_language in document.passages else next(iter(document.passages), "zh")
    text = "\n".join(document.passages.get(language, ("", "")))
    question = query_text[: cut.LONGEST_TEXT]
    return Evidence(language, text, _sentence_pairs(question, text, likeness), _word_pairs(question, text, language))


def _sentence_pairs(question: str, text: str, likeness: Likeness | None) -> tuple[SentencePair, ...]:
    """For each sentence of the question its nearest in the document; the best of these, each sentence used once."""
    asked, found = cut.sentence_spans(question), cut.sentence_spans(text)
    if likeness is None or not asked or not found:
        return ()
    cosines = likeness(*(tuple(each.text for each in part) for part in (asked, found)))
    pairs, used = [], set()
    for place in np.argsort(-cosines, axis=None, kind="stable"):
        row, column = divmod(int(place), len(found))
        similarity = float(cosines[row, column])
        if similarity < _LEAST_LIKE or len(pairs) == MOST_PAIRS:
            break
        if ("asked", row) not in used and ("found", column) not in used:
            used |= {("asked", row), ("found", column)}
            pairs.append(SentencePair(_mark(asked[row]), _mark(found[column]), similarity))
    return tuple(pairs)


def _word_pairs(question: str, text: str, language: str) -> tuple[WordPair, ...]:
    """Words of the question that stand in the document, or whose glosses do; longer first, at most `MOST_WORDS`."""
    asked = _asked(question, language)
    found = _places(text, asked.sought)
    answers = {word: (word, False) for word in asked.marks if word in found and len(word) >= _FEWEST_LETTERS and not word.isdigit()}
    for word, glosses in asked.glosses.items():
        answer = next((gloss for gloss in glosses if gloss in found), None)
        if answer:
            answers.setdefault(word, (answer, True))
    ordered = sorted(answers, key=lambda word: (answers[word][1], -len(word), word))[:MOST_WORDS]
    return tuple(WordPair(asked.marks[word], _marks(text, found[answers[word][0]]), bridged=answers[word][1]) for word in ordered)


class _Asked(NamedTuple):
    """A question's words with their places, the glosses of one word that they have in a document's language, and all words to look for in it."""

    marks: dict[str, tuple[Mark, ...]]
    glosses: dict[str, tuple[str, ...]]
    sought: frozenset[str]


@lru_cache(maxsize=64)
def _asked(question: str, language: str) -> _Asked:
    """A question's words, but for those of its quantities: "mm" and 不超过 in two texts are no common ground, the figures are
    compared apart. There are no glosses in its own language."""
    measured = [(one.start, one.end) for one in quantities(question)]
    marks = {word: _marks(question, spans) for word, spans in _places(question).items() if not all(_inside(span, measured) for span in spans)}
    own = cut.language(question)
    glosses = {} if own == language else {
        each.source: tuple(gloss.words[0] for gloss in each.alternatives if len(gloss.words) == 1)
        for each in bridge.cross(list(marks), own) if each.source in marks
    }
    return _Asked(marks, glosses, frozenset(marks).union(*glosses.values()))


def _inside(span: cut.Span, parts: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span.start and span.end <= end for start, end in parts)


def _places(text: str, only: Set[str] | None = None) -> dict[str, list[cut.Span]]:
    """Where each word of a text stands, by its searched form; `only` some words."""
    places: dict[str, list[cut.Span]] = {}
    for span in cut.word_spans(text, only):
        places.setdefault(span.text, []).append(span)
    return places


def _marks(text: str, spans: Sequence[cut.Span]) -> tuple[Mark, ...]:
    """Places as they are written."""
    return tuple(Mark(span.start, span.end, text[span.start : span.end]) for span in spans)


def _mark(span: cut.Span) -> Mark:
    return Mark(span.start, span.end, span.text)
