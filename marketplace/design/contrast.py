"""Colours of the style sheet and how well one can be read on another.

The ratio is that of WCAG 2.2 (relative luminance in sRGB): from 1 for two equal colours to 21 for black on white. Success criterion 1.4.3
asks for 4.5 for text, 1.4.11 for 3 for edges of controls and for what a picture needs to be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

TEXT, EDGE = 4.5, 3.0
"""The least ratio for text, and for edges of controls and shapes."""

GROUNDS = ("paper", "card", "pine-soft", "amber-soft", "red-soft", "blue-soft")
"""What others stand on."""

PAIRS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("ink", GROUNDS, TEXT), ("soft", GROUNDS, TEXT), ("pine", GROUNDS, TEXT),
    ("amber", ("paper", "card", "amber-soft"), TEXT), ("red", ("paper", "card", "red-soft", "pine-soft", "amber-soft"), TEXT),
    ("blue", ("paper", "card", "blue-soft"), TEXT), ("on-pine", ("pine", "red"), TEXT), ("paper", ("pine",), TEXT), ("card", ("blue", "red", "amber"), TEXT),
    ("edge", ("paper", "card"), EDGE),
)
"""Which token stands on which grounds, and the least ratio there."""

_SCHEME = re.compile(r":root\s*\{([^}]*)\}")
_TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{3}(?:[0-9a-f]{3})?)\s*;", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A colour by its name, its value by day and by night."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A token on a ground: the ratio by day and by night, and the least that is asked for."""

    token: str
    ground: str
    light: float
    dark: float
    least: float


def tokens(css: str) -> list[Token]:
    """The colours of a style sheet whose first `:root` has the values by day, and the second those that differ by night. Raises `ValueError`."""
    schemes = [dict(_TOKEN.findall(block)) for block in _SCHEME.findall(css)]
    if len(schemes) < 2:
        raise ValueError("the style sheet has no two schemes of colours")
    light, dark = schemes[0], schemes[1]
    return [Token(name, value, dark.get(name, value)) for name, value in light.items()]


def pairs(known: Iterable[Token]) -> Iterator[Pair]:
    """Every token on every ground that it stands on, with its ratios."""
    found: Mapping[str, Token] = {token.name: token for token in known}
    for name, grounds, least in PAIRS:
        for ground in grounds:
            one, other = found[name], found[ground]
            yield Pair(name, ground, ratio(one.light, other.light), ratio(one.dark, other.dark), least)


def ratio(one: str, other: str) -> float:
    """The contrast of two colours written as `#rgb` or `#rrggbb`."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    full = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    red, green, blue = (_linear(int(full[place:place + 2], 16) / 255) for place in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
