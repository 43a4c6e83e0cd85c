"""A generation: one state of the whole index on disk, built aside, then changed by small steps.

A change writes its segments and the numbers of the rows it replaces, and then commits the words index, which alone says
what exists. So a process that is killed at any moment leaves the generation as it was before or as it is after.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from marketplace.matching import constants as known_constants
from marketplace.matching import fusion, lexical, ranking, segments
from marketplace.matching.columns import Bits
from marketplace.matching.constants import LANGUAGES, Constants, Scale
from marketplace.matching.passages import Document, Passage, deep_digest, deep_text, passages_of, reading, sentences_of
from marketplace.matching.ranking import View
from marketplace.matching.segments import Segment, Segments
from marketplace.matching.semantic import Encoders
from marketplace.matching.vectors import Batch, Space

DEEP_AT_ONCE = 5_000  # rows up to which a thorough rebuild asks the slow encoder for everything
_DEEP_PER_UPDATE = 32  # rows of one update that the slow encoder sees at once; more are left to `deepen`
_BATCH = 2_000  # documents encoded and written together
_SAMPLE = 256  # documents of each language against which spreads are measured
_FEWEST_TO_MEASURE = 400  # rows below which spreads are not measured but taken as they usually are
_QUESTIONS_MEASURED = 24  # questions of each language with which spreads are measured
_LOOKED_UP = 5_000  # rows whose slow encodings are sought at once
FORMAT = "4"  # of the folder; one of another format is refused until it is rebuilt


class Generation:
    """One folder: `words` (Tantivy), `segments`, `retired` (row numbers), `constants.json`, the space, `about.json`.

    `about` has the format, the encoder names and `built`, the number of rows with which it was built: these exist but for
    those in `retired` that the words index has no more; of later rows the words index says which exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = None
        self._segments: dict[str, Segment] = {}
        self._gone = np.zeros(0, np.int64)  # retired rows that the words index is known to have no more

    def about(self) -> dict:
        """Its format, the names of the encoders that built it and the rows it was built with."""
        return json.loads((self.folder / "about.json").read_text(encoding="utf-8"))

    def view(self, encoders: Encoders, built: int | None = None) -> View:
        """Its newest state."""
        if self._index is None:
            self._index = lexical.open_index(self.folder / "words")
        self._index.reload()
        searcher = lexical.Searcher(self._index.searcher())
        constants = Constants.load(self.folder / "constants.json")
        live = self._live(searcher, self.about()["built"] if built is None else built)
        return View(searcher, live, Space.load(self.folder), constants, encoders, fusion.weights(self.folder.parent))

    def _live(self, searcher: lexical.Searcher, built: int) -> Segments:
        """The segments with their live rows. Segments opened before are used again; only what is new is looked at."""
        folder = self.folder / "segments"
        self._segments = {name: self._segments.get(name) or Segment(folder / name) for name in segments.names(folder)}
        retired = _retired(self.folder)
        doubtful = np.setdiff1d(retired[retired < built], self._gone)
        if len(doubtful):
            self._gone = np.union1d(self._gone, np.setdiff1d(doubtful, searcher.existing(doubtful)))
        later = searcher.following(built) if self._segments else np.zeros(0, np.int64)
        return Segments(list(self._segments.values()), {each.first: _bits(each, built, self._gone, later) for each in self._segments.values()})

    def build(
        self, documents: Iterable[Document], encoders: Encoders, progress: Callable[[int], None], asked: list[str], thorough: bool,
        given: Constants | None = None,
    ) -> View:
        """Write everything; the folder is complete when this returns, and not the current one yet. `given` constants are not estimated anew."""
        rest = iter(documents)
        first = list(islice(rest, _BATCH))
        seen = [*(text for each in first for text in _as_asked(each)), *asked]
        constants = given or known_constants.averages(encoders, seen, _sampled(first), thorough)
        (self.folder / "segments").mkdir(parents=True)  # also where there is nothing to write: one that is missing was taken away
        constants.save(self.folder / "constants.json")
        space = _space(first, encoders, constants)
        space.save(self.folder)
        index = lexical.open_index(self.folder / "words")
        lexical.write(index, self._passages(_batches(first, rest), encoders, constants, space, progress), heap=lexical.WHOLE_HEAP)
        segments.join(self.folder / "segments", segments.names(self.folder / "segments"), space)
        built = segments.next_row(self.folder / "segments")
        view = self.view(encoders, built)
        if thorough and encoders.slow and view.searcher.rows <= DEEP_AT_ONCE:
            deepen(view, DEEP_AT_ONCE)
        constants = given or constants.with_scales(_scales(view, seen, thorough))
        constants.save(self.folder / "constants.json")
        about = {"format": FORMAT, "encoders": list(encoders.names), "built": built}
        (self.folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
        return replace(view, constants=constants)

    def change(self, arriving: list[Document], removed: list[tuple[str, int]], encoders: Encoders) -> None:
        """Segments and the retired rows first, then one commit of the words, which makes it so."""
        gone = [*removed, *((each.kind, each.key) for each in arriving)]
        constants = Constants.load(self.folder / "constants.json")
        space = Space.load(self.folder)
        index = self._index or lexical.open_index(self.folder / "words")
        fresh = list(self._passages(_batches(arriving, iter(())), encoders, constants, space, lambda done: None))
        if encoders.slow and len(fresh) <= _DEEP_PER_UPDATE:
            encoders.stored(encoders.slow, [deep_text(each.title, each.body) for each in fresh])
        index.reload()
        identities = [lexical.identity(kind, key) for kind, key in gone]
        _retire(self.folder, lexical.Searcher(index.searcher()).of_documents(identities))
        lexical.write(index, fresh, gone)
        segments.join_small(self.folder / "segments", space)

    def _passages(
        self,
        batches: Iterable[list[Document]],
        encoders: Encoders,
        constants: Constants,
        space: Space,
        progress: Callable[[int], None],
    ) -> Iterator[Passage]:
        """The rows of documents, a batch at a time, each batch's segment on disk before its rows are handed on."""
        folder, done = self.folder / "segments", 0
        for batch in batches:
            first = segments.next_row(folder)
            rows = [row for document in batch for row in passages_of(document)]
            numbered = [replace(row, row=first + place) for place, row in enumerate(rows)]
            segments.write(folder, first, numbered, _encoded(numbered, encoders, constants, space), space)
            yield from numbered
            done += len(batch)
            progress(done)


def _bits(segment: Segment, built: int, gone: np.ndarray, later: np.ndarray) -> Bits:
    """The live rows of a segment as a bitmap."""
    live = np.zeros(len(segment), bool)
    live[: max(0, built - segment.first)] = True
    for rows, mark in ((gone, False), (later, True)):
        live[rows[(rows >= segment.first) & (rows <= segment.last)] - segment.first] = mark
    return np.packbits(live, bitorder="little")


def _retired(folder: Path) -> np.ndarray:
    """The rows that changes have replaced or taken away, in the order in which they did, or were about to when they died."""
    try:
        noted = (folder / "retired").read_bytes()
    except FileNotFoundError:
        return np.zeros(0, np.int64)
    return np.frombuffer(noted[: len(noted) // 8 * 8], np.int64)  # the last number may be half written just now


def _retire(folder: Path, rows: np.ndarray) -> None:
    """Note rows that the coming commit will take away; a torn note of a writer that was killed is cut off first."""
    if not len(rows):
        return
    with (folder / "retired").open("ab") as file:
        file.truncate(file.tell() // 8 * 8)
        file.write(rows.astype(np.int64).tobytes())
        file.flush()
        os.fsync(file.fileno())


def _space(first: list[Document], encoders: Encoders, constants: Constants) -> Space:
    """How vectors are kept, learnt from the first documents."""
    if encoders.fast is None:
        return Space(None, None)
    rows = [row for document in first for row in passages_of(document)]
    read = encoders.stored(encoders.fast, [deep_text(row.title, row.body) for row in rows])
    return Space.learnt(_centred(read, [row.language for row in rows], encoders, constants))


def _encoded(rows: list[Passage], encoders: Encoders, constants: Constants, space: Space) -> Batch:
    """The vectors of rows, without what all documents share (see `constants`)."""
    pieces = [sentences_of(row.title, row.body) for row in rows]
    starts = np.cumsum([0, *map(len, pieces)]).astype(np.int64)
    digests = np.array([list(deep_digest(row.title, row.body)) for row in rows], np.uint8).reshape(-1, 16)
    if encoders.fast is None:
        none = np.zeros((len(rows), 0), np.float32)
        return Batch(none, none, np.zeros((int(starts[-1]), 0), np.float32), starts, digests)
    languages = [row.language for row in rows]
    of_pieces = [language for part, language in zip(pieces, languages, strict=True) for _ in part]
    read = encoders.read([reading(row.title, row.body) for row in rows])
    parts = (
        (np.stack([each[0] for each in read]), languages),
        (np.stack([each[1 if row.title and row.body else 0] for each, row in zip(read, rows, strict=True)]), languages),
        (np.concatenate([each[-len(part):] for each, part in zip(read, pieces, strict=True)]), of_pieces),
    )
    return Batch(*(space.kept(_centred(*each, encoders, constants)) for each in parts), starts, digests)


def _centred(raw: np.ndarray, languages: list[str], encoders: Encoders, constants: Constants) -> np.ndarray:
    """Fast encodings, each less the average of its language."""
    kept = np.zeros(raw.shape, np.float32)
    for language in LANGUAGES:
        places = [place for place, each in enumerate(languages) if each == language]
        if places:
            kept[places] = constants.document(encoders.fast, language, raw[places])
    return kept


def _batches(first: list[Document], rest: Iterator[Document]) -> Iterator[list[Document]]:
    batch = first
    while batch:
        yield batch
        batch = list(islice(rest, _BATCH))


def _sampled(documents: list[Document]) -> dict[str, list[str]]:
    """Texts by language, evenly picked, from which the average document is taken."""
    texts: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for document in documents:
        for row in passages_of(document):
            texts[row.language].append(deep_text(row.title, row.body))
    return {language: found[:: max(1, len(found) // _SAMPLE)] for language, found in texts.items()}


def _as_asked(document: Document) -> list[str]:
    """A need's texts are themselves questions."""
    return [f"{title}\n{body}" for title, body in document.passages.values()] if document.kind == "need" else []


def _scales(view: View, asked: Sequence[str], thorough: bool) -> dict[tuple[str, str, str], Scale]:
    """Average and spread of each part over questions and documents of this index; few rows keep the defaults."""
    if view.searcher.rows < _FEWEST_TO_MEASURE:
        return {}
    rows = view.segments.every()
    english = view.segments.records(rows)["english"].astype(bool)
    seen = known_constants.by_language(asked)
    scales = {}
    for kept in LANGUAGES:
        group = rows[english == (kept == "en")]
        sample = group[:: max(1, len(group) // _SAMPLE)]
        for language in LANGUAGES if len(sample) else ():
            texts = [*known_constants.background()[language], *seen[language]][-_QUESTIONS_MEASURED:]
            slowly = {"slow_rows": len(sample)} if thorough else {}
            pools: dict[str, list[np.ndarray]] = {}
            for text in texts:
                for name, values in ranking.chance(view, text, kept, sample, **slowly).items():
                    pools.setdefault(name, []).append(values)
            scales |= {(name, language, kept): known_constants.measured(name, pool) for name, pool in pools.items()}
    return scales


def deepen(view: View, limit: int) -> int:
    """Let the slow encoder see rows it has not seen, a batch at a time, so that a killed run keeps what it did."""
    rows = view.segments.every()
    missing: list[int] = []
    for start in range(0, len(rows), _LOOKED_UP):
        part = rows[start : start + _LOOKED_UP]
        digests = view.segments.digests(part)
        known = view.encoders.known(view.encoders.slow, digests)
        missing += [int(row) for row, key in zip(part, digests, strict=True) if key not in known]
        if len(missing) >= limit:
            break
    sources = view.searcher.source(missing[:limit])
    view.encoders.stored(view.encoders.slow, [deep_text(*sources[row]) for row in missing[:limit] if row in sources])
    return len(missing[:limit])
