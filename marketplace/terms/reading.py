"""Reading JSON values strictly: each value knows its path, so that a refusal names just what is wrong.

Terms and events of an agreement are read through `Node`; what it accepts is terms.md "Values", to the letter. Messages
are ids for the catalogues, so that the command line and a form say the same in their own language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from marketplace.errors import N_

MOST = 9999
"""The greatest number of months or days that terms may name."""
LONGEST = 300
"""The characters of the longest figure that is read: its words are exact to 500 digits."""

_DECIMAL = re.compile(r"(?=\.?[0-9])([0-9]*)\.?([0-9]*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


class TermsError(ValueError):
    """Terms that cannot be read: the path of the offending value and a reason, a message id with its values."""

    def __init__(self, path: str, message: str, **values: Any) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message
        self.values = values

    @property
    def reason(self) -> str:
        """The reason in English."""
        return self.said(str)

    def said(self, gettext: Callable[[str], str]) -> str:
        """The reason in the language of a catalogue."""
        message = gettext(self.message)
        return message % self.values if self.values else message

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(slots=True)
class Node:
    """A value of the input with the path that leads to it; each reader returns the value or refuses it.

    Nothing changes one. It is not frozen because making a frozen one takes twice as long, and every value read makes one.
    """

    value: Any
    path: str

    def refuse(self, message: str, **values: Any) -> NoReturn:
        """Raise `TermsError` for this value."""
        raise TermsError(self.path, message, **values)

    def keys(self, *known: str) -> Node:
        """This object, having no other than the known keys."""
        if not isinstance(self.value, dict):
            self.refuse(N_("Give named values here."))
        for key in self.value:
            if key not in known:
                Node(None, f"{self.path}.{key}").refuse(N_("There is no such part of payment terms here."))
        return self

    def at(self, key: str) -> Node:
        """The value under a key that must be there."""
        inner = Node(self.value.get(key), f"{self.path}.{key}")
        if key not in self.value:
            inner.refuse(N_("Fill this in."))
        return inner

    def maybe(self, key: str, read: Callable[[Node], T], default: T) -> T:
        """What `read` makes of the value under a key, or the default where there is no such key."""
        return read(self.at(key)) if key in self.value else default

    def items(self) -> Iterator[Node]:
        """The members of this list."""
        if not isinstance(self.value, list):
            self.refuse(N_("Give a list here."))
        return (Node(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))

    def text(self) -> str:
        """Any text."""
        if not isinstance(self.value, str):
            self.refuse(N_("Give text here."))
        return self.value

    def one_of(self, choices: Sequence[str]) -> str:
        """One of some words."""
        if not isinstance(self.value, str) or self.value not in choices:
            self.refuse(N_("Choose one of: %(choices)s."), choices=", ".join(choices))
        return self.value

    def flag(self) -> bool:
        """True or false, and not a number for it."""
        if not isinstance(self.value, bool):
            self.refuse(N_("Say true or false."))
        return self.value

    def whole(self) -> int:
        """A number of months or days, 0 to `MOST`."""
        if type(self.value) is not int or not 0 <= self.value <= MOST:
            self.refuse(N_("Give a whole number from 0 to %(most)s."), most=MOST)
        return self.value

    def _digits(self) -> tuple[str, str]:
        """The digits before and after the point."""
        match = _DECIMAL.fullmatch(self.value) if isinstance(self.value, str) else None
        if not match:
            self.refuse(N_("Give a number in digits, such as 200000.00."))
        if len(match[0]) > LONGEST:
            self.refuse(N_("This is too long."))
        return match[1] or "0", match[2]

    def number(self) -> Decimal:
        """A quantity, of any fineness."""
        whole, part = self._digits()
        part = part.rstrip("0")
        return Decimal(f"{whole}.{part}" if part else whole)

    def rate(self) -> Decimal:
        """A share between 0 and 1."""
        rate = self.number()
        if rate > 1:
            self.refuse(N_("A rate cannot be above one hundred per cent."))
        return rate

    def money(self, places: int) -> Decimal:
        """An amount, no finer than the minor unit."""
        whole, part = self._digits()
        if len(part) > places:
            self.refuse(N_("Amounts in this currency have at most %(places)s decimal places."), places=places)
        return Decimal(f"{whole}.{part.ljust(places, '0')}" if places else whole)

    def signed_money(self, places: int) -> Decimal:
        """An amount that may be a loss: with a sign, or without."""
        text = self.value if isinstance(self.value, str) else ""
        if text[:1] not in ("-", "+"):
            return self.money(places)
        amount = Node(text[1:], self.path).money(places)
        return amount.copy_negate() if text[0] == "-" else amount

    def day(self) -> date:
        """An ISO calendar date."""
        try:
            if isinstance(self.value, str) and _DAY.fullmatch(self.value):
                return date.fromisoformat(self.value)
        except ValueError:
            pass
        self.refuse(N_("Give a date such as 2027-06-30."))
