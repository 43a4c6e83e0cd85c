"""Forms under a signed agreement: an event with its day, a correction, a dispute and its settlement."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from marketplace.web import Form


class EventForm(Form):
    """What happened, on which day; `fields` says which further fields the kind of event has."""

    key = HiddenField(validators=[DataRequired(), Length(max=60)])
    day = DateField(_l("Day"), [DataRequired(message=_l("Give the day on which it happened."))])
    id = SelectField(_l("Which"), choices=[], validate_choice=False)
    months = IntegerField(_l("Months"), [Optional(), NumberRange(1, 120)])
    reason = TextAreaField(_l("Reason"), [Length(max=5000)])

    def keep(self, names: tuple[str, ...], choices: tuple[str, ...]) -> None:
        """Leave only these further fields, and offer the names to choose from."""
        for name in ("id", "months", "reason"):
            if name not in names:
                del self[name]
        if "id" in names:
            self.id.choices = [(name, name) for name in choices]

    def values(self) -> dict[str, str | int]:
        """The further values of the event, as terms.md names them."""
        return {name: self[name].data for name in ("id", "months") if name in self and self[name].data not in (None, "")}


class CorrectionForm(Form):
    """Which event is wrong, and why."""

    event = HiddenField(validators=[DataRequired()])
    reason = TextAreaField(_l("What is wrong with it"), [DataRequired(message=_l("Say what is wrong with it.")), Length(max=5000)])


class DisputeForm(Form):
    """What is disputed."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    subject = StringField(_l("Subject"), [DataRequired(message=_l("Say what is disputed.")), Length(max=200)])
    text = TextAreaField(_l("What happened, and what you ask for"), [DataRequired(message=_l("Say what is disputed.")), Length(max=20_000)])


class SettlementForm(Form):
    """On what both sides agree."""

    settlement = TextAreaField(_l("The settlement"), [DataRequired(message=_l("Write down what you agree upon.")), Length(max=20_000)])


class AcceptForm(Form):
    """The settlement that was read."""

    settlement = HiddenField()
