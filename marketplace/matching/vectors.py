"""Vectors on disk: of every passage whole, of its title, of its sentences; read by memory mapping, in segments.

A segment covers consecutive rows, is written aside and renamed once complete, and never changes. A change adds a small
segment; neighbours of like size are merged, so that there are few. Vectors of rows that no longer exist stay until the
next rebuild and are never seen, because the words index says which rows exist.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

Half = NDArray[np.float16]
Floats = NDArray[np.float32]

faiss.omp_set_num_threads(1)  # the web server's workers are the parallelism; more threads a query only contend

_DIGEST = 16  # bytes by which the slow encoder's store knows a passage


@dataclass(frozen=True)
class Batch:
    """What is stored of consecutive rows. `sentences[starts[i]:starts[i + 1]]` are those of row i; all rows of length
    one.

    `whole` and `title` are (rows, dimensions) and `digests` (rows, 16) bytes; without a fast encoder dimensions are
    zero.
    """

    whole: Half
    title: Half
    sentences: Half
    starts: NDArray[np.int64]
    digests: NDArray[np.uint8]

    @property
    def rows(self) -> int:
        """How many rows the batch has."""
        return len(self.digests)


class Segment:
    """One folder of vectors for the rows `first` to `last`, both included."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.first, self.last = (int(part) for part in folder.name.split("-"))
        self._whole = _mapped_index(folder / "whole.faiss")
        self._title = _mapped_index(folder / "title.faiss")
        self._sentences = np.load(folder / "sentences.npy", mmap_mode="r")
        self._starts = np.load(folder / "starts.npy")
        self.digests: NDArray[np.uint8] = np.load(folder / "digests.npy")

    def nearest(
        self, part: str, asked: Floats, allowed: NDArray[np.int64], limit: int
    ) -> tuple[Floats, NDArray[np.int64]]:
        """The allowed rows nearest to one vector, with their cosines; `part` is "whole" or "title"."""
        inside = allowed[(allowed >= self.first) & (allowed <= self.last)] - self.first
        index = self._whole if part == "whole" else self._title
        if index is None or not len(inside):
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        mask = np.zeros(index.ntotal, bool)
        mask[inside] = True
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little")))
        scores, found = index.search(asked[None], min(limit, len(inside)), params=chosen)
        real = found[0] >= 0
        return scores[0][real], found[0][real] + self.first

    def rows(self, part: str, rows: NDArray[np.int64]) -> Floats:
        """The vectors of rows of this segment."""
        index = self._whole if part == "whole" else self._title
        return index.reconstruct_batch(rows - self.first)

    def sentences(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """The sentence vectors of rows of this segment, one row's after another's, and how many each has."""
        begins, ends = self._starts[rows - self.first], self._starts[rows - self.first + 1]
        picks = np.concatenate([np.arange(a, b) for a, b in zip(begins, ends, strict=True)] or [np.zeros(0, np.int64)])
        return np.asarray(self._sentences[picks.astype(np.int64)], np.float32), ends - begins

    def batch(self) -> Batch:
        """All that the segment holds, read into memory."""
        everything = np.arange(self.first, self.last + 1)
        if self._whole is None:
            whole = title = np.zeros((len(everything), 0), np.float16)
        else:
            whole, title = (self.rows(part, everything).astype(np.float16) for part in ("whole", "title"))
        return Batch(whole, title, np.array(self._sentences), self._starts, self.digests)


def _mapped_index(path: Path) -> faiss.Index | None:
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC) if path.exists() else None


def write(folder: Path, first: int, batch: Batch) -> None:
    """Write a batch as the segment of rows `first` and following, then merge the newest segments if they are small."""
    if not batch.rows:
        return
    _write_segment(folder, first, batch)
    _merge_small(folder)


def _write_segment(folder: Path, first: int, batch: Batch) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / "aside"
    shutil.rmtree(aside, ignore_errors=True)  # a writer that was killed left it
    aside.mkdir()
    if batch.whole.shape[1]:
        for name, vectors in (("whole", batch.whole), ("title", batch.title)):
            index = faiss.IndexScalarQuantizer(
                vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
            index.add(vectors.astype(np.float32))
            faiss.write_index(index, str(aside / f"{name}.faiss"))
    for name, array in (("sentences", batch.sentences), ("starts", batch.starts), ("digests", batch.digests)):
        np.save(aside / f"{name}.npy", array)
    for path in aside.iterdir():
        _to_disk(path)
    aside.rename(folder / f"{first:012d}-{first + batch.rows - 1:012d}")
    _to_disk(folder)


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is really written: the words index will be committed as if it were."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def names(folder: Path) -> list[str]:
    """The segments in order of rows; one that lies within another was merged into it and is left out."""
    found = sorted(path.name for path in folder.glob("[0-9]*-[0-9]*"))
    spans = {name: tuple(int(part) for part in name.split("-")) for name in found}
    return [
        name
        for name, (first, last) in spans.items()
        if not any(other != name and a <= first and last <= b for other, (a, b) in spans.items())
    ]


def next_row(folder: Path) -> int:
    """The first row number that no vector has yet."""
    return max((int(name.split("-")[1]) + 1 for name in names(folder)), default=0)


def _merge_small(folder: Path) -> None:
    """Join the newest segments while the one before is less than twice as long: the number stays logarithmic."""
    live = names(folder)
    sizes = [int(name.split("-")[1]) - int(name.split("-")[0]) + 1 for name in live]
    start, total = len(live) - 1, sizes[-1]
    while start > 0 and sizes[start - 1] < 2 * total:
        start -= 1
        total += sizes[start]
    if start < len(live) - 1:
        segments = [Segment(folder / name) for name in live[start:]]
        _write_segment(folder, segments[0].first, join([segment.batch() for segment in segments]))
    for path in folder.glob("[0-9]*-[0-9]*"):
        if path.name not in names(folder):
            shutil.rmtree(path, ignore_errors=True)


def join(batches: Sequence[Batch]) -> Batch:
    """Batches of consecutive rows as one."""
    offsets = np.cumsum([0, *(len(batch.sentences) for batch in batches)])
    starts = [batch.starts[:-1] + offset for batch, offset in zip(batches, offsets, strict=False)]
    return Batch(
        np.concatenate([batch.whole for batch in batches]),
        np.concatenate([batch.title for batch in batches]),
        np.concatenate([batch.sentences for batch in batches]),
        np.concatenate([*starts, offsets[-1:]]).astype(np.int64),
        np.concatenate([batch.digests for batch in batches]),
    )


class Vectors:
    """All segments of a generation, as they were when it was opened."""

    def __init__(self, folder: Path) -> None:
        self._segments = [Segment(folder / name) for name in names(folder)]
        self._firsts = np.array([segment.first for segment in self._segments], np.int64)

    def nearest(self, part: str, asked: Floats, allowed: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
        """The allowed rows nearest to a vector of length one, best first, at most `limit`."""
        found = [segment.nearest(part, asked, allowed, limit) for segment in self._segments]
        if not found:
            return np.zeros(0, np.int64)
        scores, rows = (np.concatenate(column) for column in zip(*found, strict=True))
        return rows[np.lexsort((rows, -scores))[:limit]]

    def cosines(self, part: str, asked: Floats, rows: NDArray[np.int64]) -> Floats:
        """Cosine of one vector with the whole or the title of each row."""
        found = np.zeros(len(rows), np.float32)
        for segment, places in self._by_segment(rows):
            found[places] = segment.rows(part, rows[places]) @ asked
        return found

    def best_sentence(self, asked: Floats, rows: NDArray[np.int64]) -> Floats:
        """Cosine of one vector with the nearest sentence of each row."""
        found = np.zeros(len(rows), np.float32)
        for segment, places in self._by_segment(rows):
            vectors, counts = segment.sentences(rows[places])
            filled = counts > 0
            if filled.any():
                starts = np.concatenate([[0], np.cumsum(counts[filled])[:-1]])
                found[places[filled]] = np.maximum.reduceat(vectors @ asked, starts)
        return found

    def digests(self, rows: NDArray[np.int64]) -> list[bytes]:
        """By what the slow encoder's store knows each row."""
        found = np.zeros((len(rows), _DIGEST), np.uint8)
        for segment, places in self._by_segment(rows):
            found[places] = segment.digests[rows[places] - segment.first]
        return [bytes(each) for each in found]

    def _by_segment(self, rows: NDArray[np.int64]) -> list[tuple[Segment, NDArray[np.int64]]]:
        owners = np.searchsorted(self._firsts, rows, side="right") - 1
        return [(self._segments[owner], np.flatnonzero(owners == owner)) for owner in np.unique(owners) if owner >= 0]
