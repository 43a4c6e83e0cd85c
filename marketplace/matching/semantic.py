"""Meaning: texts as vectors, behind one face, from whatever encoders a site has.

Two slots: the *fast* encoder sees every passage whole, its title and its sentences; the *slow* one sees the best
candidates. In either may stand a packaged model (`encoders`), one of sentence-transformers (`sentence_models`) or a
server on the network (`endpoint`); either may be empty: the engine then weighs the rest. Encodings are kept on disk by
content, so that a text is encoded once in its life.
"""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import text as cut

Vectors = NDArray[np.float32]

KINDS = {  # what may stand in a slot → where it is made
    "use": "encoders.UniversalEncoder",
    "e5": "encoders.SmallE5",
    "sentence-transformers": "sentence_models.SentenceModel",
    "endpoint": "endpoint.Endpoint",
}
ASKED_WITHIN = 1.5  # seconds in which a question's encoding must be there, or the words answer alone
SHOWN_WITHIN = 10.0  # seconds for an encoder to show that it works
_BATCH = 64  # texts encoded between two writes to the store, so that a killed rebuild keeps what it has
_PARTING = 8  # bytes

log = logging.getLogger(__name__)


class EncoderUnavailable(Exception):
    """An encoder gives no vectors just now, or none that can be used; the message says which, why and what to do.

    It never quotes a text or a key. A question does without (`Encoders.asked`); whoever writes an index lets it pass, so
    that no row is written without its vectors and the job is tried again.
    """


class Encoder(Protocol):
    """Texts in, one row of unit length for each out."""

    @property
    def name(self) -> str:
        """By what its vectors are known: the model and, where it is not packaged, the dimensions."""
        ...

    @property
    def dimensions(self) -> int:
        """The length of a row."""
        ...

    def reads(self, text: str) -> str:
        """The part of a text that it takes in: all, or up to the last sentence or word in its window."""
        ...

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """float32 of shape (texts, dimensions), rows of length one.

        `within`: seconds after which a server is given up (a model on this machine takes its time). None waits and
        tries again. Raises `EncoderUnavailable`.
        """
        ...


class Whole(NamedTuple):
    """A text and the pieces that it consists of, in order: together they have all its characters but for spaces."""

    whole: str
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Whole:
        """A text in its sentences."""
        return cls(text, tuple(cut.sentences(text)))


@runtime_checkable
class ReadsPieces(Protocol):
    """An encoder that reads a text and its pieces in one pass."""

    def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        """For each text the vector of the whole and of each piece, (1 + pieces, dimensions), rows of length one."""
        ...


def read(encoder: Encoder, texts: Sequence[Whole], within: float | None = None) -> list[Vectors]:
    """The vectors of texts and of their pieces, in one pass where the encoder can; see `ReadsPieces` and `Encoder.encode`."""
    return encoder.read_pieces(texts) if isinstance(encoder, ReadsPieces) else _parted(texts, lambda parts: encoder.encode(parts, within))


def _parted(texts: Sequence[Whole], encode: Callable[[list[str]], Vectors]) -> list[Vectors]:
    """The vectors of texts and of their pieces, each encoded apart, and once."""
    if not texts:
        return []
    parts = [part for text in texts for part in (text.whole, *text.pieces)]
    places = {part: place for place, part in enumerate(dict.fromkeys(parts))}
    rows = encode(list(places))[[places[part] for part in parts]]
    return np.split(rows, np.cumsum([1 + len(text.pieces) for text in texts])[:-1])


@cache
def made(kind: str, *settings: object) -> Encoder:
    """The encoder of a kind of `KINDS`, one for each process; it loads its weights when it is first asked.

    Its module is imported here and not above, because a site may do without what that module needs. `settings` are the
    arguments of its class.
    """
    module, name = KINDS[kind].split(".")
    return getattr(import_module(f"marketplace.matching.{module}"), name)(*settings)


def unit(vectors: NDArray) -> Vectors:
    """The rows at length one, float32; a row of zeros stays."""
    rows = np.asarray(vectors, np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def kept_dimensions(folder: Path, model: str, ask: Callable[[], int]) -> int:
    """The dimensions of a configured model: from its file in `folder`, else asked once and kept there.

    They are part of an encoder's name, and an index must be readable while the server of its encoder is down.
    """
    path = _dimensions_file(folder, model)
    if path.exists():
        return int(path.read_text(encoding="ascii"))
    found = ask()
    folder.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    aside.write_text(str(found), encoding="ascii")
    aside.replace(path)
    return found


def changed(folder: Path, model: str, now: int, before: int) -> str:
    """What to say when a model gives vectors of another length than it always has."""
    path = _dimensions_file(folder, model)
    return f"its vectors have {now} dimensions and had {before}: if {model} is another model now, delete {path} and rebuild the index"


def _dimensions_file(folder: Path, model: str) -> Path:
    return folder / f"dimensions-{digest(model).hex()[:12]}"


def named(model: str, dimensions: int) -> str:
    """The name of a configured encoder; signs that part names from each other in an index are replaced."""
    return f"{re.sub(r'[^0-9A-Za-z_.:@-]', '~', model)}-{dimensions}"


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
        self._reading = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open().close()

    def _open(self) -> sqlite3.Connection:
        """A connection; the file is made where there is none."""
        store = sqlite3.connect(self._path, timeout=30)
        store.execute("PRAGMA synchronous=NORMAL")  # a power cut may lose the last encodings; waiting for the disk costs a tenth of an import
        store.execute("PRAGMA journal_mode=WAL")
        store.execute("CREATE TABLE IF NOT EXISTS encoding (encoder TEXT, digest BLOB, vector BLOB, PRIMARY KEY (encoder, digest)) WITHOUT ROWID")
        return store

    def _opened(self) -> sqlite3.Connection:
        """This thread's connection for reading, kept because opening takes longer than looking; a new one where the file is another now."""
        if getattr(self._reading, "file", None) != self._file():
            self._reading.store = self._open()
            self._reading.file = self._file()
        return self._reading.store

    def _file(self) -> tuple[int, int] | None:
        """Which file stands at the path: somebody may have deleted it."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def read(self, encoder: str, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The encodings that are there."""
        return {key: np.frombuffer(vector, np.float16) for key, vector in self.packed(encoder, digests)}

    def packed(self, encoder: str, digests: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        """The encodings that are there, as they were kept."""
        for start in range(0, len(digests), 500):
            part = digests[start : start + 500]
            marks = ",".join("?" * len(part))
            yield from self._opened().execute(
                f"SELECT digest, vector FROM encoding WHERE encoder = ? AND digest IN ({marks})", (encoder, *part)
            ).fetchall()

    def write(self, encoder: str, rows: dict[bytes, Vectors]) -> None:
        """Add encodings, in two bytes a number; a store that cannot be written just now (locked, disk full) stays as it is."""
        self.keep(encoder, {key: row.astype(np.float16).tobytes() for key, row in rows.items()})

    def keep(self, encoder: str, packed: Mapping[bytes, bytes]) -> None:
        """The same for encodings that are bytes already."""
        values = [(encoder, key, row) for key, row in packed.items()]
        try:
            with closing(self._open()) as store, store:
                store.executemany("INSERT OR REPLACE INTO encoding VALUES (?, ?, ?)", values)
        except sqlite3.OperationalError:
            return


def _parting(text: Whole) -> bytes:
    """By what it is known into which pieces a text was parted."""
    return digest("\x1f".join(text.pieces))[:_PARTING]


def _packed(rows: Vectors) -> bytes:
    """The whole's row in two bytes a number, for it is compared as a question too; its pieces' in one, and what one unit of each is worth."""
    units = np.maximum(np.abs(rows[1:]).max(1), 1e-9).astype("<f4") / 127
    return rows[0].astype("<f2").tobytes() + units.tobytes() + np.round(rows[1:] / units[:, None]).astype(np.int8).tobytes()


def _unpacked(packed: bytes, dimensions: int) -> Vectors:
    pieces = (len(packed) - 2 * dimensions) // (4 + dimensions)
    whole = np.frombuffer(packed, "<f2", dimensions).astype(np.float32)
    units = np.frombuffer(packed, "<f4", pieces, 2 * dimensions)
    return np.vstack([whole, np.frombuffer(packed, np.int8, offset=2 * dimensions + 4 * pieces).reshape(pieces, dimensions) * units[:, None]])


@lru_cache(maxsize=64)
def _asked_whole(encoder: Encoder, text: Whole) -> Vectors:
    """Kept in memory for a while: a page ranks for a question and then explains several documents by its sentences."""
    return read(encoder, [text], ASKED_WITHIN)[0]


@lru_cache(maxsize=64)
def _asked(encoder: Encoder, text: str) -> Vectors:
    """The same of an encoder's one vector: a page looks for technologies, for failures and for needs with one question."""
    return encoder.encode([text], within=ASKED_WITHIN)[0]


@dataclass
class Encoders:
    """The encoders of a site, either of which may be None, and the store of what they have encoded.

    Documents go through `stored`, questions through `asked`: they seldom come back, and they cannot wait.
    """

    fast: Encoder | None = None
    slow: Encoder | None = None
    store: Encodings | None = field(default=None, compare=False)

    @classmethod
    def default(cls) -> Encoders:
        """The packaged pair."""
        return cls(made("use"), made("e5"))

    @property
    def names(self) -> tuple[str, ...]:
        """What the index version remembers: vectors of other encoders mean something else."""
        return tuple(map(_name, (self.fast, self.slow)))

    def keeping(self, path: Path) -> Encoders:
        """The same encoders with their encodings kept in the file `path`, unless they are kept already."""
        return self if self.store else Encoders(self.fast, self.slow, Encodings(path))

    def known(self, encoder: Encoder, digests: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """What the store already has of these documents."""
        return self.store.read(encoder.name, digests) if self.store and digests else {}

    def asked(self, encoder: Encoder | None, text: str) -> Vectors | None:
        """The vector of what somebody asks now; None without an encoder, or when it does not answer in time.

        The words then answer alone, and the log says so, without the text.
        """
        if encoder is None:
            return None
        try:
            return _asked(encoder, text)
        except EncoderUnavailable as reason:
            log.warning("a question goes without an encoder: %s", reason)
            return None

    def asked_whole(self, text: Whole) -> Vectors | None:
        """The fast encoder's vectors of what somebody asks now and of its pieces; None as in `asked`."""
        try:
            return _asked_whole(self.fast, text) if self.fast else None
        except EncoderUnavailable as reason:
            log.warning("a question goes without an encoder: %s", reason)
            return None

    def answering(self) -> list[str]:
        """Each encoder in words, once it has shown that it works. Raises `EncoderUnavailable`."""
        found = []
        for encoder in filter(None, (self.fast, self.slow)):
            started = perf_counter()
            rows = encoder.encode(["水泵叶轮 pump impeller"], within=SHOWN_WITHIN)
            found.append(f"{encoder.name}, {rows.shape[1]} dimensions, answers in {1000 * (perf_counter() - started):.0f} ms")
        return found

    def stored(self, encoder: Encoder, texts: Sequence[str]) -> NDArray[np.float16]:
        """Encodings of document texts, float16 (texts, dimensions), from the store where it has them.

        Raises `EncoderUnavailable`; what was encoded until then is kept.
        """
        if encoder is self.fast and isinstance(encoder, ReadsPieces):
            return self.read_whole([Whole.of(text) for text in texts]).astype(np.float16)
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


    def read(self, texts: Sequence[Whole]) -> list[Vectors]:
        """The fast encoder's vectors of documents and of their pieces, from the store where it has them.

        Raises `EncoderUnavailable`; what was read until then is kept.
        """
        if isinstance(self.fast, ReadsPieces):
            return self._read(texts, as_parted=True)
        return _parted(texts, lambda parts: self.stored(self.fast, parts).astype(np.float32))

    def read_whole(self, texts: Sequence[Whole]) -> Vectors:
        """The fast encoder's vectors of documents, whatever pieces they were read in, (texts, dimensions); otherwise as `read`."""
        if isinstance(self.fast, ReadsPieces):
            return np.vstack([np.zeros((0, self.fast.dimensions), np.float32), *(rows[0] for rows in self._read(texts, as_parted=False))])
        return self.stored(self.fast, [text.whole for text in texts]).astype(np.float32)

    def _read(self, texts: Sequence[Whole], as_parted: bool) -> list[Vectors]:
        name = f"{self.fast.name}/pieces"
        keys = [digest(text.whole) for text in texts]
        wanted = dict(zip(keys, texts, strict=True))
        found = dict(self.store.packed(name, list(wanted))) if self.store else {}
        if as_parted:
            found = {key: row for key, row in found.items() if row.startswith(_parting(wanted[key]))}
        missing = [(key, text) for key, text in wanted.items() if key not in found]
        for start in range(0, len(missing), _BATCH):
            part = missing[start : start + _BATCH]
            rows = self.fast.read_pieces([text for _, text in part])
            fresh = {key: _parting(text) + _packed(each) for (key, text), each in zip(part, rows, strict=True)}
            if self.store:
                self.store.keep(name, fresh)
            found.update(fresh)
        return [_unpacked(found[key][_PARTING:], self.fast.dimensions) for key in keys]


def _name(encoder: Encoder | None) -> str:
    """"-" for none, "?" for one that cannot say: an index built with it knows its dimensions, so this one was not."""
    try:
        return encoder.name if encoder else "-"
    except EncoderUnavailable:
        return "?"
