"""The verbs of teams: made by the award, take it or decline, and the gates: hand in, accept or reject by own measurement, go on or stop.

What is owed is said by the agreement's schedule alone: a gate enters the event of the agreement in the same transaction, under a key of its own, so
that a button pressed twice enters it once. Before both have signed nothing is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.calls.models import Call
from marketplace.calls.reviewing.models import Award
from marketplace.calls.teams import contract
from marketplace.calls.teams.contract import Brief, Stage
from marketplace.calls.teams.evidence import Brought, keep
from marketplace.calls.teams.models import Gate, Team
from marketplace.calls.teams.places import can_be_awarded
from marketplace.catalogue.models import Technology
from marketplace.catalogue.operations import create_technology
from marketplace.db import in_language, now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import clauses, ledger
from marketplace.licensing.models import Agreement
from marketplace.licensing.operations import create_agreement, propose_agreement, withdraw_agreement
from marketplace.licensing.performing.operations import enter_event
from marketplace.record import Event, move, record
from marketplace.terms.payment import from_minor

AHEAD = timedelta(days=14)
"""How far ahead a draft sets the day of effect, as on the page of a new agreement."""

AGREED_RIGHTS: list[Callable[[Call], Mapping[str, str] | None]] = []
"""What rooms to the right know to be agreed of the rights in the result, as text in both languages, such as the shares of the owners of a pool."""

LONGEST = 10_000
LIVE = ("open", "submitted", "accepted", "rejected")


@dataclass(frozen=True)
class Plan:
    """A team's own milestone for a stage: what it will hand in, and by when."""

    plan: str = ""
    due: date | None = None


def found_teams(actor: Actor, award: Award, at: datetime) -> list[Team]:
    """The teams of an award with their gates, in the order of the award; part of publishing it."""
    require(actor, "open_call.decide", award.call)
    call, made = award.call, []
    for verdict in (one for one in award.decision.verdicts if one.chosen):
        team = Team(
            award=award, call=call, proposal=verdict.proposal, organisation=verdict.proposal.organisation, amount=verdict.amount, state="named", created=at)
        fees = contract.amounts(verdict.amount or 0, [stage["share"] for stage in call.stages])
        team.gates = [
            Gate(position=place, key=contract.key_of(place), title=dict(stage["title"]), amount=fee, measured=[], state="open")
            for place, (stage, fee) in enumerate(zip(call.stages, fees, strict=True), 1)
        ]
        session.add(team)
        record(team, "named", actor, at)
        made.append(team)
    return made


def teams_of(call: Call) -> list[Team]:
    """The teams of a call, in the order of its award."""
    return list(session.scalars(select(Team).where(Team.call_id == call.id).order_by(Team.id)))


def team_of(proposal_id: int) -> Team | None:
    """The team that came of a proposal."""
    return session.scalar(select(Team).where(Team.proposal_id == proposal_id))


def by_public_id(actor: Actor, public_id: str) -> Team:
    """The team under this id, for its organisation and the owners of the call. Raises `NotFound`."""
    found = session.scalar(select(Team).where(Team.public_id == public_id))
    if found is None or not may(actor, "team.read", found):
        raise NotFound()
    return found


def gate_of(actor: Actor, public_id: str) -> Gate:
    """The gate under this id, for the two sides of its team. Raises `NotFound`."""
    found = session.scalar(select(Gate).where(Gate.public_id == public_id))
    if found is None or not may(actor, "team.read", found.team):
        raise NotFound()
    return found


def take(actor: Actor, team: Team, plans: Sequence[Plan], at: datetime | None = None) -> Agreement:
    """Take the award: the agreement is drafted from the call's terms in the team's name and put before the other side at once.

    It is about the result that the team will develop, kept as know-how of its organisation and not published. `plans` are the team's own milestones, one
    for each gate. Refused when a day lies before the one on which the agreement takes effect, or out of order.
    """
    moment, team = at or now(), _locked(team)
    require(actor, "team.take", team)
    effective = (moment + AHEAD).date()
    _refuse_plans(team, plans, effective)
    for gate, plan in zip(team.gates, plans, strict=True):
        gate.plan, gate.due = plan.plan.strip() or None, plan.due
    terms, said = contract.drafted(_brief(team.call), [_stage(gate, team.call.currency) for gate in team.gates], effective, clauses.defaults())
    agreement = create_agreement(
        actor, _result(actor, team, moment), team.organisation, team.call.organisation, terms, said, moment, title=dict(team.call.title),
        key=f"team:{team.public_id}")
    propose_agreement(actor, agreement, moment)
    team.agreement = agreement
    team.agreement_id = agreement.id
    move(team, "take", actor, moment, agreement=agreement.id)
    return agreement


def _refuse_plans(team: Team, plans: Sequence[Plan], effective: date) -> None:
    if len(plans) != len(team.gates):
        raise Refused(N_("This form does not fit the stages of the call. Reload the page."))
    last = effective
    for gate, plan in zip(team.gates, plans, strict=True):
        if len(plan.plan) > LONGEST:
            raise Refused(N_("This is too long."), field=f"plan_{gate.position}")
        if plan.due and plan.due < last:
            raise Refused(N_("The days must follow one another, and none lie before %(day)s."), field=f"due_{gate.position}", day=effective)
        last = plan.due or last


def _brief(call: Call) -> Brief:
    return Brief(call.title, call.targets, call.acceptance, call.ip_position, rights_of(call), call.currency, call.organisation.called(call.language))


def rights_of(call: Call) -> dict[str, str]:
    """What the agreement says of the rights: what was agreed before the call, which its text cannot take away, and the text of the call where it says
    something else."""
    agreed = [found for ask in AGREED_RIGHTS if (found := ask(call))]
    return {
        code: "\n".join(dict.fromkeys(part for said in (*agreed, call.ip_terms) if (part := (said.get(code) or "").strip()))) for code in contract.LANGUAGES
    }


def _stage(gate: Gate, currency: str) -> Stage:
    return Stage(gate.key, gate.title, f"{from_minor(gate.amount or 0, currency):f}", gate.plan, gate.due)


def _result(actor: Actor, team: Team, at: datetime) -> Technology:
    """What the team will develop, as a technology that is not published: agreements, income and registers all hang on one."""
    known = session.scalar(select(Technology).where(
        Technology.organisation_id == team.organisation_id, Technology.source == "open_call", Technology.source_key == team.public_id))
    return known or create_technology(
        actor, team.organisation, at, kind="know_how", title=dict(team.call.title), abstract=dict(team.call.brief), source="open_call",
        source_key=team.public_id, offer={"mode": "joint_development"})


def decline(actor: Actor, team: Team, reason: str, at: datetime | None = None) -> Team:
    """Decline the award. It stays as it was published; the owners may give the place to another proposal (`reviewing.later`), or end the call."""
    team = _locked(team)
    require(actor, "team.decline", team)
    team.reason = _said(reason, N_("Say why you do not take the award."))
    move(team, "decline", actor, at)
    _end_call(team.call, at)
    return team


def _end_call(call: Call, at: datetime | None) -> None:
    """The call ends with the last of its teams, unless one left its place free and somebody could be given it: then the owners say."""
    session.flush()  # the team's own step counts
    if call.state == "awarded" and not _at_work(call) and not can_be_awarded(call):
        move(call, "end", SYSTEM, at)


def _at_work(call: Call) -> bool:
    return any(one.state in ("named", "working") for one in teams_of(call))


def end_call(actor: Actor, call: Call, at: datetime | None = None) -> Call:
    """End a call although a place of its award is free; nobody else is given it. Refused while a team is at work or may still take its award."""
    require(actor, "open_call.end", call)
    if _at_work(call):
        raise Refused(N_("A team is still at work, or has not said yet whether it takes the award."))
    move(call, "end", actor, at)
    return call


def _said(text: str, message: str) -> str:
    if not text.strip():
        raise Refused(message, field="reason")
    if len(text) > LONGEST:
        raise Refused(N_("This is too long."), field="reason")
    return text.strip()


def _locked(team: Team) -> Team:
    session.flush()  # what this transaction did stays when the row is read anew
    held = select(Team).where(Team.id == team.id).with_for_update(of=Team).execution_options(populate_existing=True)
    return session.execute(held).scalar_one()


def _at_turn(gate: Gate) -> None:
    """Raise unless the team works under a signed agreement and every gate before this one is passed."""
    team = gate.team
    if team.state != "working" or team.agreement is None or team.agreement.state != "countersigned":
        raise Refused(N_("The gates open once the agreement is signed by both sides."))
    if any(one.state != "passed" for one in team.gates if one.position < gate.position):
        raise Refused(N_("The gate before this one is not passed yet."))


def submit(actor: Actor, gate: Gate, evidence: str, at: datetime | None = None, files: Brought = ()) -> Gate:
    """Hand in what the stage asks for, in words and files; the user measures it himself."""
    moment = at or now()
    _locked(gate.team)
    require(actor, "gate.submit", gate)
    _at_turn(gate)
    if not evidence.strip():
        raise Refused(N_("Say what you hand in, and where it can be seen."), field="evidence")
    keep(actor, gate, "team", files, moment)
    gate.evidence = evidence.strip()[:LONGEST]
    _enter(actor, gate, "submitted", move(gate, "submit", actor, moment, evidence=gate.evidence), moment)
    return gate


def _enter(actor: Actor, gate: Gate, kind: str, step: Event, at: datetime, reason: str | None = None) -> None:
    """Enter the event in the agreement, if the stage is a fee of its terms; the id of the gate's own step makes the key."""
    agreement = gate.team.agreement
    assert agreement is not None
    if gate.key in {fee.id for fee in ledger.terms_of(agreement).conditional}:
        session.flush()  # the step gets its id
        enter_event(actor, agreement, kind, ledger.day_of(agreement, at), f"gate:{gate.public_id}:{step.id}", at, reason=reason, id=gate.key)


def judge(
    actor: Actor, gate: Gate, accepts: bool, values: Sequence[str], finding: str, at: datetime | None = None, files: Brought = ()
) -> Gate:
    """Accept or reject what was handed in, by the user's own measurement: one value for each target of the call, a finding in words, reports as files.

    Refused without a value for each target. That a value misses its target does not decide: the user does, and both stand side by side.
    """
    moment = at or now()
    _locked(gate.team)
    verb, kind = ("accept", "accepted") if accepts else ("reject", "rejected")
    require(actor, f"gate.{verb}", gate)
    _at_turn(gate)
    if gate.state != "submitted":
        raise Refused(N_("Nothing waits to be judged here."))
    targets = gate.team.call.targets
    empty = [place for place in range(len(targets)) if place >= len(values) or not values[place].strip()]
    if empty:
        raise Refused(N_("Enter what you measured yourself."), field=f"value_{empty[0]}", also=[(f"value_{place}", N_("Enter what you measured yourself."))
                                                                                               for place in empty[1:]])
    if not finding.strip():
        raise Refused(N_("Say in a sentence what you found."), field="finding")
    keep(actor, gate, "user", files, moment)
    gate.measured = [_measured(target, value.strip()) for target, value in zip(targets, values, strict=False)]
    gate.finding = finding.strip()[:LONGEST]
    _enter(actor, gate, kind, move(gate, verb, actor, moment, measured=gate.measured, finding=gate.finding), moment, _summed(gate))
    return gate


def _measured(target: Mapping[str, Any], value: str) -> dict[str, Any]:
    return {**{name: target.get(name) for name in ("quantity", "unit", "wanted", "direction")}, "value": value[:100], "met": contract.met(target, value)}


def _summed(gate: Gate) -> str:
    """The measurement in one line, for the event of the agreement."""
    language = gate.team.call.language
    figures = "; ".join(f"{in_language(one['quantity'], language)[0]} {one['value']} {one['unit'] or ''}".strip() for one in gate.measured)
    return " · ".join(part for part in (figures, gate.finding) if part)


def go_on(actor: Actor, gate: Gate, reason: str, at: datetime | None = None) -> Gate:
    """Decide that the team goes on; after the last gate it has finished. A rejected stage can be passed with a reason: its fee is not owed."""
    moment = at or now()
    _locked(gate.team)
    require(actor, "gate.go", gate)
    _at_turn(gate)
    gate.reason = _said(reason, N_("Give the reason for going on."))
    gate.decided, gate.decided_by_id = moment, actor.id
    move(gate, "go", actor, moment)
    if all(one.state == "passed" for one in gate.team.gates):
        move(gate.team, "finish", actor, moment)
        _end_call(gate.team.call, moment)
    return gate


def stop(actor: Actor, team: Team, reason: str, at: datetime | None = None) -> Team:
    """Stop a team: its agreement is terminated on this day, or withdrawn while it is not signed; what was accepted before stays owed, later stages are not."""
    moment, team = at or now(), _locked(team)
    require(actor, "team.stop", team)
    team.reason = _said(reason, N_("Give the reason for stopping."))
    agreement = team.agreement
    move(team, "stop", actor, moment)
    _stop_gates(actor, team, moment)
    if agreement is not None and agreement.state == "countersigned":
        enter_event(actor, agreement, "terminated", ledger.day_of(agreement, moment), f"team:{team.public_id}:stop", moment, reason=team.reason)
    elif agreement is not None and agreement.state in ("draft", "proposed"):
        withdraw_agreement(actor, agreement, moment)
    _end_call(team.call, moment)
    return team


def _stop_gates(actor: Actor, team: Team, at: datetime) -> None:
    """Every gate that is not passed stops, with the team's reason; one accepted before keeps what was measured."""
    for gate in team.gates:
        if gate.state in LIVE:
            gate.reason, gate.decided, gate.decided_by_id = team.reason, at, actor.id
            move(gate, "stop", actor, at)
