"""Forms of agreements beside the editor of their payment terms: every clause of `clauses.toml` a field, acceptance as rows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from marketplace.errors import N_, Problem
from marketplace.fields import ticks_of
from marketplace.licensing.clauses import CLAUSES, Clause, put, value_at
from marketplace.licensing.operations import Draft
from marketplace.licensing.words import SIDE_WORDS, STATUS_FILTERS
from marketplace.terms.figures import typed_amount, typed_percent, typed_whole
from marketplace.terms.forms import TermsForm
from marketplace.terms.payment import MINOR_UNITS, to_minor
from marketplace.terms.reading import Node, TermsError
from marketplace.web import Form, PlainForm, in_words, language

LONG = 10_000
MOST_ACCEPTANCES = 20
IN_WORDS = {"zh": N_("%(label)s, in Chinese"), "en": N_("%(label)s, in English")}


def minor(text: str, currency: str) -> int:
    """An amount as typed, in minor units. Raises `ValidationError`."""
    if currency not in MINOR_UNITS:
        raise ValidationError(gettext("Choose a currency."))
    try:
        amount = Node(typed_amount(text), "").money(MINOR_UNITS[currency])
    except TermsError as error:
        raise ValidationError(error.said(gettext)) from error
    if amount >= 10**13:
        raise ValidationError(gettext("This is too much."))
    return to_minor(amount, currency) or 0


def is_amount(form: Any, field: Any) -> None:
    """Raise `ValidationError` unless the field holds an amount or nothing."""
    if field.data and field.data.strip():
        minor(field.data, form.currency.data)


class AcceptanceRow(PlainForm):
    """One thing to be accepted: what it is called, what is measured, what is wanted, how, by whom, until when."""

    id = StringField(_l("Name"), [Length(max=60, message=_l("This is too long."))])
    metric = StringField(_l("What is measured"), [Length(max=300, message=_l("This is too long."))])
    target = StringField(_l("Target"), [Length(max=300, message=_l("This is too long."))])
    method = StringField(_l("How it is tested"), [Length(max=300, message=_l("This is too long."))])
    tester = StringField(_l("Who tests"), [Length(max=300, message=_l("This is too long."))])
    deadline = StringField(_l("Until"), [Length(max=10, message=_l("This is too long."))], render_kw={"type": "date"})


class ClausesForm(Form):
    """The agreement beside its payment terms. Fields of clauses are added below, one or two for each clause of the data."""

    key = HiddenField()
    base = HiddenField()
    partner = StringField(_l("The firm that is to be licensed"), [Length(max=200)])
    firm = SelectField(_l("The firm"), choices=[], validate_choice=False)
    acceptance = FieldList(FormField(AcceptanceRow), min_entries=1, max_entries=MOST_ACCEPTANCES)
    note = TextAreaField(_l("Note to the other side"), [Length(max=2000)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.placed = False
        for clause in CLAUSES:
            for field in self.fields_of(clause):
                field.label.text = gettext(IN_WORDS[field.name[-2:]], label=clause.label[language()]) if clause.kind == "text" else clause.label[language()]
            if clause.choices:
                self[clause.name].choices = [
                    *([("", "–")] if clause.kind == "choice" and clause.default is None else []),
                    *((code, words["name"][language()]) for code, words in clause.choices.items()),
                ]
            if clause.open and self[clause.name].data and self[clause.name].data not in clause.choices:
                self[clause.name].choices.append((self[clause.name].data, self[clause.name].data))

    def fields_of(self, clause: Clause) -> list[Field]:
        """The fields of a clause: one, or one for each language."""
        return [self[f"{clause.name}_{lang}"] for lang in ("zh", "en")] if clause.kind == "text" else [self[clause.name]]

    def shown(self) -> Iterator[tuple[Clause, list[Field]]]:
        """Each clause with its fields, in the order of the contract."""
        return ((clause, self.fields_of(clause)) for clause in CLAUSES)

    def clauses(self) -> dict[str, Any]:
        """What the fields say, for `clauses.canonical`; what is empty is left out."""
        found: dict[str, Any] = {}
        for clause in CLAUSES:
            value = self._typed(clause)
            if value not in (None, "", {}, []):
                put(found, clause.path, value)
        rows = [row for row in self.acceptance.data if (row["id"] or "").strip()]
        if rows:
            found["acceptance"] = [self._acceptance(row) for row in rows]
        return found

    def _typed(self, clause: Clause) -> Any:
        if clause.kind == "text":
            return {lang: text for lang, field in zip(("zh", "en"), self.fields_of(clause), strict=True) if (text := (field.data or "").strip())}
        data = self[clause.name].data
        if clause.kind in ("days", "months", "times") and data:
            return typed_whole(data)
        return typed_percent(data) if clause.kind == "rate" and data else data

    def _acceptance(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row as a clause has it; what is measured is written in the reader's language."""
        found = {name: row[name].strip() for name in ("id", "target", "method", "tester", "deadline") if (row[name] or "").strip()}
        return found | ({"metric": {language(): row["metric"].strip()}} if (row["metric"] or "").strip() else {})

    @classmethod
    def of(cls, draft: Draft, **values: Any) -> ClausesForm:
        """The form filled with a draft."""
        data: dict[str, Any] = {}
        for clause in CLAUSES:
            value = value_at(draft.clauses, clause.path)
            if clause.kind == "text":
                data |= {f"{clause.name}_{lang}": (value or {}).get(lang, "") for lang in ("zh", "en")}
            elif value is not None:
                data[clause.name] = _shown(clause, value)
        data["acceptance"] = [
            {**one, "metric": next(iter(one.get("metric", {}).values()), "")} for one in draft.clauses.get("acceptance", ())
        ] or [{}]
        return cls(formdata=None, data=data | values)

    def draft(self, terms: TermsForm) -> Draft:
        """What both forms say together; both must have been found ready."""
        return Draft(terms.agreed or {}, self.clauses())

    def place(self, terms: TermsForm, path: str, text: str) -> None:
        """Put an error beside the field that a path of terms or clauses names, else above the form."""
        self.placed = True
        room, _dot, inner = path.partition(".")
        if room == "terms":
            field = terms.field_at(path)
        elif room == "clauses" and (row := re.fullmatch(r"acceptance\[(\d+)\]\.(\w+)", inner)):
            rows = [entry.form for entry in self.acceptance if (entry.form["id"].data or "").strip()]
            field = rows[int(row[1])][row[2]]
        elif inner == "acceptance":
            field = self.acceptance[0].form["id"]
        else:
            field = self._fields.get(inner.replace(".", "_")) or self._fields.get(f"{inner.split('.')[0]}_zh")
        if field is None:
            self.form_errors.append(text)
        else:
            field.errors = [*field.errors, text]

    def refuse_at(self, terms: TermsForm, problem: Problem) -> None:
        """Put a refusal of an operation beside the field that its path names."""
        self.place(terms, problem.field or "", in_words(problem.message, problem.values))


def _shown(clause: Clause, value: Any) -> Any:
    if clause.kind == "rate":
        written = f"{Decimal(value).scaleb(2):f}"
        return written.rstrip("0").rstrip(".") if "." in written else written
    return str(value) if clause.kind in ("days", "months", "times") else value


def _fields(clause: Clause) -> Iterator[tuple[str, Field]]:
    """The unbound fields of a clause. Their words are set for each reader when the form is made."""
    label = clause.path
    if clause.kind == "text":
        yield from ((f"{clause.name}_{lang}", TextAreaField(label, [Length(max=LONG)])) for lang in ("zh", "en"))
    elif clause.kind == "flag":
        yield clause.name, BooleanField(label, default=clause.default or False)
    elif clause.kind == "choice":
        yield clause.name, SelectField(label, validate_choice=False, default=clause.default or "")
    elif clause.kind == "codes":
        yield clause.name, ticks_of(label, validate_choice=False)
    else:
        yield clause.name, StringField(label, [Length(max=20)])


for _clause in CLAUSES:
    for _name, _field in _fields(_clause):
        setattr(ClausesForm, _name, _field)


class FilterForm(PlainForm):
    """Which agreements to list; it is read from the address."""

    status = SelectField(_l("State"), choices=[("", _l("all states")), *STATUS_FILTERS.items()], validate_choice=False)
    side = SelectField(_l("Your side"), choices=[("", _l("either side")), *SIDE_WORDS.items()], validate_choice=False)


def new_key() -> str:
    """A random key that makes a form sent twice one thing."""
    return secrets.token_urlsafe(18)
