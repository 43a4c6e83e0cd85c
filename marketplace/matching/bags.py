"""Bags: the terms of each row as numbers, so that chosen rows are scored by BM25 without asking the words index.

The words index finds; this scores what was found, by words or by meaning, and scores many questions against many rows
in one pass. A term is known by 28 bits of its hash beside four bits of how often it stands in the row (15 at most): two
terms of a question and a document are confused once in ten thousand documents. BM25 with k1 1.2 and a b for each language
(Robertson and Zaragoza 2009), rarity from the words index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import arrays

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

K1 = 1.2
B = {"zh": 0.75, "en": 1.0}  # long English texts hold any word by chance; in Chinese it makes no difference, see docs/matching.md
FIELDS = ("words", "pairs")
_TIMES = 4  # bits for how often
_TABLE = 1 << 16  # entries of the table that most terms of other documents fall through


def code(term: str) -> int:
    """The number by which a term is known, the lowest four bits left empty."""
    return crc32(term.encode()) >> _TIMES << _TIMES


@dataclass(frozen=True)
class Asked:
    """The terms of one part of a question: ascending codes, what each is worth, and which choice each belongs to.

    Of a choice's terms the best counts; `choices` is how many there are, of which some may have lost their terms to others.
    `alone` says that none has several.
    """

    codes: NDArray[np.uint32]
    worth: Floats
    choice: NDArray[np.int64]
    choices: int
    alone: bool

    @classmethod
    def of(cls, codes: Sequence[int], worths: Sequence[float], owners: Sequence[int], choices: int) -> Asked:
        """From each term's code, worth and choice; of a term that stands in two choices the worthier stays."""
        known, worth, owner = np.array(codes, np.uint32), np.array(worths, np.float32), np.array(owners, np.int64)
        order = np.lexsort((owner, worth, known))
        if len(order):
            order = order[np.append(np.diff(known[order]) > 0, True)]
        return cls(known[order], worth[order], owner[order], choices, not len(order) or int(np.bincount(owner[order]).max()) == 1)


def write(folder: Path, field: str, rows: Sequence[Sequence[str]]) -> None:
    """Write the terms of consecutive rows."""
    lengths = [len(terms) for terms in rows]
    codes = np.fromiter(map(crc32, map(str.encode, chain.from_iterable(rows))), np.uint64, sum(lengths)) >> _TIMES << _TIMES
    owners = np.repeat(np.arange(len(rows), dtype=np.uint64) << 32, lengths)
    found, times = np.unique(owners | codes, return_counts=True)
    np.save(folder / f"{field}.npy", found.astype(np.uint32) | np.minimum(times, 15).astype(np.uint32))
    np.save(folder / f"{field}_ends.npy", np.searchsorted(found, np.arange(len(rows) + 1, dtype=np.uint64) << 32).astype(np.int64))
    np.save(folder / f"{field}_lengths.npy", np.array(lengths, np.uint16))


class Bags:
    """The terms of one field of a segment's rows, mapped. Rows are counted from 0 within the segment."""

    def __init__(self, folder: Path, field: str) -> None:
        self._terms = arrays.mapped(folder / f"{field}.npy")
        self._ends = arrays.mapped(folder / f"{field}_ends.npy")
        self._lengths = arrays.mapped(folder / f"{field}_lengths.npy")
        self.total = int(self._lengths.sum(dtype=np.int64))

    def scores(self, asked: Asked, rows: Rows, average: float, language: str) -> Floats:
        """The sum of BM25 over a question's choices for each row, all of one language; `average` is a row's usual length in terms."""
        places, at, values = self.found(asked.codes, rows, average, language)
        values *= asked.worth[at]
        if asked.alone:
            return np.bincount(places, values, len(rows)).astype(np.float32)
        best = np.zeros(len(rows) * asked.choices, np.float32)
        np.maximum.at(best, places * asked.choices + asked.choice[at], values)
        return best.reshape(len(rows), -1).sum(1)

    def found(self, codes: NDArray[np.uint32], rows: Rows, average: float, language: str) -> tuple[Rows, Rows, Floats]:
        """Which of the codes (ascending) stand in which of the rows: places in both, row by row, and what each is worth by BM25 less its rarity."""
        places, terms = self._gathered(rows)
        if not len(codes) or not len(terms):
            none = np.zeros(0, np.int64)
            return none, none, np.zeros(0, np.float32)
        table = np.zeros(_TABLE, bool)
        table[_short(codes)] = True
        hits = np.flatnonzero(table[_short(terms)])
        sought = terms[hits] >> _TIMES << _TIMES
        at = np.minimum(np.searchsorted(codes, sought), len(codes) - 1)
        real = codes[at] == sought
        hits, at = hits[real], at[real]
        return places[hits], at, _saturated(terms[hits], self._lengths[rows][places[hits]], average, B[language])

    def _gathered(self, rows: Rows) -> tuple[Rows, NDArray[np.uint32]]:
        """The terms of rows one after another, and for each the place of its row."""
        begins, counts = self._ends[rows], self._ends[rows + 1] - self._ends[rows]
        places = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return places, self._terms[begins[places] + within]


def _short(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return codes >> (32 - 16)


def _saturated(terms: NDArray[np.uint32], lengths: NDArray[np.uint16], average: float, b: float) -> Floats:
    """What so many times are worth in a row of that length."""
    times = (terms & 15).astype(np.float32)
    return times * (K1 + 1) / (times + K1 * (1 - b + b * lengths.astype(np.float32) / max(average, 1.0)))


def join(folders: Sequence[Path], target: Path, field: str) -> None:
    """Write the bags of neighbouring segments as those of one."""
    arrays.join([folder / f"{field}.npy" for folder in folders], target / f"{field}.npy")
    arrays.join_ends([folder / f"{field}_ends.npy" for folder in folders], target / f"{field}_ends.npy")
    arrays.join([folder / f"{field}_lengths.npy" for folder in folders], target / f"{field}_lengths.npy")
