"""Choosing several of a list, in a box that scrolls or by ticks. What is not in the list any more is refused in words: wtforms has none for it in Chinese."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget


def several_of(label: Any, choices: list[Any] | None = None, **kwargs: Any) -> SelectMultipleField:
    """A field for several of these choices, each a code and its words; where none are given, the form fills them in."""
    return SelectMultipleField(label, choices=choices, invalid_choice_message=_l("Choose from the list again: %(value)s is not in it."), **kwargs)


def ticks_of(label: Any, choices: list[Any] | None = None, **kwargs: Any) -> SelectMultipleField:
    """The same with a box to tick before each choice."""
    return several_of(label, choices, widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), **kwargs)
