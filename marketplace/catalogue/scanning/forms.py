"""The form of the operator's answer to a file that is held back."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.web import Form


class AnswerForm(Form):
    """Release or delete, and why."""

    verb = SelectField(_l("What happens with it"), choices=[("delete", _l("delete it")), ("release", _l("release it: whoever may read it can open it"))])
    reason = TextAreaField(_l("Reason"), [DataRequired(message=_l("Say why: whoever brought the file reads it.")), Length(max=1000)])
