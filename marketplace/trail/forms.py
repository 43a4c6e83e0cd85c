"""What is looked for in the trail."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional

from marketplace.web import Form

KIND_WORDS = (("events", _l("what happened")), ("alone", _l("changes that no event tells of")), ("readings", _l("what was read of blind listings")))


class TrailForm(Form):
    """The filters of the page."""

    kind = SelectField(_l("Show"), choices=KIND_WORDS, default="events")
    thing = StringField(_l("Table"), [Optional(), Length(max=63)])
    number = StringField(_l("Number of the row"), [Optional(), Length(max=15)])
    person = StringField(_l("Public id of the person"), [Optional(), Length(max=16)])
    since = DateField(_l("Since"), [Optional()])
