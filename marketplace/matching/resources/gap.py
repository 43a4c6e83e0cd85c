"""The gap between the maturity that is offered and that which is wanted, and which facilities can carry a technology over it. Pure.

A level is one of TRL 1 to 9. A facility takes technologies in from `first` and can bring them to `last`. One that takes this technology in as it
stands covers what lies between its own level and `last`; one that begins higher up covers a later stretch, which counts half, because something
else must come before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

LINES = 3  # facilities named beside a gap
COVERED = 2.0  # log-odds that covering the whole gap is worth: as much as a clear difference in meaning, and no more
LATER = 0.5  # what a stretch counts that does not begin where the technology stands
SAME_REGION = 0.3  # a technology goes through a pilot line with people and material
TRIED_FROM = 6  # the level from which real places take first trials
NOTHING = 1e-9


@dataclass(frozen=True)
class Gap:
    """From the level offered up to the level wanted, which lies above it."""

    offered: int
    wanted: int

    @property
    def levels(self) -> int:
        """How many levels lie between."""
        return self.wanted - self.offered

    @property
    def is_tried(self) -> bool:
        """Whether its way leads past the level at which first trials begin."""
        return self.wanted > TRIED_FROM


@dataclass(frozen=True)
class Line:
    """A facility as a candidate: its key, the levels it works between, its region, and its log-odds by meaning."""

    key: int
    first: int
    last: int
    region: str | None
    score: float


def gap(offered: int | None, wanted: int | None) -> Gap | None:
    """The gap; None where nothing is known of a side, or enough is offered."""
    if offered is None or wanted is None or offered >= wanted:
        return None
    return Gap(offered, wanted)


def covered(of: Gap, first: int, last: int) -> float:
    """Which share of the gap a facility covers, 0 to 1; a later stretch counts half."""
    begin = max(first, of.offered)
    share = max(0, min(last, of.wanted) - begin) / of.levels
    return share if first <= of.offered else LATER * share


def ranked(of: Gap, lines: Iterable[Line], region: str | None, limit: int = LINES) -> list[Line]:
    """The facilities that cover any of the gap, best first: meaning, then coverage and region weighed in; ties by key."""
    fitting = [(covered(of, line.first, line.last), line) for line in lines]
    worth = [
        (line.score + COVERED * share + (SAME_REGION if region and region == line.region else 0.0), line) for share, line in fitting if share > NOTHING
    ]
    return [line for _, line in sorted(worth, key=lambda pair: (-pair[0], pair[1].key))[:limit]]


def reaches(of: Gap, lines: Iterable[Line]) -> bool:
    """Whether one of the facilities takes the technology in as it stands and brings it all the way."""
    return any(line.first <= of.offered and line.last >= of.wanted for line in lines)
