"""The index on disk and the one face of the engine: rebuild, update, rank, search.

A *generation* is a folder with everything in it: the words index, the vectors, the constants. A rebuild writes one
aside and a single rename of a small file makes it the current one; whoever still reads the old one reads on. A change
within a generation writes its vectors first and then commits the words index, which alone says what exists. So a
process that is killed at any moment leaves the index as it was before or as it is after. One process writes at a time
(the caller holds a lease); any number of processes and threads read, and look at two file times on each call to notice
a change.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from marketplace.matching import fusion, keywords, ranking
from marketplace.matching.constants import Constants
from marketplace.matching.generation import FORMAT, Generation, deepen
from marketplace.matching.keywords import Page, Tier
from marketplace.matching.likeness import SentenceLikeness, likenesses
from marketplace.matching.passages import Document
from marketplace.matching.ranking import Filter, Hit, View
from marketplace.matching.rules import Facts, Wishes
from marketplace.matching.segments import to_disk
from marketplace.matching.semantic import Encoders

__all__ = ["Document", "Hit", "Index", "Page", "RebuildNeeded"]

log = logging.getLogger(__name__)

_OPENINGS = 5  # attempts to open a generation that a rebuild replaces at the same moment

Where = Mapping[str, Sequence[str]]
_NOWHERE: Where = {}


class RebuildNeeded(ValueError):
    """The index cannot be used as it is: other encoders built it, whose vectors mean something else, or another format."""


class Index:
    """All documents of a site, on disk in `folder`. Safe to share between threads; opens itself on first use."""

    def __init__(self, folder: Path, encoders: Encoders | None = None, constants: Callable[[], Constants | None] = lambda: None) -> None:
        """`constants`: asked at each rebuild for those of another index, whose scores this one's must be comparable with."""
        self.folder = Path(folder)
        self._given, self._constants = encoders, constants
        self._kept: Encoders | None = None
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._generation: Generation | None = None
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
        asker: Wishes | Facts | None = None,
        patience: int = 0,
    ) -> list[Hit]:
        """The best documents of a kind for a text, by meaning and words, best first, ties by key.

        `where`: facet → any of these values; `without`: facet → none of these; both apply before the ranking, and "key"
        is a facet too. `asker`: what the asking side wants or offers besides the text, weighed by rule. `patience`: how many
        documents the slow encoder may be asked for during this call (0.1 to 0.3 s each) where it has not seen them; a
        page leaves it at 0, a job need not.
        """
        view = self._current()
        return ranking.rank(view, text, Filter(kind, where, without), limit, asker, patience) if view else []

    def rank_kinds(self, text: str, kinds: Sequence[str], where: Where, limit: int, asker: Wishes | Facts | None = None) -> dict[str, list[Hit]]:
        """The best documents of each of several kinds for a text, as `rank` gives them; the text is read once."""
        view = self._current()
        if view is None:
            return {kind: [] for kind in kinds}
        return dict(zip(kinds, ranking.rank_each(view, text, [Filter(kind, where, {}) for kind in kinds], limit, asker, 0), strict=True))

    def likenesses(self, kind: str, keys: Sequence[int], text: str) -> dict[int, SentenceLikeness]:
        """For documents of a kind, by key, how like their sentences are to those of a question: what `explain.evidence` takes."""
        view = self._current()
        return likenesses(view, kind, keys, text) if view else {}

    def search(
        self,
        words: str,
        kind: str,
        where: Where = _NOWHERE,
        offset: int = 0,
        limit: int = 20,
        without: Where = _NOWHERE,
        facets: Sequence[str] | None = None,
        newest: bool = False,
        tiers: Sequence[Tier] = (),
    ) -> Page:
        """Keyword search with filters and counts; see `keywords.search`. `facets`: which to count, by default all."""
        view = self._current()
        if view is None:
            return Page(0, (), {})
        counted = view.searcher.facets() if facets is None else facets
        return keywords.search(view.searcher, words, keywords.Filter(kind, where, without), counted, offset, limit, newest, tiers)

    def values(self, kind: str, facet: str, where: Where = _NOWHERE, most: int = 4_000) -> dict[str, int]:
        """How many documents of a kind have which value of a facet; 4,000 values are more than any classification here has."""
        view = self._current()
        return view.searcher.buckets(keywords.Filter(kind, where, {}).query(), (facet,), most)[facet] if view else {}

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
        encoders = self.encoders
        generation = Generation(self.folder / f"generation-{secrets.token_hex(6)}")
        view = generation.build(documents, encoders, progress or (lambda done: None), list(asked), thorough, self._constants())
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
        return deepen(view, limit) if view and view.encoders.slow else 0

    @property
    def is_lost(self) -> bool:
        """Whether files of the index that this process has read, or that are named as current, are no longer there. Two looks at the disk."""
        name = _current_name(self.folder)
        return self._view is not None if name is None else not _has_files(self.folder / name)

    def opens(self) -> bool:
        """Whether there is an index whose files can all be opened anew; False where some are gone or damaged. Raises `RebuildNeeded` for one of others."""
        try:
            return _opened(self.folder, self.encoders, None)[1] is not None
        except RebuildNeeded:
            raise
        except (OSError, RuntimeError, ValueError):
            return False

    def view(self) -> View | None:
        """The state of this moment, for reading more than once in the same state; None without an index."""
        return self._current()

    @property
    def encoders(self) -> Encoders:
        """The site's encoders, with the store of what they encoded."""
        if self._kept is None:
            self._kept = (self._given or Encoders.default()).keeping(self.folder / "encodings.sqlite")
        return self._kept

    def _current(self) -> View | None:
        """The newest state, opened when a file time says that it is newer than the one at hand.

        Where files are gone or damaged, the state that was read before goes on answering: what is mapped stays until it is let go.
        """
        seen = _stamp(self.folder)
        if seen is None:
            return self._view
        with self._lock:
            if seen != self._seen:
                try:
                    self._generation, self._view = _opened(self.folder, self.encoders, self._generation)
                except RebuildNeeded:
                    raise
                except (OSError, RuntimeError, ValueError) as error:
                    log.error("files of the index are gone or damaged (%s): answering from what was read before", type(error).__name__)
                self._seen = seen
            return self._view


def _version(view: View) -> str:
    return f"{'+'.join(view.encoders.names)}/{view.weights.version}/{view.constants.version}"


def _current_name(folder: Path) -> str | None:
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _has_files(generation: Path) -> bool:
    """Whether the files without which nothing can be opened are there."""
    return all((generation / name).exists() for name in ("about.json", "constants.json", "segments", "words/meta.json"))


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


def _opened(folder: Path, encoders: Encoders, before: Generation | None) -> tuple[Generation | None, View | None]:
    """The current generation, opened; tried again when it was replaced or merged while it was being opened."""
    for attempt in range(_OPENINGS):
        name = _current_name(folder)
        if name is None:
            return None, None
        generation = before if before and before.folder.name == name else Generation(folder / name)
        try:
            if not _has_files(generation.folder):
                raise FileNotFoundError("files of the index are gone")  # opening it would make an empty one in their place
            return generation, generation.view(_usable(generation.about(), encoders))
        except RebuildNeeded:
            raise
        except (OSError, RuntimeError, ValueError):  # the words index says ValueError of a file that was taken away
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
    to_disk(path.parent)
