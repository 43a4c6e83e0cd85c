"""How good the engine is, on judged pairs, beside simpler engines on the same pairs in the same run.

A folder holds `corpus.jsonl` {id, title, text, lang}, `queries.jsonl` {id, text, lang} and `qrels.tsv` (query,
document, grade). The engine builds an index of the corpus, with the questions as the texts that a site has seen (never
the judgements), and ranks it for each question. Reported: nDCG@10, recall@10, recall@100 and MRR@10 with bootstrap
intervals over questions, and how well the probabilities hold (`reliability`).

A run that is stopped is taken up again: every text that was encoded is in the file of encodings. The figures do not
depend on what else that file holds.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from marketplace.matching import fusion, ranking
from marketplace.matching import text as cut
from marketplace.matching.generation import DEEP_AT_ONCE
from marketplace.matching.index import Document, Hit, Index
from marketplace.matching.passages import deep_text
from marketplace.matching.ranking import Filter, View
from marketplace.matching.reliability import reliability
from marketplace.matching.semantic import Encoder, Encoders, Encodings, ReadsPieces, Vectors, Whole

KIND = "technology"
DEPTH = 100  # results that are looked at for each question
READ_SLOWLY = 10  # documents of a question that the slow encoder judges where the corpus is too large to be read whole
_READ_AT_ONCE = 8  # texts that the slow encoder reads between two writes to the file of encodings: some two seconds' work
_RESAMPLES = 1_000
_K1, _B = 1.2, 0.75  # of BM25, as in the engine's own words index

Progress = Callable[[str], None]
Ranking = list[list[int]]
_EVERYTHING = Filter(KIND, {}, {})


@dataclass(frozen=True)
class Judged:
    """A corpus, questions, and for each question the grades of its good documents by place in the corpus."""

    titles: list[str]
    texts: list[str]
    languages: list[str]
    questions: list[str]
    grades: list[dict[int, float]]

    @cached_property
    def whole(self) -> list[str]:
        """Title and text together, clean, as the engine reads them."""
        return [deep_text(title, text) for title, text in zip(self.titles, self.texts, strict=True)]

    def documents(self) -> list[Document]:
        """The corpus as the index wants it; keys are places."""
        rows = zip(self.languages, self.titles, self.texts, strict=True)
        return [Document(place, KIND, {language: (title, text)}) for place, (language, title, text) in enumerate(rows)]


def read(folder: Path) -> Judged:
    """Read a folder of judged pairs. What cannot be read is refused with a ValueError that names file and line."""
    corpus, queries = (_lines(folder / name) for name in ("corpus.jsonl", "queries.jsonl"))
    places = {each["id"]: place for place, each in enumerate(corpus)}
    grades: dict[str, dict[int, float]] = {each["id"]: {} for each in queries}
    for query, document, grade in _judgements(folder / "qrels.tsv", grades, places):
        if grade > 0:
            grades[query][places[document]] = grade
    asked = [each for each in queries if grades[each["id"]]]
    if not asked:
        raise ValueError("qrels.tsv: no question has a document that is graded above 0")
    titles = [cut.normalise(each.get("title") or "").replace("\n", " ") for each in corpus]
    texts = [cut.normalise(each["text"]) for each in corpus]
    languages = [each.get("lang") or cut.language(text) for each, text in zip(corpus, texts, strict=True)]
    return Judged(titles, texts, languages, [each["text"] for each in asked], [grades[each["id"]] for each in asked])


def _lines(path: Path) -> list[dict]:
    """The objects of a file, one a line, each with an id and a text."""
    rows = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line) if line.strip() else None
                if row is not None:
                    rows.append({**row, "id": str(row["id"]), "text": _string(row["text"])})
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path.name}, line {number}: not an object with an id and a text") from error
    return rows


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _judgements(path: Path, queries: Mapping, documents: Mapping) -> Iterator[tuple[str, str, float]]:
    """Each line's question, document and grade."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = line.split("\t")
        try:
            query, document, grade = parts[0], parts[1], float(parts[2])
        except (IndexError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number}: not a question, a document and a grade between tabs") from error
        if query not in queries or document not in documents:
            raise ValueError(f"{path.name}, line {number}: unknown question or document")
        yield query, document, grade


@dataclass
class Rehearsing(Encoders):
    """Encoders for judged texts: questions are kept as well, for they are nobody's secret and a second run is quick.

    `only`: by their digests, the documents of which the slow encoder may be known to say something; None: all.
    """

    only: frozenset[bytes] | None = field(default=None, compare=False)

    def asked(self, encoder: Encoder | None, text: str) -> Vectors | None:
        """See `Encoders`; it waits, and lets `EncoderUnavailable` pass: figures without an encoder would be of another engine."""
        return None if encoder is None else self.stored(encoder, [text])[0].astype(np.float32)

    def asked_whole(self, text: Whole) -> Vectors | None:
        """See `Encoders` and `asked`."""
        return None if self.fast is None else self.read([text])[0]

    def known(self, encoder: Encoder, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """See `Encoders`."""
        allowed = digests if self.only is None or encoder is not self.slow else [each for each in digests if each in self.only]
        return super().known(encoder, allowed)

    def stored(self, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float16]:
        """See `Encoders`; the slow encoder's work is kept after a few texts."""
        whole = replace(self, only=None) if self.only is not None else super()
        if encoder is not self.slow or len(texts) <= _READ_AT_ONCE:
            return whole.stored(encoder, texts)
        starts = range(0, len(texts), _READ_AT_ONCE)
        return np.concatenate([whole.stored(encoder, texts[start : start + _READ_AT_ONCE]) for start in starts])


class _Told:
    """An encoder that tells how many texts it has read."""

    def __init__(self, encoder: Encoder, say: Progress) -> None:
        self.name, self.dimensions, self.reads = encoder.name, encoder.dimensions, encoder.reads
        self.read = 0
        self._encoder, self._say = encoder, say
        if isinstance(encoder, ReadsPieces):
            self.read_pieces = self._read_pieces

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        rows = self._encoder.encode(texts, within)
        self._tell(len(texts))
        return rows

    def _read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        rows = self._encoder.read_pieces(texts)
        self._tell(len(texts))
        return rows

    def _tell(self, more: int) -> None:
        self.read += more
        self._say(f"{self.name}: {self.read:,} texts encoded")


def rehearsing(encoders: Encoders, cache: Path, say: Progress = lambda message: None) -> Rehearsing:
    """The same encoders for judged texts, with their encodings in the file `cache`."""
    fast, slow = (each and _Told(each, say) for each in (encoders.fast, encoders.slow))
    return Rehearsing(fast, slow, Encodings(cache))


def evaluate(
    folder: Path,
    progress: Progress | None = None,
    cache: Path | None = None,
    baselines: bool = True,
    encoders: Encoders | None = None,
    patience: int = READ_SLOWLY,
    learned: Path | None = None,
    packaged: bool = False,
) -> dict:
    """The figures of the engine and of the baselines on one folder, as plain data.

    `cache`: a file of encodings, so that a second run costs seconds. `patience`: documents of each question that the slow
    encoder judges where the corpus is too large to be read whole; 0 does without. `learned`: a site's folder of the index,
    whose learned weights are used where it has some; `packaged`: the packaged weights are measured beside them.
    """
    say = progress or (lambda message: None)
    judged = read(folder)
    with tempfile.TemporaryDirectory() as aside:
        kept = rehearsing(encoders or Encoders.default(), cache or Path(aside) / "encodings.sqlite", say)
        index = Index(Path(aside) / "index", kept)
        _with_weights(index.folder, learned)
        whole = len(judged.titles) <= DEEP_AT_ONCE
        index.rebuild(judged.documents(), lambda done: say(f"indexed {done} of {len(judged.titles)}"), judged.questions, thorough=whole)
        view, reads = index.view(), None if whole else patience
        result = {"version": index.version, "documents": len(judged.titles), "questions": len(judged.questions)}
        result |= _figures(view, judged, reads, say)
        result["cut"] = {each.name: _cut(each, judged.whole) for each in filter(None, (kept.fast, kept.slow))}
        if packaged:
            result["packaged"] = _figures(replace(view, weights=fusion.packaged()), judged, reads, say)
        if baselines:
            runs = _baselines(judged, kept)
            result["baselines"] = {name: measures(_said(say, name, run), judged.grades) for name, run in runs.items()}
        result["encoded"] = {each.name: each.read for each in filter(None, (kept.fast, kept.slow))}
    return result


def _with_weights(folder: Path, learned: Path | None) -> None:
    """The site's learned weights into the folder of the index that is about to be built."""
    folder.mkdir(parents=True)
    if learned and (learned / fusion.LEARNED).exists():
        shutil.copy(learned / fusion.LEARNED, folder)


def _figures(view: View, judged: Judged, reads: int | None, say: Progress) -> dict:
    """The engine's measures and its reliability."""
    ranked, chances = [], []
    for number, question in enumerate(judged.questions, 1):
        hits = _best(view, question, reads)
        ranked.append([hit.key for hit in hits])
        chances.append([hit.probability for hit in hits])
        if number % 20 == 0:
            say(f"asked {number} of {len(judged.questions)}")
    found = reliability(ranked, chances, judged.grades)
    return {"engine": measures(ranked, judged.grades), "reliability": found, "means": view.weights.means}


def _best(view: View, question: str, reads: int | None) -> list[Hit]:
    """The best documents for one question. `reads`: how many of them the slow encoder judges; None: all that it knows.

    It judges the first so many of the order without it, whatever the file of encodings holds: else the figures would
    depend on what was asked before, and each run would read further.
    """
    if reads is None or not view.encoders.slow:
        return ranking.rank(view, question, _EVERYTHING, DEPTH, None, 0)
    closed = replace(view, encoders=replace(view.encoders, only=frozenset()))
    rows = np.array([hit.row for hit in ranking.rank(closed, question, _EVERYTHING, reads, None, 0)], np.int64)
    ranking.deep_vectors(view, rows, len(rows))
    opened = replace(view, encoders=replace(view.encoders, only=frozenset(view.segments.digests(rows))))
    return ranking.rank(opened, question, _EVERYTHING, DEPTH, None, 0)


def _cut(encoder: Encoder, texts: Sequence[str]) -> dict[str, float]:
    """What an encoder does not read: the share of texts that are cut and the share of characters that are left out."""
    lengths = np.array([[len(text), len(encoder.reads(text))] for text in texts])
    whole, kept = lengths.sum(0)
    return {"texts": round(float((lengths[:, 1] < lengths[:, 0]).mean()), 4), "characters": round(float(1 - kept / max(whole, 1)), 4)}


def _said(say: Progress, name: str, run: Callable[[], Ranking]) -> Ranking:
    say(f"baseline: {name}")
    return run()


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


def _baselines(judged: Judged, encoders: Encoders) -> dict[str, Callable[[], Ranking]]:
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
    if encoders.slow and len(documents) <= DEEP_AT_ONCE:
        runs["slow encoder alone"] = lambda: _by_meaning(encoders, encoders.slow, documents, questions)
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
