"""Vectors on disk: one guide or many find the same, before and after segments are joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marketplace.matching import vectors
from marketplace.matching.semantic import unit
from marketplace.matching.vectors import Batch, Space, Vectors

ROWS, NUMBERS = 1_300, 32


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return unit(np.random.default_rng(3).normal(size=(ROWS, NUMBERS)).astype(np.float32))


@pytest.fixture(scope="module")
def space(rows: np.ndarray) -> Space:
    return Space.learnt(rows)


def written(folder: Path, rows: np.ndarray, space: Space) -> Path:
    folder.mkdir()
    kept = space.kept(rows)
    vectors.write(folder, Batch(kept, kept, kept, np.arange(len(rows) + 1), np.zeros((len(rows), 16), np.uint8)), space)
    return folder


def both(folder: Path, rows: np.ndarray, space: Space) -> list[Path]:
    """The rows written at once, and joined from segments of 370."""
    folder.mkdir()
    parts = [written(folder / str(start), rows[start : start + 370], space) for start in range(0, ROWS, 370)]
    joined = folder / "joined"
    joined.mkdir()
    vectors.join(parts, joined, space)
    return [written(folder / "whole", rows, space), joined]


def found(folder: Path, asked: np.ndarray, allowed: np.ndarray, limit: int) -> list[int]:
    scores, places = Vectors(folder).nearest(asked, np.packbits(allowed, bitorder="little"), limit)
    return places[np.lexsort((places, -scores))][:limit].tolist()


def test_many_guides_find_what_one_does(tmp_path: Path, rows: np.ndarray, space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = np.random.default_rng(4).random(ROWS) < 0.5
    allowed[200:400] = False  # a guide that a filter leaves nothing of
    asked = [space.kept(rows[place][None])[0] for place in (3, 410, 1_299)]
    few = both(tmp_path / "few", rows, space)
    assert [len(list(folder.glob("guide-*"))) for folder in few] == [1, 1]
    expected = [[found(folder, each, allowed, 20) for each in asked] for folder in few]
    monkeypatch.setattr(vectors, "_GUIDED", 200)
    many = both(tmp_path / "many", rows, space)
    assert [len(list(folder.glob("guide-*"))) for folder in many] == [7, 7]
    assert [[found(folder, each, allowed, 20) for each in asked] for folder in many] == expected
    assert all(set(each) <= set(np.flatnonzero(allowed).tolist()) and len(each) == 20 for part in expected for each in part)
