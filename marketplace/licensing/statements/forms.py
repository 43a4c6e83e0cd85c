"""Forms of statements: the figures, a table of sales, and what one side writes to the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import FieldList, FormField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.errors import Problem
from marketplace.licensing.statements.models import Statement
from marketplace.licensing.statements.operations import LONGEST
from marketplace.terms.figures import typed_amount
from marketplace.web import Form, PlainForm, VersionedForm, new_token

ROWS, MOST = 3, 30
FIGURES = ("gross", "profit", "units")


class DeductionForm(PlainForm):
    """One deduction from the gross sales, by its name in the agreement."""

    name = StringField(_l("Deducted for"), [Length(max=80)])
    amount = StringField(_l("Amount"), [Length(max=30)])


class StatementForm(VersionedForm):
    """The figures of one period; which of them are asked for depends on the base of the royalty."""

    key = HiddenField(default=new_token)
    gross = StringField(_l("Gross sales"), [Length(max=30)])
    deductions = FieldList(FormField(DeductionForm), min_entries=ROWS, max_entries=MOST)
    profit = StringField(_l("Profit (a loss with a minus sign)"), [Length(max=30)])
    units = StringField(_l("Units sold"), [Length(max=30)])
    note = TextAreaField(_l("Note to the licensor"), [Length(max=LONGEST)])

    def values(self, figure: str) -> dict[str, Any]:
        """The figures as the event `statement` has them; an empty field stays empty and is refused where the figure is needed."""
        found: dict[str, Any] = {figure: typed_figure(getattr(self, figure).data or "", signed=figure == "profit")}
        named = {name: typed_amount(amount) for name, amount in self._deducted()} if figure == "gross" else {}
        return found | ({"deductions": named} if named else {})

    def _deducted(self) -> Iterator[tuple[str, str]]:
        for row in self.deductions.data:
            name, amount = (row["name"] or "").strip(), (row["amount"] or "").strip()
            if name or amount:
                yield name, amount

    def complete(self) -> bool:
        """Whether each deduction has a name and an amount, and no name comes twice; what is wrong is put beside it."""
        seen: set[str] = set()
        for row in self.deductions:
            name, amount = (row.form.name.data or "").strip(), (row.form.amount.data or "").strip()
            if amount and not name:
                row.form.name.errors = [_l("Name what is deducted.")]
            elif name in seen and name:
                row.form.name.errors = [_l("This name is used twice in the list.")]
            seen.add(name)
        return not any(row.form.name.errors for row in self.deductions)

    def refuse(self, problem: Problem) -> None:
        """A refused deduction (`deductions.freight`) stands in the row of its name."""
        head, _, name = (problem.field or "").partition(".")
        row = next((one for one in self.deductions if head == "deductions" and (one.form.name.data or "").strip() == name), None)
        if row is None:
            super().refuse(problem)
        else:
            row.form.amount.errors = [*row.form.amount.errors, _l(problem.message, **problem.values)]

    def add_row(self) -> None:
        """One more empty row of deductions."""
        if len(self.deductions) < MOST:
            self.deductions.append_entry()

    @classmethod
    def of(cls, statement: Statement) -> StatementForm:
        """The form filled with a draft."""
        values = statement.values
        rows = [{"name": name, "amount": amount} for name, amount in values.get("deductions", {}).items()]
        data = {name: values.get(name, "") for name in FIGURES}
        return cls(data={**data, "deductions": [*rows, {}] if rows else [{}] * ROWS, "note": statement.note, "key": statement.key,
                         "version": str(statement.version_id)})


def typed_figure(text: str, signed: bool) -> str:
    """A figure as people type it; a loss may begin with a minus sign of either script."""
    plain = text.strip().replace("−", "-").replace("－", "-")
    if signed and plain.startswith("-"):
        return f"-{typed_amount(plain[1:])}"
    return typed_amount(plain)


class SalesFileForm(Form):
    """A table of sales."""

    key = HiddenField(default=new_token)
    file = FileField(_l("Table of sales (xlsx or csv)"), [FileRequired(_l("Choose a file first."))])


class TextForm(Form):
    """What one side writes to the other."""

    text = TextAreaField(_l("Text"), [DataRequired(), Length(max=LONGEST)])
