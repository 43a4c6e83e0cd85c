"""A site whose people have answered matches, for tests of learning: what they shortlist follows a truth given in the test.

Each need has a list; what stands at position k is answered with probability min(1, 2/k), and shortlisted with the probability
that the packaged contributions, each times its true factor, give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketplace.db import session
from marketplace.matching import fusion, operations
from marketplace.matching.models import Match, Scoring
from tests import factories
from tests.factories import NOW

PACKAGED = fusion.read(Path(__file__).with_name("weights.json"))  # of these tests alone: their figures outlast a new fit
MODEL = PACKAGED.models["fast", "zh-zh"]
VERSION = f"encoders/{PACKAGED.version}/constants"
TRUTH = {"meaning_sentence": 0.0, "bigrams": 4.0}  # one part is worthless, one is worth far more than its weight
SHIFT = 4.2  # with which half of what is answered is shortlisted
LISTED = 12


@pytest.fixture(autouse=True)
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights of these tests are the packaged ones."""
    monkeypatch.setattr(fusion, "packaged", lambda: PACKAGED)


@pytest.fixture
def folder(app: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The index's folder, of this test alone."""
    operations.index.cache_clear()
    monkeypatch.setattr(operations.index(), "folder", tmp_path)
    yield tmp_path
    operations.index.cache_clear()


def chances(parts: Mapping[str, np.ndarray], truth: Mapping[str, float], shift: float) -> np.ndarray:
    """How likely each document is shortlisted."""
    score = MODEL.bias + shift + sum(truth.get(name, 1.0) * share for name, share in MODEL.contributions(parts).items())
    return 1 / (1 + np.exp(-score))


def listed(rng: np.random.Generator, pool: int = 300) -> dict[str, np.ndarray]:
    """The parts of the documents that the packaged weights put on top, best first."""
    parts = {name: rng.normal(1.6, 1.3, pool) for name in MODEL.weights}
    best = np.argsort(-sum(MODEL.contributions(parts).values()))[:LISTED]
    return {name: values[best] for name, values in parts.items()}


def fill(needs: int = 120, truth: Mapping[str, float] | None = None, random_from: float = 1.0, seed: int = 1) -> None:
    """Needs a day apart with their lists and answers; the share of needs from `random_from` on is answered by a coin."""
    rng = np.random.default_rng(seed)
    holder = factories.organisation(kind="institute")
    technologies = [factories.technology(holder) for _ in range(LISTED)]
    firm = factories.person()
    works = factories.organisation(firm)
    for number in range(needs):
        parts, need = listed(rng), factories.need(works)
        chance = np.full(LISTED, 0.5) if number >= random_from * needs else chances(parts, truth or TRUTH, SHIFT)
        shares = MODEL.contributions(parts)
        matches = [
            _match(need, technology, MODEL.bias, {name: float(values[place]) for name, values in shares.items()})
            for place, technology in enumerate(technologies)
        ]
        session.flush()
        for place, match in enumerate(matches):
            if rng.random() < 2 / (place + 1):
                answer = ("shortlisted", None) if rng.random() < chance[place] else ("declined", "wrong_field")
                operations.answer_match(firm, match, "firm", *answer, at=NOW + timedelta(days=number))
    session.flush()


def _match(need, technology, base: float, shares: Mapping[str, float]) -> Match:
    score = base + sum(shares.values())
    match = Match(need=need, technology=technology, need_id=need.id, technology_id=technology.id, score=score,
                  probability=fusion.probability(score), created=NOW)
    match.scorings.append(Scoring(need_revision=1, technology_revision=1, index_version=VERSION, score=score, base=base,
                                  contributions=[list(each) for each in shares.items()], at=NOW))
    session.add(match)
    return match


def simulated(rng: np.random.Generator, needs: int, truth: Mapping[str, float], shift: float = SHIFT, coin_from: float = 1.0):
    """The same without a database: (need, place, contributions, accepted) of each answered document."""
    for number in range(needs):
        parts = listed(rng)
        chance = np.full(LISTED, 0.5) if number >= coin_from * needs else chances(parts, truth, shift)
        shares = MODEL.contributions(parts)
        for place in range(LISTED):
            if rng.random() < 2 / (place + 1):
                yield number, place, {name: float(values[place]) for name, values in shares.items()}, bool(rng.random() < chance[place])
