"""Pledges: give one, change it, take it back, release all; and what their sum does to the pool.

Whoever changes a pledge holds the pool until the end of the transaction, so that two who cross the threshold together reach it once, and two
who leave together cannot both leave it reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, require
from marketplace.calls.pools.models import REASONS, Motion, Pledge, Pool
from marketplace.calls.pools.shares import WHOLE, Progress, apportion, is_reached, progress
from marketplace.db import now, session
from marketplace.errors import N_, Refused
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person, require_confirmed
from marketplace.record import move, record

MOST = 10**15  # minor units of one pledge, well inside what the tables hold
TEXT = 2000


def locked(pool: Pool) -> Pool:
    """The pool, held against other writers until the transaction ends, with its pledges as they are now."""
    session.flush()  # what this transaction did stays when the rows are read anew
    held = session.execute(select(Pool).where(Pool.id == pool.id).with_for_update(of=Pool).execution_options(populate_existing=True)).scalar_one()
    session.expire(held, ["pledges"])
    session.scalars(select(Pledge).where(Pledge.pool_id == held.id).execution_options(populate_existing=True)).all()
    return held


def held_by(pool: Pool, organisation_id: int) -> Pledge | None:
    """The organisation's pledge, given or asked for; None without one."""
    return next((one for one in pool.pledges if one.organisation_id == organisation_id and one.state in ("asked", "pledged")), None)


def given(pool: Pool) -> list[Pledge]:
    """All pledges that stand, also those that were given to an older text."""
    return [one for one in pool.pledges if one.state == "pledged"]


def counting(pool: Pool) -> list[Pledge]:
    """The pledges that count: those given to the text as it is now."""
    return [one for one in given(pool) if one.revision == pool.revision]


def progress_of(pool: Pool) -> Progress:
    """What the public is told of a pool's pledges. A released pledge is told of no more."""
    return progress([one.amount for one in counting(pool)], pool.threshold)


def weights_of(pledges: Sequence[Pledge]) -> dict[int, int]:
    """Organisation id → its share of votes in millionths, by the amounts."""
    return apportion({one.organisation_id: one.amount for one in pledges})


def shares_of(pool: Pool) -> dict[int, int]:
    """Organisation id → its agreed share of the rights in millionths; stated shares as they were stated, whatever they sum to."""
    if pool.basis == "stated":
        return {one.organisation_id: one.share or 0 for one in counting(pool)}
    return weights_of(counting(pool))


def settle(pool: Pool, moment: datetime) -> None:
    """Bring the pool's state in line with its pledges: reached, open again, and missed where the deadline has come."""
    reached = is_reached([one.amount for one in counting(pool)], pool.threshold)
    if pool.state == "open" and reached:
        move(pool, "reach", SYSTEM, moment)
    elif pool.state == "reached" and not reached:
        move(pool, "reopen", SYSTEM, moment)
    if pool.state == "open" and moment >= pool.deadline:
        pool.ended = moment
        move(pool, "miss", SYSTEM, moment)
        release_all(pool, moment)


def release_all(pool: Pool, moment: datetime) -> None:
    """Free everybody from his promise. Nothing is paid back, for nothing was paid in."""
    for one in pool.pledges:
        if one.state in ("asked", "pledged"):
            one.ended = moment
            move(one, "release", SYSTEM, moment)


def pledge(
    actor: Actor, pool: Pool, organisation: Organisation, amount: int, currency: str, revision: int, share: int | None = None, named: bool = False,
    at: datetime | None = None,
) -> Pledge:
    """Promise an amount, in minor units, to the text that was read; an earlier pledge of the organisation is replaced.

    Once the threshold is reached a newcomer only asks: `steering.ask_admission`. Refused after the deadline, under the smallest pledge, in
    another currency, for a text that is not the newest, and for less than was promised while the others rely on it.
    """
    _require_pledging(actor, pool, organisation)
    moment, pool = at or now(), locked(pool)
    before = held_by(pool, organisation.id)
    if pool.state == "reached" and (before is None or before.state == "asked"):
        raise Refused(N_("The threshold is reached. Ask to be admitted: the pledgers vote on it."))
    if pool.state == "reached" and before is not None and before.revision == pool.revision and amount < before.amount:
        raise Refused(N_("The threshold is reached and the others rely on your pledge: it can be raised, but not lowered."), field="amount")
    _refuse_unfit(pool, amount, currency, revision, share, moment)
    if before is not None:
        _replace(actor, before, moment)
    made = _made(actor, pool, organisation, amount, share, named, "pledged", moment)
    record(made, "given", actor, moment, pool=pool.id)
    settle(pool, moment)
    return made


def asked(
    actor: Actor, pool: Pool, organisation: Organisation, amount: int, currency: str, revision: int, share: int | None, named: bool, moment: datetime
) -> Pledge:
    """A latecomer's pledge, which counts once the others have admitted it. `pool` is locked."""
    _require_pledging(actor, pool, organisation)
    if pool.state != "reached" or held_by(pool, organisation.id) is not None:
        raise Refused(N_("There is nothing to ask for: pledge, or change your pledge."))
    _refuse_unfit(pool, amount, currency, revision, share, moment)
    return _made(actor, pool, organisation, amount, share, named, "asked", moment)


def _require_pledging(actor: Actor, pool: Pool, organisation: Organisation) -> None:
    require(actor, "pool.read", pool)
    require_confirmed(actor)
    require(actor, "organisation.pledge", organisation)
    if organisation.state != "verified":
        raise Refused(N_("Only a verified organisation can pledge: the others must know whom they rely on. Have yours verified first."))


def _refuse_unfit(pool: Pool, amount: int, currency: str, revision: int, share: int | None, moment: datetime) -> None:
    """Raise `Refused` for a pledge that this pool cannot take."""
    if pool.state not in ("open", "reached"):
        raise Refused(N_("This pool takes no pledges now."))
    if pool.state == "open" and moment >= pool.deadline:
        raise Refused(N_("The deadline of this pool has passed."))
    if revision != pool.revision:
        raise Refused(N_("The common text has been changed in the meantime. Read it again: your pledge is to the text that you have seen."))
    if currency != pool.currency:
        raise Refused(N_("This pool counts in %(currency)s: pledge in that currency."), field="currency", currency=pool.currency)
    if not pool.least <= amount <= MOST:
        raise Refused(N_("The amount is below the smallest pledge of this pool, or beyond what can be entered."), field="amount")
    if pool.basis == "stated" and (share is None or not 0 < share <= WHOLE):
        raise Refused(N_("State the share of the rights that your organisation is to have, above 0 and up to 100 per cent."), field="share")


def _made(
    actor: Actor, pool: Pool, organisation: Organisation, amount: int, share: int | None, named: bool, state: str, moment: datetime
) -> Pledge:
    found = Pledge(
        pool=pool, organisation=organisation, organisation_id=organisation.id, person_id=acting_person(actor).id, amount=amount, currency=pool.currency,
        share=share if pool.basis == "stated" else None, revision=pool.revision, named=named, state=state, at=moment,
    )
    session.add(found)
    session.flush()  # the database keeps an organisation from two pledges that stand
    return found


def _replace(actor: Actor, before: Pledge, moment: datetime) -> None:
    before.ended = moment
    move(before, "replace", actor, moment)
    session.flush()  # makes room for the new one


def withdraw_pledge(actor: Actor, found: Pledge, reason: str | None = None, text: str = "", at: datetime | None = None) -> Pledge:
    """Take a pledge back. Free until the threshold is reached; after it only for a reason of the list, which the others read.

    The pool is then open again where the rest falls short, until its deadline, or missed where that has passed. Without such a reason the
    others are asked for their consent (`steering.ask_leave`). Refused once the pool has become a call.
    """
    require(actor, "pledge.withdraw", found)
    moment, pool = at or now(), locked(found.pool)
    if pool.state == "converted":
        raise Refused(N_("The pool has become a call: what was promised is now between the owners of the call."))
    bound = pool.state == "reached" and found.state == "pledged"
    if bound and reason not in REASONS:
        raise Refused(N_("The threshold is reached and the others rely on your pledge. Ask for their consent, or give one of the reasons."), field="reason")
    if bound and reason == "other" and not text.strip():
        raise Refused(N_("Say in a few words what the reason is."), field="text")
    if bound:
        found.reason, found.reason_text = reason, text.strip()[:TEXT] or None
    end(actor, found, moment)
    if bound:
        record(pool, "pledge_left", actor, moment, pledge=found.id)
    settle(pool, moment)
    return found


def end(actor: Actor, found: Pledge, moment: datetime) -> None:
    """A pledge is withdrawn, by its organisation or with the others' consent."""
    found.ended = moment
    move(found, "withdraw", actor, moment)


def open_motions(pool: Pool) -> list[Motion]:
    """What is being voted on, oldest first."""
    return list(session.scalars(select(Motion).where(Motion.pool_id == pool.id, Motion.state == "open").order_by(Motion.id)))
