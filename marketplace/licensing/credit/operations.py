"""The verbs of credit records: read one, sum it, page through it, comment on an entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.credit.models import KINDS, OUTCOMES, CreditComment, CreditEntry
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation
from marketplace.record import record

LONGEST = 2000


@dataclass(frozen=True)
class CreditRecord:
    """An organisation's record as one reader may see it; `sides` names the reader's organisation where it has an agreement with it."""

    organisation: Organisation
    sides: dict[str, int]

    @property
    def organisation_id(self) -> int:
        """Whose record it is, for the permission table."""
        return self.organisation.id


@dataclass(frozen=True)
class Count:
    """How many entries of a kind ended in an outcome, and the days late of all of them together."""

    number: int = 0
    days_late: int = 0


def _record(actor: Actor, organisation: Organisation) -> CreditRecord:
    """The record with how the actor stands to it: an agreement proposed or signed makes a counterparty."""
    seats = list(actor.seats)
    open_to_both = Agreement.proposed.is_not(None) & Agreement.state.in_(("proposed", "countersigned"))
    between = or_(
        and_(Agreement.licensor_id == organisation.id, Agreement.licensee_id.in_(seats)),
        and_(Agreement.licensee_id == organisation.id, Agreement.licensor_id.in_(seats)),
    )
    found = session.execute(select(Agreement.licensor_id, Agreement.licensee_id).where(open_to_both, between).limit(1)).first()
    other = next(iter({*found} - {organisation.id})) if found else None
    return CreditRecord(organisation, {"counterparty": other} if other else {})


def may_see_credit(actor: Actor, organisation: Organisation) -> bool:
    """Whether the actor may see the organisation's record: its own people, and the other side of an agreement with it."""
    return may(actor, "organisation.credit", _record(actor, organisation))


def require_credit(actor: Actor, organisation: Organisation) -> CreditRecord:
    """The organisation's record. Raises `NotFound` for anybody whose business it is not."""
    found = _record(actor, organisation)
    if not may(actor, "organisation.credit", found):
        raise NotFound()
    return found


def counts(organisation: Organisation) -> dict[str, dict[str, Count]]:
    """Kind → outcome → how many are counted; every kind and outcome is there."""
    sums = select(CreditEntry.kind, CreditEntry.outcome, func.count(), func.sum(CreditEntry.days_late)).where(
        CreditEntry.organisation_id == organisation.id, CreditEntry.mark.is_(None)).group_by(CreditEntry.kind, CreditEntry.outcome)
    found = {(kind, outcome): Count(number, int(late)) for kind, outcome, number, late in session.execute(sums)}
    return {kind: {outcome: found.get((kind, outcome), Count()) for outcome in OUTCOMES} for kind in KINDS}


def entries_of(actor: Actor, organisation: Organisation, offset: int, limit: int) -> list[CreditEntry]:
    """The entries of a record, the latest due first, from one place on."""
    require_credit(actor, organisation)
    own = select(CreditEntry).where(CreditEntry.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(CreditEntry.due.desc(), CreditEntry.id.desc()).offset(offset).limit(limit)))


def entry_by_public_id(actor: Actor, public_id: str) -> CreditEntry:
    """The entry under this id, for those who may comment on it. Raises `NotFound`."""
    found = session.scalar(select(CreditEntry).where(CreditEntry.public_id == public_id))
    if found is None or not may(actor, "credit_entry.comment", found):
        raise NotFound()
    return found


def speaking_for(actor: Actor, entry: CreditEntry) -> int:
    """The organisation for which the actor comments: the one whose entry it is before the other side."""
    return next(organisation for organisation in (entry.organisation_id, *entry.sides.values()) if organisation in actor.seats)


def comments_shown(entry: CreditEntry) -> list[CreditComment]:
    """The last wording of each organisation, that of the entry's own first."""
    last = {comment.organisation_id: comment for comment in sorted(entry.comments, key=lambda one: one.number)}
    return sorted(last.values(), key=lambda one: one.organisation_id != entry.organisation_id)


def comment_on(actor: Actor, entry: CreditEntry, text: str, at: datetime | None = None) -> CreditComment:
    """Say something beside an entry; said anew, the new wording is shown and the old ones stay. The same again changes nothing."""
    require(actor, "credit_entry.comment", entry)
    plain, organisation_id = text.strip(), speaking_for(actor, entry)
    if not plain:
        raise Refused(N_("Write a sentence, so that the other side knows what is meant."), field="text")
    if len(plain) > LONGEST:
        raise Refused(N_("This text is too long: %(limit)s characters at most."), field="text", limit=LONGEST)
    own = [one for one in entry.comments if one.organisation_id == organisation_id]
    if own and own[-1].text == plain:
        return own[-1]
    made = CreditComment(entry=entry, organisation_id=organisation_id, number=len(own) + 1, text=plain, person_id=actor.id, at=at or now())
    session.add(made)
    record(entry, "commented", actor, at, number=made.number)
    return made
