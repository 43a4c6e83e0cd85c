"""The verbs of policies: propose a version, approve or refuse it, find the one that holds on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from marketplace.access import Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing.income import rules
from marketplace.licensing.income.formula import DEDUCTIONS, FORMULAS, ROLES
from marketplace.licensing.income.models import IncomePolicy
from marketplace.people.models import Organisation
from marketplace.people.operations import acting_person
from marketplace.record import move, record

ZONE = "Asia/Shanghai"
SELF = Decimal("0.05")
"""What a policy is offered for the institute's own use, the floor of the law."""


def today(at: datetime | None = None) -> date:
    """The calendar day of institutes: all of China has one time."""
    return (at or now()).astimezone(ZoneInfo(ZONE)).date()


def institute(actor: Actor, public_id: str) -> Organisation:
    """The institute under this id, for those who may read its income. Raises `NotFound`."""
    found = session.scalar(select(Organisation).where(Organisation.public_id == public_id, Organisation.kind == "institute"))
    if found is None:
        raise NotFound()
    require(actor, "organisation.read_income", found)
    return found


def locked(organisation_id: int) -> Organisation:
    """The institute's row, held until the transaction ends, so that numbers and costs are given once."""
    session.flush()  # what this transaction did counts in what is asked next
    return session.execute(select(Organisation).where(Organisation.id == organisation_id).with_for_update(of=Organisation)).scalar_one()


def versions(organisation: Organisation) -> list[IncomePolicy]:
    """All policies of an institute, newest first."""
    own = select(IncomePolicy).where(IncomePolicy.organisation_id == organisation.id)
    return list(session.scalars(own.order_by(IncomePolicy.number.desc())))


def policy_on(organisation_id: int, day: date) -> IncomePolicy | None:
    """The approved policy that holds on a day: of those in force the latest, of two from one day the newer."""
    own = select(IncomePolicy).where(IncomePolicy.organisation_id == organisation_id, IncomePolicy.state == "approved", IncomePolicy.in_force <= day)
    return session.scalar(own.order_by(IncomePolicy.in_force.desc(), IncomePolicy.number.desc()).limit(1))


def by_public_id(actor: Actor, public_id: str) -> IncomePolicy:
    """The policy under this id, for the institute's heads. Raises `NotFound`."""
    found = session.scalar(select(IncomePolicy).where(IncomePolicy.public_id == public_id))
    if found is None or not may(actor, "organisation.read_income", found):
        raise NotFound()
    return found


def findings(policy: IncomePolicy, day: date | None = None) -> list[rules.Finding]:
    """The rules that the policy does not keep, on the day from which it holds or on another."""
    held = rules.in_force(policy.organisation.region, day or policy.in_force)
    return rules.findings(held, policy.state_founded, policy.rates(), [one["code"] for one in policy.deductions], Decimal(policy.self_rate))


def propose_policy(
    actor: Actor, organisation: Organisation, key: str, in_force: date, shares: Mapping[str, Decimal], deductions: Sequence[dict[str, Any]],
    self_rate: Decimal = SELF, state_founded: bool = True, note: str | None = None, at: datetime | None = None,
) -> IncomePolicy:
    """A new version for a second person to approve. The same key again gives the version that is there.

    Refused beside the field where the shares do not make the whole, or where a verified rule of the law is not kept.
    """
    require(actor, "organisation.divide_income", organisation)
    locked(organisation.id)
    same = session.scalar(select(IncomePolicy).where(IncomePolicy.organisation_id == organisation.id, IncomePolicy.key == key))
    if same is not None:
        return same
    known = versions(organisation)
    if any(one.state == "proposed" for one in known):
        raise Refused(N_("A policy waits for approval already. Approve or refuse that one first."))
    _check(shares, deductions)
    policy = IncomePolicy(
        organisation=organisation, organisation_id=organisation.id, number=len(known) + 1, in_force=in_force, note=note, key=key,
        shares={role: f"{rate.normalize():f}" for role, rate in shares.items() if rate}, deductions=list(deductions), self_rate=f"{self_rate:f}",
        state_founded=state_founded, proposed_by_id=acting_person(actor).id, created=at or now(), state="proposed",
    )
    _keep_the_law(policy)
    session.add(policy)
    record(policy, "propose", actor, at)
    return policy


def _check(shares: Mapping[str, Decimal], deductions: Sequence[dict[str, Any]]) -> None:
    for role, rate in shares.items():
        if role not in ROLES or not 0 <= rate <= 1:
            raise Refused(N_("Give a share from 0 to 100 per cent."), field=role)
    together = sum(shares.values(), Decimal(0))
    if together != 1:
        raise Refused(N_("The shares must make 100 per cent together; they make %(sum)s."), field="inventors", sum=rules.percent(together))
    if not shares.get("inventors"):
        raise Refused(N_("The inventors must have a share."), field="inventors")
    codes = [one["code"] for one in deductions]
    for one in deductions:
        if one["code"] not in DEDUCTIONS or one["formula"] not in FORMULAS or codes.count(one["code"]) > 1:
            raise ValueError(f"not a deduction: {one}")
    if sum((Decimal(one["rate"]) for one in deductions if "rate" in one), Decimal(0)) > 1:
        raise Refused(N_("The deductions in per cent are more than the whole together."))
    if shares.get("broker") and "broker" in codes:
        raise Refused(N_("The broker is paid either by a deduction or by a share, not by both."), field="broker")


def _keep_the_law(policy: IncomePolicy) -> None:
    for finding in findings(policy):
        if finding.severity == "refuse":
            field = "self_rate" if finding.rule.when == "self" else finding.rule.of or None
            raise Refused(N_("The law asks for at least %(floor)s here."), field=field, floor=rules.percent(finding.rule.floor or Decimal(0)))


def approve_policy(actor: Actor, policy: IncomePolicy, at: datetime | None = None) -> IncomePolicy:
    """A second person approves; what waited for a policy is computed by a job."""
    require(actor, "income_policy.approve", policy)
    second_person(actor, policy.proposed_by_id)
    moment = at or now()
    policy.answered_by_id, policy.answered = actor.id, moment
    move(policy, "approve", actor, moment)
    return policy


def refuse_policy(actor: Actor, policy: IncomePolicy, reason: str, at: datetime | None = None) -> IncomePolicy:
    """A second person refuses, with a reason for whoever proposed."""
    require(actor, "income_policy.refuse", policy)
    second_person(actor, policy.proposed_by_id)
    moment = at or now()
    policy.answered_by_id, policy.answered, policy.reason = actor.id, moment, given(reason)
    move(policy, "refuse", actor, moment)
    return policy


def second_person(actor: Actor, *others: int | None) -> None:
    """Refuse whoever had a hand in what is to be approved."""
    if actor.id in others:
        raise Refused(N_("A second person must answer this: you had a hand in it yourself."))


def given(reason: str) -> str:
    """The reason, which must say something."""
    if not reason.strip():
        raise Refused(N_("Say why."), field="reason")
    return reason.strip()
