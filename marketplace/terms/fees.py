"""The fees whose amounts the terms name: when each is triggered, when it is due, and why.

Source of the rules: terms.md "Terms", one function a clause. A `Claim` is what the terms may come to claim, over all events;
whether it is triggered on a day follows from comparing days, so that a later day never changes an earlier trigger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from marketplace.errors import N_
from marketplace.terms.course import CERTIFICATE_DAYS, Course, add_days, months_later
from marketplace.terms.events import Event
from marketplace.terms.payment import NOTHING, Conditional, Deferred, Terms, to_minor

KINDS = (
    "entry", "conversion", "deferred", "instalment", "milestone", "conditional", "royalty", "minimum", "buyout", "non_use_certificate",
)
"""The kinds of obligations, in the order in which those of one day are filled and paid."""

RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Because:
    """Why an obligation is what it is: the clause (`terms.royalty`), the event with its date, and what a sentence needs besides.

    `event` is a type of event, or None where a day alone did it. `how` names the phrase for what happens or is awaited; `notes`
    name phrases for what changed the amount or the day (held, cap, prorated, restated, …), and `values` fill their places.
    """

    clause: str
    event: str | None = None
    on: date | None = None
    how: str = ""
    notes: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Claim:
    """What the terms claim, in minor units: triggered never (`trigger` is None) or from `known` on with its trigger and due date.

    `known` differs from `trigger` for a minimum alone, whose trigger is seen in arrear. `expected` is a trigger date that is known
    beforehand, from `foreseen` on.
    """

    kind: str
    own: str
    because: Because
    agreed: int | None
    trigger: date | None = None
    due: date | None = None
    known: date | None = None
    expected: date | None = None
    foreseen: date = date.min

    @property
    def id(self) -> str:
        """The id of the obligation: its kind, and its own id where there are several of the kind."""
        return f"{self.kind}:{self.own}" if self.own else self.kind


def fixed(terms: Terms, course: Course, events: Sequence[Event]) -> list[Claim]:
    """The claims of the fixed fees that are not zero, and of the certificate; the events come in order."""
    found = [_entry(terms, course), *_conversion(terms, course), *_deferred(terms, course), *_instalments(terms, course)]
    found += [*_milestones(terms, course, events), *_conditional(terms, course, events), *_buyout(terms, course)]
    return [claim for claim in found if claim.agreed] + list(_certificate(course))


def _claim(terms: Terms, course: Course, kind: str, fee: tuple[str, Any], raw: date | None, because: Because) -> Claim:
    """A claim whose trigger falls on `raw`; a trial holds it up to conversion, and a closing may keep it from arising."""
    own, amount = fee
    claim = Claim(kind, own, because, to_minor(amount, terms.currency))
    trigger = raw and (raw if kind == "entry" else course.held(raw))
    if claim.agreed and trigger and course.allows(trigger):
        claim.trigger = claim.known = trigger
        claim.due = trigger if kind == "instalment" and trigger == raw else add_days(trigger, terms.payment_days, "terms.payment_days")
    return claim


def _entry(terms: Terms, course: Course) -> Claim:
    claim = _claim(terms, course, "entry", ("", terms.entry_fee), course.effective, Because("terms.entry_fee", None, course.effective, "effective"))
    claim.expected = course.effective
    return claim


def _conversion(terms: Terms, course: Course) -> Iterator[Claim]:
    if terms.conversion:
        event = None if course.by_silence else "converted"
        because = Because("terms.conversion", event, course.converted, "silence" if course.by_silence else "converted")
        yield _claim(terms, course, "conversion", ("", terms.conversion.price), course.converted, because)


def _deferred(terms: Terms, course: Course) -> Iterator[Claim]:
    revenue = course.once.get("first_revenue")
    for index, fee in enumerate(terms.deferred):
        after = months_later(course.effective, fee.months, f"terms.deferred[{index}].months")
        raw, foreseen = _deferral(fee, after, revenue.date if revenue else None)
        by_revenue = revenue is not None and raw == revenue.date and raw != after
        values = {"months": fee.months, "which": fee.which if fee.first_revenue else ""}
        because = Because(f"terms.deferred[{index}]", "first_revenue" if by_revenue else None, raw, "first_revenue" if by_revenue else "months", values=values)
        claim = _claim(terms, course, "deferred", (fee.id, fee.amount), raw, because)
        later = fee.first_revenue and fee.which == "later"
        claim.expected = raw if later else after
        claim.foreseen = foreseen
        yield claim


def _deferral(fee: Deferred, after: date, revenue: date | None) -> tuple[date | None, date]:
    """The day that triggers a deferred fee, and from which day it can be foreseen."""
    if not fee.first_revenue:
        return after, date.min
    if fee.which == "earlier":
        return min(after, revenue or after), date.min
    return (max(after, revenue), revenue) if revenue else (None, date.max)


def _instalments(terms: Terms, course: Course) -> Iterator[Claim]:
    for index, fee in enumerate(terms.instalments):
        because = Because(f"terms.instalments[{index}]", None, fee.due, "instalment")
        claim = _claim(terms, course, "instalment", (fee.id, fee.amount), fee.due, because)
        claim.expected = fee.due
        yield claim


def _milestones(terms: Terms, course: Course, events: Sequence[Event]) -> Iterator[Claim]:
    reached: dict[str | None, date] = {}
    for event in events:
        if event.type == "milestone_accepted":
            if event.id in reached:
                event.refuse(N_("This can happen only once."))
            reached[event.id] = event.date
    for index, fee in enumerate(terms.milestones):
        raw = reached.get(fee.id)
        because = Because(f"terms.milestones[{index}]", "milestone_accepted", raw, "milestone")
        yield _claim(terms, course, "milestone", (fee.id, fee.amount), raw, because)


def _conditional(terms: Terms, course: Course, events: Sequence[Event]) -> Iterator[Claim]:
    histories: dict[str | None, list[Event]] = {}
    for event in events:
        if event.type in ("submitted", "accepted", "rejected"):
            histories.setdefault(event.id, []).append(event)
    for index, fee in enumerate(terms.conditional):
        history = histories.get(fee.id, [])
        accepted = _accepted(history)
        deemed = _deemed(fee, history, f"terms.conditional[{index}].deemed_days")
        silent = deemed is not None and (accepted is None or deemed[0] < accepted)
        raw = deemed[0] if silent and deemed else accepted
        values = {"submitted": deemed[1], "days": fee.deemed_days} if silent and deemed else {}
        because = Because(f"terms.conditional[{index}]", "submitted" if silent else "accepted", raw, "deemed" if silent else "accepted", values=values)
        yield _claim(terms, course, "conditional", (fee.id, fee.amount), raw, because)


def _accepted(history: Sequence[Event]) -> date | None:
    """The day of acceptance; refuses a second one, and what is submitted after it."""
    accepted: date | None = None
    for event in history:
        if accepted and event.type == "accepted":
            event.refuse(N_("This can happen only once."))
        if accepted and event.type == "submitted":
            event.refuse(N_("This was accepted before."))
        if event.type == "accepted":
            accepted = event.date
    return accepted


def _deemed(fee: Conditional, history: Sequence[Event], path: str) -> tuple[date, date] | None:
    """The day on which silence accepts, and that of the submission which nobody answered up to and including it."""
    if fee.deemed_days is None:
        return None
    for event, answer in zip(history, [*history[1:], None], strict=False):
        # Any next event answers: accepted, rejected, or submitted anew. Days are counted, since an answered submission computes no date.
        if event.type == "submitted" and (answer is None or answer.date.toordinal() > event.date.toordinal() + fee.deemed_days):
            return add_days(event.date, fee.deemed_days, path), event.date
    return None


def _buyout(terms: Terms, course: Course) -> Iterator[Claim]:
    if terms.buyout:
        because = Because("terms.buyout", "bought_out", course.bought_out, "bought_out")
        yield _claim(terms, course, "buyout", ("", terms.buyout.price), course.bought_out, because)


def _certificate(course: Course) -> Iterator[Claim]:
    """The duty to certify that use has stopped; it costs nothing."""
    day = course.certificate
    if day:
        event = None if course.closing == "lapsed" else course.closing
        path = "terms.conversion.window_days" if event is None and course.terms.conversion else "terms.trial.months"
        if event:
            path = f"{course.once[event].path}.date"
        because = Because("terms.trial" if course.closing != "terminated" else "terms", event, day, str(course.closing))
        yield Claim("non_use_certificate", "", because, int(NOTHING), day, add_days(day, CERTIFICATE_DAYS, path), day)
