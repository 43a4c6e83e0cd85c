"""The form of a comment beside a credit entry."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.licensing.credit.operations import LONGEST
from marketplace.web import Form


class CommentForm(Form):
    """What one side says beside an entry."""

    text = TextAreaField(_l("Comment"), [DataRequired(), Length(max=LONGEST)])
