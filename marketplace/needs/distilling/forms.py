"""Forms of distilling: the interview sheet with the questions, the firm's words when it sends them back, and the check of both tests.

Rows of attempts, questions and targets grow by buttons of the form, so that it works without script; empty rows are passed over.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import DateField, DecimalField, FormField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional

from marketplace.db import in_language
from marketplace.fields import number_in
from marketplace.needs.distilling.models import FINDINGS, TESTS, Distillation
from marketplace.needs.distilling.operations import MOST_ATTEMPTS, MOST_QUESTIONS, MOST_TARGETS, begun_sheet
from marketplace.needs.distilling.words import FINDING_WORDS, POINT_WORDS, TEST_WORDS
from marketplace.needs.figures import MOST, plain
from marketplace.needs.forms import TargetForm
from marketplace.needs.models import CASH, PAYERS, Need
from marketplace.needs.words import CASH_WORDS, PAYER_WORDS
from marketplace.terms.forms import Rows
from marketplace.terms.payment import from_minor, to_minor
from marketplace.web import PlainForm, VersionedForm

NEW = "0"  # the version of a draft that is not there yet
PLAIN = ("place", "targets", "constraints", "volume", "currency", "payer", "cash", "asked")
DAYS = ("deadline", "interviewed")


class AttemptForm(PlainForm):
    """Something that was tried."""

    what = TextAreaField(_l("What was tried"), [Length(max=2000)])
    by = StringField(_l("Who tried it"), [Length(max=120)])
    when = StringField(_l("When"), [Length(max=60)])
    why = TextAreaField(_l("Why it failed"), [Length(max=2000)])


class QuestionForm(PlainForm):
    """One technical question in both languages, with its targets."""

    zh = TextAreaField(_l("Question in Chinese"), [Length(max=2000)])
    en = TextAreaField(_l("Question in English"), [Length(max=2000)])
    targets = Rows(FormField(TargetForm), min_entries=1, max_entries=MOST_TARGETS)


class DistillationForm(VersionedForm):
    """The interview sheet and the technical questions."""

    interviewed = DateField(POINT_WORDS["interviewed"], [Optional()])
    asked = StringField(POINT_WORDS["asked"], [Length(max=300)])
    place = TextAreaField(POINT_WORDS["place"], [Length(max=2000)])
    attempts = Rows(FormField(AttemptForm), min_entries=1, max_entries=MOST_ATTEMPTS)
    targets = TextAreaField(_l("What would be good enough, in the firm's words"), [Length(max=2000)])
    constraints = TextAreaField(POINT_WORDS["constraints"], [Length(max=2000)])
    volume = StringField(POINT_WORDS["volume"], [Length(max=200)])
    budget_min = DecimalField(_l("Budget from"), [Optional(), NumberRange(0, MOST)], places=None)
    budget_max = DecimalField(POINT_WORDS["budget_max"], [Optional(), NumberRange(0, MOST)], places=None)
    currency = SelectField(_l("Currency"), choices=["CNY", "USD", "EUR", "JPY", "KRW"])
    payer = SelectField(POINT_WORDS["payer"], choices=[(code, PAYER_WORDS[code]) for code in PAYERS], default="undecided")
    cash = SelectField(POINT_WORDS["cash"], choices=[(code, CASH_WORDS[code]) for code in CASH], default="none")
    deadline = DateField(POINT_WORDS["deadline"], [Optional()])
    alone = SelectField(TEST_WORDS["alone"], choices=[(code, FINDING_WORDS[code]) for code in FINDINGS], default="unclear")
    alone_evidence = TextAreaField(_l("Evidence that the firm cannot solve it alone"), [Length(max=5000)])
    pays = SelectField(TEST_WORDS["pays"], choices=[(code, FINDING_WORDS[code]) for code in FINDINGS], default="unclear")
    pays_evidence = TextAreaField(_l("Evidence that it will pay"), [Length(max=5000)])
    questions = Rows(FormField(QuestionForm), min_entries=2, max_entries=MOST_QUESTIONS)

    def pressed(self) -> bool:
        """Whether a button for one more row was pressed, and do it: the page is then shown again, nothing is saved."""
        more = request.form.get("more", "")
        number = more.removeprefix("target-")
        if more == "attempt" and len(self.attempts) < MOST_ATTEMPTS:
            self.attempts.append_entry()
        elif more == "question" and len(self.questions) < MOST_QUESTIONS:
            self.questions.append_entry()
        elif (place := number_in(number)) is not None and place < len(self.questions):
            targets = self.questions[place].form.targets
            if len(targets) < MOST_TARGETS:
                targets.append_entry()
        return bool(more)

    def propose(self, read: Any, language: str) -> int:
        """Put the figures that `read` finds in the questions into their empty rows of targets; how many."""
        found = 0
        for question in self.questions:
            rows = question.form.targets
            known = {(row.form.quantity.data, row.form.wanted.data) for row in rows}
            for row in read(question.form[language].data or ""):
                wanted = Decimal(row["wanted"])
                if (row["quantity"].get(language), wanted) in known or len(rows) >= MOST_TARGETS:
                    continue
                place = next((each for each in rows if not each.form.quantity.data and each.form.wanted.data is None), None) or rows.append_entry()
                place.form.quantity.data, place.form.wanted.data = row["quantity"].get(language), wanted
                place.form.unit.data, place.form.direction.data = row["unit"], row["direction"]
                place.form.today.data = Decimal(row["today"]) if row["today"] else None
                found += 1
        return found

    def sheet(self) -> dict[str, Any]:
        """The interview sheet as a distillation keeps it."""
        said = {name: (self[name].data or "").strip() for name in PLAIN}
        days = {name: self[name].data.isoformat() if self[name].data else None for name in DAYS}
        attempts = [{name: (value or "").strip() for name, value in row.items()} for row in self.attempts.data]
        return {
            **said, **days, "attempts": [row for row in attempts if any(row.values())],
            **{name: to_minor(self[name].data, said["currency"]) for name in ("budget_min", "budget_max")}, "tests": tests_of(self),
        }

    def asked_questions(self, language: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The questions as a distillation keeps them; a target's name in the other language stays while its own is unchanged."""
        names = {row["quantity"].get(language): row["quantity"] for question in before for row in question["targets"]}
        found = []
        for row in self.questions.data:
            text = {code: (row[code] or "").strip() for code in ("zh", "en") if (row[code] or "").strip()}
            if text:
                found.append({"text": text, "targets": [target for each in row["targets"] if (target := _target(each, language, names))]})
        return found

    @classmethod
    def of(cls, need: Need, before: Distillation | None, draft: bool) -> DistillationForm:
        """The form filled with the round before, or with what the need says."""
        sheet = {**begun_sheet(need), **(before.sheet if before else {})}
        data: dict[str, Any] = {name: sheet[name] for name in (*PLAIN, "attempts")}
        data |= {name: _day(sheet[name]) for name in DAYS}
        data |= {name: from_minor(sheet[name], sheet["currency"]) for name in ("budget_min", "budget_max")}
        for name in TESTS:
            test = sheet["tests"].get(name, {})
            data |= {name: test.get("finding", "unclear"), f"{name}_evidence": test.get("evidence", "")}
        data["questions"] = [
            {**question["text"], "targets": [_shown(row, need.language) for row in question["targets"]]} for question in (before.questions if before else [])
        ]
        data["version"] = str(before.version_id) if before and draft else NEW
        return cls(data=data)


def tests_of(form: Any) -> dict[str, dict[str, str]]:
    """The findings and the evidence of both tests."""
    return {name: {"finding": form[name].data, "evidence": (form[f"{name}_evidence"].data or "").strip()} for name in TESTS}


def _day(text: str | None) -> Any:
    return date.fromisoformat(text) if text else None


def _shown(row: dict[str, Any], language: str) -> dict[str, Any]:
    figures = {name: Decimal(row[name]) if row.get(name) else None for name in ("today", "wanted")}
    return {**row, "quantity": in_language(row["quantity"], language)[0], **figures}


def _target(row: dict[str, Any], language: str, names: dict[str | None, dict[str, str]]) -> dict[str, Any] | None:
    quantity = (row["quantity"] or "").strip()
    if not quantity and row["wanted"] is None:
        return None
    figures = {name: None if row[name] is None else plain(row[name]) for name in ("today", "wanted")}
    return {"quantity": names.get(quantity, {language: quantity}) if quantity else {}, **figures, "unit": (row["unit"] or "").strip(),
            "direction": row["direction"]}


class SignOffForm(VersionedForm):
    """The sign-off: of the version that was read."""


class SendBackForm(VersionedForm):
    """What should be different."""

    words = TextAreaField(_l("What should be different?"), [DataRequired(_l("Say in a few words what should be different.")), Length(max=5000)])


class VerifyForm(VersionedForm):
    """What the broker saw when checking the two tests of a real need."""

    alone = SelectField(TEST_WORDS["alone"], choices=[(code, FINDING_WORDS[code]) for code in FINDINGS], default="unclear")
    alone_evidence = TextAreaField(_l("Evidence that the firm cannot solve it alone"), [Length(max=5000)])
    pays = SelectField(TEST_WORDS["pays"], choices=[(code, FINDING_WORDS[code]) for code in FINDINGS], default="unclear")
    pays_evidence = TextAreaField(_l("Evidence that it will pay"), [Length(max=5000)])
