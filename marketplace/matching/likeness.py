"""How like the sentences of a document are to those of a question, from the vectors that the index keeps.

A page explains a score by its best pair of sentences. The document's were encoded when it was indexed, so a page encodes
the question's alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import text as cut
from marketplace.matching.lexical import identity
from marketplace.matching.passages import sentences_of
from marketplace.matching.ranking import View
from marketplace.matching.semantic import ASKED_WITHIN, EncoderUnavailable

Floats = NDArray[np.float32]


class SentenceLikeness:
    """How like a document's sentences are to a question's: those of the index as they are kept, others encoded now."""

    def __init__(self, view: View, known: Mapping[str, Floats]) -> None:
        self._view, self._known = view, known

    def __call__(self, asked: tuple[str, ...], found: tuple[str, ...]) -> Floats:
        """Cosines, (sentences asked, sentences found); zeros when the encoder does not answer."""
        try:
            fresh = tuple(each for each in found if each not in self._known)
            known = {**self._known, **dict(zip(fresh, _document_sentences(self._view, fresh), strict=True))}
            return _question_sentences(self._view, asked) @ np.stack([known[each] for each in found]).T
        except EncoderUnavailable:
            return np.zeros((len(asked), len(found)), np.float32)


@lru_cache(maxsize=64)
def _question_sentences(view: View, sentences: tuple[str, ...]) -> Floats:
    """Kept in memory for a while: a page explains several documents for one question."""
    fast, constants = view.encoders.fast, view.constants
    vectors = fast.encode(sentences, within=ASKED_WITHIN)
    rows = [constants.question(fast, cut.language(text), vector) for text, vector in zip(sentences, vectors, strict=True)]
    return view.space.kept(np.stack(rows))


def _document_sentences(view: View, sentences: tuple[str, ...]) -> Floats:
    fast, constants = view.encoders.fast, view.constants
    if not sentences:
        return np.zeros((0, fast.dimensions), np.float32)
    vectors = fast.encode(sentences, within=ASKED_WITHIN)
    rows = [constants.document(fast, cut.language(text), vector) for text, vector in zip(sentences, vectors, strict=True)]
    return view.space.kept(np.stack(rows))


def likenesses(view: View, kind: str, keys: Sequence[int]) -> dict[int, SentenceLikeness]:
    """For documents of a kind what evidence needs; empty without a fast encoder. Reads stored texts: for a page, not for all."""
    if view.encoders.fast is None or not keys:
        return {}
    rows = view.segments.live(view.searcher.of_documents([identity(kind, key) for key in keys]))
    known: dict[int, dict[str, Floats]] = {key: {} for key in keys}
    sources, records = view.searcher.source(rows.tolist()), view.segments.records(rows)
    for row, key in zip(rows.tolist(), records["key"].tolist(), strict=True):
        title, body = sources[row]
        known[key] |= {title: view.segments.title(row), **dict(zip(sentences_of(title, body), view.segments.sentences(row), strict=True))}
    return {key: SentenceLikeness(view, sentences) for key, sentences in known.items()}
