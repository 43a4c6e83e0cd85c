"""Who of several triers of one technology may convert, and who has to wait (domain.md §4). Pure.

Two ordinary licences never stand in each other's way; an exclusive or a sole one stands in the way of every other. Under
`first_signed` (the rule unless the offer says otherwise) whoever signed later waits for the decision of whoever signed
earlier, where both conversions cannot stand together; under `first_converted` nobody waits. Once another has converted
exclusively no further exclusive conversion is possible, and the trial goes on to the end of its own window. An ordinary
trial that was signed before such a conversion keeps its right to convert until then: its option is older than the
other's exclusivity, as the contracts of both say. Where an ordinary licence is in force, an exclusive one is not possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

EXCLUSIVE = frozenset({"exclusive", "sole"})
UNDECIDED = frozenset({"on_trial", "awaiting_decision"})
IN_FORCE = frozenset({"active", "bought_out"})


@dataclass(frozen=True, slots=True)
class Trier:
    """One signed agreement about the technology: its kind of licence, its rule, when it was signed, and how it stands.

    `holds` says that the licensor has promised to sign with nobody else while this trial is undecided.
    """

    id: int
    signed: datetime
    exclusivity: str
    rule: str
    status: str
    window_end: date | None = None
    holds: bool = False

    @property
    def undecided(self) -> bool:
        """Whether its trial may still be converted."""
        return self.status in UNDECIDED


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trier stands: its number among the undecided, and whether it may convert now.

    `verdict` is free, waits (for the decision of `until` at the latest), taken (another has an exclusive licence) or shared (an
    ordinary licence is in force, so that there can be no exclusive one).
    """

    number: int
    of: int
    verdict: str
    until: date | None = None


def conflict(one: Trier, another: Trier) -> bool:
    """Whether both licences cannot stand together."""
    return one.exclusivity in EXCLUSIVE or another.exclusivity in EXCLUSIVE


def place(own: Trier, others: Sequence[Trier]) -> Place:
    """Where a trier stands among the others of its technology."""
    line = sorted((one for one in (own, *others) if one.undecided), key=lambda one: (one.signed, one.id))
    number = line.index(own) + 1 if own in line else 0
    before = line[: max(number - 1, 0)]
    decided = [one for one in others if one.status in IN_FORCE and conflict(own, one)]
    if own.exclusivity in EXCLUSIVE and decided:
        taken = any(one.exclusivity in EXCLUSIVE for one in decided)
        return Place(number, len(line), "taken" if taken else "shared")
    ahead = [one for one in before if conflict(own, one)] if own.rule == "first_signed" else []
    if ahead:
        ends = [one.window_end for one in ahead if one.window_end]
        return Place(number, len(line), "waits", max(ends, default=None))
    return Place(number, len(line), "free")
