"""Forms of the worklist: putting off, declining, and what a technology manager works in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Regexp
from wtforms.widgets import CheckboxInput

from marketplace.catalogue.classification import field_choices, industry_choices
from marketplace.fields import several_of
from marketplace.matching.models import DECLINE_CODES
from marketplace.matching.words import DECLINE_WORDS
from marketplace.people import regions
from marketplace.web import Form, VersionedForm

NEXT = Regexp(r"^[a-z]{1,12}-[0-9A-Za-z-]{1,40}$|^$")


class PutOffForm(Form):
    """Until when a row is put off, and which row comes next."""

    kind = HiddenField(validators=[DataRequired(), Length(max=12)])
    thing = HiddenField(validators=[DataRequired(), Length(max=40)])
    days = IntegerField(validators=[DataRequired()])
    next = HiddenField(validators=[NEXT])


class DeclineForm(Form):
    """Why a pair is declined, and which row comes next."""

    code = SelectField(_l("Why not?"), choices=[("", _l("Choose")), *((code, DECLINE_WORDS[code]) for code in DECLINE_CODES)])
    text = StringField(_l("In your words"), [Length(max=2000)])
    next = HiddenField(validators=[NEXT])


class SpecialtyForm(VersionedForm):
    """What a technology manager works in; nothing chosen means everything."""

    industries = several_of(_l("Industries"), option_widget=CheckboxInput())
    fields = several_of(_l("Fields of technology"), option_widget=CheckboxInput())
    regions = several_of(_l("Regions"), option_widget=CheckboxInput())

    def offer_choices(self, language: str) -> None:
        """The codes to choose from, in the reader's language; of industries sections and divisions, which hold everything below them."""
        self["industries"].choices = [(code, name) for code, name in industry_choices(language) if len(code) <= 3]
        self["fields"].choices = [pair for group in field_choices(language).values() for pair in group]
        self["regions"].choices = list(regions.choices(language))
