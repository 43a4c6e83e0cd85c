"""Recorded events of an agreement: what each may say, read exactly and refused with the path of what is wrong.

Only shapes are read here: types, keys, values, and whether the terms have the clause and the id that an event speaks of
(shared meaning: terms.md "Events"). Whether it may happen on its date is for `course`, `fees`, `royalty` and `schedule` to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NoReturn

from marketplace.errors import N_
from marketplace.terms.payment import MINOR_UNITS, Terms
from marketplace.terms.reading import Node

TYPES = (
    "trial_started", "trial_extended", "converted", "declined", "first_revenue", "milestone_accepted", "submitted", "accepted",
    "rejected", "statement", "bought_out", "terminated", "certified", "payment", "interest_paid",
)
"""The types of events, in the order in which those of one date are judged."""

ORDER = {name: index for index, name in enumerate(TYPES)}

NONE: Mapping[str, Decimal] = MappingProxyType({})

_CLAUSES: dict[str, Callable[[Terms], Any]] = {
    "trial_started": lambda terms: terms.trial, "trial_extended": lambda terms: terms.trial, "converted": lambda terms: terms.trial,
    "declined": lambda terms: terms.trial, "milestone_accepted": lambda terms: terms.milestones, "submitted": lambda terms: terms.conditional,
    "accepted": lambda terms: terms.conditional, "rejected": lambda terms: terms.conditional, "statement": lambda terms: terms.royalty,
    "bought_out": lambda terms: terms.buyout, "interest_paid": lambda terms: terms.late_interest,
}
"""The clause of the terms without which an event makes no sense; the others need none."""


@dataclass(frozen=True, slots=True)
class Event:
    """What was recorded on a date; `place` is its index in the list that was given, the other fields are those of its type."""

    type: str
    date: date
    place: int
    id: str | None = None
    months: int | None = None
    period: date | None = None
    gross: Decimal | None = None
    deductions: Mapping[str, Decimal] = field(default_factory=lambda: NONE)
    profit: Decimal | None = None
    units: Decimal | None = None
    amount: Decimal | None = None
    obligation: str | None = None

    @property
    def path(self) -> str:
        """Where the event stands in the input."""
        return f"events[{self.place}]"

    def refuse(self, message: str, key: str = "") -> NoReturn:
        """Raise `TermsError` for this event, or for one of its values."""
        Node(None, f"{self.path}.{key}" if key else self.path).refuse(message)


def read(events: Any, terms: Terms) -> tuple[Event, ...]:
    """The events in the order given; raises `TermsError` for what is no event of these terms."""
    reader = _Reader(terms)
    return tuple(reader.event(node, place) for place, node in enumerate(Node(events, "events").items()))


def in_order(events: Sequence[Event]) -> list[Event]:
    """The events as they are judged: by date, then by type, then as listed."""
    return sorted(events, key=lambda event: (event.date, ORDER[event.type], event.place))


class _Reader:
    """Reads the events of one agreement: which keys an event has depends on its terms."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.places = MINOR_UNITS[terms.currency]
        self.ids = {"milestone_accepted": {fee.id for fee in terms.milestones}}
        for name in ("submitted", "accepted", "rejected"):
            self.ids[name] = {fee.id for fee in terms.conditional}
        self.readers: dict[str, Callable[[Node], dict[str, Any]]] = {
            "trial_extended": lambda node: {"months": node.at("months").whole()},
            "statement": self._statement,
            "payment": self._payment,
            "interest_paid": lambda node: {"amount": self._money(node.at("amount"))},
        }
        base = terms.royalty.base if terms.royalty else ""
        figures = {"net_sales": ("gross", "deductions"), "profit": ("profit",), "units": ("units",)}.get(base, ())
        self.keys = {name: ("type", "date", "id") if name in self.ids else ("type", "date") for name in TYPES}
        self.keys |= {
            "trial_extended": ("type", "date", "months"), "statement": ("type", "date", "period", *figures),
            "payment": ("type", "date", "amount", "obligation"), "interest_paid": ("type", "date", "amount"),
        }

    def event(self, node: Node, place: int) -> Event:
        """One event."""
        if not isinstance(node.value, dict):
            node.refuse(N_("Give named values here."))
        name = node.at("type").one_of(TYPES)
        if name in _CLAUSES and not _CLAUSES[name](self.terms):
            node.at("type").refuse(N_("The terms have no clause for this event."))
        node.keys(*self.keys[name])
        day = node.at("date").day()
        if name in self.ids:
            return Event(name, day, place, id=self._id(node.at("id"), name))
        reader = self.readers.get(name)
        return Event(name, day, place, **reader(node)) if reader else Event(name, day, place)

    def _id(self, node: Node, name: str) -> str:
        if node.text() not in self.ids[name]:
            node.refuse(N_("The terms know nothing of this name."))
        return node.value

    def _money(self, node: Node) -> Decimal:
        return node.money(self.places)

    def _statement(self, node: Node) -> dict[str, Any]:
        values: dict[str, Any] = {"period": node.at("period").day()}
        base = self.terms.royalty.base if self.terms.royalty else ""
        if base == "units":
            return values | {"units": node.at("units").number()}
        if base == "profit":
            return values | {"profit": node.at("profit").signed_money(self.places)}
        return values | {"gross": self._money(node.at("gross")), "deductions": node.maybe("deductions", self._deductions, NONE)}

    def _deductions(self, node: Node) -> Mapping[str, Decimal]:
        if not isinstance(node.value, dict):
            node.refuse(N_("Give named values here."))
        return {key: self._money(node.at(key)) for key in node.value}

    def _payment(self, node: Node) -> dict[str, Any]:
        return {"amount": self._money(node.at("amount")), "obligation": node.maybe("obligation", Node.text, None)}
