"""The panel's decision and the award: reasons for every choice, more reasons where it leaves the ranking, then published and locked.

A decision is a row with a verdict for each proposal; another decision is another row. Publishing copies what readers see into the award, which no
operation and no statement changes; what comes out later is a note beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.exc import StaleDataError

from marketplace.access import Actor, may, require
from marketplace.calls.models import Call
from marketplace.calls.proposals.models import Proposal
from marketplace.calls.reviewing.models import Assignment, Award, AwardNote, PanelDecision, Review, Score, Verdict
from marketplace.calls.reviewing.operations import award_of, awards_of, declared, locked, require_table, review_of
from marketplace.calls.reviewing.ranking import Ranked, passed_over
from marketplace.calls.reviewing.table import Row, Table, table_of, written
from marketplace.calls.teams.operations import found_teams
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.record import move, record

LONGEST = 10_000
CHANGED = N_("Scores or proposals have changed since this decision was written. Look at the ranking and decide anew.")
BEFORE_PUBLISHING: list[Callable[[PanelDecision], list[str]]] = []
"""What rooms to the right ask of a decision before it is published, such as the vote of the call's other owners: each gives what is missing."""


@dataclass(frozen=True)
class Room:
    """How many teams there are places for, and how much money in minor units; None where the call names no amount."""

    teams: int
    amount: int | None


@dataclass(frozen=True)
class Choice:
    """What the owners say of one proposal: chosen with a reason to publish and an amount in minor units, or not, with advice for the solver."""

    chosen: bool
    reason: str = ""
    advice: str = ""
    amount: int | None = None


def decision_of(call: Call) -> PanelDecision | None:
    """The decision that counts: the newest."""
    own = select(PanelDecision).where(PanelDecision.call_id == call.id).options(selectinload(PanelDecision.verdicts))
    return session.scalar(own.order_by(PanelDecision.number.desc()).limit(1))


def number_of(call: Call) -> int:
    """The number of the newest decision of the call, 0 before the first."""
    last = decision_of(call)
    return last.number if last else 0


def decide(
    actor: Actor, review: Review, choices: Mapping[int, Choice], reasons: str, differs: str = "", base: int | None = None, at: datetime | None = None
) -> PanelDecision:
    """Write the panel's decision down: a choice for each standing proposal by its id. It may choose nobody; then the call ends without an award.

    `base` is the number of the decision it was written over: `StaleDataError` (409) when another came since. Refused, with every wrong field at
    once, without reasons, with more teams or money than the call has, and without a word on why the ranking is left where it is.
    """
    require_table(actor, review)
    require(actor, "open_call.decide", review.call)
    moment, call = at or now(), locked(review.call)
    if review.state != "closed":
        raise Refused(N_("The decision follows the review: close it first."))
    refuse_overwritten(call, base)
    table = table_of(review)
    _refuse_others(table, choices)
    refuse_wrong(table, Room(call.teams, call.amount), choices, reasons, differs, unadvised(table, choices))
    return write_down(actor, review, table, choices, reasons, differs, moment)


def write_down(
    actor: Actor, review: Review, table: Table, choices: Mapping[int, Choice], reasons: str, differs: str, moment: datetime
) -> PanelDecision:
    """The decision as the next row of its call, with a verdict for each choice. Whoever calls it has checked them and holds the call."""
    decision = PanelDecision(
        call=review.call, call_id=review.call_id, number=number_of(review.call) + 1, reasons=reasons.strip(), differs=differs.strip() or None,
        ranking=written(table), person_id=actor.id, at=moment)
    decision.verdicts = [_verdict(proposal_id, one) for proposal_id, one in choices.items()]
    session.add(decision)
    session.flush()  # the database refuses the same number twice
    record(review, "decided", actor, moment, number=decision.number)
    return decision


def _verdict(proposal_id: int, choice: Choice) -> Verdict:
    return Verdict(
        proposal_id=proposal_id, chosen=choice.chosen, amount=choice.amount if choice.chosen else None,
        reason=(choice.reason.strip() or None) if choice.chosen else None, advice=choice.advice.strip() or ("" if not choice.chosen else None))


def refuse_overwritten(call: Call, base: int | None) -> None:
    """Raise `StaleDataError` when the newest decision of the call has another number than the one that was written over."""
    number = number_of(call)
    if base is not None and base != number:
        raise StaleDataError(f"written over decision {base}, there is {number}")


def _refuse_others(table: Table, choices: Mapping[int, Choice]) -> None:
    if {row.proposal.id for row in table.rows if row.ranked is not None} != set(choices):
        raise Refused(N_("A proposal was withdrawn in the meantime. Reload the page."))


def unadvised(table: Table, choices: Mapping[int, Choice]) -> list[tuple[str, str]]:
    """The fields of the proposals that are not chosen and get no advice."""
    names = {row.proposal.id: row.proposal.public_id for row in table.rows}
    advice = N_("Give advice: whoever is not chosen shall learn from it.")
    return [(f"advice_{names[key]}", advice) for key, one in choices.items() if not one.chosen and not one.advice.strip()]


def refuse_wrong(
    table: Table, room: Room, choices: Mapping[int, Choice], reasons: str, differs: str, also: Sequence[tuple[str, str]] = ()
) -> None:
    """Raise `Refused` with every wrong field at once. What ranks higher than a choice and could have been chosen needs a word on why it was not."""
    names = {row.proposal.id: row.proposal.public_id for row in table.rows}
    wrong: list[tuple[str, str]] = [] if reasons.strip() else [("reasons", N_("Give the reasons of the panel: they are published."))]
    chosen = [key for key, one in choices.items() if one.chosen]
    wrong += [(f"{field}_{names[key]}", message) for key in chosen for field, message in _wrong(choices[key])]
    wrong += also
    if len(chosen) > room.teams:
        wrong.append(("form", N_("You have chosen more teams than there are places.")))
    if room.amount is not None and sum(choices[key].amount or 0 for key in chosen) > room.amount:
        wrong.append(("form", N_("Together the teams would get more than there is for them.")))
    if passed_over([one for one in table.order if one.proposal in choices], chosen) and not differs.strip():
        wrong.append(("differs", N_("A proposal that ranks higher was not chosen: say why the decision leaves the ranking.")))
    if wrong:
        field, message = wrong[0]
        raise Refused(message, field=field, also=wrong[1:])


def _wrong(choice: Choice) -> list[tuple[str, str]]:
    found = [] if choice.reason.strip() else [("reason", N_("Say why this proposal is chosen: it is published."))]
    if choice.amount is None or choice.amount < 0:
        found.append(("amount", N_("Give the amount that this team gets.")))
    return found


def publish(actor: Actor, review: Review, number: int, at: datetime | None = None) -> Award:
    """Publish the decision of this number and lock it. The call is awarded, or ends without an award when nobody was chosen.

    Refused when the ranking has changed since the decision was written; `StaleDataError` (409) when another decision came since. Of two who publish
    at once one is refused: by the state of the call, and by the database.
    """
    require_table(actor, review)
    require(actor, "open_call.decide", review.call)
    moment, call = at or now(), locked(review.call)
    session.refresh(review)
    table = table_of(review)
    decision = publishable(call, number, table)
    chosen = [one for one in decision.verdicts if one.chosen]
    move(review, "settle", actor, moment)
    move(call, "award" if chosen else "end_without_award", actor, moment)
    return lock(actor, decision, table, 1, moment)


def publishable(call: Call, number: int, table: Table) -> PanelDecision:
    """The newest decision, if it is the one of this number and nothing keeps it from being published. Raises `StaleDataError` and `Refused`."""
    decision = decision_of(call)
    if decision is None or decision.number != number:
        raise StaleDataError(f"decision {number} is not the newest")
    if lacks := lacking(decision, table):
        raise Refused(lacks[0])
    return decision


def lock(actor: Actor, decision: PanelDecision, table: Table, number: int, moment: datetime) -> Award:
    """The award of this number, as readers see it from now on, and its teams."""
    call = decision.call
    award = Award(
        call=call, call_id=call.id, number=number, decision=decision, decision_id=decision.id, content=_content(call, decision, table),
        person_id=actor.id, at=moment)
    session.add(award)
    session.flush()  # the database refuses the same award of the call twice
    found_teams(actor, award, moment)
    record(award, "published", actor, moment)
    return award


def lacking(decision: PanelDecision, table: Table) -> list[str]:
    """What keeps the newest decision from being published, as message ids: a ranking that is another by now, what other rooms ask."""
    stale = [] if decision.ranking == written(table) else [CHANGED]
    return [*stale, *(message for ask in BEFORE_PUBLISHING for message in ask(decision))]


def unpublished(call: Call) -> PanelDecision | None:
    """The newest decision of the call, as long as it can still be published: before the award, or about a place that became free."""
    review, decision = review_of(call), decision_of(call)
    if decision is None or review is None or (review.state, call.state) not in (("closed", "closed"), ("settled", "awarded")):
        return None
    known = session.scalar(select(Award.id).where(Award.decision_id == decision.id))
    return decision if known is None else None


def is_current(decision: PanelDecision) -> bool:
    """Whether the decision is the newest of its call, not published yet, and written over the ranking as it is now."""
    review, waiting = review_of(decision.call), unpublished(decision.call)
    return review is not None and waiting is not None and waiting.id == decision.id and decision.ranking == written(table_of(review))


def _content(call: Call, decision: PanelDecision, table: Table) -> dict[str, Any]:
    """What stands on the page of the award, copied so that nothing that changes later changes it."""
    ranks = {one.proposal: one for one in table.order}
    chosen = [one for one in decision.verdicts if one.chosen]
    chosen.sort(key=lambda one: (ranks[one.proposal_id].rank is None, ranks[one.proposal_id].rank or 0, one.proposal.organisation.called("zh")))
    return {
        "winners": [_winner(one, ranks[one.proposal_id]) for one in chosen], "received": len(table.rows), "currency": call.currency,
        "ranked": sum(one.rank is not None for one in table.order), "withdrawn": sum(row.ranked is None for row in table.rows),
        "reasons": decision.reasons, "differs": decision.differs,
    }


def _winner(verdict: Verdict, ranked: Ranked) -> dict[str, Any]:
    house = verdict.proposal.organisation
    return {
        "organisation": dict(house.name), "public_id": house.public_id, "rank": ranked.rank, "tied": bool(ranked.ties), "amount": verdict.amount,
        "reason": verdict.reason,
    }


def correct(actor: Actor, award: Award, text: str, at: datetime | None = None) -> AwardNote:
    """Publish a note beside a locked award, with the winners' ranks as they would be now where they differ."""
    require(actor, "open_call.decide", award.call)
    if not text.strip():
        raise Refused(N_("Say what is corrected."), field="text")
    if len(text) > LONGEST:
        raise Refused(N_("This is too long."), field="text")
    moment = at or now()
    note = AwardNote(award=award, text=text.strip(), ranks=_ranks_anew(award), person_id=actor.id, at=moment)
    session.add(note)
    record(award, "corrected", actor, moment)
    return note


def _ranks_anew(award: Award) -> list[dict[str, Any]]:
    review = review_of(award.call)
    if review is None:
        return []
    ranks = {row.proposal.organisation.public_id: row.ranked.rank if row.ranked else None for row in table_of(review).rows}
    winners = [(one, ranks.get(one["public_id"])) for one in award.content["winners"]]
    return [{"organisation": one["organisation"], "before": one["rank"], "now": now_} for one, now_ in winners if one["rank"] != now_]


@dataclass(frozen=True)
class Result:
    """What a solver reads of the review of its own proposal. `sheets` are the scores that count, a reviewer each, in an order that says nothing of who.
    `later` is the award that gave it a place that had become free, with the verdict on it."""

    row: Row
    verdict: Verdict | None
    sheets: Sequence[Mapping[int, Score]]
    ranked_of: int
    award: Award
    later: tuple[Award, Verdict] | None = None

    @property
    def chosen(self) -> bool:
        """Whether it was chosen, at first or later."""
        return self.later is not None or bool(self.verdict and self.verdict.chosen)


def result_of(actor: Actor, public_id: str) -> tuple[Proposal, Result]:
    """A proposal of the actor's organisation with its scores, rank and advice, once the award is published. Raises `NotFound`."""
    proposal = session.scalar(select(Proposal).where(Proposal.public_id == public_id))
    if proposal is None or not may(actor, "proposal.read_result", proposal):
        raise NotFound()
    found = outcome(proposal)
    if found is None:
        raise NotFound()
    return proposal, found


def outcome(proposal: Proposal) -> Result | None:
    """The result of a proposal, None before its award is published or when it was never opened."""
    award = award_of(proposal.call)
    return next((result for one, result in results_of(award) if one.id == proposal.id), None) if award else None


def results_of(award: Award) -> list[tuple[Proposal, Result]]:
    """Every proposal of the award with its result; the scores as they stand now, which a conflict may have changed since."""
    review = review_of(award.call)
    assert review is not None
    table = table_of(review)
    said = {one.proposal_id: one for one in award.decision.verdicts}
    ranked_of = sum(one.rank is not None for one in table.order)
    later = {one.proposal_id: (more, one) for more in awards_of(award.call) if more.number > 1 for one in more.decision.verdicts if one.chosen}
    return [(row.proposal, Result(row, said.get(row.proposal.id), _unnamed(row), ranked_of, award, later.get(row.proposal.id))) for row in table.rows]


def _unnamed(row: Row) -> list[Mapping[int, Score]]:
    """The scores that count, in an order that says nothing of the reviewers."""
    return [sheet.scores for sheet in sorted((one for one in row.sheets if one.counts), key=lambda one: one.assignment.public_id)]


def readers_of(proposal: Proposal) -> list[Assignment]:
    """The assignments of the reviewers who could read a proposal, to tell them what became of it."""
    found = list(session.scalars(select(Assignment).where(Assignment.proposal_id == proposal.id)))
    said = declared(found)
    return [one for one in found if said[one.id].kind == "none" and one.reviewer.state == "active"]
