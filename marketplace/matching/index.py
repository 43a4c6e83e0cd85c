"""The index on disk and the one face of the engine: rebuild, update, rank, search.

A *generation* is a folder with everything in it: the words index, the vectors, the constants. A rebuild writes one
aside and a single rename of a small file makes it the current one; whoever still reads the old one reads on. A change
within a generation writes its vectors first and then commits the words index, which alone says what exists. So a
process that is killed at any moment leaves the index as it was before or as it is after. One process writes at a time
(the caller holds a lease); any number of processes and threads read, and look at two file times on each call to notice
a change.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np

from marketplace.matching import constants as known_constants
from marketplace.matching import fusion, keywords, lexical, ranking, vectors
from marketplace.matching import text as cut
from marketplace.matching.constants import LANGUAGES, Constants, Scale
from marketplace.matching.keywords import Filter, Page
from marketplace.matching.ranking import Hit, View, deep_digest, deep_text
from marketplace.matching.semantic import Encoders

__all__ = ["Document", "Hit", "Index", "Page", "RebuildNeeded"]

FORMAT = "1"  # of the folder; one of another format is refused until it is rebuilt
DEEP_AT_ONCE = 5_000  # rows up to which a thorough rebuild asks the slow encoder for everything
_DEEP_PER_UPDATE = 32  # rows of one update that the slow encoder sees at once; more are left to `deepen`
_BATCH = 2_000  # documents encoded and written together
_SAMPLE = 256  # documents of each language against which spreads are measured
_FEWEST_TO_MEASURE = 400  # rows below which spreads are not measured but taken as they usually are
_QUESTIONS_MEASURED = 24  # questions of each language with which spreads are measured
_OPENINGS = 5  # attempts to open a generation that a rebuild replaces at the same moment

Where = Mapping[str, Sequence[str]]
_NOWHERE: Where = {}


class RebuildNeeded(ValueError):
    """The index cannot be used as it is: other encoders built it, whose vectors mean something else, or another format."""


@dataclass(frozen=True)
class Document:
    """A technology or a need as the index sees it. `passages`: language ("zh", "en") → (title, body), one or both."""

    key: int
    kind: str
    passages: Mapping[str, tuple[str, str]]
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trl: int | None = None
    revision: int = 0


class Index:
    """All documents of a site, on disk in `folder`. Safe to share between threads; opens itself on first use."""

    def __init__(self, folder: Path, encoders: Encoders | None = None) -> None:
        self.folder = Path(folder)
        self._given = encoders
        self._kept: Encoders | None = None
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._generation: _Generation | None = None
        self._view: View | None = None

    @property
    def version(self) -> str:
        """What the scores depend on besides the documents: encoders, weights and constants; "" without an index."""
        view = self._current()
        return _version(view) if view else ""

    def __len__(self) -> int:
        return self.count()

    def count(self, kind: str | None = None) -> int:
        """How many documents there are, of a kind or in all."""
        view = self._current()
        if view is None:
            return 0
        return view.searcher.documents(kind)

    def rank(
        self,
        text: str,
        kind: str,
        where: Where = _NOWHERE,
        without: Where = _NOWHERE,
        limit: int = 10,
        trl_wanted: int | None = None,
        patience: int = 0,
    ) -> list[Hit]:
        """The best documents of a kind for a text, by meaning and words, best first, ties by key.

        `where`: facet → any of these values; `without`: facet → none of these; both apply before the ranking, and "key"
        is a facet too. `patience`: how many documents the slow encoder may be asked for during this call (0.1 to 0.3 s
        each) where it has not seen them; a page leaves it at 0, a job need not.
        """
        view = self._current()
        return ranking.rank(view, text, kind, where, without, limit, trl_wanted, patience) if view else []

    def search(
        self,
        words: str,
        kind: str,
        where: Where = _NOWHERE,
        offset: int = 0,
        limit: int = 20,
        without: Where = _NOWHERE,
        facets: Sequence[str] | None = None,
    ) -> Page:
        """Keyword search with filters and counts; see `keywords.search`. `facets`: which to count, by default all."""
        view = self._current()
        if view is None:
            return Page(0, (), {})
        counted = view.searcher.facets() if facets is None else facets
        return keywords.search(view.searcher, words, Filter(kind, where, without), counted, offset, limit)

    def rebuild(
        self,
        documents: Iterable[Document],
        progress: Callable[[int], None] | None = None,
        asked: Iterable[str] = (),
        thorough: bool = False,
    ) -> str:
        """Build a new generation from all documents and make it the current one; its version.

        `asked`: texts of the kind that will be asked (posted needs), from which the constants are estimated beside the
        background's own; the needs among the first documents are taken as well. `progress` gets the documents done. A
        `thorough` rebuild waits for the slow encoder, a third of a second for each text; else it reads a sample for the
        constants, and `deepen` does the rest.
        """
        encoders = self._encoders()
        generation = _Generation(self.folder / f"generation-{secrets.token_hex(6)}")
        view = generation.build(documents, encoders, progress or (lambda done: None), list(asked), thorough)
        previous = _current_name(self.folder)
        _replace(self.folder / "CURRENT", generation.folder.name)
        for old in self.folder.glob("generation-*"):
            if old.name not in (generation.folder.name, previous):
                shutil.rmtree(old, ignore_errors=True)
        return _version(view)

    def update(self, documents: Iterable[Document], removed: Iterable[tuple[str, int]] = ()) -> None:
        """Add or replace documents and remove (kind, key) pairs, in one commit. The caller holds the writer's lease."""
        arriving, view = list(documents), self._current()
        if view is None:
            self.rebuild(arriving)
        elif self._generation.about()["encoders"][0] != view.encoders.names[0]:
            raise RebuildNeeded("the index has vectors and this site has no encoder for them: rebuild the index")
        else:
            self._generation.change(arriving, list(removed), view.encoders)

    def deepen(self, limit: int = 200) -> int:
        """Ask the slow encoder for up to `limit` passages it has not seen; how many there were. For idle hours."""
        view = self._current()
        return _deepen(view, limit) if view and view.encoders.slow else 0

    def view(self) -> View | None:
        """The state of this moment, for reading more than once in the same state; None without an index."""
        return self._current()

    def _encoders(self) -> Encoders:
        if self._kept is None:
            self._kept = (self._given or Encoders.default()).keeping(self.folder / "encodings.sqlite")
        return self._kept

    def _current(self) -> View | None:
        """The newest state, opened when a file time says that it is newer than the one at hand."""
        seen = _stamp(self.folder)
        if seen is None:
            return None
        with self._lock:
            if seen != self._seen:
                self._generation, self._view = _opened(self.folder, self._encoders(), self._generation)
                self._seen = seen
            return self._view


class _Generation:
    """One folder: `words` (Tantivy), `vectors` (segments), `constants.json`, `about.json` (format, encoder names)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = None

    def about(self) -> dict:
        """Its format and the names of the encoders that built it."""
        return json.loads((self.folder / "about.json").read_text(encoding="utf-8"))

    def view(self, encoders: Encoders) -> View:
        """Its newest state."""
        if self._index is None:
            self._index = lexical.open_index(self.folder / "words")
        self._index.reload()
        searcher = lexical.Searcher(self._index.searcher())
        constants = Constants.load(self.folder / "constants.json")
        return View(searcher, vectors.Vectors(self.folder / "vectors"), constants, encoders, fusion.weights(self.folder.parent))

    def build(
        self, documents: Iterable[Document], encoders: Encoders, progress: Callable[[int], None], asked: list[str], thorough: bool
    ) -> View:
        """Write everything; the folder is complete when this returns, and not the current one yet."""
        rest = iter(documents)
        first = list(islice(rest, _BATCH))
        seen = [*(text for each in first for text in _as_asked(each)), *asked]
        constants = known_constants.averages(encoders, seen, _sampled(first), thorough)
        self.folder.mkdir(parents=True)
        constants.save(self.folder / "constants.json")
        index = lexical.open_index(self.folder / "words")
        lexical.write(index, self._passages(_batches(first, rest), encoders, constants, progress))
        view = self.view(encoders)
        if thorough and encoders.slow and view.searcher.rows <= DEEP_AT_ONCE:
            _deepen(view, DEEP_AT_ONCE)
        constants = constants.with_scales(_scales(view, seen, thorough))
        constants.save(self.folder / "constants.json")
        about = {"format": FORMAT, "encoders": list(encoders.names)}
        (self.folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
        return replace(view, constants=constants)

    def change(self, arriving: list[Document], removed: list[tuple[str, int]], encoders: Encoders) -> None:
        """Vectors first, then one commit of the words, which makes them exist."""
        gone = [*removed, *((each.kind, each.key) for each in arriving)]
        constants = Constants.load(self.folder / "constants.json")
        index = self._index or lexical.open_index(self.folder / "words")
        fresh = list(self._passages(_batches(arriving, iter(())), encoders, constants, lambda done: None))
        if encoders.slow and len(fresh) <= _DEEP_PER_UPDATE:
            encoders.stored(encoders.slow, [deep_text(each.title, each.body) for each in fresh])
        lexical.write(index, fresh, gone)

    def _passages(
        self,
        batches: Iterable[list[Document]],
        encoders: Encoders,
        constants: Constants,
        progress: Callable[[int], None],
    ) -> Iterator[lexical.Passage]:
        """The rows of documents, a batch at a time, each batch's vectors on disk before its rows are handed on."""
        folder, done = self.folder / "vectors", 0
        for batch in batches:
            first = vectors.next_row(folder)
            rows = [row for document in batch for row in _rows(document)]
            numbered = [replace(row, row=first + place) for place, row in enumerate(rows)]
            vectors.write(folder, first, _encoded(numbered, encoders, constants))
            yield from numbered
            done += len(batch)
            progress(done)


def _rows(document: Document) -> list[lexical.Passage]:
    """A document's passages as rows, in the order zh, en, clean; the first carries the words of all."""
    if not set(document.passages) <= set(LANGUAGES):
        raise ValueError(f"passages are in zh or en, not {sorted(document.passages)}")
    clean = {
        language: (cut.normalise(title).replace("\n", " "), cut.normalise(body))
        for language in LANGUAGES
        for title, body in [document.passages.get(language, ("", ""))]
        if language in document.passages
    } or {"zh": ("", "")}
    whole = "\n".join(f"{title}\n{body}" for title, body in clean.values())
    return [
        lexical.Passage(
            row=0, key=document.key, kind=document.kind, language=language, title=title, body=body,
            facets=document.facets, trl=document.trl, revision=document.revision, whole=None if place else whole,
        )
        for place, (language, (title, body)) in enumerate(clean.items())
    ]


def _encoded(rows: list[lexical.Passage], encoders: Encoders, constants: Constants) -> vectors.Batch:
    """The vectors of rows, without what all documents share (see `constants`)."""
    pieces = [cut.sentences(row.body) or [row.title] for row in rows]
    starts = np.cumsum([0, *map(len, pieces)]).astype(np.int64)
    digests = np.array([list(deep_digest(row.title, row.body)) for row in rows], np.uint8).reshape(-1, 16)
    if encoders.fast is None:
        none = np.zeros((len(rows), 0), np.float16)
        return vectors.Batch(none, none, np.zeros((int(starts[-1]), 0), np.float16), starts, digests)
    languages = [row.language for row in rows]
    return vectors.Batch(
        _centred([deep_text(row.title, row.body) for row in rows], languages, encoders, constants),
        _centred([row.title or row.body for row in rows], languages, encoders, constants),
        _centred(
            [piece for part in pieces for piece in part],
            [language for part, language in zip(pieces, languages, strict=True) for _ in part],
            encoders,
            constants,
        ),
        starts,
        digests,
    )


def _centred(texts: list[str], languages: list[str], encoders: Encoders, constants: Constants) -> np.ndarray:
    """Fast encodings, each less the average of its language."""
    raw = encoders.stored(encoders.fast, texts)
    kept = np.zeros(raw.shape, np.float16)
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
        for row in _rows(document):
            texts[row.language].append(deep_text(row.title, row.body))
    return {language: found[:: max(1, len(found) // _SAMPLE)] for language, found in texts.items()}


def _as_asked(document: Document) -> list[str]:
    """A need's texts are themselves questions."""
    return [f"{title}\n{body}" for title, body in document.passages.values()] if document.kind == "need" else []


def _scales(view: View, asked: Sequence[str], thorough: bool) -> dict[tuple[str, str, str], Scale]:
    """Average and spread of each part over questions and documents of this index; few rows keep the defaults."""
    if view.searcher.rows < _FEWEST_TO_MEASURE:
        return {}
    rows = view.searcher.describe(view.searcher.allowed_rows(lexical.everything()))
    seen = known_constants.by_language(asked)
    scales = {}
    for kept in LANGUAGES:
        group = [row for row in rows if row.language == kept]
        sample = group[:: max(1, len(group) // _SAMPLE)]
        for language in LANGUAGES if sample else ():
            texts = [*known_constants.background()[language], *seen[language]][-_QUESTIONS_MEASURED:]
            slowly = {"slow_rows": len(sample)} if thorough else {}
            pools: dict[str, list[np.ndarray]] = {}
            for text in texts:
                for name, values in ranking.chance(view, text, sample, **slowly).items():
                    pools.setdefault(name, []).append(values)
            scales |= {(name, language, kept): known_constants.measured(name, pool) for name, pool in pools.items()}
    return scales


def _deepen(view: View, limit: int) -> int:
    """Let the slow encoder see rows it has not seen, a batch at a time, so that a killed run keeps what it did."""
    rows = view.searcher.allowed_rows(lexical.everything())
    digests = view.vectors.digests(rows)
    known = view.encoders.known(view.encoders.slow, digests)
    missing = [int(row) for row, key in zip(rows, digests, strict=True) if key not in known][:limit]
    sources = view.searcher.source(missing)
    view.encoders.stored(view.encoders.slow, [deep_text(*sources[row]) for row in missing])
    return len(missing)


def _version(view: View) -> str:
    return f"{'+'.join(view.encoders.names)}/{view.weights.version}/{view.constants.version}"


def _current_name(folder: Path) -> str | None:
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _stamp(folder: Path) -> tuple[object, ...] | None:
    """The current generation's name, the time of its last commit, and the weights in use; three cheap looks at the disk."""
    name = _current_name(folder)
    if name is None:
        return None
    try:
        state = (folder / name / "words" / "meta.json").stat()
    except FileNotFoundError:
        return (name,)
    return (name, state.st_mtime_ns, state.st_size, state.st_ino, fusion.weights(folder).version)


def _opened(folder: Path, encoders: Encoders, before: _Generation | None) -> tuple[_Generation | None, View | None]:
    """The current generation, opened; tried again when it was replaced or merged while it was being opened."""
    for attempt in range(_OPENINGS):
        name = _current_name(folder)
        if name is None:
            return None, None
        generation = before if before and before.folder.name == name else _Generation(folder / name)
        try:
            return generation, generation.view(_usable(generation.about(), encoders))
        except (FileNotFoundError, RuntimeError):
            if attempt == _OPENINGS - 1:
                raise
    return None, None


def _usable(about: Mapping, encoders: Encoders) -> Encoders:
    """The encoders that the index knows; another format and vectors of another encoder are refused.

    An encoder that is missing now, or was when the index was built, is merely not used.
    """
    if about["format"] != FORMAT:
        raise RebuildNeeded(f"the index has format {about['format']}, this program reads {FORMAT}: rebuild the index")
    for then, now in zip(about["encoders"], encoders.names, strict=True):
        if then != now and "-" not in (then, now):
            raise RebuildNeeded(f"the index was built with {then}, this site has {now}: rebuild the index")
    fast, slow = (name != "-" for name in about["encoders"])
    return replace(encoders, fast=encoders.fast if fast else None, slow=encoders.slow if slow else None)


def _replace(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new one, also after a power cut."""
    aside = path.with_suffix(".aside")
    with aside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
