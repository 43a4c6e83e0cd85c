"""Forms of examples: the words in it, and the answer to what was found."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired

from marketplace.web import Form


class WordsForm(Form):
    """The words of the example; how long they may be says the operation."""

    title = StringField(_l("Title"))
    text = TextAreaField(_l("In plain words"), [DataRequired()])


class ExampleAnswerForm(Form):
    """What was found, and whether it is kept."""

    key = HiddenField()
    answer = HiddenField()
