"""Forms of the register: filters, an asset's acquisition and cost, a decision, the days of an export."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from marketplace.licensing.duties.forms import GIVE_DAY, LONG
from marketplace.licensing.duties.models import TYPED
from marketplace.licensing.duties.words import ACQUISITION_WORDS, ASSET_WORDS, DECISION_WORDS
from marketplace.licensing.forms import is_amount, minor
from marketplace.terms.payment import MINOR_UNITS
from marketplace.web import Form, PlainForm


class FilterForm(PlainForm):
    """Which assets to list."""

    state = SelectField(_l("State"), choices=[("", _l("all")), *ASSET_WORDS.items()], validate_choice=False)
    number = StringField(_l("Application or publication number"), [Length(max=40)])


class DaysForm(PlainForm):
    """Of which days decisions are listed."""

    first = DateField(_l("From"), [Optional()])
    last = DateField(_l("To"), [Optional()])


class AssetForm(Form):
    """How a technology was come by."""

    acquisition = SelectField(_l("Acquired by"), choices=list(ACQUISITION_WORDS.items()))
    acquired_on = DateField(_l("Acquired on"), [Optional()])
    cost = StringField(_l("Cost"), [Length(max=30), is_amount])
    currency = SelectField(_l("Currency"), choices=list(MINOR_UNITS))
    note = TextAreaField(_l("Remark"), [Length(max=LONG)])

    @property
    def minor(self) -> int | None:
        """The cost in minor units; None where none is given."""
        return minor(self.cost.data, self.currency.data) if (self.cost.data or "").strip() else None


class DecisionForm(Form):
    """What was decided."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    kind = SelectField(_l("What was decided"), choices=[(code, DECISION_WORDS[code]) for code in TYPED])
    technology = StringField(_l("Number of the technology, where it is about one"), [Length(max=40)])
    day = DateField(_l("Decided on"), [DataRequired(message=GIVE_DAY)])
    decided_by = StringField(_l("Decided by (body or person)"), [DataRequired(message=_l("Say who decided.")), Length(max=200)])
    basis = TextAreaField(_l("On what ground"), [DataRequired(message=_l("Say on what ground.")), Length(max=LONG)])
    minutes = FileField(_l("Minutes"))


class VoidForm(Form):
    """Why a decision counts no longer."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    basis = TextAreaField(_l("Why it counts no longer"), [DataRequired(message=_l("Say why.")), Length(max=LONG)])
    minutes = FileField(_l("Minutes"))


class ExportForm(Form):
    """The days of an export."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    first = DateField(_l("Decisions from"), [DataRequired(message=GIVE_DAY)])
    last = DateField(_l("To, and assets as of the end of"), [DataRequired(message=GIVE_DAY)])
