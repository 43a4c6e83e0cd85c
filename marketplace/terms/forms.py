"""The form in which payment terms are written: every part of them a field, lists as rows, figures as people type them.

Amounts may be typed as 200,000 or 20万 and rates in per cent; `to_terms` gives the JSON values that `payment.parse`
reads. Parse alone judges them: what it refuses is put beside the field from which the refused value came. Rows are
added and taken away by buttons of the form, so that it works without script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, SelectChoice, SelectField, StringField
from wtforms import Form as Row
from wtforms.validators import Length

from marketplace.terms.payment import DAYS, MINOR_UNITS, Terms, parse, to_dict
from marketplace.terms.presets import PRESETS
from marketplace.terms.reading import TermsError

MOST_ROWS = 40

PRESET_NAMES = {
    "milestones_and_royalty": _l("No entry fee, milestones and royalty"),
    "deferral": _l("Deferred payment"),
    "trial_then_pay": _l("Trial, then pay"),
    "upfront": _l("Everything up front"),
    "open_licence": _l("Open licence"),
}

_AMOUNT = re.compile(r"[¥$€₩]?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(\.[0-9]*)?(万|萬|亿|億)?元?")
_MULTIPLES = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}


def typed_amount(text: str) -> str:
    """An amount as people type it (200,000, 20万, ¥5000) as a decimal string; else as it stands, to be refused."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text))
    match = _AMOUNT.fullmatch(plain)
    if not match or not (match[1] or (match[2] and len(match[2]) > 1)):
        return text
    digits = (match[1] or "0").replace(",", "") + (match[2] or "")
    if not match[3]:
        return digits
    written = f"{Decimal(digits) * _MULTIPLES[match[3]]:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def typed_percent(text: str) -> str:
    """A rate in per cent (3, 3%, 4.35) as a share; anything else as it stands, to be refused."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).removesuffix("%")
    return f"{Decimal(plain).scaleb(-2):f}" if re.fullmatch(r"[0-9]+(\.[0-9]*)?", plain) else text


def typed_whole(text: str) -> int | str:
    """A number of months or days; anything else as it stands, to be refused."""
    plain = unicodedata.normalize("NFKC", text).strip()
    return int(plain) if re.fullmatch(r"[0-9]{1,6}", plain) else text


def _shown_amount(value: str) -> str:
    whole, _, part = value.partition(".")
    return f"{int(whole):,}" + (f".{part}" if part.strip("0") else "")


def _shown_percent(value: str) -> str:
    written = f"{Decimal(value).scaleb(2):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _same(value: Any) -> Any:
    return value


Typed = Callable[[Any], Any]
AMOUNT: tuple[Typed, Typed] = (typed_amount, _shown_amount)
OPTIONAL: tuple[Typed, Typed] = (typed_amount, lambda value: _shown_amount(value) if value.strip("0.") else "")
PERCENT: tuple[Typed, Typed] = (typed_percent, _shown_percent)
WHOLE: tuple[Typed, Typed] = (typed_whole, str)
SAME: tuple[Typed, Typed] = (_same, _same)


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _text(label: Any, longest: int = 30, **kwargs: Any) -> StringField:
    return StringField(label, [Length(max=longest, message=_l("This is too long."))], filters=[_strip], **kwargs)


def _choice(label: Any, *choices: tuple[str, Any]) -> SelectField:
    return SelectField(
        label, choices=[SelectChoice(*choice) for choice in choices], default=choices[0][0], validate_choice=False
    )


class DeferredRow(Row):
    """A fee owed after some months, or at first revenue."""

    id = HiddenField()
    amount = _text(_l("Amount"))
    months = _text(_l("Months after the effective date"))
    moment = _choice(
        _l("When it is owed"),
        ("", _l("whatever the revenue")),
        ("earlier", _l("or at first revenue, whichever comes first")),
        ("later", _l("or at first revenue, whichever comes later")),
    )


class InstalmentRow(Row):
    """A fee due on a day."""

    id = HiddenField()
    amount = _text(_l("Amount"))
    due = _text(_l("Due date"), render_kw={"type": "date"})


class MilestoneRow(Row):
    """A fee owed when a milestone is accepted."""

    id = _text(_l("Name of the milestone"), 60)
    amount = _text(_l("Amount"))


class ConditionalRow(Row):
    """A fee owed only if something passes acceptance."""

    id = _text(_l("What must pass acceptance"), 60)
    amount = _text(_l("Amount"))
    deemed_days = _text(_l("Days after which silence counts as passed"))


class TierRow(Row):
    """A step of the royalty: the rate in per cent and the cumulative base up to which it applies."""

    rate = _text(_l("Rate in per cent"))
    upto = _text(_l("Up to which cumulative base"))


def _rows(row: type[Row], least: int = 0) -> FieldList:
    return FieldList(FormField(row), min_entries=least, max_entries=MOST_ROWS)


PLACES: dict[str, tuple[str, tuple[Typed, Typed]]] = {
    "currency": ("currency", SAME),
    "entry_fee": ("entry_fee", OPTIONAL),
    "payment_days": ("payment_days", WHOLE),
    "cap_total": ("cap_total", AMOUNT),
    "trial.months": ("trial_months", WHOLE),
    "trial.sales_counted": ("trial_sales_counted", SAME),
    "conversion.price": ("conversion_price", AMOUNT),
    "conversion.window_days": ("conversion_window_days", WHOLE),
    "conversion.silence": ("conversion_silence", SAME),
    "royalty.base": ("royalty_base", SAME),
    "royalty.period": ("royalty_period", SAME),
    "royalty.per_unit": ("royalty_per_unit", AMOUNT),
    "royalty.threshold": ("royalty_threshold", OPTIONAL),
    "royalty.tier_scope": ("royalty_tier_scope", SAME),
    "royalty.minimum_per_year": ("royalty_minimum_per_year", OPTIONAL),
    "royalty.statement_days": ("royalty_statement_days", WHOLE),
    "royalty.payment_days": ("royalty_payment_days", WHOLE),
    "buyout.price": ("buyout_price", AMOUNT),
    "late_interest.annual_rate": ("late_interest_rate", PERCENT),
}
"""Where each single value of the terms is in the form, and how it is read from there and shown there."""

COLUMNS: dict[str, dict[str, tuple[Typed, Typed]]] = {
    "deferred": {"id": SAME, "amount": AMOUNT, "months": WHOLE},
    "instalments": {"id": SAME, "amount": AMOUNT, "due": SAME},
    "milestones": {"id": SAME, "amount": AMOUNT},
    "conditional": {"id": SAME, "amount": AMOUNT, "deemed_days": WHOLE},
    "tiers": {"rate": PERCENT, "upto": AMOUNT},
}
"""The lists of the form with their columns; `tiers` belong to the royalty, the others to the terms themselves."""

MOMENT = ("first_revenue", "which")
"""Keys of a deferred fee that the form asks as one question."""

MEANT_BY = {
    "trial": ("trial_months",),
    "conversion": ("conversion_price",),
    "royalty": ("royalty_base", "royalty_per_unit", "royalty_threshold", "royalty_minimum_per_year"),
    "buyout": ("buyout_price",),
    "late_interest": ("late_interest_rate",),
}
"""A group of the terms is there when one of these fields is filled; the others have defaults and mean nothing alone."""


class TermsForm(FlaskForm):
    """Payment terms of an offer; all of its names begin with `terms-`, so that it can stand inside another form."""

    currency = _choice(_l("Currency"), *((code, code) for code in MINOR_UNITS))
    entry_fee = _text(_l("Entry fee"))
    trial_months = _text(_l("Months of free trial"))
    trial_sales_counted = BooleanField(_l("Sales during the trial count towards the royalty"))
    conversion_price = _text(_l("Price of conversion"))
    conversion_window_days = _text(_l("Days to decide after the trial"), default=str(DAYS))
    conversion_silence = _choice(
        _l("What silence means"), ("lapse", _l("that the trial lapses")), ("convert", _l("that the trial converts"))
    )
    deferred = _rows(DeferredRow)
    instalments = _rows(InstalmentRow)
    milestones = _rows(MilestoneRow)
    conditional = _rows(ConditionalRow)
    royalty_base = _choice(
        _l("Royalty"), ("", _l("No royalty")), ("net_sales", _l("A share of net sales")),
        ("profit", _l("A share of profit")), ("units", _l("An amount per unit")),
    )
    royalty_period = _choice(
        _l("Reporting period"), ("quarter", _l("every quarter")), ("month", _l("every month")),
        ("half", _l("every half-year")), ("year", _l("every year")),
    )
    tiers = _rows(TierRow, least=1)
    royalty_tier_scope = _choice(
        _l("What the steps count"), ("lifetime", _l("over the whole term")), ("year", _l("anew each year"))
    )
    royalty_per_unit = _text(_l("Amount per unit"))
    royalty_threshold = _text(_l("First amount or units without royalty"))
    royalty_minimum_per_year = _text(_l("Minimum a year"))
    royalty_statement_days = _text(_l("Days to the sales statement"), default=str(DAYS))
    royalty_payment_days = _text(_l("Days to pay the royalty"), default=str(DAYS))
    buyout_price = _text(_l("Buy-out price"))
    cap_total = _text(_l("Cap on all fees together"))
    payment_days = _text(_l("Days to pay"), default=str(DAYS))
    late_interest_rate = _text(_l("Late interest in per cent a year"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "terms-", **kwargs})
        self.terms: Terms | None = None

    @classmethod
    def of(cls, terms: dict[str, Any]) -> TermsForm:
        """The form filled with the JSON values of an offer's terms."""
        return cls(formdata=None, data=_shown(terms))

    def to_terms(self) -> dict[str, Any]:
        """The JSON values that the fields say, for `parse`; what is blank is left out."""
        terms = {
            key: rows for key in COLUMNS if key != "tiers" and (rows := [row for _, row in self._filled(key)])
        }
        tiers = [row for _, row in self._filled("tiers")]
        for path, (name, (read, _)) in PLACES.items():
            group, _, key = path.rpartition(".")
            value = self[name].data
            if value in (None, "") or (group and not self._means(group, tiers)):
                continue
            (terms.setdefault(group, {}) if group else terms)[key] = read(value)
        if tiers:
            terms.setdefault("royalty", {})["tiers"] = tiers
        if "conversion" in terms and "trial" in terms:
            terms["conversion"].setdefault("price", "0")
        return terms

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the fields say terms that can be read: `terms` holds them, else errors stand beside the fields."""
        if not super().validate(extra_validators):
            return False
        try:
            self.terms = parse(self.to_terms(), template=True)
        except TermsError as error:
            field = self.field_at(error.path)
            field.errors = [*field.errors, gettext(error.message, **error.values)]
            return False
        return True

    def field_at(self, path: str) -> Field:
        """The field in which the value stands that has this path in the terms."""
        path = path.removeprefix("terms.").replace("royalty.tiers", "tiers")
        if match := re.fullmatch(r"(\w+)\[(\d+)\]\.(\w+)", path):
            row, _ = self._filled(match[1])[int(match[2])]
            field = row["moment" if match[3] in MOMENT else match[3]]
            return row["amount"] if isinstance(field, HiddenField) else field
        if path == "tiers":
            return self.tiers[0].form["rate"]
        return self[MEANT_BY[path][0] if path in MEANT_BY else PLACES[path][0]]

    def pressed(self) -> bool:
        """Whether a button of the editor was pressed (a row more or less, a preset, show the words), and do it.

        The page is then shown again, nothing is saved: `if form.pressed(): return render(...)`.
        """
        more, less, preset = (request.form.get(self._prefix + name, "") for name in ("add", "remove", "preset"))
        if more in COLUMNS and len(self[more]) < MOST_ROWS:
            self[more].append_entry()
        kind = next((name for name in COLUMNS if less.startswith(f"{self[name].name}-")), None)
        if kind:
            self[kind].entries[:] = [row for row in self[kind].entries if row.name != less]
        if preset in PRESETS:
            self.process(formdata=None, data=_shown({**PRESETS[preset], "currency": self.currency.data}))
        return bool(more or less or preset or request.form.get(self._prefix + "show"))

    def blank(self, kind: str) -> Row:
        """An empty row of a list, for the script to copy; its number is written `__index__`."""
        return self[kind].unbound_field.args[0](prefix=f"{self[kind].name}-__index__-")

    def presets(self) -> Iterator[tuple[str, Any]]:
        """Codes and names of the ready-made terms."""
        return iter(PRESET_NAMES.items())

    def unusual(self, fields: list[Field]) -> bool:
        """Whether any of these fields is wrong or says other than what it says unasked."""
        return any(field.errors or (field.data or "") != (field.default or "") for field in fields)

    def problems(self) -> Iterator[tuple[str, str]]:
        """The name of each field in error, as the page has it, with its first error."""
        for form in (self, *(row.form for kind in COLUMNS for row in self[kind])):
            for field in form:
                if field.errors and not isinstance(field, FieldList):
                    yield field.name, str(field.errors[0])

    def _means(self, group: str, tiers: list[dict[str, Any]]) -> bool:
        """Whether the fields of a group mean anything; see `MEANT_BY`."""
        decided = group == "conversion" and self.trial_months.data and (
            self.conversion_window_days.data != str(DAYS) or self.conversion_silence.data != "lapse"
        )
        return bool(decided or (group == "royalty" and tiers) or any(self[name].data for name in MEANT_BY[group]))

    def _filled(self, kind: str) -> list[tuple[Row, dict[str, Any]]]:
        """The rows of a list in which anything is typed, each with its values for `parse`."""
        rows = [row.form for row in self[kind]]
        typed = [row for row in rows if any(field.data for field in row if field.type == "StringField")]
        taken = {row["id"].data for row in typed} if kind != "tiers" else set()
        numbers = (str(n) for n in range(1, MOST_ROWS * 2) if str(n) not in taken)
        return [(row, self._row_values(kind, row, numbers)) for row in typed]

    def _row_values(self, kind: str, row: Row, numbers: Iterator[str]) -> dict[str, Any]:
        values = {key: read(row[key].data) for key, (read, _) in COLUMNS[kind].items() if row[key].data}
        if kind == "tiers":
            return {"upto": None, **values}
        if kind == "deferred" and row["moment"].data:
            values |= {"first_revenue": True, "which": row["moment"].data}
        return {"id": next(numbers), **values} if "id" not in values else values


def _shown(terms: dict[str, Any]) -> dict[str, Any]:
    """The data of the form for the JSON values of terms; lists as rows, defaults written out."""
    values = to_dict(parse(terms, template=True))
    data: dict[str, Any] = {}
    for path, (name, (_, show)) in PLACES.items():
        group, _, key = path.rpartition(".")
        inner = values.get(group, {}) if group else values
        if key in inner:
            data[name] = show(inner[key])
    for kind, columns in COLUMNS.items():
        rows = values.get(kind) or values.get("royalty", {}).get(kind, [])
        data[kind] = [_shown_row(row, columns) for row in rows]
    return data


def _shown_row(row: dict[str, Any], columns: dict[str, tuple[Typed, Typed]]) -> dict[str, Any]:
    moment = {"moment": row["which"] if row["first_revenue"] else ""} if "first_revenue" in row else {}
    return {key: show(row[key]) for key, (_, show) in columns.items() if row.get(key) is not None} | moment
