"""Who hears what is said in a deal, and who may say it: the audiences, one table for messages, notes, tasks and meetings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor
from marketplace.db import session
from marketplace.deals.models import SIDES, Deal, Entry, Party, StageSpan
from marketplace.deals.timeline import sides_of, tell
from marketplace.errors import N_, NotFound, Refused

AUDIENCES: dict[str, tuple[str, ...]] = {
    "all": SIDES, "firm_broker": ("firm", "broker"), "holder_broker": ("holder", "broker"), "firm": ("firm",), "holder": ("holder",), "broker": ("broker",),
}
"""Audience → the sides that hear. Whatever is not for all leaves guests out: they belong to different houses."""

AFTERWARDS = timedelta(days=90)
"""How long a deal that was won or lost can still be talked about."""

APART = ("lead", "qualified")
"""The stages in which the two sides do not know each other's people yet."""


def introduced(deal: Deal) -> bool:
    """Whether the two sides have been introduced; a deal that was lost remembers how far it came."""
    if deal.state != "lost":
        return deal.state not in APART
    further = select(StageSpan.id).where(StageSpan.deal_id == deal.id, StageSpan.stage.not_in((*APART, "lost")))
    return session.scalar(further.limit(1)) is not None


def is_over(deal: Deal, at: datetime) -> bool:
    """Whether the deal ended so long ago that it can only be read."""
    return deal.state in ("won", "lost") and at > deal.since + AFTERWARDS


def open_to(actor: Actor, deal: Deal) -> list[str]:
    """The audiences the actor belongs to: what is said to them he may read. Only for those who may read the deal."""
    standing = set(sides_of(actor, deal))
    return ["all", *(code for code, sides in AUDIENCES.items() if code != "all" and standing & set(sides))]


def choices(actor: Actor, deal: Deal, at: datetime) -> list[str]:
    """The audiences the actor may speak to at this moment, the widest first; none for who takes no part or after the end."""
    if is_over(deal, at):
        return []
    own = {side for side, people in deal.people.items() if actor.id in people}
    found = ["all"] if own and introduced(deal) else []
    for code, sides in AUDIENCES.items():
        if code != "all" and own & set(sides) and ("broker" not in sides or deal.broker_id is not None):
            found.append(code)
    return found


def require_voice(actor: Actor, deal: Deal, audience: str, at: datetime) -> None:
    """Refuse unless the actor, who takes part, may speak to the audience now; the refusal says why."""
    if audience in choices(actor, deal, at):
        return
    if is_over(deal, at):
        raise Refused(N_("This deal ended more than 90 days ago; it can only be read."))
    if audience == "all" and not introduced(deal):
        raise Refused(N_("The two sides have not been introduced yet: write to one of them."), field="audience")
    raise Refused(N_("Choose who is to read it."), field="audience")


def hearers(deal: Deal, audience: str) -> list[Party]:
    """The active parties that hear what is said to the audience."""
    sides = AUDIENCES[audience]
    return [party for party in deal.parties if party.state == "active" and party.side in sides and party.person and party.person.is_active]


def hearer(deal: Deal, audience: str, public_id: str, field: str) -> Party:
    """The party with this public id, if it hears the audience. Refused beside the field otherwise."""
    for party in hearers(deal, audience):
        if party.public_id == public_id:
            return party
    raise Refused(N_("Choose somebody who is to read it too."), field=field)


def party_of(actor: Actor, deal: Deal, audience: str) -> Party:
    """The active party by which the actor takes part in the audience. Raises `NotFound` when there is none."""
    for party in hearers(deal, audience):
        if party.person_id == actor.id:
            return party
    raise NotFound()


def tell_them(actor: Actor, thing: Any, kind: str, at: datetime, **facts: Any) -> list[Entry]:
    """A line of the timeline about something said to an audience: one for all, else one for each side that hears it."""
    sides = (None,) if thing.audience == "all" else AUDIENCES[thing.audience]
    return [tell(actor, thing.deal, kind, at, about=thing, side=side, audience=thing.audience, **facts) for side in sides]
