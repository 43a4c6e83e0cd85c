"""What all pictures measure alike: how wide words are, where a value stands on an axis, and which row has room for a label. Pure.

The pictures are SVG that templates write from plain figures; positions are pixels of the picture's own box, floating point.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDE, NARROW = 12.0, 6.6
"""How wide a Chinese character and a Latin letter are in the text of a picture (12 px), at most."""


def wide(text: str) -> float:
    """How wide a text is at most."""
    return sum(WIDE if ord(letter) > 0x2E80 else NARROW for letter in text)


def fitting(text: str, room: float) -> str:
    """As much of a text as has room, with an ellipsis where some is left out."""
    if wide(text) <= room:
        return text
    while text and wide(text) + NARROW > room:
        text = text[:-1]
    return text.rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Axis:
    """A line from `left` to `right` that stands for the values from `first` to `last`; where both are one value, it stands at the left."""

    first: float
    last: float
    left: float
    right: float

    def at(self, value: float) -> float:
        """Where a value stands."""
        span = self.last - self.first
        return round(self.left + (self.right - self.left) * (value - self.first) / span, 1) if span else self.left


@dataclass(slots=True)
class Rows:
    """Rows of labels that are filled from left to right, so that no two overlap: `ends` is how far each row is full."""

    ends: list[float] = field(default_factory=list)

    def place(self, first: float, width: float, apart: float = 4) -> int | None:
        """The first row that has room for a label that begins at `first`; it is full up to the label's end then. None where none has."""
        row = next((row for row, end in enumerate(self.ends) if end + apart <= first), None)
        if row is not None:
            self.ends[row] = first + width
        return row
