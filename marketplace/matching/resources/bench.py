"""How fast facilities are found and suggested, on synthetic ones of any number, beside the bare words index on the same questions in the same run.

An index of its own holds as many documents of each of the three kinds; words only, or with the fast encoder as the site has it. Questions are
needs of sixty words for the suggestion, and three of their words for the search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from marketplace.matching import text as cut
from marketplace.matching.index import Index
from marketplace.matching.passages import Document
from marketplace.matching.rules import Facts
from marketplace.matching.semantic import Encoders
from marketplace.matching.synthetic import REGIONS, Corpus

KINDS = ("facility", "expert", "scenario")
FACETS = ("facility_kind", "field", "maturity", "region", "language")


def documents(corpus: Corpus, count: int) -> Iterator[Document]:
    """So many documents of each kind, made of the corpus's technologies."""
    chance = np.random.default_rng(11)
    for number, kind in enumerate(KINDS):
        for each in corpus.technologies(count, number * count):
            first = int(chance.integers(3, 7))
            last, region = int(chance.integers(first + 1, 10)), str(chance.choice(REGIONS))
            facets = {
                "visibility": ("public",), "region": (region,), "language": tuple(each.passages), "facility_kind": ("pilot_line",),
                "maturity": tuple(str(level) for level in range(first, last + 1)), "field": ("optics",),
            }
            yield Document(each.key, kind, each.passages, facets, 1, facts=Facts(trl=last, region=region).packed())


def bench_resources(count: int, asked: int, folder: Path, say: Callable[[str], None], encoders: Encoders) -> dict[str, object]:
    """Build the index of `count` of each kind and time searches, suggestions and the bare words index; figures in ms."""
    corpus = Corpus()
    index = Index(folder / f"resources-{count}-{encoders.names[0].split('/')[0]}", encoders)
    if index.count() != len(KINDS) * count:
        index.rebuild(documents(corpus, count), lambda done: say(f"indexed {done:,} of {len(KINDS) * count:,}"))
    texts = [text for _, _, text in corpus.needs(asked + 5)]
    where = {"visibility": ("public",)}
    searched, suggested, bare = [], [], []
    view = index.view()
    for number, text in enumerate(texts):
        few = " ".join(cut.words(cut.normalise(text))[:3])
        times = [
            _timed(lambda few=few: index.search(few, "facility", where, 0, 20, facets=FACETS)),
            _timed(lambda text=text: [index.rank(text, kind, where, limit=3) for kind in KINDS]),
            _timed(lambda text=text: view.searcher.best([(view.searcher.weigh("words", dict.fromkeys(cut.words(cut.normalise(text)), 1.0)), 1.0)], None, 30)),
        ]
        if number >= 5:  # the first ones read files
            for kept, taken in zip((searched, suggested, bare), times, strict=True):
                kept.append(taken)
    report = {name: _spread(kept) for name, kept in (("search", searched), ("suggest_three_kinds", suggested), ("bare_words", bare))}
    ratio = {f"{name}_to_bare": round(report[name]["p50"] / report["bare_words"]["p50"], 1) for name in ("search", "suggest_three_kinds")}
    return {"of_each_kind": count, "encoders": list(encoders.names), **report, **ratio}


def without_slow(encoders: Encoders) -> Encoders:
    """The encoders without the slow one, which a hundred thousand documents would keep busy for hours."""
    return replace(encoders, slow=None)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _spread(times: list[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(times, 50)), 1), "p95": round(float(np.percentile(times, 95)), 1), "most": round(max(times), 1)}
