"""The verbs of audits: ask, start, withdraw, close with findings, attach, agree, dispute; and what findings come to.

The clause `audit` of the agreement says how many days' notice an audit needs, how often in a calendar year one may be asked for, and
from which share of unstated fees on the licensee bears its cost. Without the clause there is no right to one. Nothing that was
stated is changed: closing drafts the corrected statements in the licensee's hands, and sending them is the licensee's act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused, several
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement
from marketplace.licensing.statements.models import Audit, Finding, Remark
from marketplace.licensing.statements.operations import discard_draft, draft_of, new_draft, standing_statement, usable_text
from marketplace.licensing.statements.preview import check_reach, written
from marketplace.record import move, record
from marketplace.terms.payment import to_minor
from marketplace.terms.reading import TermsError
from marketplace.terms.royalty import Period
from marketplace.terms.schedule import Schedule

NOTICE_DAYS, PER_YEAR, BEARS_COST_FROM = 15, 1, "0.05"
"""What holds where the clause is there and silent: notice in days, audits a calendar year, the share (0.05 is 5 %)."""
SHARE = Decimal("0.0001")
FINDINGS_ONCE = N_("Findings are entered once, while the audit runs.")


@dataclass(frozen=True)
class Outcome:
    """What findings come to: for each period what was owed and should have been, the sums, and who bears the cost."""

    owed: Mapping[date, tuple[int, int]]
    underpaid: int
    share: Decimal
    bears: str


def by_public_id(actor: Actor, public_id: str) -> Audit:
    """The audit under this id, for the two sides alone. Raises `NotFound`."""
    found = session.scalar(select(Audit).where(Audit.public_id == public_id))
    if found is None or not may(actor, "audit.read", found):
        raise NotFound()
    return found


def audits_of(actor: Actor, agreement: Agreement) -> list[Audit]:
    """The audits under an agreement, newest first."""
    require(actor, "agreement.read", agreement)
    return list(session.scalars(select(Audit).where(Audit.agreement_id == agreement.id).order_by(Audit.id.desc())))


def clause_of(agreement: Agreement) -> dict[str, Any] | None:
    """The agreement's clause on audits with what holds where it is silent; none without the right to audit."""
    clause = ledger.version_of(agreement).clauses.get("audit")
    if not clause:
        return None
    return {"notice_days": NOTICE_DAYS, "per_year": PER_YEAR, "bears_cost_from": BEARS_COST_FROM, **clause}


def ask_audit(
    actor: Actor, agreement: Agreement, first: date, until: date, reason: str, key: str, at: datetime | None = None
) -> Audit:
    """Ask for an audit of the periods that begin from `first` to `until`. The same key again gives the audit that is there.

    Refused without the right to one, beyond the number a year, and for periods that are not over.
    """
    require(actor, "audit.ask", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    same = session.scalar(select(Audit).where(Audit.agreement_id == agreement.id, Audit.key == key))
    if same is not None:
        return same
    clause, today = clause_of(agreement), ledger.day_of(agreement, moment)
    if agreement.state != "countersigned" or clause is None:
        raise Refused(N_("The agreement gives no right to an audit."))
    _within_the_year(agreement, today, clause["per_year"])
    if not any(first <= one.first <= until and one.last <= today for one in ledger.schedule_of(agreement, today).periods):
        raise Refused(N_("Choose periods that are over; the first must not lie after the last."), field="until")
    made = Audit(
        agreement=agreement, first=first, until=until, reason=usable_text(reason, "reason"), day=today,
        begins=today + timedelta(days=clause["notice_days"]), state="asked", key=key, currency=ledger.terms_of(agreement).currency,
        person_id=actor.id, created=moment,
    )
    session.add(made)
    record(made, "ask", actor, moment, agreement=agreement.id)
    return made


def _within_the_year(agreement: Agreement, today: date, most: int) -> None:
    """Raise `Refused` when the calendar year has seen as many audits as the clause allows; withdrawn ones do not count."""
    own = select(func.count()).select_from(Audit).where(
        Audit.agreement_id == agreement.id, Audit.state != "withdrawn", Audit.day >= date(today.year, 1, 1), Audit.day <= date(today.year, 12, 31))
    if (session.scalar(own) or 0) >= most:
        raise Refused(several("The agreement allows %(most)s audit a calendar year, and it has been asked for.",
                              "The agreement allows %(most)s audits a calendar year, and as many have been asked for.", "most"), most=most)


def start_audit(actor: Actor, audit: Audit, at: datetime | None = None) -> Audit:
    """The audit begins; not before its notice has run."""
    moment = at or now()
    require(actor, "audit.start", audit)
    if ledger.day_of(audit.agreement, moment) < audit.begins:
        raise Refused(N_("The notice runs until %(day)s; the audit can begin then."), day=audit.begins)
    move(audit, "start", actor, moment)
    return audit


def withdraw_audit(actor: Actor, audit: Audit, at: datetime | None = None) -> Audit:
    """The licensor does without the audit after all."""
    move(audit, "withdraw", actor, at)
    return audit


def periods_of(audit: Audit, at: datetime | None = None) -> list[Period]:
    """The periods that the audit covers and that are over."""
    today = ledger.day_of(audit.agreement, at or now())
    return [one for one in ledger.schedule_of(audit.agreement, today).periods if audit.first <= one.first <= audit.until and one.last <= today]


def outcome(audit: Audit, found: Mapping[date, dict[str, Any]], at: datetime) -> Outcome:
    """What these findings come to, by the schedule with and without them; refused where it does not accept a figure.

    The share is what of the royalty found was not stated. Overstated periods are set off against understated ones.
    """
    agreement, today = audit.agreement, ledger.day_of(audit.agreement, at)
    also = [written(first, today, values) for first, values in sorted(found.items())]
    try:
        without, with_findings = ledger.schedule_of(agreement, today), ledger.schedule_of(agreement, today, also=also)
    except TermsError as error:
        raise Refused(error.message, field=_field(error, also, agreement), **error.values) from error
    check_reach({f"{first.isoformat()}.": values for first, values in found.items()}, without, with_findings)
    stated, right = _royalties(without, audit.currency), _royalties(with_findings, audit.currency)
    owed = {first: (stated.get(first, 0), right.get(first, 0)) for first in found}
    underpaid = sum(after - before for before, after in owed.values())
    total = sum(after for _before, after in owed.values())
    share = (Decimal(underpaid) / total).quantize(SHARE, "ROUND_HALF_UP") if underpaid > 0 else Decimal(0)
    limit = Decimal(str((clause_of(agreement) or {"bears_cost_from": BEARS_COST_FROM})["bears_cost_from"]))
    return Outcome(owed, underpaid, share, "licensee" if underpaid > 0 and share >= limit else "licensor")


def _field(error: TermsError, also: Sequence[dict[str, Any]], agreement: Agreement) -> str:
    """The field of a finding that the schedule refused: its period and its figure."""
    place = int(error.path.partition("[")[2].partition("]")[0] or 0) - len(ledger.standing_events(agreement))
    figure = error.path.rpartition("].")[2] or "period"
    return f"{also[place]['period']}.{figure}" if 0 <= place < len(also) else "cost"


def _royalties(answer: Schedule, currency: str) -> dict[date, int]:
    """Period → its royalty in minor units, after the cap."""
    return {
        date.fromisoformat(one.id.partition(":")[2]): to_minor(one.amount, currency) or 0 for one in answer.obligations if one.kind == "royalty"
    }


def close_audit(
    actor: Actor, audit: Audit, found: Mapping[date, dict[str, Any]], conclusion: str, cost: int | None = None, at: datetime | None = None
) -> Audit:
    """Record what was found for each period, what it comes to and who bears the cost, and draft the corrected statements."""
    require(actor, "audit.close", audit)
    moment = at or now()
    agreement = ledger.locked(audit.agreement)
    session.refresh(audit)  # somebody may have closed it while this transaction waited for the lock
    if audit.state != "running":
        raise Refused(FINDINGS_ONCE)
    known = {one.first: one for one in periods_of(audit, moment)}
    if not found or not found.keys() <= known.keys():
        raise Refused(N_("Enter what was found for at least one of the periods that the audit covers."))
    said, came = usable_text(conclusion, "conclusion"), outcome(audit, found, moment)
    for first, values in sorted(found.items()):
        standing = standing_statement(agreement, first)
        before, after = came.owed[first]
        audit.findings.append(
            Finding(period=first, stated=standing.values if standing else None, found=values, owed_stated=before, owed_found=after))
    audit.conclusion, audit.cost, audit.closed = said, cost, moment
    audit.underpaid, audit.share, audit.bears = came.underpaid, f"{came.share:f}", came.bears
    move(audit, "close", actor, moment, agreement=agreement.id)
    for finding in audit.findings:
        if finding.found != finding.stated:
            _draft_correction(audit, finding, known[finding.period], moment)
    return audit


def _draft_correction(audit: Audit, finding: Finding, period: Period, at: datetime) -> None:
    """Put the corrected statement into the licensee's hands as a draft, in place of one that is there."""
    draft = draft_of(audit.agreement, finding.period)
    if draft is not None:
        discard_draft(SYSTEM, draft, at)
        session.flush()  # the index allows one draft of a period; the old one must have left it first
    new_draft(SYSTEM, audit.agreement, period, finding.found, f"audit:{audit.id}:{finding.period}", at, audit_id=audit.id)


def attach_report(actor: Actor, audit: Audit, source: BinaryIO, name: str, at: datetime | None = None) -> Attachment:
    """Put the report or an annex beside the audit, until its findings were answered."""
    require(actor, "audit.edit", audit)
    if audit.state not in ("asked", "running", "closed"):
        raise Refused(N_("This audit is settled; nothing is added to it."), field="file")
    return attachments.attach(actor, audit, source, name, at)


def agree_findings(actor: Actor, audit: Audit, at: datetime | None = None) -> Audit:
    """The licensee takes the findings as they are."""
    move(audit, "agree", actor, at, agreement=audit.agreement_id)
    return audit


def dispute_findings(actor: Actor, audit: Audit, text: str, at: datetime | None = None) -> Audit:
    """The licensee says why it does not agree; what it stated stays what counts."""
    require(actor, "audit.dispute", audit)
    moment, plain = at or now(), usable_text(text)
    move(audit, "dispute", actor, moment, agreement=audit.agreement_id)
    audit.remarks.append(Remark(kind="dispute", text=plain, person_id=actor.id, at=moment))
    return audit
