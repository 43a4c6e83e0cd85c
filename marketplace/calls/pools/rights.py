"""Rights that owners of a pooled result share: their words, and what each owner has, as a table and as text for an agreement. Pure.

Codes and sentences are data (`rights.toml`). A share is in millionths and written in per cent, exactly.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

DATA: list[dict[str, Any]] = tomllib.loads(files("marketplace.calls.pools").joinpath("rights.toml").read_text("utf-8"))["right"]
CODES: dict[str, dict[str, Any]] = {row["code"]: row for row in DATA}
TOGETHER = {
    "zh": "本协议的成果由下列单位共同委托，各单位的份额如下：{owners}。各方约定：",
    "en": "The results under this agreement were commissioned jointly; the shares are: {owners}. The owners have agreed:",
}
BETWEEN = {"zh": "；", "en": "; "}


def percent(share: int) -> str:
    """A share in millionths as per cent, with no more digits than it has: 333334 is 33.3334."""
    text = f"{Decimal(share) / 10_000:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, slots=True)
class Line:
    """One right: its words, and each owner's share in millionths, in the owners' order; None where each has it in full."""

    code: str
    name: dict[str, str]
    says: dict[str, str]
    shares: tuple[int, ...] | None


def table(rights: Sequence[str], shares: Sequence[int]) -> list[Line]:
    """The rights in the order of the data, with the owners' shares."""
    return [
        Line(row["code"], row["name"], row["says"], tuple(shares) if row["kind"] == "divided" else None) for row in DATA if row["code"] in rights
    ]


def text(rights: Sequence[str], owners: Sequence[tuple[str, int]], language: str) -> str:
    """What the owners, by name and share, have agreed, as lines of a contract."""
    said = BETWEEN[language].join(f"{name} {percent(share)}%" for name, share in owners)
    lines = [f"{line.name[language]}{'：' if language == 'zh' else ': '}{line.says[language]}" for line in table(rights, [share for _, share in owners])]
    return "\n".join([TOGETHER[language].format(owners=said), *lines])
