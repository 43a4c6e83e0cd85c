"""The arithmetic of pools: shares in exact millionths, the count of a weighted vote, and what the public may be told of the pledges. Pure.

Shares are apportioned by largest remainder (Hamilton), so that they sum to the whole whatever the amounts; everything is integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WHOLE = 1_000_000
QUORUM = WHOLE // 2
TOLD_FROM = 3  # pledges from which on the public is told a sum: with two, each of the two could work out the other's
STEP = 10  # per cent of the threshold in which the public sum goes: two neighbouring sums tell no single pledge
SEVERAL = 2  # organisations that a pool needs besides the money
ABSTAIN = "abstain"


def apportion(weights: Mapping[int, int]) -> dict[int, int]:
    """Each key's share of the whole in millionths by its weight; the shares sum to the whole, and no weight goes without.

    Largest remainder; equal remainders go by the larger weight, then by the smaller key, so that any order of the same weights gives
    the same shares. Raises `ValueError` for weights that are not positive, or more of them than there are millionths.
    """
    total = sum(weights.values())
    if not weights:
        return {}
    if min(weights.values()) <= 0 or len(weights) > WHOLE:
        raise ValueError("weights are positive, and at most a million of them")
    found = {key: weight * WHOLE // total for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(weights[key] * WHOLE % total), -weights[key], key))
    for key in by_remainder[: WHOLE - sum(found.values())]:
        found[key] += 1
    for key in sorted(key for key, share in found.items() if share == 0):
        richest = min(found, key=lambda other: (-found[other], other))
        found[richest], found[key] = found[richest] - 1, 1
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a vote: `decided` for `choice`, `tied`, or `no_quorum`. `weights` by option, `turnout` of `entitled`, in millionths."""

    outcome: str
    choice: str | None
    weights: dict[str, int]
    turnout: int
    entitled: int

    @property
    def carried(self) -> bool:
        """Whether a question of yes and no was answered with yes."""
        return self.choice == "yes"


def count(ballots: Iterable[tuple[int, str | None]], options: Sequence[str], quorum: int = QUORUM) -> Result:
    """Count (weight, choice) pairs; None has not voted. Abstentions count toward the quorum and for no option.

    The quorum is reached when at least so many millionths of the entitled weight have voted. The option of the greatest weight is
    chosen; where the greatest is shared, or nobody chose any, the vote is tied and decides nothing.
    """
    weights, turnout, entitled = dict.fromkeys(options, 0), 0, 0
    for weight, choice in ballots:
        entitled += weight
        if choice is not None:
            turnout += weight
        if choice in weights:
            weights[choice] += weight
    most = max(weights.values(), default=0)
    first = [option for option in options if weights[option] == most]
    if not entitled or turnout * WHOLE < quorum * entitled:
        return Result("no_quorum", None, weights, turnout, entitled)
    if most == 0 or len(first) > 1:
        return Result("tied", None, weights, turnout, entitled)
    return Result("decided", first[0], weights, turnout, entitled)


def is_certain(ballots: Sequence[tuple[int, str | None]], options: Sequence[str], quorum: int = QUORUM) -> bool:
    """Whether the outcome stands however those vote who have not voted yet: all have, or the quorum is reached and the first option leads by more
    than they weigh together. A vote that is cast is taken as it is."""
    found = count(ballots, options, quorum)
    open_weight = found.entitled - found.turnout
    first, second, *_rest = [*sorted(found.weights.values(), reverse=True), 0, 0]
    return found.entitled > 0 and (open_weight == 0 or found.outcome != "no_quorum" and first > second + open_weight)


def is_reached(amounts: Sequence[int], threshold: int) -> bool:
    """Whether the pledges carry the pool: their sum reaches the threshold, and they are several."""
    return carried(len(amounts), sum(amounts), threshold)


def carried(firms: int, amount: int, threshold: int) -> bool:
    """The same of pledges that were counted and summed elsewhere."""
    return firms >= SEVERAL and amount >= threshold


@dataclass(frozen=True, slots=True)
class Progress:
    """What anybody may know of the pledges: how many, from which step of the threshold on, and that step's amount in minor units.

    Under `TOLD_FROM` pledges `firms`, `percent` and `amount` are None.
    """

    firms: int | None
    percent: int | None
    amount: int | None

    @property
    def filled(self) -> int:
        """Per cent of the bar that are filled."""
        return min(100, self.percent or 0)


def progress(amounts: Sequence[int], threshold: int) -> Progress:
    """What the public is told of these pledges."""
    if len(amounts) < TOLD_FROM:
        return Progress(None, None, None)
    percent = sum(amounts) * 100 // threshold // STEP * STEP
    return Progress(len(amounts), percent, threshold * percent // 100)
