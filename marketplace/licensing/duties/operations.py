"""The verbs of pricing and notice: say how the price was found, publish it, object, answer; and what stands in a signature's way.

Whatever touches the clock holds the agreement's row, as signing does: of an objection and a signature at the same moment one comes
first, and the other sees it. The clock is always read from publication, days and objections; `runs_until` is a copy for lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from marketplace.access import SYSTEM, Actor, may, open_visibilities, require
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.duties import clock, pricing, related, rules
from marketplace.licensing.duties.models import Notice, Objection, Pricing
from marketplace.licensing.income import policies
from marketplace.licensing.models import Agreement
from marketplace.ordering import Order, order
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import move, record

UNSIGNED = ("draft", "proposed")
BATCH = 100

File = tuple[BinaryIO, str]
"""A file as it was sent: its stream and its name."""


def pricing_of(agreement: Agreement) -> Pricing | None:
    """How the price was found, as it was said last."""
    return session.scalar(select(Pricing).where(Pricing.agreement_id == agreement.id).order_by(Pricing.id.desc()).limit(1))


def live_notice(agreement: Agreement) -> Notice | None:
    """The notice that runs or has run to its end; one that was upheld against, void or withdrawn is none."""
    return session.scalar(select(Notice).where(Notice.agreement_id == agreement.id, Notice.state.in_(("published", "ended"))))


def notices_of(agreement: Agreement) -> list[Notice]:
    """All notices of an agreement, newest first."""
    return list(session.scalars(select(Notice).where(Notice.agreement_id == agreement.id).order_by(Notice.id.desc())))


def reading(notice: Notice, today: date) -> clock.Reading:
    """The notice's clock as of a day of its agreement."""
    return clock.read(notice.published_on, notice.days, notice.stops, today)


def severity_of(organisation: Organisation, day: date) -> str:
    """How grave it is for an institute to sign before its notice has ended; where no rule is known for its region, a warning."""
    rule = rules.in_force("notice", organisation.region, day)
    policy = policies.policy_on(organisation.id, day)
    return rule.severity_for(policy.state_founded if policy else True) if rule else "warn"


def least_days(organisation: Organisation, day: date) -> rules.Rule | None:
    """The rule that says how long a notice lasts in the institute's region; None where none is known."""
    return rules.in_force("notice_days", organisation.region, day)


@dataclass(frozen=True)
class Hindrance:
    """What stands in a signature's way, as a message with its values; `severity` refuse keeps it from being given."""

    message: str
    severity: str
    values: dict[str, Any] = field(default_factory=dict)


def hindrance(agreement: Agreement, today: date) -> Hindrance | None:
    """What a licensor that is an institute still owes before the version on the table is signed; None when nothing is missing."""
    if agreement.licensor.kind != "institute" or agreement.state == "countersigned":
        return None
    message, values = _missing(agreement, today)
    return Hindrance(message, severity_of(agreement.licensor, today), values) if message else None


def _missing(agreement: Agreement, today: date) -> tuple[str, dict[str, Any]]:
    found = pricing_of(agreement)
    if found is None:
        return N_("The institute has not recorded yet how the price was found: by agreement, market listing or auction."), {}
    if found.mode != "agreement":
        return "", {}
    notice, version = live_notice(agreement), ledger.version_of(agreement)
    if notice is None:
        return N_("The price was agreed, so that the institute has to publish it first, and the notice has to end."), {}
    if notice.price_sha256 != pricing.digest(version.terms, version.clauses):
        return N_("The price has changed since it was published. The institute has to publish the new one, and that notice has to end."), {}
    read = reading(notice, today)
    if read.stopped:
        return N_("An objection to the notice is not answered yet. It stops the clock; days left once it is: %(left)s."), {"left": read.left}
    if not read.over and read.last is not None:
        values = {"last": read.last, "next": read.last + timedelta(days=1)}
        return N_("The price is published until the end of %(last)s. It can be signed from %(next)s on."), values
    return "", {}


def is_unpublished(agreement: Agreement) -> bool:
    """Whether the price on the table was agreed and no notice says it."""
    found, notice, version = pricing_of(agreement), live_notice(agreement), ledger.version_of(agreement)
    agreed = agreement.state == "proposed" and found is not None and found.mode == "agreement"
    return agreed and (notice is None or notice.price_sha256 != pricing.digest(version.terms, version.clauses))


def refuse_before_end(agreement: Agreement, today: date) -> None:
    """Raise `Refused`, with what is missing or until when, where the rule of the region forbids signing yet."""
    found = hindrance(agreement, today)
    if found is not None and found.severity == "refuse":
        raise Refused(found.message, **found.values)


def record_pricing(
    actor: Actor, agreement: Agreement, key: str, mode: str, decided_by: str, decided_on: date, basis: str | None = None, minutes: File | None = None,
    at: datetime | None = None,
) -> Pricing:
    """Say how the price was found. The same key again gives the row that is there. A listing and an auction need their minutes."""
    require(actor, "agreement.price", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    same = session.scalar(select(Pricing).where(Pricing.agreement_id == agreement.id, Pricing.key == key))
    if same is not None:
        return same
    _refuse_pricing(agreement, mode, decided_on, minutes, moment)
    made = Pricing(
        agreement=agreement, agreement_id=agreement.id, mode=mode, decided_by=decided_by, decided_on=decided_on, basis=basis, key=key,
        person_id=acting_person(actor).id, at=moment,
    )
    session.add(made)
    record(made, "record", actor, moment, mode=mode)
    if minutes:
        attachments.attach(actor, made, *minutes, at=moment)
    return made


def _refuse_pricing(agreement: Agreement, mode: str, decided_on: date, minutes: File | None, moment: datetime) -> None:
    if agreement.licensor.kind != "institute":
        raise Refused(N_("Only institutes owe this."))
    if agreement.state not in UNSIGNED:
        raise Refused(N_("This agreement can no longer be changed."))
    if decided_on > ledger.day_of(agreement, moment):
        raise Refused(N_("This day lies in the future."), field="decided_on")
    if mode != "agreement" and minutes is None:
        raise Refused(N_("Add the minutes or the result of the listing or auction."), field="minutes")
    if mode != "agreement" and live_notice(agreement) is not None:
        raise Refused(N_("A notice of the agreed price is out. Withdraw it first."), field="mode")


def hints_of(agreement: Agreement) -> list[tuple[str, str]]:
    """What speaks for the buyer being related to the institute or to the inventors."""
    return related.hints(_house(agreement.licensor), _house(agreement.licensee), agreement.technology.inventors)


def _house(organisation: Organisation) -> related.House:
    people = tuple(related.Someone(seat.person_id, seat.person.name, seat.person.address_key) for seat in organisation.memberships)
    codes = tuple(code for code in (organisation.credit_code, organisation.ror) if code)
    return related.House(people, organisation.website or "", codes)


def shown_to(technology: Technology) -> str:
    """Who may read a notice about the technology: whoever may read its name. What is blind, or not published, stays in the institute."""
    return technology.visibility if technology.state in Technology.OPEN_STATES else "blind"


def publish_notice(
    actor: Actor, agreement: Agreement, key: str, abstract: dict[str, str], related_party: bool, related_note: str | None = None, days: int | None = None,
    names_licensee: bool = False, at: datetime | None = None,
) -> Notice:
    """Publish name, abstract, mode and proposed price of the version on the table. The same key again gives the notice that is there.

    A notice of an earlier price is void with this. Refused where hints of a relation are denied without a word, and where a verified
    rule asks for more days.
    """
    require(actor, "agreement_notice.create", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    same = session.scalar(select(Notice).where(Notice.agreement_id == agreement.id, Notice.key == key))
    if same is not None:
        return same
    today, hints = ledger.day_of(agreement, moment), hints_of(agreement)
    found = _refuse_notice(agreement, abstract, related_party, related_note, bool(hints))
    days = _days(agreement.licensor, today, days)
    version = ledger.version_of(agreement)
    price = pricing.digest(version.terms, version.clauses)
    _make_room(agreement, price, moment)
    notice = Notice(
        agreement=agreement, agreement_id=agreement.id, pricing=found, number=version.number, price_sha256=price, name=dict(agreement.technology.title),
        abstract=abstract, price=pricing.price_of(version.terms), shown_to=shown_to(agreement.technology), names_licensee=names_licensee,
        related=related_party, related_note=related_note, hints=[list(one) for one in hints], published_on=today, days=days, state="published", key=key,
        person_id=acting_person(actor).id, created=moment, objections=[],
    )
    session.add(notice)
    _wind(notice)
    record(notice, "publish", actor, moment, agreement=agreement.id, days=days, runs_until=_iso(notice.runs_until))
    return notice


def _refuse_notice(agreement: Agreement, abstract: dict[str, str], related_party: bool, related_note: str | None, hinted: bool) -> Pricing:
    found = pricing_of(agreement)
    if agreement.state != "proposed":
        raise Refused(N_("A price is published while the agreement is on the table of both sides."))
    if found is None or found.mode != "agreement":
        raise Refused(N_("Record first that the price was found by agreement; only then is it published."))
    if not any(abstract.values()):
        raise Refused(N_("Say what the technology is, in at least one language."), field="abstract_zh")
    if hinted and not related_party and not related_note:
        raise Refused(N_("Something speaks for a relation. Say why the buyer is not related all the same."), field="related_note")
    return found


def _days(institute: Organisation, today: date, wanted: int | None) -> int:
    """The days of the notice: as many as wanted, else as the rule says. Refused when fewer than a verified rule asks for."""
    rule = least_days(institute, today)
    least = (rule.days if rule else None) or 1
    days = wanted or (least if rule else 15)
    if rule and days < least and not rule.unverified:
        raise Refused(N_("The notice lasts at least %(days)s days here."), field="days", days=least)
    return days


def _make_room(agreement: Agreement, price: str, moment: datetime) -> None:
    """End the notice of an earlier price. Refused when the one that is out says this very price."""
    before = live_notice(agreement)
    if before is None:
        return
    if before.price_sha256 == price:
        raise Refused(N_("This price is published already."))
    _close(before, "void", SYSTEM, moment)


def _close(notice: Notice, verb: str, actor: Actor, moment: datetime) -> None:
    """End a notice before its time; objections that are open answer themselves."""
    move(notice, verb, actor, moment, agreement=notice.agreement_id)
    notice.ended, notice.runs_until = moment, None
    for one in notice.objections:
        if one.state == "open":
            move(one, "lapse", SYSTEM, moment)
    session.flush()  # one notice of an agreement may live at a time


def _wind(notice: Notice) -> None:
    """Write the clock's last day into the copy for lists."""
    notice.runs_until = clock.last_day(notice.published_on, notice.days, notice.stops)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def by_public_id(actor: Actor, public_id: str) -> Notice:
    """The notice under this id, for whoever may read it. Raises `NotFound`."""
    notice = session.scalar(select(Notice).where(Notice.public_id == public_id))
    if notice is None or not may(actor, "agreement_notice.read", notice):
        raise NotFound()
    return notice


def open_to(actor: Actor) -> ColumnElement[bool]:
    """SQL twin of `may(actor, "agreement_notice.read", …)` over notices joined with their agreement and its technology."""
    seats = list(actor.seats)
    outside = and_(Notice.shown_to.in_(open_visibilities(actor)), Technology.visibility != "blind")
    return or_(outside, Agreement.licensor_id.in_(seats), Agreement.licensee_id.in_(seats)) if seats else outside


ORDERS = {"newest": True, "ends": False}
"""What notices can be ordered by, and whether that falls; the first unasked."""


def listed(actor: Actor, page: int, size: int, state: str = "", by: Order | None = None) -> list[Notice]:
    """A page of the notices that the actor may read, in a state or all, newest first unless ordered otherwise, and one more if there is a next page."""
    by = by or order("", ORDERS)
    column = {"newest": Notice.id, "ends": Notice.runs_until}[by.name]
    rows = _readable(actor, state).options(joinedload(Notice.agreement)).order_by(*by.by(column), Notice.id.desc())
    return list(session.scalars(rows.offset((page - 1) * size).limit(size + 1)))


def count(actor: Actor, state: str = "") -> int:
    """How many notices these are."""
    return session.scalar(select(func.count()).select_from(_readable(actor, state).with_only_columns(Notice.id).subquery())) or 0


def _readable(actor: Actor, state: str) -> Select[tuple[Notice]]:
    own = select(Notice).join(Agreement, Notice.agreement_id == Agreement.id).join(Technology, Agreement.technology_id == Technology.id)
    return own.where(open_to(actor), *([Notice.state == state] if state else []))


def _held(notice: Notice) -> Notice:
    """The notice as it stands, its agreement held until the transaction ends."""
    ledger.locked(notice.agreement)
    own = select(Notice).where(Notice.id == notice.id).execution_options(populate_existing=True)
    found = session.execute(own).scalar_one()
    session.expire(found, ["objections"])
    return found


def _objection(actor: Actor, notice: Notice, key: str, text: str, first: date, moment: datetime, file: File | None, received_from: str | None) -> Objection:
    made = Objection(
        notice=notice, notice_id=notice.id, text=text, received_from=received_from, first=first, state="open", key=key, person_id=acting_person(actor).id,
        created=moment,
    )
    session.add(made)
    session.flush()  # the clock counts it from here on
    if notice.state == "ended":
        move(notice, "reopen", actor, moment)
        notice.ended = None
    _wind(notice)
    record(notice, "object", actor, moment, agreement=notice.agreement_id, objection=made.public_id)
    if file:
        attachments.attach(actor, made, *file, at=moment)
    return made


def _same(actor: Actor, notice: Notice, key: str) -> Objection | None:
    return session.scalar(select(Objection).where(Objection.notice_id == notice.id, Objection.person_id == actor.id, Objection.key == key))


def object_to(actor: Actor, notice: Notice, key: str, text: str, file: File | None = None, at: datetime | None = None) -> Objection:
    """Object to a notice, whoever is signed in and may read it; the clock stops. Refused once the last day is over."""
    require(actor, "agreement_notice.object", notice)
    by_public_id(actor, notice.public_id)
    moment = at or now()
    notice = _held(notice)
    known = _same(actor, notice, key)
    if known is not None:
        return known
    today = ledger.day_of(notice.agreement, moment)
    if notice.state != "published" or reading(notice, today).over:
        raise Refused(N_("This notice is over; nothing can be objected to it here any more. Write to the institute."))
    return _objection(actor, notice, key, text, today, moment, file, None)


def enter_objection(
    actor: Actor, notice: Notice, key: str, text: str, received_from: str, received_on: date, file: File | None = None, at: datetime | None = None
) -> Objection:
    """Enter an objection that the institute received otherwise. It counts from the day on which it came, even when the notice has ended since.

    Refused when it came outside the notice, and when both sides have signed.
    """
    require(actor, "agreement_notice.enter_objection", notice)
    moment = at or now()
    notice = _held(notice)
    known = _same(actor, notice, key)
    if known is not None:
        return known
    last = clock.last_day(notice.published_on, notice.days, notice.stops)
    if received_on > ledger.day_of(notice.agreement, moment):
        raise Refused(N_("This day lies in the future."), field="received_on")
    if received_on < notice.published_on or (last is not None and received_on > last):
        raise Refused(N_("This day lies outside the notice."), field="received_on")
    over = notice.state == "ended" or reading(notice, ledger.day_of(notice.agreement, moment)).over
    if notice.state not in ("published", "ended") or (over and notice.agreement.state != "proposed"):
        raise Refused(N_("This notice is over; nothing can be objected to it here any more. Write to the institute."))
    return _objection(actor, notice, key, text, received_on, moment, file, received_from)


def objection_of(actor: Actor, notice: Notice, public_id: str) -> Objection:
    """An objection, for the institute and for whoever raised it. Raises `NotFound`."""
    found = next((one for one in notice.objections if one.public_id == public_id), None)
    if found is None or not may(actor, "notice_objection.read", found):
        raise NotFound()
    return found


def answer_objection(actor: Actor, objection: Objection, upheld: bool, reasons: str, at: datetime | None = None) -> Objection:
    """Answer an objection. Upheld, the notice ends and another price is published; rejected, the clock goes on the day after.

    Whoever objected does not answer; what came on paper may be answered by whoever entered it.
    """
    verb = "uphold" if upheld else "reject"
    require(actor, f"notice_objection.{verb}", objection)
    moment = at or now()
    notice = _held(objection.notice)
    session.refresh(objection)
    if objection.received_from is None:
        policies.second_person(actor, objection.person_id)
    objection.reasons, objection.answered_by_id, objection.answered = policies.given(reasons), actor.id, moment
    objection.last = max(ledger.day_of(notice.agreement, moment), objection.first)
    move(objection, verb, actor, moment)
    if upheld:
        _close(notice, "uphold", actor, moment)
    else:
        _wind(notice)
    record(notice, "answered", actor, moment, agreement=notice.agreement_id, objection=objection.public_id, upheld=upheld)
    return objection


def withdraw_notice(actor: Actor, notice: Notice, at: datetime | None = None) -> Notice:
    """Take a notice back; what is signed afterwards needs another one."""
    require(actor, "agreement_notice.withdraw", notice)
    notice = _held(notice)
    if notice.agreement.state == "countersigned":
        raise Refused(N_("The agreement is signed by both sides; its notice stays."))
    _close(notice, "withdraw", actor, at or now())
    return notice


@handler("duties.end_notices", every=timedelta(hours=1))
def end_notices() -> Iterator[None]:
    """End the notices whose last day is over, each by the days of its agreement."""
    moment, last = now(), 0
    while True:
        # a day early, because somewhere it is tomorrow already; the clock of each says whether it is over
        due = select(Notice).where(Notice.state == "published", Notice.runs_until <= moment.date(), Notice.id > last).order_by(Notice.id).limit(BATCH)
        batch = list(session.scalars(due))
        if not batch:
            return
        for found in batch:
            last = found.id
            notice = _held(found)
            if notice.state == "published" and reading(notice, ledger.day_of(notice.agreement, moment)).over:
                move(notice, "end", SYSTEM, moment, agreement=notice.agreement_id)
                notice.ended = moment
        yield


@handler("duties.follow_agreement")
def follow_agreement(thing_id: int) -> None:
    """An agreement was changed or given up: its notice is void when the price is another, withdrawn when nothing will be signed."""
    agreement = ledger.locked(session.get_one(Agreement, thing_id))
    found = live_notice(agreement)
    if found is None:
        return
    version = ledger.version_of(agreement)
    if agreement.state == "withdrawn":
        _close(found, "withdraw", SYSTEM, now())
    elif found.price_sha256 != pricing.digest(version.terms, version.clauses):
        _close(found, "void", SYSTEM, now())


def faults() -> Iterator[str]:
    """Where the copy of a clock differs from what it says; for the check of the database."""
    for notice in session.scalars(select(Notice).where(Notice.state.in_(("published", "ended")))):
        last = clock.last_day(notice.published_on, notice.days, notice.stops)
        if notice.runs_until != last:
            yield f"notice {notice.public_id}: runs until {notice.runs_until}, the clock says {last}"
