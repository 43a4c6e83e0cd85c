"""Words: one Tantivy index that holds every passage, its filters and its facets, and is the truth about what exists.

A *row* is one passage: a document in one language. Its words and character pairs are cut by `text` and stored with a
whitespace tokenizer, so that Tantivy's BM25 counts exactly our words. The first row of a document also carries the
words of all its languages and stands for it in keyword search and counts. A commit here is the moment at which a
change exists: vectors are written before it, and a vector without a row is never seen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import tantivy
from numpy.typing import NDArray
from tantivy import Occur, Query

from marketplace.matching import text as cut
from marketplace.matching.bags import Asked, code
from marketplace.matching.passages import Passage

Where = Mapping[str, Sequence[str]]
Terms = Mapping[str, float]
Counted = TypeVar("Counted")

_HEAP, WHOLE_HEAP = 50_000_000, 1_000_000_000  # bytes of writing buffer for a change and for everything; what is not needed is not taken
_MOST_BUCKETS = 1_000
LOOKED_THROUGH = 100_000  # rows, counted once for each term, that a search for candidates goes through
_REMEMBERED = 250_000  # terms of whom is remembered how they stand: needs share most of them
_COUNTED = 400  # answers that are remembered: counts of some 20 kB each, and keys of pages
FEWEST_TERMS = 4  # terms that are looked for however many rows have them
UNCOUNTED = ("number", "key", "kind")


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("row", "key", "first"):
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in ("words", "pairs", "other_words", "other_pairs", "title_words", "plain"):
        builder.add_text_field(name, tokenizer_name="cut", index_option="freq")
    for name in ("identity", "kind", "number"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("named", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_json_field("facets", tokenizer_name="raw", fast=True, index_option="basic")
    builder.add_bytes_field("source", stored=True)
    return builder.build()


SCHEMA = _schema()


def identity(kind: str, key: int) -> str:
    """The one term that deletes a document with all its rows."""
    return f"{kind}:{key}"


def open_index(folder: Path) -> tantivy.Index:
    """The index in a folder, made when it is not there; the tokenizers must be registered after every opening."""
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(SCHEMA, str(folder))
    whitespace = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("cut", whitespace)
    index.config_reader("manual")
    return index


def in_memory(passages: Iterable[Passage]) -> Searcher:
    """A view of a few passages that are kept nowhere."""
    index = tantivy.Index(SCHEMA)
    index.register_tokenizer("cut", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    index.config_reader("manual")
    write(index, passages)
    index.reload()
    return Searcher(index.searcher())


def write(index: tantivy.Index, passages: Iterable[Passage], removed: Iterable[tuple[str, int]] = (), heap: int = _HEAP) -> None:
    """Remove documents and add passages in one commit: both are seen, or neither.

    `heap`: bytes after which the words index begins a new segment of its own; each costs every question some time. One
    thread writes, because segments then come out the same each time.
    """
    writer = index.writer(heap, 1)
    writer.garbage_collect_files()  # a writer that was killed may have left a file that this one wants to write
    for kind, key in removed:
        writer.delete_documents_by_term("identity", identity(kind, key))
    for passage in passages:
        writer.add_document(_stored(passage))
    writer.commit()
    writer.wait_merging_threads()


def _stored(passage: Passage) -> tantivy.Document:
    document = tantivy.Document()
    for name, number in (("row", passage.row), ("key", passage.key), ("first", int(passage.first))):
        document.add_integer(name, number)
    document.add_text("words", " ".join(passage.terms.words))
    document.add_text("pairs", " ".join(passage.terms.pairs))
    document.add_text("identity", identity(passage.kind, passage.key))
    document.add_text("kind", passage.kind)
    document.add_json("facets", {name: [f"={value}" for value in values] for name, values in _facets(passage).items()})
    document.add_bytes("source", f"{passage.title}\n{passage.body}".encode())
    if passage.first:
        _add_searchable(document, passage)
    return document


def _add_searchable(document: tantivy.Document, passage: Passage) -> None:
    """What only a document's first row has: the words of its other language, English words as typed, and its numbers."""
    latin = passage.terms.latin
    if passage.others:
        others = cut.terms(passage.others)
        latin = latin + others.latin
        document.add_text("other_words", " ".join(others.words))
        document.add_text("other_pairs", " ".join(others.pairs))
    for name in passage.facets:
        document.add_text("named", name)
    document.add_text("title_words", " ".join(cut.words(passage.title)))
    document.add_text("plain", " ".join(latin))
    for number in passage.facets.get("number", ()):
        for form in cut.number_forms(number):
            document.add_text("number", form)


def _facets(passage: Passage) -> dict[str, tuple[str, ...]]:
    """The document's facets and its key, so that a key can be filtered like a facet.

    Values are stored behind "=": Tantivy would otherwise read one that looks like a date as a date.
    """
    named = {name: values for name, values in passage.facets.items() if values}
    for name in named:
        if not name.isidentifier():
            raise ValueError(f"a facet is named like an identifier, not {name!r}")
    return {**named, "key": (str(passage.key),)}


def chosen(kind: str, where: Where, without: Where) -> Query:
    """The rows that a filter lets through: of the kind, any of the values of each facet, and none of the others."""
    must = [(Occur.Must, Query.term_query(SCHEMA, "kind", kind))]
    must += [(Occur.Must, _any_of(name, values)) for name, values in where.items()]
    must += [(Occur.MustNot, _any_of(name, values)) for name, values in without.items() if values]
    return Query.const_score_query(Query.boolean_query(must), 0.0)


def _any_of(name: str, values: Sequence[str]) -> Query:
    if not name.isidentifier():
        raise ValueError(f"a facet is named like an identifier, not {name!r}")
    terms = [(Occur.Should, Query.term_query(SCHEMA, f"facets.{name}", f"={value}")) for value in values]
    return Query.boolean_query(terms) if terms else Query.empty_query()


class Sought(NamedTuple):
    """A term as candidates are sought by it: how many rows have it, what it weighs, and its rarity."""

    field: str
    term: str
    count: int
    weight: float
    rarity: float


@dataclass(frozen=True)
class Weighed:
    """One part of a question: its terms that stand anywhere, the same laid out to score by, and its length.

    `terms`, their numbers of rows, weights and rarities go side by side; thousands of questions are held at once, and few lists
    cost the collector of garbage less than many small things. The length is the root of the sum of squares of its choices'
    worth; BM25 divided by it is comparable between a question of three words and one of sixty. It depends on the question and
    the index, never on the pool of candidates.
    """

    field: str
    terms: list[str]
    counts: list[int]
    weights: list[float]
    rarities: list[float]
    length: float
    asked: Asked

    @property
    def sought(self) -> Iterator[Sought]:
        """The terms to seek by."""
        for term, count, weight, rarity in zip(self.terms, self.counts, self.weights, self.rarities, strict=True):
            yield Sought(self.field, term, count, weight, rarity)


class Searcher:
    """One unmoving view of the index; make a new one after a commit.

    Asked as if its rows stood among those of `others`, a term is as rare here as in both together.
    """

    def __init__(self, searcher: tantivy.Searcher, others: Searcher | None = None) -> None:
        self._searcher, self._others = searcher, others
        self.rows = searcher.num_docs + (others.rows if others else 0)
        self._standing = lru_cache(_REMEMBERED)(self._looked_up)
        self._counted: dict[Hashable, Any] = {}

    def among(self, others: Searcher) -> Searcher:
        """The same rows as if they stood among those of others."""
        return Searcher(self._searcher, others)

    def weigh(self, field: str, terms: Terms) -> Weighed:
        """A query that sums the BM25 of weighted terms."""
        return self.weigh_choices(field, [((term,), weight) for term, weight in terms.items()])

    def weigh_choices(self, field: str, choices: Iterable[tuple[tuple[str, ...], float]]) -> Weighed:
        """A part that sums, over the choices, the best BM25 among each choice's terms."""
        terms, counts, weights, rarities, codes, owners = [], [], [], [], [], []
        standing, squares, number = self._standing, 0.0, 0
        for alternatives, weight in choices:
            best = 0.0
            for term in alternatives if weight > 0 else ():
                found = standing(field, term)
                if found is not None:
                    code_, count, rarity = found
                    terms.append(term)
                    counts.append(count)
                    weights.append(weight)
                    rarities.append(rarity)
                    codes.append(code_)
                    owners.append(number)
                    best = max(best, rarity)
            if best:
                squares += (weight * best) ** 2
                number += 1
        asked = Asked.of(codes, np.array(weights) * np.array(rarities), owners, number)
        return Weighed(field, terms, counts, weights, rarities, max(math.sqrt(squares), 1e-6), asked)

    def _rarity(self, count: int) -> float:
        return math.log(1 + (self.rows - count + 0.5) / (count + 0.5))

    def best(self, weighed: Sequence[tuple[Weighed, float]], allowed: Query | None, limit: int) -> NDArray[np.int64]:
        """The rows with the highest sum of parts, each times its weight, best first, at most `limit`; among those allowed, or all.

        The terms worth most are looked for, and only as many as stand in `LOOKED_THROUGH` rows together: the common ones
        hardly move the order and would cost more than all others.
        """
        terms = [
            (weight / part.length * each.weight * each.rarity, each, weight / part.length * each.weight)
            for part, weight in weighed if weight > 0 for each in part.sought
        ]
        parts, rows = [], 0
        for _, each, boost in sorted(terms, key=lambda term: (-term[0], term[1])):
            if rows + each.count > LOOKED_THROUGH and len(parts) >= FEWEST_TERMS:
                continue
            rows += each.count
            parts.append((Occur.Should, Query.boost_query(Query.term_query(SCHEMA, each.field, each.term, "freq"), boost)))
        if not parts:
            return np.zeros(0, np.int64)
        sought = Query.boolean_query(parts)
        if allowed is not None:
            sought = Query.boolean_query([(Occur.Must, allowed), (Occur.Must, sought)])
        return self._numbers("row", self._searcher.search(sought, limit, count=False))

    def existing(self, rows: Sequence[int]) -> NDArray[np.int64]:
        """Those of the given rows that exist."""
        these = Query.term_set_query(SCHEMA, "row", [int(row) for row in rows])
        return self._numbers("row", self._searcher.search(these, max(len(rows), 1), count=False))

    def following(self, first: int) -> NDArray[np.int64]:
        """All rows from a number on."""
        these = Query.const_score_query(Query.range_query(SCHEMA, "row", tantivy.FieldType.Integer, first, 2**62), 0.0)
        return self._numbers("row", self._searcher.search(these, max(self.rows, 1), count=False))

    def of_documents(self, identities: Sequence[str]) -> NDArray[np.int64]:
        """The rows of documents."""
        these = Query.term_set_query(SCHEMA, "identity", list(identities))
        return self._numbers("row", self._searcher.search(these, max(self.rows, 1), count=False))

    def source(self, rows: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Title and body of the given rows, read from the stored documents (slow: for a few rows only)."""
        these = Query.term_set_query(SCHEMA, "row", [int(row) for row in rows])
        addresses = [address for _, address in self._searcher.search(these, max(len(rows), 1), count=False).hits]
        numbers = self._searcher.fast_field_values("row", addresses) if addresses else []
        texts = (bytes(self._searcher.doc(address).get_first("source")).decode() for address in addresses)
        return {int(row): _halves(text) for row, text in zip(numbers, texts, strict=True)}

    def numbered(self, forms: Sequence[str], allowed: Query | None = None) -> NDArray[np.int64]:
        """The rows, among those allowed, that carry a patent number in one of these forms."""
        if not forms:
            return np.zeros(0, np.int64)
        query = Query.boolean_query([(Occur.Must, allowed or Query.all_query()), (Occur.Must, numbers(forms))])
        return self._numbers("row", self._searcher.search(query, 20, count=False))

    def once(self, question: Hashable, count: Callable[[], Counted]) -> Counted:
        """What `count` gives, found once while this view stands: readers ask for the same page of the same list, and counting and ordering look at all rows."""
        found = self._counted.get(question)
        if found is None:
            if len(self._counted) >= _COUNTED:
                self._counted.clear()
            found = self._counted[question] = count()
        return found

    def count(self, query: Query) -> int:
        """How many rows a query finds."""
        return int(self._searcher.search(query, 1).count)

    def documents(self, kind: str | None) -> int:
        """How many documents there are, of a kind or in all."""
        first = Query.term_query(SCHEMA, "first", 1)
        return self.count(first if kind is None else first.and_must_match(Query.term_query(SCHEMA, "kind", kind)))

    def facets(self) -> list[str]:
        """The names of all facets that any document has."""
        wanted = {"names": {"terms": {"field": "named", "size": _MOST_BUCKETS}}}
        found = self.once("facets", lambda: self._searcher.aggregate(Query.all_query(), wanted))
        return sorted(each["key"] for each in found["names"]["buckets"] if each["key"] not in UNCOUNTED)

    def keys(self, query: Query, offset: int, limit: int, newest: bool) -> list[int]:
        """Document keys, best first with ties by key, or the highest key first."""
        if newest:
            return [int(key) for key, _ in self._searcher.search(query, limit, False, "key", offset).hits]
        return self._numbers("key", self._searcher.search(query, limit, False, None, offset)).tolist()

    def buckets(self, query: Query, facets: Sequence[str], most: int = _MOST_BUCKETS) -> dict[str, dict[str, int]]:
        """How many documents of a query have which value of each facet; of a facet `most` values, the commonest."""
        wanted = {name: {"terms": {"field": f"facets.{name}", "size": most}} for name in facets}
        found = self._searcher.aggregate(query, wanted) if wanted else {}
        return {
            name: {each["key"][1:]: int(each["doc_count"]) for each in part["buckets"]} for name, part in found.items()
        }

    def frequency(self, field: str, term: str) -> int:
        """How many rows have a term."""
        return self._searcher.doc_freq(field, term)

    def _looked_up(self, field: str, term: str) -> tuple[int, int, float] | None:
        """How a term stands: its code, its number of rows and its rarity; None where no row has it."""
        count = self.frequency(field, term) + (self._others.frequency(field, term) if self._others else 0)
        return (code(term), count, self._rarity(count)) if count else None

    def vocabulary(self, prefix: str) -> list[tuple[str, int]]:
        """The words as typed that begin so, with the number of documents that have them."""
        return self._searcher.terms_with_prefix("plain", prefix)

    def _numbers(self, field: str, result: tantivy.SearchResult) -> NDArray[np.int64]:
        addresses = [address for _, address in result.hits]
        values = self._searcher.fast_field_values(field, addresses) if addresses else []
        return np.array(values, np.int64)


def numbers(forms: Sequence[str]) -> Query:
    """A query for patent numbers in any of these forms."""
    return Query.boolean_query([(Occur.Should, Query.term_query(SCHEMA, "number", form)) for form in forms])


def _halves(text: str) -> tuple[str, str]:
    title, _, body = text.partition("\n")
    return title, body
