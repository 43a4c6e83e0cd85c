"""Forms of keys: who holds shares, and a share that is brought."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import FormField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, Length, NumberRange, Optional

from marketplace.calls.sealing.operations import Named
from marketplace.calls.sealing.shares import MOST
from marketplace.terms.forms import Rows
from marketplace.web import Form, PlainForm


class HolderForm(PlainForm):
    """One holder; an empty row is passed over."""

    name = StringField(_l("Name"), [Length(max=120)])
    address = StringField(_l("Mail address"), [Optional(), Email(), Length(max=254)])
    public = StringField(_l("Public key"), [Length(max=200)])


class HoldersForm(Form):
    """Who holds shares, and how many of them must come together."""

    holders = Rows(FormField(HolderForm), min_entries=3, max_entries=MOST)
    needed = IntegerField(_l("How many of them are needed"), [Optional(), NumberRange(min=1, max=MOST)])

    def named(self) -> list[Named]:
        """The rows that are filled."""
        return [Named(row["name"], row["address"], row["public"]) for row in self.holders.data if any((row["name"], row["address"], row["public"]))]

    def validate(self, extra_validators: object = None) -> bool:
        """A row that is begun must be whole."""
        fine = super().validate(extra_validators)
        for entry in self.holders:
            parts = (entry.form.name, entry.form.address, entry.form.public)
            for field in parts if any(part.data for part in parts) else ():
                if not field.data:
                    field.errors = [*field.errors, field.gettext("This field is required.")]
                    fine = False
        self.holders.errors = [entry.form.errors for entry in self.holders if entry.form.errors]
        return fine


class ShareForm(Form):
    """A share, as the holder's own machine printed it."""

    share = TextAreaField(_l("Your share"), [DataRequired(), Length(max=400)])
