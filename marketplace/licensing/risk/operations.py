"""The verbs of guarantees: ask for one, change its cover, offer, accept, decline, withdraw, release, end; and who sees which."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from marketplace.access import Actor, may, relations, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import SIDES, Agreement, Obligation
from marketplace.licensing.risk.cover import Cover, fingerprint, read, written
from marketplace.licensing.risk.models import LIVING, PENDING_CLAIMS, Guarantee, GuaranteeAcceptance, GuaranteeVersion
from marketplace.people.models import Organisation
from marketplace.record import move, record
from marketplace.terms.reading import TermsError

OPEN_AGREEMENTS = ("proposed", "countersigned")
SIGNING_ROLES = ("signatory", "owner")


def by_public_id(actor: Actor, public_id: str) -> Guarantee:
    """The guarantee under this id, for the two sides and the guarantor alone. Raises `NotFound`."""
    guarantee = session.scalar(select(Guarantee).where(Guarantee.public_id == public_id))
    if guarantee is None or not may(actor, "guarantee.read", guarantee):
        raise NotFound()
    return guarantee


def guarantees_of(actor: Actor, agreement: Agreement) -> list[Guarantee]:
    """The guarantees of an agreement that the actor may see, in first-loss order, those that live first."""
    found = session.scalars(select(Guarantee).where(Guarantee.agreement_id == agreement.id))
    mine = [guarantee for guarantee in found if may(actor, "guarantee.read", guarantee)]
    return sorted(mine, key=lambda one: (one.state not in LIVING, one.protects, cover_of(one).rank, one.id))


def guarantees_by(actor: Actor, limit: int = 200) -> list[Guarantee]:
    """The guarantees that the actor's organisations give, or are asked to give, newest first."""
    given = select(Guarantee).where(Guarantee.guarantor_id.in_(list(actor.seats)))
    return list(session.scalars(given.order_by(Guarantee.id.desc()).limit(limit)))


def version_of(guarantee: Guarantee) -> GuaranteeVersion:
    """The version on the table; once in force, the one in force."""
    own = select(GuaranteeVersion).where(GuaranteeVersion.guarantee_id == guarantee.id, GuaranteeVersion.number == guarantee.version)
    return session.execute(own).scalar_one()


def cover_of(guarantee: Guarantee) -> Cover:
    """The cover on the table, or in force."""
    return read(version_of(guarantee).terms, guarantee.currency)


def acceptances_of(guarantee: Guarantee) -> dict[str, GuaranteeAcceptance]:
    """Which sides have accepted the version on the table."""
    own = select(GuaranteeAcceptance).where(
        GuaranteeAcceptance.guarantee_id == guarantee.id, GuaranteeAcceptance.number == guarantee.version
    )
    return {acceptance.side: acceptance for acceptance in session.scalars(own)}


def covered_by(guarantee: Guarantee) -> list[Obligation]:
    """The agreement's obligations of the kinds covered: all that the guarantor sees of its schedule."""
    kinds = cover_of(guarantee).kinds
    own = select(Obligation).where(Obligation.agreement_id == guarantee.agreement_id, Obligation.kind.in_(kinds))
    return sorted(session.scalars(own), key=lambda row: (row.due or row.expected or date.max, row.key))


def possible_guarantors(agreement: Agreement) -> list[Organisation]:
    """The verified organisations that are no side of the agreement; service providers and agencies first, then by name."""
    sides = (agreement.licensor_id, agreement.licensee_id)
    found = session.scalars(select(Organisation).where(Organisation.state == "verified", Organisation.id.not_in(sides)))
    return sorted(found, key=lambda one: (one.kind not in ("service_provider", "agency"), one.called("zh"), one.id))


def held(guarantee: Guarantee) -> Guarantee:
    """The guarantee as it stands now, its agreement held against other writers until the transaction ends.

    Everything read before is read anew: while this waited for the lock another may have claimed, paid or been paid.
    """
    ledger.locked(guarantee.agreement)
    session.expire_all()
    return guarantee


def checked(values: dict[str, Any], currency: str, today: date) -> tuple[Cover, dict[str, Any]]:
    """A cover and its JSON values with defaults written out. Raises `Refused` with the field of what is wrong."""
    try:
        cover = read(values, currency)
    except TermsError as error:
        raise Refused(error.message, field=error.path.removeprefix("cover."), **error.values) from error
    if cover.until and cover.until < today:
        raise Refused(N_("This day lies in the past."), field="until")
    if cover.deductible >= cover.maximum:
        raise Refused(N_("The own share must be below the greatest amount."), field="deductible")
    return cover, written(cover)


def request_guarantee(
    actor: Actor, agreement: Agreement, guarantor: Organisation, kind: str, protects: str, terms: dict[str, Any], key: str,
    note: str | None = None, at: datetime | None = None,
) -> Guarantee:
    """Ask an organisation to stand behind the agreement. The same key again gives the guarantee that is there."""
    require(actor, "guarantee.request", agreement)
    moment = at or now()
    agreement = ledger.locked(agreement)
    same = session.scalar(select(Guarantee).where(Guarantee.agreement_id == agreement.id, Guarantee.key == key))
    if same is not None:
        return same
    if agreement.state not in OPEN_AGREEMENTS:
        raise Refused(N_("A guarantee can be asked for once the agreement is proposed."))
    if guarantor.state != "verified":
        raise Refused(N_("Only a verified organisation can give a guarantee."), field="guarantor")
    if guarantor.id in (agreement.licensor_id, agreement.licensee_id):
        raise Refused(N_("A side of the agreement cannot be its guarantor."), field="guarantor")
    currency = ledger.version_of(agreement).terms["currency"]
    cover, values = checked(terms, currency, ledger.day_of(agreement, moment))
    guarantee = Guarantee(
        agreement=agreement, guarantor=guarantor, kind=kind, protects=protects, currency=currency, maximum=cover.maximum, state="requested",
        version=0, key=key, created=moment,
    )
    session.add(guarantee)
    session.flush()  # the permission table and the version ask for its ids
    _add_version(actor, guarantee, _side(actor, guarantee, SIDES), values, note, moment)
    record(guarantee, "request", actor, moment)
    return guarantee


def _side(actor: Actor, guarantee: Guarantee, sides: Iterable[str]) -> str:
    """The first of these sides that the actor acts for."""
    return next(side for side in sides if guarantee.sides[side] in actor.seats)


def _add_version(actor: Actor, guarantee: Guarantee, side: str, values: dict[str, Any], note: str | None, at: datetime) -> None:
    """Put a new version on the table; its hash names the agreement, the guarantor and the protected side besides the cover."""
    guarantee.version += 1
    guarantee.maximum = read(values, guarantee.currency).maximum
    signed = {
        "agreement": guarantee.agreement.public_id, "guarantee": guarantee.public_id, "number": guarantee.version, "kind": guarantee.kind,
        "guarantor": guarantee.guarantor.public_id, "protects": guarantee.protects, "currency": guarantee.currency, "cover": values,
    }
    session.add(GuaranteeVersion(
        guarantee=guarantee, number=guarantee.version, terms=values, sha256=fingerprint(signed), side=side, person_id=actor.id,
        note=(note or "").strip() or None, at=at,
    ))
    session.flush()  # whoever answers in this same transaction reads it


def change_cover(actor: Actor, guarantee: Guarantee, terms: dict[str, Any], note: str | None = None, at: datetime | None = None) -> Guarantee:
    """A side asks for another cover than the one on the table; what was accepted of the former counts no longer."""
    return _propose(actor, guarantee, "change", terms, note, at or now())


def offer_guarantee(actor: Actor, guarantee: Guarantee, terms: dict[str, Any], note: str | None = None, at: datetime | None = None) -> Guarantee:
    """The guarantor's signatory offers a cover, the one asked for or another. It binds the guarantor once both sides accept."""
    return _propose(actor, guarantee, "offer", terms, note, at or now())


def _propose(actor: Actor, guarantee: Guarantee, verb: str, terms: dict[str, Any], note: str | None, at: datetime) -> Guarantee:
    require(actor, f"guarantee.{verb}", guarantee)
    guarantee = held(guarantee)
    _cover, values = checked(terms, guarantee.currency, ledger.day_of(guarantee.agreement, at))
    move(guarantee, verb, actor, at, number=guarantee.version + 1)
    side = _side(actor, guarantee, ("guarantor",) if verb == "offer" else SIDES)
    _add_version(actor, guarantee, side, values, note, at)
    return guarantee


def signing_sides(actor: Actor, guarantee: Guarantee) -> list[str]:
    """The sides of the agreement for which the actor can accept."""
    standing = relations(actor, guarantee)
    return [side for side in SIDES if standing & {f"{side}_{role}" for role in SIGNING_ROLES}]


def accept_guarantee(actor: Actor, guarantee: Guarantee, sha256: str, at: datetime | None = None) -> Guarantee:
    """A side's signatory accepts the offer with this hash; with the second side's yes the cover is frozen and in force."""
    require(actor, "guarantee.accept", guarantee)
    moment = at or now()
    guarantee = held(guarantee)
    if version_of(guarantee).sha256 != sha256 or guarantee.state not in ("offered", "in_force"):
        raise Refused(N_("The offer was changed in the meantime. Reload the page and read what is offered now."))
    accepted = acceptances_of(guarantee)
    for side in signing_sides(actor, guarantee):
        if side not in accepted:
            accepted[side] = GuaranteeAcceptance(
                guarantee_id=guarantee.id, number=guarantee.version, side=side, person_id=actor.id, sha256=sha256, at=moment
            )
            session.add(accepted[side])
            record(guarantee, "accepted", actor, moment, side=side, number=guarantee.version)
    if guarantee.state == "offered" and all(side in accepted for side in SIDES):
        _enforce(actor, guarantee, sha256, moment)
    return guarantee


def _enforce(actor: Actor, guarantee: Guarantee, sha256: str, at: datetime) -> None:
    """Both sides have accepted: the cover is in force from this day."""
    if guarantee.agreement.state != "countersigned":
        raise Refused(N_("The agreement is not signed by both sides yet."))
    today = ledger.day_of(guarantee.agreement, at)
    until = cover_of(guarantee).until
    if until and until < today:
        raise Refused(N_("The last day of this cover has passed. Ask for another."))
    guarantee.since, guarantee.sha256 = today, sha256
    move(guarantee, "enforce", actor, at)


def decline_guarantee(actor: Actor, guarantee: Guarantee, at: datetime | None = None) -> Guarantee:
    """The guarantor does not want to give this guarantee, or takes its offer back."""
    require(actor, "guarantee.decline", guarantee)
    move(held(guarantee), "decline", actor, at)
    return guarantee


def withdraw_guarantee(actor: Actor, guarantee: Guarantee, at: datetime | None = None) -> Guarantee:
    """A side does not want the guarantee any more; only before it is in force."""
    require(actor, "guarantee.withdraw", guarantee)
    move(held(guarantee), "withdraw", actor, at)
    return guarantee


def release_guarantee(actor: Actor, guarantee: Guarantee, at: datetime | None = None) -> Guarantee:
    """The protected side's signatory gives the guarantee up. Refused while a claim waits."""
    require(actor, "guarantee.release", guarantee)
    guarantee = held(guarantee)
    if any(claim.state in PENDING_CLAIMS for claim in guarantee.claims):
        raise Refused(N_("A claim is not answered or paid yet. Withdraw it first, or wait for it."))
    move(guarantee, "release", actor, at)
    return guarantee


def living(sides: Iterable[int]) -> list[Guarantee]:
    """The guarantees that these organisations give or that stand behind their agreements, and are not over."""
    ids = list(sides)
    concerned = or_(Guarantee.guarantor_id.in_(ids), Agreement.licensor_id.in_(ids), Agreement.licensee_id.in_(ids))
    found = select(Guarantee).join(Agreement, Agreement.id == Guarantee.agreement_id).where(Guarantee.state.in_(LIVING), concerned)
    return list(session.scalars(found.order_by(Guarantee.id)))
