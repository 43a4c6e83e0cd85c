"""Mail about deals: invitations, the introduction, stages, what is lost, who is removed, what is due of the broker's fee.

It goes to those who take part, and for the introduction to the owners of a house for which nobody does yet. A deal is called what its reader may
read of it, and nobody is named who stands on a side that the reader is not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from marketplace.alerts.operations import to_address, to_person
from marketplace.alerts.wording import Sum
from marketplace.db import session
from marketplace.deals.fees.models import FeeDue, FeeReminder
from marketplace.deals.introduction.models import Consent
from marketplace.deals.models import Deal, Party
from marketplace.deals.parties.operations import token_of
from marketplace.deals.sight import called, people_of
from marketplace.jobs import handler
from marketplace.people import organisations
from marketplace.people.models import Person
from marketplace.record import Event

STEPS = ("qualify", "introduce", "protect", "evaluate", "negotiate", "reconsider", "announce", "resume", "sign", "perform", "win", "taken", "handed_over")


def _tell(deal: Deal, people: Iterable[Person], what: str, path: str = "", **values: Any) -> None:
    """Write to each person once; `what` chooses the sentence in templates/mail/deal.txt."""
    told: set[int] = set()
    facts = {"stage": deal.state, "code": deal.lost_code or "", "text": "", "side": "", "amount": "", "day": "", **values}
    for person in people:
        if person.id not in told and person.is_active:
            told.add(person.id)
            said = {name: value(person.language) if callable(value) else value for name, value in facts.items()}
            to_person("deal", person, f"/deals/{deal.public_id}{path}", what=what, title=called(person, deal, person.language)[0], **said)


def _all(deal: Deal, besides: int | None = None) -> list[Person]:
    return [party.person for party in deal.parties if party.state == "active" and party.person is not None and party.person_id != besides]


def _side(deal: Deal, side: str) -> list[Person]:
    """Who hears for a side: those who take part for it, else the owners of its house."""
    found = [party.person for party in people_of(deal, side) if party.person is not None]
    return found or organisations.owners(deal.firm if side == "firm" else deal.holder)


@handler("alerts.party_invited")
def party_invited(thing_id: int) -> None:
    """Send an invitation to its address."""
    party = session.get_one(Party, thing_id)
    if party.state == "invited":
        to_address("party_invited", party.address_key, f"/deals/invitations/{token_of(party)}", party.language, side=party.side)


@handler("alerts.party_removed")
def party_removed(thing_id: int) -> None:
    """Tell somebody that his part has ended, and why; the mail has no way back into the deal."""
    party = session.get_one(Party, thing_id)
    if party.state == "removed" and party.person is not None and party.person.is_active:
        to_person("party_removed", party.person, "/deals", title=called(party.person, party.deal, party.person.language)[0], reason=party.reason or "")


@handler("alerts.introduction_asked")
def introduction_asked(thing_id: int) -> None:
    """Ask both sides whether they agree to the introduction."""
    deal = session.get_one(Deal, thing_id)
    _tell(deal, [*_side(deal, "firm"), *_side(deal, "holder")], "introduction_asked", "/introduction")


@handler("alerts.introduction_answered")
def introduction_answered(thing_id: int) -> None:
    """Tell the broker what a side has answered."""
    consent = session.get_one(Consent, thing_id)
    deal = consent.deal
    people = [party.person for party in people_of(deal, "broker") if party.person is not None]
    _tell(deal, people, "agreed" if consent.agreed else "not_agreed", side=consent.side, code=consent.code or "", text=consent.text or "")


@handler("alerts.deal_moved")
def deal_moved(thing_id: int) -> None:
    """Tell everybody but the mover where the deal stands now; of two steps in a row there is one mail, about the later."""
    deal = session.get_one(Deal, thing_id)
    names = [f"deal.{verb}" for verb in STEPS]
    last = session.scalar(select(Event).where(Event.thing == "deal", Event.thing_id == deal.id, Event.name.in_(names)).order_by(Event.id.desc()).limit(1))
    what = {"deal.taken": "taken", "deal.handed_over": "handed_over"}.get(last.name if last else "", "moved")
    if deal.state != "lost":
        _tell(deal, _all(deal, last.actor_id if last else None), what)


@handler("alerts.deal_lost")
def deal_lost(thing_id: int) -> None:
    """Tell everybody in the deal, and the other side as advice, why it was given up."""
    deal = session.get_one(Deal, thing_id)
    last = session.scalar(select(Event).where(Event.thing == "deal", Event.thing_id == deal.id, Event.name == "deal.lose").order_by(Event.id.desc()).limit(1))
    _tell(deal, _all(deal, last.actor_id if last else None), "lost", text=deal.lost_text or "")


def _about_fee(due: FeeDue, what: str) -> None:
    """Write to the side that owes a part of the fee, and to the broker; to nobody once it is paid."""
    if due.unpaid:
        people = [*_side(due.deal, due.payer), *(party.person for party in people_of(due.deal, "broker") if party.person is not None)]
        _tell(
            due.deal, people, what, "#fee", side=due.payer, amount=Sum(due.unpaid, due.currency), day=due.due,
            text=lambda language: due.because[language],
        )


@handler("alerts.fee_due")
def fee_due(thing_id: int) -> None:
    """Tell the side that owes it, and the broker, what is due of the fee and until when."""
    _about_fee(session.get_one(FeeDue, thing_id), "fee_due")


@handler("alerts.fee_reminder")
def fee_reminder(thing_id: int) -> None:
    """Remind the side that owes a part of the fee, and tell the broker; silent when it was paid, put off or the deal was lost meanwhile."""
    reminder = session.get_one(FeeReminder, thing_id)
    if reminder.due.due == reminder.day and reminder.due.deal.state != "lost":
        _about_fee(reminder.due, f"fee_{reminder.step}")
