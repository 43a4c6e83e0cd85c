"""Vectors on disk: of every passage whole, of its title, of its sentences; mapped into memory and never changed.

A *space* says how vectors are kept in one generation of the index: the encoder's are turned so that the directions in
which texts differ come first, and the rest is dropped (512 numbers to 256: nDCG on judged needs moves by less than
0.005, see docs/matching.md); each number is a byte. The *guide* finds candidates: half whole, half title, four bits for two
numbers (FAISS fast scan), so that a million rows are looked through in four milliseconds; what it finds is compared
by the vectors proper.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from marketplace.matching import arrays
from marketplace.matching.columns import Bits, places

Half = NDArray[np.float16]
Floats = NDArray[np.float32]

faiss.omp_set_num_threads(1)  # FAISS has no use for several threads with one question; guides are looked through side by side instead
_threads = ThreadPoolExecutor(os.cpu_count(), "guide")

KEPT = 256  # numbers kept of a vector
GUIDED_FROM = 1_000  # vectors of a sample from which directions and a guide can be learned; fewer rows are compared one by one
_TITLE = 0.4  # share of the title in the guide
_GUIDED = 500_000  # rows of one guide; a multiple of eight, because a filter has a bit for each
_AT_ONCE = 50_000  # rows read at once when segments are joined
_PARTS = ("whole", "title", "sentences")


@dataclass(frozen=True)
class Batch:
    """The vectors of consecutive rows, as `Space.kept` gives them. `sentences[starts[i]:starts[i + 1]]` are those of row i.

    `whole` and `title` are (rows, dimensions) and `digests` (rows, 16) bytes, by which the slow encoder's store knows a
    passage; without a fast encoder dimensions are zero.
    """

    whole: Floats
    title: Floats
    sentences: Floats
    starts: NDArray[np.int64]
    digests: NDArray[np.uint8]

    @property
    def rows(self) -> int:
        """How many rows the batch has."""
        return len(self.digests)


class Space:
    """How the vectors of one generation are kept: `turn` is (encoder's dimensions, kept ones) or None for as they come."""

    def __init__(self, turn: Floats | None, guide: faiss.Index | None) -> None:
        self.turn, self.guide = turn, guide

    @classmethod
    def learnt(cls, sample: Floats) -> Space:
        """The space for vectors like these (whole passages, less what all share); as they come if they are few."""
        if len(sample) < GUIDED_FROM or sample.shape[1] < 2:
            return cls(None, None)
        _, _, directions = np.linalg.svd(sample[:: max(1, len(sample) // (16 * KEPT))], full_matrices=False)
        size = min(KEPT, sample.shape[1] // 2 * 2)
        mixed, _ = np.linalg.qr(np.random.default_rng(size).standard_normal((size, size)))  # evens out what each number says
        turn = (directions[:size].T @ mixed).astype(np.float32)
        guide = faiss.index_factory(size, f"IVF1,PQ{size // 2}x4fs", faiss.METRIC_INNER_PRODUCT)
        guide.train(np.ascontiguousarray(sample @ turn))
        return cls(turn, guide)

    def kept(self, vectors: NDArray) -> Floats:
        """Vectors as they are kept or compared with kept ones."""
        rows = np.asarray(vectors, np.float32)
        return rows if self.turn is None or not rows.shape[-1] else rows @ self.turn

    def save(self, folder: Path) -> None:
        """Write into a generation's folder."""
        if self.turn is not None:
            np.save(folder / "turn.npy", self.turn)
            faiss.write_index(self.guide, str(folder / "guide.faiss"))

    @classmethod
    def load(cls, folder: Path) -> Space:
        """Read what `save` wrote."""
        if not (folder / "turn.npy").exists():
            return cls(None, None)
        return cls(arrays.read(folder / "turn.npy"), faiss.read_index(str(folder / "guide.faiss")))


def write(folder: Path, batch: Batch, space: Space) -> None:
    """Write the vectors of a batch into a segment's folder."""
    for name in _PARTS:
        codes, scales = _bytes(getattr(batch, name))
        np.save(folder / f"{name}.npy", codes)
        np.save(folder / f"{name}_scales.npy", scales)
    np.save(folder / "starts.npy", batch.starts)
    np.save(folder / "digests.npy", batch.digests)
    if space.guide is not None:
        _write_guides(folder, space.guide, [_guiding(batch.whole, batch.title)])


def _write_guides(folder: Path, empty: faiss.Index, blocks: Iterable[Floats]) -> None:
    """Rows as guides of at most `_GUIDED` rows each, which threads look through at once."""
    guide, number = faiss.clone_index(empty), 0
    for block in blocks:
        while len(block):
            room = _GUIDED - guide.ntotal
            guide.add(block[:room])
            block = block[room:]
            if guide.ntotal == _GUIDED:
                _write_guide(folder, guide, number)
                guide, number = faiss.clone_index(empty), number + 1
    if guide.ntotal:
        _write_guide(folder, guide, number)


def _write_guide(folder: Path, guide: faiss.Index, number: int) -> None:
    faiss.write_index(guide, str(folder / f"guide-{number:04}.faiss"))


def _guiding(whole: Floats, title: Floats) -> Floats:
    return np.ascontiguousarray((1 - _TITLE) * whole + _TITLE * title, np.float32)


def _bytes(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Rows as bytes and what one unit of each row's bytes is worth."""
    scales = np.maximum(np.abs(rows).max(1, initial=1e-9), 1e-9).astype(np.float32) / 127
    return np.round(rows / scales[:, None]).astype(np.int8), scales


class Vectors:
    """The vectors of one segment, mapped. Rows are counted from 0 within the segment."""

    def __init__(self, folder: Path) -> None:
        self._parts = {name: arrays.mapped(folder / f"{name}.npy") for name in _PARTS}
        self._scales = {name: arrays.mapped(folder / f"{name}_scales.npy") for name in _PARTS}
        self._starts = arrays.mapped(folder / "starts.npy")
        self.digests: NDArray[np.uint8] = arrays.mapped(folder / "digests.npy")
        self._guides = [faiss.read_index(str(file), faiss.IO_FLAG_MMAP_IFC) for file in sorted(folder.glob("guide-*.faiss"))]

    def __len__(self) -> int:
        return len(self.digests)

    @property
    def dimensions(self) -> int:
        """Numbers of a kept vector; 0 without a fast encoder."""
        return self._parts["whole"].shape[1]

    def nearest(self, asked: Floats, allowed: Bits, limit: int) -> tuple[Floats, NDArray[np.int64]]:
        """The allowed rows nearest to one kept vector in whole and title, with their likeness, in no order."""
        if self._guides:
            return self._guided(asked, allowed, limit)
        rows = places(allowed, len(self))
        if not self.dimensions or not len(rows):
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        scores = (1 - _TITLE) * self.cosines("whole", asked, rows) + _TITLE * self.cosines("title", asked, rows)
        best = np.argpartition(-scores, limit - 1)[:limit] if limit < len(rows) else np.arange(len(rows))
        return scores[best], rows[best]

    def _guided(self, asked: Floats, allowed: Bits, limit: int) -> tuple[Floats, NDArray[np.int64]]:
        """The same by the guides, each looked through by a thread; the best of each, so more than `limit` in all."""

        def best(number: int) -> tuple[Floats, NDArray[np.int64]]:
            first = number * _GUIDED
            bits = np.ascontiguousarray(allowed[first // 8 : (first + _GUIDED) // 8])
            if not bits.any():
                return np.zeros(0, np.float32), np.zeros(0, np.int64)
            scores, found = self._guides[number].search(asked[None], limit, params=faiss.SearchParametersIVF(sel=faiss.IDSelectorBitmap(bits)))
            return scores[0][found[0] >= 0], found[0][found[0] >= 0] + first

        numbers = range(len(self._guides))
        parts = list(_threads.map(best, numbers) if len(numbers) > 1 else map(best, numbers))
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))

    def cosines(self, part: str, asked: Floats, rows: NDArray[np.int64]) -> Floats:
        """Cosine of one vector with the whole or the title of each row."""
        return (self._parts[part][rows].astype(np.float32) @ asked) * self._scales[part][rows]

    def kept(self, part: str, rows: NDArray[np.int64]) -> Floats:
        """The kept vectors of rows, whole or of their titles."""
        return self._parts[part][rows].astype(np.float32) * self._scales[part][rows, None]

    def kept_sentences(self, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """The kept vectors of the sentences of rows, one row's after another's, and how many each row has."""
        picks, counts = self._sentence_places(rows)
        return self.kept("sentences", picks), counts

    def sentence_cosines(self, asked: Floats, rows: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int64]]:
        """Cosines of one vector with the sentences of rows, one row's after another's, and how many each row has."""
        picks, counts = self._sentence_places(rows)
        vectors = self._parts["sentences"][picks].astype(np.float32)
        return (vectors @ asked) * self._scales["sentences"][picks], counts

    def _sentence_places(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        begins, ends = self._starts[rows], self._starts[rows + 1]
        counts = (ends - begins).astype(np.int64)
        return np.repeat(begins - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum()), counts

    def sentences(self, row: int) -> Floats:
        """The kept vectors of a row's sentences."""
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        return self._parts["sentences"][start:end].astype(np.float32) * self._scales["sentences"][start:end, None]

    def title(self, row: int) -> Floats:
        """The kept vector of a row's title."""
        return self._parts["title"][row].astype(np.float32) * self._scales["title"][row]

    def _whole(self, start: int, end: int) -> Floats:
        """What the guide is made of, for rows `start` to `end`."""
        parts = (self._parts[name][start:end].astype(np.float32) * self._scales[name][start:end, None] for name in ("whole", "title"))
        return _guiding(*parts)


def join(folders: Sequence[Path], target: Path, space: Space) -> None:
    """Write the vectors of neighbouring segments as those of one, a part at a time, so that memory does not grow with them."""
    names = [*_PARTS, *(f"{name}_scales" for name in _PARTS), "digests"]
    for name in names:
        arrays.join([folder / f"{name}.npy" for folder in folders], target / f"{name}.npy")
    arrays.join_ends([folder / "starts.npy" for folder in folders], target / "starts.npy")
    if space.guide is not None:
        parts = map(Vectors, folders)
        _write_guides(target, space.guide, (part._whole(start, start + _AT_ONCE) for part in parts for start in range(0, len(part), _AT_ONCE)))
