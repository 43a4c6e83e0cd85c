"""Forms of matching: the answer of one side to a match."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, TextAreaField
from wtforms.validators import AnyOf, Length

from marketplace.matching.models import ANSWERS, DECLINE_CODES
from marketplace.matching.words import DECLINE_WORDS
from marketplace.web import VersionedForm


class AnswerForm(VersionedForm):
    """Accept, shortlist, decline, or take the answer back; a decline says why."""

    side = HiddenField()
    answer = HiddenField(validators=[AnyOf(ANSWERS)])
    code = SelectField(_l("Why not?"), choices=[("", _l("Choose")), *((code, DECLINE_WORDS[code]) for code in DECLINE_CODES)])
    text = TextAreaField(_l("In your words"), [Length(max=2000)])
