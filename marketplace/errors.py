"""What can go wrong for a person, and in which words.

Three errors and no more: the request is understood and refused (`Refused`), the actor may not do it (`NotAllowed`), or
there is no such thing for this actor (`NotFound`). Each carries an English message id with ``%(name)s`` places and the
values for them; `web` and mail translate. This module stands left of everything, so that any package may raise them.
"""

from __future__ import annotations

from typing import Any


def N_(message: str) -> str:
    """Mark a message id for the catalogues without translating it here."""
    return message


class Several(str):
    """A message id that has a form for one and a form for many; `number` names the value that chooses between them."""

    many: str
    number: str


def several(one: str, many: str, number: str) -> Several:
    """Mark a message id with both of its forms for the catalogues; the value `number` of the problem, a whole number, chooses."""
    found = Several(one)
    found.many, found.number = many, number
    return found


class Problem(Exception):
    """What the three errors share: a message id, its values and, where known, the form field it belongs to."""

    def __init__(self, message: str, field: str | None = None, **values: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.values = values

    def __str__(self) -> str:
        message = self.message.many if isinstance(self.message, Several) and self.values[self.message.number] != 1 else self.message
        return message % self.values if self.values else message


class Refused(Problem):
    """The request is understood and cannot be carried out; the message says what to do next."""


class NotAllowed(Problem):
    """This actor may not take this step; signing in or another role might help."""

    def __init__(self, message: str = N_("You may not do this."), field: str | None = None, **values: Any) -> None:
        super().__init__(message, field, **values)


class NotFound(Problem):
    """There is no such thing, or none that this actor may know of; the two are told apart nowhere."""

    def __init__(self, message: str = N_("There is no such page or it is not open to you."), field: str | None = None, **values: Any) -> None:
        super().__init__(message, field, **values)
