"""What is wrong with a refused form, one line for each mistake, with where on the page it is mended.

A page lists them above the form and links each (the error summary of GOV.UK's design system): somebody who does not see the red line on the
third screen reads it first, and one press is in the field. Fields in rows are told with the number of their row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from wtforms import Field, FieldList, FormField, HiddenField, RadioField, SelectMultipleField
from wtforms.widgets import CheckboxInput

_SCRIPTED = "CSRFTokenField"


@dataclass(frozen=True)
class Mistake:
    """One message: the field's name in words, the row it stands in (0: in none), and the id of what is to be mended ("" where nothing shows)."""

    label: Any
    row: int
    place: str
    message: str


def mistakes(form: Any) -> list[Mistake]:
    """All messages beside the fields of a form, in the order of its fields."""
    return list(_of_fields(form, 0))


def _of_fields(fields: Any, row: int) -> Iterator[Mistake]:
    for field in fields:
        yield from _of_field(field, row)


def _of_field(field: Field, row: int) -> Iterator[Mistake]:
    if isinstance(field, FormField):
        yield from _of_fields(field.form, row)
        return
    for message in field.errors:
        if isinstance(message, str) or not isinstance(message, dict | list):  # a list of rows repeats its rows' messages as dictionaries
            yield Mistake(field.label.text, row, _place(field), str(message))
    if isinstance(field, FieldList):
        for number, entry in enumerate(field.entries, 1):
            yield from _of_field(entry, number)


def _place(field: Field) -> str:
    """The id of the control that takes the focus: of boxes and of rows the first."""
    if isinstance(field, HiddenField) or field.type == _SCRIPTED:
        return ""
    if isinstance(field, FieldList):
        return _place(next(iter(field.entries))) if field.entries else ""
    if isinstance(field, FormField):
        return next((place for each in field.form if (place := _place(each))), "")
    if isinstance(field, RadioField) or (isinstance(field, SelectMultipleField) and isinstance(field.option_widget, CheckboxInput)):
        return f"{field.id}-0" if field.choices else ""
    return field.id
