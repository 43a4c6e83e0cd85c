"""The verbs of deals: open one from a match, move it through its stages, end it; find and list.

Every step of a stage is `step()`: it moves the deal, ends the old stage's span, begins the new one's, and writes the timeline.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.deals.models import Deal, Party, StageSpan
from marketplace.deals.timeline import tell
from marketplace.errors import N_, NotFound, Refused
from marketplace.matching.documents import shown_document
from marketplace.matching.models import Match
from marketplace.people.models import Organisation, Person
from marketplace.people.operations import acting_person
from marketplace.record import move, record


def by_public_id(actor: Actor, public_id: str) -> Deal:
    """The deal under this id, for those who take part in it. Raises `NotFound`: that there is one is nobody else's business."""
    deal = session.scalar(select(Deal).where(Deal.public_id == public_id))
    if deal is None or not may(actor, "deal.read", deal):
        raise NotFound()
    return deal


def open_deal(actor: Actor, match: Match, at: datetime | None = None) -> Deal:
    """A lead from a match, led by the actor; both texts and the reasons are frozen with it. Refused when there is an open one already."""
    require(actor, "deal.open")
    moment = at or now()
    same = select(Deal).where(Deal.need_id == match.need_id, Deal.technology_id == match.technology_id, Deal.state != "lost")
    if session.scalar(same) is not None:
        raise Refused(N_("There is an open deal of this need and this technology already."))
    person = acting_person(actor)
    if match.need.organisation_id is None:
        raise Refused(N_("This need belongs to no organisation yet."))
    deal = Deal(
        match_id=match.id, need_id=match.need_id, technology_id=match.technology_id, firm_id=match.need.organisation_id,
        holder_id=match.technology.organisation_id, broker_id=person.id, agency_id=next(iter(person.seats), None), state="lead", since=moment,
        nda_required=match.need.nda_required or match.technology.nda_required, frozen=frozen(match), created=moment,
    )
    session.add(deal)
    deal.parties.append(_led_by(person, moment))
    record(deal, "open", actor, moment)
    session.add(StageSpan(deal_id=deal.id, stage="lead", entered=moment))
    tell(actor, deal, "opened", moment)
    return deal


def _led_by(person: Person, moment: datetime) -> Party:
    return Party(side="broker", person=person, address_key=person.address_key, state="active", created=moment)


def frozen(match: Match) -> dict[str, Any]:
    """Both texts as the engine read them, the revisions, and the newest scoring with its reasons."""
    scoring = match.scorings[0] if match.scorings else None
    texts = {name: {"revision": thing.revision, "passages": {code: list(pair) for code, pair in shown_document(thing).passages.items()}}
             for name, thing in (("need", match.need), ("technology", match.technology))}
    reasons = {"score": scoring.score, "base": scoring.base, "contributions": scoring.contributions, "index": scoring.index_version} if scoring else None
    return {**texts, "scoring": reasons, "probability": match.probability}


def step(actor: Actor, deal: Deal, verb: str, at: datetime | None = None, **facts: Any) -> Deal:
    """Take one step of the stages: who may, from where, and to where stand in `Deal.TRANSITIONS`."""
    moment = at or now()
    origin = deal.state
    move(deal, verb, actor, moment, **facts)
    deal.since = moment
    session.flush()  # the stage that ends must be closed before the next one opens
    running = session.scalar(select(StageSpan).where(StageSpan.deal_id == deal.id, StageSpan.left.is_(None)))
    if running is not None:
        running.left = moment
        session.flush()  # one span at a time: the database refuses two open ones
    session.add(StageSpan(deal_id=deal.id, stage=deal.state, entered=moment))
    tell(actor, deal, "stage", moment, origin=origin, target=deal.state, **facts)
    return deal


def house_of(deal: Deal, side: str) -> Organisation:
    """The organisation of a side: firm or holder."""
    return deal.firm if side == "firm" else deal.holder
