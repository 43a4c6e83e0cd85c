"""Forms of parties: invite, remove, how one is reached, who takes the deal over."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.web import Form

NEEDED = DataRequired(_l("Please fill this in."))


class InviteForm(Form):
    """Somebody invited for a side."""

    address = StringField(_l("Mail address"), [NEEDED, Length(max=254)])
    side = SelectField(_l("For"), choices=[], validate_choice=False)
    duty = StringField(_l("What for"), [Length(max=120)])


class RemoveForm(Form):
    """Why somebody's part ends."""

    reason = TextAreaField(_l("Why"), [Length(max=2000)])


class ReachForm(Form):
    """What one does in the deal and how one is reached."""

    duty = StringField(_l("What I do in this deal"), [Length(max=120)])
    phone = StringField(_l("Telephone"), [Length(max=40)])


class SuccessorForm(Form):
    """Who leads the deal from now on."""

    successor = SelectField(_l("Technology manager"), choices=[], validate_choice=False)
