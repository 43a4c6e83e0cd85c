"""The form in which payment terms are written: every part of them a field, lists as rows, figures as people type them.

Amounts may be typed as 200,000 or 20万 and rates in per cent (`figures`); `to_terms` gives the JSON values that
`payment.parse` reads. Parse alone judges them: what it refuses is put beside the field from which the refused value
came. A form in which nothing is typed agrees nothing, which is not the same as free of charge: that is ticked. Rows are
added and taken away by buttons of the form, so that it works without script, and a preset that replaces what was typed
can be taken back. The same form serves an agreement, which has a day of effect and an end besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from marketplace.errors import N_
from marketplace.terms import figures
from marketplace.terms.payment import DAYS, MINOR_UNITS, Terms, forms_of, parse, to_dict
from marketplace.terms.presets import PRESETS, Preset
from marketplace.terms.reading import TermsError
from marketplace.web import PlainForm, in_words

MOST_ROWS = 40
ZONE = ZoneInfo("Asia/Shanghai")


def _same(value: Any) -> Any:
    return value


Typed = Callable[[Any], Any]
AMOUNT: tuple[Typed, Typed] = (figures.typed_amount, figures.shown_amount)
OPTIONAL: tuple[Typed, Typed] = (figures.typed_amount, lambda value: figures.shown_amount(value) if value.strip("0.") else "")
PERCENT: tuple[Typed, Typed] = (figures.typed_percent, figures.shown_percent)
WHOLE: tuple[Typed, Typed] = (figures.typed_whole, str)
DAY: tuple[Typed, Typed] = (figures.typed_day, _same)
SAME: tuple[Typed, Typed] = (_same, _same)


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _text(label: Any, longest: int = 30, **kwargs: Any) -> StringField:
    return StringField(label, [Length(max=longest, message=_l("This is too long."))], filters=[_strip], **kwargs)


def _choice(label: Any, *choices: tuple[str, Any]) -> SelectField:
    return SelectField(
        label, choices=[SelectChoice(*choice) for choice in choices], default=choices[0][0], validate_choice=False
    )


class DeferredRow(PlainForm):
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


class InstalmentRow(PlainForm):
    """A fee due on a day."""

    id = HiddenField()
    amount = _text(_l("Amount"))
    due = _text(_l("Due date"), render_kw={"type": "date"})


class MilestoneRow(PlainForm):
    """A fee owed when a milestone is accepted."""

    id = _text(_l("Name of the milestone"), 60)
    amount = _text(_l("Amount"))


class ConditionalRow(PlainForm):
    """A fee owed only if something passes acceptance."""

    id = _text(_l("What must pass acceptance"), 60)
    amount = _text(_l("Amount"))
    deemed_days = _text(_l("Days after which silence counts as passed"))


class TierRow(PlainForm):
    """A step of the royalty: the rate in per cent and the cumulative base up to which it applies."""

    rate = _text(_l("Rate in per cent"))
    upto = _text(_l("Up to which cumulative base"))


class Rows(FieldList):
    """A list of rows that takes any names a browser may send: numbers that are none, or none that a page of ours has, are
    passed over, and rows beyond the most are counted, not lost in silence."""

    dropped = 0

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        numbered = re.compile(rf"{re.escape(prefix)}-([0-9]{{1,4}})-", re.ASCII)
        found = {int(match[1]) for name in formdata if (match := numbered.match(name))}
        self.dropped = max(0, len(found) - MOST_ROWS)
        return iter(found)


def _rows(row: type[PlainForm], label: Any, least: int = 0) -> Rows:
    return Rows(FormField(row), label, min_entries=least, max_entries=MOST_ROWS)


PLACES: dict[str, tuple[str, tuple[Typed, Typed]]] = {
    "currency": ("currency", SAME),
    "effective": ("effective", DAY),
    "end": ("end", DAY),
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
    "instalments": {"id": SAME, "amount": AMOUNT, "due": DAY},
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


COUNTS_WITH = {
    "trial": ("conversion_window_days", "conversion_silence", "trial_sales_counted"),
    "royalty": (
        "royalty_period", "royalty_per_unit", "royalty_threshold", "royalty_tier_scope", "royalty_minimum_per_year",
        "royalty_statement_days", "royalty_payment_days", "trial_sales_counted",
    ),
}
"""Fields that mean nothing while there is no trial, or no royalty; whoever fills them is told."""

NO_ROYALTY = N_("The figures of the royalty mean nothing while there is no royalty: choose what it is a share of, or clear them.")
NOT_FREE = N_("As typed, nothing is ever owed. Name a fee, or tick that it is free of charge.")
NOT_ONLY_FREE = N_("Fees are typed as well: take away the tick, or the fees.")
TOO_MANY = N_("At most %(most)s rows are kept; %(count)s more were sent.")
OTHER_CURRENCY = N_("This names another currency than the one that is chosen, %(currency)s.")


class TermsForm(FlaskForm):
    """Payment terms of an offer, or with `agreement` those of an agreement; all of its names begin with `terms-`, so that
    it can stand inside another form."""

    effective = _text(_l("First day of effect"), render_kw={"type": "date"})
    end = _text(_l("Last day of the term"), render_kw={"type": "date"})
    free = BooleanField(_l("Free of charge: nothing is ever owed"))
    before = HiddenField()
    currency = _choice(_l("Currency"), *((code, code) for code in MINOR_UNITS))
    entry_fee = _text(_l("Entry fee"))
    trial_months = _text(_l("Months of free trial"))
    trial_sales_counted = BooleanField(_l("Sales during the trial count towards the royalty"))
    conversion_price = _text(_l("Price of conversion"))
    conversion_window_days = _text(_l("Days to decide after the trial"), default=str(DAYS))
    conversion_silence = _choice(
        _l("What silence means"), ("lapse", _l("that the trial lapses")), ("convert", _l("that the trial converts"))
    )
    deferred = _rows(DeferredRow, _l("Deferred payment"))
    instalments = _rows(InstalmentRow, _l("Instalment"))
    milestones = _rows(MilestoneRow, _l("Milestone"))
    conditional = _rows(ConditionalRow, _l("Fee on acceptance"))
    royalty_base = _choice(
        _l("Royalty"), ("", _l("no royalty")), ("net_sales", _l("a share of net sales")),
        ("profit", _l("a share of profit")), ("units", _l("an amount per unit")),
    )
    royalty_period = _choice(
        _l("Reporting period"), ("quarter", _l("every quarter")), ("month", _l("every month")),
        ("half", _l("every half-year")), ("year", _l("every year")),
    )
    tiers = _rows(TierRow, _l("Step of the royalty"), least=1)
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

    def __init__(self, *args: Any, agreement: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": "terms-", **kwargs})
        self.agreement = agreement
        self.terms: Terms | None = None
        if not agreement:
            del self.effective, self.end

    @classmethod
    def of(cls, terms: dict[str, Any], agreement: bool | None = None) -> TermsForm:
        """The form filled with the JSON values of terms: an offer's, or an agreement's when they have a day of effect.

        With `agreement` an offer's terms are where an agreement begins, its days still open.
        """
        return cls(formdata=None, data=_shown(terms), agreement="effective" in terms if agreement is None else agreement)

    @property
    def empty(self) -> bool:
        """Whether nothing is agreed yet: no fee typed, and not said to be free of charge."""
        plain = (self.payment_days.data or str(DAYS)) == str(DAYS) and (self.currency.data or "CNY") in MINOR_UNITS
        return not self.free.data and plain and self.to_terms().keys() <= {"currency", "payment_days", "effective", "end"}

    @property
    def agreed(self) -> dict[str, Any] | None:
        """The JSON values of the terms that `validate` read, in canonical form; None where nothing is agreed."""
        return to_dict(self.terms) if self.terms else None

    def to_terms(self) -> dict[str, Any]:
        """The JSON values that the fields say, for `parse`; what is blank is left out."""
        terms = {
            key: rows for key in COLUMNS if key != "tiers" and (rows := [row for _, row in self._filled(key)])
        }
        tiers = [row for _, row in self._filled("tiers")]
        for path, (name, (read, _)) in PLACES.items():
            group, _, key = path.rpartition(".")
            value = self[name].data if name in self else None
            if value in (None, "") or (group and not self._means(group, tiers)):
                continue
            (terms.setdefault(group, {}) if group else terms)[key] = read(value)
        if tiers:
            terms.setdefault("royalty", {})["tiers"] = tiers
        if "conversion" in terms and "trial" in terms:
            terms["conversion"].setdefault("price", "0")
        return terms

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether the fields say terms that can be read: `terms` holds them (None where nothing is agreed), else errors
        stand beside the fields."""
        self.terms = None
        wrong = not super().validate(extra_validators)
        for field, message, values in (*self._lost_rows(), *self._other_currencies()):
            _refuse(field, message, **values)
            wrong = True
        if wrong:
            return False
        if self.empty and not self.agreement:
            return True
        try:
            terms = parse(self.to_terms(), template=not self.agreement)
        except TermsError as error:
            field = self.field_at(error.path)
            no_royalty = field is self.royalty_base and not field.data
            _refuse(field, *([NO_ROYALTY] if no_royalty else [error.message]), **({} if no_royalty else error.values))
            return False
        if (forms_of(terms) == ("free",)) is not self.free.data:
            _refuse(self.free, NOT_ONLY_FREE if self.free.data else NOT_FREE)
            return False
        self.terms = terms
        return True

    def read(self) -> Terms | None:
        """The terms as far as they stand, without a word about what is wrong; for pages that only show them."""
        try:
            return None if self.empty else parse(self.to_terms(), template=not self.agreement)
        except TermsError:
            return None

    def _lost_rows(self) -> Iterator[tuple[Field, str, dict[str, Any]]]:
        for kind in COLUMNS:
            if self[kind].dropped:
                last = self[kind].entries[-1].form
                yield last["rate" if kind == "tiers" else "amount"], TOO_MANY, {"most": MOST_ROWS, "count": self[kind].dropped}

    def _other_currencies(self) -> Iterator[tuple[Field, str, dict[str, Any]]]:
        for field in self._read_as(figures.typed_amount):
            named = figures.currencies_named(field.data)
            if named is not None and self.currency.data in MINOR_UNITS and self.currency.data not in named:
                yield field, OTHER_CURRENCY, {"currency": self.currency.data}

    def _read_as(self, reader: Typed) -> Iterator[Field]:
        """The filled fields that are read in this way."""
        single = ((self, name, how) for name, how in PLACES.values() if name in self)
        listed = ((row.form, name, how) for kind, columns in COLUMNS.items() for row in self[kind] for name, how in columns.items())
        return (form[name] for form, name, how in (*single, *listed) if how[0] is reader and form[name].data)

    def hints(self) -> Iterator[tuple[str, str]]:
        """The name of each field that may not mean what somebody thinks, and what it does mean."""
        for field in self._read_as(figures.typed_percent):
            if small := figures.small_percent(field.data):
                share = figures.shown_percent(small)
                text = gettext("This is read as %(rate)s per cent. For a share of %(rate)s write %(share)s.", rate=small, share=share)
                yield field.name, text
        words = {"trial": gettext("This counts only with a trial."), "royalty": gettext("This counts only with a royalty.")}
        there = {"trial": bool(self.trial_months.data), "royalty": bool(self.royalty_base.data)}
        for group, names in COUNTS_WITH.items():
            yield from ((self[name].name, words[group]) for name in names if not there[group] and self.unusual([self[name]]))
        if not there["royalty"]:
            yield from ((field.name, words["royalty"]) for row in self.tiers for field in (row.form["rate"], row.form["upto"]) if field.data)

    def field_at(self, path: str) -> Field:
        """The field in which the value stands that has this path in the terms; raises `KeyError` where there is none."""
        path = path.removeprefix("terms.").replace("royalty.tiers", "tiers")
        if match := re.fullmatch(r"(\w+)\[(\d+)\]\.(\w+)", path):
            row, _ = self._filled(match[1])[int(match[2])]
            field = row["moment" if match[3] in MOMENT else match[3]]
            return row["amount"] if isinstance(field, HiddenField) else field
        if path in COLUMNS:
            rows = self[path].entries
            return rows[0].form["rate" if path == "tiers" else "amount"] if rows else self.cap_total
        return self[MEANT_BY[path][0] if path in MEANT_BY else PLACES[path][0]]

    def pressed(self) -> bool:
        """Whether a button of the editor was pressed (a row more or less, a preset or back, show the words), and do it.

        The page is then shown again, nothing is saved: `if form.pressed(): return render(...)`.
        """
        more, less, preset, undo, show = (
            request.form.get(self._prefix + name, "") for name in ("add", "remove", "preset", "undo", "show")
        )
        if more in COLUMNS and len(self[more]) < MOST_ROWS:
            self[more].append_entry()
        kind = next((name for name in COLUMNS if less.startswith(f"{self[name].name}-")), None)
        if kind:
            self[kind].entries[:] = [row for row in self[kind].entries if row.name != less]
        if preset in PRESETS:
            self._begin_with(PRESETS[preset])
        if undo:
            self.process(formdata=MultiDict(parse_qsl(self.before.data or "", keep_blank_values=True)))
        if show:
            self.validate()
        return bool(more or less or preset or undo or show)

    def _begin_with(self, preset: Preset) -> None:
        """Fill the form with a preset. What somebody typed is kept in `before`, so that it can be had back; another preset
        that nobody changed is not worth it, and what was kept before it stays."""
        today, currency = datetime.now(UTC).astimezone(ZONE).date(), self.currency.data
        currency = currency if currency in MINOR_UNITS else next(iter(MINOR_UNITS))
        ready = ({**_shown(one.template(currency, today)), "before": ""} for one in PRESETS.values())
        typed = self.to_terms()
        if not self.empty and not any(type(self)(formdata=None, data=data).to_terms() == typed for data in ready):
            never = tuple(f"{self._prefix}{name}" for name in ("before", "preset", "csrf_token"))
            own = (pair for pair in request.form.items(multi=True) if pair[0].startswith(self._prefix) and pair[0] not in never)
            kept = urlencode(list(own))
        else:
            kept = self.before.data or ""
        days = {name: self[name].data for name in ("effective", "end") if name in self}
        self.process(formdata=None, data={**_shown(preset.template(currency, today)), **days, "before": kept})

    def blank(self, kind: str) -> PlainForm:
        """An empty row of a list, for the script to copy; its number is written `__index__`."""
        return self[kind].unbound_field.args[0](prefix=f"{self[kind].name}-__index__-")

    def presets(self) -> Iterator[Preset]:
        """The ready-made terms."""
        return iter(PRESETS.values())

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

    def _filled(self, kind: str) -> list[tuple[PlainForm, dict[str, Any]]]:
        """The rows of a list in which anything is typed, each with its values for `parse`."""
        rows = [row.form for row in self[kind]]
        typed = [row for row in rows if any(field.data for field in row if field.type == "StringField")]
        taken = {row["id"].data for row in typed} if kind != "tiers" else set()
        numbers = (str(n) for n in range(1, MOST_ROWS * 2) if str(n) not in taken)
        return [(row, self._row_values(kind, row, numbers)) for row in typed]

    def _row_values(self, kind: str, row: PlainForm, numbers: Iterator[str]) -> dict[str, Any]:
        values = {key: read(row[key].data) for key, (read, _) in COLUMNS[kind].items() if row[key].data}
        if kind == "tiers":
            return {"upto": None, **values}
        if kind == "deferred" and row["moment"].data:
            values |= {"first_revenue": True, "which": row["moment"].data}
        return {"id": next(numbers), **values} if "id" not in values else values


def _refuse(field: Field, message: str, **values: Any) -> None:
    """Put a message beside a field."""
    field.errors = [*field.errors, in_words(message, values)]


def _shown(terms: dict[str, Any]) -> dict[str, Any]:
    """The data of the form for the JSON values of terms; lists as rows, defaults written out."""
    read = parse(terms, template="effective" not in terms)
    values = to_dict(read)
    data: dict[str, Any] = {"free": forms_of(read) == ("free",)}
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
