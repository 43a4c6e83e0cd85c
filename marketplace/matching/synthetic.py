"""Synthetic technologies and needs in two languages, as many as a benchmark asks for.

Every *topic* is a handful of dictionary words with their translations, so that a Chinese need and an English technology of
one topic do belong together. A text is made of a topic's words and of common words, as common as they are in the
language; lengths are those of patent abstracts (some 220 Chinese characters, some 150 English words). From a seed the
same corpus comes each time. `Sampled` encodes such texts without an encoder: around the real encoding of one text of the
topic, so that a million vectors lie where real ones lie.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import rjieba
from numpy.typing import NDArray

from marketplace.matching.bridge import dictionary
from marketplace.matching.passages import Document
from marketplace.matching.rules import Facts
from marketplace.matching.semantic import Encoder, Vectors, Whole, read

TOPICS = 2_000
WORDS_A_TOPIC = 40
SHARE_OF_TOPIC = 0.45  # of a text's words that are its topic's
ENGLISH = 0.2  # share of documents in English
_SENTENCES = {"zh": (3, 6), "en": (4, 9)}
_LENGTH = {"zh": (14, 34), "en": (14, 30)}  # words of a sentence
_TITLE = {"zh": (5, 11), "en": (6, 13)}
_NEED = (15, 15, 15, 15)  # words of the sentences of a need
_BLOCK = 1_000  # documents drawn from one source of chance: another source for each costs more than the drawing
_ZIPF = 0.9  # exponent of the frequency of words by rank
_WORDS_ENCODED = 12  # of a topic, which its real encoding is made of
_NOISE = 0.65  # length of what is added to a topic's encoding before its length is made one again

REGIONS = tuple(f"CN-{code}" for code in ("BJ", "SH", "GD", "JS", "ZJ", "SD", "HB", "SC", "SN", "LN", "AH", "HN"))
TERMS = ("by_time", "by_acceptance", "by_first_revenue", "by_sales", "lump_sum")


@dataclass(frozen=True)
class Topic:
    """The words of one topic in each language; the first one names it and stands in every sentence."""

    words: dict[str, tuple[str, ...]]


@cache
def _vocabulary() -> tuple[tuple[tuple[str, str], ...], dict[str, tuple[str, ...]]]:
    """Pairs of a Chinese word and its English gloss, and the common words of each language, commonest first."""
    crossings = sorted(dictionary("zh").values(), key=lambda each: each.source)
    pairs = [
        (each.source, first.said.lower()) for each in crossings if (first := each.alternatives[0])
        and 2 <= len(each.source) <= 4 and " " not in each.source and len(first.words) == 1 and first.said.isascii() and first.said.isalpha()
    ]
    by_frequency = sorted(pairs, key=lambda pair: (-rjieba.suggest_freq(pair[0]) if rjieba.has_word(pair[0]) else 0, pair))
    common = by_frequency[:6_000]
    return tuple(by_frequency[300:]), {
        "zh": tuple(dict.fromkeys(word for word, _ in common)), "en": tuple(dict.fromkeys(word for _, word in common)),
    }


class Corpus:
    """All that can be drawn from one seed: `technologies(n)` and `needs(n)`; the topic of number i is `topic_of(i)`."""

    def __init__(self, seed: int = 20261121, topics: int = TOPICS) -> None:
        pairs, common = _vocabulary()
        chance = np.random.default_rng(seed)
        self.seed = seed
        heads = chance.permutation(len(pairs))[: topics * WORDS_A_TOPIC].reshape(topics, -1) if len(pairs) >= topics * WORDS_A_TOPIC else (
            chance.integers(0, len(pairs), (topics, WORDS_A_TOPIC))
        )
        self.topics = [
            Topic({"zh": tuple(pairs[at][0] for at in row), "en": tuple(pairs[at][1] for at in row)}) for row in heads
        ]
        self._common, self._steps = {}, {}
        for language, words in common.items():
            odds = np.arange(1, len(words) + 1) ** -_ZIPF
            self._common[language], self._steps[language] = words, np.cumsum(odds / odds.sum())[:-1]

    def technologies(self, count: int, first: int = 0) -> Iterator[Document]:
        """Technologies number `first` and following, with the facets that real ones have."""
        for number in range(first, first + count):
            if number % _BLOCK == 0 or number == first:
                chance = np.random.default_rng((self.seed, number))
            language = "en" if chance.random() < ENGLISH else "zh"
            topic = int(chance.integers(len(self.topics)))
            passage = self.passage(topic, language, chance)
            yield Document(
                key=number + 1, kind="technology", passages={language: passage}, revision=1,
                facets=_facets(topic, language, chance), facts=Facts(trl=int(chance.integers(1, 10))).packed(),
            )

    def passage(self, topic: int, language: str, chance: np.random.Generator) -> tuple[str, str]:
        """A title and a body of as many words as an abstract has, on a topic."""
        sizes = [int(chance.integers(*_TITLE[language]))]
        sizes += chance.integers(*_LENGTH[language], size=int(chance.integers(*_SENTENCES[language]))).tolist()
        title, *sentences = self._texts(topic, language, sizes, chance)
        stop = "。" if language == "zh" else ". "
        return title, stop.join(sentences) + stop.strip()

    def needs(self, count: int, first: int = 0) -> Iterator[tuple[int, str, str]]:
        """Needs of sixty words in turn in Chinese and English: the topic, the language and the text of each."""
        for number in range(first, first + count):
            chance = np.random.default_rng((self.seed, 1, number))
            topic, language = int(chance.integers(len(self.topics))), ("zh", "en")[number % 2]
            yield topic, language, ("。" if language == "zh" else ". ").join(self._texts(topic, language, _NEED, chance))

    def _texts(self, topic: int, language: str, sizes: Sequence[int], chance: np.random.Generator) -> list[str]:
        """Texts of so many words, each the topic's name and then words of its own and common ones."""
        own, common, count = self.topics[topic].words[language], self._common[language], sum(sizes)
        usual = np.searchsorted(self._steps[language], chance.random(count)).tolist()
        mine = chance.integers(0, len(own), count).tolist()
        from_topic = (chance.random(count) < SHARE_OF_TOPIC).tolist()
        words = [own[mine[at]] if from_topic[at] else common[usual[at]] for at in range(count)]
        texts, start = [], 0
        for size in sizes:
            texts.append(_joined([own[0], *words[start + 1 : start + size]], language))
            start += size
        return texts


def _joined(words: Sequence[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(words)


def _facets(topic: int, language: str, chance: np.random.Generator) -> dict[str, tuple[str, ...]]:
    section = "ABCDEFGH"[topic % 8]
    return {
        "visibility": ("public" if chance.random() < 0.9 else "members",),
        "organisation": (f"o{int(chance.integers(50_000))}",),
        "technology_kind": ("patent",),
        "field": (section,),
        "industry": (section, f"{section}{10 + topic % 40}"),
        "maturity": (str(int(chance.integers(1, 10))),),
        "region": (REGIONS[int(chance.integers(len(REGIONS)))],),
        "terms": (TERMS[int(chance.integers(len(TERMS)))],),
        "language": (language,),
    }


class Sampled:
    """An encoder for synthetic texts: a real encoding of the text's topic and language, moved by chance.

    The topic is read off a text's first word. The chance is the text's own, so that a text has one encoding.
    """

    def __init__(self, real: Encoder, corpus: Corpus, encode: Callable[[Sequence[str]], NDArray]) -> None:
        """`encode` is the real encoder's, or one that keeps what it encoded: it is asked for 4,000 short texts."""
        self.name, self.dimensions = f"sampled-{real.name}", real.dimensions
        self._heads: dict[str, dict[str, int]] = {"zh": {}, "en": {}}
        texts = []
        for number, topic in enumerate(corpus.topics):
            for language in ("zh", "en"):
                self._heads[language].setdefault(topic.words[language][0], 2 * number + (language == "en"))
                texts.append(_joined(topic.words[language][:_WORDS_ENCODED], language))
        self._texts, self._encode = texts, encode
        self._centres: NDArray[np.float32] | None = None

    def reads(self, text: str) -> str:
        """See `Encoder`; all of it."""
        return text

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        if self._centres is None:
            self._centres = self._encode(self._texts).astype(np.float32)
        rows = self._centres[[self._place(text) for text in texts]]
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") for text in texts]
        chance = np.random.default_rng(seeds[0] if seeds else 0)
        noise = chance.standard_normal(rows.shape, dtype=np.float32) * np.float32(_NOISE / np.sqrt(self.dimensions))
        moved = rows + noise
        return moved / np.linalg.norm(moved, axis=1, keepdims=True)

    def _place(self, text: str) -> int:
        if text[:1].isascii():
            return self._heads["en"].get(text.split(" ", 1)[0].lower(), 1)
        return next((self._heads["zh"][text[:size]] for size in (4, 3, 2) if text[:size] in self._heads["zh"]), 0)


class Standing(Sampled):
    """The same under the real encoder's own name, for a site that is grown: its store then has the vectors of the made-up texts, and
    whoever asks is read by the real one. What is ranked costs what it costs on a real site; how well, says nothing."""

    def __init__(self, real: Encoder, corpus: Corpus, encode: Callable[[Sequence[str]], NDArray]) -> None:
        super().__init__(real, corpus, encode)
        self.name = real.name

    def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        """See `ReadsPieces`."""
        return read(_Plain(self), texts)


@dataclass(frozen=True)
class _Plain:
    """An encoder that reads each piece apart."""

    of: Sampled

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def dimensions(self) -> int:
        return self.of.dimensions

    def reads(self, text: str) -> str:
        return text

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        return self.of.encode(texts, within)
