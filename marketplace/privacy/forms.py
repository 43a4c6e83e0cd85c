"""Forms of erasure: by the person, with the password; by an operator, with the address of whoever asked."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, PasswordField
from wtforms.validators import DataRequired, Length

from marketplace.people.forms import ADDRESS, needed
from marketplace.web import Form


class EraseForm(Form):
    """The erasure of one's own account."""

    password = PasswordField(_l("Your present password"), [needed(), Length(max=200)])
    sure = BooleanField(_l("I know that this cannot be undone"), [DataRequired(_l("Tick this to go on."))])


class EraseForForm(Form):
    """The erasure of somebody's account who asked for it."""

    address = EmailField(_l("Mail address"), [needed(), Length(max=ADDRESS)])
    sure = BooleanField(_l("The person has asked for it, and I have made sure who it is"), [DataRequired(_l("Tick this to go on."))])
