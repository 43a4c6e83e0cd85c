"""The form of one question: the fields of a need that it asks for, and no others."""

from __future__ import annotations

from typing import Any

from wtforms import FieldList, FormField

from marketplace.db import in_language
from marketplace.needs.forms import NeedForm, TargetForm, both, target_rows
from marketplace.needs.models import Need
from marketplace.needs.operations import TEXTS
from marketplace.terms.payment import to_minor

QUESTIONS: dict[str, tuple[str, ...]] = {
    "problem": ("problem", "title"), "tried": ("tried",), "targets": ("targets",), "deadline": ("deadline",),
    "budget": ("budget_min", "budget_max", "currency", "payer", "cash"), "modes": ("modes",),
    "reader": ("organisation", "industry", "region", "visibility", "teaser", "nda_required"),
}
"""Question → what it asks of a need, in the order in which they come."""
NEEDED = ("problem", "title", "tried")
"""Texts without which nothing is published: their labels do not say that one may leave them out."""
EVERYWHERE = ("version", "csrf_token", "language")


def question_of(field: str) -> str:
    """The question that asks for this field, which may carry a language behind its name."""
    name = field.removesuffix("_zh").removesuffix("_en")
    return next(question for question, names in QUESTIONS.items() if name in names)


def tongue_of(need: Need, language: str) -> str:
    """The language in which the texts of a need are asked for: the reader's, unless the problem stands in the other alone."""
    text, found = in_language(need.problem, language)
    return found if text else language


class QuestionForm(NeedForm):
    """The form of a need without what its question does not ask for. Texts are asked for in one language, but for the teaser."""

    targets = FieldList(FormField(TargetForm), min_entries=1, max_entries=12)
    code = "zh"

    def narrow(self, question: str, code: str) -> None:
        """Leave the fields of this question alone, its texts in the language `code`."""
        self.code = code
        names = {f"{name}_{code}" if name in TEXTS else name for name in QUESTIONS[question]} | set(EVERYWHERE)
        kept = names | ({"teaser_zh", "teaser_en"} if "teaser" in QUESTIONS[question] else set())
        for name in [name for name in self._fields if name not in kept]:
            del self[name]
        for field in self:
            field.flags.required = field.name in {f"{name}_{code}" for name in NEEDED} or field.flags.required

    def _spoken(self, name: str) -> str:
        """A refusal of a text stands beside its one field."""
        own = f"{name.removesuffix('_zh')}_{self.code}"
        return own if own in self._fields else name

    def given(self, question: str, need: Need, organisations: list[Any]) -> dict[str, Any]:
        """The answer as `edit_need` takes it: of texts the other language stays, empty rows of targets are left out."""
        return {name: self._one(name, need, organisations) for name in QUESTIONS[question]}

    def _one(self, name: str, need: Need, organisations: list[Any]) -> Any:
        if name == "teaser":
            return both(self, name)
        if name in TEXTS:
            text = (self[f"{name}_{self.code}"].data or "").strip()
            return {code: said for code, said in {**getattr(need, name), self.code: text}.items() if said}
        if name == "targets":
            return target_rows(self, need.targets)
        if name == "organisation":
            return next((one for one in organisations if one.public_id == self.organisation.data), None)
        if name in ("budget_min", "budget_max"):
            return to_minor(self[name].data, self.currency.data)
        return self[name].data or None if name in ("industry", "region") else self[name].data
