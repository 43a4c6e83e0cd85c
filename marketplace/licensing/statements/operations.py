"""The verbs of statements: draft, edit, send, estimate, accept, query, reply, attach; and finding them.

A statement counts from the moment it is sent: in one transaction its state changes, the one that counted before is replaced, and
the event enters the schedule. The agreement is locked meanwhile, so that of two people one is first and the other is told.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, and_, func, or_, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, Standing
from marketplace.licensing.statements.models import STANDING, Remark, Statement
from marketplace.licensing.statements.preview import Preview, period_of, preview
from marketplace.licensing.statements.sheet import read_sales
from marketplace.ordering import Order, order
from marketplace.record import move, record
from marketplace.terms.payment import MINOR_UNITS
from marketplace.terms.royalty import Period

ESTIMATED_FROM = 4
"""An estimate is the average of so many stated periods before it, or of as many as there are."""
ESTIMATE_AFTER = 30
"""Days after the due date from which an estimate may be made, where the clause names none."""
LONGEST = 5000
UNITS_PLACES = 12
"""Decimal places that a number of units may have in a table."""
NOT_A_DRAFT = N_("This statement has been sent; it is corrected by a new one.")


class Changed(Refused):
    """What is owed has changed since it was shown; nothing was sent."""


def by_public_id(actor: Actor, public_id: str) -> Statement:
    """The statement under this id, for those who may read it. Raises `NotFound`."""
    found = session.scalar(select(Statement).where(Statement.public_id == public_id))
    if found is None or not may(actor, "statement.read", found):
        raise NotFound()
    return found


def of_agreement(actor: Actor, agreement: Agreement) -> list[Statement]:
    """All statements under an agreement that the actor may read, newest first."""
    require(actor, "agreement.read", agreement)
    own = select(Statement).where(Statement.agreement_id == agreement.id).order_by(Statement.id.desc())
    return [one for one in session.scalars(own) if may(actor, "statement.read", one)]


def visible(actor: Actor) -> ColumnElement[bool]:
    """SQL twin of `may(actor, "statement.read", …)` for lists."""
    seats = list(actor.seats)
    sent = or_(Statement.estimate, Statement.state.not_in(("draft", "discarded")))
    return or_(Statement.licensee_id.in_(seats), and_(Statement.licensor_id.in_(seats), sent))


ORDERS = {"sent": True, "period": True}
"""What statements can be ordered by, and whether that falls; the first unasked."""


def statements_of(actor: Actor, states: Sequence[str], offset: int, limit: int, by: Order | None = None) -> list[Statement]:
    """The statements of the actor's organisations in these states, newest first unless ordered otherwise, from one place on."""
    by = by or order("", ORDERS)
    own = select(Statement).where(visible(actor), Statement.state.in_(states))
    column = {"sent": Statement.id, "period": Statement.period}[by.name]
    return list(session.scalars(own.order_by(*by.by(column, Statement.id)).offset(offset).limit(limit)))


def count_of(actor: Actor, states: Sequence[str]) -> int:
    """How many statements of the actor's organisations stand in these states."""
    return session.scalar(select(func.count()).select_from(select(Statement.id).where(visible(actor), Statement.state.in_(states)).subquery())) or 0


def due_of(actor: Actor, limit: int = 50) -> list[Standing]:
    """The standings of signed agreements of the actor's organisations with a statement missing, the earliest due first."""
    seats = list(actor.seats)
    own = or_(Agreement.licensee_id.in_(seats), Agreement.licensor_id.in_(seats))
    missing = select(Standing).join(Agreement).where(own, Standing.statement_due.is_not(None))
    return list(session.scalars(missing.order_by(Standing.statement_due, Standing.agreement_id).limit(limit)))


def waiting_for(actor: Actor, limit: int = 20) -> list[Statement]:
    """Statements that wait for an answer of the actor's organisations: sent ones for the licensor, queried ones for the licensee."""
    seats = list(actor.seats)
    sent = and_(Statement.licensor_id.in_(seats), Statement.state == "sent", Statement.estimate.is_(False))
    queried = and_(Statement.licensee_id.in_(seats), Statement.state == "queried")
    return list(session.scalars(select(Statement).where(or_(sent, queried)).order_by(Statement.id).limit(limit)))


def standing_statement(agreement: Agreement, period: date) -> Statement | None:
    """The statement of a period that counts, if there is one."""
    own = select(Statement).where(Statement.agreement_id == agreement.id, Statement.period == period, Statement.state.in_(STANDING))
    return session.scalar(own)


def draft_of(agreement: Agreement, period: date) -> Statement | None:
    """The draft of a period, if there is one."""
    own = select(Statement).where(Statement.agreement_id == agreement.id, Statement.period == period, Statement.state == "draft")
    return session.scalar(own.where(Statement.estimate.is_(False)))


def draft_statement(
    actor: Actor, agreement: Agreement, period: date, values: dict[str, Any], key: str, note: str = "", at: datetime | None = None
) -> Statement:
    """Keep a draft for a period that has begun. The same key again gives the draft that is there.

    Refused when the figures cannot be counted, or when there is a draft of the period already.
    """
    require(actor, "agreement.statement", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    _in_force(agreement)
    same = session.scalar(select(Statement).where(Statement.agreement_id == agreement.id, Statement.key == key))
    if same is not None:
        return same
    found = preview(agreement, period, values, moment).period
    if draft_of(agreement, period) is not None:
        raise Refused(N_("There is a draft for this period already. Go on with that one."), field="period")
    return new_draft(actor, agreement, found, values, key, moment, note=note.strip() or None, drafted_by_id=actor.id)


def new_draft(
    actor: Actor, agreement: Agreement, period: Period, values: dict[str, Any], key: str, at: datetime, **facts: Any
) -> Statement:
    """A draft in the licensee's hands, whoever wrote it: its people, or the system from the findings of an audit."""
    require(actor, "agreement.statement", agreement)
    made = Statement(
        agreement=agreement, licensor_id=agreement.licensor_id, licensee_id=agreement.licensee_id, period=period.first, last=period.last,
        due=period.statement_due, values=values, key=key, state="draft", estimate=False, created=at, **facts,
    )
    session.add(made)
    record(made, "draft", actor, at)
    return made


def _in_force(agreement: Agreement) -> None:
    if agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))


def draft_from_file(
    actor: Actor, agreement: Agreement, period: Period, source: BinaryIO, name: str, key: str, at: datetime | None = None
) -> Statement:
    """A draft with the sums of a table of sales, the table beside it as evidence; a draft that is there takes the new figures.

    Refused with every cell that cannot be read.
    """
    require(actor, "agreement.statement", agreement)
    figure = figure_of(agreement)
    places = UNITS_PLACES if figure == "units" else MINOR_UNITS[ledger.terms_of(agreement).currency]
    with TemporaryDirectory() as folder:
        path = Path(folder, "sales")
        with path.open("wb") as target:
            shutil.copyfileobj(source, target)
        if path.stat().st_size > attachments.LARGEST:
            raise Refused(N_("The file is larger than %(limit)s MB."), field="file", limit=attachments.LARGEST // attachments.MEGABYTE)
        values = read_sales(path, figure, period, places)
        draft = draft_of(agreement, period.first)
        filled = draft is not None and draft.key != key
        made = edit_draft(actor, draft, values, draft.note or "", at) if filled else draft_statement(actor, agreement, period.first, values, key, at=at)
        if filled or not attachments.attachments_of(made):  # the same form sent twice keeps its file once
            with path.open("rb") as table:
                attachments.attach(actor, made, table, name, at)
    return made


def edit_draft(actor: Actor, statement: Statement, values: dict[str, Any], note: str = "", at: datetime | None = None) -> Statement:
    """Change the figures of a draft. Refused once it was sent."""
    require(actor, "statement.edit", statement)
    moment = at or now()
    if statement.state != "draft":
        raise Refused(NOT_A_DRAFT)
    preview(statement.agreement, statement.period, values, moment)
    statement.values, statement.note = values, note.strip() or None
    record(statement, "revised", actor, moment)
    return statement


def discard_draft(actor: Actor, statement: Statement, at: datetime | None = None) -> Statement:
    """Give a draft up; it stays as a row that counts for nothing."""
    move(statement, "discard", actor, at)
    return statement


def foreseen(statement: Statement, at: datetime | None = None) -> Preview:
    """What a draft would change now."""
    return preview(statement.agreement, statement.period, statement.values, at or now())


def send_statement(actor: Actor, statement: Statement, digest: str, at: datetime | None = None) -> Statement:
    """Send a draft: it counts from today, the agreement's day of this very moment. Pressed twice, it is sent once.

    `digest` is that of the preview that the sender saw. Raises `Changed` when what is owed is no longer what was shown, `Refused`
    while the period goes on.
    """
    require(actor, "statement.send", statement)
    moment = at or now()
    agreement = ledger.locked(statement.agreement)
    session.refresh(statement)  # somebody may have sent or changed it while this transaction waited for the lock
    if statement.sent is not None:
        return statement
    today = ledger.day_of(agreement, moment)
    found = preview(agreement, statement.period, statement.values, moment)
    if today < found.period.last:
        raise Refused(N_("This period goes on until %(day)s. The draft is kept; send it then."), day=found.period.last)
    if digest != found.digest:
        raise Changed(N_("What is owed has changed since it was shown to you. Nothing was sent: look again, then send."))
    return _count(actor, actor, statement, found, "send", moment)


def _count(actor: Actor, entering: Actor, statement: Statement, found: Preview, verb: str, at: datetime) -> Statement:
    """Let a draft count: replace what counted before, change its state, enter the event, and keep what it changed."""
    agreement, period = statement.agreement, found.period
    earlier = standing_statement(agreement, statement.period)
    if earlier is not None:
        move(earlier, "replace", actor, at, by=statement.id)
        session.flush()  # the index allows one that counts for a period; the old one must have left it first
    statement.replaces_id = earlier.id if earlier else None
    statement.last, statement.due, statement.effect = period.last, period.statement_due, _effect(found)
    statement.day, statement.sent, statement.sent_by_id = ledger.day_of(agreement, at), at, actor.id
    move(statement, verb, actor, at, agreement=agreement.id)
    statement.event = ledger.enter(
        entering, agreement, "statement", statement.day, f"statement:{statement.id}", at, period=statement.period.isoformat(), **statement.values)
    return statement


def _effect(found: Preview) -> list[dict[str, Any]]:
    return [
        {"id": one.after.id, "was": _text(one.was), "is": _text(one.after.amount), "due": one.after.due.isoformat() if one.after.due else None}
        for one in found.changes
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def send_zero(actor: Actor, agreement: Agreement, period: date, digest: str, key: str, at: datetime | None = None) -> Statement:
    """State in one step that nothing was sold in a period; a draft that is there is given up for it."""
    require(actor, "agreement.statement", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    draft = draft_of(agreement, period)
    if draft is not None and draft.key != key:
        discard_draft(actor, draft, moment)
        session.flush()  # the index allows one draft of a period
    made = draft_statement(actor, agreement, period, nothing(agreement), key, at=moment)
    session.flush()  # sending reads the row anew
    return send_statement(actor, made, digest, moment)


def nothing(agreement: Agreement) -> dict[str, Any]:
    """The figures of a period in which nothing was sold."""
    return {figure_of(agreement): "0"}


def figure_of(agreement: Agreement) -> str:
    """The figure that a statement of this agreement is about: gross, profit or units. Raises `Refused` without a royalty."""
    royalty = ledger.terms_of(agreement).royalty
    if royalty is None:
        raise Refused(N_("No sales are stated under this agreement: it has no royalty."))
    return {"net_sales": "gross", "profit": "profit", "units": "units"}[royalty.base]


def estimate_statement(actor: Actor, agreement: Agreement, period: date, at: datetime | None = None) -> Statement:
    """Estimate an overdue period in the licensee's place, where the clauses allow it; asked again, the same estimate is given back.

    A statement replaces it at any time.
    """
    require(actor, "statement.estimate", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    _in_force(agreement)
    known = standing_statement(agreement, period)
    if known is not None and known.estimate:
        return known
    found = period_of(agreement, period, ledger.day_of(agreement, moment))
    _may_estimate(agreement, found, ledger.day_of(agreement, moment))
    values = estimated(agreement, found, ledger.day_of(agreement, moment))
    made = Statement(
        agreement=agreement, licensor_id=agreement.licensor_id, licensee_id=agreement.licensee_id, period=period, last=found.last,
        due=found.statement_due, values=values, key=f"estimate:{period}:{moment.isoformat()}", state="draft", estimate=True, created=moment,
    )
    session.add(made)
    return _count(actor, SYSTEM, made, preview(agreement, period, values, moment), "estimate", moment)


def _may_estimate(agreement: Agreement, period: Period, today: date) -> None:
    """Raise `Refused` unless the clauses allow the licensor to estimate this period today."""
    clause = ledger.version_of(agreement).clauses.get("estimate") or {}
    if not clause.get("allowed"):
        raise Refused(N_("The agreement does not allow the licensor to estimate a statement."))
    if period.stated is not None:
        raise Refused(N_("This period is stated already."))
    after = period.statement_due + timedelta(days=clause.get("after_days", ESTIMATE_AFTER))
    if today < after:
        raise Refused(N_("This period can be estimated from %(day)s on, if no statement has come by then."), day=after)


def estimated(agreement: Agreement, period: Period, today: date) -> dict[str, Any]:
    """The figures of an estimate: the average base of the last four periods before it that the licensee has stated, or of as many as there are."""
    own = select(Statement.period).where(Statement.agreement_id == agreement.id, Statement.state.in_(STANDING), Statement.estimate.is_(False))
    real = set(session.scalars(own))
    before = [one.base for one in ledger.schedule_of(agreement, today).periods if one.first < period.first and one.first in real]
    bases = [base for base in before if base is not None][-ESTIMATED_FROM:]
    if not bases:
        raise Refused(N_("There is no stated period before this one from which to estimate it."))
    figure = figure_of(agreement)
    places = 0 if figure == "units" else MINOR_UNITS[ledger.terms_of(agreement).currency]
    average = (sum(bases, Decimal(0)) / len(bases)).quantize(Decimal(1).scaleb(-places), "ROUND_HALF_UP")
    return {figure: f"{average:f}"}


def accept_statement(actor: Actor, statement: Statement, at: datetime | None = None) -> Statement:
    """The licensor takes the statement as it is. An estimate is its own and needs no answer."""
    return _answer(actor, statement, "accept", at)


def query_statement(actor: Actor, statement: Statement, question: str, at: datetime | None = None) -> Statement:
    """The licensor asks about the statement; what is owed stays owed meanwhile."""
    require(actor, "statement.query", statement)
    plain = usable_text(question)
    return _remark(_answer(actor, statement, "query", at), actor, "query", plain, at)


def _answer(actor: Actor, statement: Statement, verb: str, at: datetime | None) -> Statement:
    require(actor, f"statement.{verb}", statement)
    if statement.estimate:
        raise Refused(N_("An estimate waits for the statement itself and is not answered."))
    moment = at or now()
    move(statement, verb, actor, moment, agreement=statement.agreement_id)
    statement.answered = statement.answered or moment
    return statement


def reply_to_query(actor: Actor, statement: Statement, text: str, at: datetime | None = None) -> Statement:
    """The licensee answers the question in words; a new statement of the period would answer it too."""
    require(actor, "statement.reply", statement)
    plain = usable_text(text)
    move(statement, "reply", actor, at, agreement=statement.agreement_id)
    return _remark(statement, actor, "reply", plain, at)


def _remark(statement: Statement, actor: Actor, kind: str, text: str, at: datetime | None) -> Statement:
    statement.remarks.append(Remark(kind=kind, text=text, person_id=actor.id, at=at or now()))
    return statement


def usable_text(text: str, field: str = "text") -> str:
    """What somebody wrote to the other side. Raises `Refused` when empty or too long."""
    plain = text.strip()
    if not plain:
        raise Refused(N_("Write a sentence, so that the other side knows what is meant."), field=field)
    if len(plain) > LONGEST:
        raise Refused(N_("This text is too long: %(limit)s characters at most."), field=field, limit=LONGEST)
    return plain


def attach_evidence(actor: Actor, statement: Statement, source: BinaryIO, name: str, at: datetime | None = None) -> Attachment:
    """Put a file beside the statement: while it is a draft, or to answer a question about it. Refused afterwards."""
    require(actor, "statement.edit", statement)
    if statement.state not in ("draft", "sent", "queried"):
        raise Refused(N_("This statement is settled; a file can go beside a new one."), field="file")
    return attachments.attach(actor, statement, source, name, at)


def detach_evidence(actor: Actor, statement: Statement, file_id: str, at: datetime | None = None) -> None:
    """Take a file off a draft. What was sent stays with what was sent."""
    require(actor, "statement.edit", statement)
    if statement.state != "draft":
        raise Refused(NOT_A_DRAFT)
    attachments.detach(actor, statement, file_id, at)


def faults(agreement: Agreement) -> Iterator[str]:
    """Where statements and the events that count differ: none may be lost or counted twice; for the check of the database."""
    rows = select(Statement).where(Statement.agreement_id == agreement.id, Statement.sent.is_not(None), Statement.state != "void")
    sent = {one.event_id: one for one in session.scalars(rows)}
    for event in ledger.standing_events(agreement):
        if event.type != "statement":
            continue
        one = sent.pop(event.id, None)
        if one is None or event.day != one.day or event.values != {"period": one.period.isoformat(), **one.values}:
            yield f"agreement {agreement.public_id}: event {event.id} is not what a statement says"
    yield from (f"agreement {agreement.public_id}: statement {one.public_id} counts nowhere" for one in sent.values())


@handler("licensing.statement_voided")
def statement_voided(thing_id: int) -> None:
    """When the event of a statement was taken back, the statement counts no longer, and the one that it replaced counts again."""
    statement = session.scalar(select(Statement).where(Statement.event_id == thing_id, Statement.state != "void"))
    if statement is None:
        return
    counted = statement.state in STANDING
    move(statement, "void", SYSTEM, agreement=statement.agreement_id)
    session.flush()  # the index allows one that counts for a period; this one must have left it first
    if counted and statement.replaces is not None and statement.replaces.state == "replaced":
        move(statement.replaces, "restore", SYSTEM, agreement=statement.agreement_id)
