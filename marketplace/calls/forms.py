"""Forms of calls: the call itself, an amendment, a later deadline, a question and its answer, a reviewer, the board that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    FieldList,
    FormField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from marketplace.calls.deadlines import local, moment_of
from marketplace.calls.models import IP_POSITIONS, KINDS_OF_MONEY, WHOLE, Call
from marketplace.calls.operations import REASON, TEXTS
from marketplace.calls.questions import LONGEST_ANSWER, LONGEST_QUESTION
from marketplace.calls.words import IP_WORDS, KIND_NAMES, MONEY_WORDS, VISIBILITY_WORDS
from marketplace.db import LANGUAGES
from marketplace.errors import Refused
from marketplace.fields import several_of, ticks_of
from marketplace.needs.figures import MOST
from marketplace.needs.forms import CURRENCIES, LONG, TargetForm, both, named, number, target_rows, typed_name
from marketplace.people.models import KINDS, SIZES
from marketplace.people.words import SIZE_WORDS, ZONE_WORDS
from marketplace.people.zones import ZONES
from marketplace.terms.payment import from_minor, to_minor
from marketplace.web import Form, PlainForm, VersionedForm

PERCENT = Decimal(10_000)  # millionths in one per cent
TEAMS = 100
PRESET_STAGES = (("开题", "Start", 30), ("阶段成果", "Interim result", 30), ("验收", "Acceptance", 40))
PRESET_CRITERIA = (("技术路线", "Technical approach", 40), ("团队与条件", "Team and means", 30), ("价格与进度", "Price and schedule", 30))


class StageForm(PlainForm):
    """One stage of payment: when it is paid and its share of the whole in per cent."""

    title = StringField(_l("Paid when"), [Length(max=80)])
    title_other = StringField(_l("Paid when, in the other language"), [Length(max=80)])
    share = DecimalField(_l("Share in per cent"), [Optional(), NumberRange(0, 100)], places=None)


class CriterionForm(PlainForm):
    """One criterion of review: its name, what is looked at, its weight in per cent, and the highest score."""

    title = StringField(_l("Criterion"), [Length(max=80)])
    title_other = StringField(_l("Criterion, in the other language"), [Length(max=80)])
    weight = DecimalField(_l("Weight in per cent"), [Optional(), NumberRange(0, 100)], places=None)
    most = IntegerField(_l("Highest score"), [Optional(), NumberRange(1, 100)], default=10)
    about = StringField(_l("What is looked at"), [Length(max=300)])
    about_other = StringField(_l("What is looked at, in the other language"), [Length(max=300)])


class TimesForm(VersionedForm):
    """A deadline and the end of questions, as local times in a zone."""

    deadline_day = DateField(_l("Deadline"), [Optional()])
    deadline_clock = TimeField(_l("Time of day"), [Optional()])
    zone = SelectField(_l("Time zone"), choices=[*((code, ZONE_WORDS[code]) for code in ZONES), ("", _l("another"))])
    other_zone = StringField(_l("Another time zone"), [Length(max=40)])
    questions_day = DateField(_l("Questions until"), [Optional()])
    questions_clock = TimeField(_l("Time of day for questions"), [Optional()])

    @property
    def chosen_zone(self) -> str:
        """The zone; one that was typed counts before the one chosen."""
        return (self.other_zone.data or "").strip() or self.zone.data or ""

    def times(self, zone: str) -> tuple[dict[str, Any], list[Refused]]:
        """Deadline and end of questions as moments, and what is wrong with them; a day without an hour means 17:00."""
        found: dict[str, Any] = {"deadline": None, "questions_until": None}
        wrong = []
        for name, prefix in (("deadline", "deadline"), ("questions_until", "questions")):
            day, clock = self[f"{prefix}_day"].data, self[f"{prefix}_clock"].data
            if day is None:
                continue
            try:
                found[name] = moment_of(zone, day, clock or time(17), "other_zone" if "other_zone" in self else "deadline_day", f"{prefix}_clock")
            except Refused as problem:
                wrong.append(problem)
        return found, wrong

    @staticmethod
    def typed(call: Call) -> dict[str, Any]:
        """The times of a call as its zone's clocks show them."""
        known, deadline = call.zone in ZONES, local(call.deadline, call.zone)
        until = local(call.questions_until, call.zone) if call.questions_until else None
        return {
            "deadline_day": deadline.date(), "deadline_clock": deadline.time(), "zone": call.zone if known else "", "other_zone": "" if known else call.zone,
            "questions_day": until.date() if until else None, "questions_clock": until.time() if until else None, "version": str(call.version_id),
        }


class ContentForm(VersionedForm):
    """What an amendment can change as well. Text fields come in both languages; one of them is enough."""

    language = SelectField(_l("Language you write in"), choices=[("zh", "中文"), ("en", "English")])
    title_zh = StringField(_l("Title in Chinese"), [Length(max=120)])
    title_en = StringField(_l("Title in English"), [Length(max=200)])
    brief_zh = TextAreaField(_l("What is to be solved, in Chinese"), [Length(max=LONG)])
    brief_en = TextAreaField(_l("What is to be solved, in English"), [Length(max=LONG)])
    targets = FieldList(FormField(TargetForm), min_entries=3, max_entries=12)
    acceptance_zh = TextAreaField(_l("How you will test the result, in Chinese"), [Length(max=LONG)])
    acceptance_en = TextAreaField(_l("How you will test the result, in English"), [Length(max=LONG)])
    money = SelectField(_l("Prize or budget"), choices=[(code, MONEY_WORDS[code]) for code in KINDS_OF_MONEY])
    amount = DecimalField(_l("Amount"), [Optional(), NumberRange(0, MOST)], places=None)
    currency = SelectField(_l("Currency"), choices=list(CURRENCIES))
    stages = FieldList(FormField(StageForm), min_entries=3, max_entries=12)
    kinds = ticks_of(_l("Kinds of organisations"), [(code, KIND_NAMES[code]) for code in KINDS])
    sizes = ticks_of(_l("Sizes of enterprises"), [(code, SIZE_WORDS[code]) for code in SIZES])
    regions = several_of(_l("Regions"))
    eligibility_zh = TextAreaField(_l("Further conditions for solvers, in Chinese"), [Length(max=4000)])
    eligibility_en = TextAreaField(_l("Further conditions for solvers, in English"), [Length(max=4000)])
    ip_position = SelectField(_l("Whose the result is"), choices=[(code, IP_WORDS[code]) for code in IP_POSITIONS])
    ip_terms_zh = TextAreaField(_l("Rights in detail, in Chinese"), [Length(max=4000)])
    ip_terms_en = TextAreaField(_l("Rights in detail, in English"), [Length(max=4000)])
    industry = SelectField(_l("Industry"), [Optional()])
    region = SelectField(_l("Region"), [Optional()])

    def offer_choices(self, industries: list[Any], regions: list[Any], none: str) -> None:
        """Fill the lists that depend on the language."""
        self.industry.choices, self.region.choices = [("", none), *industries], [("", none), *regions]
        self.regions.choices = list(regions)

    def content(self, call: Call | None = None) -> dict[str, Any]:
        """The fields as the operations take them; money in minor units, shares in millionths, empty rows left out."""
        code, currency = self.language.data, self.currency.data
        return {
            **{name: both(self, name) for name in TEXTS}, "targets": target_rows(self, call.targets if call else []), "money": self.money.data,
            "amount": to_minor(self.amount.data, currency), "currency": currency, "stages": list(_stages(self.stages.data, call.stages if call else [], code)),
            "eligible": {name: list(self[name].data or []) for name in ("kinds", "sizes", "regions")}, "ip_position": self.ip_position.data,
            "industry": self.industry.data or None, "region": self.region.data or None,
        }

    @staticmethod
    def typed_content(call: Call) -> dict[str, Any]:
        """The same fields of a call as one would type them."""
        texts = {f"{name}_{code}": getattr(call, name).get(code, "") for name in TEXTS for code in LANGUAGES}
        plain = {name: getattr(call, name) for name in ("language", "money", "currency", "ip_position", "industry", "region")}
        targets = [
            {**row, **typed_name("quantity", row["quantity"], call.language), "today": number(row.get("today")), "wanted": number(row.get("wanted"))}
            for row in call.targets
        ]
        stages = [{**typed_name("title", row["title"], call.language), "share": Decimal(row["share"]) / PERCENT} for row in call.stages]
        return {**texts, **plain, **call.eligible, "amount": from_minor(call.amount, call.currency), "targets": targets, "stages": stages,
                "version": str(call.version_id)}


class CallForm(ContentForm, TimesForm):
    """All of a draft call."""

    teams = IntegerField(_l("Teams that may work in parallel"), [Optional(), NumberRange(1, TEAMS)], default=1)
    criteria = FieldList(FormField(CriterionForm), min_entries=3, max_entries=20)
    anonymous = BooleanField(_l("Reviewers do not learn who the solvers are"))
    visibility = SelectField(_l("Who may read it"), choices=list(VISIBILITY_WORDS.items()))

    def values(self, call: Call) -> tuple[dict[str, Any], list[Refused]]:
        """The fields as `edit_call` takes them, and what is wrong with the times."""
        times, wrong = self.times(self.chosen_zone)
        rows = [{"title": row.title, "about": row.about} for row in call.criteria]
        return {
            **self.content(call), **times, "zone": self.chosen_zone, "language": self.language.data, "teams": self.teams.data or 1,
            "anonymous": self.anonymous.data, "visibility": self.visibility.data, "criteria": list(_criteria(self.criteria.data, rows, self.language.data)),
        }, wrong

    @classmethod
    def of(cls, call: Call, language: str) -> CallForm:
        """The form filled with a draft; one that is empty as yet begins with stages and criteria to be changed."""
        rows = [
            {**typed_name("title", row.title, call.language), **typed_name("about", row.about, call.language), "most": row.most,
             "weight": Decimal(row.weight) / PERCENT} for row in call.criteria
        ]
        data = {**cls.typed_content(call), **cls.typed(call), "criteria": rows, "teams": call.teams, "anonymous": call.anonymous, "visibility": call.visibility}
        place = LANGUAGES.index(call.language if call.title or call.brief else language)
        if not call.stages:
            data["stages"] = [{"title": row[place], "title_other": row[1 - place], "share": Decimal(row[2])} for row in PRESET_STAGES]
        if not rows:
            preset = [{"title": row[place], "title_other": row[1 - place], "weight": Decimal(row[2])} for row in PRESET_CRITERIA]
            data["criteria"] = [{**row, "about": "", "most": 10} for row in preset]
        return cls(data=data)


class AmendForm(ContentForm):
    """A correction of a published call, with the reason that is published with it."""

    note = TextAreaField(_l("Why you change it"), [InputRequired(), Length(max=REASON)])

    @classmethod
    def of(cls, call: Call) -> AmendForm:
        """The form filled with a call."""
        return cls(data=cls.typed_content(call))


class ExtendForm(TimesForm):
    """A later deadline in the call's own zone."""

    zone = None
    other_zone = None
    note = TextAreaField(_l("Why you move it"), [InputRequired(), Length(max=REASON)])

    @classmethod
    def of(cls, call: Call) -> ExtendForm:
        """The form filled with the times as they are."""
        return cls(data=cls.typed(call))


def _stages(rows: list[dict[str, Any]], before: list[dict[str, Any]], language: str) -> Iterator[dict[str, Any]]:
    for old, row in _written(rows, before, "share"):
        yield {"title": named(old.get("title", {}), row, "title", language), "share": _millionths(row["share"])}


def _criteria(rows: list[dict[str, Any]], before: list[dict[str, Any]], language: str) -> Iterator[dict[str, Any]]:
    for old, row in _written(rows, before, "weight"):
        texts = {name: named(old.get(name, {}), row, name, language) for name in ("title", "about")}
        yield {**texts, "weight": max(_millionths(row["weight"]), 1), "most": row["most"] or 10}


def _written(rows: list[dict[str, Any]], before: list[dict[str, Any]], figure: str) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """The rows in which something was typed, each with the one that stood in its place."""
    for index, row in enumerate(rows):
        if (row["title"] or "").strip() or row[figure] is not None:
            yield (before[index] if index < len(before) else {}), row


def _millionths(percent: Decimal | None) -> int:
    """A share as it is kept; per cent have four places at most, more are cut, so that a sum of 100 typed is never made of rounding."""
    return min(int((percent or Decimal(0)) * PERCENT), WHOLE)


class QuestionForm(Form):
    """A question about a call."""

    text = TextAreaField(_l("Your question"), [InputRequired(), Length(max=LONGEST_QUESTION)])


class AnswerForm(VersionedForm):
    """The answer to a question, for all."""

    text = TextAreaField(_l("Your answer"), [InputRequired(), Length(max=LONGEST_ANSWER)])


class ReviewerForm(Form):
    """The address of somebody to review."""

    address = StringField(_l("Mail address"), [InputRequired(), Email(), Length(max=254)])


class WithdrawForm(VersionedForm):
    """Why a call is taken back."""

    note = TextAreaField(_l("Why you take it back"), [Length(max=REASON)])


class BoardChoiceForm(Form):
    """The board on which a call would like to be."""

    board = SelectField(_l("Call board"), [InputRequired()])
