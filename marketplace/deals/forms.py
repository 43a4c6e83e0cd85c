"""Forms of deals: which to list, why one is lost, what is asked for."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.deals.models import SIDES, STAGES
from marketplace.deals.words import SIDE_WORDS, STAGE_WORDS
from marketplace.matching.models import DECLINE_CODES
from marketplace.matching.words import DECLINE_WORDS
from marketplace.web import Form, PlainForm

NEEDED = DataRequired(_l("Please fill this in."))
CODES = [("", _l("Choose")), *((code, DECLINE_WORDS[code]) for code in DECLINE_CODES)]


class FilterForm(PlainForm):
    """Which deals to list; it is read from the address."""

    stage = SelectField(_l("Stage"), choices=[
        ("", _l("all stages")), ("open", _l("all open ones")), *((stage, STAGE_WORDS[stage]) for stage in STAGES)], validate_choice=False)
    side = SelectField(_l("Your side"), choices=[("", _l("any side")), *((side, SIDE_WORDS[side]) for side in SIDES)], validate_choice=False)
    order = SelectField(_l("Order"), choices=[("", _l("what moved last first")), ("due", _l("what is due within 30 days"))], validate_choice=False)
    q = StringField(_l("Words"))


class LoseForm(Form):
    """Why a deal is given up."""

    code = SelectField(_l("Why?"), choices=CODES)
    text = TextAreaField(_l("In your words"), [Length(max=2000)])


class AskForm(Form):
    """An introduction asked for: for which organisation, about which of its own listings, and a word to the technology managers."""

    organisation = SelectField(_l("For"), choices=[], validate_choice=False)
    own = SelectField(_l("Which of yours it is about"), choices=[], validate_choice=False)
    message = TextAreaField(_l("A word to the technology managers"), [Length(max=2000)])
