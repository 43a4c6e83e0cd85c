"""What a distillation does to the matches: three rankings of the same catalogue compared, by the firm's words, by the questions, by both.

**How it is counted.** Each ranking gives every technology a probability (that of the site, see `fusion`): the sum of it over the ten best is the
number of answers to be *expected* among them. The gain is that sum by both texts minus that by the firm's words alone. The sum rests on the
model's own probabilities: a longer text that says the same may move it a little, so that beside it stands what moved, and where the
technologies went that people have shortlisted or accepted meanwhile; those are facts and no model.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass
from statistics import median
from typing import Any

BEST = 10
TEXTS = ("own", "questions", "both")

Ranking = Sequence[tuple[int, float]]
"""Keys with their probabilities, best first."""


@dataclass(frozen=True)
class Move:
    """A technology and its place, from 1, by the firm's words and by both texts; None where it is not among those looked at."""

    key: int
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Improvement:
    """Expected answers among the ten best by each text, and where every technology that was looked at stands before and after."""

    expected: dict[str, float]
    moves: tuple[Move, ...]

    @property
    def gain(self) -> float:
        """Expected answers by both texts minus those by the firm's words alone."""
        return self.expected["both"] - self.expected["own"]

    @property
    def came(self) -> list[Move]:
        """Those that came into the ten best, best first."""
        return sorted((move for move in self.moves if _within(move.after) and not _within(move.before)), key=lambda move: move.after or 0)

    @property
    def left(self) -> list[Move]:
        """Those that left the ten best, the best of before first."""
        return sorted((move for move in self.moves if _within(move.before) and not _within(move.after)), key=lambda move: move.before or 0)

    @property
    def shifted(self) -> list[Move]:
        """Those that stayed among the ten best in another place, best first."""
        stayed = (move for move in self.moves if _within(move.before) and _within(move.after))
        return sorted((move for move in stayed if move.before != move.after), key=lambda move: move.after or 0)

    def of(self, keys: Collection[int]) -> list[Move]:
        """Where these went, best first; those that neither ranking looked at are among them."""
        known = {move.key: move for move in self.moves}
        found = (known.get(key) or Move(key, None, None) for key in keys)
        return sorted(found, key=lambda move: (move.after is None, move.after or 0, move.key))

    def to_dict(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"expected": self.expected, "moves": [list(astuple(move)) for move in self.moves]}


def from_dict(kept: dict[str, Any]) -> Improvement:
    """What `to_dict` gave."""
    return Improvement(dict(kept["expected"]), tuple(Move(*move) for move in kept["moves"]))


def compared(own: Ranking, questions: Ranking, both: Ranking) -> Improvement:
    """Compare three rankings of the same catalogue."""
    expected = {name: sum(chance for _key, chance in ranking[:BEST]) for name, ranking in zip(TEXTS, (own, questions, both), strict=True)}
    before, after = ({key: place for place, (key, _chance) in enumerate(ranking, 1)} for ranking in (own, both))
    return Improvement(expected, tuple(Move(key, before.get(key), after.get(key)) for key in dict.fromkeys((*after, *before))))


def _within(place: int | None) -> bool:
    return place is not None and place <= BEST


def middle(gains: Sequence[float]) -> float | None:
    """The median gain, None without any."""
    return median(gains) if gains else None
