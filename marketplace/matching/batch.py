"""Batch: many needs against many technologies in one pass over the technologies, and not one search for each need.

The rows go by in blocks, once. For each block the fast model of every need is worked out for every row: it is a weighed
sum of likenesses and of shared words, so that it comes out of a few products of matrices, the same figure that `ranking`
would give the pair. What can still reach the least probability worth keeping stays, for each need the best few hundred; at
the end `ranking.judged` scores these, with rules, families and the slow encoder's opinion where that is known, so that a
score here is the score there. No search for candidates can miss anything, for there is none.

Memory holds the needs, one block, and the best of each need, however many technologies go by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import columns, fusion, ranking, rules
from marketplace.matching.bags import FIELDS
from marketplace.matching.constants import LANGUAGES, bridged_from
from marketplace.matching.lexical import chosen
from marketplace.matching.ranking import JUDGED_CLOSELY, Filter, Floats, Hit, Measured, Question, Rows, View
from marketplace.matching.rules import Wishes
from marketplace.matching.segments import Segment
from marketplace.matching.shared_terms import SharedTerms

KEPT = 30  # matches of a need
LEAST = 0.02  # and how probable one must be
MOST_BY_READING = 3.0  # what the slow encoder's opinion is taken to add at most; see docs/matching.md
_ROUNDING = 1e-3  # log-odds by which a sum in another order may differ
_CELLS = 2_000_000  # pairs of a need and a row in one block
_WAITING = 2_000_000  # pairs that wait before the best of each need are picked from them
_PREPARED, _JUDGED = 200, 50  # needs prepared, and judged, between two pauses


@dataclass(frozen=True)
class Asked:
    """A need: its key, the text it is ranked with, what it wants besides, and the documents it was matched with before.

    `before` are keys; they are judged beside what the pass finds, so that old and new stand in one list.
    """

    key: int
    text: str
    wishes: Wishes | None = None
    before: tuple[int, ...] = ()


def match(
    view: View,
    asked: Sequence[Asked],
    seen: Filter,
    limit: int = KEPT,
    least: float = LEAST,
    among: Collection[int] | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[dict[int, list[Hit]]]:
    """For each need its best documents inside the filter, best first: those `rank` gives with a probability of at least `least`.

    `among`: keys of the documents that are new; a need that none of them concerns is left out, and any other gets the best of
    these and of what it had before. None: all documents, and every need is answered. Yields nothing (an empty dict) after each
    block, so that a caller can pause or stop there, then the answers of some needs at a time. `progress` gets the rows done.
    Encodings are read from the store of documents, where the needs are; others are encoded together and kept there.
    """
    questions: list[Question | None] = []
    for start in range(0, len(asked), _PREPARED):
        questions += _prepared(view, asked[start : start + _PREPARED])
        yield {}
    able = [place for place, question in enumerate(questions) if question is not None]
    crowd = _Crowd(view, seen.kind, [questions[place] for place in able])
    finds = _Finds(np.array([_floor(least, asked[place]) for place in able], np.float32))
    done = 0
    for segment, rows in _blocks(view, seen, among, max(1, _CELLS // max(1, len(able)))) if able else ():
        for part, totals in crowd.totals(segment, rows):
            finds.add(part + segment.first, totals, _read_slowly(view, part + segment.first))
        done += len(rows)
        progress(done)
        yield {}
    yield from _answers(view, [(asked[place], questions[place]) for place in able], finds, seen, limit, least, among)


def _prepared(view: View, asked: Sequence[Asked]) -> list[Question | None]:
    """The questions, with their encodings from the store of documents."""
    texts, fast = [ranking.as_asked(each.text) for each in asked], view.encoders.fast
    if fast is None:
        return [ranking.ask(view, text) for text in texts]
    read = view.encoders.read_whole([ranking.question_of(text) for text in texts])
    return [ranking.ask(view, text, row[None]) for text, row in zip(texts, read, strict=True)]


def _floor(least: float, asked: Asked) -> float:
    """The fast model's log-odds below which rules cannot lift a document to the least probability."""
    return math.log(least / (1 - least)) - (_most_by_rule(asked.wishes) if asked.wishes else 0.0) - _ROUNDING


def _most_by_rule(wishes: Wishes) -> float:
    """What a technology's facts can add at most for a need that wants so much."""
    wanted = (
        (wishes.industries, rules.SAME_CLASS), (wishes.modes, rules.WANTED_MODE), (wishes.paid_first is False, rules.NOTHING_FIRST),
        (wishes.region, rules.SAME_REGION), (wishes.budget, rules.WITHIN_BUDGET), (wishes.targets, rules.TARGETS_BOUND),
    )
    return sum(most for said, most in wanted if said)


def _blocks(view: View, seen: Filter, among: Collection[int] | None, size: int) -> Iterator[tuple[Segment, Rows]]:
    """The rows inside the filter, some at a time, counted within their segment."""
    keys = None if among is None else np.array(sorted(among), np.int64)
    for segment, allowed in zip(view.segments, view.segments.allowed(seen.kind, seen.where, seen.without), strict=True):
        rows = columns.places(allowed, len(segment))
        if keys is not None:
            rows = rows[np.isin(segment.columns.records["key"][rows], keys)]
        yield from ((segment, rows[start : start + size]) for start in range(0, len(rows), size))


def _read_slowly(view: View, rows: Rows) -> NDArray[np.bool_]:
    """Which rows the slow encoder has read."""
    if not view.encoders.slow:
        return np.zeros(len(rows), bool)
    digests = view.segments.digests(rows)
    known = view.encoders.known(view.encoders.slow, digests)
    return np.array([each in known for each in digests], bool)


class _Crowd:
    """All questions, laid out to be scored against blocks of rows by the fast model."""

    def __init__(self, view: View, kind: str, questions: Sequence[Question]) -> None:
        among = view.documents(kind)
        self._average = {name: view.segments.average_length(name) for name in FIELDS}
        self._toward = {language: _toward(view, questions, language, among) for language in LANGUAGES}

    def totals(self, segment: Segment, rows: Rows) -> Iterator[tuple[Rows, Floats]]:
        """The rows of each language, and their log-odds for each question, (rows, questions)."""
        english = segment.columns.records["english"][rows]
        for number, language in enumerate(LANGUAGES):
            part = rows[english == number]
            if len(part):
                yield part, self._toward[language].totals(segment, part, self._average, language)


@dataclass(frozen=True)
class _Toward:
    """All questions toward the documents of one language: what their fast models weigh, one column a question."""

    base: Floats
    whole: Floats
    title: Floats
    fast: Floats
    sentence: Floats
    terms: dict[str, SharedTerms]

    def totals(self, segment: Segment, rows: Rows, average: dict[str, float], language: str) -> Floats:
        """The log-odds of each row for each question."""
        found = np.tile(self.base, (len(rows), 1))
        for name, terms in self.terms.items():
            terms.add(found, segment.bags[name], rows, average[name], language)
        if self.fast.size:
            found += segment.vectors.kept("whole", rows) @ self.whole
            found += segment.vectors.kept("title", rows) @ self.title
            self._add_sentences(found, segment, rows)
        return found

    def _add_sentences(self, found: Floats, segment: Segment, rows: Rows) -> None:
        """Each row's best sentence."""
        vectors, counts = segment.vectors.kept_sentences(rows)
        filled = np.flatnonzero(counts)
        if len(filled):
            starts = np.cumsum(counts[filled]) - counts[filled]
            found[filled] += np.maximum.reduceat(vectors @ self.fast, starts, axis=0) * self.sentence


def _toward(view: View, questions: Sequence[Question], language: str, among: int) -> _Toward:
    weights = _Weights(view, language, among)
    each = [weights.of(question) for question in questions]

    def column(name: str) -> Floats:
        return np.array([one.get(name, 0.0) for one in each], np.float32)

    size = next((len(question.fast) for question in questions if question.fast is not None), 0)
    fast = np.array([np.zeros(size, np.float32) if one.fast is None else one.fast for one in questions], np.float32).reshape(len(questions), size).T
    own = np.array([question.language == language for question in questions])
    parts = {name: [] for name in FIELDS}
    for question, one, same in zip(questions, each, own, strict=True):
        for name, mine, across, part in zip(FIELDS, (question.words, question.pairs), question.bridged, ("words", "bigrams"), strict=True):
            weighed, worth = (mine, one[part]) if same else (across, one["bridge"])
            parts[name].append((weighed.asked, worth / weighed.length))
    terms = {name: SharedTerms(asked) for name, asked in parts.items()}
    return _Toward(column("base"), fast * column("meaning_body"), fast * column("meaning_title"), fast, column("meaning_sentence"), terms)


@dataclass
class _Weights:
    """What the fast model adds for one unit of each raw part: read off `ranking.scored`, which is linear in them."""

    view: View
    language: str
    among: int
    _known: dict[tuple, dict[str, float]] = field(default_factory=dict)

    def of(self, question: Question) -> dict[str, float]:
        """The weight of each part and the "base", for documents of the language."""
        kind = (question.language, question.fast is None, fusion.brevity(question.length))
        if kind not in self._known:
            self._known[kind] = self._read_off(question)
        return self._known[kind]

    def _read_off(self, question: Question) -> dict[str, float]:
        names = ["words", "bigrams"] if question.language == self.language else ["bridge"]
        names += [] if question.fast is None else ["meaning_title", "meaning_body", "meaning_sentence"]
        units = np.eye(len(names) + 1, dtype=np.float32)  # the first row has nothing, each other one unit of one part
        rows = np.zeros(len(units), np.int64)
        parts = {name: units[:, place] for place, name in enumerate(names, 1)}
        totals = ranking.scored(self.view, question, Measured(self.language, rows, np.zeros(len(rows), columns.RECORD), parts), self.among).totals
        return {"base": float(totals[0]), **{name: float(total - totals[0]) for name, total in zip(names, totals[1:], strict=True)}}


class _Finds:
    """The best rows of each question so far, at most `JUDGED_CLOSELY`, none below the question's floor."""

    def __init__(self, floors: Floats) -> None:
        self._floors, self._bars = floors, np.full(len(floors), -np.inf, np.float32)
        self._best = _Pairs.none()
        self._waiting: list[_Pairs] = []

    def add(self, rows: Rows, totals: Floats, read_slowly: NDArray[np.bool_]) -> None:
        """Rows with their log-odds, (rows, questions); of those that the slow encoder has read more is hoped for."""
        floors = np.maximum(self._floors, self._bars)
        kept = totals >= floors
        if read_slowly.any():
            kept[read_slowly] = totals[read_slowly] >= np.maximum(self._floors - MOST_BY_READING, self._bars)
        places, questions = np.nonzero(kept)
        self._waiting.append(_Pairs(questions, rows[places], totals[places, questions]))
        if sum(len(each.rows) for each in self._waiting) > _WAITING:
            self._pick()

    def rows(self, question: int) -> Rows:
        """The rows found for a question, ascending."""
        if self._waiting:
            self._pick()
        start, end = np.searchsorted(self._best.questions, [question, question + 1])
        return np.sort(self._best.rows[start:end])

    def _pick(self) -> None:
        every = _Pairs.joined([self._best, *self._waiting])
        self._waiting = []
        order = np.lexsort((every.rows, -every.totals, every.questions))
        questions = every.questions[order]
        starts = np.searchsorted(questions, np.arange(len(self._floors)))
        place = np.arange(len(order)) - starts[questions]
        self._best = every.at(order[place < JUDGED_CLOSELY])
        last = np.flatnonzero(place == JUDGED_CLOSELY - 1)
        self._bars[questions[last]] = every.totals[order[last]]


@dataclass(frozen=True)
class _Pairs:
    """Pairs of a question and a row with their log-odds."""

    questions: Rows
    rows: Rows
    totals: Floats

    @classmethod
    def none(cls) -> _Pairs:
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))

    @classmethod
    def joined(cls, parts: Sequence[_Pairs]) -> _Pairs:
        return cls(*(np.concatenate([getattr(each, name) for each in parts]) for name in ("questions", "rows", "totals")))

    def at(self, places: Rows) -> _Pairs:
        return _Pairs(self.questions[places], self.rows[places], self.totals[places])


def _answers(
    view: View,
    asked: Sequence[tuple[Asked, Question]],
    finds: _Finds,
    seen: Filter,
    limit: int,
    least: float,
    among: Collection[int] | None,
) -> Iterator[dict[int, list[Hit]]]:
    """The answers of some needs at a time: what was found for each, judged beside what it had before and the numbers it names."""
    before = _rows_of(view, seen, {key for each, _ in asked for key in each.before})
    allowed, new = chosen(seen.kind, seen.where, seen.without), None if among is None else set(among)
    for start in range(0, len(asked), _JUDGED):
        part = {}
        for place, (need, question) in enumerate(asked[start : start + _JUDGED], start):
            rows = [finds.rows(place), view.searcher.numbered(question.numbers, allowed)]
            rows = np.concatenate([*rows, *(before[key] for key in need.before if key in before)])
            rows = view.segments.live(rows) if len(rows) else rows
            if new is None or not new.isdisjoint(need.before) or not new.isdisjoint(view.segments.records(rows)["key"].tolist()):
                slowly = _Reading(view, question) if view.encoders.slow and question.fast is not None else None
                hits = ranking.judged(view, question, rows, seen.kind, limit, need.wishes, slowly) if len(rows) else []
                part[need.key] = [hit for hit in hits if hit.probability >= least]
        yield part


def _rows_of(view: View, seen: Filter, keys: Collection[int]) -> dict[int, Rows]:
    """The rows of documents inside the filter, by key."""
    if not keys:
        return {}
    rows = np.concatenate([part + segment.first for segment, part in _blocks(view, seen, keys, _CELLS)] or [np.zeros(0, np.int64)])
    found = view.segments.records(rows)["key"]
    order = np.argsort(found, kind="stable")
    known, starts = np.unique(found[order], return_index=True)
    return dict(zip(known.tolist(), np.split(rows[order], starts[1:]), strict=True))


@dataclass(frozen=True)
class _Reading:
    """The slow encoder's reading of a need, from the store where the need's own text is; what is missing is read and kept."""

    view: View
    question: Question

    def answers(self) -> bool:
        """See `ranking.Slow`; nobody waits, so the encoder may take its time."""
        return True

    def parts(self, language: str, kept: Floats) -> dict[str, Floats]:
        """See `ranking.Slow`."""
        found = {"meaning_slow": kept @ self._own}
        if language != self.question.language:
            found["meaning_bridged"] = kept @ self._read(self.question.bridged_text, bridged_from(self.question.language))
        return found

    @cached_property
    def _own(self) -> Floats:
        return self._read(self.question.text, self.question.language)

    def _read(self, text: str, manner: str) -> Floats:
        slow = self.view.encoders.slow
        if not text:
            return np.zeros(slow.dimensions, np.float32)
        return self.view.constants.question(slow, manner, self.view.encoders.stored(slow, [text]))[0]
