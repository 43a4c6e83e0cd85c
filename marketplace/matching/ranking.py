"""Ranking: one question against one view of the index, from candidates to explained scores.

Candidates come from words, character pairs and the bridge in one search, and from the vectors' guide, all within the filter.
Each is scored by the *fast* model; the best are scored again by the *full* one, with the slow encoder's opinion, where
that is known or may be asked for, and by rule. A document that stands in both languages is scored in each and keeps the
better; of a family the best member is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import bridge, columns, fusion
from marketplace.matching import text as cut
from marketplace.matching.bags import FIELDS
from marketplace.matching.columns import Bits
from marketplace.matching.constants import LANGUAGES, USUAL_SCALES, Constants, bridged_from
from marketplace.matching.lexical import Searcher, Weighed, chosen
from marketplace.matching.passages import deep_text
from marketplace.matching.rules import NAMES, Facts, Wishes, contributions
from marketplace.matching.segments import Segments
from marketplace.matching.semantic import Encoders, Whole
from marketplace.matching.vectors import Space

POOL = 300  # candidates by words and as many by meaning
JUDGED_CLOSELY = 200  # the best of them, which the slow encoder sees and the rules weigh
_WIDE = 1 / 16  # share of the rows from which a filter is applied to what the words found: searched with it, it costs more than they
_SPARE = 1.25  # how many times as many are then looked for as should remain

LONGEST_QUESTION = 3_000  # characters of a question that are read
LONGEST_FOR_SLOW = 600  # of which the slow encoder sees so many, for it needs a second for a thousand
HEADING = 2.0  # how much more a word of a question's heading weighs
_DEEP_SAMPLE = 24  # rows from which the spread of the slow encoder's parts is measured

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_beside = ThreadPoolExecutor(8, "words")
_aside = ThreadPoolExecutor(2, "slow-encoder")  # its work is done outside the interpreter's lock, while the index is searched


@dataclass(frozen=True, eq=False)
class View:
    """One unmoving state of the index, with what is needed to ask it."""

    searcher: Searcher
    segments: Segments
    space: Space
    constants: Constants
    encoders: Encoders
    weights: fusion.Weights

    def among(self, others: View) -> View:
        """This state with the rarities, constants and weights of another, so that the scores of both can be compared."""
        searcher, segments = self.searcher.among(others.searcher), self.segments.among(others.segments)
        return replace(self, searcher=searcher, segments=segments, constants=others.constants, weights=others.weights)


@dataclass(frozen=True)
class Hit:
    """A document with its log-odds: `score` is `base` plus the sum of `contributions`, `probability` its sigmoid.

    `family`: what it is grouped by, its own key for a document without a family; `row` the passage that was scored.
    """

    key: int
    kind: str
    score: float
    probability: float
    contributions: tuple[tuple[str, float], ...]
    base: float
    revision: int
    family: int = 0
    row: int = 0


@dataclass(frozen=True)
class Question:
    """A text prepared for one view: its words weighed, its bridge, its vector.

    `length` is its words; `bridged` searches the words and the pairs of the other language; `bridged_text` are the text's words in it, empty
    where the dictionary knows none. The encoders read the texts when it is known that they must; `known` is the fast encoding,
    the whole first, where somebody has it already.
    """

    text: str
    bridged_text: str
    language: str
    length: int
    words: Weighed
    pairs: Weighed
    bridged: tuple[Weighed, Weighed]
    numbers: tuple[str, ...]
    view: View
    known: Floats | None

    @cached_property
    def fast(self) -> Floats | None:
        """Its vector as the index keeps vectors, less what all questions share; None without the fast encoder. Read when first asked for."""
        encoders, constants = self.view.encoders, self.view.constants
        read = encoders.asked_whole(question_of(self.text)) if self.known is None else self.known
        return None if read is None else self.view.space.kept(constants.question(encoders.fast, self.language, read[:1]))[0]


def question_of(clean: str) -> Whole:
    """What the fast encoder reads of a question, already normalised."""
    return Whole.of(clean[:LONGEST_QUESTION])


def as_asked(text: str) -> str:
    """What is read of a question."""
    return cut.normalise(text)[:LONGEST_QUESTION]


def ask(view: View, text: str, read: NDArray | None = None) -> Question | None:
    """Prepare a question, or nothing when the text holds no word (empty, punctuation, emoji).

    `read`: its fast encoding, the whole first, where that is known; else it is encoded now and not kept, for what somebody
    asked is nobody's business afterwards.
    """
    clean = as_asked(text)
    words = cut.words(clean)
    if not words and not cut.bigrams(clean):
        return None
    language, find = cut.language(clean), view.searcher
    weights = view.constants.term_weights(language, words)
    for word in set(cut.words(cut.heading(clean))):
        weights[word] *= HEADING
    crossings = bridge.cross(words, language)
    return Question(
        text=clean,
        bridged_text=bridge.said(crossings),
        language=language,
        length=len(words),
        words=find.weigh("words", weights),
        pairs=find.weigh("pairs", view.constants.term_weights(language, cut.bigrams(clean))),
        bridged=_bridged(find, words, crossings, weights),
        numbers=cut.number_forms(clean),
        view=view,
        known=read,
    )


def _bridged(
    find: Searcher, words: Sequence[str], crossings: Sequence[bridge.Crossing], weights: Mapping[str, float]
) -> tuple[Weighed, Weighed]:
    """The question in the other language, over words and over pairs; figures and acronyms stay as they are.

    Pairs find a gloss that the segmenter cut differently in the document.
    """
    known = {word for each in crossings for word in each.source.split()}
    kept = [((word,), weights[word]) for word in dict.fromkeys(words) if word.isascii() and word not in known]
    over_words = [(each.words, weights.get(each.source, 1.0)) for each in crossings]
    over_pairs = [(each.pairs, weights.get(each.source, 1.0)) for each in crossings]
    return find.weigh_choices("words", kept + over_words), find.weigh_choices("pairs", over_pairs)


@dataclass(frozen=True)
class Filter:
    """Which documents may be found: of a kind, with any of the values of each facet of `where`, none of `without`."""

    kind: str
    where: Mapping[str, Sequence[str]]
    without: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Measured:
    """Rows (ascending) of one language with their records and raw parts."""

    language: str
    rows: Rows
    records: NDArray
    parts: dict[str, Floats]

    def only(self, rows: Rows) -> Measured:
        """The same of those rows alone."""
        places = np.flatnonzero(np.isin(self.rows, rows))
        parts = {name: values[places] for name, values in self.parts.items()}
        return Measured(self.language, self.rows[places], self.records[places], parts)


@dataclass(frozen=True)
class Scores:
    """Rows of one language with their log-odds: `base` for all, and the named contributions."""

    rows: Rows
    records: NDArray
    base: float
    contributions: dict[str, Floats]

    @property
    def totals(self) -> NDArray[np.float64]:
        """The log-odds of each row."""
        return self.base + sum((part.astype(np.float64) for part in self.contributions.values()), np.zeros(len(self.rows)))

    def without(self, families: NDArray[np.int64]) -> Scores:
        """The same scores without the rows of some families."""
        places = np.flatnonzero(~np.isin(self.records["family"], families))
        shares = {name: values[places] for name, values in self.contributions.items()}
        return Scores(self.rows[places], self.records[places], self.base, shares)

    def hit(self, place: int, kind: str) -> Hit:
        """One row as a hit."""
        record = self.records[place]
        shares = tuple((name, float(values[place])) for name, values in self.contributions.items() if values[place] or name not in NAMES)
        score = self.base + sum(share for _, share in shares)
        return Hit(
            int(record["key"]), kind, score, fusion.probability(score), shares, self.base, int(record["revision"]),
            int(record["family"]), int(self.rows[place]),
        )


class Slow(Protocol):
    """The slow encoder's reading of a question: whether there is one, and the slow parts of documents of a language."""

    def answers(self) -> bool:
        """Whether the encoder has read the question."""
        ...

    def parts(self, language: str, kept: Floats) -> dict[str, Floats]:
        """The slow parts, from the documents' vectors."""
        ...


class _Slowly:
    """The slow encoder's reading of a question in its own words and through the bridge, under way while candidates are sought if it is begun at once."""

    def __init__(self, view: View, question: Question, at_once: bool) -> None:
        self._view, self._question = view, question
        if at_once:
            self._own.running()

    @cached_property
    def _own(self) -> Future:
        return _aside.submit(_read_slowly, self._view, self._question.text, self._question.language)

    def answers(self) -> bool:
        """Whether the encoder has read the question; waits for it."""
        return self._own.result() is not None

    def parts(self, language: str, kept: Floats) -> dict[str, Floats]:
        """The slow parts of documents of a language, from their vectors; a reading that failed says nothing."""
        found = {"meaning_slow": kept @ self._own.result()}
        if language != self._question.language:
            found["meaning_bridged"] = np.zeros(len(kept), np.float32) if self._bridged is None else kept @ self._bridged
        return found

    @cached_property
    def _bridged(self) -> Floats | None:
        """Its reading of the question through the bridge, once."""
        return _read_slowly(self._view, self._question.bridged_text, bridged_from(self._question.language))


def rank(view: View, text: str, seen: Filter, limit: int, asker: Wishes | Facts | None, patience: int) -> list[Hit]:
    """The best documents for a text, best first, ties by key.

    `asker`: what the asking side wants or offers besides the text, for the rules. `patience`: how many the slow encoder may
    see now.
    """
    return rank_each(view, text, [seen], limit, asker, patience)[0]


def rank_each(view: View, text: str, seen: Sequence[Filter], limit: int, asker: Wishes | Facts | None, patience: int) -> list[list[Hit]]:
    """The same for several filters, one list for each: the question is weighed and read once, which is most of the work where documents are few.

    For several the slow encoder begins only when a candidate turns up that it has read: of facilities, experts and scenarios it has read hardly any.
    """
    question = ask(view, text)
    if question is None or not view.searcher.rows or limit < 1:
        return [[] for _ in seen]
    slowly = _Slowly(view, question, at_once=len(seen) == 1 or patience > 0) if view.encoders.slow and view.encoders.fast else None
    return [judged(view, question, _candidates(view, question, each), each.kind, limit, asker, slowly, patience) for each in seen]


def judged(
    view: View, question: Question, rows: Rows, kind: str, limit: int, asker: Wishes | Facts | None, slowly: Slow | None, patience: int = 0
) -> list[Hit]:
    """The best of candidates (live rows of a kind, ascending), as `rank` gives them; `slowly` the slow encoder's reading of the question."""
    among = view.segments.documents(kind)
    groups = _measured(view, question, rows)
    first = [scored(view, question, group, among) for group in groups]
    close = np.array([scores.rows[place] for scores, place in _best(first, JUDGED_CLOSELY)], np.int64)
    deep = _deep(view, close, slowly, patience) if slowly and question.fast is not None else {}
    deeply = np.array(sorted(deep), np.int64)
    again = []
    for group in groups:
        for known, chosen_rows in ((True, deeply), (False, np.setdiff1d(close, deeply, assume_unique=True))):
            part = group.only(chosen_rows)
            if len(part.rows):
                again.append(_ruled(view, question, scored(view, question, part, among, (slowly, deep) if known else None), asker))
    families = np.concatenate([group.records["family"] for group in again] or [np.zeros(0, np.int64)])
    groups = again + [group.without(families) for group in first]
    return [group.hit(place, kind) for group, place in _best(groups, limit)]


def _best(groups: Sequence[Scores], limit: int) -> list[tuple[Scores, int]]:
    """The best of each family, best first, ties by key: the group and the place in it."""
    if not groups:
        return []
    totals = np.concatenate([group.totals for group in groups])
    records = np.concatenate([group.records for group in groups])
    order = np.lexsort((records["key"], -totals))
    _, firsts = np.unique(records["family"][order], return_index=True)
    chosen_places = order[np.sort(firsts)[:limit]]
    ends = np.cumsum([len(group.rows) for group in groups])
    owners = np.searchsorted(ends, chosen_places, side="right")
    starts = np.concatenate([[0], ends])
    return [(groups[owner], int(place - starts[owner])) for owner, place in zip(owners, chosen_places, strict=True)]


def _measured(view: View, question: Question, rows: Rows) -> list[Measured]:
    """Rows parted by language, with their records and raw parts."""
    records = view.segments.records(rows)
    groups = []
    for number, language in enumerate(LANGUAGES):
        places = records["english"] == number
        if places.any():
            groups.append(Measured(language, rows[places], records[places], measure(view, question, language, rows[places])))
    return groups


def _candidates(view: View, question: Question, seen: Filter) -> Rows:
    """Rows worth scoring, all of them within the filter, ascending."""
    allowed = view.segments.allowed(seen.kind, seen.where, seen.without)
    other = next(each for each in LANGUAGES if each != question.language)
    same, across = (_lexical_weights(view, question, language) for language in (question.language, other))
    parts = [
        (question.words, same["words"]), (question.pairs, same["bigrams"]), *((part, across["bridge"]) for part in question.bridged)
    ]
    by_words = _beside.submit(_by_words, view, parts, seen, allowed)  # while the fast encoder reads and the guide is searched
    found = [view.searcher.numbered(question.numbers, chosen(seen.kind, seen.where, seen.without))]
    if question.fast is not None:
        found.append(view.segments.nearest(question.fast, allowed, POOL))
    return view.segments.live(np.concatenate([by_words.result(), *found]))


def _by_words(view: View, parts: Sequence[tuple[Weighed, float]], seen: Filter, allowed: Sequence[Bits]) -> Rows:
    """The best rows by words that a filter lets through; `allowed` the same filter as bitmaps."""
    share = sum(map(columns.count, allowed)) / view.searcher.rows
    if share >= _WIDE:
        wanted = int(_SPARE * POOL / share)
        found = view.searcher.best(parts, None, wanted)
        within = view.segments.within(found, allowed)
        if len(within) >= POOL or len(found) < wanted:
            return within[:POOL]
    return view.searcher.best(parts, chosen(seen.kind, seen.where, seen.without), POOL)


def _lexical_weights(view: View, question: Question, kept: str) -> dict[str, float]:
    """What one unit of each lexical part is worth for candidates: the lexical model's weight over the part's usual spread."""
    model = view.weights.model("lexical", question.language, kept, 1)
    return {name: weight / USUAL_SCALES[name].spread for name, weight in model.weights.items()}


def scored(
    view: View, question: Question, group: Measured, among: int, slow: tuple[Slow, Mapping[int, Floats]] | None = None
) -> Scores:
    """Rows of one language through the model for what is known of them; `among` how many documents of the kind there are."""
    language, parts = group.language, dict(group.parts)
    known = "lexical" if question.fast is None else "full" if slow else "fast"
    if slow:
        slowly, deep = slow
        kept = view.constants.document(view.encoders.slow, language, np.stack([deep[row] for row in group.rows.tolist()]))
        parts |= slowly.parts(language, kept)
    scaled = {name: view.constants.scaled(name, question.language, language, values) for name, values in parts.items()}
    model = view.weights.model(known, question.language, language, among)
    base, shares, brief = model.bias, model.contributions(scaled), view.weights.brief(known, question.language, language, among)
    share = fusion.brevity(question.length)
    if brief and share:
        others = brief.contributions(parts)
        base = (1 - share) * base + share * brief.model.bias
        shares = {name: (1 - share) * values + share * others.get(name, np.float32(0)) for name, values in shares.items()}
    return Scores(group.rows, group.records, base, shares)


def measure(view: View, question: Question, language: str, rows: Rows) -> dict[str, Floats]:
    """The raw parts of rows (ascending) of one language, apart from the slow encoder's; before scaling."""
    def shared(field: str, part: Weighed) -> Floats:
        return view.segments.shared(field, part.asked, rows, language) / part.length

    if language == question.language:
        parts = {"words": shared("words", question.words), "bigrams": shared("pairs", question.pairs)}
    else:
        parts = {"bridge": sum(map(shared, FIELDS, question.bridged))}
    if question.fast is not None:
        parts["meaning_title"] = view.segments.cosines("title", question.fast, rows)
        parts["meaning_body"] = view.segments.cosines("whole", question.fast, rows)
        parts["meaning_sentence"] = view.segments.best_sentence(question.fast, rows)
    return parts


def chance(view: View, text: str, language: str, rows: Rows, slow_rows: int = _DEEP_SAMPLE) -> dict[str, Floats]:
    """All raw parts of some rows (ascending) of one language for a text: what chance gives, from which scales are measured.

    The slow encoder's parts come from `slow_rows` of them, because it needs a third of a second for each it has not
    read.
    """
    question = ask(view, text)
    if question is None:
        return {}
    parts = measure(view, question, language, rows)
    if view.encoders.slow and len(rows):
        few = rows[:: max(1, len(rows) // slow_rows)]
        deep = deep_vectors(view, few, len(few))
        kept = view.constants.document(view.encoders.slow, language, np.stack([deep[row] for row in few.tolist()]))
        slowly = _Slowly(view, question, at_once=False)
        parts |= slowly.parts(language, kept) if slowly.answers() else {}
    return parts


def _ruled(view: View, question: Question, scores: Scores, asker: Wishes | Facts | None) -> Scores:
    """The scores with contributions by rule and not by fit: a patent number typed in full, and what the two sides' facts say."""
    if question.numbers:
        named = np.isin(scores.rows, view.searcher.numbered(question.numbers))
        scores.contributions["number"] = (fusion.NUMBER_FOUND * named).astype(np.float32)
    if asker is not None and len(scores.rows):
        shares = [dict(_by_rule(asker, view.segments.facts(row))) for row in scores.rows.tolist()]
        scores.contributions.update({name: np.array([each[name] for each in shares], np.float32) for name in shares[0]})
    return scores


def _by_rule(asker: Wishes | Facts, kept: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    """What the asking side and the facts of a row say to each other, whichever of them wants."""
    if isinstance(asker, Wishes):
        return contributions(asker, Facts.unpacked(kept))
    return contributions(Wishes.unpacked(kept), asker)


def _read_slowly(view: View, text: str, manner: str) -> Floats | None:
    """A question's text through the slow encoder, without what all questions share; zeros for no text, None without an answer."""
    slow = view.encoders.slow
    if not text:
        return np.zeros(slow.dimensions, np.float32)
    read = view.encoders.asked(slow, text[:LONGEST_FOR_SLOW])
    return None if read is None else view.constants.question(slow, manner, read[None])[0]


def _deep(view: View, rows: Rows, slowly: Slow, patience: int) -> dict[int, NDArray[np.float16]]:
    """What `deep_vectors` gives, if the encoder has read the question. Where it may read none now and has read none there is nothing to wait for."""
    if patience:
        return deep_vectors(view, rows, patience) if slowly.answers() else {}
    found = deep_vectors(view, rows, 0)
    return found if found and slowly.answers() else {}


def deep_vectors(view: View, rows: Rows, patience: int) -> dict[int, NDArray[np.float16]]:
    """The slow encoder's vectors of rows: those in the store, and up to `patience` encoded now."""
    slow, numbers = view.encoders.slow, rows.tolist()
    digests = view.segments.digests(rows)
    known = view.encoders.known(slow, digests)
    found = {row: known[key] for row, key in zip(numbers, digests, strict=True) if key in known}
    missing = [row for row in numbers if row not in found][:patience]
    if missing:
        sources = view.searcher.source(missing)
        present = [row for row in missing if row in sources]
        encoded = view.encoders.stored(slow, [deep_text(*sources[row]) for row in present])
        found.update(zip(present, encoded, strict=True))
    return found
