"""Forms of second factors."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from marketplace.web import Form


class FirstCodeForm(Form):
    """The first code of an app, which shows that it was set up right."""

    code = StringField(_l("Six digits from the app"), [DataRequired(message=_l("Please fill this in.")), Length(max=40)])


class PasskeyForm(Form):
    """What the device answered, as JSON, and what the person calls it."""

    name = StringField(_l("Name of the device"), [DataRequired(message=_l("Please fill this in.")), Length(max=60)])
    passkey = HiddenField(validators=[Length(max=20_000)])
