"""Segments: runs of consecutive rows with their columns and vectors, written aside, never changed, joined when there are many.

A row's number is given once and never again. Which rows exist is said by the words index alone (see `lexical`): a segment
whose commit never came, or a row that was replaced, is *not live* and never seen, whatever its files say.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import bags, columns, vectors
from marketplace.matching.bags import Asked, Bags
from marketplace.matching.columns import Bits, Columns, Where
from marketplace.matching.passages import Passage
from marketplace.matching.vectors import Batch, Floats, Space, Vectors

JOINED_AT_ONCE = 50_000  # rows of the newest segments that a change may join while somebody waits

Rows = NDArray[np.int64]


class Segment:
    """One folder with the rows `first` to `last`, both included."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first, self.last = _span(folder.name)
        self.columns = Columns(folder)
        self.vectors = Vectors(folder)
        self.bags = {field: Bags(folder, field) for field in bags.FIELDS}

    def __len__(self) -> int:
        return self.last - self.first + 1


def _span(name: str) -> tuple[int, int]:
    first, last = name.split("-")
    return int(first), int(last)


def write(folder: Path, first: int, rows: Sequence[Passage], batch: Batch, space: Space) -> None:
    """Write rows `first` and following as a segment that stands complete or not at all."""
    if not batch.rows:
        return

    def fill(aside: Path) -> None:
        columns.write(aside, rows)
        vectors.write(aside, batch, space)
        for field in bags.FIELDS:
            bags.write(aside, field, [getattr(row.terms, field) for row in rows])

    _write(folder, first, first + batch.rows - 1, fill)


def _write(folder: Path, first: int, last: int, fill: Callable[[Path], None]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / "aside"
    shutil.rmtree(aside, ignore_errors=True)  # a writer that was killed left it
    aside.mkdir()
    fill(aside)
    for path in aside.iterdir():
        to_disk(path)
    aside.rename(folder / f"{first:012d}-{last:012d}")
    to_disk(folder)


def to_disk(path: Path) -> None:
    """Wait until a file or folder is really written: the words index will be committed as if it were."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def names(folder: Path) -> list[str]:
    """The segments in order of rows; one that lies within another was joined into it and is left out."""
    found = sorted((path.name for path in folder.glob("[0-9]*-[0-9]*")), key=lambda name: (_span(name)[0], -_span(name)[1]))
    kept: list[str] = []
    for name in found:
        if not kept or _span(name)[1] > _span(kept[-1])[1]:
            kept.append(name)
    return kept


def next_row(folder: Path) -> int:
    """The first row number that nothing has yet."""
    return max((_span(name)[1] + 1 for name in names(folder)), default=0)


def join_small(folder: Path, space: Space) -> None:
    """Join the newest segments while the one before is less than twice as long: their number stays logarithmic."""
    live = names(folder)
    sizes = [_span(name)[1] - _span(name)[0] + 1 for name in live]
    start, total = len(live) - 1, sizes[-1] if sizes else 0
    while start > 0 and sizes[start - 1] < 2 * total and total + sizes[start - 1] <= JOINED_AT_ONCE:
        start -= 1
        total += sizes[start]
    join(folder, live[start:], space)


def join(folder: Path, chosen: Sequence[str], space: Space) -> None:
    """Make one segment of neighbours, then take away what it replaces."""
    if len(chosen) > 1:
        sources = [folder / name for name in chosen]

        def fill(aside: Path) -> None:
            columns.join(sources, aside)
            vectors.join(sources, aside, space)
            for field in bags.FIELDS:
                bags.join(sources, aside, field)

        _write(folder, _span(chosen[0])[0], _span(chosen[-1])[1], fill)
    kept = set(names(folder))
    for path in folder.glob("[0-9]*-[0-9]*"):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


class Segments:
    """All segments of a generation with the rows that are live, as they were when it was opened.

    `live`: for each segment its first row → a bitmap. Rows are numbered through the whole index.
    """

    def __init__(self, segments: Sequence[Segment], live: Mapping[int, Bits]) -> None:
        self._segments = list(segments)
        self._live = live
        self._documents: dict[str, int] = {}
        self._others: Segments | None = None
        self._firsts = np.array([segment.first for segment in segments], np.int64)

    def __iter__(self) -> Iterator[Segment]:
        return iter(self._segments)

    def allowed(self, kind: str, where: Where, without: Where) -> list[Bits]:
        """For each segment the live rows that a filter lets through."""
        return [each.columns.allowed(kind, where, without) & self._live[each.first] for each in self._segments]

    def nearest(self, asked: Floats, allowed: Sequence[Bits], limit: int) -> Rows:
        """The allowed rows nearest to a kept vector in whole and title, at most `limit`, ties by row."""
        scores, rows = [np.zeros(0, np.float32)], [np.zeros(0, np.int64)]
        for segment, bits in zip(self._segments, allowed, strict=True):
            likeness, found = segment.vectors.nearest(asked, bits, limit)
            scores.append(likeness)
            rows.append(found + segment.first)
        likeness, found = np.concatenate(scores), np.concatenate(rows)
        return found[np.lexsort((found, -likeness))[:limit]]

    def within(self, rows: Rows, allowed: Sequence[Bits]) -> Rows:
        """Those of the rows that bitmaps, one for each segment, have; in the order given."""
        bits = {segment.first: each for segment, each in zip(self._segments, allowed, strict=True)}
        kept = np.zeros(len(rows), bool)
        for segment, places in self._by_segment(rows):
            kept[places] = columns.has(bits[segment.first], rows[places] - segment.first)
        return rows[kept]

    def live(self, rows: Rows) -> Rows:
        """Those of the rows that are live, in ascending order, each once."""
        return np.unique(self.within(rows, [self._live[segment.first] for segment in self._segments]))

    def every(self, kind: str | None = None) -> Rows:
        """All live rows, of a kind or of all, ascending."""
        found = []
        for segment in self._segments:
            bits = self._live[segment.first]
            if kind is not None:
                bits = bits & segment.columns.allowed(kind, {}, {})
            found.append(columns.places(bits, len(segment)) + segment.first)
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def documents(self, kind: str) -> int:
        """How many documents of a kind there are."""
        if kind not in self._documents:
            self._documents[kind] = sum(map(columns.count, self.allowed(kind, {"first": ("yes",)}, {})))
        return self._documents[kind] + (self._others.documents(kind) if self._others else 0)

    def among(self, others: Segments) -> Segments:
        """The same rows as if they stood among those of others: what is counted or averaged is so over both."""
        twin = copy(self)
        twin._others = others
        return twin

    def records(self, rows: Rows) -> NDArray:
        """What is known of each row (`columns.RECORD`)."""
        found = np.zeros(len(rows), columns.RECORD)
        for segment, places in self._by_segment(rows):
            found[places] = segment.columns.records[rows[places] - segment.first]
        return found

    def facts(self, row: int) -> dict:
        """The facts of a row."""
        segment = self._owner(row)
        return segment.columns.facts(row - segment.first)

    def average_length(self, field: str) -> float:
        """Terms of a row on average."""
        every = [*self._segments, *(self._others._segments if self._others else ())]
        return sum(each.bags[field].total for each in every) / max(sum(map(len, every)), 1)

    def shared(self, field: str, asked: Asked, rows: Rows, language: str) -> Floats:
        """How many of the terms asked for each row shares, by BM25; all rows are of one language."""
        found, average = np.zeros(len(rows), np.float32), self.average_length(field)
        for segment, places in self._by_segment(rows):
            found[places] = segment.bags[field].scores(asked, rows[places] - segment.first, average, language)
        return found

    def cosines(self, part: str, asked: Floats, rows: Rows) -> Floats:
        """Cosine of one kept vector with the whole or the title of each row."""
        found = np.zeros(len(rows), np.float32)
        for segment, places in self._by_segment(rows):
            found[places] = segment.vectors.cosines(part, asked, rows[places] - segment.first)
        return found

    def best_sentence(self, asked: Floats, rows: Rows) -> Floats:
        """Cosine of one kept vector with the nearest sentence of each row; 0 for a row without."""
        found = np.zeros(len(rows), np.float32)
        for segment, places in self._by_segment(rows):
            likeness, counts = segment.vectors.sentence_cosines(asked, rows[places] - segment.first)
            filled = counts > 0
            if filled.any():
                starts = np.concatenate([[0], np.cumsum(counts[filled])[:-1]])
                found[places[filled]] = np.maximum.reduceat(likeness, starts)
        return found

    def sentences(self, row: int) -> Floats:
        """The kept vectors of a row's sentences."""
        segment = self._owner(row)
        return segment.vectors.sentences(row - segment.first)

    def title(self, row: int) -> Floats:
        """The kept vector of a row's title."""
        segment = self._owner(row)
        return segment.vectors.title(row - segment.first)

    def digests(self, rows: Rows) -> list[bytes]:
        """By what the slow encoder's store knows each row."""
        found = np.zeros((len(rows), 16), np.uint8)
        for segment, places in self._by_segment(rows):
            found[places] = segment.vectors.digests[rows[places] - segment.first]
        return [bytes(each) for each in found]

    def _owner(self, row: int) -> Segment:
        return self._segments[int(np.searchsorted(self._firsts, row, side="right")) - 1]

    def _by_segment(self, rows: Rows) -> list[tuple[Segment, Rows]]:
        owners = np.searchsorted(self._firsts, rows, side="right")  # 0 is none
        present = np.flatnonzero(np.bincount(owners)).tolist()
        return [(self._segments[owner - 1], np.flatnonzero(owners == owner)) for owner in present if owner]
