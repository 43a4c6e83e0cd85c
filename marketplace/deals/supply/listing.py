"""The table of the map: which of its cells, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from marketplace.deals.supply.cells import READINGS, UNASKED, Cell
from marketplace.ordering import Order, order

ORDERS = {"scarcest": True, "industry": False, "region": False, "needs": True, "technologies": True, "anywhere": True}
"""The columns that order, and whether each falls when it is first asked for; the usual order is that of the cells themselves, the scarcest first."""

SECTION = 1  # letters of the code of a group of industries


@dataclass(frozen=True)
class Wanted:
    """Which cells: of a group of industries (a letter of GB/T 4754), of a region, read in one way."""

    group: str = ""
    region: str = ""
    reading: str = ""

    @property
    def arguments(self) -> dict[str, str]:
        """What an address says for it."""
        return {name: value for name in ("group", "region", "reading") if (value := getattr(self, name))}


def asked(values: Any) -> tuple[Wanted, Order]:
    """What an address asks for; a reading that is none counts as nothing."""
    group, region, reading = ((values.get(name) or "")[:12] for name in ("group", "region", "reading"))
    return Wanted(group[:SECTION].upper(), region, reading if reading in READINGS else ""), order(values.get("sort") or "", ORDERS)


def chosen(cells: Iterable[Cell], wanted: Wanted, by: Order, offered: bool = False) -> list[Cell]:
    """The cells of a filter in an order. Those in which nothing is asked are among them only when they are asked for, or all are `offered`, as in a file."""
    found = [
        cell for cell in cells
        if cell.industry.startswith(wanted.group) and (not wanted.region or cell.region == wanted.region)
        and (cell.reading == wanted.reading if wanted.reading else offered or cell.reading != UNASKED)
    ]
    if by.name == "scarcest":
        return found if by.falls else found[::-1]
    return sorted(found, key=lambda cell: (getattr(cell, by.name) or 0) if ORDERS[by.name] else getattr(cell, by.name) or "", reverse=by.falls)
