"""The verbs of splits: await, compute, approve, refuse, compute anew, mirror, pay out.

A payment or interest paid under an institute's agreement leads to one split, by a job that may run twice. What lacks a policy, the
inventors' weights or a policy that keeps the law waits, and is computed when that has come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.catalogue.models import Technology
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.jobs import handler
from marketplace.licensing import ledger
from marketplace.licensing.income import costs, formula, inventors, policies, rules
from marketplace.licensing.income.models import IncomePolicy, Inventorship, Payout, Split, SplitLine
from marketplace.licensing.income.trace import trace
from marketplace.licensing.models import Agreement, AgreementEvent
from marketplace.people.operations import acting_person
from marketplace.record import move, record
from marketplace.terms.payment import to_minor

BATCH = 100


def by_public_id(actor: Actor, public_id: str) -> Split:
    """The split under this id, for the institute's heads. Raises `NotFound`."""
    found = session.scalar(select(Split).where(Split.public_id == public_id))
    if found is None or not may(actor, "split.read", found):
        raise NotFound()
    return found


def splits_of(agreement: Agreement) -> list[Split]:
    """The splits of an agreement's payments, newest first; the caller asks whether the actor may read them."""
    return list(session.scalars(select(Split).where(Split.agreement_id == agreement.id).order_by(Split.id.desc())))


@handler("income.split")
def split_payment(thing_id: int) -> None:
    """Begin the split of a payment or of interest paid, once, when the licensor is an institute."""
    event = session.get_one(AgreementEvent, thing_id)
    agreement = ledger.locked(event.agreement)
    known = session.scalar(select(Split.id).where(Split.event_id == event.id).limit(1))
    if known is not None or agreement.licensor.kind != "institute" or event.voids_id is not None or is_void(event):
        return
    currency = ledger.terms_of(agreement).currency
    split = Split(
        organisation=agreement.licensor, organisation_id=agreement.licensor_id, technology=agreement.technology, technology_id=agreement.technology_id,
        agreement=agreement, agreement_id=agreement.id, event=event, event_id=event.id, source=event.type, day=event.day, currency=currency,
        gross=to_minor(Decimal(event.values["amount"]), currency), made_by_id=event.person_id, created=now(), state="waiting",
    )
    _begin(SYSTEM, split)


def is_void(event: AgreementEvent) -> bool:
    """Whether a correction has taken the event back."""
    return session.scalar(select(AgreementEvent.id).where(AgreementEvent.voids_id == event.id)) is not None


def _begin(actor: Actor, split: Split, at: datetime | None = None) -> Split:
    session.add(split)
    record(split, "await", actor, at)
    return _compute(actor, split, at)


def _compute(actor: Actor, split: Split, at: datetime | None = None) -> Split:
    """Compute a waiting split if nothing is missing any more; else say what it waits for."""
    policies.locked(split.organisation_id)  # two splits at once must not bear the same cost
    policy, weights = policies.policy_on(split.organisation_id, split.day), inventors.in_force(split.technology_id)
    found = _findings(split, policy) if policy else []
    missing = [
        ("policy", policy is None), ("inventors", weights is None), ("rule", any(one.severity == "refuse" for one in found)),
    ]
    split.waits_for = next((name for name, missed in missing if missed), None)
    if split.waits_for is not None or policy is None or weights is None:
        return split
    result = _result(split, policy, weights)
    split.net, split.policy, split.inventorship = result.net, policy, weights
    split.findings = [{"code": one.rule.code, "region": one.rule.region, "severity": one.severity, "given": one.given} for one in found]
    split.trace = trace(split.agreement, split.event, at or now()) if split.agreement and split.event else []
    split.lines = _lines(result)
    move(split, "compute", actor, at)
    return split


def _findings(split: Split, policy: IncomePolicy) -> list[rules.Finding]:
    """The rules of the payment's day that the policy does not keep."""
    own_use = split.source == "self_implementation"
    held = [rule for rule in rules.in_force(split.organisation.region, split.day) if (rule.when == "self") == own_use]
    deducted = [one["code"] for one in policy.deductions]
    return rules.findings(held, policy.state_founded, policy.rates(), deducted, Decimal(policy.self_rate))


def _result(split: Split, policy: IncomePolicy, weights: Inventorship) -> formula.Result:
    by_inventor = {one.inventor_id: one.weight for one in weights.weights}
    if split.source == "self_implementation":
        rate = Decimal(policy.self_rate)
        return formula.split(split.gross, [], {"inventors": rate, "school": 1 - rate}, by_inventor)
    clause = broker_rate(split)
    shares = {role: rate for role, rate in policy.rates().items() if role != "broker" or clause is not None}
    return formula.split(split.gross, policy.deducted(split.currency, clause), shares, by_inventor, costs.to_recover(split))


def broker_rate(split: Split) -> Decimal | None:
    """The part of the broker's fee that the agreement puts on the licensor; it is a rate of the fees, so none on interest."""
    if split.agreement is None or split.source != "payment":
        return None
    fee = ledger.version_of(split.agreement).clauses.get("broker_fee", {})
    if not fee.get("rate") or fee.get("payer", "licensor") == "licensee":
        return None
    return Decimal(fee["rate"]) / (2 if fee.get("payer") == "both" else 1)


def _lines(result: formula.Result) -> list[SplitLine]:
    """The formula as rows: deductions in the order in which they were taken off, then the shares."""
    found = [
        SplitLine(kind="deduction", code=one.code, formula=one.formula, rate=_written(one.rate), basis=one.basis, amount=one.amount, cost_id=one.cost)
        for one in result.lines
    ]
    found += [
        SplitLine(kind="share", code=one.role, rate=_written(one.rate), basis=result.net, amount=one.amount, inventor_id=one.inventor, weight=one.weight)
        for one in result.shares
    ]
    for place, line in enumerate(found, 1):
        line.place = place
    return found


def _written(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate.normalize():f}"


@handler("income.mirror")
def mirror_payment(thing_id: int) -> None:
    """A payment was taken back: cancel its split, or, where it was approved, mirror it with negative amounts; once."""
    event = session.get_one(AgreementEvent, thing_id)
    ledger.locked(event.agreement)
    own = select(Split).where(Split.event_id == event.id, Split.mirrors_id.is_(None), Split.state.not_in(("cancelled", "replaced")))
    split = session.scalar(own.with_for_update(of=Split).execution_options(populate_existing=True))
    if split is None or not is_void(event):
        return
    if split.state not in ("approved", "paid"):
        move(split, "cancel", SYSTEM)
    elif session.scalar(select(Split.id).where(Split.mirrors_id == split.id)) is None:
        _mirror(split, event)


COPIED = ("organisation_id", "technology_id", "agreement_id", "event_id", "source", "currency", "policy_id", "inventorship_id", "findings", "trace")


def _mirror(split: Split, event: AgreementEvent) -> None:
    correction = session.execute(select(AgreementEvent).where(AgreementEvent.voids_id == event.id)).scalar_one()
    mirror = Split(
        **{name: getattr(split, name) for name in COPIED}, mirrors_id=split.id, day=ledger.day_of(event.agreement, correction.at), gross=-split.gross,
        net=-(split.net or 0), made_by_id=correction.person_id, created=now(), state="waiting",
        lines=[SplitLine(place=one.place, kind=one.kind, code=one.code, formula=one.formula, rate=one.rate, basis=-one.basis, amount=-one.amount,
                         cost_id=one.cost_id, inventor_id=one.inventor_id, weight=one.weight) for one in split.lines],
    )
    session.add(mirror)
    move(mirror, "compute", SYSTEM, mirrors=split.public_id)


def _compute_waiting(waiting: Any) -> Iterator[None]:
    """Compute what waits, oldest payment first, a batch a transaction."""
    last: tuple[date, int] = (date.min, 0)
    while True:
        later = (Split.day > last[0]) | ((Split.day == last[0]) & (Split.id > last[1]))
        rows = list(session.scalars(waiting.where(Split.state == "waiting", later).order_by(Split.day, Split.id).limit(BATCH)))
        if not rows:
            return
        for split in rows:
            last = (split.day, split.id)
            _compute(SYSTEM, split)
        yield


@handler("income.policy_came")
def policy_came(thing_id: int) -> Iterator[None]:
    """A policy was approved: compute what waits in its institute."""
    policy = session.get_one(IncomePolicy, thing_id)
    yield from _compute_waiting(select(Split).where(Split.organisation_id == policy.organisation_id))


@handler("income.inventors_came")
def inventors_came(thing_id: int) -> Iterator[None]:
    """Weights were approved: compute what waits for this technology."""
    weights = session.get_one(Inventorship, thing_id)
    yield from _compute_waiting(select(Split).where(Split.technology_id == weights.technology_id))


def locked(split: Split) -> Split:
    """The split as it stands now, held until the transaction ends."""
    session.flush()  # what this transaction did stays when the row is read anew
    own = select(Split).where(Split.id == split.id).with_for_update(of=Split)
    return session.execute(own.execution_options(populate_existing=True)).scalar_one()


def hands(split: Split) -> set[int]:
    """Who had a hand in a split and may not approve it: who caused it, and who recorded the costs that it deducts."""
    found = {split.made_by_id} | {line.cost.recorded_by_id for line in split.lines if line.cost}
    return {person for person in found if person is not None}


def stale(split: Split) -> bool:
    """Whether another policy, other weights or withdrawn costs would now give another result; a mirror copies what was."""
    if split.mirrors_id is not None:
        return False
    policy, weights = policies.policy_on(split.organisation_id, split.day), inventors.in_force(split.technology_id)
    gone = any(line.cost and line.cost.state == "withdrawn" for line in split.lines)
    return gone or policy is None or weights is None or (policy.id, weights.id) != (split.policy_id, split.inventorship_id)


def approve_split(actor: Actor, split: Split, at: datetime | None = None) -> Split:
    """A second person approves; from this day on the shares stand in the income statements."""
    require(actor, "split.approve", split)
    moment = at or now()
    split = locked(split)
    policies.second_person(actor, *hands(split))
    if split.mirrors_id is None and split.event and is_void(split.event):
        raise Refused(N_("The payment has been taken back; there is nothing to divide."))
    if split.state == "computed" and stale(split):
        raise Refused(N_("The policy, the weights or the costs have changed since. Compute the split anew first."))
    split.answered_by_id, split.answered, split.counted = actor.id, moment, today_of(split, moment)
    move(split, "approve", actor, moment)
    return split


def today_of(split: Split, at: datetime | None = None) -> date:
    """The split's calendar day: its agreement's, else that of institutes."""
    return ledger.day_of(split.agreement, at or now()) if split.agreement else policies.today(at)


def refuse_split(actor: Actor, split: Split, reason: str, at: datetime | None = None) -> Split:
    """A second person refuses, with a reason; policy or costs are mended and the split is computed anew."""
    require(actor, "split.refuse", split)
    split = locked(split)
    policies.second_person(actor, *hands(split))
    if split.mirrors_id is not None:
        raise Refused(N_("This takes back what was approved, because the payment was taken back; it cannot be refused."))
    moment = at or now()
    split.answered_by_id, split.answered, split.reason = actor.id, moment, policies.given(reason)
    move(split, "refuse", actor, moment)
    return split


def compute_anew(actor: Actor, split: Split, at: datetime | None = None) -> Split:
    """A new row by the policy, weights and costs of now; the one before stays to be read. What waits is only tried again."""
    require(actor, "split.compute", split)
    split = locked(split)
    if split.mirrors_id is not None or (split.event and is_void(split.event)):
        raise Refused(N_("The payment has been taken back; there is nothing to divide."))
    if split.state == "waiting":
        return _compute(actor, split, at)
    move(split, "replace", actor, at)
    session.flush()  # one split of a payment may live at a time: the old one ends before the new one begins
    names = ("organisation_id", "technology_id", "agreement_id", "event_id", "source", "currency", "day", "year", "gross")
    anew = Split(**{name: getattr(split, name) for name in names}, organisation=split.organisation, agreement=split.agreement, event=split.event,
                 replaces_id=split.id, made_by_id=acting_person(actor).id, created=at or now(), state="waiting")
    return _begin(actor, anew, at)


def record_own_use(
    actor: Actor, technology: Technology, year: int, profit: int, currency: str, at: datetime | None = None
) -> Split:
    """Divide the operating profit of a year in which the institute used the technology itself; once a year, in minor units."""
    require(actor, "organisation.divide_income", technology)
    moment = at or now()
    policies.locked(technology.organisation_id)
    if not 1985 <= year < policies.today(moment).year:
        raise Refused(N_("Give a year that is over."), field="year")
    if profit <= 0:
        raise Refused(N_("Give an amount above 0."), field="amount")
    own = select(Split).where(Split.technology_id == technology.id, Split.year == year, Split.state.not_in(("replaced", "cancelled")))
    known = session.scalar(own.limit(1))
    if known is not None and (known.gross, known.currency) == (profit, currency):
        return known
    if known is not None:
        raise Refused(N_("The profit of this year has been entered already."), field="year")
    split = Split(
        organisation=technology.organisation, organisation_id=technology.organisation_id, technology=technology, technology_id=technology.id,
        source="self_implementation", year=year, day=date(year, 12, 31), currency=currency, gross=profit, made_by_id=acting_person(actor).id,
        created=moment, state="waiting",
    )
    return _begin(actor, split, moment)


def pay_out(actor: Actor, split: Split, places: Sequence[int], day: date, note: str | None = None, at: datetime | None = None) -> Split:
    """Record that the shares at these places of the formula were paid; when all are, the split is paid. Paid twice is paid once."""
    require(actor, "split.pay", split)
    moment = at or now()
    split = locked(split)
    if split.state not in ("approved", "paid"):
        raise Refused(N_("Only what was approved can be paid out."))
    if day > today_of(split, moment):
        raise Refused(N_("This day lies in the future."), field="day")
    if split.counted and day < split.counted:
        raise Refused(N_("This day lies before the approval."), field="day")
    shares = [line for line in split.lines if line.kind == "share" and line.amount]
    for line in shares:
        if line.place in places and line.payout is None:
            line.payout = Payout(day=day, note=note, person_id=acting_person(actor).id, at=moment)
            record(split, "paid_out", actor, moment, line=line.place)
    if split.state == "approved" and all(line.payout for line in shares):
        move(split, "pay", actor, moment)
    return split




def related(split: Split) -> list[Split]:
    """The other splits of the same payment, oldest first: what was refused and replaced, and what mirrors it."""
    if split.event_id is None:
        return []
    return list(session.scalars(select(Split).where(Split.event_id == split.event_id, Split.id != split.id).order_by(Split.id)))


def findings_of(split: Split) -> list[rules.Finding]:
    """The rules of the payment's day that the split's policy does not keep."""
    return _findings(split, split.policy) if split.policy else []
