"""A form with a field of each kind, so that each can be shown plain, with help, with an error and disabled."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, EmailField, FieldList, FormField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired

from marketplace.needs.forms import TargetForm
from marketplace.web import Form


class SpecimenForm(Form):
    """Fields that nobody sends; `show_errors` has some of them refused."""

    plain = StringField(_l("Plain field"))
    required = StringField(_l("Required field"), [InputRequired()])
    helped = EmailField(_l("Field with help"))
    wrong = StringField(_l("Refused field"), [InputRequired()])
    disabled = StringField(_l("Disabled field"), render_kw={"disabled": True})
    noted = StringField(_l("Field with a remark of the checks"))
    secret = PasswordField(_l("Password"))
    day = DateField(_l("Day"))
    choice = SelectField(_l("Choice"), choices=[("a", _l("first choice")), ("b", _l("second choice"))])
    wrong_choice = SelectField(_l("Refused choice"), choices=[("", _l("Choose"))])
    text = TextAreaField(_l("Long text"))
    tick = BooleanField(_l("A tick"))
    wrong_tick = BooleanField(_l("A refused tick"))
    title_zh = StringField(_l("Title in Chinese"))
    title_en = StringField(_l("Title in English"))
    language = SelectField(_l("Language you write in"), choices=[("zh", "中文"), ("en", "English")])
    targets = FieldList(FormField(TargetForm), min_entries=2)
    file = FileField(_l("File"))
    visibility = SelectField(_l("Who may read it"), choices=[("blind", _l("blind"))], default="blind")
    teaser_zh = TextAreaField(_l("Teaser in Chinese"))
    teaser_en = TextAreaField(_l("Teaser in English"))
    nda_required = BooleanField(_l("Access only after a confidentiality agreement"))

    def show_errors(self) -> SpecimenForm:
        """Give the refused fields what a refusal says, and one field what the checks say."""
        self.wrong.errors = [_("Please fill this in.")]
        self.wrong_choice.errors = [_("Please choose one.")]
        self.wrong_tick.errors = [_("Without this it cannot go on.")]
        self.noted.notes = [
            {"severity": severity, "message": message, "source": "", "unverified": False}
            for severity, message in (("refuse", _("This cannot be agreed.")), ("warn", _("This is unusual.")), ("inform", _("This is how it is read.")))
        ]
        return self
