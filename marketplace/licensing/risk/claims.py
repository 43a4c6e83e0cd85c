"""Who bears how much of a loss: the waterfall over guarantees of one agreement, in first-loss order. Pure, in minor units.

Losses are served one by one, the earliest due first. Within a loss the guarantees of the lowest order bear first, each at most its
share of the whole loss and at most what is left of its greatest amount; those of the same order in proportion to what each could
bear, to the unit, the largest remainder first. A higher order bears only what those below it cannot. A guarantee's own share
(deductible) is taken off what falls on it, once over its life: that stays with the protected side and moves to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Loss:
    """What was not paid, or was paid for nothing, of one obligation: `whole` is what shares are taken of, `open` is claimed by nobody yet."""

    key: str
    due: date
    whole: int
    open: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One guarantee: `left` of its greatest amount, what is left of its own share, and what it bears of which loss already."""

    id: int
    rank: int
    share: Decimal
    left: int
    deductible: int = 0
    covers: frozenset[str] = frozenset()
    borne: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """What falls on a guarantee of one loss; of that `own` stays with the protected side and the rest is its to pay."""

    falls: int
    own: int

    @property
    def amount(self) -> int:
        """What the guarantee pays."""
        return self.falls - self.own


def share_of(whole: int, share: Decimal) -> int:
    """The share of an amount, half-up to the unit."""
    return int(Fraction(share) * whole + Fraction(1, 2))


def in_proportion(total: int, weights: Mapping[int, int]) -> dict[int, int]:
    """`total` over whole weights to the unit; what rounding leaves goes to the largest remainders, then to the lowest ids.

    Nobody gets more than its weight while `total` is at most their sum.
    """
    everything = sum(weights.values())
    if not everything:
        return dict.fromkeys(weights, 0)
    parts = {key: total * weight // everything for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: (-(total * weights[key] % everything), key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def allot(losses: Iterable[Loss], layers: Iterable[Layer]) -> dict[tuple[int, str], Part]:
    """What falls on each guarantee of each loss: (guarantee id, loss key) → part, those of nothing left out."""
    books = [_Book(layer) for layer in sorted(layers, key=lambda layer: (layer.rank, layer.id))]
    ranks = sorted({book.layer.rank for book in books})
    found = {}
    for loss in sorted(losses, key=lambda loss: (loss.due, loss.key)):
        rest = loss.open
        for rank in ranks:
            able = {book.layer.id: book.able(loss) for book in books if book.layer.rank == rank}
            parts = in_proportion(min(rest, sum(able.values())), able)
            for book in books:
                if parts.get(book.layer.id):
                    found[book.layer.id, loss.key] = book.bear(parts[book.layer.id])
            rest -= sum(parts.values())
    return found


class _Book:
    """What is left of one guarantee while losses are served."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.left = layer.left
        self.deductible = layer.deductible

    def able(self, loss: Loss) -> int:
        """The most that can fall on it of the loss."""
        if loss.key not in self.layer.covers:
            return 0
        of_share = share_of(loss.whole, self.layer.share) - self.layer.borne.get(loss.key, 0)
        return max(0, min(of_share, self.left + self.deductible))

    def bear(self, falls: int) -> Part:
        """Take it."""
        own = min(self.deductible, falls)
        self.deductible -= own
        self.left -= falls - own
        return Part(falls, own)
