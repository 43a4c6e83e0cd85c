"""The verbs of the register: say how a technology was come by, list the assets by their states, ask for the evidence.

A state is computed: written off or assigned by a decision; licensed, in trial or assigned by an agreement in force; lapsed; on offer; else
in hand. `state_now` says it in SQL for lists, `states_on` in Python as of any day for exports; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from marketplace.access import Actor, may, require
from marketplace.catalogue.models import Offer, Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.duties.models import Asset, Decision, EvidenceExport
from marketplace.licensing.duties.register.decisions import SHOWN, standing
from marketplace.licensing.income import policies
from marketplace.licensing.models import Agreement, Standing
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import Event, record
from marketplace.terms.events import read
from marketplace.terms.schedule import schedule

STATES = ("in_hand", "on_offer", "in_trial", "licensed", "assigned", "lapsed", "written_off")
IN_FORCE, IN_TRIAL = ("active", "bought_out"), ("on_trial", "awaiting_decision")
GONE = ("lapsed", "expired", "revoked")
OPENED = {"technology.publish": True, "technology.publish_with_run": True, "technology.withdraw": False, "technology.expire": False,
          "technology.undo_with_run": False, "technology.create_again": False}
"""Events of a technology → whether it is on offer afterwards."""

CLOSING = ("technology.withdraw", "technology.expire")
"""Events before which a technology was on offer."""

MOST = 10**15


def institute(actor: Actor, public_id: str) -> Organisation:
    """The institute under this id, for those who may read its register. Raises `NotFound` for everybody else."""
    found = session.scalar(select(Organisation).where(Organisation.public_id == public_id, Organisation.kind == "institute"))
    if found is None or not may(actor, "organisation.read_register", found):
        raise NotFound()
    return found


def technology_of(organisation: Organisation, public_id: str) -> Technology:
    """A technology of the institute. Raises `NotFound`."""
    found = session.scalar(select(Technology).where(Technology.public_id == public_id, Technology.organisation_id == organisation.id))
    if found is None:
        raise NotFound()
    return found


def asset_of(technology: Technology) -> Asset | None:
    """What was entered last of how the technology was come by."""
    return session.scalar(select(Asset).where(Asset.technology_id == technology.id).order_by(Asset.number.desc()).limit(1))


def record_asset(
    actor: Actor, technology: Technology, acquisition: str, acquired_on: date | None, cost: int | None, currency: str | None, note: str | None = None,
    at: datetime | None = None,
) -> Asset:
    """Enter acquisition and cost, a new version beside those before. The same values again change nothing."""
    require(actor, "organisation.decide", technology)
    moment = at or now()
    policies.locked(technology.organisation_id)
    before = asset_of(technology)
    values = {"acquisition": acquisition, "acquired_on": acquired_on, "cost": cost, "currency": currency if cost is not None else None, "note": note}
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return before
    if acquired_on and acquired_on > policies.today(moment):
        raise Refused(N_("This day lies in the future."), field="acquired_on")
    if cost is not None and cost > MOST:
        raise Refused(N_("Amounts on this site end at %(most)s."), field="cost", most=MOST)
    made = Asset(
        organisation_id=technology.organisation_id, technology=technology, number=before.number + 1 if before else 1, person_id=acting_person(actor).id,
        at=moment, **values,
    )
    session.add(made)
    record(made, "enter", actor, moment, technology=technology.id)
    return made


def _under_agreement(organisation_id: int, statuses: Iterable[str], mode: str | None = None) -> Select[Any]:
    """The ids of the institute's technologies with an agreement of these statuses; of offers of one mode alone, or of every other."""
    own = select(Agreement.technology_id).join(Standing, Standing.agreement_id == Agreement.id)
    own = own.where(Agreement.licensor_id == organisation_id, Agreement.state == "countersigned", Standing.status.in_(list(statuses)))
    return own if mode is None else own.join(Offer, Offer.technology_id == Agreement.technology_id).where(Offer.mode == mode)


def state_now(organisation_id: int, today: date) -> ColumnElement[str]:
    """The state of each technology of an institute as it stands now, as SQL."""
    lapsed = or_(Technology.legal_status.in_(GONE), Technology.expires_on < today)
    return case(
        (Technology.id.in_(standing(organisation_id, "write_off")), "written_off"),
        (or_(Technology.id.in_(standing(organisation_id, "assignment")), Technology.id.in_(_under_agreement(organisation_id, IN_FORCE, "assignment"))),
         "assigned"),
        (Technology.id.in_(_under_agreement(organisation_id, IN_FORCE)), "licensed"),
        (Technology.id.in_(_under_agreement(organisation_id, IN_TRIAL)), "in_trial"),
        (lapsed, "lapsed"),
        (Technology.state == "published", "on_offer"),
        else_=literal("in_hand"),
    )


@dataclass(frozen=True)
class Line:
    """One line of the register: the technology, what was entered of it, and its state."""

    technology: Technology
    asset: Asset | None
    state: str


def counts(organisation: Organisation, today: date) -> dict[str, int]:
    """How many assets are in which state."""
    named = select(state_now(organisation.id, today).label("state")).where(Technology.organisation_id == organisation.id).subquery()
    found = dict(session.execute(select(named.c.state, func.count()).group_by(named.c.state)).all())
    return {state: found.get(state, 0) for state in STATES}


def listed(organisation: Organisation, today: date, state: str, number: str, page: int, size: int) -> list[Line]:
    """A page of the register, the newest technology first, and one more line if there is a next page; by state, and by a number."""
    rows = session.execute(_own(organisation, today, state, number).order_by(Technology.id.desc()).offset((page - 1) * size).limit(size + 1)).all()
    return lines([(key, found) for key, found in rows])


def count(organisation: Organisation, today: date, state: str, number: str) -> int:
    """How many assets these are."""
    return session.scalar(select(func.count()).select_from(_own(organisation, today, state, number).subquery())) or 0


def _own(organisation: Organisation, today: date, state: str, number: str) -> Select[Any]:
    """The technologies of an institute with their states."""
    named = state_now(organisation.id, today).label("state")
    own = select(Technology.id, named).where(Technology.organisation_id == organisation.id)
    if state:
        own = own.where(named == state)
    if number:
        own = own.where(or_(Technology.application_number == number, Technology.publication_number == number, Technology.public_id == number))
    return own


def lines(rows: Iterable[tuple[int, str]]) -> list[Line]:
    """The lines of these technologies with their states, in this order."""
    rows = list(rows)
    keys = [key for key, _state in rows]
    technologies = {one.id: one for one in session.scalars(select(Technology).where(Technology.id.in_(keys)).options(*SHOWN))}
    later = aliased(Asset)
    newest = ~select(later.id).where(later.technology_id == Asset.technology_id, later.number > Asset.number).exists()
    assets = {one.technology_id: one for one in session.scalars(select(Asset).where(Asset.technology_id.in_(keys), newest))}
    return [Line(technologies[key], assets.get(key), state) for key, state in rows]


def costs(organisation: Organisation) -> dict[str, int]:
    """What the assets cost, by currency in minor units, as entered last."""
    later = aliased(Asset)
    newest = ~select(later.id).where(later.technology_id == Asset.technology_id, later.number > Asset.number).exists()
    own = select(Asset.currency, func.sum(Asset.cost)).where(Asset.organisation_id == organisation.id, Asset.cost.is_not(None), newest)
    return {currency: int(total) for currency, total in session.execute(own.group_by(Asset.currency).order_by(Asset.currency))}


def end_of(day: date) -> datetime:
    """The moment at which a day of institutes is over."""
    return datetime.combine(day + timedelta(days=1), time.min, ZoneInfo(policies.ZONE)).astimezone(UTC)


def states_on(organisation: Organisation, day: date) -> dict[int, str]:
    """Technology id → its state at the end of a day, of every technology that the site knew by then.

    Of legal status there is no history in the catalogue: what it is now counts for every day, the day of expiry for itself.
    """
    moment = end_of(day)
    own = select(Technology.id, Technology.state, Technology.legal_status, Technology.expires_on).where(
        Technology.organisation_id == organisation.id, Technology.created < moment).order_by(Technology.id)
    decided = _decided_on(organisation.id, day, moment)
    agreed, opened = _agreed_on(organisation.id, day, moment), _opened_on(organisation.id, moment)
    found = {}
    for key, state, legal, expires in session.execute(own):
        lapsed = legal in GONE or (expires is not None and expires < day)
        offered = "on_offer" if opened.get(key, state == "published") else "in_hand"
        found[key] = decided.get(key) or agreed.get(key) or ("lapsed" if lapsed else offered)
    return found


def _decided_on(organisation_id: int, day: date, moment: datetime) -> dict[int, str]:
    """What decisions up to a day say of technologies; one that was voided by then counts no longer."""
    voiding = aliased(Decision)
    gone = select(voiding.id).where(voiding.voids_id == Decision.id, voiding.day <= day).exists()
    own = select(Decision.technology_id, Decision.kind).where(
        Decision.organisation_id == organisation_id, Decision.kind.in_(("write_off", "assignment")), Decision.technology_id.is_not(None),
        Decision.voids_id.is_(None), Decision.day <= day, ~gone)
    found: dict[int, str] = {}
    for key, kind in session.execute(own):
        found[key] = "written_off" if kind == "write_off" or found.get(key) == "written_off" else "assigned"
    return found


def _agreed_on(organisation_id: int, day: date, moment: datetime) -> dict[int, str]:
    """What agreements signed by the end of a day say of technologies, each by its schedule as of that day."""
    signed = select(Agreement, Offer.mode).outerjoin(Offer, Offer.technology_id == Agreement.technology_id)
    signed = signed.where(Agreement.licensor_id == organisation_id, Agreement.state == "countersigned", Agreement.signed < moment)
    found: dict[int, str] = {}
    for agreement, mode in session.execute(signed.order_by(Agreement.id)):
        status = _status_on(agreement, day)
        said = ("assigned" if mode == "assignment" else "licensed") if status in IN_FORCE else "in_trial" if status in IN_TRIAL else None
        if said and STATES.index(said) > STATES.index(found.get(agreement.technology_id, "in_hand")):
            found[agreement.technology_id] = said
    return found


def _status_on(agreement: Agreement, day: date) -> str:
    """The schedule's state at the end of a day, by the events that had happened by then; what is kept serves for today."""
    if agreement.standing is not None and agreement.standing.as_of <= day:
        return agreement.standing.status
    terms = ledger.terms_of(agreement)
    happened = [ledger.written(event) for event in ledger.standing_events(agreement) if event.day <= day]
    return schedule(terms, read(happened, terms), day).state


def _opened_on(organisation_id: int, moment: datetime) -> dict[int, bool]:
    """Whether technologies were on offer at a moment: as their last event before it says, else as the first one after it implies.

    Those that no event tells of are not in it.
    """
    own = select(Event.thing_id, func.max(Event.id)).join(Technology, and_(Event.thing == "technology", Event.thing_id == Technology.id)).where(
        Technology.organisation_id == organisation_id, Event.name.in_(list(OPENED))).group_by(Event.thing_id)
    before = own.where(Event.at < moment).subquery()
    after = own.with_only_columns(Event.thing_id, func.min(Event.id)).where(Event.at >= moment).subquery()
    found = {key: name in CLOSING for key, name in session.execute(select(Event.thing_id, Event.name).where(Event.id.in_(select(after.c[1]))))}
    return found | {key: OPENED[name] for key, name in session.execute(select(Event.thing_id, Event.name).where(Event.id.in_(select(before.c[1]))))}


def ask_evidence(actor: Actor, organisation: Organisation, key: str, first: date, last: date, language: str, at: datetime | None = None) -> EvidenceExport:
    """Ask for the register as evidence: the decisions of these days, the assets at the end of the last one. A job makes it."""
    require(actor, "organisation.read_register", organisation)
    moment = at or now()
    same = session.scalar(select(EvidenceExport).where(EvidenceExport.organisation_id == organisation.id, EvidenceExport.key == key))
    if same is not None:
        return same
    if first > last:
        raise Refused(N_("The first day lies after the last."), field="last")
    if last > policies.today(moment):
        raise Refused(N_("This day lies in the future."), field="last")
    made = EvidenceExport(
        organisation=organisation, organisation_id=organisation.id, first=first, last=last, language=language, state="asked", key=key,
        person_id=acting_person(actor).id, created=moment,
    )
    session.add(made)
    record(made, "ask", actor, moment)
    return made


def exports_of(organisation: Organisation, limit: int = 20) -> list[EvidenceExport]:
    """The exports of an institute's register, newest first."""
    own = select(EvidenceExport).where(EvidenceExport.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(EvidenceExport.id.desc()).limit(limit)))


def export_of(actor: Actor, public_id: str) -> EvidenceExport:
    """The finished export under this id, for the heads of its institute. Raises `NotFound`."""
    found = session.scalar(select(EvidenceExport).where(EvidenceExport.public_id == public_id))
    if found is None or found.state != "done" or not may(actor, "evidence_export.read", found):
        raise NotFound()
    return found
