"""What an index knows by experience: where questions and documents lie on average, and how far scores spread by chance.

An encoder puts every shop-floor question near every other one, because they share a manner of speaking; a text that
speaks in that manner would then answer everything. So the average question is taken out of each question and the
average document out of each document, language by language, before they are compared. This is the largest single gain
of the engine (see docs/matching.md). The average question comes from `background.json`, written for this, and from
questions that the site has seen. All figures are fixed when an index is rebuilt and are part of its version.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import bridge
from marketplace.matching import text as cut
from marketplace.matching.semantic import Encoder, Encoders, Vectors

LANGUAGES = ("zh", "en")
MOST_ASKED = 400  # questions of each language from which the averages are taken
_WEIGHT_OF_BACKGROUND = 30  # documents that the background counts for, so that three documents have a sane average
_WEIGHT_OF_USUAL = 50  # pairs that a usual spread counts for

_BACKGROUND = Path(__file__).with_name("background.json")
_AVERAGES = Path(__file__).with_name("averages.json")


@cache
def background() -> Mapping[str, tuple[str, ...]]:
    """Questions of the kind that is asked, by language; written for this and about nothing in any corpus."""
    data = json.loads(_BACKGROUND.read_text(encoding="utf-8"))
    return {language: tuple(data[language]) for language in LANGUAGES}


@dataclass(frozen=True)
class Scale:
    """Average and standard deviation of one part over chance pairs of a question and a document."""

    mean: float
    spread: float


USUAL_SCALES = {  # as measured with 102 judged needs in each language on 2,000 abstracts
    "words": Scale(0.018, 0.073),
    "bigrams": Scale(0.023, 0.077),
    "bridge": Scale(0.139, 0.200),
    "meaning_title": Scale(0.0, 0.064),
    "meaning_body": Scale(0.0, 0.065),
    "meaning_sentence": Scale(0.041, 0.062),
    "meaning_slow": Scale(0.0, 0.070),
    "meaning_bridged": Scale(0.0, 0.072),
}


@dataclass(frozen=True)
class Constants:
    """The figures of one index. Keys of `asked` and `kept` are (encoder name, manner: a language or `bridged_from`
    one), of `scales` (part, question's language, document's language); `usual[language][word]` is the share of
    questions that have the word."""

    asked: Mapping[tuple[str, str], Vectors] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], Vectors] = field(default_factory=dict)
    scales: Mapping[tuple[str, str, str], Scale] = field(default_factory=dict)
    usual: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def question(self, encoder: Encoder, manner: str, vectors: Vectors) -> Vectors:
        """Question vectors without what all questions share, of length one again."""
        return _unit(vectors - self.asked[encoder.name, manner])

    def document(self, encoder: Encoder, language: str, vectors: NDArray) -> Vectors:
        """Document vectors without what all documents share, of length one again."""
        return _unit(np.asarray(vectors, np.float32) - self.kept[encoder.name, language])

    def scaled(self, part: str, asked: str, kept: str, values: Vectors) -> Vectors:
        """A part in standard deviations from what chance gives."""
        scale = self.scales.get((part, asked, kept), USUAL_SCALES[part])
        return ((values - scale.mean) / scale.spread).astype(np.float32)

    def term_weights(self, language: str, terms: Sequence[str]) -> dict[str, float]:
        """How much each word of a question counts: less when many questions have it, a little more when repeated."""
        usual = self.usual.get(language, {})
        most = math.log(1 / _RAREST)
        return {
            term: (1 + 0.5 * math.log2(times)) * max(0.0, -math.log(min(1.0, usual.get(term, 0.0) + _RAREST)) / most)
            for term, times in Counter(terms).items()
        }

    def with_scales(self, scales: Mapping[tuple[str, str, str], Scale]) -> Constants:
        """The same averages with the spreads measured through them."""
        return replace(self, scales=scales)

    def save(self, path: Path) -> None:
        """Write to one JSON file (some 60 kB)."""
        path.write_text(json.dumps(self._plain(), ensure_ascii=False, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Constants:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        vectors = {
            name: {tuple(key.split("|")): np.array(row, np.float32) for key, row in data[name].items()}
            for name in ("asked", "kept")
        }
        scales = {tuple(key.split("|")): Scale(*pair) for key, pair in data["scales"].items()}
        return cls(vectors["asked"], vectors["kept"], scales, data["usual"])

    @cached_property
    def version(self) -> str:
        """A name that changes when any figure does."""
        return hashlib.blake2b(json.dumps(self._plain(), sort_keys=True).encode(), digest_size=6).hexdigest()

    def _plain(self) -> dict:
        rounded = {
            name: {"|".join(key): [round(float(x), 5) for x in row] for key, row in getattr(self, name).items()}
            for name in ("asked", "kept")
        }
        scales = {"|".join(key): [round(each.mean, 6), round(each.spread, 6)] for key, each in self.scales.items()}
        return {**rounded, "scales": scales, "usual": self.usual}


_SLOW_SAMPLE = 12  # texts of each kind that the slow encoder reads for its averages: it needs a third of a second for each
_RAREST = 1 / 100  # a word that no question of the sample has is taken to stand in one of a hundred


def bridged_from(language: str) -> str:
    """The manner of speaking of a text that the bridge made from this language: a third and a fourth beside the two."""
    return f"from {language}"


def by_language(asked: Sequence[str]) -> dict[str, list[str]]:
    """Texts made clean and parted by language, the last `MOST_ASKED` of each."""
    found: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for each in asked:
        clean = cut.normalise(each)
        if clean:
            found[cut.language(clean)].append(clean)
    return {language: texts[-MOST_ASKED:] for language, texts in found.items()}


def averages(
    encoders: Encoders, asked: Sequence[str], kept: Mapping[str, Sequence[str]], thorough: bool = True
) -> Constants:
    """The averages of questions and documents for each encoder, and the usual words of questions.

    `asked` are questions that the site has seen, `kept` a sample of its document texts by language; the background's
    questions count beside the former and stand in for the latter where they are few. The slow encoder reads all of them only
    when it is to be `thorough`.
    """
    seen = by_language(asked)
    asked_means, kept_means = {}, {}
    for encoder in filter(None, (encoders.fast, encoders.slow)):
        most = _SLOW_SAMPLE if encoder is encoders.slow and not thorough else None
        for language in LANGUAGES:
            manners = [(language, seen[language][:most])]
            if encoder is encoders.slow:
                manners.append((bridged_from(language), bridged(seen[language][:most], language)))
            for manner, texts in manners:
                start, weight = background_average(encoders, encoder, manner), len(background()[language])
                asked_means[encoder.name, manner] = _joined(start, weight, encoders.stored(encoder, texts))
            start, rows = asked_means[encoder.name, language], encoders.stored(encoder, kept[language][:most])
            kept_means[encoder.name, language] = _joined(start, _WEIGHT_OF_BACKGROUND, rows)
    usual = {language: _usual([*background()[language], *seen[language]]) for language in LANGUAGES}
    return Constants(asked_means, kept_means, {}, usual)


def _joined(start: Vectors, weight: int, rows: NDArray) -> Vectors:
    """The average of `weight` vectors like `start` and of the rows."""
    return (weight * start + rows.astype(np.float32).sum(0)) / (weight + len(rows))


def background_average(encoders: Encoders, encoder: Encoder, manner: str) -> Vectors:
    """What the background's questions in this manner share.

    It is kept for the packaged encoders, because the slow one needs half a minute for it, and encoded for others.
    """
    kept = _packaged_averages().get(encoder.name, {}).get(manner)
    if kept is not None:
        return np.array(kept, np.float32)
    made = {bridged_from(language): language for language in LANGUAGES}
    if manner in made:
        texts = bridged(background()[made[manner]], made[manner])
    else:
        texts = list(background()[manner])
    return encoders.stored(encoder, texts).astype(np.float32).mean(0)


@cache
def _packaged_averages() -> Mapping[str, Mapping[str, list[float]]]:
    return json.loads(_AVERAGES.read_text(encoding="utf-8")) if _AVERAGES.exists() else {}


def bridged(texts: Sequence[str], language: str) -> list[str]:
    """What the bridge makes of texts; those of which it knows no word are left out."""
    crossed = [bridge.said(bridge.cross(cut.words(each), language)) for each in texts]
    return [each for each in crossed if each]


def _usual(texts: Sequence[str]) -> dict[str, float]:
    """The share of questions that have each word or pair, those that only one question has left out."""
    found = Counter(term for each in texts for term in {*cut.words(each), *cut.bigrams(each)})
    return {term: round(times / len(texts), 4) for term, times in sorted(found.items()) if times > 1}


def measured(part: str, values: Sequence[Vectors]) -> Scale:
    """Average and spread of a part over chance pairs, drawn towards the usual ones where there are few."""
    pool, usual = np.concatenate(values), USUAL_SCALES[part]
    share = len(pool) / (len(pool) + _WEIGHT_OF_USUAL)
    spread = math.sqrt(share * float(pool.var()) + (1 - share) * usual.spread**2)
    return Scale(share * float(pool.mean()) + (1 - share) * usual.mean, spread)


def _unit(rows: NDArray) -> Vectors:
    return (rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)).astype(np.float32)
