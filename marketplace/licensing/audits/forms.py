"""Forms of audits: asking for one, its findings, and what the licensee says to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.errors import Problem
from marketplace.licensing.statements.forms import typed_figure
from marketplace.licensing.statements.operations import LONGEST
from marketplace.terms.figures import typed_amount
from marketplace.terms.royalty import Period
from marketplace.web import Form, PlainForm, VersionedForm, in_words, new_token

AUDITED = "审计认定 As audited"
"""The name of the deductions that an audit found, in a corrected statement; it stands in data that both languages read."""


class AuditForm(Form):
    """Which periods, and why."""

    key = HiddenField(default=new_token)
    first = SelectField(_l("First period"))
    until = SelectField(_l("Last period"))
    reason = TextAreaField(_l("Why"), [DataRequired(), Length(max=LONGEST)])

    def offer_periods(self, periods: Sequence[Period], words: Any) -> None:
        """Fill the lists of periods."""
        self.first.choices = self.until.choices = [(one.first.isoformat(), words(one)) for one in periods]


class FindingForm(PlainForm):
    """What was found for one period; empty when nothing was looked at."""

    period = HiddenField()
    gross = StringField(_l("Gross sales found"), [Length(max=30)])
    deductions = StringField(_l("Deductions found (empty: as stated)"), [Length(max=30)])
    profit = StringField(_l("Profit found"), [Length(max=30)])
    units = StringField(_l("Units found"), [Length(max=30)])


class FindingsForm(VersionedForm):
    """What an audit found, period by period, and what follows."""

    findings = FieldList(FormField(FindingForm))
    conclusion = TextAreaField(_l("Conclusion"), [DataRequired(), Length(max=LONGEST)])
    cost = StringField(_l("Cost of the audit"), [Length(max=30)])

    def found(self, figure: str, stated: dict[date, dict[str, Any]]) -> dict[date, dict[str, Any]]:
        """Period → the figures found, as the event `statement` has them."""
        rows = {}
        for row in self.findings.data:
            typed = (row[figure] or "").strip()
            if not typed:
                continue
            period = date.fromisoformat(row["period"])
            rows[period] = {figure: typed_figure(typed, signed=figure == "profit")}
            if figure == "gross":
                own = (row["deductions"] or "").strip()
                kept = {AUDITED: typed_amount(own)} if own else stated.get(period, {}).get("deductions", {})
                rows[period] |= {"deductions": kept} if kept else {}
        return rows

    def refuse(self, problem: Problem) -> None:
        """A refused finding (`2026-01-01.gross`) stands in the row of its period."""
        period, _, figure = (problem.field or "").partition(".")
        row = next((one for one in self.findings if one.form.period.data == period), None)
        if row is None:
            super().refuse(problem)
        else:
            name = figure.partition(".")[0]
            field = row.form[name if name in row.form else "gross"]
            field.errors = [*field.errors, in_words(problem.message, problem.values)]
