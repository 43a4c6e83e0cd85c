"""The verbs of calls: draft one from a need or of its own, publish, amend, move the deadline, withdraw; and the clock that closes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.calls.conditions import FURTHER, LATE, NOT_AFTER, lacking, of_the_publisher, refused
from marketplace.calls.deadlines import HOME, local, moment_of
from marketplace.calls.models import Call, Criterion
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import enqueue, handler
from marketplace.needs.models import Need
from marketplace.people.models import SIZES, Organisation
from marketplace.people.operations import require_confirmed
from marketplace.record import Revision, move, noun, record, revise

TEXTS = ("title", "brief", "acceptance", "eligibility", "ip_terms")
AMENDABLE = (*TEXTS, "targets", "money", "amount", "currency", "stages", "eligible", "ip_position", "industry", "region")
FIXED = ("language", "visibility", "teams", "anonymous", "key_holders")
"""What an amendment cannot change; criteria, weights and the deadline are not in it either: the deadline has a verb of its own."""

TIMES = ("deadline", "zone", "questions_until")
OPEN_FOR = timedelta(days=60)
CLOSING_TIME = time(17, 0)
REASON = 2000
SWEPT = timedelta(minutes=10)
BATCH = 100


def by_public_id(actor: Actor, public_id: str) -> Call:
    """The call under this id, if the actor may read it. Raises `NotFound`.

    What was never published is its own organisations', and not the operator's either: it may have been begun from a blind need.
    """
    call = session.scalar(select(Call).where(Call.public_id == public_id))
    if call is None or (call.published is None and not may(actor, "open_call.read_shared", call)):
        raise NotFound()
    require(actor, "listing.read", call)
    return call


def owner_acting(actor: Actor, call: Call) -> int | None:
    """The id of the owner of the call for which the actor acts: the one that put it out before the others; None for whoever is of none."""
    return next((key for key in (call.organisation_id, *(owner.organisation_id for owner in call.owners)) if key in actor.seats), None)


def content(call: Call) -> dict[str, Any]:
    """The whole content of a call."""
    said = {name: getattr(call, name) for name in (*AMENDABLE, *FIXED, *TIMES)}
    rows = [{"title": row.title, "about": row.about, "weight": row.weight, "most": row.most} for row in call.criteria]
    return {**said, "organisation": call.organisation_id, "criteria": rows}


def kept(call: Call, note: str = "") -> dict[str, Any]:
    """The content as a revision keeps it, with the owner's reason for the change."""
    said = content(call)
    times = {name: said[name].isoformat() if said[name] else None for name in ("deadline", "questions_until")}
    return {**said, **times, "note": note}


def draft_call(actor: Actor, organisation: Organisation, need: Need | None = None, at: datetime | None = None, **values: Any) -> Call:
    """A draft call of the organisation, begun from its need if one is given. Of a blind need only the teaser is taken along.

    The same need drafted again gives the draft that is there. Raises `NotFound` for another's need.
    """
    require(actor, "open_call.create", organisation)
    if need is not None and need.organisation_id != organisation.id:
        raise NotFound()
    if need is not None and (known := _draft_of(need)) is not None:
        return known
    moment = at or now()
    call = _begun(actor, organisation, moment)
    if need is not None:
        _take_along(call, need)
    _fill(call, values)
    session.add(call)
    record(call, "create", actor, moment)
    return call


def _draft_of(need: Need) -> Call | None:
    return session.scalar(select(Call).where(Call.need_id == need.id, Call.state == "draft").order_by(Call.id.desc()).limit(1))


def _begun(actor: Actor, organisation: Organisation, at: datetime) -> Call:
    """An empty call; one of a large enterprise is meant for smaller ones and for institutes until its owner says otherwise."""
    eligible: dict[str, Any] = {"kinds": [], "sizes": [], "regions": []}
    if organisation.size == "large":
        eligible |= {"kinds": ["enterprise", "institute"], "sizes": list(SIZES[:-1])}
    deadline = moment_of(HOME, local(at, HOME).date() + OPEN_FOR, CLOSING_TIME)
    return Call(
        organisation=organisation, organisation_id=organisation.id, author_id=actor.id, state="draft", visibility="public", revision=0, language="zh",
        targets=[], money="budget", currency="CNY", stages=[], eligible=eligible, ip_position="shared", region=organisation.region, deadline=deadline,
        zone=HOME, teams=1, anonymous=False, created=at, updated=at, **{name: {} for name in TEXTS}, criteria=[],
    )


def _take_along(call: Call, need: Need) -> None:
    """What the need says already: a call is read by many more than a blind need, so that this gives its teaser alone."""
    call.need, call.need_id, call.language, call.industry = need, need.id, need.language, need.industry
    call.region = need.region or call.region
    if need.visibility == "blind":
        call.brief, call.industry = dict(need.teaser), None
        return
    questions = need.questions if need.signed_off else {}
    call.visibility, call.title, call.targets = need.visibility, dict(need.title), [*need.targets]
    call.brief = {code: "\n\n".join(part for part in (need.problem.get(code), questions.get(code)) if part) for code in {*need.problem, *questions}}
    call.amount, call.currency = need.budget_max, need.currency


def _fill(call: Call, values: dict[str, Any]) -> None:
    """Set the named fields; criteria are rows of {title, about, weight, most}. Raises `Refused` for what no call can have."""
    unknown = values.keys() - {*AMENDABLE, *FIXED, *TIMES, "criteria"}
    if unknown:
        raise ValueError(f"not fields of a call: {sorted(unknown)}")
    for name, value in values.items():
        if name != "criteria":
            setattr(call, name, value)
    if call.questions_until is not None and call.questions_until >= call.deadline:
        raise Refused(NOT_AFTER, field="questions_day")
    if "criteria" in values:
        _weigh(call, values["criteria"])


def _weigh(call: Call, rows: Sequence[dict[str, Any]]) -> None:
    """The criteria in their order: rows that stay keep their place, so that no two ever share one."""
    for kept, row in zip(call.criteria, rows, strict=False):
        for name, value in row.items():
            setattr(kept, name, value)
    del call.criteria[len(rows):]
    for row in rows[len(call.criteria):]:
        call.criteria.append(Criterion(position=len(call.criteria) + 1, **row))


def edit_call(actor: Actor, call: Call, at: datetime | None = None, **values: Any) -> Call:
    """Change a draft."""
    require(actor, "open_call.edit", call)
    if call.state != "draft":
        raise Refused(N_("A published call is changed by an amendment alone."))
    _fill(call, values)
    call.updated = at or now()
    return call


def publish_call(actor: Actor, call: Call, at: datetime | None = None) -> Call:
    """Put the call out. Refused with all that it lacks at once. What was published is its first revision, and the clock of its deadline is set."""
    moment = at or now()
    require(actor, "open_call.publish", call)
    require_confirmed(actor)
    checks = (of_the_publisher, *FURTHER)
    if call.state == "draft" and (lacks := [*lacking(content(call), moment), *(lack for check in checks for lack in check(call, moment))]):
        raise refused(lacks)
    move(call, "publish", actor, moment)
    call.published = call.updated = moment
    revise(call, actor, kept(call), moment)
    _set_clock(call)
    return call


def _require_open(call: Call, at: datetime) -> None:
    if call.state != "published":
        raise Refused(N_("This call is not open."))
    if at >= call.deadline:
        raise Refused(LATE)


def _noted(note: str) -> str:
    plain = note.strip()[:REASON]
    if not plain:
        raise Refused(N_("Say why: the reason is published with the change."), field="note")
    return plain


def amend_call(actor: Actor, call: Call, note: str, at: datetime | None = None, **values: Any) -> Call:
    """Correct a published call before its deadline; what changed, why and when is shown to all. Criteria and weights stay as they are."""
    require(actor, "open_call.amend", call)
    moment = at or now()
    _require_open(call, moment)
    if fixed := values.keys() - set(AMENDABLE):
        raise ValueError(f"an amendment cannot change these: {sorted(fixed)}")
    before = content(call)
    said = {**before, **values}
    if said == before:
        raise Refused(N_("Nothing has changed."))
    if lacks := lacking(said, moment):
        raise refused(lacks)
    reason = _noted(note)
    _fill(call, values)
    _published_anew(actor, call, reason, moment)
    record(call, "amended", actor, moment, revision=call.revision)
    return call


def _published_anew(actor: Actor, call: Call, note: str, at: datetime) -> Revision | None:
    call.updated = at
    return revise(call, actor, kept(call, note), at)


def extend_deadline(
    actor: Actor, call: Call, deadline: datetime, note: str, questions_until: datetime | None = None, at: datetime | None = None
) -> Call:
    """Move the deadline to a later moment, never after it has passed; and the end of questions, later as well."""
    require(actor, "open_call.extend", call)
    moment = at or now()
    _require_open(call, moment)
    if deadline <= call.deadline:
        raise Refused(N_("A deadline can only be moved to a later moment."), field="deadline_day")
    if call.questions_until is not None and questions_until is not None and questions_until < call.questions_until:
        raise Refused(N_("Questions cannot end earlier than was published."), field="questions_day")
    reason = _noted(note)
    before, call.deadline = call.deadline, deadline
    call.questions_until = questions_until or call.questions_until
    if call.questions_until is not None and call.questions_until >= deadline:
        raise Refused(NOT_AFTER, field="questions_day")
    _published_anew(actor, call, reason, moment)
    record(call, "extended", actor, moment, before=before.isoformat(), deadline=deadline.isoformat())
    _set_clock(call)
    return call


def revisions_of(call: Call) -> list[Revision]:
    """What was published first and each amendment since, in their order."""
    own = select(Revision).where(Revision.thing == noun(call), Revision.thing_id == call.id)
    return list(session.scalars(own.order_by(Revision.number)))


def withdraw_call(actor: Actor, call: Call, note: str = "", at: datetime | None = None) -> Call:
    """Take the call back; of a published one the reason is told to all who asked or proposed."""
    require(actor, "open_call.withdraw", call)
    reason = _noted(note) if call.state != "draft" else ""
    move(call, "withdraw", actor, at, note=reason)
    return call


def _set_clock(call: Call) -> None:
    """Have the call closed at its deadline. An earlier clock runs out without effect when the deadline was moved."""
    session.flush()  # the job names the call by its id
    after = max(call.deadline - now(), timedelta(0))
    enqueue("calls.close", key=f"{noun(call)}:{call.id}:{call.deadline:%Y%m%dT%H%M%S}", after=after, thing_id=call.id)


@handler("calls.close")
def close_call(thing_id: int, at: datetime | None = None) -> None:
    """Close the call if its deadline has come."""
    call = session.get_one(Call, thing_id)
    moment = at or now()
    if call.state == "published" and call.deadline <= moment:
        move(call, "close", SYSTEM, moment)


@handler("calls.close_due", every=SWEPT)
def close_due() -> Iterator[None]:
    """Close whatever a clock has missed, because its job failed or the site stood still."""
    moment = now()
    due = select(Call).where(Call.state == "published", Call.deadline <= moment).order_by(Call.deadline, Call.id).limit(BATCH)
    while found := list(session.scalars(due)):
        for call in found:
            move(call, "close", SYSTEM, moment)
        yield
