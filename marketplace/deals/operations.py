"""The verbs of deals: open one from a match, ask for one, take a lead, move it through its stages, end it.

Every step of a stage is `step()`: it looks at the conditions, moves the deal, ends the old stage's span, begins the new one's, and writes the
timeline. A need is taken into the deal when a broker qualifies it, and released when the last deal on it is lost; that a need is solved
only the firm says, for a won deal may solve a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.exc import IntegrityError

from marketplace.access import SYSTEM, Actor, actions_of, may, require
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.deals.conditions import lacking, refuse_unmet
from marketplace.deals.models import OPEN_STAGES, Deal, Entry, Party, StageSpan
from marketplace.deals.timeline import sides_of, tell
from marketplace.errors import N_, NotFound, Refused
from marketplace.matching.documents import shown_document, teaser
from marketplace.matching.models import DECLINE_CODES, Match, MatchAnswer
from marketplace.matching.operations import answer_match
from marketplace.needs.models import Need
from marketplace.people.models import Organisation, Person
from marketplace.people.operations import acting_person, require_confirmed
from marketplace.record import Event, move, record

TOLD = timedelta(hours=1)
"""How long a broker who comes too late for a lead is told so; after that the deal is none of his business, as any other."""

MESSAGE = 2000
IN_HAND = OPEN_STAGES[1:]
"""The stages in which a need counts as taken into a deal: from the moment a broker has found it worth while."""

WALK = ("qualify", "introduce", "protect", "evaluate", "negotiate", "announce", "perform", "win")
"""The steps that people take, in their order; what the agreement brings about is taken by the system."""

BACK = ("reconsider", "resume")


def by_public_id(actor: Actor, public_id: str) -> Deal:
    """The deal under this id, for those who take part in it. Raises `NotFound`: that there is one is nobody else's business."""
    deal = session.scalar(select(Deal).where(Deal.public_id == public_id))
    if deal is None or not may(actor, "deal.read", deal):
        raise NotFound()
    return deal


def locked(deal: Deal) -> Deal:
    """The deal, held against other writers until the transaction ends (on SQLite the whole database is held anyhow)."""
    session.flush()  # what this transaction did stays when the row is read anew
    return session.execute(
        select(Deal).where(Deal.id == deal.id).with_for_update(of=Deal).execution_options(populate_existing=True)
    ).scalar_one()


def open_deal(actor: Actor, match: Match, at: datetime | None = None) -> Deal:
    """A lead from a match, led by the actor; both texts and the reasons are frozen with it. Refused when there is an open one already."""
    require(actor, "deal.open")
    require(actor, "match.read", match)
    moment = at or now()
    firm = _firm_of(match.need)
    person = acting_person(actor)
    deal = _made(actor, moment, match.need, match.technology, firm, match, broker_id=person.id, agency_id=agency_of(person))
    deal.parties.append(_led_by(person, moment))
    session.flush()  # the broker takes part before anything is told
    _introduced(actor, match, "broker", moment)
    tell(actor, deal, "opened", moment)
    return deal


def deal_of(actor: Actor, match: Match) -> Deal | None:
    """The deal of a match that is not lost, if the actor may read it."""
    deal = session.scalar(select(Deal).where(Deal.match_id == match.id, Deal.state != "lost"))
    return deal if deal and may(actor, "deal.read", deal) else None


def ask(
    actor: Actor, side: str, technology: Technology, need: Need | None, firm: Organisation, message: str = "", at: datetime | None = None
) -> Deal:
    """A lead without a broker: the firm asks for an introduction to a technology's holder, or the holder for one to a need's firm.

    Technology managers see it and one takes it. Refused for unverified organisations and when there is such a deal already.
    """
    own, foreign = (firm, technology) if side == "firm" else (technology.organisation, need)
    require(actor, "deal.ask", own)
    if foreign is None or (need is not None and _firm_of(need).id != firm.id):
        raise NotFound()
    require(actor, "listing.read", foreign)
    require_confirmed(actor)
    if own.state != "verified":
        raise Refused(N_("Introductions are between verified organisations. Ask for verification on your organisation's page first."))
    moment = at or now()
    match = session.scalar(select(Match).where(Match.need_id == need.id, Match.technology_id == technology.id)) if need else None
    deal = _made(actor, moment, need, technology, firm, match)
    person = acting_person(actor)
    deal.parties.append(Party(
        side=side, person=person, organisation_id=own.id, address_key=person.address_key, language=person.tongue, state="active", created=moment,
    ))
    session.flush()  # whoever asks takes part before anything is told
    if match is not None:
        _introduced(actor, match, side, moment)
    tell(actor, deal, "asked", moment, asking=side, message=message.strip()[:MESSAGE])
    return deal


def _firm_of(need: Need) -> Organisation:
    if need.organisation is None:
        raise Refused(N_("This need belongs to no organisation yet."))
    return need.organisation


def _made(
    actor: Actor, moment: datetime, need: Need | None, technology: Technology, firm: Organisation, match: Match | None, **values: Any
) -> Deal:
    """A lead, kept. The database refuses a second one of the same pair, also when two come at the same moment."""
    _refuse_pair(need, technology, firm)
    deal = Deal(
        match_id=match.id if match else None, need_id=need.id if need else None, need=need, technology_id=technology.id, technology=technology,
        firm_id=firm.id, firm=firm, holder_id=technology.organisation_id, holder=technology.organisation, state="lead", since=moment,
        nda_required=technology.nda_required or bool(need and need.nda_required), frozen=frozen_pair(need, technology, match), created=moment, **values,
    )
    try:
        with session.begin_nested():
            session.add(deal)
    except IntegrityError as error:
        raise _there_already(need) from error
    record(deal, "open", actor, moment)
    session.add(StageSpan(deal_id=deal.id, stage="lead", entered=moment))
    return deal


def _refuse_pair(need: Need | None, technology: Technology, firm: Organisation) -> None:
    if firm.id == technology.organisation_id:
        raise Refused(N_("Both belong to the same organisation: there is nobody to introduce."))
    if technology.kind == "negative_result" or technology.state not in Technology.OPEN_STATES:
        raise Refused(N_("This technology is not on offer."))
    if need is not None and need.state not in Need.OPEN_STATES:
        raise Refused(N_("This need is not open any more."))
    pair = select(Deal.id).where(Deal.technology_id == technology.id, Deal.state != "lost")
    same = pair.where(Deal.need_id == need.id) if need else pair.where(Deal.need_id.is_(None), Deal.firm_id == firm.id)
    if session.scalar(same.limit(1)) is not None:
        raise _there_already(need)


def _there_already(need: Need | None) -> Refused:
    if need is None:
        return Refused(N_("Your organisation has a deal about this technology already. You find it under Deals."))
    return Refused(N_("There is an open deal of this need and this technology already."))


def agency_of(person: Person) -> int | None:
    """The house a broker acts for: the first of his organisations that is an agency or an institute, if any."""
    return next((one.id for one in person.organisations if one.kind in ("agency", "institute")), None)


def _led_by(person: Person, moment: datetime) -> Party:
    return Party(
        side="broker", person=person, organisation_id=agency_of(person), address_key=person.address_key, language=person.tongue, state="active",
        created=moment,
    )


def _introduced(actor: Actor, match: Match, side: str, moment: datetime) -> None:
    """Keep with the match that this side went on to an introduction: the ranking learns from it."""
    setattr(match, side, "introduced")
    session.add(MatchAnswer(
        match_id=match.id, side=side, answer="introduced", person_id=actor.id, scoring_id=match.scorings[0].id if match.scorings else None, at=moment,
    ))
    record(match, "introduced", actor, moment, side=side)


def frozen(match: Match) -> dict[str, Any]:
    """What was matched, as it stood: see `frozen_pair`."""
    return frozen_pair(match.need, match.technology, match)


def frozen_pair(need: Need | None, technology: Technology, match: Match | None) -> dict[str, Any]:
    """Both texts as the engine read them, teasers, revisions and visibilities, and the newest scoring with its reasons."""
    scoring = match.scorings[0] if match and match.scorings else None
    texts = {
        name: {"revision": thing.revision, "visibility": thing.visibility, "teaser": teaser(thing),
               "passages": {code: list(pair) for code, pair in shown_document(thing).passages.items()}}
        for name, thing in (("need", need), ("technology", technology)) if thing is not None
    }
    reasons = {"score": scoring.score, "base": scoring.base, "contributions": scoring.contributions, "index": scoring.index_version} if scoring else None
    return {"need": None, **texts, "scoring": reasons, "probability": match.probability if match else None}


@dataclass(frozen=True)
class Lead:
    """A deal that waits for a broker: which side asks, and what it says."""

    deal: Deal
    asking: str
    message: str


def _waiting(asking: str) -> list[ColumnElement[bool]]:
    """Leads that no broker has taken; asked for by the firm, the holder, or either."""
    free = [Deal.state == "lead", Deal.broker_id.is_(None)]
    said = select(Entry.id).where(Entry.deal_id == Deal.id, Entry.kind == "asked", Entry.facts["asking"].as_string() == asking)
    return [*free, said.exists()] if asking else free


def waiting_leads(actor: Actor, page: int = 1, size: int = 20, asking: str = "") -> list[Lead]:
    """Leads that no broker has taken, longest waiting first, and one more row if there is a next page; for brokers alone."""
    require(actor, "deal.leads")
    query = select(Deal).where(*_waiting(asking)).order_by(Deal.id)
    deals = list(session.scalars(query.offset((page - 1) * size).limit(size + 1)))
    asked = select(Entry).where(Entry.deal_id.in_([deal.id for deal in deals]), Entry.kind == "asked")
    said = {entry.deal_id: entry.facts for entry in session.scalars(asked)} if deals else {}
    return [Lead(deal, said.get(deal.id, {}).get("asking", "firm"), said.get(deal.id, {}).get("message", "")) for deal in deals]


def count_leads(actor: Actor, asking: str = "") -> int:
    """How many leads no broker has taken."""
    require(actor, "deal.leads")
    return session.scalar(select(func.count()).select_from(Deal).where(*_waiting(asking))) or 0


def take(actor: Actor, public_id: str, at: datetime | None = None) -> Deal:
    """Take a lead that waits. Of two who come at once the later is told so; anybody else's deal is not there at all."""
    require(actor, "deal.take")
    moment = at or now()
    found = session.scalar(select(Deal).where(Deal.public_id == public_id))
    deal = locked(found) if found else None
    if deal is None:
        raise NotFound()
    if deal.broker_id is not None or deal.state != "lead":
        raise _taken(deal, moment)
    person = acting_person(actor)
    if any(person.id in people for people in deal.people.values()):
        raise Refused(N_("You take part in this deal for a side. Another technology manager has to lead it."))
    deal.broker_id, deal.agency_id = person.id, agency_of(person)
    deal.parties.append(_led_by(person, moment))
    record(deal, "taken", actor, moment)
    tell(actor, deal, "taken", moment)
    return deal


def _taken(deal: Deal, moment: datetime) -> Refused | NotFound:
    just = select(Event.id).where(Event.thing == "deal", Event.thing_id == deal.id, Event.name == "deal.taken", Event.at > moment - TOLD)
    if session.scalar(just.limit(1)) is None:
        return NotFound()
    return Refused(N_("This lead has been taken by somebody else a moment ago."))


def step(actor: Actor, deal: Deal, verb: str, at: datetime | None = None, **facts: Any) -> Deal:
    """Take one step of the stages: who may, from where, and to where stand in `Deal.TRANSITIONS`, what must be so in `conditions`."""
    moment = at or now()
    require(actor, f"deal.{verb}", deal)
    if deal.state in Deal.TRANSITIONS[verb].origin:
        refuse_unmet(deal, verb, moment)
    origin = deal.state
    move(deal, verb, actor, moment, **facts)
    deal.since = moment
    if verb == "introduce":
        deal.introduced = moment
    session.flush()  # the stage that ends must be closed before the next one opens
    running = session.scalar(select(StageSpan).where(StageSpan.deal_id == deal.id, StageSpan.left.is_(None)))
    if running is not None:
        running.left = moment
        session.flush()  # one span at a time: the database refuses two open ones
    session.add(StageSpan(deal_id=deal.id, stage=deal.state, entered=moment))
    tell(actor, deal, "stage", moment, origin=origin, target=deal.state, **facts)
    _follow_with_need(deal, moment)
    return deal


def _follow_with_need(deal: Deal, moment: datetime) -> None:
    """A need is in a deal as long as one deal on it is in hand."""
    need = deal.need
    if need is None:
        return
    if deal.state in IN_HAND and need.state in ("published", "matched"):
        move(need, "take_into_deal", SYSTEM, moment)
    elif deal.state == "lost" and need.state == "in_deal":
        others = select(Deal.id).where(Deal.need_id == need.id, Deal.id != deal.id, Deal.state.in_((*IN_HAND, "won")))
        if session.scalar(others.limit(1)) is None:
            move(need, "release", SYSTEM, moment)


def stages_entered(deal: Deal) -> set[str]:
    """The stages in which the deal has been; one that it went past is not among them."""
    return set(session.scalars(select(StageSpan.stage).where(StageSpan.deal_id == deal.id)))


def lose(actor: Actor, deal: Deal, code: str, text: str = "", at: datetime | None = None) -> Deal:
    """Give the deal up with a code of the one list; `other` needs words. The ranking learns from it as from a declined match."""
    require(actor, "deal.lose", deal)
    if code not in DECLINE_CODES:
        raise Refused(N_("Choose why: the reason goes back as advice."), field="code")
    plain = text.strip()[:MESSAGE]
    if code == "other" and not plain:
        raise Refused(N_("Say in a few words what the reason is."), field="text")
    moment, side = at or now(), next(iter(sides_of(actor, deal)), "broker")
    deal = locked(deal)
    if deal.state in OPEN_STAGES:
        deal.lost_code, deal.lost_text = code, plain or None
    step(actor, deal, "lose", moment, code=code, text=plain)
    if deal.match is not None and side != "guest" and may(actor, f"match.answer_{side}", deal.match):
        answer_match(actor, deal.match, side, "declined", code, plain, moment)
    return deal


@dataclass(frozen=True)
class Next:
    """A step that the actor may take here: its verb, and what is still missing for it."""

    verb: str
    lacks: str | None


def open_steps(actor: Actor, deal: Deal, verbs: Sequence[str] = (*WALK, *BACK)) -> list[str]:
    """The steps from this stage that the actor may take, in the order of the walk, whatever is missing for them: no query, for lists.

    A step that does not apply to this deal is left out.
    """
    skipped = ("protect",) if not deal.nda_required else ("evaluate",) if deal.state == "introduced" else ()
    here = [verb for verb in verbs if deal.state in Deal.TRANSITIONS[verb].origin and verb not in skipped]
    return [name.removeprefix("deal.") for name in actions_of(actor, deal, [f"deal.{verb}" for verb in here])]


def next_steps(actor: Actor, deal: Deal, at: datetime | None = None) -> list[Next]:
    """The steps from this stage that the actor may take, each with what is still missing for it."""
    moment = at or now()
    return [Next(verb, lacking(deal, verb, moment)) for verb in open_steps(actor, deal)]


def house_of(deal: Deal, side: str) -> Organisation:
    """The organisation of a side: firm or holder."""
    return deal.firm if side == "firm" else deal.holder
