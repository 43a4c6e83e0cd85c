"""Credit entries computed from facts, one agreement at a time; nothing but this module writes them, and `faults` compares.

What counts, as licensee: the first statement of each period against its due date (an estimate of the licensor's is none), each fee
against the day of the payment that settled it, an audit that found the limit passed. As licensor: the first answer to each statement
within thirty days. Each dispute is noted for both. What is still open is no entry yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.credit.models import CreditEntry
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation
from marketplace.licensing.performing.models import Dispute
from marketplace.licensing.statements.models import Audit, Statement
from marketplace.licensing.statements.reminders import must_state_nothing
from marketplace.terms.schedule import CONDUCT, Schedule

ANSWER_DAYS = 30
"""Days within which a licensor answers a statement: ours, not an agreement's; it is shown beside the figures."""
BATCH = 100
COLUMNS = ("kind", "due", "done", "days_late", "outcome", "mark")


@dataclass(frozen=True)
class Fact:
    """A promise and what became of it, as an entry keeps it."""

    organisation_id: int
    key: str
    kind: str
    due: date
    done: date | None
    outcome: str
    mark: str | None = None

    @property
    def days_late(self) -> int:
        """Days from due to done, of what came late."""
        return (self.done - self.due).days if self.done and self.outcome == "late" else 0


def facts(agreement: Agreement, today: date) -> dict[tuple[int, str], Fact]:
    """Everything that there is to say of an agreement on a day, by organisation and key."""
    answer = ledger.schedule_of(agreement, today)
    found = [*_statements(agreement, answer, today), *_payments(agreement, answer), *_answers(agreement, today), *_audits(agreement)]
    found += _disputes(agreement)
    return {(fact.organisation_id, fact.key): fact for fact in found}


def _kept(organisation_id: int, key: str, kind: str, due: date, done: date) -> Fact:
    return Fact(organisation_id, key, kind, due, done, "on_time" if done <= due else "late")


def _missed(agreement: Agreement, organisation_id: int, key: str, kind: str, due: date, outcome: str = "overdue") -> Fact:
    """Not done when it should have been; while the agreement is disputed this is not counted against anybody."""
    return Fact(organisation_id, key, kind, due, None, outcome, "disputed" if agreement.disputed else None)


def _statements(agreement: Agreement, answer: Schedule, today: date) -> Iterator[Fact]:
    events = ledger.standing_events(agreement)
    estimates = set(session.scalars(select(Statement.event_id).where(Statement.agreement_id == agreement.id, Statement.estimate)))
    first: dict[str, date] = {}
    for event in events:
        if event.type == "statement" and event.id not in estimates:
            period = event.values["period"]
            first[period] = min(first.get(period, event.day), event.day)
    missing = {one.period for one in answer.statements_due if one.overdue}
    for period in answer.periods:
        key, done = f"statement:{period.first}", first.get(period.first.isoformat())
        if done is not None:
            yield _kept(agreement.licensee_id, key, "statement", period.statement_due, done)
        elif period.first in missing and must_state_nothing(agreement):
            yield _missed(agreement, agreement.licensee_id, key, "statement", period.statement_due)
        elif period.stated is not None and period.statement_due < today:
            yield _missed(agreement, agreement.licensee_id, key, "statement", period.statement_due, "estimated")


def _payments(agreement: Agreement, answer: Schedule) -> Iterator[Fact]:
    settled: dict[str, date] = {}
    for part in answer.allotments:
        settled[part.obligation] = max(settled.get(part.obligation, part.day), part.day)
    for one in answer.obligations:
        if one.kind == CONDUCT or one.due is None or not one.amount:
            continue
        if one.state == "paid" and one.id in settled:
            yield _kept(agreement.licensee_id, one.id, "payment", one.due, settled[one.id])
        elif one.state == "overdue":
            yield _missed(agreement, agreement.licensee_id, one.id, "payment", one.due)


def _answers(agreement: Agreement, today: date) -> Iterator[Fact]:
    own = select(Statement).where(Statement.agreement_id == agreement.id, Statement.sent.is_not(None), Statement.estimate.is_(False))
    for statement in session.scalars(own.where(Statement.state != "void").order_by(Statement.id)):
        due, key = statement.day + timedelta(days=ANSWER_DAYS), f"answer:{statement.id}"
        if statement.answered is not None:
            yield _kept(agreement.licensor_id, key, "answer", due, ledger.day_of(agreement, statement.answered))
        elif statement.state == "sent" and due < today:
            yield _missed(agreement, agreement.licensor_id, key, "answer", due)


def _audits(agreement: Agreement) -> Iterator[Fact]:
    """Audits that found so much unstated that the licensee bears the cost; one whose findings are disputed is not counted."""
    own = select(Audit).where(Audit.agreement_id == agreement.id, Audit.bears == "licensee")
    for audit in session.scalars(own.order_by(Audit.id)):
        day = ledger.day_of(agreement, audit.closed)
        yield Fact(agreement.licensee_id, f"audit:{audit.id}", "audit", day, day, "noted", "disputed" if audit.state == "disputed" else None)


def _disputes(agreement: Agreement) -> Iterator[Fact]:
    """Each dispute of an agreement is noted for both sides, from the day it was raised; who was right is not for a count to say."""
    for dispute in session.scalars(select(Dispute).where(Dispute.agreement_id == agreement.id).order_by(Dispute.id)):
        day = ledger.day_of(agreement, dispute.created)
        done = max(ledger.day_of(agreement, dispute.settled), day) if dispute.settled else None
        for organisation_id in (agreement.licensor_id, agreement.licensee_id):
            yield Fact(organisation_id, f"dispute:{dispute.id}", "dispute", day, done, "noted")


def _entries(agreement: Agreement) -> dict[tuple[int, str], CreditEntry]:
    own = select(CreditEntry).where(CreditEntry.agreement_id == agreement.id)
    return {(entry.organisation_id, entry.key): entry for entry in session.scalars(own)}


def refresh_credit(agreement: Agreement, at: datetime) -> None:
    """Make the entries of an agreement say what the facts say. One whose fact is gone is deleted, or marked void if somebody wrote beside it."""
    known = _entries(agreement)
    for place, fact in facts(agreement, ledger.day_of(agreement, at)).items():
        entry = known.pop(place, None)
        if entry is None:
            entry = CreditEntry(agreement_id=agreement.id, organisation_id=fact.organisation_id, key=fact.key)
            session.add(entry)
        for name in COLUMNS:
            if getattr(entry, name) != getattr(fact, name):
                setattr(entry, name, getattr(fact, name))
    for entry in known.values():
        if entry.comments:
            entry.mark = "void"
        else:
            session.delete(entry)
    session.flush()  # the sums are queried in this same transaction


def faults(agreement: Agreement, today: date) -> Iterator[str]:
    """Where the entries differ from the facts on a day; for the check of the database."""
    known = _entries(agreement)
    for place, fact in facts(agreement, today).items():
        entry = known.pop(place, None)
        if entry is None or any(getattr(entry, name) != getattr(fact, name) for name in COLUMNS):
            yield f"agreement {agreement.public_id}: credit entry {fact.key} is not what the facts say"
    yield from (f"agreement {agreement.public_id}: credit entry {key} stands for no fact" for (_, key), entry in known.items() if entry.mark != "void")


def _refresh(agreement_id: int | None) -> None:
    agreement = session.get(Agreement, agreement_id) if agreement_id else None
    if agreement is not None and agreement.state == "countersigned":
        refresh_credit(ledger.locked(agreement), now())


@handler("credit.of_agreement")
def of_agreement(thing_id: int) -> None:
    """Something happened to an agreement."""
    _refresh(thing_id)


@handler("credit.of_event")
def of_event(thing_id: int) -> None:
    """An event was entered or taken back."""
    _refresh(session.get_one(AgreementEvent, thing_id).agreement_id)


@handler("credit.of_obligation")
def of_obligation(thing_id: int) -> None:
    """An obligation arose, changed or fell overdue; it may be gone again."""
    row = session.get(Obligation, thing_id)
    _refresh(row.agreement_id if row else None)


@handler("credit.of_statement")
def of_statement(thing_id: int) -> None:
    """A statement was answered."""
    _refresh(session.get_one(Statement, thing_id).agreement_id)


@handler("credit.of_audit")
def of_audit(thing_id: int) -> None:
    """An audit was closed, its findings were agreed or disputed."""
    _refresh(session.get_one(Audit, thing_id).agreement_id)


@handler("credit.of_dispute")
def of_dispute(thing_id: int) -> None:
    """A dispute was raised or settled: what is not done counts no more, or counts again."""
    _refresh(session.get_one(Dispute, thing_id).agreement_id)


@handler("credit.refresh_unanswered", every=timedelta(days=1))
def refresh_unanswered() -> Iterator[None]:
    """Time alone makes an answer late: look at the agreements whose statements have waited longer than they should."""
    moment = now()
    long_ago = moment.date() - timedelta(days=ANSWER_DAYS)
    waiting = select(Statement.agreement_id).where(Statement.state == "sent", Statement.estimate.is_(False), Statement.day < long_ago)
    last = 0
    while batch := _next(waiting, last):
        for agreement in batch:
            last = agreement.id
            refresh_credit(ledger.locked(agreement), moment)
        yield


def _next(waiting: select, last: int) -> Sequence[Agreement]:
    return list(session.scalars(select(Agreement).where(Agreement.id.in_(waiting), Agreement.id > last).order_by(Agreement.id).limit(BATCH)))
