"""The form of the simulator: what is assumed, typed as people type it, read exactly, refused beside the field.

Its fields stand beside those of `TermsForm` in one HTML form; nothing of it is stored. The three columns of sales are
cells with one name each. A level with its growth and a pasted column only fill the column of expected sales; the other
two are a share of it where their cells are empty.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectChoice, SelectField, StringField, TextAreaField

from marketplace.errors import N_
from marketplace.terms.comparison import SCENARIOS
from marketplace.terms.figures import typed_percent, typed_whole
from marketplace.terms.payment import MINOR_UNITS, NOTHING, Terms
from marketplace.terms.plan import DECISIONS, MOST_QUARTERS, Plan
from marketplace.terms.reading import Node, TermsError
from marketplace.terms.simulate import PlanError
from marketplace.terms.simulator.columns import Figures, amount, read_pasted, shown
from marketplace.web import Form, in_words

EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
LONGEST_CELL = 40
STEP = 6  # months from one milestone to the next, until somebody says otherwise

_GROWTH = re.compile(r"([-\u2212+])?([0-9]{1,4}(?:\.[0-9]{0,4})?)%?")

T = TypeVar("T")


class Cells(Field):
    """Several inputs of one name; `faults` says what is wrong with which of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: dict[int, str] = {}

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """The cells as typed."""
        self.data = [cell.strip()[:LONGEST_CELL] for cell in valuelist[:MOST_QUARTERS]]

    def cell(self, number: int) -> str:
        """What is typed in a cell; nothing where there is none."""
        return self.data[number] if self.data and number < len(self.data) else ""


def _text(label: Any, default: str = "", **kwargs: Any) -> StringField:
    return StringField(label, default=default, filters=[lambda value: value.strip()[:LONGEST_CELL] if value else value], **kwargs)


@dataclass(frozen=True, slots=True)
class Asked:
    """A calculation that somebody asks for, read: ready for `comparison.simulate`."""

    plan: Plan
    columns: dict[str, list[Decimal]]
    rate: Decimal
    upfront: Decimal | None


class PlanForm(Form):
    """What both sides assume. Open to everybody and kept nowhere, so the forgery check of the application is the only one."""

    class Meta(Form.Meta):
        """No second forgery token: the page carries the application's."""

        csrf = False

    start = _text(_l("The agreement begins on"), render_kw={"type": "date"})
    quarters = _text(_l("How many quarters"), "12")
    level = _text(_l("Sales in the first quarter"), "500,000")
    growth = _text(_l("Growth each quarter, in per cent"), "5")
    pasted = TextAreaField(_l("Paste a column from a spreadsheet"))
    expected = Cells(_l("Expected"))
    cautious = Cells(_l("Cautious"))
    good = Cells(_l("Good"))
    cautious_share = _text(_l("Cautious: per cent of the expected"), "50")
    good_share = _text(_l("Good: per cent of the expected"), "150")
    margin = _text(_l("Margin on these sales before the fees, in per cent"), "30")
    unit_margin = _text(_l("Margin on each unit before the fees"), "100")
    investment = _text(_l("Own investment at the start"), "100,000")
    decision = SelectField(
        _l("When the trial is decided, the enterprise"),
        choices=[SelectChoice("convert", _l("converts")), SelectChoice("decline", _l("declines")), SelectChoice("silence", _l("says nothing"))],
        default="convert",
    )
    decision_month = _text(_l("Month of the decision (empty: when the trial ends)"))
    milestones = Cells(_l("Month in which it is accepted (empty: never)"))
    conditions = Cells(_l("Month in which it passes (empty: never)"))
    buyout_quarter = _text(_l("Bought out at the end of quarter (empty: not)"))
    discount = _text(_l("Discount rate in per cent a year"), "8")
    upfront = _text(_l("Upfront fee to compare with (empty: none)"), "400,000")

    is_level = False
    """Whether the expected sales, once read, are just what the level and its growth say."""

    def read(self, terms: Terms, fill: str = "") -> Asked | None:
        """What is asked for, or None with errors beside the fields. `fill` is "level" or "pasted" where one of them fills the column."""
        reader = _Reader(self, terms)
        asked = reader.asked(fill)
        return None if reader.wrong else asked

    def refuse_part(self, error: PlanError | TermsError) -> None:
        """Put what terms and plan refuse together beside the field it comes from; what the terms refuse is the start's fault."""
        field = self[error.part if isinstance(error, PlanError) else "start"]
        field.errors = [*field.errors, in_words(error.message, error.values)]

    def accepted_month(self, name: str, number: int) -> str:
        """What is typed, or else assumed, for a milestone or a condition: one after the other, half a year apart."""
        cells = self[name].data
        return cells[number] if cells and number < len(cells) else str(STEP * (number + 1))

    def typed(self) -> dict[str, list[str]]:
        """What differs from an untouched form, for a link; the expected sales only where the level does not say them."""
        found: dict[str, list[str]] = {}
        for field in self:
            if isinstance(field, Cells):
                if any(field.data or ()) and not (field.name == "expected" and self.is_level):
                    found[field.name] = list(field.data)
            elif field.name != "pasted" and (field.data or "") != (field.default or ""):
                found[field.name] = [field.data or ""]
        return found


class _Reader:
    """Reads a `PlanForm` under some terms; each fault goes beside its field."""

    def __init__(self, form: PlanForm, terms: Terms) -> None:
        self.form, self.terms = form, terms
        self.figures = Figures(terms)
        self.places = MINOR_UNITS[terms.currency]
        self.wrong = False

    def asked(self, fill: str) -> Asked | None:
        """Everything read; what could not be is None, and `wrong` is set."""
        form = self.form
        if fill == "pasted":
            self._fill(form.pasted, lambda: read_pasted(form.pasted.data or "", self.figures))
        elif fill == "level":
            form.expected.data = []
        count = self.value(form.quarters, lambda text: _between(_whole(text), 1, MOST_QUARTERS))
        plan = self._plan(count or 1)
        columns = self._columns(count) if count else {}
        rate = self.value(form.discount, lambda text: Node(typed_percent(text), "").rate())
        upfront = self.value(form.upfront, lambda text: self._amount(text) if text else None)
        return None if self.wrong else Asked(plan, columns, rate or NOTHING, upfront)

    def value(self, field: Field, read: Callable[[str], T]) -> T | None:
        """What a field says, or None with its error beside it."""
        try:
            return read(field.data or "")
        except TermsError as error:
            self._refuse(field, error)
            return None

    def _refuse(self, field: Field, error: TermsError) -> None:
        self.wrong = True
        field.errors = [*field.errors, in_words(error.message, error.values)]

    def _fill(self, field: Field, read: Callable[[], list[Decimal]]) -> None:
        """Put figures into the column of expected sales, which gets as long as they are."""
        if (found := self.value(field, lambda _text: read())) is not None:
            self.form.expected.data = [shown(figure) for figure in found]
            self.form.quarters.data = str(len(found))

    def _plan(self, count: int) -> Plan:
        form, units = self.form, self.figures.units
        kept = form.unit_margin if units else form.margin
        return Plan(
            start=self.value(form.start, _day) or EARLIEST,
            quarters=count,
            margin=self.value(kept, lambda text: self._amount(text) if units else Node(typed_percent(text or "0"), "").rate()) or NOTHING,
            investment=self.value(form.investment, self._amount) or NOTHING,
            decision=form.decision.data if form.decision.data in DECISIONS else "convert",
            decision_month=self._month(form.decision_month),
            milestone_months=self._months("milestones", len(self.terms.milestones)),
            condition_months=self._months("conditions", len(self.terms.conditional)),
            buyout_quarter=self.value(form.buyout_quarter, lambda text: _between(_whole(text), 1, MOST_QUARTERS) if text else None),
        )

    def _amount(self, text: str) -> Decimal:
        return amount(text or "0", self.places)

    def _month(self, field: Field) -> int | None:
        return self.value(field, lambda text: _whole(text) if text else None)

    def _months(self, name: str, count: int) -> tuple[int | None, ...]:
        typed = [self.form.accepted_month(name, number) for number in range(count)]
        self.form[name].data = typed
        return tuple(self._cell(self.form[name], number, _whole) if text else None for number, text in enumerate(typed))

    def _cell(self, field: Cells, number: int, read: Callable[[str], T]) -> T | None:
        try:
            return read(field.cell(number))
        except TermsError as error:
            self.wrong = True
            field.faults[number] = in_words(error.message, error.values)
            return None

    def _columns(self, count: int) -> dict[str, list[Decimal]]:
        expected = self._expected(count)
        shares = {name: self.value(self.form[f"{name}_share"], _share) or NOTHING for name in ("cautious", "good")}
        found = {name: self.figures.share(expected, share) for name, share in shares.items()}
        for name, figures in found.items():
            for number in range(count):
                if self.form[name].cell(number):
                    figures[number] = self._cell(self.form[name], number, self.figures.read) or NOTHING
        return {name: found.get(name, expected) for name in SCENARIOS}

    def _expected(self, count: int) -> list[Decimal]:
        """The expected sales: the cells that were sent, and where there are none what the level and its growth say."""
        field = self.form.expected
        sent = len(field.data or ())
        level = self.value(self.form.level, lambda text: self.figures.read(text or "0"))
        growth = self.value(self.form.growth, _growth)
        series = None
        if level is not None and growth is not None:
            series = self._series(level, growth, count, needed=sent < count)
        says = [shown(figure) for figure in series or ()]
        field.data = [*(field.data or [])[:count], *says[sent:]]
        self.form.is_level = field.data == says
        return [(self._cell(field, number, self.figures.read) or NOTHING) if field.cell(number) else NOTHING for number in range(count)]

    def _series(self, level: Decimal, growth: Decimal, count: int, needed: bool) -> list[Decimal] | None:
        """What the level and its growth say; that they grow too large matters only where they are needed."""
        try:
            return self.figures.series(level, growth, count)
        except TermsError as error:
            if needed:
                self._refuse(self.form.growth, error)
            return None


def _whole(text: str) -> int:
    return Node(typed_whole(text), "").whole()


def _between(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise TermsError("", N_("Give a whole number from %(least)s to %(most)s."), least=least, most=most)
    return number


def _day(text: str) -> date:
    node = Node(unicodedata.normalize("NFKC", text), "")
    day = node.day()
    if not EARLIEST <= day < LATEST:
        node.refuse(N_("Give a date between 2000 and 2199."))
    return day


def _growth(text: str) -> Decimal:
    """A growth in per cent, which may be a decline of less than everything."""
    match = _GROWTH.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "0")))
    share = Decimal(match[2]).scaleb(-2) * (-1 if match[1] in ("-", "\u2212") else 1) if match else None
    if share is None or not -1 <= share <= 10:
        raise TermsError("", N_("Give a growth in per cent from -100 to 1000, such as 5 or -2.5."))
    return share


def _share(text: str) -> Decimal:
    """A share of the expected sales, up to ten times."""
    match = _GROWTH.fullmatch(re.sub(r"\s", "", unicodedata.normalize("NFKC", text or "")))
    if not match or match[1] or Decimal(match[2]) > 1000:
        raise TermsError("", N_("Give a share in per cent from 0 to 1000."))
    return Decimal(match[2]).scaleb(-2)
