"""How like the sentences of a document are to those of a question, from the vectors that the index keeps.

A page explains a score by its best pair of sentences. The document's were encoded when it was indexed and the question's when
it was ranked, so nothing is encoded twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from marketplace.matching import text as cut
from marketplace.matching.lexical import identity
from marketplace.matching.passages import sentences_of
from marketplace.matching.ranking import View, question_of
from marketplace.matching.semantic import ASKED_WITHIN, Encoder, EncoderUnavailable

Floats = NDArray[np.float32]


class SentenceLikeness:
    """How like a document's sentences are to a question's: those that were read already as they are, others encoded now."""

    def __init__(self, view: View, asked: Mapping[str, Floats], known: Mapping[str, Floats]) -> None:
        self._view, self._asked, self._known = view, asked, known

    def __call__(self, asked: tuple[str, ...], found: tuple[str, ...]) -> Floats:
        """Cosines, (sentences asked, sentences found); zeros when the encoder does not answer."""
        constants = self._view.constants
        try:
            return self._rows(asked, self._asked, constants.question) @ self._rows(found, self._known, constants.document).T
        except EncoderUnavailable:
            return np.zeros((len(asked), len(found)), np.float32)

    def _rows(self, sentences: Sequence[str], known: Mapping[str, Floats], less: Callable[[Encoder, str, Floats], Floats]) -> Floats:
        """Kept vectors of sentences; those that are not known are encoded now, `less` what all texts share."""
        keys = [each if each in known else cut.normalise(each) for each in sentences]
        fresh = [key for key in dict.fromkeys(keys) if key not in known]
        if fresh:
            known = {**known, **_centred(self._view, fresh, self._view.encoders.fast.encode(fresh, within=ASKED_WITHIN), less)}
        return np.array([known[key] for key in keys])


def _centred(view: View, texts: Sequence[str], vectors: Floats, less: Callable[[Encoder, str, Floats], Floats]) -> dict[str, Floats]:
    """Texts with their vectors as the index keeps them."""
    rows = [less(view.encoders.fast, cut.language(text), vector[None])[0] for text, vector in zip(texts, vectors, strict=True)]
    return dict(zip(texts, view.space.kept(np.stack(rows)), strict=True)) if rows else {}


def likenesses(view: View, kind: str, keys: Sequence[int], text: str) -> dict[int, SentenceLikeness]:
    """For documents of a kind what evidence for a question's text needs; empty without a fast encoder.

    Reads stored texts: for a page, not for all.
    """
    if view.encoders.fast is None or not keys:
        return {}
    question = question_of(cut.normalise(text))
    read = view.encoders.asked_whole(question)
    asked = {} if read is None else _centred(view, question.pieces, read[1:], view.constants.question)
    rows = view.segments.live(view.searcher.of_documents([identity(kind, key) for key in keys]))
    known: dict[int, dict[str, Floats]] = {key: {} for key in keys}
    sources, records = view.searcher.source(rows.tolist()), view.segments.records(rows)
    for row, key in zip(rows.tolist(), records["key"].tolist(), strict=True):
        title, body = sources[row]
        known[key] |= {title: view.segments.title(row), **dict(zip(sentences_of(title, body), view.segments.sentences(row), strict=True))}
    return {key: SentenceLikeness(view, asked, sentences) for key, sentences in known.items()}
