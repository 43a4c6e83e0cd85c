"""What is looked for in one's own history."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField
from wtforms.validators import Optional

from marketplace.trail.own.words import KIND_WORDS
from marketplace.web import Form


class SinceForm(Form):
    """The filter of an account's history."""

    since = DateField(_l("Since"), [Optional()])


class HistoryForm(SinceForm):
    """The filters of an organisation's history."""

    kind = SelectField(_l("Show"), choices=list(KIND_WORDS.items()), default="")
