"""The cells of the map: how scarce supply is where there is demand, and which cells a picture has room for. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOWHERE, ELSEWHERE, SHORT, EVEN, AMPLE, UNASKED = "nowhere", "elsewhere", "short", "even", "ample", "unasked"
READINGS = (NOWHERE, ELSEWHERE, SHORT, EVEN, AMPLE, UNASKED)
"""How a cell is read, the scarcest first: asked and offered nowhere; asked here and offered in other regions alone; scarcity of two or more; between; a half or
less; offered and not asked."""

TWICE = 2.0
ROWS, COLUMNS = 12, 8  # of the picture; all cells stand in the table


@dataclass(frozen=True, slots=True)
class Cell:
    """One industry in one region; `scarcity` is None where nothing is asked or nothing offered here. `region` is None for several together."""

    industry: str
    region: str | None
    needs: int
    technologies: int
    anywhere: int
    scarcity: float | None

    @property
    def reading(self) -> str:
        """How it is read: one of READINGS."""
        if not self.needs:
            return UNASKED
        if self.scarcity is None:
            return ELSEWHERE if self.anywhere else NOWHERE
        return SHORT if self.scarcity >= TWICE else AMPLE if self.scarcity <= 1 / TWICE else EVEN


class Cells:
    """All cells that are not empty, from what `counting.counted` found."""

    def __init__(self, counted: Mapping[str, Any]) -> None:
        needs, technologies = (counted[kind] for kind in ("need", "technology"))
        self._needs, self._technologies = _flat(needs["regions"]), _flat(technologies["regions"])
        self._anywhere = technologies["all"]
        self._sums = sum(self._needs.values()), sum(self._technologies.values())
        self.all = sorted((self._cell(*key) for key in self._needs.keys() | self._technologies.keys()), key=_scarcest)

    @property
    def asked(self) -> list[Cell]:
        """The cells in which something is asked, the scarcest first."""
        return [cell for cell in self.all if cell.needs]

    def _cell(self, industry: str, region: str) -> Cell:
        return self._of(industry, region, self._needs[industry, region], self._technologies[industry, region])

    def _of(self, industry: str, region: str | None, needs: int, technologies: int) -> Cell:
        return Cell(industry, region, needs, technologies, self._anywhere.get(industry, 0), self.scarcity(needs, technologies))

    def scarcity(self, needs: int, technologies: int) -> float | None:
        """The share of all needs divided by the share of all technologies; None where either is nothing."""
        if not needs or not technologies:
            return None
        return (needs / self._sums[0]) / (technologies / self._sums[1])

    def industries(self) -> list[str]:
        """Industries in which something is asked, most needs first."""
        return _most(self._needs, 0)

    def regions(self) -> list[str]:
        """Regions in which something is asked, most needs first."""
        return _most(self._needs, 1)

    def rows(self) -> tuple[list[str | None], list[tuple[str, list[Cell]]]]:
        """The regions of the picture, None for all others together where there are some; and for each of its industries a cell for each of these."""
        columns: list[str | None] = list(self.regions()[:COLUMNS])
        rest = [region for region in {key[1] for key in self._needs.keys() | self._technologies.keys()} if region not in columns]
        lines = [(industry, [self._cell(industry, region) for region in columns if region]) for industry in self.industries()[:ROWS]]
        if not rest:
            return columns, lines
        return [*columns, None], [(industry, [*cells, self._together(industry, rest)]) for industry, cells in lines]

    def _together(self, industry: str, regions: Sequence[str]) -> Cell:
        return self._of(industry, None, *(sum(counts[industry, region] for region in regions) for counts in (self._needs, self._technologies)))


def _flat(regions: Mapping[str, Mapping[str, int]]) -> Counter[tuple[str, str]]:
    return Counter({(industry, region): number for region, row in regions.items() for industry, number in row.items()})


def _most(counts: Counter[tuple[str, str]], part: int) -> list[str]:
    found: Counter[str] = Counter()
    for key, number in counts.items():
        found[key[part]] += number
    return sorted(found, key=lambda one: (-found[one], one))


def _scarcest(cell: Cell) -> tuple[int, float, int, str, str]:
    return READINGS.index(cell.reading), -(cell.scarcity or 0), -cell.needs, cell.industry, cell.region or ""
