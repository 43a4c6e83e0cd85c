"""Forms of the income split: policy, inventors' weights, costs, own use, payouts, answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, FieldList, FormField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, Optional, ValidationError

from marketplace.fields import ticks_of
from marketplace.licensing.forms import is_amount, minor
from marketplace.licensing.income.formula import DEDUCTIONS, ROLES
from marketplace.licensing.income.inventors import HEAVIEST, MOST, Named
from marketplace.licensing.income.models import IncomePolicy, Inventorship
from marketplace.licensing.income.rules import percent
from marketplace.licensing.income.words import DEDUCTION_WORDS, FORMULA_WORDS, ROLE_WORDS
from marketplace.terms.figures import typed_percent
from marketplace.terms.payment import MINOR_UNITS, from_minor
from marketplace.terms.reading import Node, TermsError
from marketplace.web import Form, PlainForm

NEW_ROWS = 3


def _rate(text: str) -> Decimal:
    """A share typed in per cent. Raises `ValidationError`."""
    try:
        rate = Decimal(Node(typed_percent(text), "").rate())
    except TermsError as error:
        raise ValidationError(gettext("Give a share from 0 to 100 per cent.")) from error
    if -rate.normalize().as_tuple().exponent > 6:
        raise ValidationError(gettext("Give at most four decimal places of a per cent."))
    return rate


def _is_rate(form: Any, field: Any) -> None:
    if field.data and field.data.strip():
        _rate(field.data)


def _share(label: Any) -> StringField:
    return StringField(label, [Length(max=20), _is_rate])


class DeductionForm(PlainForm):
    """How one kind of cost is deducted, with its figure."""

    formula = SelectField(_l("How"), choices=[(code, word) for code, word in FORMULA_WORDS.items() if code != "clause"])
    value = StringField(_l("Per cent or amount"), [Length(max=30)])


class BrokerDeductionForm(DeductionForm):
    """The broker's fee may be what the agreement says."""

    formula = SelectField(_l("How"), choices=list(FORMULA_WORDS.items()))


class PolicyForm(Form):
    """A version of the policy: from when, who shares, what is deducted."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    in_force = DateField(_l("In force from"), [DataRequired(message=_l("Give the day."))])
    state_founded = BooleanField(_l("The state founded this institute (the floors of the law bind it)"), default=True)
    inventors = _share(ROLE_WORDS["inventors"])
    school = _share(ROLE_WORDS["school"])
    department = _share(ROLE_WORDS["department"])
    transfer_office = _share(ROLE_WORDS["transfer_office"])
    broker = _share(ROLE_WORDS["broker"])
    currency = SelectField(_l("Currency of fixed amounts"), choices=list(MINOR_UNITS))
    patent_fees = FormField(DeductionForm, DEDUCTION_WORDS["patent_fees"])
    agency = FormField(DeductionForm, DEDUCTION_WORDS["agency"])
    appraisal = FormField(DeductionForm, DEDUCTION_WORDS["appraisal"])
    tax = FormField(DeductionForm, DEDUCTION_WORDS["tax"])
    broker_fee = FormField(BrokerDeductionForm, DEDUCTION_WORDS["broker"])
    direct_costs = FormField(DeductionForm, DEDUCTION_WORDS["direct_costs"])
    other = FormField(DeductionForm, DEDUCTION_WORDS["other"])
    self_rate = StringField(_l("Inventors' part of the operating profit when the institute uses a technology itself"), [
        DataRequired(message=_l("Give a share from 0 to 100 per cent.")), Length(max=20), _is_rate])
    note = TextAreaField(_l("Decided by whom, on what ground"), [Length(max=5000)])

    @property
    def deductions(self) -> list[tuple[str, Any]]:
        """Code and form of each deduction."""
        return [(code, self["broker_fee" if code == "broker" else code]) for code in DEDUCTIONS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Also each figure by its formula."""
        right = super().validate(extra_validators)
        for code, row in self.deductions:
            try:
                self._deduction(code, row.form)
            except ValidationError as error:
                row.form.value.errors = [*row.form.value.errors, str(error)]
                right = False
        return right

    def _deduction(self, code: str, row: Any) -> dict[str, Any] | None:
        formula = row.formula.data
        if formula == "percent":
            return {"code": code, "formula": formula, "rate": f"{_rate(row.value.data or ''):f}"}
        if formula == "fixed":
            return {"code": code, "formula": formula, "amount": minor(row.value.data or "", self.currency.data), "currency": self.currency.data}
        return {"code": code, "formula": formula} if formula else None

    def values(self) -> dict[str, Any]:
        """As `propose_policy` takes them."""
        shares = {role: _rate(self[role].data) for role in ROLES if (self[role].data or "").strip()}
        found = [self._deduction(code, row.form) for code, row in self.deductions]
        return {
            "key": self.key.data, "in_force": self.in_force.data, "shares": shares, "deductions": [one for one in found if one],
            "self_rate": _rate(self.self_rate.data), "state_founded": self.state_founded.data, "note": (self.note.data or "").strip() or None,
        }

    @classmethod
    def of(cls, policy: IncomePolicy | None, key: str, today: date) -> PolicyForm:
        """The form filled with the policy in force, to be changed; without one with the floors of the law."""
        shares = policy.rates() if policy else {"inventors": Decimal("0.5"), "school": Decimal("0.5")}
        data: dict[str, Any] = {role: percent(rate) for role, rate in shares.items()}
        for one in policy.deductions if policy else ():
            value = percent(Decimal(one["rate"])) if "rate" in one else f"{from_minor(one['amount'], one['currency']):f}" if "amount" in one else ""
            data["broker_fee" if one["code"] == "broker" else one["code"]] = {"formula": one["formula"], "value": value}
            data["currency"] = one.get("currency", data.get("currency", "CNY"))
        own = percent(Decimal(policy.self_rate)) if policy else "5%"
        return cls(formdata=None, data={**data, "key": key, "in_force": today, "self_rate": own, "state_founded": policy.state_founded if policy else True})


class InventorRow(PlainForm):
    """One inventor: name, another employer, mail address, weight."""

    known = HiddenField()
    name = StringField(_l("Inventor's name"), [Length(max=80)])
    weight = IntegerField(_l("Weight"), [Optional(), NumberRange(1, HEAVIEST, message=_l("Give a whole number of at least 1."))])
    address = StringField(_l("Mail address"), [Length(max=254)])
    employer = StringField(_l("Other institution"), [Length(max=200)])


class InventorsForm(Form):
    """The weights of a technology's inventors."""

    key = HiddenField(validators=[DataRequired(), Length(max=40)])
    rows = FieldList(FormField(InventorRow), max_entries=MOST)
    note = TextAreaField(_l("Agreed how"), [Length(max=5000)])

    def named(self) -> list[Named]:
        """The rows in which somebody is named with a weight; a row without weight is left out."""
        rows = [row.form for row in self.rows]
        return [
            Named(row.name.data or "", row.weight.data or 0, row.employer.data or "", row.address.data or "", row.known.data or "")
            for row in rows if (row.name.data or "").strip() and row.weight.data
        ]

    @classmethod
    def of(cls, weights: Inventorship | None, names: list[str], key: str) -> InventorsForm:
        """Filled with the weights that hold, else with the names on the listing, each counting the same."""
        rows: list[dict[str, Any]] = [{"name": name, "weight": 1} for name in names]
        if weights:
            people = [(row.inventor, row.weight) for row in weights.weights if row.inventor.erased is None]
            rows = [
                {"known": one.public_id, "name": one.name, "employer": one.employer, "address": one.address_key, "weight": weight}
                for one, weight in people
            ]
        return cls(formdata=None, data={"key": key, "rows": [*rows, *({} for _ in range(NEW_ROWS))][:MOST]})


class AmountForm(Form):
    """A form with one amount in a currency."""

    key = HiddenField(validators=[Length(max=40)])
    technology = SelectField(_l("Technology"), validate_choice=False)
    amount = StringField(_l("Amount"), [DataRequired(message=_l("Give an amount above 0.")), Length(max=30), is_amount])
    currency = SelectField(_l("Currency"), choices=list(MINOR_UNITS))

    @property
    def minor(self) -> int:
        """The amount in minor units."""
        return minor(self.amount.data, self.currency.data)


class CostForm(AmountForm):
    """What was spent, on which technology or which agreement about it."""

    agreement = SelectField(_l("For one agreement only"), validate_choice=False)
    code = SelectField(_l("Kind"), choices=[(code, DEDUCTION_WORDS[code]) for code in DEDUCTIONS])
    day = DateField(_l("Day"), [DataRequired(message=_l("Give the day."))])
    note = StringField(_l("What for"), [Length(max=500)])


class OwnUseForm(AmountForm):
    """The operating profit of a year from the institute's own use."""

    year = IntegerField(_l("Year"), [DataRequired(message=_l("Give a year that is over.")), NumberRange(1985, 9999, message=_l("Give a year that is over."))])


class AnswerForm(Form):
    """Why something is refused."""

    reason = TextAreaField(_l("Reason for refusing"), [Length(max=5000)])


class PayoutForm(Form):
    """Who was paid, when."""

    places = ticks_of(_l("Who was paid"), coerce=int)
    day = DateField(_l("Paid on"), [DataRequired(message=_l("Give the day."))])
    note = StringField(_l("Note"), [Length(max=500)])
