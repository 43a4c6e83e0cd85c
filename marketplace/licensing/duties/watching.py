"""The clocks of an agreement for whoever follows it without reading it: days and states alone.

The technology manager of a deal, and whoever takes part in it for a side, are shown these and nothing else: no amount, no clause, no number that an
office gave, nobody who objected. Of a draft there is nothing to say: only the side that writes it knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from marketplace.access import Actor, may
from marketplace.db import session
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.duties.operations import Hindrance, hindrance, reading
from marketplace.licensing.duties.recordals import recordal_of
from marketplace.licensing.duties.registration.operations import registration_of
from marketplace.licensing.models import Agreement, Standing


@dataclass(frozen=True)
class NoticeClock:
    """How the newest notice of the price stands: its days, those left, the last one (None while an objection stops it), from when it can be signed."""

    state: str
    first: date
    last: date | None
    days: int
    left: int
    objections_open: int
    sign_from: date | None


@dataclass(frozen=True)
class Clocks:
    """What the clocks of an agreement say on a day. `recordal` and `registration` are states, None where nothing is owed or prepared yet.

    `trial_end` and `decide_until` stand while the trial or the decision after it runs, `statement_since` while a sales statement is overdue.
    """

    signed: bool
    hindrance: Hindrance | None
    notice: NoticeClock | None
    recordal: str | None
    recordal_due: date | None
    recordal_late: bool
    registration: str | None
    trial_end: date | None
    decide_until: date | None
    statement_since: date | None


def clocks_of(agreement: Agreement, today: date) -> Clocks | None:
    """The clocks of an agreement that both sides know of; None before it was proposed, and once it was given up."""
    if agreement.state not in ("proposed", "countersigned"):
        return None
    recordal, registration = recordal_of(agreement), registration_of(agreement)
    days = select(Standing.status, Standing.trial_end, Standing.window_end, Standing.statement_due, Standing.statements_overdue)
    status, trial, window, statement, late = session.execute(days.where(Standing.agreement_id == agreement.id)).first() or (None, None, None, None, 0)
    return Clocks(
        signed=agreement.state == "countersigned", hindrance=hindrance(agreement, today), notice=_notice(agreement, today),
        recordal=recordal.state if recordal else None, recordal_due=recordal.due if recordal else None,
        recordal_late=bool(recordal and recordal.state == "open" and recordal.due < today), registration=registration.state if registration else None,
        trial_end=trial if status == "on_trial" else None, decide_until=window if status == "awaiting_decision" else None,
        statement_since=statement if late else None,
    )


def readable_notice(actor: Actor, agreement: Agreement) -> str | None:
    """The public id of the newest notice, if the reader may open its page, which tells the price."""
    notice = _newest(agreement)
    return notice.public_id if notice is not None and may(actor, "agreement_notice.read", notice) else None


def _newest(agreement: Agreement) -> Notice | None:
    return session.scalar(select(Notice).where(Notice.agreement_id == agreement.id).order_by(Notice.id.desc()).limit(1))


def _notice(agreement: Agreement, today: date) -> NoticeClock | None:
    """The newest notice; one that was withdrawn or upheld against shows its state, and no day of signing."""
    notice = _newest(agreement)
    if notice is None:
        return None
    read, live = reading(notice, today), notice.state in ("published", "ended")
    return NoticeClock(
        state=notice.state, first=notice.published_on, last=read.last if live else None, days=notice.days, left=read.left,
        objections_open=sum(one.state == "open" for one in notice.objections), sign_from=read.last + timedelta(days=1) if live and read.last else None,
    )
