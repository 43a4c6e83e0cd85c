"""Forms of access to blind listings: ask, answer, the NDA, the code, the operator's look."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from marketplace.people.models import Organisation
from marketplace.web import Form, VersionedForm

HOUSE = ZoneInfo("Asia/Shanghai")  # whose days the ends of accesses are


def end_of(day: date | None) -> datetime | None:
    """The moment at which a day is over."""
    return datetime.combine(day + timedelta(days=1), time.min, HOUSE) if day else None


class AskForm(Form):
    """For whom, and what for."""

    organisation = SelectField(_l("For which organisation"))
    purpose = TextAreaField(_l("What you want to do with it"), [DataRequired(message=_l("Please fill this in.")), Length(max=2000)])

    def offer(self, organisations: list[Organisation], language: str) -> None:
        """The organisations that the person acts for."""
        self.organisation.choices = [SelectChoice(one.public_id, one.called(language)) for one in organisations]


class AnswerForm(VersionedForm):
    """The owner's answer, or a change of it: until when, or why not."""

    until = DateField(_l("Access until"), [Optional()])
    reason = TextAreaField(_l("Your reason"), [Length(max=1000)])


class NdaForm(VersionedForm):
    """From our template, or a PDF of the owner's own; and whether the last signature gives the access."""

    years = IntegerField(_l("Years for which it binds"), [Optional()])
    named = BooleanField(_l("Name our organisation in it"))
    file = FileField(_l("Your own agreement instead, as a PDF"))
    give = BooleanField(_l("Give the access as soon as both sides have signed"))
    until = DateField(_l("Access until"), [Optional()])


class SignForm(Form):
    """What the person has read: the hash of the text."""

    sha256 = HiddenField(validators=[DataRequired()])


class CodeForm(SignForm):
    """The code from the mail."""

    code = StringField(_l("Code from the mail"), [DataRequired(message=_l("Enter the code that we sent you by mail.")), Length(max=20)])


class LookForm(Form):
    """Why the operator must look into a blind listing."""

    reason = TextAreaField(_l("Your reason"), [DataRequired(message=_l("Please fill this in.")), Length(max=1000)])
