"""Forms of importing: the file, what its columns mean, what to publish."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileRequired, MultipleFileField
from wtforms import BooleanField, SelectField

from marketplace.fields import ticks_of
from marketplace.importing.batch import PUBLISHABLE
from marketplace.importing.words import LISTING_WORDS, OUTCOME_WORDS
from marketplace.web import Form


class ImportForm(Form):
    """The files to bring in, for whom, and what they hold."""

    organisation = SelectField(_l("For which organisation"))
    listing = SelectField(_l("What the file holds"), choices=[(code, LISTING_WORDS[code]) for code in LISTING_WORDS])
    file = MultipleFileField(_l("File"), [FileRequired(_l("Choose a file first."))])


class ColumnsForm(Form):
    """What the columns mean comes as one choice a column, which differ from file to file; here is the rest."""

    publish = BooleanField(_l("Publish at once, without a review"))


class ReleaseForm(Form):
    """Which outcomes of a run to publish."""

    outcomes = ticks_of(_l("What to publish"), [(code, OUTCOME_WORDS[code]) for code in PUBLISHABLE], default=list(PUBLISHABLE))
