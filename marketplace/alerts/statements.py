"""Mails about statements and audits: what came, what is asked, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marketplace.alerts.operations import to_person
from marketplace.db import now, session
from marketplace.jobs import handler
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements.models import Audit, Reminder, Statement
from marketplace.licensing.statements.reminders import still_missing
from marketplace.people.models import Organisation, Person

ANSWERING = ("owner", "signatory")
"""The roles that hear what an organisation must act on."""


def _answering(*organisations: Organisation) -> list[Person]:
    """The active owners and signatories of these organisations, each once."""
    people = [seat.person for organisation in organisations for seat in organisation.memberships if seat.role in ANSWERING]
    return list({person.id: person for person in people if person.is_active}.values())


def _write(template: str, people: Iterable[Person | None], path: str, agreement: Agreement, **values: Any) -> None:
    """Write to each of these people once, about an agreement by its title in their language."""
    for person in {one.id: one for one in people if one is not None and one.is_active}.values():
        sides = {"licensor": agreement.licensor.called(person.language), "licensee": agreement.licensee.called(person.language)}
        to_person(template, person, path, title=agreement.titled(person.language)[0], **sides, **values)


def _about(statement: Statement, what: str, people: Iterable[Person | None]) -> None:
    _write(
        "statement", people, f"/statements/{statement.public_id}", statement.agreement, what=what, first=statement.period,
        last=statement.last, corrects=statement.replaces_id is not None,
    )


@handler("alerts.statement_sent")
def statement_sent(thing_id: int) -> None:
    """Tell the licensor that a statement has come."""
    statement = session.get_one(Statement, thing_id)
    _about(statement, "sent", _answering(statement.licensor))


@handler("alerts.statement_estimated")
def statement_estimated(thing_id: int) -> None:
    """Tell the licensee that the licensor has estimated a period in its place."""
    statement = session.get_one(Statement, thing_id)
    _about(statement, "estimated", _answering(statement.licensee))


@handler("alerts.statement_queried")
def statement_queried(thing_id: int) -> None:
    """Tell the licensee, and whoever sent it, that the licensor asks about a statement."""
    statement = session.get_one(Statement, thing_id)
    _about(statement, "queried", [statement.sent_by, *_answering(statement.licensee)])


@handler("alerts.statement_replied")
def statement_replied(thing_id: int) -> None:
    """Tell the licensor that its question was answered."""
    statement = session.get_one(Statement, thing_id)
    _about(statement, "replied", _answering(statement.licensor))


@handler("alerts.statement_accepted")
def statement_accepted(thing_id: int) -> None:
    """Tell whoever sent a statement that it was accepted."""
    statement = session.get_one(Statement, thing_id)
    _about(statement, "accepted", [statement.sent_by])


@handler("alerts.statement_reminder")
def statement_reminder(thing_id: int) -> None:
    """Remind the licensee of a statement; a month late, tell both sides' owners and signatories. Silent when it has come meanwhile."""
    reminder = session.get_one(Reminder, thing_id)
    agreement = reminder.agreement
    if not still_missing(reminder, now()):
        return
    both = (agreement.licensee, agreement.licensor) if reminder.step == "escalated" else (agreement.licensee,)
    _write(
        "statement_reminder", _answering(*both), f"/agreements/{agreement.public_id}/statements", agreement, step=reminder.step,
        first=reminder.period, due=reminder.due,
    )


def _about_audit(audit: Audit, what: str, people: Iterable[Person | None]) -> None:
    """What happened is told as it happened, though the audit may have gone on before the letter is written; nothing of one that was withdrawn."""
    if audit.state == "withdrawn":
        return
    _write(
        "audit", people, f"/audits/{audit.public_id}", audit.agreement, state=what, begins=audit.begins,
        first=audit.first, until=audit.until,
    )


@handler("alerts.audit_asked")
def audit_asked(thing_id: int) -> None:
    """Tell the licensee that the licensor asks for an audit."""
    audit = session.get_one(Audit, thing_id)
    _about_audit(audit, "asked", _answering(audit.agreement.licensee))


@handler("alerts.audit_closed")
def audit_closed(thing_id: int) -> None:
    """Tell the licensee what was found."""
    audit = session.get_one(Audit, thing_id)
    _about_audit(audit, "closed", _answering(audit.agreement.licensee))


@handler("alerts.audit_answered")
def audit_answered(thing_id: int) -> None:
    """Tell the licensor whether the findings are agreed."""
    audit = session.get_one(Audit, thing_id)
    _about_audit(audit, audit.state, _answering(audit.agreement.licensor))
