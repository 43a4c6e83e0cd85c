"""What an agreement would bring both sides: assumed events go through `schedule`, and its obligations become cash.

No rule of the terms is computed here. An *outlook* is an agreement as it is assumed to go, before sales are known: the
decision of the trial, milestones, the buy-out. The schedule of these events says which royalty periods there are and
how long the technology is in use. A *projection* adds sales to an outlook: every period is stated on the day its
statement is due, every fee is paid in full on its due date, and both are asked of the schedule once.

Cash of the institute is the fees. Cash of the licensee is its margin on what it sells, in the quarter in which it sells,
less what it invests at the start, less the fees. Amounts are exact; the margin is rounded half-up once a quarter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from marketplace.errors import N_, several
from marketplace.terms.events import Event, read
from marketplace.terms.payment import MINOR_UNITS, NOTHING, Terms, add_months, parse, to_dict
from marketplace.terms.plan import DAY, EXACT, Plan, Sales, end_of, quarters
from marketplace.terms.reading import MOST, TermsError
from marketplace.terms.schedule import Obligation, Schedule, schedule

FOREVER = timedelta(days=3 * MOST + 366)
"""After so many days nothing that began before can still fall due: three times the longest number of days of the terms and a year."""

FINEST = 6
"""Decimal places of units sold."""

ASKED_BY = {
    "converted": "decision_month", "declined": "decision_month", "bought_out": "buyout_quarter",
    "milestone_accepted": "milestones", "accepted": "conditions",
}
"""Which part of a plan an assumed event comes from."""

TOO_SHORT = several("The table has only %(quarters)s quarter.", "The table has only %(quarters)s quarters.", "quarters")


DECIDED = ("converted", "declined", "lapsed")
"""What may come of a trial."""


class PlanError(ValueError):
    """A plan that does not go with the terms: the part of the plan and a reason, a message id with its values."""

    def __init__(self, part: str, message: str, **values: Any) -> None:
        super().__init__(part, message)
        self.part = part
        self.message = message
        self.values = values


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth seeing in a quarter; `kind` is trial_end, converted, declined, lapsed, first_revenue, minimum, cap or buyout."""

    kind: str
    day: date


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter of a projection: what is sold and what is paid in it, and the running totals at its end."""

    first: date
    sales: Decimal
    margin: Decimal
    fees: dict[str, Decimal]
    institute: Decimal
    licensee: Decimal
    institute_total: Decimal
    licensee_total: Decimal
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    """The cash of both sides over the quarters, from the one in which the agreement begins to the last due date."""

    quarters: tuple[Quarter, ...]
    fees: dict[str, Decimal]
    margin: Decimal
    sales: Decimal
    payments: tuple[tuple[date, Decimal], ...]
    marks: tuple[Mark, ...]
    not_owed: tuple[Obligation, ...]
    schedule: Schedule

    @property
    def is_undecided(self) -> bool:
        """Whether there is a trial that is not decided in this time."""
        trial = self.schedule.trial
        return trial is not None and trial.outcome not in DECIDED

    @property
    def institute(self) -> Decimal:
        """What the institute gets in all."""
        return self.quarters[-1].institute_total

    @property
    def licensee(self) -> Decimal:
        """What the licensee has over in the end."""
        return self.quarters[-1].licensee_total

    @property
    def lowest(self) -> Decimal:
        """The most that the licensee is out of pocket at the end of a quarter, as a negative figure; 0 if it never is."""
        return min(NOTHING, *(quarter.licensee_total for quarter in self.quarters))

    def lowest_with(self, upfront: Decimal) -> Decimal:
        """The same if the licensee paid an upfront fee at the start instead of these fees."""
        return min(NOTHING, *(quarter.licensee_total + quarter.institute_total - upfront for quarter in self.quarters))

    @property
    def pays_back(self) -> date | None:
        """The quarter from whose end on the licensee has its money back for good; None if it never was out or never has it back."""
        under = [number for number, quarter in enumerate(self.quarters) if quarter.licensee_total < 0]
        return self.quarters[under[-1] + 1].first if under and under[-1] + 1 < len(self.quarters) else None


class Outlook:
    """An agreement under a plan, before sales are known. Raises `TermsError` or `PlanError` where terms and plan do not go together."""

    def __init__(self, terms: Terms, plan: Plan) -> None:
        self.plan = plan
        self.terms = agreed(terms, plan)
        self.minor = Decimal(1).scaleb(-MINOR_UNITS[terms.currency])
        self.as_of = min(self.terms.end, date.max - FOREVER) + FOREVER
        self.begun = self._asked(self._read([*self._decision(), *self._buyout()]))
        self.last = self._last_day()
        self.quantum = Decimal(1).scaleb(-FINEST) if terms.royalty and terms.royalty.base == "units" else self.minor
        self._course = [
            event for event in (*self._decision(), *self._buyout(), *self._accepted()) if self.in_time(date.fromisoformat(event["date"]))
        ]

    def in_time(self, day: date) -> bool:
        """Whether something on this day still counts: the technology is in use, or it is what ends its use."""
        return day <= self.last + DAY

    def project(self, figures: Sequence[Decimal]) -> Projection:
        """The outlook with sales, a figure for each quarter of the plan."""
        sales = self._sales(figures)
        return _cash(self, sales, self._asked(self._events_with(sales)))

    def payments(self, figures: Sequence[Decimal]) -> list[tuple[date, Decimal]]:
        """Only what is paid on which due date."""
        return [(fee.due, fee.amount) for fee in _owed(self._asked(self.events(figures)))]

    def events(self, figures: Sequence[Decimal]) -> tuple[Event, ...]:
        """All that is assumed to be recorded, but for payments."""
        return self._events_with(self._sales(figures))

    def _sales(self, figures: Sequence[Decimal]) -> Sales:
        return Sales(self.plan, figures, self.last, self.quantum)

    def _events_with(self, sales: Sales) -> tuple[Event, ...]:
        events = self._read([*self._course, *self._first_revenue(sales)])
        return (*events, *self._statements(sales, len(events)))

    def _read(self, events: list[dict[str, Any]]) -> tuple[Event, ...]:
        """Events as the schedule takes them; one for which the terms have no clause is the plan's fault, and said so."""
        try:
            return read(events, self.terms)
        except TermsError as error:
            raise _blamed(error, [event["type"] for event in events]) from error

    def _asked(self, events: Sequence[Event]) -> Schedule:
        """The schedule of assumed events; what it refuses is the plan's fault, and said so."""
        try:
            return schedule(self.terms, events, self.as_of)
        except TermsError as error:
            raise _blamed(error, [event.type for event in events]) from error

    def _decision(self) -> Iterator[dict[str, Any]]:
        """The decision of the trial, if it falls into the time that is looked at."""
        trial, plan = self.terms.trial, self.plan
        if trial and plan.decision != "silence":
            months = trial.months if plan.decision_month is None else plan.decision_month
            kind = "converted" if plan.decision == "convert" else "declined"
            day = self._after("decision_month", months)
            if day <= self.terms.end.isoformat():
                yield {"type": kind, "date": day}

    def _buyout(self) -> Iterator[dict[str, Any]]:
        if self.plan.buyout_quarter:
            if self.plan.buyout_quarter > self.plan.quarters:
                raise PlanError("buyout_quarter", TOO_SHORT, quarters=self.plan.quarters)
            last = replace(self.plan, quarters=self.plan.buyout_quarter).last
            yield {"type": "bought_out", "date": last.isoformat()}

    def _accepted(self) -> Iterator[dict[str, Any]]:
        for kind, part, fees, months in (
            ("milestone_accepted", "milestones", self.terms.milestones, self.plan.milestone_months),
            ("accepted", "conditions", self.terms.conditional, self.plan.condition_months),
        ):
            for fee, month in zip(fees, months, strict=False):
                if month is not None:
                    yield {"type": kind, "date": self._after(part, month), "id": fee.id}

    def _after(self, part: str, months: int) -> str:
        try:
            return add_months(self.plan.start, months).isoformat()
        except ValueError as error:
            raise PlanError(part, N_("This is past the calendar.")) from error

    def _last_day(self) -> date:
        """The last day on which the technology is in use, as far as the schedule knows."""
        trial = self.begun.trial
        stopped = trial is not None and trial.outcome in ("declined", "lapsed") and trial.decided
        return min(self.terms.end, trial.decided - DAY) if stopped else self.terms.end

    def _first_revenue(self, sales: Sales) -> Iterator[dict[str, Any]]:
        if day := sales.first_day():
            yield {"type": "first_revenue", "date": day.isoformat()}

    def _statements(self, sales: Sales, place: int) -> Iterator[Event]:
        """Every period stated on the day its statement is due, with its part of the sales; `place` is that of the first."""
        key = {"net_sales": "gross", "profit": "profit", "units": "units"}[self.terms.royalty.base] if self.terms.royalty else ""
        periods = self.begun.periods
        parts = sales.parts((period.first, period.last) for period in periods)
        for number, (period, part) in enumerate(zip(periods, parts, strict=True), place):
            # That a decline or a lapse has cut the period is known only on the day after its last.
            cut = period.last == self.last < self.terms.end
            day = max(period.statement_due, period.last + DAY) if cut else period.statement_due
            yield Event("statement", day, number, period=period.first, **{key: part})


def agreed(terms: Terms, plan: Plan) -> Terms:
    """The terms as an agreement that begins with the plan and ends with its table, or earlier if they say so.

    Raises `TermsError` where they cannot begin on that day.
    """
    end = min(terms.end or date.max, plan.last)
    return parse({**to_dict(terms), "effective": plan.start.isoformat(), "end": end.isoformat()}, template=False)


def _blamed(error: TermsError, types: Sequence[str]) -> PlanError | TermsError:
    """The refusal of an event as that of the part of the plan it comes from; a fault of the terms stays one."""
    number = error.path.removeprefix("events[").partition("]")[0]
    if number == error.path or not number.isdigit():
        return error
    return PlanError(ASKED_BY.get(types[int(number)], "start"), error.message, **error.values)


def _owed(found: Schedule) -> list[Obligation]:
    return [fee for fee in found.obligations if fee.trigger and fee.amount]


def _cash(outlook: Outlook, sales: Sales, found: Schedule) -> Projection:
    owed = _owed(found)
    paid: dict[date, list[Obligation]] = defaultdict(list)
    for fee in owed:
        paid[fee.due].append(fee)
    marks = tuple(sorted(_marks(outlook, sales, found, owed), key=lambda mark: mark.day))
    last = max((outlook.plan.last, *paid))
    rows = tuple(_rows(outlook, sales, paid, marks, last))
    return Projection(
        quarters=rows,
        fees=_by_kind(owed),
        margin=sum((row.margin for row in rows), NOTHING),
        sales=sum((row.sales for row in rows), NOTHING),
        payments=tuple((fee.due, fee.amount) for fee in owed),
        marks=marks,
        not_owed=tuple(fee for fee in found.obligations if not fee.trigger and fee.amount),
        schedule=found,
    )


def _by_kind(fees: Sequence[Obligation]) -> dict[str, Decimal]:
    """The amounts added up by kind, in the order of the fees."""
    found: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for fee in fees:
        found[fee.kind] += fee.amount
    return dict(found)


def _rows(outlook: Outlook, sales: Sales, paid: dict[date, list[Obligation]], marks: Sequence[Mark], last: date) -> Iterator[Quarter]:
    due = sorted(paid)
    institute = licensee = sold = NOTHING
    for first in quarters(outlook.plan.start, last):
        end, before = end_of(first), sold
        sold = sales.up_to(end)
        margin = _margin(outlook, sold - before)
        fees = []
        while due and due[0] <= end:
            fees += paid[due.pop(0)]
        income = sum((fee.amount for fee in fees), NOTHING)
        spent = outlook.plan.investment if first <= outlook.plan.start <= end else NOTHING
        institute += income
        licensee += margin - spent - income
        here = tuple(mark for mark in marks if first <= mark.day <= end)
        yield Quarter(first, sold - before, margin, _by_kind(fees), income, margin - spent - income, institute, licensee, here)


def _margin(outlook: Outlook, sold: Decimal) -> Decimal:
    """What the licensee keeps of what it sold in a quarter, before the fees; a loss where the base is a profit."""
    if outlook.terms.royalty and outlook.terms.royalty.base == "profit":
        return sold
    return EXACT.quantize(EXACT.multiply(sold, outlook.plan.margin), outlook.minor)


def _marks(outlook: Outlook, sales: Sales, found: Schedule, owed: Sequence[Obligation]) -> Iterator[Mark]:
    if found.trial:
        yield Mark("trial_end", found.trial.end)
        if found.trial.decided and found.trial.outcome in DECIDED:
            yield Mark(found.trial.outcome, found.trial.decided)
    if day := sales.first_day():
        yield Mark("first_revenue", day)
    yield from (Mark("minimum", fee.due) for fee in owed if fee.kind == "minimum")
    yield from (Mark("buyout", fee.trigger) for fee in found.obligations if fee.kind == "buyout" and fee.trigger)
    cap = outlook.terms.cap_total
    if cap and owed and sum(fee.amount for fee in owed) == cap:
        yield Mark("cap", max(fee.due for fee in owed))
