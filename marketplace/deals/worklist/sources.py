"""What waits in a technology manager's deals: introductions asked for, trials that end, what is overdue, badges that expire, deals that stand still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import defer, lazyload, load_only, selectinload

from marketplace.access import Actor, may, visible_to
from marketplace.catalogue.models import Technology
from marketplace.db import HOME, session
from marketplace.deals.fees.models import FeeDue
from marketplace.deals.models import OPEN_STAGES, Deal
from marketplace.deals.worklist.pairs import MOST, awake, specialty_of, within
from marketplace.deals.worklist.rows import Row, Step
from marketplace.errors import N_
from marketplace.licensing.duties.models import Notice
from marketplace.licensing.models import Standing
from marketplace.matching.desk.brokers import answered_by
from marketplace.matching.models import Match, MatchAnswer
from marketplace.needs.models import Need

TRIAL_SOON = BADGE_SOON = STILL = timedelta(days=14)
NOTICE_SOON = timedelta(days=7)
NOTICED = ("evaluation", "negotiating", "notice")
TOLD = ("public_id", "title", "teaser", "visibility", "state", "organisation_id", "author_id")  # of a listing, in a row
WITH_LISTINGS = (
    defer(Deal.frozen), *(selectinload(which).options(load_only(*(getattr(model, name) for name in TOLD)), lazyload(model.organisation))
                          for which, model in ((Deal.need, Need), (Deal.technology, Technology))),
    selectinload(Deal.technology).lazyload(Technology.offer),
)
"""What a row loads of a deal: names and who may read them, without texts and offers. Whose they are comes with the deal."""

PATIENT = ("notice", "performing")
"""Stages that last by their nature: the clock of the notice, the trial and the years of the agreement have rows of their own."""


def day_at(moment: datetime) -> date:
    """The day of the worklist: the calendar day in China."""
    return moment.astimezone(HOME).date()


def about(actor: Actor, deal: Deal) -> dict[str, object]:
    """What a row says of a deal besides its sentence. Whose listing is blind to the actor, his name is not told."""
    sides = ((deal.need, deal.firm), (deal.technology, deal.holder))
    known = tuple(house.name for listing, house in sides if listing is None or listing.visibility != "blind" or may(actor, "listing.read_in_full", listing))
    return {"listings": tuple(listing for listing, _ in sides if listing is not None), "parties": known}


def _look(deal: Deal, label: str, part: str = "") -> Step:
    return Step(label, "deals.show", {"public_id": deal.public_id, **({"_anchor": part} if part else {})})


def asked(actor: Actor, today: date) -> list[Row]:
    """Introductions that a side has asked for and nobody has taken, in the actor's fields, the oldest first: as a deal without a broker, or by
    accepting a match."""
    return sorted([*_leads(actor, today), *_accepted(actor, today)], key=lambda row: (row.day, row.thing))[:MOST]


def _leads(actor: Actor, today: date) -> list[Row]:
    """Deals without a broker. Who asked is told once he has taken it."""
    query = select(Deal).join(Technology, Technology.id == Deal.technology_id).outerjoin(Need, Need.id == Deal.need_id)
    query = query.where(Deal.state == "lead", Deal.broker_id.is_(None), awake(actor, "asked", Deal.public_id, today))
    leads = session.scalars(within(query, specialty_of(actor)).options(*WITH_LISTINGS).order_by(Deal.created, Deal.id).limit(MOST))
    return [
        Row("asked", deal.public_id, N_("An introduction was asked for on %(day)s, and no technology manager has taken it."),
            Step(N_("Take it"), "deals.take", {"public_id": deal.public_id}, post=True), {"day": day_at(deal.created)},
            (*((deal.need,) if deal.need else ()), deal.technology), day=day_at(deal.created))
        for deal in leads
    ]


def _accepted(actor: Actor, today: date) -> list[Row]:
    """Matches with which a side asks for an introduction, and of which nobody has made a deal."""
    newest = select(func.max(MatchAnswer.id)).where(MatchAnswer.side != "broker").group_by(MatchAnswer.match_id, MatchAnswer.side)
    dealt = select(Deal.id).where(Deal.need_id == Match.need_id, Deal.technology_id == Match.technology_id, Deal.state != "lost")
    query = select(MatchAnswer.side, MatchAnswer.at, Match).join(Match, Match.id == MatchAnswer.match_id)
    query = query.join(Need, Need.id == Match.need_id).join(Technology, Technology.id == Match.technology_id).where(
        MatchAnswer.answer == "introduced", MatchAnswer.id.in_(newest), ~answered_by(actor), Match.firm != "declined", Match.holder != "declined",
        Need.state.in_(Need.OPEN_STATES), visible_to(actor, Need), Technology.state.in_(Technology.OPEN_STATES), visible_to(actor, Technology),
        ~dealt.exists(), awake(actor, "asked", Match.public_id, today),
    )
    found: dict[str, Row] = {}
    for side, at, match in session.execute(within(query, specialty_of(actor)).order_by(MatchAnswer.id).limit(2 * MOST)):
        found.setdefault(match.public_id, Row(
            "asked", match.public_id, N_("With this match %(side)s asked for an introduction on %(day)s, and there is no deal yet."),
            Step(N_("Open a deal"), "deals.open", {"public_id": match.public_id}, post=True), {"side": side, "day": day_at(at)},
            (match.need, match.technology), day=day_at(at), match=match.public_id,
        ))
    return list(found.values())


def watched(actor: Actor, kind: str, today: date, *which: object) -> Iterator[tuple[Deal, date | None, date | None, date | None]]:
    """Deals the actor leads whose agreement fulfils the conditions, with days of its standing alone: end of the trial, end of the window, statement due.

    The columns are chosen one by one: amounts of the agreement are read by its two sides only.
    """
    query = select(Deal, Standing.trial_end, Standing.window_end, Standing.statement_due).join(Standing, Standing.agreement_id == Deal.agreement_id)
    query = query.where(Deal.broker_id == actor.id, Deal.state != "lost", awake(actor, kind, Deal.public_id, today), *which)
    rows = session.execute(query.options(*WITH_LISTINGS).order_by(Standing.next_due, Deal.id).limit(MOST))
    return (tuple(row) for row in rows if may(actor, "deal.watch_agreement", row[0]))


def trials(actor: Actor, today: date) -> list[Row]:
    """Trials that end within 14 days, and decisions after a trial that are still to be taken."""
    running = watched(actor, "trial", today, Standing.status == "on_trial", Standing.trial_end <= today + TRIAL_SOON)
    waiting = watched(actor, "decision", today, Standing.status == "awaiting_decision")
    return [
        *(Row("trial", deal.public_id, N_("The trial ends on %(day)s; talk to both sides about what comes after it."), _look(deal, N_("Remind"), "talk"),
              {"day": end}, day=end, **about(actor, deal)) for deal, end, _, _ in running),
        *(Row("decision", deal.public_id, N_("The firm decides until %(day)s whether it goes on after the trial."), _look(deal, N_("Remind"), "talk"),
              {"day": end}, day=end, **about(actor, deal)) for deal, _, end, _ in waiting),
    ]


def statements(actor: Actor, today: date) -> list[Row]:
    """Agreements of the actor's deals under which a sales statement is overdue."""
    return [
        Row("statement", deal.public_id, N_("A sales statement was due on %(day)s and has not come."), _look(deal, N_("Remind"), "talk"), {"day": due},
            day=due, **about(actor, deal))
        for deal, _, _, due in watched(actor, "statement", today, Standing.statements_overdue > 0)
    ]


def fees(actor: Actor, today: date) -> list[Row]:
    """Deals the actor leads of whose fee a part is overdue, a row each whoever owes it, the longest overdue first."""
    late = select(Deal.id, FeeDue.currency, func.min(FeeDue.due), func.sum(FeeDue.amount - FeeDue.paid)).join(FeeDue, FeeDue.deal_id == Deal.id)
    late = late.where(Deal.broker_id == actor.id, Deal.state != "lost", FeeDue.amount > FeeDue.paid, FeeDue.due < today)
    late = late.where(awake(actor, "fee", Deal.public_id, today)).group_by(Deal.id, FeeDue.currency).order_by(func.min(FeeDue.due), Deal.id).limit(MOST)
    since: dict[int, date] = {}
    owed: dict[int, list[tuple[int, str]]] = {}
    for key, currency, day, amount in session.execute(late):
        since[key] = min(day, since.get(key, day))
        owed.setdefault(key, []).append((int(amount), currency))
    deals = {deal.id: deal for deal in session.scalars(select(Deal).where(Deal.id.in_(list(since))).options(*WITH_LISTINGS))}
    return [
        Row("fee", deals[key].public_id, N_("%(amounts)s of your fee is overdue since %(day)s."), _look(deals[key], N_("Remind, or mark as received"), "fee"),
            {"amounts": owed[key], "day": day}, day=day, **about(actor, deals[key]))
        for key, day in sorted(since.items(), key=lambda one: (one[1], one[0]))
    ]


def notices(actor: Actor, today: date) -> list[Row]:
    """Notices of a price, in the actor's deals, that end within a week: then the agreement can be signed."""
    ending = select(Deal, Notice.public_id, Notice.runs_until).join(Notice, Notice.agreement_id == Deal.agreement_id).where(
        Deal.broker_id == actor.id, Deal.state.in_(NOTICED), Notice.state == "published", Notice.runs_until <= today + NOTICE_SOON,
        awake(actor, "notice", Notice.public_id, today),
    )
    rows = session.execute(ending.options(*WITH_LISTINGS).order_by(Notice.runs_until, Notice.id).limit(MOST))
    return [
        Row("notice", notice, N_("The notice of the price ends on %(day)s; then both sides can sign."), _look(deal, N_("Look at it")), {"day": last}, day=last,
            **about(actor, deal))
        for deal, notice, last in rows if may(actor, "deal.watch_agreement", deal)
    ]


def badges(actor: Actor, today: date) -> list[Row]:
    """Verified needs whose badge expires within 14 days: those the actor verified, and those in his deals."""
    led = select(Deal.need_id).where(Deal.broker_id == actor.id, Deal.state.in_(OPEN_STAGES))
    query = select(Need).where(
        Need.grade == "verified", Need.verified_until <= today + BADGE_SOON, Need.state.in_(Need.OPEN_STATES), visible_to(actor, Need),
        or_(Need.verified_by_id == actor.id, Need.id.in_(led)), awake(actor, "badge", Need.public_id, today),
    )
    return [
        Row("badge", need.public_id, N_("The badge of this verified need expires on %(day)s."), _renew(actor, need), {"day": need.verified_until},
            (need,), day=need.verified_until)
        for need in session.scalars(query.order_by(Need.verified_until, Need.id).limit(MOST))
    ]


def _renew(actor: Actor, need: Need) -> Step:
    if may(actor, "need.verify", need):
        return Step(N_("Renew the badge"), "distilling.verify", {"public_id": need.public_id})
    return Step(N_("Look at it"), "needs.show", {"public_id": need.public_id})


def still(actor: Actor, today: date) -> list[Row]:
    """Deals the actor leads that have stood in one stage for more than 14 days, the longest first."""
    before = datetime.combine(today, datetime.min.time(), HOME) - STILL
    query = select(Deal).where(
        Deal.broker_id == actor.id, Deal.state.in_([stage for stage in OPEN_STAGES if stage not in PATIENT]), Deal.since < before,
        awake(actor, "still", Deal.public_id, today),
    )
    return [
        Row("still", deal.public_id, N_("%(days)s days in the stage “%(stage)s”."), _look(deal, N_("Look at it")),
            {"days": (today - day_at(deal.since)).days, "stage": deal.state}, day=day_at(deal.since), **about(actor, deal))
        for deal in session.scalars(query.options(*WITH_LISTINGS).order_by(Deal.since, Deal.id).limit(MOST))
    ]
