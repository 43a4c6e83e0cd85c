"""What the pages show of a simulation: pictures, tables and figures in the reader's language.

`outcome` is for any page that has terms and a plan, also that of an agreement under negotiation; the template
`terms/simulator_outcome.html` shows it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from marketplace.terms.chart import Drawing, draw, scales
from marketplace.terms.comparison import Simulation
from marketplace.terms.payment import NOTHING
from marketplace.terms.schedule import Obligation
from marketplace.terms.simulate import Projection, Quarter
from marketplace.terms.simulator import words

MOST_ROWS = 40
"""Quarters that a table on a page shows one by one; a longer one has a row for each year, and the quarters are in the file."""

HIGH = Decimal("1.6")
"""A cap that lies more than so many times above what is paid is not drawn: it would press the rest to the ground."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: a quarter, or a year of quarters."""

    label: str
    sales: Decimal
    fees: tuple[Decimal, ...]
    institute: Decimal
    institute_total: Decimal
    margin: Decimal
    licensee: Decimal
    licensee_total: Decimal
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """One scenario: its projection, its picture and its table."""

    code: str
    name: str
    projection: Projection
    drawing: Drawing
    lines: tuple[Line, ...]

    @property
    def firsts(self) -> dict[str, tuple[date, int]]:
        """For each kind of mark the day it first comes, and how often it comes again, in the order of the days."""
        counts = Counter(mark.kind for mark in self.projection.marks)
        days = {mark.kind: mark.day for mark in reversed(self.projection.marks)}
        return {kind: (days[kind], count - 1) for kind, count in sorted(counts.items(), key=lambda one: days[one[0]])}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a page shows of a simulation. `kinds` are those of fees that occur; `by_year` says how its tables are."""

    simulation: Simulation
    scenes: tuple[Scene, ...]
    kinds: tuple[str, ...]
    by_year: bool
    lang: str
    unit: dict[str, str]
    money: Callable[[Decimal], str]
    figure: Callable[[Decimal], str]
    say: words.Say

    def quarter(self, first: Any) -> str:
        """A quarter in words."""
        return words.quarter(first, self.lang)

    def named(self, fees: Sequence[Obligation]) -> str:
        """Kinds of fees with their amounts."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for fee in fees:
            totals[fee.kind] += fee.amount or NOTHING
        return ("、" if self.lang == "zh" else ", ").join(f"{self.say(words.KINDS[kind])} {self.money(amount)}" for kind, amount in totals.items())


def outcome(simulation: Simulation, lang: str, say: words.Say) -> Outcome:
    """A simulation in the words of a language, "zh" or "en"; `say` puts a message id into it."""
    projections = simulation.projections
    kinds = kinds_of(projections.values())
    levels = _levels(simulation)
    scale = scales(projections.values(), [amount for _, amount in levels], list(words.UNITS[lang]))
    by_year = any(len(projection.quarters) > MOST_ROWS for projection in projections.values())
    currency = simulation.terms.currency
    said = words.said(words.MARKS, say)
    scenes = tuple(
        Scene(
            code, say(words.SCENARIOS[code]), projection, draw(projection, scale, levels, lambda mark: said[mark.kind]),
            tuple(lines(projection.quarters, kinds, lang, said, by_year)),
        )
        for code, projection in projections.items()
    )
    unit = {side: words.unit_of(currency, one.unit, lang, say) for side, one in scale.items()}
    return Outcome(simulation, scenes, kinds, by_year, lang, unit, words.money(currency, lang), words.figures(currency), say)


def _levels(simulation: Simulation) -> list[tuple[str, Decimal]]:
    """The amounts that lie across the institute's panel: what it gets at least and at most."""
    most = max(projection.institute for projection in simulation.projections.values())
    cap = simulation.terms.cap_total
    found = [("floor", simulation.floor)] if simulation.floor else []
    return found + ([("cap", cap)] if cap and cap <= most * HIGH else [])


def kinds_of(projections: Iterable[Projection]) -> tuple[str, ...]:
    """The kinds of fees that occur in any of the projections, in their usual order."""
    found = {kind for projection in projections for kind in projection.fees}
    return tuple(kind for kind in words.KINDS if kind in found)


def lines(quarters: Sequence[Quarter], kinds: Sequence[str], lang: str, said: Mapping[str, str], by_year: bool) -> Iterable[Line]:
    """The rows of a table; `said` are the names of the marks."""
    if not by_year:
        return (_line(words.quarter(quarter.first, lang), [quarter], kinds, said) for quarter in quarters)
    return (_line(str(year), list(some), kinds, said) for year, some in groupby(quarters, lambda quarter: quarter.first.year))


def _line(label: str, quarters: Sequence[Quarter], kinds: Sequence[str], said: Mapping[str, str]) -> Line:
    def total(name: str) -> Decimal:
        return sum((getattr(quarter, name) for quarter in quarters), NOTHING)

    last = quarters[-1]
    return Line(
        label, total("sales"), tuple(sum((quarter.fees.get(kind, NOTHING) for quarter in quarters), NOTHING) for kind in kinds),
        total("institute"), last.institute_total, total("margin"), total("licensee"), last.licensee_total,
        tuple(dict.fromkeys(said[mark.kind] for quarter in quarters for mark in quarter.marks)),
    )
