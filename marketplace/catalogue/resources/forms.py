"""Forms of every resource and every request: the fields that all share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, FieldList, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from marketplace.catalogue.classification import field_choices, industry_choices
from marketplace.catalogue.models import DECLINE_CODES
from marketplace.catalogue.resources.models import VISIBILITIES
from marketplace.catalogue.resources.operations import LONGEST
from marketplace.catalogue.resources.words import VISIBILITY_WORDS
from marketplace.catalogue.words import DECLINE_WORDS, TRL_WORDS
from marketplace.db import LANGUAGES
from marketplace.people import regions
from marketplace.web import Form, VersionedForm, new_token

LONG, LINE = 20_000, 300
ROWS = 3


def line(label: Any, longest: int = LINE) -> StringField:
    """One line of text."""
    return StringField(label, [Length(max=longest)])


def area(label: Any, longest: int = LONG) -> TextAreaField:
    """A text of several lines."""
    return TextAreaField(label, [Length(max=longest)])


def chosen(label: Any, words: Mapping[str, Any]) -> SelectField:
    """One of a few codes."""
    return SelectField(label, choices=list(words.items()))


def level(label: Any, usual: int = 6) -> SelectField:
    """A level of maturity."""
    return SelectField(label, choices=lambda: [(str(number), f"{number} · {words}") for number, words in TRL_WORDS.items()], default=str(usual))


class ResourceForm(VersionedForm):
    """What every resource has. `TEXTS` are the names of its texts in both languages, `SAME` of what is kept as it is typed."""

    TEXTS: tuple[str, ...] = ("title", "description")
    SAME: tuple[str, ...] = ("visibility", "listed_until")

    organisation = SelectField(_l("Offered by"), [Optional()])
    title_zh = line(_l("Title in Chinese"))
    title_en = line(_l("Title in English"))
    fields = FieldList(SelectField(_l("Technology field"), [Optional()]), min_entries=ROWS, max_entries=8)
    industries = FieldList(SelectField(_l("Industry"), [Optional()]), min_entries=ROWS, max_entries=8)
    visibility = SelectField(_l("Who may read it"), choices=[(code, VISIBILITY_WORDS[code]) for code in VISIBILITIES])
    listed_until = DateField(_l("Listed until"), [Optional()])

    def list_choices(self, organisations: list[Any], none: str, language: str) -> None:
        """Fill the lists that depend on who writes and in which language."""
        self.organisation.choices = [(one.public_id, one.called(language)) for one in organisations]
        for entry in self.fields:
            entry.choices = {none: [("", none)], **field_choices(language)}
        known = industry_choices(language)
        for entry in self.industries:
            own = [(entry.data, entry.data)] if entry.data and entry.data not in dict(known) else []
            entry.choices = [("", none), *own, *known]
        if "region" in self:
            self["region"].choices = [("", none), *regions.choices(language)]

    def values(self) -> dict[str, Any]:
        """The fields as the operations take them."""
        return {
            **{name: self._both(name) for name in self.TEXTS}, **{name: self[name].data for name in self.SAME},
            **{name: [code for code in self[name].data if code] for name in ("fields", "industries")},
        }

    def _both(self, name: str) -> dict[str, str]:
        texts = {code: (self[f"{name}_{code}"].data or "").strip() for code in LANGUAGES}
        return {code: text for code, text in texts.items() if text}

    @classmethod
    def of(cls, resource: Any) -> ResourceForm:
        """The form filled with a resource."""
        data = {name: getattr(resource, name) for name in (*cls.SAME, "fields", "industries")}
        for name in cls.TEXTS:
            data |= {f"{name}_{code}": getattr(resource, name).get(code, "") for code in LANGUAGES}
        return cls(data={**data, **cls.more(resource), "version": str(resource.version_id)})

    @classmethod
    def more(cls, resource: Any) -> dict[str, Any]:
        """What a kind shows otherwise than it is kept."""
        return {}


class AskForm(Form):
    """What every request has."""

    key = HiddenField(default=new_token, validators=[DataRequired(), Length(max=40)])
    organisation = SelectField(_l("For which organisation"), [Optional()])
    text = TextAreaField(_l("What it is for"), [DataRequired(_l("Say in a few words what it is for.")), Length(max=LONGEST)])

    def list_choices(self, organisations: list[Any], things: list[Any], language: str) -> None:
        """Fill the lists that depend on who asks."""
        self.organisation.choices = [(one.public_id, one.called(language)) for one in organisations]


class AnswerForm(Form):
    """A step of a request, with its reason where one is given."""

    code = SelectField(_l("Why not?"), [Optional()], choices=[("", _l("Choose")), *((code, DECLINE_WORDS[code]) for code in DECLINE_CODES)])
    reason = TextAreaField(_l("In your own words"), [Length(max=LONGEST)])


def iso_days(text: str | None) -> list[str]:
    """Days as typed, one a line or set apart by commas, as ISO text in their order. Raises `ValueError`."""
    parts = (text or "").replace(",", " ").replace("，", " ").replace("、", " ").split()
    return sorted({date.fromisoformat(part).isoformat() for part in parts})
