"""How fast facilities are found and suggested, on synthetic ones of any number, beside the bare words index on the same questions in the same run.

An index of its own holds as many documents of each of the three kinds, encoded as `matching.bench` encodes. Questions are needs of sixty words for
the suggestion, and three of their words for the search.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from marketplace.matching import text as cut
from marketplace.matching.bench import encoders_of
from marketplace.matching.index import Index
from marketplace.matching.passages import Document
from marketplace.matching.rules import Facts
from marketplace.matching.synthetic import REGIONS, Corpus

KINDS = ("facility", "expert", "scenario")
WARMING = 5  # the first questions read files
WHERE = {"visibility": ("public",)}
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


def bench_resources(count: int, asked: int, folder: Path, say: Callable[[str], None]) -> dict[str, object]:
    """Build (or take up) the index of `count` of each kind and time searches, suggestions of three kinds, and the bare words index; figures in ms."""
    corpus = Corpus()
    building, asking = encoders_of(len(KINDS) * count, corpus, folder)
    place = folder / f"resources-{count}"
    if (index := Index(place, building)).count() != len(KINDS) * count:
        index.rebuild(documents(corpus, count), lambda done: say(f"indexed {done:,} of {len(KINDS) * count:,}"))
    index = Index(place, asking)
    bare, times = index.view().searcher, {"search": [], "suggest_three_kinds": [], "bare_words": []}
    for number, (_, _, text) in enumerate(corpus.needs(asked + WARMING)):
        words = cut.words(cut.normalise(text))
        taken = (
            _timed(lambda words=words: index.search(" ".join(words[:3]), "facility", WHERE, 0, 20, facets=FACETS)),
            _timed(lambda text=text: index.rank_kinds(text, KINDS, WHERE, 3)),
            _timed(lambda words=words: bare.best([(bare.weigh("words", dict.fromkeys(words, 1.0)), 1.0)], None, 30)),
        )
        if number >= WARMING:
            for kept, one in zip(times.values(), taken, strict=True):
                kept.append(one)
    report = {name: _spread(kept) for name, kept in times.items()}
    ratios = {f"{name}_to_bare": round(report[name]["p50"] / report["bare_words"]["p50"], 1) for name in ("search", "suggest_three_kinds")}
    return {"of_each_kind": count, **report, **ratios}


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _spread(times: list[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(times, 50)), 1), "p95": round(float(np.percentile(times, 95)), 1), "most": round(max(times), 1)}
