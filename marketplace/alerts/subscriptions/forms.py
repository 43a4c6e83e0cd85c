"""The form of a subscription: its name, how often, and when."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length

from marketplace.alerts.subscriptions.models import HOUR, MONDAY, ZONE
from marketplace.alerts.subscriptions.operations import NAME
from marketplace.alerts.subscriptions.words import PACE_WORDS, WEEKDAYS
from marketplace.web import VersionedForm


class SubscriptionForm(VersionedForm):
    """Name and pace; the weekday matters for a weekly one alone, the hour not for one that is told at once."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=NAME)])
    pace = SelectField(_l("How often"), choices=list(PACE_WORDS.items()))
    weekday = SelectField(_l("Weekday"), choices=list(enumerate(WEEKDAYS)), coerce=int, default=MONDAY)
    hour = SelectField(_l("Hour"), choices=[(hour, f"{hour:02}:00") for hour in range(24)], coerce=int, default=HOUR)
    zone = StringField(_l("Time zone"), [DataRequired(), Length(max=40)], default=ZONE)

    def offer(self, paces: Sequence[str]) -> None:
        """How often this one can be told."""
        self.pace.choices = [(pace, PACE_WORDS[pace]) for pace in paces]
