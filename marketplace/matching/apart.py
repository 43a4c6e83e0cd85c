"""Blind listings in full, in an index of their own: what the system matches with and no reader's question ever touches.

The index that readers search holds a blind listing as its teaser. So no count, no correction of a typing mistake, no rarity of a word and
no time that an answer takes can tell what stands in the rest: the rest is not there. Matching asks both, this one as if its few
documents stood among those of the other, so that the scores of both can be put into one order. Why so: docs/decisions/0011.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from marketplace.matching import batch, ranking
from marketplace.matching.batch import Asked
from marketplace.matching.index import Document, Index
from marketplace.matching.ranking import Filter, Hit, View
from marketplace.matching.rules import Facts, Wishes

FOLDER = "blind"  # beside the generations of the readers' index


@lru_cache(maxsize=4)
def _beside(readers: Index, folder: str) -> Index:
    """The index of blind listings beside that of the readers; one for each folder, for a test may move it."""
    return Index(readers.folder / FOLDER, readers.encoders, lambda: view.constants if (view := readers.view()) else None)


def beside(readers: Index) -> Index:
    """The index of blind listings that belongs to the readers' one. Whoever writes holds the same lease."""
    return _beside(readers, str(readers.folder))


@lru_cache(maxsize=2)
def _among(own: View, others: View) -> View:
    return own.among(others)


def view(readers: Index) -> View | None:
    """The blind listings as if they stood among what readers search; None where there are none."""
    others, index = readers.view(), beside(readers)
    own = index.view() if index.folder.exists() else None
    return _among(own, others) if own and others and own.searcher.rows else None


def update(readers: Index, documents: Sequence[Document], removed: Sequence[tuple[str, int]]) -> None:
    """Add or replace blind listings, and take away what is blind no longer; nothing is made where there never was one."""
    index = beside(readers)
    if documents or (removed and index.folder.exists()):
        index.folder.mkdir(parents=True, exist_ok=True)
        index.update(documents, removed)


def rebuild(readers: Index, documents: Iterable[Document]) -> None:
    """Build it anew, after the readers' index was: its constants are taken from there."""
    index, every = beside(readers), list(documents)
    if every or index.folder.exists():
        index.folder.mkdir(parents=True, exist_ok=True)
        index.rebuild(every)


def rank(readers: Index, text: str, seen: Filter, limit: int, asker: Wishes | Facts | None) -> list[Hit]:
    """The best of the blind listings for a text, best first."""
    own = view(readers)
    return ranking.rank(own, text, seen, limit, asker, 0) if own else []


def in_order(*found: Sequence[Hit], limit: int) -> list[Hit]:
    """The hits of both in one order, best first, ties by key."""
    return sorted((hit for hits in found for hit in hits), key=lambda hit: (-hit.score, hit.key))[:limit]


def match(
    readers: Index, asked: Sequence[Asked], seen: Filter, limit: int, least: float, among: Collection[int] | None, progress: Callable[[int], None]
) -> Iterator[dict[int, list[Hit]]]:
    """`batch.match` over both: for each need its best documents, those of them that are blind among the others.

    The blind listings are few, so that every need is asked about all of them; the pass over the others asks only the needs that
    something new concerns, and once more, about what they had before, those that something new and blind concerns.
    """
    others, own = readers.view(), view(readers)
    if others is None or not asked:
        return
    blind = _joined(batch.match(own, asked, seen, limit, least)) if own else {}
    answered = set()
    for found in batch.match(others, asked, seen, limit, least, among, progress):
        answered.update(found)
        yield {key: in_order(hits, blind.get(key, ()), limit=limit) for key, hits in found.items()}
    rest = [each for each in asked if each.key not in answered and among is not None and not among.isdisjoint(_keys(blind.get(each.key, ())))]
    before = {key for each in rest for key in each.before}
    had = _joined(batch.match(others, rest, seen, limit, least, before)) if rest else {}
    yield {each.key: in_order(had.get(each.key, ()), blind[each.key], limit=limit) for each in rest}


def _joined(parts: Iterable[dict[int, list[Hit]]]) -> dict[int, list[Hit]]:
    return {key: hits for part in parts for key, hits in part.items()}


def _keys(hits: Iterable[Hit]) -> set[int]:
    return {hit.key for hit in hits}
