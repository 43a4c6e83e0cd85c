"""Forms of risk sharing: the cover of a guarantee, a claim, its answer and payment, money entered."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from marketplace.db import new_public_id
from marketplace.errors import Problem
from marketplace.fields import ticks_of
from marketplace.licensing.risk.cover import KINDS, Cover
from marketplace.licensing.risk.models import GUARANTOR_KINDS
from marketplace.licensing.risk.words import KIND_WORDS, PROTECTS_WORDS
from marketplace.licensing.words import KIND_WORDS as OBLIGATION_KINDS
from marketplace.licensing.words import SIDE_WORDS
from marketplace.terms.figures import typed_amount, typed_minor, typed_percent, typed_whole
from marketplace.terms.payment import from_minor
from marketplace.web import Form, VersionedForm

PLACES = {
    "recourse.share": "recourse_share", "recourse.days": "recourse_days", "premium.payer": "premium_payer",
    "premium.terms.entry_fee": "premium_first", "premium.terms.deferred.amount": "premium_amount",
}
"""The field of a refused value whose path, without the places in lists, is not the field's name."""


class KeyedForm(Form):
    """A form that creates something: pressed twice with the same key it creates one thing."""

    key = HiddenField(validators=[Length(max=24)])

    def keyed(self) -> str:
        """The key it was opened with, or a new one."""
        return self.key.data or new_public_id()


class CoverForm(VersionedForm):
    """The cover of a guarantee; amounts and rates as people type them."""

    key = HiddenField(validators=[Length(max=24)])
    share = StringField(_l("Share of each payment that is covered, per cent"), [DataRequired()])
    maximum = StringField(_l("Greatest amount in all"), [DataRequired()])
    kinds = ticks_of(_l("Payments that are covered"), [(code, OBLIGATION_KINDS[code]) for code in KINDS])
    rank = StringField(_l("First-loss order"), [DataRequired()])
    deductible = StringField(_l("Own share of the protected side, once"))
    after_days = StringField(_l("A claim may be filed from so many days after the loss"), [DataRequired()])
    within_days = StringField(_l("and for so many days"), [DataRequired()])
    until = DateField(_l("Last day on which a loss is covered"), [Optional()])
    recourse = BooleanField(_l("What the guarantor pays becomes a debt of the other side to it"))
    recourse_share = StringField(_l("Share of what was paid, per cent"))
    recourse_days = StringField(_l("Due after so many days"))
    premium_payer = SelectField(_l("Who pays the premium"), choices=[("", _l("there is no premium")), *SIDE_WORDS.items()])
    premium_first = StringField(_l("Premium at the start"))
    premium_amount = StringField(_l("Further premium, each time"))
    premium_every = IntegerField(_l("every so many months"), [Optional(), NumberRange(1, 120)])
    premium_times = IntegerField(_l("so many times"), [Optional(), NumberRange(1, 60)])
    conditions_zh = TextAreaField(_l("Further conditions, in Chinese"), [Length(max=5000)])
    conditions_en = TextAreaField(_l("Further conditions, in English"), [Length(max=5000)])
    note = TextAreaField(_l("A note to the others"), [Length(max=2000)])

    def terms(self, currency: str) -> dict[str, Any]:
        """The cover as JSON values, for `cover.read` to judge."""
        found: dict[str, Any] = {
            "share": typed_percent(self.share.data or ""), "maximum": typed_amount(self.maximum.data or ""), "kinds": self.kinds.data or [],
            "rank": typed_whole(self.rank.data or ""), "after_days": typed_whole(self.after_days.data or ""),
            "within_days": typed_whole(self.within_days.data or ""),
            "conditions": {code: (getattr(self, f"conditions_{code}").data or "").strip() for code in ("zh", "en")},
        }
        if (self.deductible.data or "").strip():
            found["deductible"] = typed_amount(self.deductible.data)
        if self.until.data:
            found["until"] = self.until.data.isoformat()
        if self.recourse.data:
            found["recourse"] = {"share": typed_percent(self.recourse_share.data or ""), "days": typed_whole(self.recourse_days.data or "")}
        if self.premium_payer.data:
            found["premium"] = {"payer": self.premium_payer.data, "terms": self._premium(currency)}
        return found

    def _premium(self, currency: str) -> dict[str, Any]:
        """An amount at the start and equal ones some months apart, as terms."""
        found: dict[str, Any] = {"currency": currency}
        if (self.premium_first.data or "").strip():
            found["entry_fee"] = typed_amount(self.premium_first.data)
        if (self.premium_amount.data or "").strip():
            amount, every = typed_amount(self.premium_amount.data), self.premium_every.data or 12
            times = range(1, (self.premium_times.data or 1) + 1)
            found["deferred"] = [{"id": str(number), "amount": amount, "months": every * number} for number in times]
        return found

    def refuse(self, problem: Problem) -> None:
        """Put a refusal beside the field from which the value came."""
        field = re.sub(r"\[\d+\]", "", problem.field or "")
        problem.field = PLACES.get(field, field)
        super().refuse(problem)

    @classmethod
    def data_of(cls, cover: Cover) -> dict[str, Any]:
        """What the fields show of a cover."""
        amount = {name: _shown(getattr(cover, name), cover.currency) for name in ("maximum", "deductible")}
        data: dict[str, Any] = {
            **amount, "share": _percent(cover.share), "kinds": list(cover.kinds), "rank": str(cover.rank), "after_days": str(cover.after_days),
            "within_days": str(cover.within_days), "until": cover.until, "recourse": cover.recourse is not None, "recourse_share": "100",
            "recourse_days": "30", **{f"conditions_{code}": text for code, text in cover.conditions.items()},
        }
        if cover.recourse:
            data |= {"recourse_share": _percent(cover.recourse.share), "recourse_days": str(cover.recourse.days)}
        if cover.premium:
            later = cover.premium.terms.get("deferred") or []
            data |= {"premium_payer": cover.premium.payer, "premium_first": cover.premium.terms["entry_fee"], "premium_times": len(later) or None,
                     "premium_amount": later[0]["amount"] if later else "", "premium_every": later[0]["months"] if later else None}
        return data


class RequestForm(CoverForm):
    """The request for a guarantee: of whom, as what, for which side, with which cover."""

    guarantor = SelectField(_l("Organisation that is to stand behind the agreement"), [DataRequired()])
    kind = SelectField(_l("It does so as"), choices=[(code, KIND_WORDS[code]) for code in GUARANTOR_KINDS])
    protects = SelectField(_l("It protects"), choices=list(PROTECTS_WORDS.items()))

    FIRST = {
        "share": "80", "rank": "1", "after_days": "30", "within_days": "180", "kinds": ["milestone", "royalty"], "recourse": True,
        "recourse_share": "100", "recourse_days": "30",
    }
    """What stands in an empty form."""


def _shown(minor: int, currency: str) -> str:
    amount = from_minor(minor, currency)
    return f"{amount:,f}" if amount != amount.to_integral_value() else f"{int(amount):,}" if amount else ""


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


class ClaimForm(KeyedForm):
    """What is claimed and why."""

    obligations = ticks_of(_l("Payments claimed"))
    reason = TextAreaField(_l("What happened, and what was done to be paid"), [DataRequired(), Length(max=5000)])


class PayForm(Form):
    """When the guarantor paid a claim."""

    day = DateField(_l("Paid on"), [InputRequired()])
    reference = StringField(_l("Reference of the transfer"), [Length(max=120)])


class AnswerForm(Form):
    """Why a claim is refused."""

    answer = TextAreaField(_l("Reason"), [DataRequired(), Length(max=5000)])


class ReasonForm(Form):
    """Why something counts no longer."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=2000)])


class MoneyForm(KeyedForm):
    """An amount that came in on a day."""

    amount = StringField(_l("Amount"), [DataRequired()])
    day = DateField(_l("Received on"), [InputRequired()])

    def minor(self, currency: str) -> int:
        """The amount in minor units. Raises `Refused`."""
        return typed_minor(self.amount.data, currency, "amount") or 0

    def fill(self, amount: Decimal | None, day: date) -> MoneyForm:
        """The form opened with what is owed and today."""
        if not self.is_submitted():
            self.amount.data = f"{amount:,f}" if amount else ""
            self.day.data, self.key.data = day, new_public_id()
        return self
