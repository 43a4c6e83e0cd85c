"""The form of one side's answer to the introduction."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import AnyOf, Length

from marketplace.matching.models import DECLINE_CODES
from marketplace.matching.words import DECLINE_WORDS
from marketplace.web import Form


class ConsentForm(Form):
    """Yes, or no with the reason, under the fee that was read."""

    side = HiddenField(validators=[AnyOf(("firm", "holder"))])
    revision = HiddenField()
    agreed = HiddenField(validators=[AnyOf(("yes", "no"))])
    code = SelectField(_l("Why not?"), choices=[("", _l("Choose")), *((code, DECLINE_WORDS[code]) for code in DECLINE_CODES)])
    text = TextAreaField(_l("In your words"), [Length(max=2000)])
