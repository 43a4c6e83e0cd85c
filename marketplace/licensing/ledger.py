"""The one way into an agreement's events, and the copies of what the schedule says of them.

`enter` adds an event only when the schedule accepts it, in the transaction of whatever caused it, and `refresh` rewrites the
agreement's obligations and standing from `schedule()`; what has changed is told as events of our log, from which mails and
invoices follow. Nothing but this module writes those copies; `faults` recomputes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, false, or_, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, Refused
from marketplace.jobs import handler
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation, Standing, Version
from marketplace.record import record
from marketplace.terms.events import read
from marketplace.terms.payment import Terms, parse, to_minor
from marketplace.terms.reading import TermsError
from marketplace.terms.schedule import Obligation as Owed
from marketplace.terms.schedule import Schedule, schedule, sentence

BATCH = 100


def day_of(agreement: Agreement, at: datetime) -> date:
    """The agreement's calendar day at a moment."""
    return at.astimezone(ZoneInfo(agreement.zone)).date()


def version_of(agreement: Agreement, number: int | None = None) -> Version:
    """The version on the table (after countersigning: the one in force), or the one of this number."""
    wanted = agreement.version if number is None else number
    return session.execute(select(Version).where(Version.agreement_id == agreement.id, Version.number == wanted)).scalar_one()


def terms_of(agreement: Agreement) -> Terms:
    """The payment terms in force."""
    return parse(version_of(agreement).terms, template=False)


def standing_events(agreement: Agreement) -> list[AgreementEvent]:
    """The events that count, in the order in which they were entered: neither voided nor voiding."""
    voiding = select(AgreementEvent.voids_id).where(AgreementEvent.agreement_id == agreement.id, AgreementEvent.voids_id.is_not(None))
    own = select(AgreementEvent).where(AgreementEvent.agreement_id == agreement.id, AgreementEvent.voids_id.is_(None))
    return list(session.scalars(own.where(AgreementEvent.id.not_in(voiding)).order_by(AgreementEvent.id)))


def written(event: AgreementEvent) -> dict[str, Any]:
    """An event in the shape of terms.md."""
    return {"type": event.type, "date": event.day.isoformat(), **event.values}


def amount_of(event: AgreementEvent) -> Decimal:
    """The money that a payment, or a payment of interest, moved."""
    return Decimal(event.values["amount"])


def schedule_of(agreement: Agreement, as_of: date, also: Sequence[dict[str, Any]] = (), without: int | None = None) -> Schedule:
    """The schedule as of a day; `also` adds events in the shape of terms.md that have not been entered, `without` leaves one out by its id.

    An event's `place` in the result is its index in `standing_events`, further ones come after. Raises `TermsError`.
    """
    terms = terms_of(agreement)
    counted = [written(event) for event in standing_events(agreement) if event.id != without]
    return schedule(terms, read([*counted, *also], terms), as_of)


def locked(agreement: Agreement) -> Agreement:
    """The agreement, held against other writers until the transaction ends (on SQLite the whole database is held anyhow)."""
    session.flush()  # what this transaction did stays when the row is read anew
    return session.execute(
        select(Agreement).where(Agreement.id == agreement.id).with_for_update(of=Agreement).execution_options(populate_existing=True)
    ).scalar_one()


def enter(
    actor: Actor, agreement: Agreement, kind: str, day: date, key: str, at: datetime | None = None, reason: str | None = None, **values: Any
) -> AgreementEvent:
    """Add an event of a kind of `EVENT_TYPES` and bring the copies up to date. The same key again gives the event that is there.

    `reason` is what people say of it; the schedule does not read it.

    Refused when the agreement is not in force, the day lies in the future, or the schedule does not accept the event.
    """
    require(actor, f"agreement.{kind}", agreement)
    moment = at or now()
    agreement = locked(agreement)
    if agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))
    same = session.scalar(select(AgreementEvent).where(AgreementEvent.agreement_id == agreement.id, AgreementEvent.key == key))
    if same is not None:
        return same
    if day > day_of(agreement, moment):
        raise Refused(N_("This day lies in the future."), field="day")
    event = AgreementEvent(agreement_id=agreement.id, type=kind, day=day, values=values, reason=reason, key=key, person_id=actor.id, at=moment)
    _accepted(agreement, day_of(agreement, moment), also=[written(event)])
    session.add(event)
    record(event, kind, actor, moment, agreement=agreement.id)
    refresh(agreement, moment)
    return event


def void(actor: Actor, event: AgreementEvent, reason: str, at: datetime | None = None, agreed: bool = False) -> AgreementEvent:
    """Enter that an event was wrong and counts no longer. Refused when what followed cannot stand without it.

    `agreed` by both sides, the one who says so last need not be one who could have entered the event.
    """
    require(actor, "agreement.correct" if agreed else f"agreement.{event.type}", event.agreement)
    moment = at or now()
    agreement = locked(event.agreement)
    same = session.scalar(select(AgreementEvent).where(AgreementEvent.voids_id == event.id))
    if same is not None:
        return same
    if event.voids_id is not None:
        raise Refused(N_("This is a correction itself; enter anew what it took back."))
    _accepted(agreement, day_of(agreement, moment), without=event.id)
    correction = AgreementEvent(
        agreement_id=agreement.id, type=event.type, day=event.day, values=event.values, voids_id=event.id, reason=reason,
        key=f"void:{event.id}", person_id=actor.id, at=moment,
    )
    session.add(correction)
    session.flush()  # the copies are computed without the event from here on
    record(event, "void", actor, moment, agreement=agreement.id)
    refresh(agreement, moment)
    return correction


def _accepted(agreement: Agreement, today: date, **change: Any) -> None:
    """Raise `Refused`, with the field of the event in question, unless the schedule accepts the events so changed."""
    try:
        schedule_of(agreement, today, **change)
    except TermsError as error:
        raise Refused(error.message, field=error.path.rpartition("].")[2] if "]." in error.path else "day", **error.values) from error


def refresh(agreement: Agreement, at: datetime) -> Standing:
    """Write what the schedule says at this moment into the agreement's obligations and standing, and tell what has changed."""
    today = day_of(agreement, at)
    answer = schedule_of(agreement, today)
    _refresh_obligations(agreement, answer, at)
    standing = session.get(Standing, agreement.id)
    before = (standing.status, standing.statements_overdue) if standing else None
    if standing is None:
        standing = Standing(agreement_id=agreement.id)
        session.add(standing)
    for name, value in _standing(agreement, answer, today).items():
        setattr(standing, name, value)
    session.flush()  # the copies are queried in this same transaction
    if before is None or standing.status != before[0]:
        record(agreement, "stands", SYSTEM, at, status=standing.status)
    if standing.statements_overdue > (before[1] if before else 0):
        record(agreement, "statement_overdue", SYSTEM, at)
    return standing


def _standing(agreement: Agreement, answer: Schedule, today: date) -> dict[str, Any]:
    currency = terms_of(agreement).currency
    sums = {name: to_minor(getattr(answer.totals, name), currency) for name in ("fees", "paid", "outstanding", "overdue", "interest")}
    dues = [statement.due for statement in answer.statements_due]
    decide = [answer.trial.window_end] if answer.trial and answer.state in ("on_trial", "awaiting_decision") else []
    owed = [one.due for one in answer.obligations if one.due and one.state in ("open", "overdue")]
    return {
        "as_of": today, "status": answer.state, "currency": currency, **sums, "credit": to_minor(answer.credit, currency),
        "trial_end": answer.trial.end if answer.trial else None, "window_end": answer.trial.window_end if answer.trial else None,
        "statement_due": min(dues, default=None), "next_due": min([*dues, *decide, *owed], default=None),
        "statements_overdue": sum(statement.overdue for statement in answer.statements_due),
    }


def _row(agreement: Agreement, owed: Owed, currency: str) -> dict[str, Any]:
    """The columns of an obligation."""
    return {
        "kind": owed.kind, "currency": currency, "amount": to_minor(owed.amount, currency), "trigger": owed.trigger, "due": owed.due,
        "expected": owed.expected, "state": owed.state, "paid": to_minor(owed.paid, currency), "unpaid": to_minor(owed.unpaid, currency),
        "interest": to_minor(owed.interest, currency), "because": {language: sentence(owed, currency, language) for language in LANGUAGES},
        "licensor_id": agreement.licensor_id, "licensee_id": agreement.licensee_id,
    }


def _refresh_obligations(agreement: Agreement, answer: Schedule, at: datetime) -> None:
    """Make the rows say what the schedule says; one that it no longer lists goes, what arose or fell overdue is told."""
    currency = terms_of(agreement).currency
    known = {row.key: row for row in session.scalars(select(Obligation).where(Obligation.agreement_id == agreement.id))}
    for owed in answer.obligations:
        row = known.pop(owed.id, None)
        before = (row.trigger, row.state, row.amount) if row else (None, None, None)
        if row is None:
            row = Obligation(agreement_id=agreement.id, key=owed.id)
            session.add(row)
        for name, value in _row(agreement, owed, currency).items():
            if getattr(row, name) != value:
                setattr(row, name, value)
        _tell(row, before, at)
    for row in known.values():
        session.delete(row)


def _tell(row: Obligation, before: tuple[Any, ...], at: datetime) -> None:
    """Record that the obligation arose, changed its amount after it arose, or fell overdue."""
    trigger, state, amount = before
    if row.trigger is not None and trigger is None:
        record(row, "arose", SYSTEM, at)
    elif row.trigger is not None and amount != row.amount:
        record(row, "changed", SYSTEM, at, before=amount, after=row.amount)
    if row.state == "overdue" and state != "overdue":
        record(row, "overdue", SYSTEM, at)


def faults(agreement: Agreement) -> Iterator[str]:
    """Where the copies differ from what the schedule says as of the standing's day; for the check of the database."""
    standing = session.get(Standing, agreement.id)
    if standing is None:
        yield f"agreement {agreement.public_id}: has no standing"
        return
    answer = schedule_of(agreement, standing.as_of)
    for name, value in _standing(agreement, answer, standing.as_of).items():
        if getattr(standing, name) != value:
            yield f"agreement {agreement.public_id}: {name} is {getattr(standing, name)}, the schedule says {value}"
    rows = {row.key: row for row in session.scalars(select(Obligation).where(Obligation.agreement_id == agreement.id))}
    for owed in answer.obligations:
        row = rows.pop(owed.id, None)
        wanted = _row(agreement, owed, standing.currency)
        if row is None or any(getattr(row, name) != value for name, value in wanted.items()):
            yield f"agreement {agreement.public_id}: obligation {owed.id} is not what the schedule says"
    yield from (f"agreement {agreement.public_id}: obligation {key} is not in the schedule" for key in rows)


@handler("licensing.refresh_standings", every=timedelta(hours=1))
def refresh_standings() -> Iterator[None]:
    """Bring every agreement whose day has turned up to date: time alone triggers fees, ends trials and makes payments overdue."""
    moment, last = now(), 0
    zones = list(session.scalars(select(Agreement.zone).where(Agreement.state == "countersigned").distinct()))
    turned = [and_(Agreement.zone == zone, Standing.as_of < moment.astimezone(ZoneInfo(zone)).date()) for zone in zones]
    while True:
        stale = select(Agreement).join(Standing).where(Agreement.id > last, or_(false(), *turned)).order_by(Agreement.id).limit(BATCH)
        batch = list(session.scalars(stale))
        if not batch:
            return
        for agreement in batch:
            last = agreement.id
            refresh(locked(agreement), moment)
        yield
