"""Forms of scenarios: the scenario, and the application for a first trial."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import DataRequired, NumberRange, Optional

from marketplace.catalogue.resources.forms import AskForm, ResourceForm, area, level, line
from marketplace.catalogue.scenarios.models import MOST_TRIALS


class ScenarioForm(ResourceForm):
    """A scenario: the place, what may be tried there, what is measured and by whom."""

    TEXTS = ("title", "description", "place", "conditions", "measurements", "judge")
    SAME = ("visibility", "listed_until", "region", "trials", "opens_on", "closes_on")

    description_zh = area(_l("What may be tried, in Chinese"))
    description_en = area(_l("What may be tried, in English"))
    place_zh = line(_l("The place in Chinese"))
    place_en = line(_l("The place in English"))
    region = SelectField(_l("Region"), [DataRequired(_l("Choose the region."))])
    conditions_zh = area(_l("Conditions, in Chinese"))
    conditions_en = area(_l("Conditions, in English"))
    measurements_zh = area(_l("Data and measurements offered, in Chinese"))
    measurements_en = area(_l("Data and measurements offered, in English"))
    judge_zh = line(_l("Who judges a trial, in Chinese"))
    judge_en = line(_l("Who judges a trial, in English"))
    trials = IntegerField(_l("Number of trials"), [DataRequired(_l("Give a number of trials from 1 to 1000.")), NumberRange(
        1, MOST_TRIALS, message=_l("Give a number of trials from 1 to 1000."))], default=1)
    trl_from = level(_l("Lets technologies in from TRL"))
    opens_on = DateField(_l("Open from"), [Optional()])
    closes_on = DateField(_l("Open until"), [Optional()])

    def values(self) -> dict[str, Any]:
        """The fields as the operations take them."""
        return {**super().values(), "trl_from": int(self.trl_from.data)}

    @classmethod
    def more(cls, resource: Any) -> dict[str, Any]:
        """The level as it is chosen."""
        return {"trl_from": str(resource.trl_from)}


class TrialForm(AskForm):
    """A technology of one's own, and why it should be tried."""

    technology = SelectField(_l("Which of your technologies"), [DataRequired(_l("Choose a technology."))])

    def list_choices(self, organisations: list[Any], things: list[Any], language: str) -> None:
        """Offer the technologies; whose it is says for which organisation."""
        super().list_choices(organisations, things, language)
        self.technology.choices = [(one.public_id, one.titled(language)[0]) for one in things]
