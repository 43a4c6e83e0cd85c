"""Forms of a need from a file: the file, then the text with what was read in it."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from marketplace.errors import N_, Refused
from marketplace.importing.need_file.operations import KeptFile
from marketplace.importing.need_file.writings import tidy
from marketplace.needs.operations import PASTED_LIMIT
from marketplace.web import Form


class WritingForm(Form):
    """The file to read, and whether it shall stay beside the need."""

    file = FileField(_l("File (text or Word docx)"), [FileRequired(_l("Choose a file first."))])
    keep = BooleanField(_l("Keep the file beside the need"))


class DraftForm(Form):
    """The text and the title, to be mended, and what of the proposals is ticked; the file travels along where it shall be kept."""

    organisation = SelectField(_l("Posted by"))
    language = SelectField(_l("Language you write in"), choices=[("zh", "中文"), ("en", "English")])
    title = StringField(_l("Title"), [DataRequired(_l("Give the need a title.")), Length(max=120)])
    text = TextAreaField(
        _l("The problem in your own words"), [DataRequired(_l("Describe the problem in at least one language.")), Length(max=PASTED_LIMIT)],
        filters=[lambda text: tidy(text) if text else text],
    )
    ticked = SelectMultipleField(validate_choice=False)
    keep = BooleanField(_l("Keep the file beside the need"))
    kept_name = HiddenField()
    kept_data = HiddenField()

    def offer_choices(self, organisations: list[Any], none: str, language: str) -> None:
        """Fill the list of those the person acts for."""
        self.organisation.choices = [*((one.public_id, one.called(language)) for one in organisations), ("", none)]

    def kept(self) -> KeptFile | None:
        """The file that travelled along, where it shall be kept. Raises `Refused` where it was damaged on the way."""
        if not self.keep.data or not self.kept_data.data:
            return None
        try:
            return KeptFile(self.kept_name.data or "", base64.b64decode(self.kept_data.data, validate=True))
        except binascii.Error as error:
            raise Refused(N_("The file was damaged on its way. Send it again."), field="keep") from error


def as_field(file: KeptFile) -> str:
    """The file as the value of a form's field."""
    return base64.b64encode(file.data).decode()
