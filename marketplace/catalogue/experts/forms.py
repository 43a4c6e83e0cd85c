"""Form of an expert."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FieldList, IntegerField, SelectField
from wtforms.validators import NumberRange, Optional

from marketplace.catalogue.experts.models import MOST_DAYS
from marketplace.catalogue.resources.forms import ROWS, ResourceForm, area, chosen, line
from marketplace.catalogue.resources.words import EXPERT_KIND_WORDS, SPEAKS, tongue
from marketplace.fields import ticks_of
from marketplace.people import regions


class ExpertForm(ResourceForm):
    """An expert: who, what for, when and where, and with whose consent."""

    TEXTS = ("title", "description", "name")
    SAME = ("visibility", "listed_until", "kind", "days", "available_from", "available_until", "speaks", "consent_held")

    kind = chosen(_l("Lent as"), EXPERT_KIND_WORDS)
    name_zh = line(_l("Name in Chinese"), 60)
    name_en = line(_l("Name in English"), 60)
    description_zh = area(_l("What the expert can do for a firm, in Chinese"))
    description_en = area(_l("What the expert can do for a firm, in English"))
    person = SelectField(_l("Account of the expert here"), [Optional()])
    consent_held = BooleanField(_l("We hold the expert's consent to be listed here"))
    speaks = ticks_of(_l("Languages"))
    days = IntegerField(_l("Days a month"), [Optional(), NumberRange(1, MOST_DAYS, message=_l("Give a number of days a month from 1 to 31."))])
    available_from = DateField(_l("Available from"), [Optional()])
    available_until = DateField(_l("Available until"), [Optional()])
    regions = FieldList(SelectField(_l("Region served"), [Optional()]), min_entries=ROWS, max_entries=40)

    def list_choices(self, organisations: list[Any], none: str, language: str) -> None:
        """Fill the lists; accounts are those of the members of the organisations, because nobody else may be looked up."""
        super().list_choices(organisations, none, language)
        self.speaks.choices = [(code, tongue(code, language)) for code in SPEAKS]
        for entry in self.regions:
            entry.choices = [("", none), *regions.choices(language)]
        people = {seat.person.public_id: seat.person for one in organisations for seat in one.memberships}
        self._people = people
        self.person.choices = [("", none), *((key, person.name) for key, person in people.items())]

    def values(self) -> dict[str, Any]:
        """The fields as the operations take them."""
        person = self._people.get(self.person.data or "")
        served = [code for code in self.regions.data if code]
        return {**super().values(), "person_id": person.id if person else None, "regions": list(dict.fromkeys(served))}

    @classmethod
    def more(cls, resource: Any) -> dict[str, Any]:
        """The account and the regions."""
        return {"person": resource.person.public_id if resource.person else "", "regions": resource.regions}
