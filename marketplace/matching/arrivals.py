"""Which of many saved searches find which of a few documents that have just come in.

Asking each search of the whole index would cost the catalogue's size for every search. The documents are put into a small
words index in memory instead, and each search is asked of that: with the same query that `keywords.search` would build, because what a
word is taken for (a slip of typing, pairs of characters) is looked up in the whole index and the documents together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import keywords, lexical
from marketplace.matching.passages import Document, passages_of

Where = Mapping[str, Sequence[str]]


class _Both:
    """What a query is built from: how often words stand in the whole index and in the documents that came in."""

    def __init__(self, whole: lexical.Searcher | None, few: lexical.Searcher) -> None:
        self._parts = [part for part in (whole, few) if part is not None]

    def frequency(self, field: str, term: str) -> int:
        """How many rows have a term."""
        return sum(part.frequency(field, term) for part in self._parts)

    def numbered(self, forms: Sequence[str]) -> NDArray[np.int64]:
        """The rows that carry a number in one of these forms."""
        return np.concatenate([part.numbered(forms) for part in self._parts])

    def vocabulary(self, prefix: str) -> list[tuple[str, int]]:
        """The words as typed that begin so, with the number of documents that have them."""
        found: dict[str, int] = {}
        for part in self._parts:
            for word, count in part.vocabulary(prefix):
                found[word] = found.get(word, 0) + count
        return list(found.items())


class Arrivals:
    """A few documents of any kind, to be asked by many searches. `whole`: the index they came into, None where there is none."""

    def __init__(self, documents: Iterable[Document], whole: lexical.Searcher | None) -> None:
        rows = [passages_of(document)[0] for document in documents]
        self.few = lexical.in_memory(rows)
        self.counts = _Both(whole, self.few)
        self._most = max(len(rows), 1)

    def found(self, kind: str, words: str, where: Where) -> list[int]:
        """Keys of the documents of a kind that a search with these words and filters finds."""
        query = keywords.query(self.counts, words, keywords.Filter(kind, where, {}))
        return [] if query is None else self.few.keys(query, 0, self._most, newest=True)
