"""Forms of duties: pricing, notice, objections and their answers, recordal, registration and its number."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from marketplace.licensing.duties.operations import File
from marketplace.licensing.duties.registration.form_data import ASKED, FIELDS, KINDS
from marketplace.licensing.duties.words import PRICING_WORDS
from marketplace.licensing.forms import is_amount
from marketplace.licensing.words import SIDE_WORDS
from marketplace.web import Form, language

LONG = 5000
GIVE_DAY = _l("Give the day.")


def sent(field: FileField) -> File | None:
    """The file that was sent in a field: its stream and name; None where there is none."""
    return (field.data.stream, field.data.filename) if field.data and field.data.filename else None


class PricingForm(Form):
    """How the price was found."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    mode = SelectField(_l("How the price was found"), choices=list(PRICING_WORDS.items()))
    decided_by = StringField(_l("Decided by (body or person)"), [DataRequired(message=_l("Say who decided.")), Length(max=200)])
    decided_on = DateField(_l("Decided on"), [DataRequired(message=GIVE_DAY)])
    basis = TextAreaField(_l("On what ground"), [Length(max=LONG)])
    minutes = FileField(_l("Minutes, or the result of the listing or auction"))


class NoticeForm(Form):
    """What is published of the price, and whether the buyer is related."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    abstract_zh = TextAreaField(_l("What the technology is, in Chinese"), [Length(max=LONG)])
    abstract_en = TextAreaField(_l("What the technology is, in English"), [Length(max=LONG)])
    days = IntegerField(_l("Days of the notice"), [
        DataRequired(message=_l("Give a number of days from 1 to 365.")), NumberRange(1, 365, message=_l("Give a number of days from 1 to 365."))])
    names_licensee = BooleanField(_l("Name the buyer on the site as well; inside the institute it is named anyhow"))
    related = RadioField(
        _l("Is the buyer related: do inventors or staff of the institute, or their families, own, run or work for it?"),
        [InputRequired(message=_l("Answer this question."))], choices=[("no", _l("no")), ("yes", _l("yes"))],
    )
    related_note = TextAreaField(_l("How it is related, or why it is not although something speaks for it"), [Length(max=LONG)])


class ObjectionForm(Form):
    """What is objected."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    text = TextAreaField(_l("What you object to, and why"), [DataRequired(message=_l("Say what you object to.")), Length(max=LONG)])
    file = FileField(_l("A file that shows it"))


class PaperObjectionForm(ObjectionForm):
    """An objection that came otherwise."""

    received_from = StringField(_l("From whom"), [DataRequired(message=_l("Say from whom it came.")), Length(max=200)])
    received_on = DateField(_l("It came on"), [DataRequired(message=GIVE_DAY)])


class AnswerForm(Form):
    """The institute's answer to an objection."""

    verdict = RadioField(_l("Your answer"), [InputRequired(message=_l("Choose an answer."))], choices=[
        ("rejected", _l("The objection is rejected: the clock goes on for the days that were left")),
        ("upheld", _l("The objection is right: the notice ends, another price is published")),
    ])
    reasons = TextAreaField(_l("Reasons"), [DataRequired(message=_l("Say why.")), Length(max=LONG)])


class FileRecordalForm(Form):
    """That a recordal was filed."""

    filed_on = DateField(_l("Filed on"), [DataRequired(message=GIVE_DAY)])
    file = FileField(_l("Receipt of the office"))


class RecordForm(Form):
    """What the patent office gave."""

    number = StringField(_l("Number of the recordal"), [DataRequired(message=_l("Give the number.")), Length(max=40)])
    recorded_on = DateField(_l("Recorded on"), [DataRequired(message=GIVE_DAY)])
    file = FileField(_l("Certificate of the office"))


class RegistrationForm(Form):
    """What the registration asks beyond the agreement. The fields of `fields.toml` are added below, one for each that is asked."""

    currency = HiddenField()
    kind = SelectField(_l("Kind of contract"))
    side = SelectField(_l("Registered by"), choices=list(SIDE_WORDS.items()))
    total = StringField(_l("Total amount of the contract"), [DataRequired(message=_l("Give an amount.")), Length(max=30), is_amount])
    technology_amount = StringField(_l("Of it technology amount"), [DataRequired(message=_l("Give an amount.")), Length(max=30), is_amount])
    seller_address = StringField(_l("Seller's address"), [Length(max=200)])
    buyer_address = StringField(_l("Buyer's address"), [Length(max=200)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = [(code, label[language()]) for code, label in KINDS.items()]
        for field in FIELDS:
            if field["code"] in ASKED:
                kinds = field.get("kinds", ())
                only = f" ({'、'.join(KINDS[kind][language()] for kind in kinds)})" if kinds else ""
                self[f"asked_{field['code']}"].label.text = field["label"][language()] + only

    @property
    def asked(self) -> list[Any]:
        """The fields of the form's own, in its order."""
        return [self[f"asked_{code}"] for code in ASKED]


for _code in ASKED:
    setattr(RegistrationForm, f"asked_{_code}", StringField("", [Length(max=300)]))


class NumberForm(Form):
    """What the registration office gave."""

    number = StringField(_l("Registration number"), [DataRequired(message=_l("Give the number.")), Length(max=40)])
    registered_on = DateField(_l("Registered on"), [DataRequired(message=GIVE_DAY)])
    file = FileField(_l("Certificate of the office"))
