"""The verbs of inventors: who did the work, how much each counts for, and which account is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from marketplace.access import Actor, may, require
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.income.models import Inventor, Inventorship, InventorWeight
from marketplace.licensing.income.policies import given, locked, second_person
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person, address_key, usable_address
from marketplace.record import move, record

MOST = 60
HEAVIEST = 100_000


@dataclass(frozen=True)
class Named:
    """One row of the form: somebody new by name, or an inventor known already by public id; the weight in whole parts."""

    name: str
    weight: int
    employer: str = ""
    address: str = ""
    known: str = ""


def by_public_id(actor: Actor, public_id: str) -> Inventor:
    """The inventor under this id, for the institute's heads and for the person itself. Raises `NotFound`."""
    found = session.scalar(select(Inventor).where(Inventor.public_id == public_id))
    if found is None or not may(actor, "inventor.read", found):
        raise NotFound()
    return found


def in_force(technology_id: int) -> Inventorship | None:
    """The approved weights of a technology's inventors."""
    own = select(Inventorship).where(Inventorship.technology_id == technology_id, Inventorship.state == "approved")
    return session.scalar(own.order_by(Inventorship.number.desc()).limit(1))


def versions(technology: Technology) -> list[Inventorship]:
    """All versions of a technology's weights, newest first."""
    own = select(Inventorship).where(Inventorship.technology_id == technology.id)
    return list(session.scalars(own.order_by(Inventorship.number.desc())))


def proposed(organisation: Organisation) -> list[Inventorship]:
    """The weights that wait for a second person in an institute; the caller asks whether the actor may read them."""
    own = select(Inventorship).where(Inventorship.organisation_id == organisation.id, Inventorship.state == "proposed")
    return list(session.scalars(own.order_by(Inventorship.id)))


def inventorship(actor: Actor, public_id: str) -> Inventorship:
    """The version of weights under this id, for the institute's heads. Raises `NotFound`."""
    found = session.scalar(select(Inventorship).where(Inventorship.public_id == public_id))
    if found is None or not may(actor, "organisation.read_income", found):
        raise NotFound()
    return found


def propose_inventorship(
    actor: Actor, technology: Technology, key: str, rows: Sequence[Named], note: str | None = None, at: datetime | None = None
) -> Inventorship:
    """New weights for a second person to approve. The same key again gives the version that is there."""
    require(actor, "organisation.divide_income", technology)
    locked(technology.organisation_id)
    same = session.scalar(select(Inventorship).where(Inventorship.organisation_id == technology.organisation_id, Inventorship.key == key))
    if same is not None:
        return same
    known = versions(technology)
    if any(one.state == "proposed" for one in known):
        raise Refused(N_("Weights wait for approval already. Approve or refuse those first."))
    if not 0 < len(rows) <= MOST or any(not 0 < row.weight <= HEAVIEST for row in rows):
        raise Refused(N_("Name at least one inventor, each with a weight of at least 1."))
    moment = at or now()
    found = [_inventor(actor, technology, row, moment) for row in rows]
    if len({one.id for one in found}) < len(found):
        raise Refused(N_("The same inventor stands here twice."))
    made = Inventorship(
        organisation_id=technology.organisation_id, technology=technology, technology_id=technology.id, number=len(known) + 1, note=note, key=key,
        state="proposed", proposed_by_id=acting_person(actor).id, created=moment,
        weights=[InventorWeight(inventor=one, weight=row.weight) for one, row in zip(found, rows, strict=True)],
    )
    session.add(made)
    record(made, "propose", actor, moment)
    return made


def _inventor(actor: Actor, technology: Technology, row: Named, moment: datetime) -> Inventor:
    """The inventor of a row: known by id, else by mail address within the institute, else new."""
    own = select(Inventor).where(Inventor.organisation_id == technology.organisation_id, Inventor.erased.is_(None))
    address = address_key(usable_address(row.address)) if row.address.strip() else None
    found = session.scalar(own.where(Inventor.public_id == row.known)) if row.known else None
    if found is None and address:
        found = session.scalar(own.where(Inventor.address_key == address))
    if found is None:
        if not row.name.strip():
            raise Refused(N_("Give each inventor a name."))
        found = Inventor(organisation_id=technology.organisation_id, name=row.name.strip()[:80], employer=row.employer.strip()[:200] or None, created=moment)
        session.add(found)
        session.flush()  # a second row with the same address finds this one
    if address and found.address_key is None:
        found.address_key = address
        record(found, "invite", actor, moment)
    return found


def approve_inventorship(actor: Actor, proposed: Inventorship, at: datetime | None = None) -> Inventorship:
    """A second person approves the weights; splits that waited for them are computed by a job."""
    require(actor, "inventorship.approve", proposed)
    second_person(actor, proposed.proposed_by_id)
    moment = at or now()
    proposed.answered_by_id, proposed.answered = actor.id, moment
    move(proposed, "approve", actor, moment)
    return proposed


def refuse_inventorship(actor: Actor, proposed: Inventorship, reason: str, at: datetime | None = None) -> Inventorship:
    """A second person refuses the weights, with a reason."""
    require(actor, "inventorship.refuse", proposed)
    second_person(actor, proposed.proposed_by_id)
    moment = at or now()
    proposed.answered_by_id, proposed.answered, proposed.reason = actor.id, moment, given(reason)
    move(proposed, "refuse", actor, moment)
    return proposed


def offered_to(actor: Actor) -> list[Inventor]:
    """The inventors not yet linked that were invited at the actor's confirmed address."""
    if actor.id is None:
        return []
    person = acting_person(actor)
    if person.confirmed is None:
        return []
    return list(session.scalars(select(Inventor).where(Inventor.address_key == person.address_key, Inventor.person_id.is_(None)).order_by(Inventor.id)))


def claim(actor: Actor, inventor: Inventor, at: datetime | None = None) -> Inventor:
    """Link the actor's account: only the confirmed owner of the address that was invited can."""
    require(actor, "inventor.claim", inventor)
    if inventor not in offered_to(actor):
        raise NotFound()
    inventor.person_id = actor.id
    record(inventor, "claim", actor, at)
    return inventor


def unclaimed(actor: Actor, public_id: str) -> Inventor:
    """The inventor under this id if it was offered to the actor. Raises `NotFound`."""
    found = next((one for one in offered_to(actor) if one.public_id == public_id), None)
    if found is None:
        raise NotFound()
    return found


def of_person(actor: Actor) -> list[Inventor]:
    """The inventors that the actor is, one for each institute."""
    return list(session.scalars(select(Inventor).where(Inventor.person_id == actor.id).order_by(Inventor.id))) if actor.id else []


def erase(actor: Actor, inventor: Inventor, at: datetime | None = None) -> Inventor:
    """Take name, address and account away; amounts and weights stay, for sums must go on agreeing."""
    require(actor, "inventor.erase", inventor)
    inventor.name = inventor.employer = inventor.address_key = inventor.person_id = None
    inventor.erased = at or now()
    record(inventor, "erase", actor, at)
    return inventor
