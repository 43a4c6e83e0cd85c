"""Forms of a deal's documents: a new one, and a new version."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, Length

from marketplace.deals.talk.words import AUDIENCE_WORDS
from marketplace.deals.words import SIDE_WORDS
from marketplace.web import Form


class DocumentForm(Form):
    """A new document: its name, who may read it, its file."""

    name = StringField(_l("Name of the document"), [Length(max=120)])
    side = SelectField(_l("Who may read it"))
    guests = BooleanField(_l("Guests of the deal too"))
    file = FileField(_l("File"), [FileRequired(_l("Choose a file first."))])

    def offer_sides(self, sides: list[str], shared: str) -> None:
        """Shared, or for one of the person's circles alone."""
        self.side.choices = [SelectChoice("", shared), *(SelectChoice(side, str(ONLY_WORDS[side])) for side in sides)]


class VersionForm(Form):
    """The next version; `after` is the one that was there when the page was opened."""

    after = HiddenField(validators=[DataRequired()])
    file = FileField(_l("File"), [FileRequired(_l("Choose a file first."))])


ONLY_WORDS = {
    "firm_broker": _l("only the firm and the technology manager"), "holder_broker": _l("only the institute and the technology manager"),
    "firm": _l("only our side: the firm"), "holder": _l("only our side: the institute"), "broker": _l("only me and other technology managers"),
}
READER_WORDS = {
    "firm": SIDE_WORDS["firm"], "holder": SIDE_WORDS["holder"], "broker": SIDE_WORDS["broker"],
    "firm_broker": AUDIENCE_WORDS["firm_broker"], "holder_broker": AUDIENCE_WORDS["holder_broker"],
}
