"""How good the engine is, on judged pairs, beside simpler engines on the same pairs in the same run.

A folder holds `corpus.jsonl` {id, title, text, lang}, `queries.jsonl` {id, text, lang} and `qrels.tsv` (query,
document, grade). The engine builds an index of the corpus, with the questions as the texts that a site has seen (never
the judgements), and ranks it for each question. Reported: nDCG@10, recall@10, recall@100 and MRR@10 with bootstrap
intervals over questions, and how well the probabilities hold (reliability).
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from marketplace.matching import text as cut
from marketplace.matching.index import Document, Index
from marketplace.matching.passages import deep_text
from marketplace.matching.semantic import Encoder, Encoders, Vectors

KIND = "technology"
DEPTH = 100  # results that are looked at for each question
READ_SLOWLY = 20  # documents of a question that the slow encoder reads anew where the corpus is too large to read whole
_RESAMPLES = 1_000
_K1, _B = 1.2, 0.75  # of BM25, as in the engine's own words index
_SLOW_AT_MOST = 5_000  # documents up to which the slow encoder alone is a baseline

Progress = Callable[[str], None]
Ranking = list[list[int]]


@dataclass(frozen=True)
class Judged:
    """A corpus, questions, and for each question the grades of its good documents by place in the corpus."""

    titles: list[str]
    texts: list[str]
    languages: list[str]
    questions: list[str]
    grades: list[dict[int, float]]

    @property
    def whole(self) -> list[str]:
        """Title and text together, clean, as the engine reads them."""
        return [deep_text(title, text) for title, text in zip(self.titles, self.texts, strict=True)]

    def documents(self) -> list[Document]:
        """The corpus as the index wants it; keys are places."""
        rows = zip(self.languages, self.titles, self.texts, strict=True)
        return [Document(place, KIND, {language: (title, text)}) for place, (language, title, text) in enumerate(rows)]


def read(folder: Path) -> Judged:
    """Read a folder of judged pairs; a judgement of an unknown question or document is refused with a ValueError."""
    corpus, queries = (_lines(folder / name) for name in ("corpus.jsonl", "queries.jsonl"))
    places = {each["id"]: place for place, each in enumerate(corpus)}
    grades: dict[str, dict[int, float]] = {each["id"]: {} for each in queries}
    for number, line in enumerate((folder / "qrels.tsv").read_text(encoding="utf-8").splitlines(), 1):
        query, document, grade = line.split("\t")
        if query not in grades or document not in places:
            raise ValueError(f"qrels.tsv, line {number}: unknown question or document")
        if float(grade) > 0:
            grades[query][places[document]] = float(grade)
    asked = [each for each in queries if grades[each["id"]]]
    titles = [cut.normalise(each.get("title") or "").replace("\n", " ") for each in corpus]
    texts = [cut.normalise(each["text"]) for each in corpus]
    languages = [each.get("lang") or cut.language(text) for each, text in zip(corpus, texts, strict=True)]
    return Judged(titles, texts, languages, [each["text"] for each in asked], [grades[each["id"]] for each in asked])


def _lines(path: Path) -> list[dict]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def evaluate(
    folder: Path,
    progress: Progress | None = None,
    cache: Path | None = None,
    baselines: bool = True,
    encoders: Encoders | None = None,
    patience: int = READ_SLOWLY,
) -> dict:
    """The figures of the engine and of the baselines on one folder, as plain data.

    `cache`: a file of encodings, so that a second run costs seconds. `patience`: documents for which the slow encoder
    may be asked anew for each question where the corpus is too large to encode whole; 0 does without.
    """
    say = progress or (lambda message: None)
    judged = read(folder)
    with tempfile.TemporaryDirectory() as aside:
        kept = remembering((encoders or Encoders.default()).keeping(cache or Path(aside) / "encodings.sqlite"))
        index = Index(Path(aside) / "index", kept)
        index.rebuild(judged.documents(), lambda done: say(f"indexed {done} of {len(judged.titles)}"), judged.questions, thorough=True)
        ranked, chances = [], []
        for number, question in enumerate(judged.questions, 1):
            hits = index.rank(question, KIND, limit=DEPTH, patience=patience)
            ranked.append([hit.key for hit in hits])
            chances.append([hit.probability for hit in hits])
            if number % 20 == 0:
                say(f"asked {number} of {len(judged.questions)}")
        result = {"engine": measures(ranked, judged.grades), "version": index.version}
        result["reliability"] = reliability(ranked, chances, judged.grades)
        if baselines:
            result["baselines"] = {
                name: measures(run(), judged.grades) for name, run in _baselines(judged, kept, say).items()
            }
    return result


class _Remembering:
    """An encoder whose questions are kept as well: judged questions are nobody's secret, and a second run is quick."""

    def __init__(self, encoder: Encoder, encoders: Encoders) -> None:
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self._encoder, self._encoders = encoder, encoders

    def reads(self, text: str) -> str:
        """See `Encoder`."""
        return self._encoder.reads(text)

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`; it waits."""
        return self._encoders.stored(self._encoder, texts).astype(np.float32)


def remembering(encoders: Encoders) -> Encoders:
    """The same encoders with the questions' encodings kept as well."""
    fast, slow = (each and _Remembering(each, encoders) for each in (encoders.fast, encoders.slow))
    return Encoders(fast, slow, encoders.store)


def measures(ranked: Ranking, grades: Sequence[Mapping[int, float]]) -> dict[str, dict[str, float]]:
    """Each measure's mean with the 2.5th and 97.5th percentile of its bootstrap over questions (fixed seed)."""
    values = {
        "ndcg@10": [_ndcg(keys[:10], good) for keys, good in zip(ranked, grades, strict=True)],
        "recall@10": [_recall(keys[:10], good) for keys, good in zip(ranked, grades, strict=True)],
        "recall@100": [_recall(keys[:100], good) for keys, good in zip(ranked, grades, strict=True)],
        "mrr@10": [_reciprocal(keys[:10], good) for keys, good in zip(ranked, grades, strict=True)],
    }
    return {name: _with_interval(np.array(each)) for name, each in values.items()}


def _with_interval(values: NDArray) -> dict[str, float]:
    if not len(values):
        return {"mean": 0.0, "low": 0.0, "high": 0.0}
    draws = np.random.default_rng(20261121).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(1), [2.5, 97.5])
    return {"mean": round(float(values.mean()), 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def _ndcg(keys: Sequence[int], good: Mapping[int, float]) -> float:
    gained = sum(good.get(key, 0.0) / math.log2(place + 2) for place, key in enumerate(keys))
    ideal = sum(grade / math.log2(place + 2) for place, grade in enumerate(sorted(good.values(), reverse=True)[:10]))
    return gained / ideal if ideal else 0.0


def _recall(keys: Sequence[int], good: Mapping[int, float]) -> float:
    return len(set(keys) & set(good)) / len(good) if good else 0.0


def _reciprocal(keys: Sequence[int], good: Mapping[int, float]) -> float:
    return next((1 / (place + 1) for place, key in enumerate(keys) if key in good), 0.0)


def reliability(ranked: Ranking, chances: Sequence[Sequence[float]], grades: Sequence[Mapping[int, float]]) -> dict:
    """Do documents shown at 30 % turn out to be the known answer three times in ten? Ten bins, and the mean gap.

    Over the ten best of each question; `gap` is the expected calibration error, weighted by how many fall in each bin.
    """
    pairs = [
        (chance, float(key in good))
        for keys, each, good in zip(ranked, chances, grades, strict=True)
        for key, chance in list(zip(keys, each, strict=True))[:10]
    ]
    said, true = (np.array(column) for column in zip(*pairs, strict=True)) if pairs else (np.zeros(0), np.zeros(0))
    places = np.minimum((said * 10).astype(int), 9)
    groups = [places == each for each in range(10) if (places == each).any()]
    bins = [
        {"said": float(said[group].mean()), "true": float(true[group].mean()), "pairs": int(group.sum())}
        for group in groups
    ]
    gap = sum(each["pairs"] * abs(each["said"] - each["true"]) for each in bins) / max(len(said), 1)
    return {"bins": bins, "gap": round(gap, 4)}


def _baselines(judged: Judged, encoders: Encoders, say: Progress) -> dict[str, Callable[[], Ranking]]:
    """The simpler engines, by name, each still to be run."""
    documents, questions = judged.whole, [cut.normalise(each) for each in judged.questions]
    runs: dict[str, Callable[[], Ranking]] = {
        "tf-idf as it comes": lambda: _tf_idf(TfidfVectorizer(), documents, questions),
        "tf-idf, words segmented": lambda: _tf_idf(TfidfVectorizer(analyzer=cut.words), documents, questions),
        "bm25, words": lambda: _bm25(cut.words, documents, questions),
        "bm25, character bigrams": lambda: _bm25(_character_pairs, documents, questions),
    }
    if encoders.fast:
        runs["fast encoder alone"] = lambda: _by_meaning(encoders, encoders.fast, documents, questions)
    if encoders.slow and len(documents) <= _SLOW_AT_MOST:
        runs["slow encoder alone"] = lambda: _by_meaning(encoders, encoders.slow, documents, questions)
    for name in runs:
        say(f"baseline: {name}")
    return runs


def _character_pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters within words of any script."""
    return [word[at : at + 2] for word in text.lower().split() for at in range(max(1, len(word) - 1))]


def _tf_idf(vectorizer: TfidfVectorizer, documents: list[str], questions: list[str]) -> Ranking:
    kept = vectorizer.fit_transform(documents)
    return _ordered((vectorizer.transform(questions) @ kept.T).toarray())


def _bm25(analyzer: Callable[[str], list[str]], documents: list[str], questions: list[str]) -> Ranking:
    counter = CountVectorizer(analyzer=analyzer)
    counts = counter.fit_transform(documents).astype(np.float64).tocsr()
    lengths = np.asarray(counts.sum(1)).ravel()
    holding = np.bincount(counts.indices, minlength=counts.shape[1])
    rarity = np.log(1 + (counts.shape[0] - holding + 0.5) / (holding + 0.5))
    norms = np.repeat(_K1 * (1 - _B + _B * lengths / lengths.mean()), np.diff(counts.indptr))
    counts.data = counts.data * (_K1 + 1) / (counts.data + norms)
    return _ordered((counter.transform(questions).sign() @ (counts @ sparse.diags(rarity)).T).toarray())


def _by_meaning(encoders: Encoders, encoder: Encoder, documents: list[str], questions: list[str]) -> Ranking:
    kept = encoders.stored(encoder, documents).astype(np.float32)
    return _ordered(encoders.stored(encoder, questions).astype(np.float32) @ kept.T)


def _ordered(scores: NDArray) -> Ranking:
    """The best `DEPTH` places for each question, ties by place; what scores nothing is not found."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :DEPTH]
    return [[int(place) for place in row if scores[number, place] > 0] for number, row in enumerate(best)]
