"""From a pool to a call of several owners: the draft, each owner's confirmation of it, and what each will have of the results."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import inspect, select

from marketplace.access import SYSTEM, Actor, require
from marketplace.calls.conditions import FURTHER, Lack
from marketplace.calls.models import WHOLE, Call, CallOwner
from marketplace.calls.pools import rights
from marketplace.calls.pools.models import CallConfirmation, Pool
from marketplace.calls.pools.pledging import counting, given, locked, open_motions, shares_of
from marketplace.calls.teams.operations import AGREED_RIGHTS
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, NotAllowed, Refused, several
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import move, record

CALLED = timedelta(days=60)
"""How long solvers have for their proposals unless the owners say otherwise in the draft."""


BOOKS = (
    "id", "public_id", "state", "revision", "published", "created", "updated", "version_id", "author_id", "board_id", "asked_board_id",
)
"""Columns of a call that say nothing of it to the owners."""

UNCONFIRMED = several(
    "Not every owner has confirmed this draft as it stands: %(count)s is missing. A change of the draft asks them anew.",
    "Not every owner has confirmed this draft as it stands: %(count)s are missing. A change of the draft asks them anew.", "count",
)


def convert(actor: Actor, pool: Pool, at: datetime | None = None) -> Call:
    """The draft of a call with all pledgers as its owners; the lead answers for it. It is published once each owner has confirmed it.

    Whoever has not agreed to the text as it stands is no owner and is released. Refused unless the lead has pledged itself, while there
    is an open vote, and where shares that were stated do not come to the whole.
    """
    moment, pool = at or now(), locked(pool)
    require(actor, "pool.convert", pool)
    if pool.state != "reached":
        raise Refused(N_("Only a pool that has reached its threshold becomes a call."))
    if open_motions(pool):
        raise Refused(N_("The pledgers are still voting on something. Wait until that vote closes."))
    shares = shares_of(pool)
    if pool.organisation_id not in shares:
        raise Refused(N_("The organisation that leads the pool pledges too: it answers for the call."))
    if sum(shares.values()) != WHOLE:
        raise Refused(N_("The stated shares come to %(sum)s per cent. They must come to 100: agree, and change your pledges."),
                      sum=rights.percent(sum(shares.values())))
    call = _call_of(pool, shares, moment)
    session.add(call)
    record(call, "create", actor, moment, pool=pool.id)
    _release_others(pool, moment)
    pool.call, pool.ended = call, moment
    move(pool, "convert", actor, moment)
    return call


def _call_of(pool: Pool, shares: dict[int, int], moment: datetime) -> Call:
    owners = sorted(counting(pool), key=lambda one: (one.organisation_id != pool.organisation_id, one.id))
    own = next((one.need_id for one in pool.needs if one.need.organisation_id == pool.organisation_id and one.need.visibility != "blind"), None)
    return Call(
        organisation=pool.organisation, organisation_id=pool.organisation_id, author_id=pool.author_id, need_id=own, state="draft",
        visibility=pool.visibility, revision=0, language=pool.language, title=pool.title, brief=pool.brief, targets=[], acceptance=pool.acceptance,
        money="budget", amount=sum(one.amount for one in owners), currency=pool.currency, stages=[], eligible={}, eligibility={}, ip_position="owner",
        ip_terms=ip_terms(pool.rights, [(one.organisation, shares[one.organisation_id]) for one in owners]), industry=pool.industry, region=pool.region,
        deadline=moment + CALLED, zone=pool.zone, teams=1, created=moment, updated=moment,
        owners=[CallOwner(organisation=one.organisation, organisation_id=one.organisation_id, share=shares[one.organisation_id]) for one in owners],
    )


def _release_others(pool: Pool, moment: datetime) -> None:
    owners = {one.id for one in counting(pool)}
    for one in given(pool):
        if one.id not in owners:
            one.ended = moment
            move(one, "release", SYSTEM, moment)


def ip_terms(codes: list[str], owners: list[tuple[Organisation, int]]) -> dict[str, str]:
    """The agreed rights with each owner's share, as text in both languages."""
    return {language: rights.text(codes, [(house.called(language), share) for house, share in owners], language) for language in LANGUAGES}


def pool_of(call: Call) -> Pool | None:
    """The pool that became this call; None for a call of one organisation."""
    return session.scalar(select(Pool).where(Pool.call_id == call.id))


def digest_of(call: Call) -> str:
    """The SHA-256 of all that a draft says: its columns but those that only keep the books, its criteria, its owners' shares."""
    columns = {column.key: getattr(call, column.key) for column in inspect(Call).columns if column.key not in BOOKS}
    criteria = [[row.position, row.title, row.about, row.weight, row.most] for row in call.criteria]
    shares = sorted([owner.organisation_id, owner.share] for owner in call.owners)
    said = json.dumps([columns, criteria, shares], sort_keys=True, ensure_ascii=False, default=lambda moment: moment.astimezone(UTC).isoformat())
    return hashlib.sha256(said.encode()).hexdigest()


def ask_confirmation(actor: Actor, pool: Pool, at: datetime | None = None) -> Pool:
    """The lead has completed the draft and asks the owners that have not confirmed it as it stands."""
    require(actor, "pool.edit", pool)
    if pool.call is None or pool.call.state != "draft" or not unconfirmed(pool.call):
        raise Refused(N_("There is nothing to confirm now."))
    record(pool, "confirmation_asked", actor, at)
    return pool


def confirm_call(actor: Actor, call: Call, organisation: Organisation, digest: str, at: datetime | None = None) -> CallConfirmation:
    """An owner's yes to the draft that was read; `digest` is that of what was shown. Once is enough for one draft."""
    require(actor, "open_call.confirm", call)
    if actor.seats.get(organisation.id) not in ("owner", "signatory") or organisation.id not in call.sides["call_side"]:
        raise NotAllowed()
    if call.state != "draft":
        raise Refused(N_("The call is no draft any more."))
    if digest != digest_of(call):
        raise Refused(N_("The draft has been changed in the meantime. Read it again: you confirm what you have seen."))
    known = _confirmations(call).get(organisation.id)
    if known is not None:
        return known
    made = CallConfirmation(call=call, organisation_id=organisation.id, digest=digest, person_id=acting_person(actor).id, at=at or now())
    session.add(made)
    record(call, "confirmed", actor, at, organisation=organisation.id, digest=digest)
    return made


def _confirmations(call: Call) -> dict[int, CallConfirmation]:
    session.flush()  # one made in this request counts
    own = select(CallConfirmation).where(CallConfirmation.call_id == call.id, CallConfirmation.digest == digest_of(call))
    return {row.organisation_id: row for row in session.scalars(own)}


def unconfirmed(call: Call) -> list[Organisation]:
    """The owners that have not confirmed the draft as it stands; none for a call of one organisation."""
    known = _confirmations(call) if call.owners else {}
    return [owner.organisation for owner in call.owners if owner.organisation_id not in known]


def confirmed_by_all(call: Call, _at: datetime) -> list[Lack]:
    """What keeps a call of several owners from being published: owners that have not confirmed the draft as it stands."""
    waiting = unconfirmed(call)
    return [Lack("", UNCONFIRMED, {"count": len(waiting)})] if waiting else []


FURTHER.append(confirmed_by_all)


@dataclass(frozen=True)
class Results:
    """What each owner has of the results: the owners in order with their shares in millionths, and the rights."""

    owners: list[tuple[Organisation, int]]
    lines: list[rights.Line]


def results_of(pool: Pool) -> Results:
    """The table of rights: of the call's owners once there is one, before that as the pledges stand."""
    if pool.call is not None:
        owners = [(owner.organisation, owner.share) for owner in pool.call.owners]
    else:
        shares = shares_of(pool)
        owners = [(one.organisation, shares[one.organisation_id]) for one in counting(pool)]
    return Results(owners, rights.table(pool.rights, [share for _, share in owners]))


def clauses_of(pool: Pool) -> dict[str, dict[str, str]]:
    """What an agreement's other clauses can carry of it: the text under `further`. An agreement has one licensee, so that it is the lead who
    signs, and the other owners stand in the text."""
    found = results_of(pool)
    return {"further": ip_terms(pool.rights, found.owners)}


def agreed_rights(call: Call) -> dict[str, str] | None:
    """The rights that the owners agreed on in their pool, for the agreement of each team; None for a call of one organisation. An amendment of the call
    by its lead does not change them."""
    pool = pool_of(call)
    return clauses_of(pool)["further"] if pool is not None else None


AGREED_RIGHTS.append(agreed_rights)
