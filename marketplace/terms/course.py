"""What becomes of the trial and of the agreement: decided by an event or by silence, closed by whatever comes first.

Source of the rules: terms.md "What becomes of a trial". One walk over the events in the order of their dates refuses what
comes twice, too early or too late, and remembers each turn with the day on which it came: so the same `Course` answers
for every day what was known then, and later events never change an earlier answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from marketplace.errors import N_
from marketplace.terms.events import Event
from marketplace.terms.payment import DAYS, Terms, add_months
from marketplace.terms.reading import TermsError

ONCE = {"trial_started", "converted", "declined", "first_revenue", "bought_out", "terminated", "certified"}
TRIAL = {"trial_started", "trial_extended", "converted", "declined"}
PAST_CALENDAR = N_("This leads past the year 9999.")
DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class TrialDates:
    """A trial as known on a day: its start, its `end` (the first day without it), the last day to decide, what came of it.

    `outcome` is None while it is undecided, else converted, declined, lapsed, or closed (the agreement ended first).
    """

    start: date
    end: date
    window_end: date
    decided: date | None = None
    outcome: str | None = None


def add_days(day: date, days: int, path: str) -> date:
    """The day so many days later; past the calendar it is refused at the path of what leads there."""
    try:
        return day + timedelta(days)
    except OverflowError:
        raise TermsError(path, PAST_CALENDAR) from None


def months_later(day: date, months: int, path: str) -> date:
    """The day so many months later; past the calendar it is refused at the path of what leads there."""
    try:
        return add_months(day, months)
    except ValueError:
        raise TermsError(path, PAST_CALENDAR) from None


@dataclass(slots=True)
class Course:
    """What became of an agreement, over all its events; the methods say what of it was known on a day."""

    terms: Terms
    effective: date
    turns: list[tuple[date, TrialDates]] = field(default_factory=list)
    """The dates of the trial, each time with the day from which they were known."""
    converted: date | None = None
    by_silence: bool = False
    closing: str | None = None
    """declined, lapsed, terminated or ended."""
    closed: date | None = None
    """The day of the closing; for `ended` the last day of the term."""
    certificate: date | None = None
    """The day from which a certificate of non-use is owed."""
    once: dict[str, Event] = field(default_factory=dict)
    """The events that may happen once, by type."""
    extended: int = 0

    @property
    def undecided(self) -> bool:
        """Whether a trial was left undecided by all events walked so far."""
        return self.terms.trial is not None and not self.converted and not self.closed

    @property
    def bought_out(self) -> date | None:
        """The day of the buy-out, if there was one."""
        event = self.once.get("bought_out")
        return event.date if event else None

    def is_closed(self, day: date) -> bool:
        """Whether the agreement had closed by a day; one that ends is open on its last day."""
        return self.closed is not None and (self.closed < day if self.closing == "ended" else self.closed <= day)

    def is_undecided(self, day: date) -> bool:
        """Whether a trial was undecided on a day, the agreement being open."""
        return self.terms.trial is not None and not (self.converted and self.converted <= day) and not self.is_closed(day)

    def is_bought_out(self, day: date) -> bool:
        """Whether the buy-out was recorded by a day."""
        return self.bought_out is not None and self.bought_out <= day

    def never_converts(self, day: date) -> bool:
        """Whether the agreement had closed by a day with its trial undecided, so that nothing of the trial is owed."""
        return self.terms.trial is not None and not self.converted and self.is_closed(day)

    def held(self, day: date) -> date | None:
        """The day on which a trigger of that day takes effect: not before conversion, and never without it."""
        if self.terms.trial is None:
            return day
        return max(day, self.converted) if self.converted else None

    def allows(self, day: date) -> bool:
        """Whether a fee may still be triggered on a day: not from a decline or lapse on, not after a termination or the end."""
        if self.closed is None:
            return True
        return day < self.closed if self.closing in ("declined", "lapsed") else day <= self.closed

    def accrual_start(self) -> date | None:
        """The first day of royalty, or None as long as the trial keeps it from beginning."""
        trial = self.terms.trial
        return self.effective if trial is None or trial.sales_counted else self.converted

    def accrual_end(self, day: date) -> date:
        """The last day of royalty as known on a day."""
        ends = [self.terms.end or date.max]
        if self.is_bought_out(day):
            ends.append(self.bought_out)
        if self.closed and self.is_closed(day):
            # A decline on the first day of the calendar has no day before it; nothing accrues then.
            before = self.closing in ("declined", "lapsed") and self.closed > date.min
            ends.append(self.closed - DAY if before else self.closed)
        return min(ends)

    def trial(self, day: date) -> TrialDates | None:
        """The trial as known on a day."""
        if not self.turns:
            return None
        known = [dates for since, dates in self.turns if since <= day]
        dates = known[-1] if known else self.turns[0][1]
        if self.converted and self.converted <= day:
            return replace(dates, decided=self.converted, outcome="converted")
        if self.is_closed(day):
            return replace(dates, decided=self.closed, outcome=self.closing if self.closing in ("declined", "lapsed") else "closed")
        return dates

    def state(self, day: date) -> str:
        """The state on a day; before the agreement takes effect that of the day on which it does."""
        if self.is_closed(day):
            return str(self.closing)
        if self.is_undecided(day):
            dates = self.trial(day)
            return "on_trial" if dates and max(day, self.effective) < dates.end else "awaiting_decision"
        return "bought_out" if self.is_bought_out(day) else "active"

    def turn(self, since: date, start: date, path: str) -> None:
        """Compute the dates of the trial anew, as they are known from a day on."""
        trial = self.terms.trial
        end = months_later(start, trial.months + self.extended if trial else 0, path)
        window_end = add_days(end, self.terms.decision.window_days, "terms.conversion.window_days" if self.terms.conversion else path)
        self.turns.append((since, TrialDates(start, end, window_end)))

    def settle(self, day: date) -> None:
        """Let silence and the end of the term do what they had done by a day."""
        end = self.terms.end
        if self.undecided:
            last = self.turns[-1][1].window_end
            if last < day and not (end and end <= last):
                self._silence(last + DAY)
        if not self.closed and end and end < day:
            self.close("ended", end)

    def _silence(self, day: date) -> None:
        if self.terms.decision.silence == "convert":
            self.converted, self.by_silence = day, True
        else:
            self.close("lapsed", day)

    def close(self, closing: str, day: date) -> None:
        """Close the agreement, which leaves a certificate to give unless it simply ended or was bought out before."""
        free = closing == "ended" or closing == "terminated" and self.bought_out and not self.undecided
        self.certificate = None if free else day
        self.closing, self.closed = closing, day

    def take(self, event: Event) -> None:
        """Let an event do what it does to trial and agreement, or refuse it."""
        if event.date < self.effective:
            event.refuse(N_("This is before the day the agreement takes effect."))
        if event.type in self.once:
            event.refuse(N_("This can happen only once."))
        if event.type in TRIAL:
            self._take_trial(event)
        elif event.type == "terminated" and not self.closed:
            self.close("terminated", event.date)
        elif event.type == "certified" and not self.certificate:
            event.refuse(N_("No certificate is owed yet."))
        if event.type in ONCE:
            self.once[event.type] = event

    def _take_trial(self, event: Event) -> None:
        if not self.undecided:
            event.refuse(N_("The trial was decided or the agreement closed before."))
        start = self.turns[-1][1].start
        if event.type == "trial_started":
            self.turn(event.date, event.date, f"{event.path}.date")
        elif event.type == "trial_extended":
            self.extended += event.months or 0
            self.turn(event.date, start, f"{event.path}.months")
        elif event.type == "converted":
            self.converted = event.date
        else:
            self.close("declined", event.date)


def follow(terms: Terms, events: Sequence[Event]) -> Course:
    """The course of an agreement over its events, which come in order; raises `TermsError` for one out of place."""
    assert terms.effective, "terms of an agreement have a day of effect"
    course = Course(terms, terms.effective)
    if terms.trial:
        course.turn(terms.effective, terms.effective, "terms.trial.months")
    for event in events:
        course.settle(event.date)
        course.take(event)
    course.settle(date.max)
    return course


CERTIFICATE_DAYS = DAYS
"""Days from decline, lapse or termination until non-use must be certified."""
