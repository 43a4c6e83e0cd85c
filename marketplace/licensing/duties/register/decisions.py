"""Decisions: entered by an institute's heads, and written by themselves from what happens on the site.

A decision that is written by itself follows from an event; its key is that event's, so that a job that runs twice writes it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased, lazyload, load_only, selectinload

from marketplace.access import Actor, may, require
from marketplace.catalogue import attachments
from marketplace.catalogue.models import Attachment, Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.importing.models import ImportRun
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.duties.models import TYPED, Decision, Notice, Pricing, Recordal, Registration
from marketplace.licensing.duties.operations import File
from marketplace.licensing.income import policies
from marketplace.licensing.income.models import IncomePolicy, Split
from marketplace.licensing.models import Agreement
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import Event, record

SHOWN = (
    load_only(Technology.public_id, Technology.title, Technology.kind, Technology.application_number, Technology.publication_number, Technology.created),
    lazyload(Technology.offer), lazyload(Technology.organisation),
)
"""What lists of assets and decisions load of a technology: its names and numbers, without texts and offers."""

NAMED = (selectinload(Decision.technology).options(*SHOWN), selectinload(Decision.person))
"""What lists of decisions load besides. Not by a join: SQLite would make one of all technologies first, seconds at 50,000."""


def by_public_id(actor: Actor, public_id: str) -> Decision:
    """The decision under this id, for the heads of its institute. Raises `NotFound`."""
    found = session.scalar(select(Decision).where(Decision.public_id == public_id))
    if found is None or not may(actor, "decision.read", found):
        raise NotFound()
    return found


def decide(
    actor: Actor, organisation: Organisation, key: str, kind: str, day: date, decided_by: str, basis: str, technology: Technology | None = None,
    minutes: File | None = None, at: datetime | None = None,
) -> Decision:
    """Enter a decision, with its minutes. The same key again gives the row that is there."""
    require(actor, "organisation.decide", organisation)
    moment = at or now()
    policies.locked(organisation.id)
    same = session.scalar(select(Decision).where(Decision.organisation_id == organisation.id, Decision.key == key))
    if same is not None:
        return same
    if kind not in TYPED:
        raise Refused(N_("Choose what was decided."), field="kind")
    if day > policies.today(moment):
        raise Refused(N_("This day lies in the future."), field="day")
    if kind in ("assignment", "write_off") and technology is None:
        raise Refused(N_("Choose the technology."), field="technology")
    made = Decision(
        organisation=organisation, organisation_id=organisation.id, technology=technology, kind=kind, day=day, decided_by=decided_by, basis=basis, facts={},
        key=key, person_id=acting_person(actor).id, at=moment,
    )
    return _kept(actor, made, minutes, moment)


def void_decision(actor: Actor, decision: Decision, key: str, basis: str, minutes: File | None = None, at: datetime | None = None) -> Decision:
    """Enter that a decision was entered wrongly or was taken back; both rows stay. Once."""
    require(actor, "organisation.decide", decision)
    moment = at or now()
    policies.locked(decision.organisation_id)
    same = session.scalar(select(Decision).where(Decision.voids_id == decision.id))
    if same is not None:
        return same
    if decision.voids_id is not None:
        raise Refused(N_("This is a correction itself; enter anew what it took back."))
    made = Decision(
        organisation_id=decision.organisation_id, technology_id=decision.technology_id, agreement_id=decision.agreement_id, kind=decision.kind,
        day=policies.today(moment), basis=policies.given(basis), facts={}, voids=decision, key=key, person_id=acting_person(actor).id, at=moment,
    )
    return _kept(actor, made, minutes, moment)


def _kept(actor: Actor, made: Decision, minutes: File | None, moment: datetime) -> Decision:
    session.add(made)
    record(made, "enter", actor, moment)
    if minutes:
        attachments.attach(actor, made, *minutes, at=moment)
    return made


def voided(decision_ids: Iterable[int]) -> dict[int, Decision]:
    """Decision id → the decision that voids it."""
    found = select(Decision).where(Decision.voids_id.in_(list(decision_ids)))
    return {one.voids_id: one for one in session.scalars(found) if one.voids_id is not None}


def standing(organisation_id: int, kind: str) -> Select[tuple[int | None]]:
    """The ids of technologies with a decision of a kind that is not voided."""
    voiding = aliased(Decision)
    own = select(Decision.technology_id).where(Decision.organisation_id == organisation_id, Decision.kind == kind, Decision.technology_id.is_not(None))
    return own.where(Decision.voids_id.is_(None), ~select(voiding.id).where(voiding.voids_id == Decision.id).exists())


def listed(organisation: Organisation, first: date | None, last: date | None, technology: Technology | None, page: int, size: int) -> list[Decision]:
    """A page of an institute's decisions, newest day first, and one more if there is a next page."""
    own = select(Decision).where(*_within(organisation, first, last)).options(*NAMED)
    own = own.where(Decision.technology_id == technology.id) if technology else own
    return list(session.scalars(own.order_by(Decision.day.desc(), Decision.id.desc()).offset((page - 1) * size).limit(size + 1)))


def count(organisation: Organisation, first: date | None, last: date | None) -> int:
    """How many decisions an institute has of these days."""
    return session.scalar(select(func.count()).select_from(Decision).where(*_within(organisation, first, last))) or 0


def _within(organisation: Organisation, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    bounds = (Decision.day >= first if first else None, Decision.day <= last if last else None)
    return [Decision.organisation_id == organisation.id, *(bound for bound in bounds if bound is not None)]


def minutes_of(decisions: Sequence[Decision]) -> dict[int, list[Attachment]]:
    """Decision id → its minutes: the files beside the decision and beside the thing it was written from."""
    wanted = {("decision", one.id): one.id for one in decisions}
    beside = [(one.thing, one.thing_id, one.id) for one in decisions if one.thing and one.thing_id]
    found: dict[int, list[Attachment]] = {}
    keys = {thing_id for _thing, thing_id in wanted} | {thing_id for _thing, thing_id, _own in beside}
    rows = session.scalars(select(Attachment).where(Attachment.thing_id.in_(keys), Attachment.removed.is_(None)).order_by(Attachment.id)).all() if keys else ()
    for row in rows:
        owners = [wanted[row.thing, row.thing_id]] if (row.thing, row.thing_id) in wanted else []
        owners += [own for thing, thing_id, own in beside if (thing, thing_id) == (row.thing, row.thing_id)]
        for own in owners:
            found.setdefault(own, []).append(row)
    return found


# what is written by itself: for each noun, how a row of it becomes the values of a decision


def _of_technology(technology: Technology, event: Event) -> dict[str, Any]:
    kind = "publication" if event.name == "technology.publish" else "withdrawal"
    return {"technology_id": technology.id, "kind": kind, "facts": {"title": technology.title}, "organisation_id": technology.organisation_id}


def _of_agreement(agreement: Agreement, event: Event) -> dict[str, Any]:
    facts = {"licensee": agreement.licensee.name, "text_sha256": agreement.text_sha256, "agreement": agreement.public_id}
    return {"technology_id": agreement.technology_id, "agreement_id": agreement.id, "kind": "licence", "facts": facts, "organisation_id": agreement.licensor_id}


def _under(agreement: Agreement, kind: str, facts: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "technology_id": agreement.technology_id, "agreement_id": agreement.id, "kind": kind, "facts": {"agreement": agreement.public_id, **facts},
        "organisation_id": agreement.licensor_id, **values,
    }


def _of_pricing(pricing: Pricing, event: Event) -> dict[str, Any]:
    values = {"decided_by": pricing.decided_by, "basis": pricing.basis, "day": pricing.decided_on}
    return _under(pricing.agreement, "pricing", {"mode": pricing.mode}, **values)


def _of_notice(notice: Notice, event: Event) -> dict[str, Any]:
    outcome = {"agreement_notice.end": "ended", "agreement_notice.uphold": "upheld"}[event.name]
    counts = {name: sum(one.state == name for one in notice.objections) for name in ("upheld", "rejected")}
    said = {"outcome": outcome, "published_on": notice.published_on.isoformat(), "days": notice.days, "related": bool(notice.related or notice.hints), **counts}
    last = max((one.last for one in notice.objections if one.state == "upheld" and one.last), default=None)
    day = last if outcome == "upheld" else notice.runs_until
    return _under(notice.agreement, "notice", {"notice": notice.public_id, "price": notice.price, **said}, **({"day": day} if day else {}))


def _of_recordal(recordal: Recordal, event: Event) -> dict[str, Any]:
    return _under(recordal.agreement, "recordal", {"number": recordal.number, "due": recordal.due.isoformat()}, day=recordal.recorded_on)


def _of_registration(registration: Registration, event: Event) -> dict[str, Any]:
    facts = {"number": registration.number, "kind": registration.kind, "side": registration.side}
    return _under(registration.agreement, "registration", facts, day=registration.registered_on)


def _of_policy(policy: IncomePolicy, event: Event) -> dict[str, Any]:
    facts = {"number": policy.number, "shares": policy.shares, "in_force": policy.in_force.isoformat()}
    return {"kind": "income_policy", "facts": facts, "basis": policy.note, "organisation_id": policy.organisation_id}


def _of_split(split: Split, event: Event) -> dict[str, Any]:
    facts = {"split": split.public_id, "gross": split.gross, "net": split.net, "currency": split.currency}
    return {
        "technology_id": split.technology_id, "agreement_id": split.agreement_id, "kind": "income_split", "facts": facts, "day": split.counted,
        "organisation_id": split.organisation_id,
    }


def _of_run(run: ImportRun, event: Event) -> dict[str, Any]:
    organisation_id = run.organisation_id if run.listing == "technology" else None
    facts = {"run": run.public_id, "file": run.file_name, "sha256": run.sha256}
    return {"kind": "publication", "facts": facts, "organisation_id": organisation_id}


Written = Callable[[Any, Event], dict[str, Any]]
WRITTEN: dict[str, tuple[type, Written, tuple[str, ...]]] = {
    "technology": (Technology, _of_technology, ("technology.publish", "technology.withdraw")),
    "agreement": (Agreement, _of_agreement, ("agreement.countersign",)),
    "agreement_pricing": (Pricing, _of_pricing, ("agreement_pricing.record",)),
    "agreement_notice": (Notice, _of_notice, ("agreement_notice.end", "agreement_notice.uphold")),
    "recordal": (Recordal, _of_recordal, ("recordal.record",)),
    "contract_registration": (Registration, _of_registration, ("contract_registration.register",)),
    "income_policy": (IncomePolicy, _of_policy, ("income_policy.approve",)),
    "split": (Split, _of_split, ("split.approve",)),
    "import_run": (ImportRun, _of_run, ("import_run.publish",)),
}
"""Noun → its model, how a decision is made of a row, and the events that are decisions."""


def _write(noun: str, thing_id: int) -> None:
    """Write the decisions that the events of a thing are, each once, where an institute answers for it."""
    model, made_of, names = WRITTEN[noun]
    thing = session.get_one(model, thing_id)
    events = select(Event).where(Event.thing == noun, Event.thing_id == thing_id, Event.name.in_(names)).order_by(Event.id)
    for event in session.scalars(events).all():
        values = made_of(thing, event)
        organisation = session.get(Organisation, values["organisation_id"]) if values["organisation_id"] else None
        if organisation is None or organisation.kind != "institute":
            return
        policies.locked(organisation.id)
        key = f"event:{event.id}"
        if session.scalar(select(Decision.id).where(Decision.organisation_id == organisation.id, Decision.key == key)) is None:
            values = {"day": _day(thing, event), "thing": noun, "thing_id": thing_id, **values}
            session.add(Decision(**values, key=key, person_id=event.actor_id, at=event.at))


def _day(thing: Any, event: Event) -> date:
    """The day of an event: by the agreement's zone where there is one."""
    return ledger.day_of(thing, event.at) if isinstance(thing, Agreement) else policies.today(event.at)


@handler("duties.decided_technology")
def decided_technology(thing_id: int) -> None:
    """A technology was published or withdrawn."""
    _write("technology", thing_id)


@handler("duties.decided_agreement")
def decided_agreement(thing_id: int) -> None:
    """An agreement was countersigned."""
    _write("agreement", thing_id)


@handler("duties.decided_pricing")
def decided_pricing(thing_id: int) -> None:
    """It was said how a price was found."""
    _write("agreement_pricing", thing_id)


@handler("duties.decided_notice")
def decided_notice(thing_id: int) -> None:
    """A notice ended or was upheld against."""
    _write("agreement_notice", thing_id)


@handler("duties.decided_recordal")
def decided_recordal(thing_id: int) -> None:
    """A licence was recorded."""
    _write("recordal", thing_id)


@handler("duties.decided_registration")
def decided_registration(thing_id: int) -> None:
    """A contract was registered."""
    _write("contract_registration", thing_id)


@handler("duties.decided_policy")
def decided_policy(thing_id: int) -> None:
    """A policy of dividing income was approved."""
    _write("income_policy", thing_id)


@handler("duties.decided_split")
def decided_split(thing_id: int) -> None:
    """A split was approved."""
    _write("split", thing_id)


@handler("duties.decided_run")
def decided_run(thing_id: int) -> None:
    """The rows of a file were published together."""
    _write("import_run", thing_id)
