"""Keyword search: what a reader types into the search box, with filters, counts and typing mistakes forgiven.

Unlike ranking, this finds words and not meanings: most of the words must be there. A word that no document has is
replaced by the nearest one that some document has: in English by edit distance, in Chinese by the character pairs it
is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import DamerauLevenshtein
from tantivy import Occur, Query

from marketplace.matching import text as cut
from marketplace.matching.lexical import SCHEMA, UNCOUNTED, Searcher, chosen, numbers

MOST_WORDS = 24  # words of a search that are looked at
_SHARE_NEEDED = 0.7  # of the words of a search
_TITLE_BOOST = 2.0

Where = Mapping[str, Sequence[str]]
Named = tuple[frozenset[tuple[str, tuple[str, ...]]], ...]


@dataclass(frozen=True)
class Tier:
    """Documents that stand together in an order: those with any of these values of each facet, and with none of the others."""

    where: Where
    without: Where = field(default_factory=dict)

    @property
    def named(self) -> Named:
        """By what its documents are known."""
        return _named(self.where), _named(self.without)


class Counts(Protocol):
    """What a query is built from."""

    def frequency(self, field: str, term: str) -> int:
        """How many rows have a term."""

    def numbered(self, forms: Sequence[str]) -> NDArray[np.int64]:
        """The rows that carry a number in one of these forms."""

    def vocabulary(self, prefix: str) -> list[tuple[str, int]]:
        """The words as typed that begin so, with the number of documents that have them."""


@dataclass(frozen=True)
class Page:
    """One page of a search: how many documents in all, the keys of this page, counts by facet and value, and the words
    as they were corrected, if they were."""

    total: int
    keys: tuple[int, ...]
    counts: Mapping[str, Mapping[str, int]]
    corrected: str | None = None


@dataclass(frozen=True)
class Filter:
    """Which documents a search may see."""

    kind: str
    where: Where
    without: Where

    @property
    def named(self) -> tuple[str, Named]:
        """By what its documents are known."""
        return self.kind, (_named(self.where), _named(self.without))

    def query(self, lifted: str | None = None) -> Query:
        """The filter as a query over the first rows of documents, one facet lifted if asked."""
        where = {name: values for name, values in self.where.items() if name != lifted}
        first = Query.const_score_query(Query.term_query(SCHEMA, "first", 1), 0.0)
        return Query.boolean_query([(Occur.Must, first), (Occur.Must, chosen(self.kind, where, self.without))])


def _named(where: Where) -> frozenset[tuple[str, tuple[str, ...]]]:
    return frozenset((name, tuple(values)) for name, values in where.items())


def search(
    searcher: Searcher, words: str, seen: Filter, facets: Sequence[str], offset: int, limit: int, newest: bool = False, tiers: Sequence[Tier] = ()
) -> Page:
    """One page of documents that have the words, best first; without words or if asked for the `newest`, the highest key first.

    With `tiers` they stand in these, one behind the other, each in that order; every document must be in exactly one.
    """
    clean = cut.normalise(words)
    asked, corrected = _asked(searcher, clean)
    if clean and asked is None:
        return Page(0, (), {name: {} for name in facets})
    whole = _both(seen.query(), asked)
    first, by_key = max(offset, 0), newest or asked is None

    def keys() -> tuple[int, ...]:
        return tuple(_keys(searcher, whole, [chosen(seen.kind, tier.where, tier.without) for tier in tiers], first, limit, by_key))

    page = searcher.once((clean, seen.named, first, limit, by_key, tuple(tier.named for tier in tiers)), keys)
    total, counts = searcher.once((clean, seen.named, tuple(facets)), lambda: (searcher.count(whole), _counts(searcher, asked, seen, facets)))
    return Page(total, page, counts, corrected)


def _keys(searcher: Searcher, whole: Query, tiers: Sequence[Query], offset: int, limit: int, newest: bool) -> list[int]:
    """The keys of a page. Of the tiers those before it are only counted, and those behind it not asked."""
    if limit <= 0 or not tiers:
        return searcher.keys(whole, offset, limit, newest) if limit > 0 else []
    keys: list[int] = []
    for tier in (_both(each, whole) for each in tiers):
        skipped = min(offset, searcher.count(tier)) if offset else 0
        found = searcher.keys(tier, offset, limit - len(keys), newest) if skipped == offset else []
        keys += found
        offset -= skipped
        if len(keys) == limit:
            break
    return keys


def query(searcher: Counts, words: str, seen: Filter) -> Query | None:
    """The query of a search, to be asked elsewhere; None where nothing can be found."""
    clean = cut.normalise(words)
    asked, _corrected_to = _asked(searcher, clean)
    return None if clean and asked is None else _both(seen.query(), asked)


def _counts(searcher: Searcher, asked: Query | None, seen: Filter, facets: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many documents each value would give; a facet's own filter is lifted, so that its other values show."""
    counted = [name for name in facets if name not in UNCOUNTED]
    counts = searcher.buckets(_both(seen.query(), asked), [name for name in counted if name not in seen.where])
    for name in counted:
        if name in seen.where:
            counts |= searcher.buckets(_both(seen.query(lifted=name), asked), [name])
    return {name: counts[name] for name in counted}


def _both(filtered: Query, asked: Query | None) -> Query:
    return filtered if asked is None else Query.boolean_query([(Occur.Must, filtered), (Occur.Must, asked)])


def _asked(searcher: Counts, clean: str) -> tuple[Query | None, str | None]:
    """The query for the words and their corrected form, or nothing when there is nothing to look for."""
    forms = cut.number_forms(clean)
    if forms and searcher.numbered(forms).size:
        return numbers(forms), None
    parts, corrections = [], {}
    for span in cut.word_spans(clean)[:MOST_WORDS]:
        query, typed = _word(searcher, span, clean)
        if query is not None:
            parts.append(query)
        if typed:
            corrections[span] = typed
    if not parts:
        return None, None
    needed = max(1, math.ceil(_SHARE_NEEDED * len(parts)))
    query = Query.boolean_query([(Occur.Should, part) for part in parts], minimum_number_should_match=needed)
    return query, _corrected(clean, corrections) if corrections else None


def _word(searcher: Counts, span: cut.Span, clean: str) -> tuple[Query | None, str | None]:
    """One word as a query, title counting double, and what it was corrected to, if it was.

    A Chinese word of which no document has even a pair says nothing about the others, so it falls out.
    """
    if any(searcher.frequency(field, span.text) for field in ("words", "other_words")):
        return _term(span.text), None
    typed = cut.fold(clean[span.start : span.end])
    if not typed.isascii():
        return _pairs(searcher, typed), None
    nearest = _nearest(searcher, typed)
    return (_term(cut.stem(nearest)), nearest) if nearest else (_term(span.text), None)


def _term(word: str) -> Query:
    title = Query.boost_query(Query.term_query(SCHEMA, "title_words", word, "freq"), _TITLE_BOOST)
    return Query.boolean_query([(Occur.Must, _anywhere("words", word)), (Occur.Should, title)])


def _anywhere(field: str, term: str) -> Query:
    """A term in the document's first language or in its other."""
    return Query.boolean_query([(Occur.Should, Query.term_query(SCHEMA, name, term, "freq")) for name in (field, f"other_{field}")])


def _pairs(searcher: Counts, word: str) -> Query | None:
    """A Chinese word that no document has as such: half of its character pairs will do."""
    pairs = [pair for pair in cut.bigrams(word) if any(searcher.frequency(field, pair) for field in ("pairs", "other_pairs"))]
    terms = [(Occur.Should, _anywhere("pairs", pair)) for pair in pairs]
    return Query.boolean_query(terms, minimum_number_should_match=max(1, len(pairs) // 2)) if terms else None


def _nearest(searcher: Counts, typed: str) -> str | None:
    """The word some document has that is nearest to the one typed: one slip in four to seven letters, two in more.

    Words that begin alike are looked at first, because a first letter is seldom wrong and the list is shorter.
    """
    slips = 0 if len(typed) < 4 else 1 if len(typed) < 8 else 2
    if not slips:
        return None
    for prefix in (typed[0], ""):
        near = [
            (DamerauLevenshtein.distance(typed, word, score_cutoff=slips), -count, word)
            for word, count in searcher.vocabulary(prefix)
            if word.isascii() and abs(len(word) - len(typed)) <= slips
        ]
        close = [each for each in near if each[0] <= slips]
        if close:
            return min(close)[2]
    return None


def _corrected(clean: str, corrections: Mapping[cut.Span, str]) -> str:
    """The words as typed, the mistaken ones replaced."""
    pieces, at = [], 0
    for span, word in corrections.items():
        pieces += [clean[at : span.start], word]
        at = span.end
    return "".join([*pieces, clean[at:]])
