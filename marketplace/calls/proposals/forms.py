"""The form of a proposal: text against what the call asks for and its criteria, and files."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from marketplace.calls.models import Call
from marketplace.db import in_language
from marketplace.people.models import Organisation
from marketplace.terms.figures import typed_amount
from marketplace.terms.payment import MINOR_UNITS, to_minor
from marketplace.web import Form, PlainForm, language

LONG = 20_000
TEXTS = ("title", "summary", "plan", "team", "schedule")


class CriterionForm(PlainForm):
    """What the solver says to one criterion."""

    position = HiddenField()
    text = TextAreaField(_l("What you say to it"), [Optional(), Length(max=LONG)])


class ProposalForm(Form):
    """A proposal; sending it again takes the place of what was sent before. `version` is that of the proposal as the form was opened."""

    version = HiddenField()
    organisation = SelectField(_l("For which organisation"))
    title = StringField(_l("Title of the proposal"), [DataRequired(), Length(max=200)])
    summary = TextAreaField(_l("Summary"), [DataRequired(), Length(max=LONG)])
    plan = TextAreaField(_l("How you will solve it"), [DataRequired(), Length(max=LONG)])
    team = TextAreaField(_l("Who will work on it"), [Optional(), Length(max=LONG)])
    price = StringField(_l("Price"), [Optional(), Length(max=30)])
    schedule = TextAreaField(_l("Schedule"), [Optional(), Length(max=LONG)])
    criteria = FieldList(FormField(CriterionForm), max_entries=100)
    files = MultipleFileField(_l("Files"))

    def offer(self, organisations: list[Organisation], call: Call) -> None:
        """Fill the list of organisations, and a row for each criterion."""
        self.organisation.choices = [(one.public_id, one.called(language())) for one in organisations]
        self.currency = call.currency
        if not self.criteria.entries:
            for criterion in call.criteria:
                self.criteria.append_entry({"position": str(criterion.position), "text": ""})
        titles = {str(criterion.position): in_language(criterion.title, language())[0] for criterion in call.criteria}
        for row in self.criteria:
            row.form.text.label.text = titles.get(row.form.position.data or "", row.form.text.label.text)

    def validate_price(self, field: StringField) -> None:
        """An amount that can be read, not below zero."""
        if field.data and self.minor() is None:
            raise ValidationError(field.gettext("Not a valid decimal value."))

    def minor(self) -> int | None:
        """The price in minor units; None where none was typed, or none that can be read."""
        try:
            amount = Decimal(typed_amount(self.price.data or ""))
            return to_minor(amount, self.currency) if amount.is_finite() and 0 <= amount < 10**15 and self.currency in MINOR_UNITS else None
        except InvalidOperation:
            return None

    def text(self) -> dict[str, Any]:
        """What was typed, as it is sealed."""
        price = self.minor()
        said = {name: (self[name].data or "").strip() for name in TEXTS}
        answers = {row.form.position.data: row.form.text.data.strip() for row in self.criteria if row.form.text.data and row.form.position.data}
        return {**said, "language": language(), "criteria": answers, "price": {"amount": price, "currency": self.currency} if price is not None else None}

