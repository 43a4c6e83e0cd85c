"""Forms of sessions: who shows anew that it is him."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from marketplace.people import passwords
from marketplace.web import Form


class ProvePasswordForm(Form):
    """The password of the person who is signed in."""

    password = PasswordField(_l("Password"), [DataRequired(message=_l("Please fill this in.")), Length(max=passwords.LONGEST)])


class EndForForm(Form):
    """Whose sessions are to end."""

    address = StringField(_l("Mail address"), [DataRequired(message=_l("Please fill this in.")), Length(max=254)])


class FactorForm(Form):
    """Six digits of the app, or a recovery code."""

    code = StringField(_l("Code"), [DataRequired(message=_l("Please fill this in.")), Length(max=40)])


class SignedForm(Form):
    """What a passkey signed, which a script fills in."""

    passkey = HiddenField(validators=[Length(max=20_000)])
