"""Forms of recoveries: why somebody asks, and how an operator made sure who it is."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.web import Form, VersionedForm


class AskForm(Form):
    """What happened to the second factors."""

    reason = TextAreaField(_l("What happened, and how do we reach you?"), [DataRequired(message=_l("Please fill this in.")), Length(max=1000)])


class DecideForm(VersionedForm):
    """How the operator made sure who asks; needed whichever way the answer goes."""

    checked = TextAreaField(_l("How you made sure who it is"), [
        DataRequired(message=_l("Write down what you did. Without it nothing can be answered.")), Length(max=1000),
    ])
