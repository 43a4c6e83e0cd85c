"""What forms are made of beyond wtforms: choosing several of a list, and whole numbers that pages write for themselves and a browser sends back."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget


def several_of(label: Any, choices: list[Any] | None = None, **kwargs: Any) -> SelectMultipleField:
    """A field for several of these choices, each a code and its words; where none are given, the form fills them in. What is not in the list any more is
    refused in words of ours: wtforms has none in Chinese."""
    return SelectMultipleField(label, choices=choices, invalid_choice_message=_l("Choose from the list again: %(value)s is not in it."), **kwargs)


def ticks_of(label: Any, choices: list[Any] | None = None, **kwargs: Any) -> SelectMultipleField:
    """The same with a box to tick before each choice."""
    return several_of(label, choices, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), **kwargs)


def number_in(text: str | None, digits: int = 9) -> int | None:
    """The whole number that a text is, written in at most so many of the digits 0 to 9; None for every other text."""
    return int(text) if text and len(text) <= digits and text.isascii() and text.isdigit() else None
