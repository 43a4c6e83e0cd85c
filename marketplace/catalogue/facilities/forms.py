"""Forms of facilities: the facility with its hours, and the booking."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import DateField, DecimalField, FieldList, SelectField, StringField, TextAreaField, TimeField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from marketplace.catalogue.facilities import opening
from marketplace.catalogue.facilities.operations import Wanted
from marketplace.catalogue.resources.forms import AskForm, ResourceForm, area, chosen, iso_days, level, line
from marketplace.catalogue.resources.words import BASIS_WORDS, FACILITY_KIND_WORDS, WEEKDAY_WORDS
from marketplace.people.words import ZONE_WORDS
from marketplace.terms.payment import from_minor, to_minor

MOST = 10**12
USUAL = [*["09:00–17:00"] * 5, "", ""]


class FacilityForm(ResourceForm):
    """A facility: what it can do, its price, when it is open."""

    TEXTS = ("title", "description", "capacity", "place")
    SAME = ("visibility", "listed_until", "kind", "region", "currency", "basis", "zone")

    kind = chosen(_l("Kind of facility"), FACILITY_KIND_WORDS)
    description_zh = area(_l("What it can do, in Chinese"))
    description_en = area(_l("What it can do, in English"))
    capacity_zh = line(_l("Capacity in Chinese"))
    capacity_en = line(_l("Capacity in English"))
    place_zh = line(_l("Address in Chinese"))
    place_en = line(_l("Address in English"))
    region = SelectField(_l("Region"), [DataRequired(_l("Choose the region."))])
    trl_from = level(_l("Takes technologies in from TRL"), 4)
    trl_to = level(_l("Can bring them to TRL"), 7)
    accreditations = TextAreaField(_l("Accreditations"), [Length(max=2000)])
    price = DecimalField(_l("Price"), [Optional(), NumberRange(0, MOST)], places=None)
    currency = SelectField(_l("Currency"), choices=["CNY", "USD", "EUR", "JPY", "KRW"])
    basis = chosen(_l("Charged by"), BASIS_WORDS)
    zone = SelectField(_l("Time zone"), choices=list(ZONE_WORDS.items()))
    hours = FieldList(StringField(_l("Opening hours"), [Length(max=80)]), min_entries=opening.WEEK, max_entries=opening.WEEK, default=USUAL)
    closed = TextAreaField(_l("Days off"), [Length(max=6000)])

    def list_choices(self, organisations: list[Any], none: str, language: str) -> None:
        """Fill the lists, and name the days of the week."""
        super().list_choices(organisations, none, language)
        for entry, word in zip(self.hours, WEEKDAY_WORDS, strict=True):
            entry.label.text = word
        if self.zone.data and self.zone.data not in ZONE_WORDS:
            self.zone.choices = [*ZONE_WORDS.items(), (self.zone.data, self.zone.data)]

    def validate_hours(self, field: FieldList) -> None:
        """Each day is understood."""
        for entry in field:
            try:
                opening.read_hours(entry.data or "")
            except ValueError as error:
                raise ValidationError(gettext("Write hours as 08:30–12:00, 13:30–17:00; leave a day empty when it is shut.")) from error

    def validate_closed(self, field: TextAreaField) -> None:
        """Each day off is a day."""
        try:
            iso_days(field.data)
        except ValueError as error:
            raise ValidationError(gettext("Write each day as 2027-02-06, one a line.")) from error

    def validate_accreditations(self, field: TextAreaField) -> None:
        """Each has a number."""
        if any(not row["number"] for row in accreditations(field.data)):
            raise ValidationError(gettext("Write the scheme and its number, as CNAS L1234, one a line."))

    def values(self) -> dict[str, Any]:
        """The fields as the operations take them."""
        priced = self.basis.data != "request"
        return {
            **super().values(), "trl_from": int(self.trl_from.data), "trl_to": int(self.trl_to.data),
            "accreditations": accreditations(self.accreditations.data),
            "price": to_minor(self.price.data, self.currency.data) if priced else None, "closed": iso_days(self.closed.data),
            "hours": {str(number): spans for number, text in enumerate(self.hours.data) if (spans := opening.read_hours(text or ""))},
        }

    @classmethod
    def more(cls, resource: Any) -> dict[str, Any]:
        """Levels, price, hours, days and accreditations as they are typed."""
        return {
            "trl_from": str(resource.trl_from), "trl_to": str(resource.trl_to), "price": from_minor(resource.price, resource.currency),
            "hours": [opening.said(resource.hours.get(str(number), ())) for number in range(opening.WEEK)], "closed": "\n".join(resource.closed),
            "accreditations": "\n".join(f"{row['scheme']} {row['number']}" for row in resource.accreditations),
        }


def accreditations(text: str | None) -> list[dict[str, str]]:
    """Accreditations as typed, one a line: the scheme, then its number."""
    found = []
    for row in (text or "").splitlines():
        scheme, _, number = row.strip().partition(" ")
        if scheme:
            found.append({"scheme": scheme[:40], "number": number.strip()[:60]})
    return found


class BookingForm(AskForm):
    """A span on the clock of the facility."""

    day = DateField(_l("First day"), [DataRequired(_l("Choose a day."))])
    begin = TimeField(_l("Begins at"), [DataRequired(_l("Choose a time."))])
    last_day = DateField(_l("Last day"), [Optional()])
    end = TimeField(_l("Ends at"), [DataRequired(_l("Choose a time."))])

    def wanted(self) -> Wanted:
        """What was typed; without a last day it is the first."""
        return Wanted(self.day.data, self.begin.data, self.last_day.data or self.day.data, self.end.data)
