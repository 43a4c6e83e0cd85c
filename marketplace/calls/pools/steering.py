"""Steering: motions that the pledgers vote on, each with the weight of its pledge, and what follows from the outcome.

Weights are those of the moment the motion was put. A ballot may be changed until the motion closes; it counts no longer when its
organisation has left the pool in the meantime. The vote on a panel's decision (`deciding`) closes as soon as its outcome is certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.calls.pools.models import Ballot, Motion, Pledge, Pool
from marketplace.calls.pools.operations import AGREED, SWEPT, check_text, content
from marketplace.calls.pools.pledging import asked, end, given, held_by, locked, open_motions, settle, weights_of
from marketplace.calls.pools.shares import ABSTAIN, QUORUM, count, is_certain
from marketplace.calls.reviewing.awarding import is_current
from marketplace.calls.reviewing.models import PanelDecision
from marketplace.db import now, session
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.jobs import enqueue, handler
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import move, record, revise

YES_NO = ("yes", "no")
MOST_OPTIONS = 10
LONGEST = 2000
DAYS = (3, 60)
"""How many days a motion is open, at least and at most: everybody must have the time to ask at home."""

USUAL_DAYS = 7


def motions_of(pool: Pool) -> list[Motion]:
    """All motions of a pool, newest first."""
    return list(session.scalars(select(Motion).where(Motion.pool_id == pool.id).order_by(Motion.id.desc())))


def motion_of(actor: Actor, pool: Pool, public_id: str) -> Motion:
    """The motion under this id. Raises `NotFound` for everybody but the pledgers and the lead."""
    found = session.scalar(select(Motion).where(Motion.pool_id == pool.id, Motion.public_id == public_id))
    if found is None or not (may(actor, "pool_motion.read", found) or may(actor, "pool.take_part", pool)):
        raise NotFound()
    return found


def put_motion(
    actor: Actor, pool: Pool, kind: str, text: str = "", names: Sequence[str] = (), content_: dict[str, Any] | None = None, days: int = USUAL_DAYS,
    at: datetime | None = None,
) -> Motion:
    """Put a question to the pledgers: a new common text, the choice of an award among named options, or anything else with yes and no.

    A text is voted on while the pool is reached, an award once it is a call.
    """
    require(actor, "pool.put_motion", pool)
    moment, pool = at or now(), locked(pool)
    if pool.state not in (("reached",) if kind == "text" else ("converted",) if kind == "award" else ("reached", "converted")) or kind not in (
            "text", "award", "other"):
        raise Refused(N_("This cannot be put to the vote now."), field="kind")
    if kind == "text":
        return put(actor, pool, kind, text, YES_NO, {}, _new_text(pool, content_ or {}), None, days, moment)
    if not text.strip():
        raise Refused(N_("Write down what the vote is about."), field="text")
    options = _options(names) if kind == "award" else {}
    return put(actor, pool, kind, text, tuple(options) or YES_NO, options, {}, None, days, moment)


def _new_text(pool: Pool, proposed: dict[str, Any]) -> dict[str, Any]:
    """The text that is voted on. Refused when it says what stands already, or while another one is voted on."""
    found = {**content(pool), **{name: value for name, value in proposed.items() if name in AGREED}}
    check_text(found)
    if found == content(pool):
        raise Refused(N_("This is the text as it stands. Change something first."), field="brief_zh")
    if any(one.kind == "text" for one in open_motions(pool)):
        raise Refused(N_("Another text is being voted on. Wait until that vote closes."))
    return found


def _options(names: Sequence[str]) -> dict[str, str]:
    """Codes for the options of an award, in the order in which they were typed."""
    said = list(dict.fromkeys(name.strip()[:200] for name in names if name.strip()))
    if not 2 <= len(said) <= MOST_OPTIONS:
        raise Refused(N_("Name two to ten options, one a line."), field="options")
    return {f"option{place}": name for place, name in enumerate(said, 1)}


def put(
    actor: Actor, pool: Pool, kind: str, text: str, options: tuple[str, ...], names: dict[str, str], new: dict[str, Any],
    about: Pledge | PanelDecision | None, days: int, moment: datetime,
) -> Motion:
    """The motion with a ballot for each who may vote: all whose pledge stands, but the one it is about. Whoever calls it has asked whether the actor
    may, and holds the pool."""
    if not DAYS[0] <= days <= DAYS[1]:
        raise Refused(N_("A vote is open for three to sixty days."), field="days")
    weights = weights_of([one for one in given(pool) if one is not about])
    if not weights:
        raise Refused(N_("There is nobody to vote."))
    motion = Motion(
        pool=pool, kind=kind, state="open", text=text.strip()[:LONGEST] or None, content=new, options=list(options), names=names,
        pledge=about if isinstance(about, Pledge) else None, decision=about if isinstance(about, PanelDecision) else None,
        quorum=QUORUM, closes=moment + timedelta(days=days), person_id=acting_person(actor).id, created=moment,
        ballots=[Ballot(organisation_id=key, weight=weight) for key, weight in weights.items()],
    )
    session.add(motion)
    record(motion, "put", actor, moment, pool=pool.id, kind=kind)
    enqueue("pools.close_motion", key=f"motion:{motion.id}", after=max(timedelta(0), motion.closes - now()), thing_id=motion.id)
    return motion


def ask_admission(
    actor: Actor, pool: Pool, organisation: Organisation, amount: int, currency: str, revision: int, share: int | None = None, named: bool = False,
    days: int = USUAL_DAYS, at: datetime | None = None,
) -> Motion:
    """A latecomer asks to join a pool that is reached; the pledgers vote on it."""
    require(actor, "organisation.pledge", organisation)
    moment, pool = at or now(), locked(pool)
    made = asked(actor, pool, organisation, amount, currency, revision, share, named, moment)
    return put(actor, pool, "admission", "", YES_NO, {}, {}, made, days, moment)


def ask_leave(actor: Actor, found: Pledge, text: str = "", days: int = USUAL_DAYS, at: datetime | None = None) -> Motion:
    """Ask the others for their consent to take a pledge back after the threshold."""
    require(actor, "pledge.withdraw", found)
    moment, pool = at or now(), locked(found.pool)
    if pool.state != "reached" or found.state != "pledged":
        raise Refused(N_("Nobody's consent is needed: the pledge can be withdrawn, or is over."))
    if any(one.pledge_id == found.id for one in open_motions(pool)):
        raise Refused(N_("The others are voting on it already."))
    return put(actor, pool, "withdrawal", text, YES_NO, {}, {}, found, days, moment)


def choices_of(motion: Motion) -> tuple[str, ...]:
    """What a ballot may say."""
    return (*motion.options, ABSTAIN)


def ballots_for(actor: Actor, motion: Motion) -> list[Ballot]:
    """The ballots that the actor may cast, for the organisations whose owner or signatory he is and that are still in the pool."""
    return [one for one in motion.ballots if actor.seats.get(one.organisation_id) in ("owner", "signatory") and _still_in(motion.pool, one)]


def vote(actor: Actor, motion: Motion, organisation: Organisation, choice: str, at: datetime | None = None) -> Ballot:
    """Cast or change the organisation's vote. Refused once the motion has closed."""
    require(actor, "pool_motion.vote", motion)
    moment, pool = at or now(), locked(motion.pool)
    session.refresh(motion)
    ballot = next((one for one in ballots_for(actor, motion) if one.organisation_id == organisation.id), None)
    if ballot is None:
        raise NotAllowed()
    if motion.state != "open" or moment >= motion.closes or pool.state not in ("reached", "converted", "open"):
        raise Refused(N_("This vote is closed."))
    if choice not in choices_of(motion):
        raise Refused(N_("Choose one of the options."), field="choice")
    if motion.decision is not None and not is_current(motion.decision):
        raise Refused(N_("The decision or the ranking has changed since this was put to the vote: the vote is void, and the lead puts a new one."))
    ballot.choice, ballot.person_id, ballot.at = choice, acting_person(actor).id, moment
    record(motion, "voted", actor, moment, organisation=organisation.id)
    if motion.decision is not None and is_certain(_entitled(motion, pool), motion.options, motion.quorum):
        _close(motion, pool, moment)
    return ballot


def _still_in(pool: Pool, ballot: Ballot) -> bool:
    pledge = held_by(pool, ballot.organisation_id)
    return pledge is not None and pledge.state == "pledged"


def _entitled(motion: Motion, pool: Pool) -> list[tuple[int, str | None]]:
    """Weight and choice of those who may vote and are still in the pool."""
    return [(one.weight, one.choice) for one in motion.ballots if _still_in(pool, one)]


def close_motion(actor: Actor, motion: Motion, at: datetime | None = None) -> Motion:
    """Count the ballots once the time has come, and do what was decided. A motion whose pool, pledge or decision is gone decides nothing, and where
    the decision is gone it closes at once."""
    require(actor, "pool_motion.close", motion)
    moment, pool = at or now(), locked(motion.pool)
    session.refresh(motion)
    if motion.state == "open" and (moment >= motion.closes or motion.decision is not None and not is_current(motion.decision)):
        _close(motion, pool, moment)
    return motion


def _close(motion: Motion, pool: Pool, moment: datetime) -> None:
    result = count(_entitled(motion, pool), motion.options, motion.quorum)
    moot = pool.state not in ("reached", "converted", "open") or _is_about_nothing(motion)
    motion.outcome, motion.choice = ("moot", None) if moot else (result.outcome, result.choice)
    motion.result = {"weights": result.weights, "turnout": result.turnout, "entitled": result.entitled}
    motion.closed = moment
    move(motion, "close", SYSTEM, moment, outcome=motion.outcome)
    if not moot:
        _follow(motion, pool, result.carried, moment)


def _is_about_nothing(motion: Motion) -> bool:
    """Whether what the motion is about is gone: the pledge has ended, or another decision or another ranking has come."""
    wanted = {"admission": "asked", "withdrawal": "pledged"}.get(motion.kind)
    if motion.decision is not None:
        return not is_current(motion.decision)
    return motion.pledge is not None and motion.pledge.state != wanted


def _follow(motion: Motion, pool: Pool, carried: bool, moment: datetime) -> None:
    """What the pledgers have decided is done: nobody has to press another button."""
    if motion.kind == "text" and carried and pool.state == "reached":
        _take_text(motion, pool, moment)
    elif motion.kind == "admission" and motion.pledge is not None:
        motion.pledge.ended = None if carried else moment
        move(motion.pledge, "admit" if carried else "refuse", SYSTEM, moment)
    elif motion.kind == "withdrawal" and carried and motion.pledge is not None and pool.state != "converted":
        end(SYSTEM, motion.pledge, moment)
        record(pool, "pledge_left", SYSTEM, moment, pledge=motion.pledge.id)
    settle(pool, moment)


def _take_text(motion: Motion, pool: Pool, moment: datetime) -> None:
    """The new text stands. Whoever voted for it has agreed to it by that; the others are asked anew."""
    for name in AGREED:
        setattr(pool, name, motion.content[name])
    revise(pool, SYSTEM, content(pool), moment)
    agreed = {one.organisation_id for one in motion.ballots if one.choice == "yes"}
    for one in given(pool):
        if one.organisation_id in agreed:
            one.revision = pool.revision
    record(pool, "revised", SYSTEM, moment, revision=pool.revision)


@handler("pools.close_motion")
def close(thing_id: int) -> None:
    """The time of one motion has come."""
    close_motion(SYSTEM, session.get_one(Motion, thing_id))


@handler("pools.sweep_motions", every=timedelta(minutes=10))
def sweep_motions() -> Iterator[None]:
    """Close what is over and whose own job was lost."""
    moment = now()
    over = select(Motion.id).where(Motion.state == "open", Motion.closes <= moment).order_by(Motion.closes, Motion.id).limit(SWEPT)
    for key in list(session.scalars(over)):
        close_motion(SYSTEM, session.get_one(Motion, key), moment)
        yield


