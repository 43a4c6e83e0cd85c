"""How long counting the map takes, beside one bare pass of the words index over all technologies in the same run.

The index holds what counting reads and nothing else: a word for a title, industries in four levels, and a region.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from marketplace.catalogue.classification import INDUSTRIES, industry_ancestors
from marketplace.deals.supply.cells import Cells
from marketplace.deals.supply.counting import counted
from marketplace.matching import keywords, lexical
from marketplace.matching.passages import Passage
from marketplace.people.regions import PROVINCES

ASKED = 100  # technologies to one need
MOST = 4_000


def bench_map(count: int, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Fill an index with `count` technologies, count the map, and pass once over all technologies; seconds, and the ratio."""
    say("filling")
    index = lexical.open_index(folder)
    lexical.write(index, _passages(count), heap=lexical.WHOLE_HEAP)
    index.reload()
    searcher = lexical.Searcher(index.searcher())
    public = {"visibility": ("public",)}

    def values(kind: str, facet: str, where: Mapping[str, Sequence[str]]) -> dict[str, int]:
        return searcher.buckets(keywords.Filter(kind, {**where, **public}, {}).query(), (facet,), MOST)[facet]

    say("counting")
    found, seconds = _timed(lambda: counted(values))
    _, bare = _timed(lambda: values("technology", "industry", {}))
    cells, read = _timed(lambda: Cells(found))
    return {
        "technologies": count, "needs": count // ASKED, "cells": len(cells.all), "count_seconds": round(seconds, 2), "bare_pass_seconds": round(bare, 3),
        "count_to_bare": round(seconds / bare, 1), "cells_ms": round(1_000 * read, 1),
    }


def _passages(count: int) -> Iterator[Passage]:
    chance = np.random.default_rng(3)
    codes, regions = sorted(code for code in INDUSTRIES if len(code) > 1), list(PROVINCES)
    kinds = [("technology", count), ("need", count // ASKED)]
    for kind, number in kinds:
        for key in range(number):
            facets = {
                "visibility": ("public",), "industry": industry_ancestors(codes[int(chance.integers(len(codes)))]),
                "region": (regions[int(chance.integers(len(regions)))],),
            }
            yield Passage(key, key, kind, "en", "x", "", facets, 1)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began
