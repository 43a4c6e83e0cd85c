"""Ready-made payment terms to begin with: one for each form of payment and the usual combinations, as data.

Instalments fall due on days, which no ready-made text can know: the preset has the first in a year and the second half a
year later, counted from the day on which it is chosen.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from marketplace.terms.payment import add_months

FIRST_DUE, NEXT_DUE = 13, 6
"""Months to the first instalment, a little more than a year so that it is late enough for pay-after-use, and between two."""


@dataclass(frozen=True, slots=True)
class Preset:
    """Terms to begin with; name and purpose in both languages, by "zh" and "en"."""

    code: str
    name: dict[str, str]
    purpose: dict[str, str]
    terms: dict[str, Any]

    def template(self, currency: str, today: date) -> dict[str, Any]:
        """The JSON values of an offer's terms in a currency."""
        terms = {"currency": currency, **self.terms}
        if royalty := terms.get("royalty"):
            terms["royalty"] = {**royalty, "tiers": [{"upto": None, **tier} for tier in royalty["tiers"]]}
        if "instalments" in terms:
            terms["instalments"] = [
                {"due": add_months(today, FIRST_DUE + index * NEXT_DUE).isoformat(), **fee}
                for index, fee in enumerate(terms["instalments"])
            ]
        return terms


PRESETS = {
    one["code"]: Preset(**one)
    for one in tomllib.loads(files("marketplace.terms").joinpath("presets.toml").read_text("utf-8"))["preset"]
}
"""The presets by their codes, in the order in which they are offered."""
