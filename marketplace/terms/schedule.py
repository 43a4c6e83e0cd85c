"""The schedule: from pay-after-use terms and recorded events to every obligation on a day; one pure function.

Agreement pages, simulator, reminders, invoices and arrears all ask here; the exact meaning is terms.md, of which `course` holds what
becomes of the trial, `fees` and `royalty` what is triggered when, and `account` what is owed and paid. Here the events are judged,
the parts put together, and the answer written as JSON values. docs/terms.md shows it at work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.errors import N_
from marketplace.terms.account import Account, Debt, Standing
from marketplace.terms.because import reason
from marketplace.terms.course import Course, TrialDates, follow
from marketplace.terms.events import Event, in_order
from marketplace.terms.events import read as read_events
from marketplace.terms.fees import RANK, Because, Claim, fixed
from marketplace.terms.payment import Terms, from_minor, parse, to_minor
from marketplace.terms.reading import Node, TermsError
from marketplace.terms.royalty import Period, Royalties

CONDUCT = "non_use_certificate"
"""The one obligation that is paid by an act and not by money."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """What is owed, may come to be owed, or can never be owed any more, on the day of the schedule."""

    id: str
    kind: str
    amount: Decimal | None
    trigger: date | None
    due: date | None
    expected: date | None
    state: str
    paid: Decimal
    interest: Decimal
    because: Because

    @property
    def unpaid(self) -> Decimal:
        """What of a triggered amount is not paid."""
        return (self.amount or Decimal(0)) - self.paid if self.trigger else Decimal(0)


@dataclass(frozen=True, slots=True)
class StatementDue:
    """A period that has ended and whose statement is missing."""

    period: date
    due: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the triggered obligations; `interest` less what of it was paid."""

    fees: Decimal
    paid: Decimal
    outstanding: Decimal
    overdue: Decimal
    interest: Decimal


@dataclass(frozen=True, slots=True)
class Allotment:
    """The part of a payment (its place in the list of events) that pays an obligation, and the day on which it does."""

    payment: int
    obligation: str
    amount: Decimal
    day: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everything that terms and events come to on a day."""

    state: str
    obligations: tuple[Obligation, ...]
    statements_due: tuple[StatementDue, ...]
    totals: Totals
    credit: Decimal
    trial: TrialDates | None
    allotments: tuple[Allotment, ...]
    periods: tuple[Period, ...]


def schedule(terms: Terms, events: Sequence[Event], as_of: date) -> Schedule:
    """All obligations of an agreement on a day.

    `terms` are those of an agreement (`parse` with template=False), `events` in any order. Raises `TermsError` for an event
    that may not have happened on its date, judged by the terms and the events up to it, and for a date past the calendar.
    """
    return _Agreement(terms, events).schedule(as_of)


def answer(terms: Any, events: Any, as_of: Any, lang: str = "en", gettext: Callable[[str], str] = str) -> dict[str, Any]:
    """The same from JSON values to JSON values; bad input becomes `{"error": {"path", "reason"}}`.

    `lang` ("zh" or "en") is the language of `because`; `gettext` puts the reason of a refusal into another language than English.
    """
    try:
        read = parse(terms, template=False)
        found = schedule(read, read_events(events, read), Node(as_of, "as_of").day())
    except TermsError as error:
        return {"error": {"path": error.path, "reason": error.said(gettext)}}
    return to_json(found, read.currency, lang)


def to_json(found: Schedule, currency: str, lang: str = "en") -> dict[str, Any]:
    """A schedule as JSON values, with the reasons as sentences of a language."""
    totals = found.totals
    return {
        "state": found.state,
        "obligations": [_written(obligation, currency, lang) for obligation in found.obligations],
        "statements_due": [
            {"period": statement.period.isoformat(), "due": statement.due.isoformat(), "overdue": statement.overdue}
            for statement in found.statements_due
        ],
        "totals": {
            "fees": f"{totals.fees:f}", "paid": f"{totals.paid:f}", "outstanding": f"{totals.outstanding:f}",
            "overdue": f"{totals.overdue:f}", "interest": f"{totals.interest:f}",
        },
        "credit": f"{found.credit:f}",
    }


def _written(obligation: Obligation, currency: str, lang: str) -> dict[str, Any]:
    return {
        "id": obligation.id,
        "kind": obligation.kind,
        "amount": None if obligation.amount is None else f"{obligation.amount:f}",
        "trigger": obligation.trigger and obligation.trigger.isoformat(),
        "due": obligation.due and obligation.due.isoformat(),
        "expected": obligation.expected and obligation.expected.isoformat(),
        "state": obligation.state,
        "paid": f"{obligation.paid:f}",
        "interest": f"{obligation.interest:f}",
        "because": sentence(obligation, currency, lang),
    }


def sentence(obligation: Obligation, currency: str, lang: str) -> str:
    """Why an obligation is what it is, in a sentence."""
    return reason(obligation.because, obligation.kind, obligation.id.partition(":")[2], currency, lang)


class _Agreement:
    """One agreement: its events judged, its claims known; `schedule` looks at them on a day."""

    def __init__(self, terms: Terms, events: Sequence[Event]) -> None:
        self.terms = terms
        ordered = in_order(events)
        self.course = follow(terms, ordered)
        self.claims = fixed(terms, self.course, ordered)
        self.royalties = _royalties(terms, self.course, ordered)
        if self.royalties:
            stated = list(self.royalties.claims())
            self.claims += [*stated, *self.royalties.minimums(stated)]
        self.account = Account(terms, self.course, self.claims, self.royalties, ordered)
        self.by_id = {claim.id: claim for claim in self.claims}
        self.nothing = self._money(0)
        self.interest_paid = [event for event in ordered if event.type == "interest_paid"]
        self._judge_names(ordered)
        self._judge_interest()

    def _judge_names(self, events: Sequence[Event]) -> None:
        """A payment names what is listed on its date."""
        for event in events:
            if event.obligation is not None and not self._is_listed(event.obligation, event.date):
                event.refuse(N_("No obligation of this name is listed on this date."), "obligation")

    def _is_listed(self, name: str, day: date) -> bool:
        kind, _, own = name.partition(":")
        if kind == "royalty" and self.royalties:
            return _is_day(own) and date.fromisoformat(own) <= day and self.royalties.period(date.fromisoformat(own), day) is not None
        if kind == "minimum" and self.royalties:
            return bool(self.royalties.minimum) and own in {f"{year:04}" for year, _first, _last in self.royalties.years(day)}
        claim = self.by_id.get(name)
        return claim is not None and (claim.kind != CONDUCT or claim.known is not None and claim.known <= day)

    def _judge_interest(self) -> None:
        """Interest is paid up to what had accrued by the date and was not yet paid."""
        left, day = 0, None
        before = 0
        for event in self.interest_paid:
            if event.date != day:
                day = event.date
                left = max(self.account.accrued(day) - before, 0)
            amount = to_minor(event.amount, self.terms.currency) or 0
            if amount > left:
                event.refuse(N_("This is more than the interest that had accrued and was not yet paid."), "amount")
            left, before = left - amount, before + amount

    def schedule(self, day: date) -> Schedule:
        """What there is on a day."""
        standing = self.account.at(day)
        periods = tuple(self._periods(day))
        found = [self._obligation(claim, standing, day) for claim in self._listed(periods, day)]
        found.sort(key=lambda obligation: (obligation.due or date.max, obligation.due is None, RANK[obligation.kind], obligation.id))
        return Schedule(
            state=self.course.state(day),
            obligations=tuple(found),
            statements_due=tuple(self._statements_due(periods, day)),
            totals=self._totals(standing, found, day),
            credit=self._money(standing.credit),
            trial=self.course.trial(day),
            allotments=tuple(
                Allotment(place, name, self._money(amount), date.fromordinal(number)) for place, name, amount, number in standing.allotted
            ),
            periods=periods,
        )

    def _money(self, minor: int) -> Decimal:
        return from_minor(minor, self.terms.currency)  # type: ignore[return-value]

    def _periods(self, day: date) -> Iterator[Period]:
        if self.royalties:
            for first, last in self.royalties.begun(day):
                event = self.royalties.in_force(first, day)
                due = self.royalties.statement_due(last)
                yield Period(first, last, due, event.place, self.royalties.figures[event.place]) if event else Period(first, last, due)

    def _listed(self, periods: Sequence[Period], day: date) -> Iterator[Claim]:
        """The claims to list: fixed fees always, royalty and minimum once accrual has begun, the certificate once it is owed."""
        for claim in self.claims:
            if claim.kind not in ("royalty", "minimum") and (claim.kind != CONDUCT or claim.known and claim.known <= day):
                yield claim
        for period in periods:
            own = period.first.isoformat()
            yield self.by_id.get(f"royalty:{own}") or Claim("royalty", own, Because("terms.royalty", None, period.last, "period"), None)
        if self.royalties and self.royalties.minimum:
            for year, _first, last in self.royalties.years(day):
                own = f"{year:04}"
                yield self.by_id.get(f"minimum:{own}") or Claim("minimum", own, Because("terms.royalty.minimum_per_year", None, last, "year"), None)

    def _obligation(self, claim: Claim, standing: Standing, day: date) -> Obligation:
        debt = standing.debts.get(claim.id)
        if debt is None:
            return self._untriggered(claim, day)
        amount, interest = self._money(debt.amount), self.account.interest(debt, day.toordinal())
        paid = self._money(debt.amount - debt.unpaid) if debt.unpaid else amount
        return Obligation(
            claim.id, claim.kind, amount, claim.trigger, claim.due, None, self._state(debt, day), paid,
            self._money(interest) if interest else self.nothing, self._because(debt, day),
        )

    def _state(self, debt: Debt, day: date) -> str:
        if debt.claim.kind == CONDUCT:
            certified = self.course.once.get("certified")
            settled = certified is not None and certified.date <= day
        else:
            settled = not debt.unpaid
        return "paid" if settled else "overdue" if debt.due < day.toordinal() else "open"

    def _untriggered(self, claim: Claim, day: date) -> Obligation:
        by_statement = claim.kind in ("royalty", "minimum")
        void = self.course.never_converts(day) if by_statement else self.course.is_closed(day)
        amount = None if by_statement else self._money(claim.agreed or 0)
        nothing = self.nothing
        expected = None if void else self._expected(claim, day)
        because = self._waiting(claim, void, day)
        return Obligation(claim.id, claim.kind, amount, None, None, expected, "void" if void else "pending", nothing, nothing, because)

    def _expected(self, claim: Claim, day: date) -> date | None:
        """The trigger date that is known already, if neither an undecided trial nor the end of the term is in its way."""
        if claim.expected is None or claim.foreseen > day or (self.terms.end and claim.expected > self.terms.end):
            return None
        return None if claim.kind != "entry" and self.course.is_undecided(day) else claim.expected

    def _waiting(self, claim: Claim, void: bool, day: date) -> Because:
        """Why something is not owed: the agreement closed, the trial is undecided, or what would trigger it has not come."""
        if void and self.course.closed:
            closing = self.course.closing if self.course.closing in ("declined", "terminated") else None
            return Because(claim.because.clause, closing, self.course.closed, "void", (str(self.course.closing),))
        held = claim.kind not in ("entry", "conversion") and self.course.is_undecided(day)
        values = {name: value for name, value in claim.because.values.items() if name in ("months", "which")}
        return Because(claim.because.clause, None, None, "pending", ("undecided",) if held else (), values)

    def _because(self, debt: Debt, day: date) -> Because:
        """Why something is owed, with what changed its day or its amount."""
        claim = debt.claim
        because = claim.because
        notes, values = list(because.notes), because.values
        if because.on and claim.trigger and because.on < claim.trigger and claim.kind != "minimum":
            notes.append("held")
            values = {**values, "held": claim.trigger}
        if claim.kind == "royalty" and self.royalties:
            event = self.royalties.in_force(date.fromisoformat(claim.own), day)
            if event and event is not self.royalties.versions[event.period][0]:
                notes.append("restated")
                values = {**values, "restated": event.date}
        if debt.amount < debt.before_cap:
            notes.append("cap")
            values = {**values, "before_cap": self._money(debt.before_cap)}
        return because if len(notes) == len(because.notes) else replace(because, notes=tuple(notes), values=values)

    def _statements_due(self, periods: Sequence[Period], day: date) -> Iterator[StatementDue]:
        if not self.course.never_converts(day):
            for period in periods:
                if period.stated is None and period.last <= day:
                    yield StatementDue(period.first, period.statement_due, period.statement_due < day)

    def _totals(self, standing: Standing, found: Sequence[Obligation], day: date) -> Totals:
        debts = standing.debts.values()
        number = day.toordinal()
        fees, unpaid = sum(debt.amount for debt in debts), sum(debt.unpaid for debt in debts)
        overdue = sum(debt.unpaid for debt in debts if debt.due < number)
        accrued = sum(self.account.interest(debt, number) for debt in debts)
        settled = sum(to_minor(event.amount, self.terms.currency) or 0 for event in self.interest_paid if event.date <= day)
        return Totals(*(self._money(part) for part in (fees, fees - unpaid, unpaid, overdue, max(accrued - settled, 0))))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _royalties(terms: Terms, course: Course, events: Sequence[Event]) -> Royalties | None:
    if terms.royalty is None:
        return None
    return Royalties(terms.royalty, course, [event for event in events if event.type == "statement"])
