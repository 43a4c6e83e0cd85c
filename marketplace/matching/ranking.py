"""Ranking: one question against one view of the index, from candidates to explained scores.

Candidates come from words, character pairs, the bridge and the two nearest-vector searches, all within the filter.
Each is scored by the *fast* model; the best are scored again by the *full* one, with the slow encoder's opinion, where
that is known or may be asked for. A document that stands in both languages is scored in each and keeps the better.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import bridge, fusion
from marketplace.matching import text as cut
from marketplace.matching.constants import LANGUAGES, Constants, bridged_from
from marketplace.matching.lexical import Row, Searcher, Weighed, chosen
from marketplace.matching.semantic import Encoders, digest
from marketplace.matching.vectors import Vectors

POOL = 300  # candidates from each source
JUDGED_CLOSELY = 200  # the best of them, which the slow encoder sees

LONGEST_QUESTION = 3_000  # characters of a question that are read
LONGEST_FOR_SLOW = 600  # of which the slow encoder sees so many, for it needs a second for a thousand
_DEEP_SAMPLE = 24  # rows from which the spread of the slow encoder's parts is measured

Floats = NDArray[np.float32]
Deep = Mapping[int, Mapping[str, float]]


@dataclass(frozen=True)
class View:
    """One unmoving state of the index, with what is needed to ask it."""

    searcher: Searcher
    vectors: Vectors
    constants: Constants
    encoders: Encoders
    weights: fusion.Weights


@dataclass(frozen=True)
class Hit:
    """A document with its log-odds: `score` is `base` plus the sum of `contributions`, `probability` its sigmoid."""

    key: int
    kind: str
    score: float
    probability: float
    contributions: tuple[tuple[str, float], ...]
    base: float
    revision: int


@dataclass(frozen=True)
class Question:
    """A text prepared for one view: its words weighed, its bridge, its vector.

    `bridged` searches the words and the pairs of the other language; `bridged_text` are the text's words in it, empty
    where the dictionary knows none. The slow encoder reads the two texts when it is known that it must.
    """

    text: str
    bridged_text: str
    language: str
    words: Weighed
    pairs: Weighed
    bridged: tuple[Weighed, Weighed]
    numbers: tuple[str, ...]
    fast: Floats | None


def ask(view: View, text: str) -> Question | None:
    """Prepare a question, or nothing when the text holds no word (empty, punctuation, emoji).

    Its encodings are not kept: what somebody asked is nobody's business afterwards.
    """
    clean = cut.normalise(text)[:LONGEST_QUESTION]
    words = cut.words(clean)
    if not words and not cut.bigrams(clean):
        return None
    language, find = cut.language(clean), view.searcher
    weights = view.constants.term_weights(language, words)
    crossings = bridge.cross(words, language)
    fast = view.encoders.fast
    return Question(
        text=clean,
        bridged_text=bridge.said(crossings),
        language=language,
        words=find.weigh("words", weights),
        pairs=find.weigh("pairs", view.constants.term_weights(language, cut.bigrams(clean))),
        bridged=_bridged(find, words, crossings, weights),
        numbers=cut.number_forms(clean),
        fast=view.constants.question(fast, language, fast.encode([clean]))[0] if fast else None,
    )


def _bridged(
    find: Searcher, words: Sequence[str], crossings: Sequence[bridge.Crossing], weights: Mapping[str, float]
) -> tuple[Weighed, Weighed]:
    """The question in the other language, over words and over pairs; figures and acronyms stay as they are.

    Pairs find a gloss that the segmenter cut differently in the document.
    """
    known = {word for each in crossings for word in each.source.split()}
    kept = [((word,), weights[word]) for word in dict.fromkeys(words) if word.isascii() and word not in known]
    over_words, over_pairs = [], []
    for each in crossings:
        weight = weights.get(each.source, 1.0)
        over_words.append((tuple(word for gloss in each.alternatives for word in gloss.words), weight))
        over_pairs.append((tuple(pair for gloss in each.alternatives for pair in cut.bigrams(gloss.said)), weight))
    return find.weigh_choices("words", kept + over_words), find.weigh_choices("pairs", over_pairs)


@dataclass(frozen=True)
class Scores:
    """Rows of one language with their log-odds: `base` for all, and the named contributions."""

    rows: list[Row]
    base: float
    contributions: dict[str, Floats]

    @property
    def totals(self) -> NDArray[np.float64]:
        """The log-odds of each row."""
        return self.base + sum(part.astype(np.float64) for part in self.contributions.values())

    def leaving_out(self, keys: Container[int]) -> Scores:
        """The same scores without the rows of some documents."""
        places = [place for place, row in enumerate(self.rows) if row.key not in keys]
        shares = {name: values[places] for name, values in self.contributions.items()}
        return Scores([self.rows[place] for place in places], self.base, shares)

    def hit(self, place: int, kind: str) -> Hit:
        """One row as a hit."""
        row = self.rows[place]
        shares = tuple((name, float(values[place])) for name, values in self.contributions.items())
        score = self.base + sum(share for _, share in shares)
        return Hit(row.key, kind, score, fusion.probability(score), shares, self.base, row.revision)


def rank(
    view: View,
    text: str,
    kind: str,
    where: Mapping[str, Sequence[str]],
    without: Mapping[str, Sequence[str]],
    limit: int,
    trl_wanted: int | None,
    patience: int,
) -> list[Hit]:
    """The best documents for a text, best first, ties by key. `patience`: how many the slow encoder may see now."""
    question = ask(view, text)
    if question is None or not view.searcher.rows or limit < 1:
        return []
    rows = view.searcher.describe(_candidates(view, question, kind, where, without))
    among = view.searcher.documents(kind)
    first = [_scored(view, question, group, among, trl_wanted, deep=None) for group in _by_language(rows)]
    if view.encoders.slow is None or question.fast is None:
        return _hits(first, kind, limit)
    close = [group.rows[place] for group, place in _best(first, JUDGED_CLOSELY)]
    deep = _deep(view, question, close, patience)
    again = [row for row in close if row.row in deep]
    second = [_scored(view, question, group, among, trl_wanted, deep) for group in _by_language(again)]
    judged = {row.key for row in again}
    return _hits(second + [group.leaving_out(judged) for group in first], kind, limit)


def _hits(groups: Sequence[Scores], kind: str, limit: int) -> list[Hit]:
    return [group.hit(place, kind) for group, place in _best(groups, limit)]


def _best(groups: Sequence[Scores], limit: int) -> list[tuple[Scores, int]]:
    """The best documents, each by its best row: the group and the place in it, ties by key."""
    places = [
        (-float(total), row.key, number, place)
        for number, group in enumerate(groups)
        for place, (total, row) in enumerate(zip(group.totals, group.rows, strict=True))
    ]
    found: dict[int, tuple[Scores, int]] = {}
    for _, key, number, place in sorted(places):
        found.setdefault(key, (groups[number], place))
        if len(found) == limit:
            break
    return list(found.values())


def _by_language(rows: Sequence[Row]) -> list[list[Row]]:
    groups = [[row for row in rows if row.language == language] for language in LANGUAGES]
    return [group for group in groups if group]


def _candidates(
    view: View, question: Question, kind: str, where: Mapping[str, Sequence[str]], without: Mapping[str, Sequence[str]]
) -> NDArray[np.int64]:
    """Rows worth scoring, all of them within the filter."""
    allowed = chosen(kind, where, without)
    find = view.searcher
    found = [find.best(part, allowed, POOL) for part in (question.words, question.pairs, *question.bridged)]
    found.append(find.numbered(question.numbers, allowed))
    if question.fast is not None:
        rows = find.allowed_rows(allowed)
        found += [view.vectors.nearest(part, question.fast, rows, POOL) for part in ("whole", "title")]
    return np.unique(np.concatenate(found))


def _scored(
    view: View, question: Question, rows: list[Row], among: int, trl_wanted: int | None, deep: Deep | None
) -> Scores:
    """Rows of one language through the model for what is known of them; `among` how many documents of the kind there are."""
    language = rows[0].language
    known = "lexical" if question.fast is None else "fast" if deep is None else "full"
    parts = measure(view, question, rows)
    if deep is not None:
        parts |= _gathered(deep, rows)
    scaled = {
        name: view.constants.scaled(name, question.language, language, values) for name, values in parts.items()
    }
    model = view.weights.model(known, question.language, language, among)
    contributions = model.contributions(scaled)
    contributions |= _rules(view, question, rows, trl_wanted)
    return Scores(rows, model.bias, contributions)


def measure(view: View, question: Question, rows: Sequence[Row]) -> dict[str, Floats]:
    """The raw parts of rows of one language, apart from the slow encoder's; before scaling."""
    places = np.array([row.row for row in rows], np.int64)
    find = view.searcher
    if rows[0].language == question.language:
        parts = {"words": find.scores(question.words, places), "bigrams": find.scores(question.pairs, places)}
    else:
        parts = {"bridge": sum(find.scores(part, places) for part in question.bridged)}
    if question.fast is not None:
        parts["meaning_title"] = view.vectors.cosines("title", question.fast, places)
        parts["meaning_body"] = view.vectors.cosines("whole", question.fast, places)
        parts["meaning_sentence"] = view.vectors.best_sentence(question.fast, places)
    return parts


def chance(view: View, text: str, rows: Sequence[Row], slow_rows: int = _DEEP_SAMPLE) -> dict[str, Floats]:
    """All raw parts of some rows of one language for a text: what chance gives, from which scales are measured.

    The slow encoder's parts come from `slow_rows` of them, because it needs a third of a second for each it has not
    read.
    """
    question = ask(view, text)
    if question is None:
        return {}
    few = rows[:: max(1, len(rows) // slow_rows)]
    deep = _deep(view, question, few, patience=len(few))
    return measure(view, question, rows) | (_gathered(deep, few) if deep else {})


def _gathered(deep: Mapping[int, Mapping[str, float]], rows: Sequence[Row]) -> dict[str, Floats]:
    """The slow encoder's parts as columns, in the order of the rows."""
    names = deep[rows[0].row]
    return {name: np.array([deep[row.row][name] for row in rows], np.float32) for name in names}


def _rules(view: View, question: Question, rows: Sequence[Row], trl_wanted: int | None) -> dict[str, Floats]:
    """Contributions by rule and not by fit: a patent number typed in full, and a maturity below the one wanted."""
    shares = {}
    if question.numbers:
        named = set(view.searcher.numbered(question.numbers).tolist())
        shares["number"] = np.array([fusion.NUMBER_FOUND * (row.row in named) for row in rows], np.float32)
    if trl_wanted:
        shares["maturity"] = np.array([fusion.maturity(trl_wanted, row.trl) for row in rows], np.float32)
    return shares


def _deep(view: View, question: Question, rows: Sequence[Row], patience: int) -> dict[int, dict[str, float]]:
    """The slow encoder's parts by row, for the rows it knows and for up to `patience` more that it is asked for now."""
    if not rows or view.encoders.slow is None:
        return {}
    vectors = deep_vectors(view, rows, patience)
    found: dict[int, dict[str, float]] = {}
    for language in LANGUAGES:
        group = [row.row for row in rows if row.language == language and row.row in vectors]
        if not group:
            continue
        kept = view.constants.document(view.encoders.slow, language, np.stack([vectors[row] for row in group]))
        parts = {"meaning_slow": kept @ _read_slowly(view, question.text, question.language)}
        if language != question.language:
            bridged = _read_slowly(view, question.bridged_text, bridged_from(question.language))
            parts["meaning_bridged"] = kept @ bridged
        found.update((row, {name: float(values[at]) for name, values in parts.items()}) for at, row in enumerate(group))
    return found


def _read_slowly(view: View, text: str, manner: str) -> Floats:
    """A question's text through the slow encoder, without what all questions share; zeros for no text."""
    slow = view.encoders.slow
    if not text:
        return np.zeros(slow.dimensions, np.float32)
    return view.constants.question(slow, manner, slow.encode([text[:LONGEST_FOR_SLOW]]))[0]


def deep_vectors(view: View, rows: Sequence[Row], patience: int) -> dict[int, NDArray[np.float16]]:
    """The slow encoder's vectors of rows: those in the store, and up to `patience` encoded now."""
    slow = view.encoders.slow
    numbers = [row.row for row in rows]
    digests = view.vectors.digests(np.array(numbers, np.int64))
    known = view.encoders.known(slow, digests)
    found = {row: known[key] for row, key in zip(numbers, digests, strict=True) if key in known}
    missing = [row for row in numbers if row not in found][:patience]
    if missing:
        sources = view.searcher.source(missing)
        present = [row for row in missing if row in sources]
        encoded = view.encoders.stored(slow, [deep_text(*sources[row]) for row in present])
        found.update(zip(present, encoded, strict=True))
    return found


def deep_text(title: str, body: str) -> str:
    """What the encoders read of a passage: title and body, already normalised."""
    return f"{title}\n{body}".strip()


def deep_digest(title: str, body: str) -> bytes:
    """By what the slow encoder's store knows a passage."""
    return digest(deep_text(title, body))
