"""The form of a board."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from marketplace.calls.models import Board
from marketplace.db import LANGUAGES
from marketplace.needs.forms import both
from marketplace.web import VersionedForm


class BoardForm(VersionedForm):
    """A board's name, what it is for, and its region."""

    organisation = SelectField(_l("Kept by"))
    title_zh = StringField(_l("Name in Chinese"), [Length(max=120)])
    title_en = StringField(_l("Name in English"), [Length(max=200)])
    about_zh = TextAreaField(_l("About it, in Chinese"), [Length(max=4000)])
    about_en = TextAreaField(_l("About it, in English"), [Length(max=4000)])
    region = SelectField(_l("Region"), [Optional()])

    def offer_choices(self, houses: list[Any], regions: list[Any], none: str, language: str) -> None:
        """Fill the lists that depend on who writes and in which language."""
        self.organisation.choices = [(one.public_id, one.called(language)) for one in houses]
        self.region.choices = [("", none), *regions]

    def values(self) -> dict[str, Any]:
        """The fields as the operations take them."""
        return {"title": both(self, "title"), "about": both(self, "about"), "region": self.region.data or None}

    @classmethod
    def of(cls, board: Board) -> BoardForm:
        """The form filled with a board."""
        texts = {f"{name}_{code}": getattr(board, name).get(code, "") for name in ("title", "about") for code in LANGUAGES}
        return cls(data={**texts, "organisation": board.organisation.public_id, "region": board.region or "", "version": str(board.version_id)})
