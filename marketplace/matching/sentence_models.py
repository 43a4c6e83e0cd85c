"""An encoder from sentence-transformers: any model it can load, by its name or from a folder.

It is an extra (`pip install 'techbridge[sentence-transformers]'`), so that nothing imports this module by name but
`semantic.made`, when the settings ask for such a model. The model is loaded when it is first asked; what it wants written
before each text is taken from its own configuration (`default_prompt_name`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from math import isfinite
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer

from marketplace.matching.semantic import EncoderUnavailable, Vectors, changed, kept_dimensions, named, unit
from marketplace.matching.window import fitting, shortened


class SentenceModel:
    """The model `model`: a folder, or a name under which the library finds it. `folder` keeps what is known of it."""

    def __init__(self, model: str, folder: Path) -> None:
        self._name, self._folder = model, folder
        self._lock = threading.RLock()  # its tokenizer cannot be used by two threads

    @cached_property
    def _model(self) -> SentenceTransformer:
        try:
            return SentenceTransformer(self._name)
        except Exception as error:  # its loaders raise what the libraries under them raise
            reason = (str(error).splitlines() or [""])[0]
            raise EncoderUnavailable(f"the model {self._name} cannot be loaded: {type(error).__name__}: {reason}") from error

    @property
    def name(self) -> str:
        """Model and dimensions; of a folder its last part."""
        return named(Path(self._name).name if Path(self._name).is_dir() else self._name, self.dimensions)

    @cached_property
    def dimensions(self) -> int:
        """As the model gives them. Raises `EncoderUnavailable`."""
        return kept_dimensions(self._folder, self._name, lambda: self._rows(["."]).shape[1])

    def reads(self, text: str) -> str:
        """What the model's own window holds, counted with its own tokens where its tokenizer tells places."""
        with self._lock:
            window, tokenizer = self._model.max_seq_length, self._model.tokenizer
            if window is None or not isfinite(window):
                return text
            if not getattr(tokenizer, "is_fast", False):
                return fitting(text, window)
            places = tokenizer(text, truncation=True, max_length=window, return_offsets_mapping=True)["offset_mapping"]
            return shortened(text, max(end for _, end in places))

    def encode(self, texts: Sequence[str], within: float | None = None) -> Vectors:
        """See `Encoder`."""
        if not texts:
            return np.zeros((0, self.dimensions), np.float32)
        rows = self._rows([self.reads(text) or "." for text in texts])
        if rows.shape[1] != self.dimensions:
            raise EncoderUnavailable(changed(self._folder, self._name, rows.shape[1], self.dimensions))
        return rows

    def _rows(self, texts: list[str]) -> Vectors:
        with self._lock:
            model = self._model
            try:
                return unit(model.encode(texts, show_progress_bar=False, convert_to_numpy=True))
            except RuntimeError as error:  # out of memory, on this machine's card above all
                raise EncoderUnavailable(f"the model {self._name} failed: {type(error).__name__}") from error
