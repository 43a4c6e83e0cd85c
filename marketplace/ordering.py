"""In which order a table stands: the column its address names, and whether it falls. The head of each column leads to the next one.

An address says `sort=due` for the order in which the column is first asked for (dates and amounts that one looks for from the top fall) and `sort=-due` for
the other. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Order:
    """A column and whether it falls; `first` says for each column that orders whether it falls when it is first asked for."""

    name: str
    falls: bool
    first: Mapping[str, bool]

    def turned(self, name: str) -> str:
        """What the address says for the order that a press on the head of a column leads to."""
        return f"-{name}" if name == self.name and self.falls == self.first[name] else name

    @property
    def asked(self) -> str:
        """What the address says for this order."""
        return self.name if self.falls == self.first[self.name] else f"-{self.name}"

    @property
    def arguments(self) -> dict[str, str]:
        """The part of an address that says it; nothing for the usual order, which is that of the first column."""
        return {} if self.asked == next(iter(self.first)) else {"sort": self.asked}

    def by(self, column: Any, *ties: Any) -> list[Any]:
        """The columns to order by, with those that break ties; empty cells last, where there can be any: asked of the others it would keep an index out."""
        turned = [each.desc() if self.falls else each.asc() for each in (column, *ties)]
        return [*([column.is_(None)] if getattr(column, "nullable", False) else []), *turned]


def order(asked: str, first: Mapping[str, bool]) -> Order:
    """The order that an address asks for; nonsense is the usual one, by the first column."""
    name = asked.removeprefix("-")
    if name not in first:
        name = asked = next(iter(first))
    return Order(name, first[name] != asked.startswith("-"), first)
