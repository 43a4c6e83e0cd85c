"""The ready-made texts, as data beside this file; and what an example asks the matching with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from marketplace.terms.presets import PRESETS

CURRENCY = "CNY"


@dataclass(frozen=True)
class Sample:
    """A ready-made need or technology; title and text by "zh" and "en". `terms` is the code of ready-made payment terms, `trl` the maturity."""

    title: dict[str, str]
    text: dict[str, str]
    industries: tuple[str, ...]
    trl: int | None = None
    terms: str | None = None

    def spoken(self, language: str) -> str:
        """The language it is read in: the one wanted, else the first that it has."""
        return language if language in self.title else next(iter(self.title))

    def template(self, today: Any) -> dict[str, Any] | None:
        """The JSON values of the payment terms it is offered on; None without."""
        return PRESETS[self.terms].template(CURRENCY, today) if self.terms else None


def _read() -> dict[str, Sample]:
    rows = tomllib.loads(files("marketplace.first_steps.examples").joinpath("examples.toml").read_text("utf-8"))
    return {kind: Sample(**{**row, "industries": tuple(row["industries"])}) for kind, row in rows.items()}


SAMPLES = _read()
"""The need and the technology, by "need" and "technology"."""
