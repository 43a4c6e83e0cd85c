"""How fast the engine is, on synthetic corpora of any size, beside the bare engines on the same work in the same run.

An index is built once for each size, kept, and taken up again. Up to `REAL_UP_TO` documents every text is really encoded;
beyond, vectors are sampled around real ones (see `synthetic`). Questions are encoded for real in every case, and asked
twice: *quick*, without the slow encoder, and *full*. The bare engines are Tantivy alone for the question's words and the
guide alone for its vector, unfiltered, and each encoder alone.
"""

from __future__ import annotations

import json
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from marketplace.matching import ranking
from marketplace.matching import text as cut
from marketplace.matching.explain import evidence
from marketplace.matching.index import Index
from marketplace.matching.passages import Document, deep_digest, passages_of
from marketplace.matching.semantic import Encoder, Encoders, Encodings, Vectors, Whole
from marketplace.matching.synthetic import REGIONS, TERMS, Corpus, Sampled

REAL_UP_TO = 10_000
READ_SLOWLY = 1_000_000  # documents that the slow encoder has read where they are sampled: it would take a month for all patents
EXPLAINED = 20
_QUESTIONS = 200
_WARMING = 20
_AT_ONCE = 2_000

Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Named:
    """An encoder that goes by another's name: real for questions where documents were sampled."""

    name: str
    real: Encoder
    dimensions: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dimensions", self.real.dimensions)

    def reads(self, text: str) -> str:
        """See `Encoder`."""
        return self.real.reads(text)

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        return self.real.encode(texts, within)


class _NamedFast(_Named):
    """The same for the fast encoder, which reads a question and its sentences in one pass."""

    def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        """See `ReadsPieces`."""
        return self.real.read_pieces(texts)


class _SlowOnes(Encodings):
    """A store that keeps nothing of the fast encoder: sampling anew is cheaper."""

    def keep(self, encoder: str, packed: Mapping[bytes, bytes]) -> None:
        """See `Encodings`."""
        if "e5" in encoder:
            super().keep(encoder, packed)

    def packed(self, encoder: str, digests: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """See `Encodings`."""
        return super().packed(encoder, digests) if "e5" in encoder else iter(())


@dataclass(frozen=True)
class Asked:
    """One question of the benchmark, with its filter."""

    text: str
    where: dict[str, tuple[str, ...]]


def questions(corpus: Corpus, count: int) -> list[Asked]:
    """Needs of sixty words in turn in both languages, each with the filters a reader sets."""
    chance = np.random.default_rng(7)
    found = []
    for _, _, text in corpus.needs(count):
        where: dict[str, tuple[str, ...]] = {"visibility": ("public",)}
        kind = int(chance.integers(4))
        if kind == 1:
            where["region"] = tuple(chance.choice(REGIONS, 3, replace=False).tolist())
        elif kind == 2:
            where["maturity"] = tuple(str(level) for level in range(int(chance.integers(2, 7)), 10))
        elif kind == 3:
            where["terms"] = (str(chance.choice(TERMS)),)
        found.append(Asked(text, where))
    return found


def bench(documents: int, folder: Path, say: Progress, asked: int = _QUESTIONS) -> dict:
    """Build or take up the index of so many documents under `folder` and time questions; figures in ms and bytes."""
    corpus = Corpus()
    building, asking = encoders_of(documents, corpus, folder)
    index = Index(folder / f"match-{documents}", building)
    built = _built(index, corpus, documents, say)
    wanted = questions(corpus, asked + min(asked, _WARMING))
    report = {"documents": documents, "encoded": "really" if documents <= REAL_UP_TO else "sampled", **built}
    for name, encoders in (("quick", replace(asking, slow=None)), ("full", asking)):
        say(f"asking: {name}")
        report[name] = _asked(Index(folder / f"match-{documents}", encoders), wanted, asked, say)
    return {**report, **memory()}


def encoders_of(documents: int, corpus: Corpus, folder: Path) -> tuple[Encoders, Encoders]:
    """What encodes the documents and what encodes the questions."""
    real = Encoders.default()
    kept = real.keeping(folder / "encodings.sqlite")
    if documents <= REAL_UP_TO:
        return kept, kept
    sampled = [Sampled(each, corpus, lambda texts, each=each: kept.stored(each, texts)) for each in (real.fast, real.slow)]
    named = [_NamedFast(sampled[0].name, real.fast), _Named(sampled[1].name, real.slow)]
    store = _SlowOnes(folder / f"sampled-{documents}.sqlite")
    return Encoders(*sampled, store), Encoders(*named, store)


def _built(index: Index, corpus: Corpus, documents: int, say: Progress) -> dict:
    """Build what is not there yet; how long it took and how large it is."""
    note = index.folder / "bench.json"
    if index.count() != documents:
        began, used = time.perf_counter(), time.process_time()
        index.rebuild(_slowly_known(corpus.technologies(documents), index, documents > REAL_UP_TO), lambda done: say(f"indexed {done:,} of {documents:,}"))
        taken = {"build_seconds": round(time.perf_counter() - began, 1), "build_cpu_seconds": round(time.process_time() - used, 1)}
        note.write_text(json.dumps(taken), encoding="utf-8")
    sizes: Counter[str] = Counter()
    for path in index.folder.rglob("*"):
        if path.is_file():
            sizes["words" if path.parent.name == "words" else path.stem.partition("-")[0]] += path.stat().st_size
    each = {name: round(size / documents, 1) for name, size in sorted(sizes.items()) if size >= documents}
    return {**json.loads(note.read_text(encoding="utf-8")), "disk_bytes_a_document": round(sum(sizes.values()) / documents), "disk_by_part": each}


def _slowly_known(documents: Iterator[Document], index: Index, sampled: bool) -> Iterator[Document]:
    """The documents, the slow encoder's opinion of each put into the store on the way where it is sampled."""
    batch: list[Document] = []
    for number, document in enumerate(documents):
        yield document
        if number < READ_SLOWLY:
            batch.append(document)
        if sampled and len(batch) == _AT_ONCE:
            _know_slowly(batch, index)
            batch = []
    if sampled:
        _know_slowly(batch, index)


def _know_slowly(batch: list[Document], index: Index) -> None:
    kept = index.encoders
    rows = [row for document in batch for row in passages_of(document)]
    vectors = kept.slow.encode([f"{row.title}\n{row.body}" for row in rows])
    kept.store.write(kept.slow.name, {deep_digest(row.title, row.body): vector for row, vector in zip(rows, vectors, strict=True)})


def _asked(index: Index, asked: Sequence[Asked], counted: int, say: Progress) -> dict:
    """Time each question whole, and the bare engines on the same question right after it; the last `counted` are counted."""
    view = index.view()
    times: dict[str, list[float]] = {}
    texts = _Texts(view)
    for number, each in enumerate(asked):
        if number == len(asked) - counted:
            times.clear()
        with _Timed(times, "query"):
            with _Timed(times, "ranking"):
                hits = index.rank(each.text, "technology", where=each.where, limit=EXPLAINED)
            with _Timed(times, "explanation"):
                texts.load(hits)
                likenesses = index.likenesses("technology", [hit.key for hit in hits], each.text)
                for hit in hits:
                    evidence(each.text, texts[hit.key], likenesses[hit.key], cut.language(each.text))
        _bare(view, each.text, times)
        if number % 50 == 49:
            say(f"asked {number + 1} of {len(asked)}")
    figures = {name: _percentiles(taken) for name, taken in times.items()}
    bare = sum(values["p95"] for name, values in figures.items() if name.startswith("bare"))
    return {"questions": counted, "milliseconds": figures, "p95_to_bare": round(figures["query"]["p95"] / bare, 2)}


class _Texts:
    """Documents by key as a page would load them, here from the index."""

    def __init__(self, view: ranking.View) -> None:
        self._view, self._known = view, {}

    def __getitem__(self, key: int) -> Document:
        return self._known[key]

    def load(self, hits: Sequence[ranking.Hit]) -> None:
        """Read the passages of the hits."""
        sources = self._view.searcher.source([hit.row for hit in hits])
        records = self._view.segments.records(np.array([hit.row for hit in hits], np.int64))
        for hit, english in zip(hits, records["english"], strict=True):
            self._known[hit.key] = Document(hit.key, "technology", {"en" if english else "zh": sources[hit.row]})


def _bare(view: ranking.View, text: str, times: dict[str, list[float]]) -> None:
    """The engines alone on the same question: words, guide, each encoder."""
    terms = dict.fromkeys(cut.words(text), 1.0)
    with _Timed(times, "bare_words"):
        view.searcher.best([(view.searcher.weigh("words", terms), 1.0)], None, EXPLAINED)
    with _Timed(times, "bare_fast_encoder"):
        vector = view.encoders.fast.encode([text])[0]
    everything = view.segments.allowed("technology", {}, {})
    turned = view.space.kept(vector)
    with _Timed(times, "bare_vectors"):
        view.segments.nearest(turned, everything, EXPLAINED)
    if view.encoders.slow:
        with _Timed(times, "bare_slow_encoder"):
            view.encoders.slow.encode([text])


class _Timed:
    """Add the milliseconds of a block to a list."""

    def __init__(self, times: dict[str, list[float]], name: str) -> None:
        self._list = times.setdefault(name, [])

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._list.append(1_000 * (time.perf_counter() - self._began))


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    return {f"p{each}": round(float(np.percentile(values, each)), 2) for each in (50, 95, 99)}


def memory() -> dict[str, int]:
    """Bytes that this process alone holds, and the most it ever held with the mapped files it touched."""
    status = Path("/proc/self/status")
    own = 0
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":" in line)
        own = int(lines["RssAnon"].split()[0]) * 1024
    return {"memory_own_bytes": own, "memory_peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}



