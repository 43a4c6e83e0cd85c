"""Which needs are alike enough to be proposed for pooling, and how good that rule is on judged texts. Pure.

Two needs are alike when each is among the other's best and both times at least so probable. One direction alone is not enough: a short
text is near to much, and the engine's probability is calibrated for a need and its answer, not for two needs (docs/pools.md has the figures).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from marketplace.matching.index import Document, Index
from marketplace.matching.semantic import Encoders

BEST = 3
LIKELY = 0.9

Near = Callable[[int], Sequence[tuple[int, float]]]
"""Key of a need → its best others as (key, probability), best first."""


def mutual(key: int, near: Near, best: int = BEST, likely: float = LIKELY) -> dict[int, float]:
    """The needs that are alike with this one, each with the lower of the two probabilities, best first."""
    found = {}
    for other, there in [pair for pair in near(key) if pair[1] >= likely][:best]:
        back = dict(list(near(other))[:best]).get(key, 0.0)
        if back >= likely:
            found[other] = min(there, back)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def needs_in(folders: Sequence[Path]) -> Iterator[tuple[str, str, str]]:
    """(answer, language, text) of each need in folders of judged pairs; the name of its folder's question is that of its known answer."""
    for folder in folders:
        with (folder / "queries.jsonl").open(encoding="utf-8") as file:
            for row in map(json.loads, file):
                yield row["id"], row["lang"], row["text"]


def measure(folders: Sequence[Path], aside: Path, encoders: Encoders, likely: float = LIKELY) -> dict[str, float]:
    """Precision and recall of the proposed pairs: a pair is right when both needs have the same known answer.

    Precision is from below: two needs of one workshop floor may be alike though their known answers differ.
    """
    rows = list(needs_in(folders))
    index = Index(aside, encoders)
    index.rebuild(Document(place, "need", {language: ("", text)}) for place, (_, language, text) in enumerate(rows))
    kept: dict[int, list[tuple[int, float]]] = {}

    def near(place: int) -> list[tuple[int, float]]:
        if place not in kept:
            hits = index.rank(rows[place][2], "need", without={"key": (str(place),)}, limit=BEST)
            kept[place] = [(hit.key, hit.probability) for hit in hits]
        return kept[place]

    pairs = {(min(place, other), max(place, other)) for place in range(len(rows)) for other in mutual(place, near, likely=likely)}
    right = sum(rows[one][0] == rows[other][0] for one, other in pairs)
    wanted = len(rows) - len({answer for answer, _, _ in rows})
    return {"pairs": len(pairs), "precision": right / len(pairs) if pairs else 0.0, "recall": right / wanted if wanted else 0.0}
