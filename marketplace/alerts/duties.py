"""Mail about duties: a notice published, objected to, answered, over; a licence that has to be recorded."""

from __future__ import annotations

from sqlalchemy import select

from marketplace.access import may
from marketplace.alerts.agreements import hearers
from marketplace.alerts.operations import to_person
from marketplace.db import session
from marketplace.jobs import handler
from marketplace.licensing.duties.models import Notice, Objection, RecordalReminder
from marketplace.licensing.models import SIDES
from marketplace.people.models import Person


def _people(notice: Notice, sides: tuple[str, ...]) -> list[Person]:
    """Who hears of a notice on these sides, and the heads of the institute, who answer for it; nobody twice."""
    found = [person for side in sides for person in hearers(notice.agreement, side)]
    if "licensor" in sides:
        found += [seat.person for seat in notice.agreement.licensor.memberships if seat.role in ("owner", "signatory") and seat.person.is_active]
    return list({person.id: person for person in found}.values())


def _tell(notice: Notice, people: list[Person], what: str) -> None:
    for person in people:
        to_person(
            "notice", person, f"/notices/{notice.public_id}", what=what, until=notice.runs_until or "", title=notice.agreement.titled(person.language)[0],
            institute=notice.agreement.licensor.called(person.language),
        )


@handler("alerts.notice_published")
def notice_published(thing_id: int) -> None:
    """Tell both sides until when the price is published."""
    notice = session.get_one(Notice, thing_id)
    if notice.state == "published":
        _tell(notice, _people(notice, SIDES), "published")


@handler("alerts.notice_objected")
def notice_objected(thing_id: int) -> None:
    """Tell the institute that an objection waits, and the buyer that the clock stands; what is objected stays with the institute."""
    notice = session.get_one(Notice, thing_id)
    if any(one.state == "open" for one in notice.objections):
        _tell(notice, _people(notice, SIDES), "objected")


@handler("alerts.objection_answered")
def objection_answered(thing_id: int) -> None:
    """Tell whoever objected last what was answered, and both sides where the clock goes on."""
    notice = session.get_one(Notice, thing_id)
    last = select(Objection).where(Objection.notice_id == notice.id, Objection.answered.is_not(None)).order_by(Objection.answered.desc(), Objection.id.desc())
    found = session.scalars(last.limit(1)).first()
    if found is None:
        return
    if found.received_from is None and found.person.is_active:
        path = f"/notices/{notice.public_id}/objections/{found.public_id}"
        title = notice.titled(found.person.language)[0] if may(found.person, "agreement_notice.read", notice) else ""
        institute = notice.agreement.licensor.called(found.person.language)
        to_person("objection_answered", found.person, path, upheld=found.state == "upheld", title=title, institute=institute)
    if notice.state == "published" and notice.runs_until is not None:
        _tell(notice, [person for person in _people(notice, SIDES) if person.id != found.person_id], "goes_on")


@handler("alerts.notice_over")
def notice_over(thing_id: int) -> None:
    """Tell both sides that a notice has ended, was upheld against, or is void."""
    notice = session.get_one(Notice, thing_id)
    if notice.state in ("ended", "upheld", "void"):
        _tell(notice, _people(notice, SIDES), notice.state)


@handler("alerts.recordal_reminder")
def recordal_reminder(thing_id: int) -> None:
    """Remind both sides of the recordal."""
    reminder = session.get_one(RecordalReminder, thing_id)
    agreement = reminder.recordal.agreement
    if reminder.recordal.state != "open":
        return
    for person in {person.id: person for side in SIDES for person in hearers(agreement, side)}.values():
        title, late = agreement.titled(person.language)[0], reminder.kind == "overdue"
        to_person("recordal", person, f"/agreements/{agreement.public_id}", late=late, due=reminder.recordal.due, title=title)
