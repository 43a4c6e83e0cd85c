"""Forms of signing: ask for a code, enter it; and the question whether something was signed here."""

from __future__ import annotations

import re

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length, ValidationError

from marketplace.web import Form


class AskForm(Form):
    """What the person has read: which version or certificate, and the hash of its text."""

    number = HiddenField(validators=[DataRequired()])
    sha256 = HiddenField(validators=[DataRequired()])


class CodeForm(Form):
    """The code from the mail, and the hash of the text on the page into which it is typed."""

    sha256 = HiddenField(validators=[DataRequired()])
    code = StringField(_l("Code from the mail"), [DataRequired(message=_l("Enter the code that we sent you by mail.")), Length(max=20)])


class VerifyForm(Form):
    """A hash, or a file whose hash is to be looked up; one of them."""

    sha256 = StringField(_l("SHA-256 value"), [Length(max=100)])
    file = FileField(_l("The file itself"))

    def validate_sha256(self, field: StringField) -> None:
        """64 hexadecimal digits, however they are written; empty where a file is sent."""
        field.data = re.sub(r"[\s:]", "", field.data or "").lower()
        if not self.file.data and not re.fullmatch(r"[0-9a-f]{64}", field.data):
            raise ValidationError(_l("Enter the 64 hexadecimal digits of a SHA-256 value, or choose a file."))
