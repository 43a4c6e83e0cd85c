"""How a deal follows its agreement and the notice of its price: jobs, and the draft that is made from the deal.

The agreement is the parties' own: the deal learns that it was proposed, signed, begun, withdrawn. That it is won the broker says, once money has come.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import now, session
from marketplace.deals.fees.dues import of_agreement
from marketplace.deals.fees.operations import clauses_of
from marketplace.deals.models import OPEN_STAGES, Deal
from marketplace.deals.operations import locked, step
from marketplace.deals.timeline import tell
from marketplace.errors import N_, Refused
from marketplace.jobs import handler
from marketplace.licensing.ledger import standing_events
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.licensing.operations import create_agreement, draft_from_offer
from marketplace.record import Event

KINDS = ("agreement_drafted", "agreement_linked", "agreement_withdrawn")
AHEAD = timedelta(days=14)
"""How far ahead a draft sets the day of effect, as on the page of a new agreement."""

BEGUN = ("trial_started", "first_revenue", "milestone_accepted", "submitted", "statement", "payment", "converted")
"""What shows that an agreement is being performed."""


def may_draft(actor: Actor, deal: Deal) -> bool:
    """Whether the actor may draft the agreement of this deal: for one of the two sides, once they know each other."""
    seated = deal.firm_id in actor.seats or deal.holder_id in actor.seats
    return deal.was_introduced and deal.state in OPEN_STAGES and deal.agreement_id is None and seated and may(actor, "deal.draft_agreement", deal)


def draft_agreement(actor: Actor, deal: Deal, at: datetime | None = None) -> Agreement:
    """A draft from the technology's offer between the two sides, with the broker's fee in its clauses; linked with the deal.

    Refused before the introduction, to whoever may not read the technology in full, since the agreement names it, and when there is one already.
    """
    require(actor, "deal.draft_agreement", deal)
    moment, deal = at or now(), locked(deal)
    if deal.agreement_id is not None:
        raise Refused(N_("There is an agreement with this deal already."))
    if not may_draft(actor, deal):
        raise Refused(N_("The agreement is drafted by a member of one of the two organisations, once both have been introduced."))
    if not may(actor, "listing.read_in_full", deal.technology):
        raise Refused(N_("The agreement names the technology in full: ask for access to it first."))
    draft = draft_from_offer(deal.technology, (moment + AHEAD).date())
    number = session.scalar(select(func.count()).select_from(Agreement).where(Agreement.key.like(f"deal:{deal.public_id}:%"))) or 0
    agreement = create_agreement(
        actor, deal.technology, deal.holder, deal.firm, draft.terms, {**draft.clauses, **clauses_of(deal)}, moment,
        key=f"deal:{deal.public_id}:{number + 1}",
    )
    deal.agreement = agreement
    deal.agreement_id = agreement.id
    tell(actor, deal, "agreement_drafted", moment, about=agreement)
    return agreement


def follow(agreement: Agreement, moment: datetime) -> Deal | None:
    """Bring the deal of an agreement to where the agreement is. Done twice it changes nothing."""
    deal = of_agreement(agreement.id) or _linked(agreement, moment)
    if deal is None:
        return None
    deal = locked(deal)
    if agreement.state == "withdrawn":
        _withdrawn(deal, agreement, moment)
    elif agreement.state == "proposed" and deal.state == "evaluation":
        step(SYSTEM, deal, "negotiate", moment)
    elif agreement.state == "countersigned":
        if deal.state in Deal.TRANSITIONS["sign"].origin:
            step(SYSTEM, deal, "sign", moment)
        if deal.state == "signed" and any(event.type in BEGUN for event in standing_events(agreement)):
            step(SYSTEM, deal, "perform", moment)
    return deal


def _linked(agreement: Agreement, moment: datetime) -> Deal | None:
    """The one open deal of these two about this technology, when they agree outside of its page."""
    if agreement.state not in ("proposed", "countersigned"):
        return None
    open_ones = list(session.scalars(select(Deal).where(
        Deal.technology_id == agreement.technology_id, Deal.firm_id == agreement.licensee_id, Deal.holder_id == agreement.licensor_id,
        Deal.agreement_id.is_(None), Deal.introduced.is_not(None), Deal.state.in_(OPEN_STAGES),
    )))
    if len(open_ones) != 1:
        return None
    deal = locked(open_ones[0])
    deal.agreement_id, deal.agreement = agreement.id, agreement
    tell(SYSTEM, deal, "agreement_linked", moment, about=agreement)
    return deal


def _withdrawn(deal: Deal, agreement: Agreement, moment: datetime) -> None:
    """The draft is gone: another may be made, and what waited for the notice of its price is negotiated anew."""
    deal.agreement_id, deal.agreement = None, None
    tell(SYSTEM, deal, "agreement_withdrawn", moment, about=agreement)
    if deal.state == "notice":
        step(SYSTEM, deal, "resume", moment)


@handler("deals.follow_agreement")
def follow_agreement(thing_id: int) -> None:
    """Bring the deal to where its agreement is."""
    follow(session.get_one(Agreement, thing_id), now())


@handler("deals.follow_event")
def follow_event(thing_id: int) -> None:
    """Bring the deal to where its agreement is after something happened under it."""
    follow(session.get_one(AgreementEvent, thing_id).agreement, now())


NOTICED = {"publish": "announce", "uphold": "resume", "void": "resume", "withdraw": "resume"}
"""What a deal does when the notice of its price is published, or comes to nothing; when it simply ends the deal waits for the signatures."""


@handler("deals.follow_notice")
def follow_notice(thing_id: int) -> None:
    """Bring the deal to where the notice of its agreement's price is: the newest thing that happened to the notice says it."""
    told = select(Event).where(Event.thing == "agreement_notice", Event.thing_id == thing_id).order_by(Event.id.desc())
    verbs = {f"agreement_notice.{verb}": step_ for verb, step_ in NOTICED.items()}
    last = session.scalar(told.where(Event.name.in_(list(verbs))).limit(1))
    deal = of_agreement(int(last.facts["agreement"])) if last is not None else None
    if last is not None and deal is not None and deal.state in Deal.TRANSITIONS[verbs[last.name]].origin:
        step(SYSTEM, locked(deal), verbs[last.name], now())
