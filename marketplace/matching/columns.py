"""What is known of each row besides its words and meaning: whose it is, its facts, and what it can be filtered by.

One set of files for each segment, written once and mapped into memory. A filter becomes a bitmap over the rows, because the
vector search wants one and because a million rows are filtered in the time it takes to combine a few of them. Tantivy
has the same facets for keyword search and counts; a test holds the two against each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import arrays
from marketplace.matching.passages import Passage

Where = Mapping[str, Sequence[str]]
Bits = NDArray[np.uint8]  # a bitmap, eight rows a byte, lowest bit first

RECORD = np.dtype([("key", "<i8"), ("family", "<i8"), ("revision", "<i4"), ("english", "i1")])
_DENSE = 64  # one row in so many has a value: kept as a bitmap once asked for
_REMEMBERED = 64  # filters of a segment whose bitmaps are kept

_FILES = ("records.npy", "facts.bin", "fact_ends.npy", "postings.npy")


def write(folder: Path, rows: Sequence[Passage]) -> None:
    """Write the columns of consecutive rows into a folder."""
    records = np.zeros(len(rows), RECORD)
    postings: dict[tuple[str, str], list[int]] = {}
    facts = []
    for at, row in enumerate(rows):
        records[at] = (row.key, row.family or row.key, row.revision, row.language == "en")
        facts.append(json.dumps(row.facts, ensure_ascii=False, separators=(",", ":")).encode() if row.facts else b"")
        postings.setdefault(("kind", row.kind), []).append(at)
        if row.first:
            postings.setdefault(("first", "yes"), []).append(at)
        for name, values in row.facets.items():
            for value in dict.fromkeys(values):
                postings.setdefault((name, value), []).append(at)
    np.save(folder / "records.npy", records)
    (folder / "facts.bin").write_bytes(b"".join(facts))
    np.save(folder / "fact_ends.npy", np.cumsum([0, *map(len, facts)], dtype=np.int64))
    _write_postings(folder, postings)


def _write_postings(folder: Path, postings: Mapping[tuple[str, str], Sequence[int]]) -> None:
    """The rows of each value, one list after another, and where each list begins."""
    places: dict[str, dict[str, tuple[int, int]]] = {}
    at = 0
    for (name, value), rows in postings.items():
        places.setdefault(name, {})[value] = (at, at + len(rows))
        at += len(rows)
    np.save(folder / "postings.npy", np.concatenate([np.array(rows, np.uint32) for rows in postings.values()]))
    (folder / "facets.json").write_text(json.dumps(places, ensure_ascii=False), encoding="utf-8")


class Columns:
    """The columns of one segment, mapped. Rows are counted from 0 within the segment."""

    def __init__(self, folder: Path) -> None:
        self.records: NDArray = arrays.mapped(folder / "records.npy")
        self._facts = np.memmap(folder / "facts.bin", np.uint8, "r") if (folder / "facts.bin").stat().st_size else None
        self._fact_ends = arrays.mapped(folder / "fact_ends.npy")
        self._postings = arrays.mapped(folder / "postings.npy")
        self._places = _read_places(folder)
        self._bits = lru_cache(_REMEMBERED)(self._value_bits)
        self._filtered = lru_cache(_REMEMBERED)(self._filter_bits)

    def __len__(self) -> int:
        return len(self.records)

    def allowed(self, kind: str, where: Where, without: Where) -> Bits:
        """The rows of a kind that have any of the values of each facet of `where` and none of those of `without`."""
        frozen = (tuple(sorted((name, tuple(values)) for name, values in each.items())) for each in (where, without))
        return self._filtered(kind, *frozen)

    def facts(self, row: int) -> dict:
        """The facts of a row as they were handed in."""
        start, end = int(self._fact_ends[row]), int(self._fact_ends[row + 1])
        return json.loads(self._facts[start:end].tobytes()) if end > start else {}

    def _filter_bits(self, kind: str, where: tuple, without: tuple) -> Bits:
        bits = self._any_of("kind", (kind,)).copy()
        for name, values in where:
            bits &= self._any_of(name, values)
        for name, values in without:
            bits &= ~self._any_of(name, values)
        return bits

    def _any_of(self, name: str, values: Sequence[str]) -> Bits:
        """The rows that have any of the values; "key" is a facet too."""
        if name == "key":
            return _packed(np.isin(self.records["key"], np.array([int(value) for value in values], np.int64)))
        bits = np.zeros((len(self) + 7) // 8, np.uint8)
        rare = []
        for value in values:
            start, end = self._places.get(name, {}).get(value, (0, 0))
            if (end - start) * _DENSE > len(self):
                bits |= self._bits(name, value)
            else:
                rare.append(self._postings[start:end])
        return bits | _marked(np.concatenate(rare), len(self)) if rare else bits

    def _value_bits(self, name: str, value: str) -> Bits:
        start, end = self._places[name][value]
        return _marked(self._postings[start:end], len(self))


def _marked(rows: NDArray, size: int) -> Bits:
    marks = np.zeros(size, bool)
    marks[rows] = True
    return _packed(marks)


def _packed(marks: NDArray[np.bool_]) -> Bits:
    return np.packbits(marks, bitorder="little")


def has(bits: Bits, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the rows a bitmap has."""
    return (bits[rows >> 3] >> (rows & 7).astype(np.uint8) & 1).astype(bool)


def places(bits: Bits, size: int) -> NDArray[np.int64]:
    """The rows of a bitmap over `size` rows, ascending."""
    return np.flatnonzero(np.unpackbits(bits, count=size, bitorder="little"))


def count(bits: Bits) -> int:
    """How many rows a bitmap has."""
    return int(np.bitwise_count(bits).sum())


def _read_places(folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """Where the rows of each facet's values stand in the postings."""
    return json.loads((folder / "facets.json").read_text(encoding="utf-8"))


def join(folders: Sequence[Path], target: Path) -> None:
    """Write the columns of neighbouring segments as those of one."""
    arrays.join([folder / "records.npy" for folder in folders], target / "records.npy")
    (target / "facts.bin").write_bytes(b"".join((folder / "facts.bin").read_bytes() for folder in folders))
    arrays.join_ends([folder / "fact_ends.npy" for folder in folders], target / "fact_ends.npy")
    postings: dict[tuple[str, str], list[NDArray]] = {}
    offset = 0
    for folder in folders:
        rows = arrays.read(folder / "postings.npy")
        for name, values in _read_places(folder).items():
            for value, (start, end) in values.items():
                postings.setdefault((name, value), []).append(rows[start:end] + np.uint32(offset))
        offset += len(arrays.mapped(folder / "records.npy"))
    _write_postings(target, {key: np.concatenate(rows) for key, rows in postings.items()})
