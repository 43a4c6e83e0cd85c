"""Shared terms: the words of many questions counted in a block of rows by one product of sparse matrices.

A question's part is a sum over choices, of each of which the best term counts (see `bags.Asked`). Whatever the question, the
best of the same terms is the same in a row; so the rows are first described by choices, each once, and the questions
then weigh these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from marketplace.matching.bags import Asked, Bags, Floats, Rows


class SharedTerms:
    """The terms of one field that questions ask for. A choice of one term goes by the term's place, others follow them."""

    def __init__(self, parts: Sequence[tuple[Asked, float]]) -> None:
        """For each question its terms and what one unit of them adds to its score."""
        ends = np.cumsum([0, *(asked.choices for asked, _ in parts)])
        owners = np.repeat(np.arange(len(parts)), [len(asked.codes) for asked, _ in parts])
        choices = np.concatenate([asked.choice + end for (asked, _), end in zip(parts, ends, strict=False)] or [np.zeros(0, np.int64)])
        worth = np.concatenate([asked.worth for asked, _ in parts] or [np.zeros(0, np.float32)])
        codes = np.concatenate([asked.codes for asked, _ in parts] or [np.zeros(0, np.uint32)])
        self._codes, terms = np.unique(codes, return_inverse=True)
        alone = np.bincount(choices, minlength=1)[choices] == 1
        entries = [(terms[alone], owners[alone], worth[alone])]
        order = np.flatnonzero(~alone)[np.argsort(choices[~alone], kind="stable")]
        entries.append(self._number(terms[order], choices[order], owners[order], worth[order]))
        places, columns, values = (np.concatenate(each) for each in zip(*entries, strict=True))
        units = np.array([unit for _, unit in parts], np.float32)
        shape = (len(self._codes) + self._several, len(parts))
        self._weights = sparse.csr_matrix((values * units[columns], (places, columns)), shape, np.float32)

    def _number(self, terms: Rows, choices: Rows, owners: Rows, worth: Floats) -> tuple[Rows, Rows, Floats]:
        """Give each different choice of several terms a number; for each question's choice its number, the question, and its worth.

        Of a choice the best term's worth is the question's, and the shares of that which the others are worth the choice's own.
        """
        starts = np.flatnonzero(np.diff(choices, prepend=-1))
        ends = np.append(starts, len(terms))[1:]
        best = np.maximum.reduceat(worth, starts) if len(starts) else worth
        shares = worth / np.repeat(best, ends - starts)
        codes, parts = terms.tobytes(), np.round(shares, 5).tobytes()
        known: dict[bytes, int] = {}
        numbers = np.array([
            known.setdefault(codes[terms.itemsize * start : terms.itemsize * end] + parts[shares.itemsize * start : shares.itemsize * end], len(known))
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ], np.int64)
        self._several = len(known)
        _, firsts = np.unique(numbers, return_index=True)  # a choice that is known has the terms of its first occurrence
        sizes = (ends - starts)[firsts]
        at = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(starts[firsts], sizes)
        of, number, share = terms[at], np.repeat(np.arange(len(firsts)), sizes), shares[at]
        order = np.argsort(of, kind="stable")
        self._number_of, self._share_of = number[order], share[order]
        self._begins = np.searchsorted(of[order], np.arange(len(self._codes) + 1))
        return len(self._codes) + numbers, owners[starts], best

    def add(self, found: Floats, bags: Bags, rows: Rows, average: float, language: str) -> None:
        """Add to (rows, questions) what each row's terms add to each question's score."""
        places, terms, values = bags.found(self._codes, rows, average, language)
        of_several = self._best(places, terms, values)
        row, choice, value = (np.concatenate(each) for each in zip((places, terms, values), of_several, strict=True))
        found += (sparse.csr_matrix((value, (row, choice)), (len(rows), self._weights.shape[0]), np.float32) @ self._weights).toarray()

    def _best(self, places: Rows, terms: Rows, values: Floats) -> tuple[Rows, Rows, Floats]:
        """The rows' choices of several terms, each by its best term: row, choice, value."""
        counts = self._begins[terms + 1] - self._begins[terms]
        which = np.repeat(np.arange(len(terms)), counts)
        at = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts) + self._begins[terms][which]
        keys = places[which] * max(1, self._several) + self._number_of[at]
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        best = np.maximum.reduceat((values[which] * self._share_of[at])[order], starts) if len(starts) else values[:0]
        chosen = keys[order][starts]
        return chosen // max(1, self._several), len(self._codes) + chosen % max(1, self._several), best
