"""The verbs of pools: write one, change its text, open it, withdraw it, end it at its deadline; and who and what stands behind one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import and_, or_, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.calls.pools.models import BASES, Pool, PoolNeed
from marketplace.calls.pools.pledging import given, locked, release_all, settle
from marketplace.calls.pools.rights import CODES
from marketplace.catalogue.classification import INDUSTRIES, industry_ancestors
from marketplace.db import LANGUAGES, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import enqueue, handler
from marketplace.needs.models import Need
from marketplace.people.models import Organisation
from marketplace.people.operations import require_confirmed
from marketplace.record import move, record, revise
from marketplace.terms.payment import MINOR_UNITS

TEXTS = ("title", "brief", "acceptance")
AGREED = (*TEXTS, "rights")
"""What pledgers agree to by pledging: a change of it is a new revision."""

FIXED = ("visibility", "language", "industry", "region", "threshold", "least", "currency", "deadline", "zone", "basis")
"""What stands once the pool is open: a threshold that moves would be no threshold."""

FURTHEST = timedelta(days=366)
KEPT = timedelta(days=90)
"""How long after its deadline a pool that was reached may wait for its conversion; then everybody is released."""

SWEPT = 200


def by_public_id(actor: Actor, public_id: str) -> Pool:
    """The pool under this id. Raises `NotFound` where it is not the actor's to read."""
    pool = session.scalar(select(Pool).where(Pool.public_id == public_id))
    if pool is None or not may(actor, "pool.read", pool):
        raise NotFound()
    return pool


def content(pool: Pool) -> dict[str, Any]:
    """The common text as a revision keeps it."""
    return {name: getattr(pool, name) for name in AGREED}


def create_pool(actor: Actor, organisation: Organisation, needs: Sequence[Need] = (), at: datetime | None = None, **values: Any) -> Pool:
    """A draft of the organisation, about needs that the actor may read or knows the teaser of; industry and region are theirs unless others are said."""
    require(actor, "organisation.pool", organisation)
    require_confirmed(actor)
    moment = at or now()
    for need in needs:
        require(actor, "listing.read", need)
    pool = Pool(
        organisation=organisation, organisation_id=organisation.id, author_id=actor.id, state="draft", revision=0, created=moment, updated=moment,
        pledges=[], needs=[PoolNeed(need=need) for need in dict.fromkeys(needs)], **{name: values.pop(name, {}) for name in TEXTS},
    )
    _fill(pool, {**shared_by(needs), **values}, moment)
    session.add(pool)
    record(pool, "create", actor, moment)
    revise(pool, actor, content(pool), moment)
    return pool


def shared_by(needs: Sequence[Need]) -> dict[str, str | None]:
    """The narrowest industry with a name, and the region, that these needs have in common; None for none. Of a blind need nothing is taken."""
    told = [need for need in needs if need.visibility != "blind"]
    lines = [industry_ancestors(need.industry) if need.industry else () for need in told]
    common = [level for level in (lines[0] if lines else ()) if level in INDUSTRIES and all(level in line for line in lines)]
    places = {need.region for need in told}
    return {"industry": common[-1] if common else None, "region": places.pop() if len(places) == 1 else None}


def edit_pool(actor: Actor, pool: Pool, at: datetime | None = None, **values: Any) -> Pool:
    """Change a draft, or the text of an open pool: then every pledger is asked anew, and no pledge counts until it is given again.

    Refused once the threshold is reached: from then on the pledgers vote on the text (`steering.put_motion`).
    """
    require(actor, "pool.edit", pool)
    moment, pool = at or now(), locked(pool)
    if pool.state not in ("draft", "open"):
        raise Refused(N_("The text stands. Put a change of it to the vote of the pledgers."))
    if pool.state == "open":
        values = {name: value for name, value in values.items() if name in AGREED}
        if moment >= pool.deadline:
            raise Refused(N_("The deadline of this pool has passed."))
    _fill(pool, values, moment)
    if revise(pool, actor, content(pool), moment) is not None:
        pool.updated = moment
        if pool.state == "open":
            record(pool, "revised", actor, moment, revision=pool.revision)
    return pool


def _fill(pool: Pool, values: dict[str, Any], moment: datetime) -> None:
    unknown = values.keys() - {*AGREED, *FIXED}
    if unknown:
        raise ValueError(f"not fields of a pool: {sorted(unknown)}")
    for name, value in values.items():
        setattr(pool, name, value)
    check_text({name: getattr(pool, name) for name in AGREED})
    if pool.currency not in MINOR_UNITS or pool.basis not in BASES:
        raise Refused(N_("Choose one of the list."), field="currency")
    if not 0 < pool.least <= pool.threshold:
        raise Refused(N_("The smallest pledge is more than nothing and no more than the threshold."), field="least")
    if pool.zone not in available_timezones():
        raise Refused(N_("This time zone is not known. It should look like Europe/Berlin."), field="zone")
    if pool.state == "draft":
        _refuse_deadline(pool, moment)


def check_text(text: dict[str, Any]) -> None:
    """Raise `Refused` unless the common text says what it must."""
    if not any((text["title"] or {}).get(code) for code in LANGUAGES):
        raise Refused(N_("Give the pool a title in at least one language."), field="title_zh")
    if not any((text["brief"] or {}).get(code) for code in LANGUAGES):
        raise Refused(N_("Describe the common need in at least one language."), field="brief_zh")
    if not text["rights"] or not set(text["rights"]) <= CODES.keys():
        raise Refused(N_("Choose at least one of the rights that the pledgers are to have."), field="rights")


def _refuse_deadline(pool: Pool, moment: datetime) -> None:
    if not moment < pool.deadline <= moment + FURTHEST:
        raise Refused(N_("The deadline lies ahead, within a year."), field="day")


def open_pool(actor: Actor, pool: Pool, at: datetime | None = None) -> Pool:
    """Let others read the pool and pledge; from here on threshold, currency and deadline stand."""
    moment, pool = at or now(), locked(pool)
    require(actor, "pool.open", pool)
    if pool.organisation.state != "verified":
        raise Refused(N_("Only a verified organisation can open a pool: the others must know whom they rely on. Have yours verified first."))
    _refuse_deadline(pool, moment)
    pool.opened = moment
    move(pool, "open", actor, moment)
    enqueue("pools.deadline", key=f"pool:{pool.id}", after=max(timedelta(0), pool.deadline - now()), thing_id=pool.id)
    return pool


def withdraw_pool(actor: Actor, pool: Pool, at: datetime | None = None) -> Pool:
    """Give a draft or an open pool up; whoever had pledged is released and told. One that is reached belongs to all its pledgers."""
    moment, pool = at or now(), locked(pool)
    pool.ended = moment
    move(pool, "withdraw", actor, moment)
    release_all(pool, moment)
    return pool


def end_pool(actor: Actor, pool: Pool, at: datetime | None = None) -> Pool:
    """What the deadline does: an open pool is missed and everybody released; one that waits too long to be converted lapses likewise."""
    require(actor, "pool.reach", pool)
    moment, pool = at or now(), locked(pool)
    settle(pool, moment)
    if pool.state == "reached" and moment >= pool.deadline + KEPT:
        pool.ended = moment
        move(pool, "lapse", actor, moment)
        release_all(pool, moment)
    return pool


@handler("pools.deadline")
def deadline(thing_id: int) -> None:
    """The deadline of one pool has come."""
    end_pool(SYSTEM, session.get_one(Pool, thing_id))


@handler("pools.sweep", every=timedelta(minutes=10))
def sweep() -> Iterator[None]:
    """End what is over and whose own job was lost: so many at a time, the longest overdue first."""
    moment = now()
    over = or_(and_(Pool.state == "open", Pool.deadline <= moment), and_(Pool.state == "reached", Pool.deadline <= moment - KEPT))
    for key in list(session.scalars(select(Pool.id).where(over).order_by(Pool.deadline, Pool.id).limit(SWEPT))):
        end_pool(SYSTEM, session.get_one(Pool, key), moment)
        yield


def names_told(pool: Pool) -> list[Organisation]:
    """The organisations that let everybody read that they have pledged."""
    return [one.organisation for one in given(pool) if one.named]


def needs_shown(actor: Actor, pool: Pool) -> list[Need]:
    """The needs behind the pool that the actor may read in full: beside the names of a pool a teaser would tell whose blind need it is."""
    return [one.need for one in pool.needs if one.need.state in Need.OPEN_STATES and may(actor, "listing.read_in_full", one.need)]
