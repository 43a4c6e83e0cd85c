"""Forms of needs: the need itself, and the pasted problem."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FormField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, NumberRange, Optional, ValidationError

from marketplace.catalogue.models import VISIBILITIES
from marketplace.catalogue.teasers import LONGEST as LONGEST_TEASER
from marketplace.db import in_language
from marketplace.fields import ticks_of
from marketplace.needs.figures import MOST, is_figure, plain
from marketplace.needs.models import CASH, DIRECTIONS, PAYERS, WANTED_MODES, Need
from marketplace.needs.operations import PASTED_LIMIT, TEXTS
from marketplace.needs.words import CASH_WORDS, DIRECTION_WORDS, MODE_WORDS, PAYER_WORDS, VISIBILITY_WORDS
from marketplace.terms.payment import from_minor, to_minor
from marketplace.web import Form, PlainForm, VersionedForm

ROWS = 3
OTHER = {"zh": "en", "en": "zh"}
LONG = 20_000
CURRENCIES = ("CNY", "USD", "EUR", "JPY", "KRW")


def _keepable(_form: Any, field: Any) -> None:
    if field.data is not None and not is_figure(field.data):
        raise ValidationError(field.gettext("Not a valid decimal value."))


class TargetForm(PlainForm):
    """One measurable target: what, its value today, the value wanted, its unit and which way it should go."""

    quantity = StringField(_l("What is measured"), [Length(max=80)])
    quantity_other = StringField(_l("What is measured, in the other language"), [Length(max=80)])
    direction = SelectField(_l("Wanted is"), choices=[(code, DIRECTION_WORDS[code]) for code in DIRECTIONS])
    wanted = DecimalField(_l("Wanted value"), [Optional(), _keepable], places=None)
    unit = StringField(_l("Unit"), [Length(max=20)])
    today = DecimalField(_l("Value today"), [Optional(), _keepable], places=None)


class NeedForm(VersionedForm):
    """All of a need. Text fields come in both languages; one of them is enough."""

    organisation = SelectField(_l("Posted by"))
    language = SelectField(_l("Language you write in"), choices=[("zh", "中文"), ("en", "English")])
    title_zh = StringField(_l("Title in Chinese"), [Length(max=120)])
    title_en = StringField(_l("Title in English"), [Length(max=200)])
    problem_zh = TextAreaField(_l("The problem in your own words, in Chinese"), [Length(max=LONG)])
    problem_en = TextAreaField(_l("The problem in your own words, in English"), [Length(max=LONG)])
    place_zh = TextAreaField(_l("Where it happens, in Chinese"), [Length(max=2000)])
    place_en = TextAreaField(_l("Where it happens, in English"), [Length(max=2000)])
    tried_zh = TextAreaField(_l("What was tried and why it failed, in Chinese"), [Length(max=LONG)])
    tried_en = TextAreaField(_l("What was tried and why it failed, in English"), [Length(max=LONG)])
    constraints_zh = TextAreaField(_l("What must not change, in Chinese"), [Length(max=2000)])
    constraints_en = TextAreaField(_l("What must not change, in English"), [Length(max=2000)])
    volume_zh = StringField(_l("Volume at stake, in Chinese"), [Length(max=200)])
    volume_en = StringField(_l("Volume at stake, in English"), [Length(max=200)])
    targets = FieldList(FormField(TargetForm), min_entries=ROWS, max_entries=12)
    budget_min = DecimalField(_l("Budget from"), [Optional(), NumberRange(0, MOST)], places=None)
    budget_max = DecimalField(_l("Budget up to"), [Optional(), NumberRange(0, MOST)], places=None)
    currency = SelectField(_l("Currency"), choices=list(CURRENCIES))
    payer = SelectField(_l("Who pays"), choices=[(code, PAYER_WORDS[code]) for code in PAYERS], default="undecided")
    cash = SelectField(_l("Is the money there?"), choices=[(code, CASH_WORDS[code]) for code in CASH], default="none")
    deadline = DateField(_l("Solved by"), [Optional()])
    modes = ticks_of(_l("How you would work together"), [(code, MODE_WORDS[code]) for code in WANTED_MODES])
    industry = SelectField(_l("Industry"), [Optional()])
    region = SelectField(_l("Region"), [Optional()])
    visibility = SelectField(_l("Who may read it"), choices=[(code, VISIBILITY_WORDS[code]) for code in VISIBILITIES])
    teaser_zh = TextAreaField(_l("Teaser in Chinese"), [Length(max=LONGEST_TEASER)])
    teaser_en = TextAreaField(_l("Teaser in English"), [Length(max=LONGEST_TEASER)])
    nda_required = BooleanField(_l("A non-disclosure agreement is signed before access"))

    def offer_choices(self, organisations: list[Any], industries: list[Any], regions: list[Any], none: str, language: str) -> None:
        """Fill the lists that depend on who writes and in which language."""
        self.organisation.choices = [("", none), *((one.public_id, one.called(language)) for one in organisations)]
        self.industry.choices = [("", none), *industries]
        self.region.choices = [("", none), *regions]

    def values(self, organisations: list[Any], before: Need | None = None) -> dict[str, Any]:
        """The fields as `create_need` and `edit_need` take them; money in minor units, empty rows left out."""
        texts = {name: both(self, name) for name in TEXTS}
        chosen = next((one for one in organisations if one.public_id == self.organisation.data), None)
        facts = {name: getattr(self, name).data for name in ("language", "currency", "payer", "cash", "deadline", "modes", "visibility", "nda_required")}
        return {
            **texts, **facts, "organisation": chosen, "industry": self.industry.data or None, "region": self.region.data or None,
            "budget_min": to_minor(self.budget_min.data, facts["currency"]),
            "budget_max": to_minor(self.budget_max.data, facts["currency"]),
            "targets": target_rows(self, before.targets if before else []),
        }

    @classmethod
    def of(cls, need: Need) -> NeedForm:
        """The form filled with a need."""
        data: dict[str, Any] = {name: getattr(need, name) for name in ("language", "currency", "payer", "cash", "deadline", "modes",
                                                                       "industry", "region", "visibility", "nda_required")}
        for name in TEXTS:
            data |= {f"{name}_zh": getattr(need, name).get("zh", ""), f"{name}_en": getattr(need, name).get("en", "")}
        data["organisation"] = need.organisation.public_id if need.organisation else ""
        data["budget_min"] = from_minor(need.budget_min, need.currency)
        data["budget_max"] = from_minor(need.budget_max, need.currency)
        data["targets"] = [
            {**row, **typed_name("quantity", row["quantity"], need.language), "today": number(row.get("today")), "wanted": number(row.get("wanted"))}
            for row in need.targets
        ]
        data["version"] = str(need.version_id)
        return cls(data=data)


def target_rows(form: Any, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The targets typed into a form that has `targets` and `language`, as needs and calls keep them; empty rows are left out."""
    found = []
    for index, row in enumerate(form.targets.data):
        if not (row["quantity"] or "").strip() and row["wanted"] is None:
            continue
        old = before[index] if index < len(before) else {}
        found.append({
            "quantity": named(old.get("quantity", {}), row, "quantity", form.language.data),
            **{name: None if row[name] is None else plain(row[name]) for name in ("today", "wanted")},
            "unit": (row["unit"] or "").strip(), "direction": row["direction"],
        })
    return found


def both(form: Form, name: str) -> dict[str, str]:
    """What was typed into the two fields of a text, by language; what is empty is left out."""
    texts = {code: (getattr(form, f"{name}_{code}").data or "").strip() for code in ("zh", "en")}
    return {code: text for code, text in texts.items() if text}


def named(before: dict[str, str], row: Mapping[str, Any], name: str, language: str) -> dict[str, str]:
    """The name of a target or another row as it was typed, in one language and perhaps in the other.

    A form that does not ask for the other says nothing of it: it stays while the first is unchanged.
    """
    text, other = (row[name] or "").strip(), row.get(f"{name}_other")
    if other is None:
        return before if before.get(language) == text and text else {language: text} if text else {}
    return {code: said for code, said in ((language, text), (OTHER[language], other.strip())) if said}


def typed_name(name: str, text: dict[str, str], language: str) -> dict[str, str]:
    """The name of a row as one would type it into its two fields: in the language of the form, and in the other."""
    first, spoken = in_language(text, language)
    return {name: first, f"{name}_other": text.get(OTHER[language], "") if spoken == language else ""}


def number(value: str | None) -> Decimal | None:
    """A figure of a target as its field takes it."""
    return Decimal(value) if value else None


class PastedForm(Form):
    """The question of the front page."""

    problem = TextAreaField(_l("What problem are you trying to solve?"), [Length(max=PASTED_LIMIT)])
