"""Counting the map from the readers' index, with the eyes of a visitor: one count of all values for each region and kind of listing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from marketplace.access import VISITOR
from marketplace.matching import operations as matching

KINDS = ("need", "technology")
DIVISION = 3  # letters and digits of a division's code: C34

Values = Callable[[str, str, Mapping[str, Sequence[str]]], dict[str, int]]
"""How many listings of a kind have which value of a facet, under a filter."""


def counted(values: Values = partial(matching.values, VISITOR)) -> dict[str, Any]:
    """For each kind of listing how many there are by region and division, and by division in all, as JSON."""
    return {kind: {"all": _divisions(values, kind, {}), "regions": _regions(values, kind)} for kind in KINDS}


def _regions(values: Values, kind: str) -> dict[str, dict[str, int]]:
    regions = values(kind, "region", {})
    return {region: divisions for region in sorted(regions) if (divisions := _divisions(values, kind, {"region": (region,)}))}


def _divisions(values: Values, kind: str, where: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {code: number for code, number in sorted(values(kind, "industry", where).items()) if len(code) == DIVISION}
