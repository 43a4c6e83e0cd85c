"""Counting cases, and what of the counts may be shown. Pure.

`public` is the one place that decides. A row is shown when each of its counts is nothing or at least `least`; all other rows are joined into one, and further
ones with them, the smallest first, until the same holds of their sum and no single row follows from it. Rows without any deal are joined too where there are
small ones, or a sum of five over five rows would say that each has one. A column whose total is below `least` is not told at all, and where all rows are joined
not even which there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STAGES = ("match", "talk", "contract", "trial", "paid")
DIMENSIONS = ("month", "field", "industry", "firm_region", "holder_region")
NONE = "-"

Counts = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One match, or one deal, with where it belongs (value by dimension) and how far it came: talk, contract, trial, paid."""

    values: Mapping[str, str]
    talk: bool = False
    contract: bool = False
    trial: bool = False
    paid: bool = False
    broker: int | None = None

    @property
    def counts(self) -> Counts:
        """What it adds to each stage: a later one counts only with all before it, a payment does not need a trial."""
        talk = self.talk or self.contract
        return 1, int(talk), int(self.contract), int(self.contract and self.trial), int(self.contract and self.paid)


@dataclass
class Tally:
    """Counts of each stage, in all and by the values of each dimension."""

    total: list[int] = field(default_factory=lambda: [0] * len(STAGES))
    by: dict[str, dict[str, list[int]]] = field(default_factory=lambda: {name: {} for name in DIMENSIONS})

    def add(self, values: Mapping[str, str], counts: Sequence[int]) -> None:
        """Add counts that belong to a value of each dimension named."""
        for name, value in values.items():
            self.put(name, value, counts)
        self.total = [before + more for before, more in zip(self.total, counts, strict=True)]

    def put(self, name: str, value: str, counts: Sequence[int]) -> None:
        """Add counts to one value of one dimension alone."""
        before = self.by[name].setdefault(value or NONE, [0] * len(STAGES))
        self.by[name][value or NONE] = [one + more for one, more in zip(before, counts, strict=True)]

    def packed(self) -> dict[str, Any]:
        """As JSON."""
        return {"total": self.total, "by": self.by}


def tally(cases: Iterable[Case]) -> Tally:
    """The counts of cases."""
    found = Tally()
    for case in cases:
        found.add(case.values, case.counts)
    return found


def by_broker(cases: Iterable[Case]) -> dict[int, Counts]:
    """The counts of cases by the person who leads them; cases without one are left out."""
    found: dict[int, list[int]] = defaultdict(lambda: [0] * len(STAGES))
    for case in cases:
        if case.broker is not None:
            found[case.broker] = [before + more for before, more in zip(found[case.broker], case.counts, strict=True)]
    return {broker: tuple(counts) for broker, counts in found.items()}


@dataclass(frozen=True)
class Shown:
    """What of a table may be shown: totals (None: fewer than the least), rows, the names of the rows joined, and their sum."""

    total: tuple[int | None, ...]
    rows: Mapping[str, tuple[int | None, ...]]
    joined: tuple[str, ...] = ()
    together: tuple[int | None, ...] = ()


def public(rows: Mapping[str, Sequence[int]], least: int) -> Shown:
    """What of these rows of counts may be shown to everybody; each column counts deals, the first one at least as many as the others."""
    width = max((len(counts) for counts in rows.values()), default=0)
    sums = _sum(rows.values(), width)
    told = [place for place in range(width) if not 0 < sums[place] < least]
    total = tuple(sums[place] if place in told else None for place in range(width))
    if 0 not in told:
        return Shown(total, {})
    joined = {name for name, counts in rows.items() if counts[0] < least or any(0 < counts[place] < least for place in told)}
    joined = _enough(rows, joined, told, least, width)
    if len(joined) == len(rows):
        return Shown(total, {})

    def cells(counts: Sequence[int]) -> tuple[int | None, ...]:
        return tuple(counts[place] if place in told else None for place in range(width))

    kept = {name: cells(counts) for name, counts in rows.items() if name not in joined}
    names = tuple(name for name in rows if name in joined)
    return Shown(total, kept, names, cells(_sum([rows[name] for name in names], width)) if names else ())


def _enough(rows: Mapping[str, Sequence[int]], joined: set[str], told: Sequence[int], least: int, width: int) -> set[str]:
    """The rows to join: these, and the smallest others until none of them can be told from their sum."""
    rest = sorted((name for name in rows if name not in joined), key=lambda name: (*rows[name], name), reverse=True)
    while joined:
        sums = _sum([rows[name] for name in joined], width)
        if not any(sums):
            return set()
        safe = len(joined) > 1 and all(sums[place] == 0 or sums[place] >= least for place in told)
        if safe and sums[0] < (least - 1) * len(joined) or not rest:
            return joined
        joined = joined | {rest.pop()}
    return joined


def _sum(rows: Iterable[Sequence[int]], width: int) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)] or [0] * width
