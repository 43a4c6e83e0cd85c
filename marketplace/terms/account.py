"""What is owed and what was paid, on any day: amounts under the cap, payments allotted, interest on what came late.

Source of the rules: terms.md "cap_total", "late_interest", "Events". Everything is whole minor units and numbers of days. An
`Account` holds all claims; `at` counts afresh for a day, on the amounts as they stand then, from the events up to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from heapq import heappop, heappush
from operator import attrgetter

from marketplace.terms.course import Course
from marketplace.terms.events import Event
from marketplace.terms.fees import RANK, Claim
from marketplace.terms.payment import Terms, to_minor
from marketplace.terms.royalty import Royalties, half_up, scale, scaled

DAYS_A_YEAR = 365


class _Row:
    """A claim that is triggered some day, with what is asked of it again and again, computed once."""

    __slots__ = ("claim", "due", "id", "key", "order", "trigger")

    def __init__(self, claim: Claim) -> None:
        assert claim.trigger and claim.due, "a claim that is known has a trigger and a due date"
        self.claim = claim
        self.id = claim.id
        self.trigger, self.due = claim.trigger.toordinal(), claim.due.toordinal()
        self.key = (self.due, RANK[claim.kind], claim.own)
        self.order = (claim.known, RANK[claim.kind], claim.own)


class Debt:
    """A triggered claim on one day: its amount as it stands, what of it is unpaid, and the interest that ran up."""

    __slots__ = ("amount", "before_cap", "claim", "due", "late", "row", "trigger", "unpaid")

    def __init__(self, row: _Row, amount: int) -> None:
        self.row = row
        self.claim = row.claim
        self.amount = self.unpaid = self.before_cap = amount
        self.trigger, self.due = row.trigger, row.due
        self.late = 0  # minor units times days, so that interest is rounded once

    def pay(self, amount: int, day: int) -> int:
        """Pay at most so much on a day; returns how much was needed."""
        used = min(amount, self.unpaid)
        self.unpaid -= used
        if day > self.due:
            self.late += used * (day - self.due)
        return used


@dataclass(slots=True)
class Standing:
    """The account on a day: debts by id, what is credit, which payment paid what."""

    debts: dict[str, Debt]
    credit: int
    allotted: list[tuple[int, str, int, int]]
    """Place of the payment, id of the obligation, amount, number of the day."""


class Account:
    """All claims and payments of an agreement."""

    def __init__(self, terms: Terms, course: Course, claims: Sequence[Claim], royalties: Royalties | None, events: Sequence[Event]) -> None:
        self.course = course
        self.royalties = royalties
        self.rows = [_Row(claim) for claim in sorted((claim for claim in claims if claim.known), key=attrgetter("known"))]
        self.known = [row.claim.known for row in self.rows]
        self.agreed = {claim.id: claim.agreed for claim in claims if claim.kind not in ("royalty", "minimum")}
        self.cap = to_minor(terms.cap_total, terms.currency)
        payments = [event for event in events if event.type == "payment"]
        self.payments = [(event, event.date.toordinal(), to_minor(event.amount, terms.currency) or 0) for event in payments]
        self.paid_on = [event.date for event in payments]
        self.stated_on = royalties.dates if royalties else []
        self._stands_on: tuple[int, int, int, bool] = (0, 0, 0, False)
        self._standing: Standing | None = None  # the last that was counted, good for as long as nothing more happens
        rate = terms.late_interest.annual_rate if terms.late_interest else None
        self.rate = scaled(rate, scale(rate)) if rate else 0
        self.whole = DAYS_A_YEAR * 10 ** scale(rate) if rate else 1

    def at(self, day: date) -> Standing:
        """Count everything on the amounts and events up to a day."""
        stands_on = (bisect_right(self.known, day), bisect_right(self.paid_on, day), bisect_right(self.stated_on, day), self.course.is_closed(day))
        if self._standing is None or stands_on != self._stands_on:
            debts = self._debts(day)
            if self.cap is not None:
                _cut(debts, self.cap)
            allotting = _Allotting(debts)
            allotting.run(self._split(day, allotting))
            self._stands_on, self._standing = stands_on, Standing(allotting.debts, allotting.credit, allotting.allotted)
        return self._standing

    def interest(self, debt: Debt, day: int) -> int:
        """The interest that has accrued on a debt by the number of a day, paid or not."""
        if not self.rate:
            return 0
        late = debt.late + (debt.unpaid * (day - debt.due) if day > debt.due else 0)
        return half_up(late * self.rate, self.whole)

    def accrued(self, day: date) -> int:
        """All interest accrued by a day, on what was known on it."""
        number = day.toordinal()
        return sum(self.interest(debt, number) for debt in self.at(day).debts.values())

    def _debts(self, day: date) -> list[Debt]:
        """What is triggered by a day, with its amount before the cap."""
        rows = self.rows[:bisect_right(self.known, day)]
        if self.royalties is None:
            return [Debt(row, row.claim.agreed or 0) for row in rows]
        amounts = self.royalties.amounts(day)
        years: dict[str, int] = {}
        for own, amount in amounts.items():
            years[own[:4]] = years.get(own[:4], 0) + amount
        debts = []
        for row in rows:
            claim = row.claim
            if claim.kind == "royalty":
                amount = amounts[claim.own]
            elif claim.kind == "minimum":
                amount = max((claim.agreed or 0) - years[claim.own], 0)
            else:
                amount = claim.agreed or 0
            debts.append(Debt(row, amount))
        return debts

    def _split(self, day: date, allotting: _Allotting) -> list[tuple[int, int, int, str | None]]:
        """The payments up to a day: place, number of the day, amount, name; less what waits for the obligation that was named.

        Of a payment that names what is triggered only later, so much pays that one on its trigger; of one that names what is
        still pending, so much as was agreed waits as credit, all of it where no amount is known yet. What exceeds either is left
        to go as if it had named none, on the day on which it was paid.
        """
        left = []
        waiting: dict[str, int] = {}
        for event, number, amount in self.payments[:bisect_right(self.paid_on, day)]:
            name = event.obligation
            if name is None or self._is_void(name, allotting, day):
                left.append((event.place, number, amount, None))
                continue
            debt = allotting.debts.get(name)
            if debt is not None and debt.trigger <= number:
                left.append((event.place, number, amount, name))
                continue
            if debt is not None:
                used = allotting.pay(debt, event.place, amount, debt.trigger)
            else:
                agreed = self.agreed.get(name)
                used = amount if agreed is None else min(amount, agreed - waiting.get(name, 0))
                waiting[name] = waiting.get(name, 0) + used
                allotting.credit += used
            left.append((event.place, number, amount - used, None))
        return left

    def _is_void(self, name: str, allotting: _Allotting, day: date) -> bool:
        """Whether an obligation can never be triggered any more: royalty may still be stated after a closing, but for a trial's."""
        if name in allotting.debts:
            return False
        return self.course.is_closed(day) if name in self.agreed else self.course.never_converts(day)


def _cut(debts: Sequence[Debt], cap: int) -> None:
    """Fill the debts in their order until the cap is reached; what would exceed it is cut to what is left."""
    if sum(debt.amount for debt in debts) <= cap:
        return
    for debt in sorted(debts, key=lambda debt: debt.row.order):
        debt.amount = debt.unpaid = min(debt.amount, cap)
        cap -= debt.amount


class _Allotting:
    """Payments meeting debts, day by day."""

    def __init__(self, debts: Sequence[Debt]) -> None:
        self.debts = {debt.row.id: debt for debt in debts}
        self.credit = 0
        self.allotted: list[tuple[int, str, int, int]] = []
        self.heap: list[tuple[tuple[int, int, str], Debt]] = []
        self.pool: list[tuple[int, int]] = []

    def pay(self, debt: Debt, place: int, amount: int, day: int) -> int:
        """Pay a debt from a payment; returns how much was needed."""
        used = debt.pay(amount, day)
        if used:
            self.allotted.append((place, debt.row.id, used, day))
        return used

    def run(self, payments: Sequence[tuple[int, int, int, str | None]]) -> None:
        """Let the payments go to what is triggered and unpaid on their days, and their rests to what is triggered next."""
        coming = sorted(self.debts.values(), key=attrgetter("trigger"))
        index = 0
        for place, day, amount, name in payments:
            while index < len(coming) and coming[index].trigger <= day:
                index = self._trigger(coming, index)
            if name is not None:
                amount -= self.pay(self.debts[name], place, amount, day)
            if amount:
                self._spread(place, amount, day)
        while index < len(coming) and self.pool:
            index = self._trigger(coming, index)
        self.credit += sum(amount for _place, amount in self.pool)

    def _trigger(self, coming: Sequence[Debt], index: int) -> int:
        """Take in all debts of the next trigger date, and let the credit go to them; returns where the date after it begins."""
        day = coming[index].trigger
        while index < len(coming) and coming[index].trigger == day:
            if coming[index].unpaid:
                heappush(self.heap, (coming[index].row.key, coming[index]))
            index += 1
        pool, self.pool = self.pool, []
        for place, amount in pool:
            self._spread(place, amount, day)
        return index

    def _spread(self, place: int, amount: int, day: int) -> None:
        """Pay the oldest debts; the rest is credit."""
        while amount and self.heap:
            debt = self.heap[0][1]
            amount -= self.pay(debt, place, amount, day)
            if not debt.unpaid:
                heappop(self.heap)
        if amount:
            self.pool.append((place, amount))
