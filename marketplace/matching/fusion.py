"""Fusion: the parts of a score weighed into log-odds, so that they can be added, shown one by one, and read as odds.

A part is a number that says 0 for a document of no particular interest and 1 for one a standard deviation better, by
constants of the index (never of the pool at hand: the same question and index give the same score). Its weight was
fitted by logistic regression on judged pairs (`weights.json` says how); a site that has learned from its own answers
has a `weights.json` of its own in the index's folder (`learning` writes it). Three models are kept, for what is known
of a document: *full* with both encoders, *fast* without the slow one, *lexical* without any; each for every pair of
languages ("en-zh": an English question, a Chinese document), because a shared word is worth much in English, a shared
pair of characters in Chinese, and neither across.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PARTS = (
    "words", "bigrams", "bridge",
    "meaning_title", "meaning_body", "meaning_sentence", "meaning_slow", "meaning_bridged",
)
NUMBER_FOUND = 14.0  # log-odds: a patent number typed in full outweighs whatever else the text says

BRIEF_WHOLLY, BRIEF_NO_MORE = 10, 20  # words of a question
FEWEST = 50  # documents below which the base rate rises no further: a handful need not hold an answer

KNOWN_ANSWER, SHORTLISTED = "known_answer", "shortlisted"  # what the probability is the probability of
LEARNED = "weights.json"  # in the index's folder: what the site has learned

_WEIGHTS = Path(__file__).with_name("weights.json")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """The log-odds of a document for which every part says 0, and the weight of each part."""

    bias: float
    weights: Mapping[str, float]

    def contributions(self, parts: Mapping[str, Floats]) -> dict[str, Floats]:
        """Each part's share of the log-odds, for all documents at once."""
        return {name: np.asarray(weight * parts[name], np.float32) for name, weight in self.weights.items()}


@dataclass(frozen=True)
class Brief:
    """A model for questions of a few words, with the average and spread of each part over such questions.

    They share a far larger part of their words with a document by chance than needs do, which no average over an index of
    needs and technologies shows.
    """

    model: Model
    scales: Mapping[str, tuple[float, float]]

    def contributions(self, raw: Mapping[str, Floats]) -> dict[str, Floats]:
        """Each part's share of the log-odds, from parts before scaling."""
        scaled = {name: (raw[name] - mean) / spread for name, (mean, spread) in self.scales.items()}
        return self.model.contributions(scaled)


def brevity(words: int) -> float:
    """How far a question of so many words counts as brief: wholly up to ten, not at all from twenty.

    Judged needs have 27 words and more, judged short questions 3 to 11; between ten and twenty is a judgement.
    """
    return min(1.0, max(0.0, (BRIEF_NO_MORE - words) / (BRIEF_NO_MORE - BRIEF_WHOLLY)))


@dataclass(frozen=True)
class Weights:
    """All models, the corpus size at which they were fitted, and a name that changes when any figure does.

    `means` says what the probability is of: being the known answer of a judged set, or being shortlisted on this site.
    `packaged` is the version of the packaged weights that learned ones started from.
    """

    models: Mapping[tuple[str, str], Model]
    fitted_at: int
    version: str
    means: str = KNOWN_ANSWER
    packaged: str | None = None
    briefs: Mapping[tuple[str, str], Brief] = field(default_factory=dict)
    briefs_at: int = 1

    def brief(self, known: str, asked: str, kept: str, documents: int) -> Brief | None:
        """The model for a brief question, like `model`; None where there is none."""
        fitted = self.briefs.get((known, f"{asked}-{kept}"))
        if fitted is None:
            return None
        base = fitted.model.bias - math.log(max(documents, FEWEST) / self.briefs_at)
        return Brief(Model(base, fitted.model.weights), fitted.scales)

    def model(self, known: str, asked: str, kept: str, documents: int) -> Model:
        """The model for what is known ("full", "fast", "lexical") and the languages of question and document.

        The probability is that of being the known answer, one among so many: in a larger corpus than the fitted one each
        document's odds fall by as much, in a smaller one they rise, down to `FEWEST` documents.
        """
        fitted = self.models[known, f"{asked}-{kept}"]
        return Model(fitted.bias - math.log(max(documents, FEWEST) / self.fitted_at), fitted.weights)


def weights(folder: Path | None = None) -> Weights:
    """The constants in use: what the site has learned, if its index's folder holds that, else the packaged ones.

    It costs one look at a file time, so that every process notices new weights at its next question. Weights that were
    learned from other packaged ones than these (an older release's) are not used: their steps began elsewhere. Nor are
    those of a file that cannot be read: the log says so, and questions are answered meanwhile.
    """
    if folder is None:
        return packaged()
    path = Path(folder) / LEARNED
    try:
        state = path.stat()
    except FileNotFoundError:
        return packaged()
    return _learned(path, state.st_mtime_ns, state.st_size, state.st_ino)


@cache
def packaged() -> Weights:
    """The weights that come with the program, read once."""
    return read(_WEIGHTS)


def read(path: Path) -> Weights:
    """The weights of one file. Raises ValueError, KeyError or OSError when it is none."""
    text = path.read_text(encoding="utf-8")
    data = json.loads(text)
    models = {
        (known, pair): Model(each["bias"], {part: each["weights"][part] for part in PARTS if part in each["weights"]})
        for known, pairs in data["models"].items()
        for pair, each in pairs.items()
    }
    briefs = {
        (known, pair): Brief(Model(each["bias"], each["weights"]), {name: tuple(scale) for name, scale in each["scales"].items()})
        for known, pairs in data.get("briefs", {}).items()
        for pair, each in pairs.items()
    }
    version = hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
    return Weights(models, data["fitted_at"], version, data.get("means", KNOWN_ANSWER), data.get("packaged"), briefs, data.get("briefs_at", 1))


@lru_cache(maxsize=8)
def _learned(path: Path, *_state: int) -> Weights:
    try:
        found = read(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        _log.warning("%s is no file of weights; the packaged weights are used", path)
        return packaged()
    first = packaged()  # nobody answers a match of a question of few words, so nothing is learned about those
    return replace(found, briefs=first.briefs, briefs_at=first.briefs_at) if found.packaged == first.version else first


def probability(log_odds: float) -> float:
    """The probability that log-odds stand for."""
    return 1.0 / (1.0 + math.exp(-max(-60.0, min(60.0, log_odds))))
