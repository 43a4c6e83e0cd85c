"""The verbs of parties: invite, accept, decline, join, remove, say how one is reached; hand a deal over.

A party's row is taken under a lock before it changes, so that an invitation is used once and nobody is removed twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import now, session
from marketplace.deals.models import OPEN_STAGES, Deal, Party
from marketplace.deals.operations import agency_of, locked
from marketplace.deals.sight import people_of
from marketplace.deals.timeline import sides_of, tell
from marketplace.errors import N_, NotAllowed, NotFound, Refused
from marketplace.jobs import handler
from marketplace.people import tokens
from marketplace.people.models import Organisation, Person
from marketplace.people.operations import acting_person, address_key, by_address, require_confirmed, usable_address
from marketplace.record import move, record

GOOD_FOR = timedelta(days=14)
KINDS = ("party_invited", "party_joined", "party_declined", "party_removed", "handed_over")


def may_invite(actor: Actor, deal: Deal) -> list[str]:
    """The sides for which the actor may invite people: a side for itself, the broker for both; guests once the sides know each other."""
    if deal.state not in OPEN_STAGES or not may(actor, "deal.invite", deal):
        return []
    own = sides_of(actor, deal)
    return [side for side in ("firm", "holder", "guest") if (deal.was_introduced if side == "guest" else side in own or "broker" in own)]


def invite(
    actor: Actor, deal: Deal, side: str, address: str, duty: str = "", language: str = "zh", at: datetime | None = None
) -> Party:
    """Invite a mail address into the deal for a side, for 14 days; the link goes there by mail."""
    require(actor, "deal.invite", deal)
    require_confirmed(actor)
    if side not in may_invite(actor, deal):
        raise Refused(N_("You cannot invite anybody for this side now."), field="side")
    return _invited(actor, deal, side, address_key(usable_address(address)), duty, language, at or now())


def _invited(actor: Actor, deal: Deal, side: str, key: str, duty: str, language: str, moment: datetime) -> Party:
    deal, known = locked(deal), by_address(key)
    for party in deal.parties:
        if party.address_key != key and not (known and party.person_id == known.id):
            continue
        if party.state == "active":
            raise Refused(N_("This person takes part in the deal already."), field="address")
        if party.state == "invited" and party.expires is not None and party.expires > moment:
            raise Refused(N_("This address has been invited already. Take that invitation back first to send another."), field="address")
        if party.state == "invited":
            move(party, "remove", SYSTEM, moment)
            party.ended = moment
    session.flush()  # one open invitation for an address: the old one is over before the new one is there
    party = Party(
        deal=deal, side=side, address_key=key, duty=duty.strip() or None, language=known.tongue if known else language, state="invited",
        invited_by_id=actor.id, expires=moment + GOOD_FOR, created=moment,
    )
    session.add(party)
    record(party, "invited", actor, moment)
    tell(actor, deal, "party_invited", moment, about=party, side=None if side == "broker" else _own_line(side), of=side)
    return party


def _own_line(side: str) -> str | None:
    """Who reads of an invitation before it is taken: the side itself; of a guest everybody."""
    return side if side in ("firm", "holder") else None


def token_of(party: Party) -> str:
    """The token of the link in the invitation's mail."""
    return tokens.make("party", party.public_id, party.address_key)


def invited(actor: Actor, token: str, at: datetime | None = None) -> Party:
    """The invitation that a link belongs to, if it can be used. Refused with what has become of it otherwise.

    Who has been removed since learns nothing any more: `NotFound`.
    """
    moment = at or now()
    claim = tokens.read("party", token, moment)
    party = session.scalar(select(Party).where(Party.public_id == claim.public_id))
    if party is None or (party.state == "removed" and party.person_id is not None):
        raise NotFound()
    if party.state == "active":
        if actor.id == party.person_id:
            return party
        raise Refused(N_("This invitation has been used already. Each works once; ask whoever sent it for another."))
    if party.state == "declined":
        raise Refused(N_("This invitation has been declined. Ask whoever sent it for another if that was a mistake."))
    if party.state == "removed":
        raise Refused(N_("This invitation has been taken back."))
    if party.expires is not None and party.expires <= moment:
        raise Refused(N_("This invitation has expired: it was good for 14 days. Ask whoever sent it for another."))
    if party.deal.state not in OPEN_STAGES:
        raise Refused(N_("This deal has ended in the meantime."))
    return party


def is_for(party: Party, actor: Actor) -> bool:
    """Whether the invitation was sent to the actor's address."""
    return actor.id is not None and acting_person(actor).address_key == party.address_key


def accept(actor: Actor, token: str, at: datetime | None = None) -> Party:
    """Take part in the deal. The link was mailed to the address, so following it confirms the address too."""
    moment = at or now()
    party = _held(invited(actor, token, moment))
    require(actor, "party.accept", party)
    if party.state == "active":
        raise Refused(N_("You take part in this deal already."))
    if not is_for(party, actor):
        raise Refused(N_("This invitation was sent to another address. Sign in with the account of that address."))
    person = acting_person(actor)
    person.confirmed = person.confirmed or moment
    if party.side == "broker":
        return _taken_over(actor, party, person, moment)
    house = party.deal.firm_id if party.side == "firm" else party.deal.holder_id
    party.organisation_id = house if house in person.seats and party.side != "guest" else None
    _enter(actor, party, person, moment)
    return party


def _enter(actor: Actor, party: Party, person: Person, moment: datetime) -> None:
    party.person_id, party.person = person.id, person
    move(party, "accept", actor, moment)
    tell(actor, party.deal, "party_joined", moment, about=party, of=party.side)


def _held(party: Party) -> Party:
    """The party under a lock, as it stands now; the deal is locked before it, as everywhere."""
    locked(party.deal)
    return session.execute(select(Party).where(Party.id == party.id).execution_options(populate_existing=True)).scalar_one()


def decline(actor: Actor, token: str, at: datetime | None = None) -> Party:
    """Say no to an invitation."""
    moment = at or now()
    party = _held(invited(actor, token, moment))
    require(actor, "party.decline", party)
    if not is_for(party, actor):
        raise Refused(N_("This invitation was sent to another address. Sign in with the account of that address."))
    party.ended = moment
    move(party, "decline", actor, moment)
    tell(actor, party.deal, "party_declined", moment, about=party, side=_own_line(party.side), of=party.side)
    return party


def join(actor: Actor, deal: Deal, at: datetime | None = None) -> Party:
    """An owner of a side's house takes part for that side; owners are never invited into their own deals."""
    require(actor, "deal.join", deal)
    moment, deal, person = at or now(), locked(deal), acting_person(actor)
    if deal.state not in OPEN_STAGES:
        raise Refused(N_("This deal has ended in the meantime."))
    if any(person.id in people for people in deal.people.values()):
        raise Refused(N_("You take part in this deal already."))
    side = next(side for side, house in (("firm", deal.firm_id), ("holder", deal.holder_id)) if actor.seats.get(house) == "owner")
    waiting = next((one for one in deal.parties if one.state == "invited" and one.address_key == person.address_key), None)
    if waiting is not None:
        waiting.ended = moment
        move(waiting, "remove", SYSTEM, moment)
        session.flush()  # one row for an address: the invitation is over before the owner is there
    party = Party(
        deal=deal, side=side, person=person, organisation_id=deal.firm_id if side == "firm" else deal.holder_id, address_key=person.address_key,
        language=person.tongue, state="active", created=moment,
    )
    session.add(party)
    record(party, "joined", actor, moment)
    tell(actor, deal, "party_joined", moment, about=party, of=side)
    return party


def party_of(actor: Actor, deal: Deal, public_id: str) -> Party:
    """One of the deal's parties."""
    found = next((party for party in deal.parties if party.public_id == public_id), None)
    if found is None or not may(actor, "deal.read", deal):
        raise NotFound()
    return found


def remove(actor: Actor, party: Party, reason: str = "", at: datetime | None = None) -> Party:
    """End somebody's part at once, or take an invitation back; also one's own. Refused for the broker and for the last one of a side."""
    require(actor, "party.remove", party)
    moment, party, plain = at or now(), _held(party), reason.strip()[:2000]
    deal = party.deal
    if party.state == "active":
        if party.side == "broker":
            raise Refused(N_("The technology manager leads the deal and cannot be removed: the deal is handed over to another one first."))
        if not plain and party.person_id != actor.id:
            raise Refused(N_("Say why: whoever is removed is told the reason."), field="reason")
        if party.side in ("firm", "holder") and deal.state in OPEN_STAGES and len(people_of(deal, party.side)) == 1:
            raise Refused(N_("Nobody else takes part for this side. Invite somebody for it first, or end the deal."))
    move(party, "remove", actor, moment)
    party.ended, party.reason = moment, plain or None
    tell(actor, deal, "party_removed", moment, about=party, side=None if party.person_id else _own_line(party.side), of=party.side)
    return party


def reach(actor: Actor, deal: Deal, phone: str, duty: str) -> Party:
    """Say what one does in this deal and how one is reached."""
    require(actor, "deal.take_part", deal)
    party = next(one for one in deal.parties if one.state == "active" and one.person_id == actor.id)
    party.phone, party.duty = " ".join(phone.split())[:40] or None, " ".join(duty.split())[:120] or None
    record(party, "reached", actor)
    return party


def successors(deal: Deal) -> list[Person]:
    """Who could lead the deal: the other technology managers of its agency; anybody of them where it has none."""
    brokers = select(Person).where(Person.is_broker, Person.closed.is_(None), Person.id != deal.broker_id).order_by(Person.name)
    taking = {one for people in deal.people.values() for one in people}
    return [one for one in session.scalars(brokers) if one.id not in taking and (deal.agency_id is None or deal.agency_id in one.seats)]


def offer(actor: Actor, deal: Deal, successor: Person, at: datetime | None = None) -> Party:
    """Offer the deal to another technology manager of the same agency, who takes it over by accepting."""
    require(actor, "deal.hand_over", deal)
    if deal.state not in OPEN_STAGES:
        raise Refused(N_("This deal has ended in the meantime."))
    if successor not in successors(deal):
        raise Refused(N_("A deal is handed over to another technology manager of the same agency."), field="successor")
    return _invited(actor, deal, "broker", successor.address_key, "", successor.language, at or now())


def _taken_over(actor: Actor, party: Party, person: Person, moment: datetime) -> Party:
    if not person.is_broker or (party.deal.agency_id is not None and party.deal.agency_id not in person.seats):
        raise NotAllowed(N_("A deal is handed over to another technology manager of the same agency."))
    _lead(actor, party.deal, person, moment, party)
    return party


def _lead(actor: Actor, deal: Deal, person: Person, moment: datetime, party: Party | None = None) -> None:
    """Put the deal into another broker's hands; the one before takes part no longer."""
    for before in people_of(deal, "broker"):
        move(before, "remove", SYSTEM, moment)
        before.ended = moment
    session.flush()  # one broker at a time
    deal.broker_id, deal.broker = person.id, person
    deal.agency_id = deal.agency_id or agency_of(person)
    if party is None:
        session.add(Party(
            deal=deal, side="broker", person=person, organisation_id=deal.agency_id, address_key=person.address_key, language=person.tongue,
            state="active", created=moment,
        ))
    else:
        party.person_id, party.person, party.organisation_id = person.id, person, deal.agency_id
        move(party, "accept", actor, moment)
    record(deal, "handed_over", actor, moment)
    tell(actor, deal, "handed_over", moment)


def has_left(deal: Deal) -> bool:
    """Whether the deal's broker leads it no longer: no seat in the agency, no technology manager, or no account."""
    broker = deal.broker
    return broker is not None and (not broker.is_broker or not broker.is_active or (deal.agency_id is not None and deal.agency_id not in broker.seats))


def left_behind(actor: Actor) -> list[Deal]:
    """The open deals of agencies the actor owns whose broker has left: somebody has to be given them."""
    owned = [house for house, role in actor.seats.items() if role == "owner"]
    if not owned:
        return []
    query = select(Deal).where(Deal.agency_id.in_(owned), Deal.state.in_(OPEN_STAGES), Deal.broker_id.is_not(None)).order_by(Deal.id)
    return [deal for deal in session.scalars(query) if has_left(deal)]


def reassign(actor: Actor, deal: Deal, successor: Person, at: datetime | None = None) -> Deal:
    """The agency's owner gives a deal whose broker has left to another of its brokers."""
    require(actor, "deal.reassign", deal)
    moment, deal = at or now(), locked(deal)
    if not has_left(deal):
        raise Refused(N_("The deal's technology manager is still there and can hand it over."))
    if deal.state not in OPEN_STAGES or successor not in successors(deal):
        raise Refused(N_("A deal is handed over to another technology manager of the same agency."), field="successor")
    _lead(actor, deal, successor, moment)
    return deal


@handler("deals.members_left")
def members_left(thing_id: int) -> None:
    """End the part of those who acted for an organisation and have no seat in it any more."""
    house, moment = session.get_one(Organisation, thing_id), now()
    seated = {seat.person_id for seat in house.memberships}
    acting = select(Party).where(Party.organisation_id == house.id, Party.state == "active", Party.side.in_(("firm", "holder")))
    for party in session.scalars(acting):
        if party.person_id not in seated:
            move(party, "remove", SYSTEM, moment)
            party.ended = moment
            tell(SYSTEM, party.deal, "party_removed", moment, about=party, of=party.side)
