"""Columns of figures: how the cells of the sales table are typed, pasted, filled from a level, and shown again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from marketplace.errors import N_
from marketplace.terms.figures import typed_amount
from marketplace.terms.payment import MINOR_UNITS, NOTHING, Terms
from marketplace.terms.plan import EXACT, MOST_QUARTERS
from marketplace.terms.reading import Node, TermsError
from marketplace.terms.simulate import FINEST

MOST = Decimal(10) ** 12
"""The largest amount, and the largest number of units, that the simulator takes."""

_SIGN = re.compile(r"\s*[-\u2212\uff0d]")


class Figures:
    """Reads and writes figures of one kind: amounts of a currency, a profit with its sign, or units."""

    def __init__(self, terms: Terms) -> None:
        base = terms.royalty.base if terms.royalty else ""
        self.signed = base == "profit"
        self.units = base == "units"
        self.places = FINEST if self.units else MINOR_UNITS[terms.currency]

    @property
    def quantum(self) -> Decimal:
        """The finest step of a figure."""
        return Decimal(1).scaleb(-self.places)

    def read(self, text: str) -> Decimal:
        """A figure as people type it. Raises `TermsError` (its path says nothing)."""
        minus = _SIGN.match(text) if self.signed else None
        figure = amount(text[minus.end():] if minus else text, self.places)
        return -figure if minus else figure

    def series(self, level: Decimal, growth: Decimal, count: int) -> list[Decimal]:
        """A level that grows by a share each quarter, rounded half-up to whole units of money or pieces. Raises `TermsError`."""
        found = [level]
        while len(found) < count and abs(found[-1]) <= MOST:
            found.append(EXACT.multiply(found[-1], 1 + growth))
        if abs(found[-1]) > MOST:
            raise TermsError("growth", N_("With this growth the sales pass 10^12 in quarter %(number)s."), number=len(found))
        whole = Decimal(1) if level == level.to_integral_value() else self.quantum
        return [EXACT.quantize(figure, whole) for figure in found]

    def share(self, figures: Sequence[Decimal], share: Decimal) -> list[Decimal]:
        """A share of each figure, rounded half-up."""
        return [EXACT.quantize(EXACT.multiply(figure, share), self.quantum) for figure in figures]


def amount(text: str, places: int) -> Decimal:
    """An amount as people type it, no finer than so many places and no larger than `MOST`. Raises `TermsError`."""
    node = Node(typed_amount(text), "")
    found = node.money(places)
    if found > MOST:
        node.refuse(N_("Amounts go up to 10^12 here."))
    return found


def pasted_cells(text: str) -> list[tuple[int, str]]:
    """The cells of a column copied from a spreadsheet, or of a row, each with its line: set apart by line ends and tabs.

    Empty cells before the first figure and after the last do not count.
    """
    lines = re.split(r"\r\n|[\r\n\v\f\x85\u2028]", text)
    cells = [(number, unicodedata.normalize("NFKC", cell).strip()) for number, line in enumerate(lines, 1) for cell in line.split("\t")]
    filled = [place for place, (_, cell) in enumerate(cells) if cell]
    return cells[filled[0]: filled[-1] + 1] if filled else []


def read_pasted(text: str, figures: Figures) -> list[Decimal]:
    """The figures of a pasted column, an empty cell between others being 0. Raises `TermsError` that names the line of a bad cell."""
    cells = pasted_cells(text)
    if not cells:
        raise TermsError("pasted", N_("Paste a column of figures first."))
    if len(cells) > MOST_QUARTERS:
        raise TermsError("pasted", N_("There is room for %(most)s quarters, and these are %(count)s."), most=MOST_QUARTERS, count=len(cells))
    found = []
    for line, cell in cells:
        try:
            found.append(figures.read(cell) if cell else NOTHING)
        except TermsError as error:
            raise TermsError("pasted", N_("Line %(line)s, “%(cell)s”: this is not a figure."), line=line, cell=cell[:30]) from error
    return found


def shown(figure: Decimal) -> str:
    """A figure as it stands in a cell: grouped digits, no zeros after the point that say nothing."""
    written = f"{figure:,f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
