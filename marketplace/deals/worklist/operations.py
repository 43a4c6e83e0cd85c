"""The verbs of the worklist: what to do next, putting a row off, declining a pair, saying what one works in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select

from marketplace.access import Actor, require
from marketplace.catalogue.classification import FIELDS, industry_code
from marketplace.db import now, session
from marketplace.deals.worklist.models import Snooze, Specialty
from marketplace.deals.worklist.pairs import pairs, specialty_of
from marketplace.deals.worklist.rows import Row
from marketplace.deals.worklist.sources import asked, badges, day_at, fees, notices, statements, still, trials
from marketplace.deals.worklist.talked import promises, replies
from marketplace.errors import N_, Refused
from marketplace.matching.models import Match
from marketplace.matching.operations import answer_match, match_by_public_id
from marketplace.people.regions import is_region

LONGEST = 366  # days that a row may be put off
NOT_PUT_OFF = N_("This cannot be put off like that. Reload the page and try again.")
SECTIONS = ("reply", "task", "asked", "trial", "decision", "statement", "fee", "notice", "badge", "still", "pair")
"""The kinds of rows in the order of the page."""

SOURCES: list[Callable[[Actor, date], list[Row]]] = [replies, promises, asked, trials, statements, fees, notices, badges, still, pairs]
"""Who finds rows: each is asked with the actor and the day, and gives at most twenty rows of a kind, the most urgent first."""


def worklist(actor: Actor, at: datetime | None = None) -> dict[str, list[Row]]:
    """What the actor does next, by kind in the order of the page; kinds without rows are left out."""
    require(actor, "worklist.see")
    today = day_at(at or now())
    hidden = {tuple(row) for row in session.execute(select(Snooze.kind, Snooze.thing).where(Snooze.person_id == actor.id, Snooze.until > today))}
    rows = [row for source in SOURCES for row in source(actor, today) if (row.kind, row.thing) not in hidden]
    return {kind: found for kind in SECTIONS if (found := [row for row in rows if row.kind == kind])}


def put_off(actor: Actor, kind: str, thing: str, days: int, at: datetime | None = None) -> date:
    """Hide a row until so many days from today; the day. Put off again, the later word counts."""
    require(actor, "worklist.see")
    if kind not in SECTIONS or not 1 <= days <= LONGEST or len(thing) > 40:
        raise Refused(NOT_PUT_OFF)
    moment = at or now()
    until = day_at(moment) + timedelta(days=days)
    found = session.scalar(select(Snooze).where(Snooze.person_id == actor.id, Snooze.kind == kind, Snooze.thing == thing))
    if found is None:
        session.add(Snooze(person_id=actor.id, kind=kind, thing=thing, until=until, created=moment))
    else:
        found.until = until
    return until


def put_off_count(actor: Actor, at: datetime | None = None) -> int:
    """How many rows the actor has put off."""
    return session.scalar(select(func.count()).select_from(Snooze).where(Snooze.person_id == actor.id, Snooze.until > day_at(at or now())))


def take_up(actor: Actor) -> None:
    """Show everything again that was put off."""
    require(actor, "worklist.see")
    session.execute(delete(Snooze).where(Snooze.person_id == actor.id))


def decline_pair(actor: Actor, public_id: str, code: str | None, text: str | None, at: datetime | None = None) -> Match:
    """The technology manager's decline of a pair, with a code of the one list."""
    return answer_match(actor, match_by_public_id(actor, public_id), "broker", "declined", code, text, at)


def set_specialty(actor: Actor, industries: Collection[str], fields: Collection[str], regions: Collection[str]) -> Specialty:
    """Say what the actor works in; empty lists mean all. Refused for a code that there is not."""
    require(actor, "worklist.see")
    for name, codes, known in (
        ("industries", industries, lambda code: industry_code(code) == code), ("fields", fields, lambda code: code in FIELDS), ("regions", regions, is_region),
    ):
        if unknown := [code for code in codes if not known(code)]:
            raise Refused(N_("There is no code %(code)s here."), field=name, code=unknown[0])
    found = specialty_of(actor)
    if found is None:
        found = Specialty(person_id=actor.id)
        session.add(found)
    found.industries, found.fields, found.regions = sorted(set(industries)), sorted(set(fields)), sorted(set(regions))
    return found
