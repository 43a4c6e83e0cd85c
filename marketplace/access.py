"""Who may do what: one table, and anything it does not list is denied.

A row reads "action: the relations that allow it". A relation is how an actor stands to a thing: anyone, signed-in user,
member of a verified organisation, member or owner of the organisation that answers for the thing, its author, broker,
operator, the system itself. A thing's `sides` (an organisation each, or several that stand on one side) give `{side}` and `{side}_{role}`,
its `people` (persons) `{side}_party`. The steps of a state machine add their rows from the model that declares them (`Step`), so
each rule stands once. `visible_to` is the SQL twin of `readable`; a test compares the two over every role and state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, or_, true

from marketplace.errors import N_, NotAllowed, NotFound


class Actor(Protocol):
    """What access needs to know of whoever acts."""

    id: int | None
    is_operator: bool
    is_broker: bool

    @property
    def seats(self) -> dict[int, str]:
        """Organisation id → membership role."""

    @property
    def is_verified(self) -> bool:
        """Whether one of the actor's organisations is verified."""

    def granted(self, noun: str, key: int) -> bool:
        """Whether one of the actor's organisations has been given access to the blind listing."""


@dataclass(frozen=True)
class Nobody:
    """An actor without a person: the visitor, or the system that runs jobs."""

    name: str
    id: int | None = None
    is_operator: bool = False
    is_broker: bool = False
    is_verified: bool = False
    is_authenticated: bool = False
    seats: dict[int, str] = field(default_factory=dict)

    def granted(self, noun: str, key: int) -> bool:
        """Nobody is given access to anything blind."""
        return False


VISITOR = Nobody("visitor")
SYSTEM = Nobody("system")


@dataclass(frozen=True)
class Step:
    """One step of a state machine: from which states, to which, and the relations that may take it."""

    origin: tuple[str, ...]
    target: str
    who: tuple[str, ...]


ACTIONS: dict[str, frozenset[str]] = {
    "listing.read": frozenset({"reader", "teaser_reader", "member", "call_side", "author", "moderator", "system"}),
    "listing.read_in_full": frozenset({"reader", "member", "call_side", "author", "moderator", "system"}),
    "listing.ask_access": frozenset({"user"}),
    "listing.look_into": frozenset({"operator"}),
    "access_grant.ask": frozenset({"asking_side"}),
    "access_grant.read": frozenset({"owner_side", "asking_side"}),
    "access_grant.extend": frozenset({"owner_side"}),
    "nda.read": frozenset({"owner_side", "asking_side"}),
    "nda.sign": frozenset({"owner_side_owner", "owner_side_signatory", "asking_side_owner", "asking_side_signatory"}),
    "organisation.access_log": frozenset({"member"}),
    "person.register": frozenset({"visitor"}),
    "person.sign_in": frozenset({"anyone"}),
    "person.confirm": frozenset({"anyone"}),
    "person.reset": frozenset({"anyone"}),
    "person.edit": frozenset({"self"}),
    "person.end_sessions": frozenset({"operator", "system"}),
    "person.copy": frozenset({"self"}),
    "person.erase": frozenset({"self", "operator", "system"}),
    "person.appoint": frozenset({"operator", "system"}),
    "person.appoint_operator": frozenset({"system"}),
    "organisation.create": frozenset({"user", "system"}),
    "organisation.edit": frozenset({"owner", "operator", "system"}),
    "organisation.join": frozenset({"user"}),
    "organisation.invite": frozenset({"owner", "system"}),
    "organisation.staff": frozenset({"owner", "operator", "system"}),
    "organisation.history": frozenset({"member"}),
    "organisation.members": frozenset({"member", "operator"}),
    "organisation.export": frozenset({"owner", "system"}),
    "membership.remove": frozenset({"owner", "self", "operator", "system"}),
    "operations.see": frozenset({"operator"}),
    "upload.enter": frozenset({"user", "system"}),
    "upload.see": frozenset({"operator"}),
    "technology.create": frozenset({"member", "system"}),
    "technology.edit": frozenset({"member", "system"}),
    "technology.import": frozenset({"member", "operator", "system"}),
    "technology.history": frozenset({"member", "moderator"}),
    **{f"{noun}.{verb}": frozenset({"member", "system"}) for noun in ("facility", "expert", "scenario") for verb in ("create", "edit")},
    **{f"{noun}.history": frozenset({"member", "moderator"}) for noun in ("facility", "expert", "scenario")},
    **{f"{noun}.ask": frozenset({"user"}) for noun in ("facility", "expert", "scenario")},
    **{f"{noun}.read": frozenset({"host", "asker"}) for noun in ("booking", "expert_request", "trial_application")},
    "facility.calendar": frozenset({"member"}),
    "expert.consent": frozenset({"self"}),
    "need.create": frozenset({"user", "system"}),
    "need.edit": frozenset({"member", "author", "system"}),
    "need.import": frozenset({"member", "system"}),
    "need.history": frozenset({"member", "author", "moderator"}),
    "need.distil": frozenset({"broker_reader", "system"}),
    "need.sign_off": frozenset({"member", "system"}),
    "need.verify": frozenset({"broker_reader", "system"}),
    "need.interview": frozenset({"member", "broker_reader", "system"}),
    "distillation.edit": frozenset({"broker_party", "firm"}),
    "distillation.read": frozenset({"broker_party", "firm"}),
    "need.advice": frozenset({"member", "system"}),
    "technology.advice": frozenset({"member", "system"}),
    "match.read": frozenset({"firm", "holder", "broker", "operator"}),
    "match.learn": frozenset({"operator", "system"}),
    "match.export_judged": frozenset({"operator", "system"}),
    "match.answer_firm": frozenset({"firm"}),
    "match.answer_holder": frozenset({"holder"}),
    "match.answer_broker": frozenset({"broker"}),
    "deal.open": frozenset({"broker"}),
    "deal.read": frozenset({"firm_party", "holder_party", "broker_party", "guest_party", "firm_house_owner", "holder_house_owner", "system"}),
    "deal_document.read": frozenset({"firm_party", "holder_party", "broker_party", "guest_party", "firm_house_owner", "holder_house_owner"}),
    "deal_document.edit": frozenset({"firm_party", "holder_party", "broker_party", "guest_party"}),
    "deal_document.share": frozenset({"firm_party", "holder_party", "broker_party"}),
    "deal_document.remove": frozenset({"self", "broker_party"}),
    "deal.leads": frozenset({"broker"}),
    "deal.take": frozenset({"broker"}),
    "deal.ask": frozenset({"member"}),
    "deal.invite": frozenset({"firm_party", "holder_party", "broker_party"}),
    "deal.join": frozenset({"firm_house_owner", "holder_house_owner"}),
    "deal.hand_over": frozenset({"broker_party"}),
    "deal.reassign": frozenset({"agency_owner"}),
    "deal.ask_consent": frozenset({"broker_party"}),
    "deal.consent_firm": frozenset({"firm_party", "firm_house_owner"}),
    "deal.consent_holder": frozenset({"holder_party", "holder_house_owner"}),
    "deal.draft_agreement": frozenset({"firm_party", "holder_party"}),
    "deal.set_fee": frozenset({"broker_party"}),
    "deal.mark_fee": frozenset({"broker_party"}),
    "deal.take_part": frozenset({"firm_party", "holder_party", "broker_party", "guest_party"}),
    "deal.watch_agreement": frozenset({"broker_party"}),
    "deal.see_clocks": frozenset({"firm_party", "holder_party", "broker_party", "firm_house_owner", "holder_house_owner"}),
    "worklist.see": frozenset({"broker"}),
    "funnel.lead": frozenset({"broker"}),
    "funnel.compare": frozenset({"operator"}),
    "organisation.funnel": frozenset({"owner"}),
    "deal_note.edit": frozenset({"writing_party"}),
    "deal_task.change": frozenset({"concerned_party"}),
    "deal_meeting.change": frozenset({"arranging_party"}),
    "deal_attendance.answer": frozenset({"invited_party"}),
    "agreement.create": frozenset({"member"}),
    "agreement.read": frozenset({"licensor", "licensee", "system"}),
    "agreement.revise": frozenset({"licensor", "licensee"}),
    "agreement.sign": frozenset({"licensor_signatory", "licensee_signatory", "licensor_owner", "licensee_owner"}),
    "agreement.correct": frozenset({"licensor", "licensee"}),
    "agreement.dispute": frozenset({"licensor", "licensee"}),
    "agreement.trial_started": frozenset({"licensor", "licensee"}),
    "agreement.trial_extended": frozenset({"licensor"}),
    "agreement.converted": frozenset({"licensee_signatory", "licensee_owner"}),
    "agreement.declined": frozenset({"licensee_signatory", "licensee_owner"}),
    "agreement.first_revenue": frozenset({"licensee"}),
    "agreement.milestone_accepted": frozenset({"licensee"}),
    "agreement.submitted": frozenset({"licensor"}),
    "agreement.accepted": frozenset({"licensee"}),
    "agreement.rejected": frozenset({"licensee"}),
    "agreement.statement": frozenset({"licensee", "system"}),
    "agreement.bought_out": frozenset({"licensee_signatory", "licensee_owner"}),
    "agreement.terminated": frozenset({"licensor_signatory", "licensee_signatory", "licensor_owner", "licensee_owner"}),
    "agreement.certified": frozenset({"licensee_signatory", "licensee_owner"}),
    "agreement.payment": frozenset({"licensor", "system"}),
    "agreement.interest_paid": frozenset({"licensor", "system"}),
    "statement.read": frozenset({"licensor", "licensee"}),
    "statement.edit": frozenset({"licensee"}),
    "audit.ask": frozenset({"licensor"}),
    "audit.read": frozenset({"licensor", "licensee"}),
    "audit.edit": frozenset({"licensor"}),
    "organisation.credit": frozenset({"member", "counterparty"}),
    "credit_entry.comment": frozenset({"subject", "counterparty"}),
    "agreement.bill": frozenset({"licensor", "system"}),
    "agreement.report_payment": frozenset({"licensor", "licensee"}),
    "invoice.read": frozenset({"licensor", "licensee"}),
    "invoice.cancel": frozenset({"licensor", "system"}),
    "invoice.tax_number": frozenset({"licensor"}),
    "payment.read": frozenset({"licensor", "licensee"}),
    "payment.edit": frozenset({"licensor", "licensee"}),
    "organisation.money": frozenset({"member"}),
    "organisation.bank": frozenset({"member"}),
    "organisation.billing": frozenset({"owner"}),
    "guarantee.request": frozenset({"licensor", "licensee"}),
    "guarantee.read": frozenset({"licensor", "licensee", "guarantor", "system"}),
    "guarantee.accept": frozenset({"licensor_signatory", "licensee_signatory", "licensor_owner", "licensee_owner"}),
    "guarantee.claim": frozenset({"protected"}),
    "guarantee.premium": frozenset({"guarantor"}),
    "guarantee.repay": frozenset({"guarantor"}),
    "claim.read": frozenset({"licensor", "licensee", "guarantor", "system"}),
    "claim.edit": frozenset({"protected", "guarantor"}),
    "organisation.read_income": frozenset({"owner", "signatory"}),
    "organisation.divide_income": frozenset({"owner", "signatory"}),
    "split.read": frozenset({"owner", "signatory"}),
    "income_cost.read": frozenset({"owner", "signatory"}),
    "income_cost.edit": frozenset({"owner", "signatory"}),
    "inventor.read": frozenset({"owner", "signatory", "self"}),
    "inventor.claim": frozenset({"user"}),
    "inventor.erase": frozenset({"owner"}),
    "agreement.price": frozenset({"licensor"}),
    "agreement_pricing.edit": frozenset({"licensor"}),
    "agreement_pricing.read": frozenset({"licensor"}),
    "agreement_notice.create": frozenset({"licensor"}),
    "agreement_notice.read": frozenset({"licensor", "licensee", "reader", "system"}),
    "agreement_notice.object": frozenset({"user"}),
    "agreement_notice.enter_objection": frozenset({"licensor"}),
    "notice_objection.read": frozenset({"licensor", "self"}),
    "notice_objection.edit": frozenset({"licensor", "self"}),
    "recordal.read": frozenset({"licensor", "licensee"}),
    "recordal.edit": frozenset({"licensor", "licensee"}),
    "contract_registration.read": frozenset({"licensor", "licensee"}),
    "contract_registration.edit": frozenset({"licensor", "licensee"}),
    "organisation.read_register": frozenset({"owner", "signatory"}),
    "organisation.decide": frozenset({"owner", "signatory"}),
    "decision.read": frozenset({"owner", "signatory"}),
    "decision.edit": frozenset({"owner", "signatory"}),
    "evidence_export.read": frozenset({"owner", "signatory"}),
    "open_call.create": frozenset({"member"}),
    "open_call.edit": frozenset({"member"}),
    "open_call.amend": frozenset({"member"}),
    "open_call.extend": frozenset({"member"}),
    "open_call.ask": frozenset({"user"}),
    "open_call.name_reviewer": frozenset({"call_side"}),
    "open_call.ask_board": frozenset({"member"}),
    "call_question.read": frozenset({"self", "call_side"}),
    "call_question.answer": frozenset({"call_side"}),
    "reviewer.read": frozenset({"self", "call_side"}),
    "board.create": frozenset({"member"}),
    "board.edit": frozenset({"member"}),
    "board.decide": frozenset({"member"}),
    "open_call.review": frozenset({"call_side"}),
    "open_call.decide": frozenset({"owner", "signatory"}),
    "reviewer.declare": frozenset({"self"}),
    "assignment.score": frozenset({"self"}),
    "proposal.read_result": frozenset({"member"}),
    "team.read": frozenset({"team_side", "user_side"}),
    "open_call.name_holders": frozenset({"member"}),
    "open_call.see_sealed": frozenset({"member", "call_side"}),
    "call_key.mend": frozenset({"system"}),
    "call_key.see_trouble": frozenset({"operator"}),
    "key_holder.bring": frozenset({"anyone"}),
    "proposal.hand_in": frozenset({"member"}),
    "proposal.list_own": frozenset({"user"}),
    "proposal.read": frozenset({"member", "call_side"}),
    "proposal.see_receipt": frozenset({"member"}),
    "need.pool": frozenset({"member", "system"}),
    "organisation.pool": frozenset({"member"}),
    "organisation.pledge": frozenset({"owner", "signatory"}),
    "pool.read": frozenset({"reader", "member", "pledger", "past_pledger", "moderator", "system"}),
    "pool.edit": frozenset({"member"}),
    "pool.take_part": frozenset({"member", "pledger"}),
    "pool.put_motion": frozenset({"owner", "signatory", "pledger_owner", "pledger_signatory"}),
    "pool.read_shares": frozenset({"member", "pledger", "system"}),
    "pool_motion.read": frozenset({"pledger", "member", "system"}),
    "pool_motion.vote": frozenset({"pledger_owner", "pledger_signatory"}),
    "open_call.read_shared": frozenset({"call_side"}),
    "open_call.confirm": frozenset({"call_side_owner", "call_side_signatory"}),
    "pool_proposal.read": frozenset({"concerned", "system"}),
    "pool_proposal.answer": frozenset({"concerned"}),
    "example.begin": frozenset({"user"}),
    "example.edit": frozenset({"self"}),
    "mail.see": frozenset({"operator"}),
    "need.follow": frozenset({"member", "author"}),
    "technology.follow": frozenset({"member"}),
    "organisation.follow": frozenset({"member"}),
    "subscription.create": frozenset({"user"}),
    "subscription.edit": frozenset({"self"}),
    "subscription.stop": frozenset({"anyone"}),
}


def declare(noun: str, steps: dict[str, Step]) -> None:
    """Add the rows of a model's state machine: `noun.verb` → who."""
    for verb, step in steps.items():
        ACTIONS[f"{noun}.{verb}"] = frozenset(step.who)


def relations(actor: Actor, thing: Any = None) -> set[str]:
    """How the actor stands, in general and to the thing."""
    found = {"anyone"}
    if actor is SYSTEM:
        return found | {"system"}
    found.add("user" if actor.id is not None else "visitor")
    for name in ("is_operator", "is_broker", "is_verified"):
        if getattr(actor, name):
            found.add(name.removeprefix("is_"))
    if thing is None:
        return found
    role = actor.seats.get(getattr(thing, "organisation_id", None) or 0)
    if role:
        found |= {"member", role}
    if actor.id is not None:
        if getattr(thing, "author_id", None) == actor.id and getattr(thing, "organisation_id", None) is None:
            found.add("author")
        if getattr(thing, "person_id", None) == actor.id:
            found.add("self")
        for side, houses in getattr(thing, "sides", {}).items():
            for organisation in actor.seats.keys() & (houses if isinstance(houses, frozenset) else {houses}):
                found |= {side, f"{side}_{actor.seats[organisation]}"}
        for side, answering in getattr(thing, "sides", {}).items():
            for organisation in answering if isinstance(answering, tuple) else (answering,):
                if organisation in actor.seats:
                    found |= {side, f"{side}_{actor.seats[organisation]}"}
        found |= {f"{side}_party" for side, people in getattr(thing, "people", {}).items() if actor.id in people}
    return found | _as_reader(actor, thing) if hasattr(thing, "visibility") else found


def _as_reader(actor: Actor, listing: Any) -> set[str]:
    """How the actor stands to a listing as its reader; a blind one is open in full to those alone who were given access.

    `moderator` is the operator, but for what is blind or was never published: other people's secrets and drafts are not the site's.
    """
    found = {"reader", *({"broker_reader"} if actor.is_broker else ())} if readable(actor, listing) else set()
    if listing.visibility == "blind":
        return found | ({"teaser_reader"} if listing.state in type(listing).OPEN_STATES else set())
    return found | ({"moderator"} if actor.is_operator and listing.published is not None else set())


def readable(actor: Actor, listing: Any) -> bool:
    """Whether the published listing is open in full to the actor: public to all, members-only to verified people and brokers,
    blind to those who were given access."""
    if listing.state not in type(listing).OPEN_STATES:
        return False
    if listing.visibility == "blind":
        return actor.granted(listing.__tablename__, listing.id)
    if listing.visibility == "public":
        return True
    return listing.visibility == "members" and (actor.is_verified or actor.is_broker or actor.is_operator)


def open_visibilities(actor: Actor) -> tuple[str, ...]:
    """The visibilities of published listings that the actor may read whoever owns them; search filters by it."""
    return ("public", "members") if actor.is_verified or actor.is_broker or actor.is_operator else ("public",)


def visible_to(actor: Actor, model: Any) -> ColumnElement[bool]:
    """SQL twin of `may(actor, "listing.read", …)` for lists: of an open blind listing everybody may see that it is there."""
    if actor is SYSTEM:
        return true()
    published = and_(model.state.in_(model.OPEN_STATES), model.visibility.in_((*open_visibilities(actor), "blind")))
    moderated = and_(model.visibility != "blind", model.published.is_not(None)) if actor.is_operator else false()
    own = model.organisation_id.in_(list(actor.seats)) if actor.seats else false()
    if actor.seats and hasattr(model, "shared_with"):
        own = or_(own, model.shared_with(list(actor.seats)))
    mine = false()
    if actor.id is not None and hasattr(model, "author_id"):
        mine = and_(model.author_id == actor.id, model.organisation_id.is_(None))
    return or_(published, moderated, own, mine)


def may(actor: Actor, action: str, thing: Any = None) -> bool:
    """Whether the actor may take the action on the thing; an unlisted action is denied to everybody."""
    return bool(ACTIONS.get(action, frozenset()) & relations(actor, thing))


def require(actor: Actor, action: str, thing: Any = None) -> None:
    """Raise unless the actor may: `NotFound` where even the thing's existence is none of the actor's business."""
    if may(actor, action, thing):
        return
    if thing is not None and hasattr(thing, "visibility") and not may(actor, "listing.read", thing):
        raise NotFound()
    if actor is VISITOR:
        raise NotAllowed(N_("Sign in to do this."))
    raise NotAllowed()


def actions_of(actor: Actor, thing: Any, names: Iterable[str]) -> list[str]:
    """Those of the named actions that the actor may take on the thing, in the order given."""
    standing = relations(actor, thing)
    return [name for name in names if ACTIONS.get(name, frozenset()) & standing]
