"""The verbs of claims: what can be claimed, file, accept, refuse, withdraw, pay, confirm or deny the receipt, reopen when it bounced.

A settled claim of the institute stands in the agreement's ledger as payments that name the obligations, entered by the system
with keys of the claim, so that it is there once. All of it holds the agreement, so that two claims at once never exceed a cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from marketplace.access import SYSTEM, Actor, may, require
from marketplace.db import now, session
from marketplace.errors import N_, NotFound, Refused
from marketplace.licensing import ledger
from marketplace.licensing.models import Agreement, AgreementEvent, Obligation
from marketplace.licensing.risk import entries
from marketplace.licensing.risk.claims import Layer, Loss, Part, allot
from marketplace.licensing.risk.cover import Cover
from marketplace.licensing.risk.models import STANDING_CLAIMS, Claim, ClaimLine, Guarantee
from marketplace.licensing.risk.operations import cover_of, held
from marketplace.record import move, record
from marketplace.terms.payment import from_minor


@dataclass(frozen=True, slots=True)
class Claimable:
    """A loss that can be claimed now: the obligation, what falls on the guarantee if everything listed is claimed, and the last day for it."""

    obligation: Obligation
    part: Part
    closes: date


def by_public_id(actor: Actor, public_id: str) -> Claim:
    """The claim under this id, for the two sides and the guarantor alone. Raises `NotFound`."""
    claim = session.scalar(select(Claim).where(Claim.public_id == public_id))
    if claim is None or not may(actor, "claim.read", claim):
        raise NotFound()
    return claim


def _falls(line: ClaimLine) -> int:
    """What of a loss a standing claim takes up: what was paid, or else what is claimed, and the own share."""
    return line.paid + line.falls - line.amount if line.claim.state in ("paid", "settled") else line.falls


def _spent(line: ClaimLine) -> int:
    """What of the greatest amount a standing claim takes up."""
    return line.paid if line.claim.state in ("paid", "settled") else line.amount


def _standing_lines(agreement_id: int) -> list[ClaimLine]:
    own = select(ClaimLine).join(Claim).join(Guarantee).where(Guarantee.agreement_id == agreement_id, Claim.state.in_(STANDING_CLAIMS))
    return list(session.scalars(own.order_by(ClaimLine.id)))


def failed_on(agreement: Agreement) -> date | None:
    """The day on which the technology last failed an acceptance that was not passed since; None when none is failed."""
    judged: dict[str, tuple[date, str]] = {}
    for event in sorted(ledger.standing_events(agreement), key=lambda event: (event.day, event.type != "accepted", event.id)):
        if event.type in ("accepted", "rejected"):
            judged[event.values["id"]] = (event.day, event.type)
    return max((day for day, verdict in judged.values() if verdict == "rejected"), default=None)


def lost_on(guarantee: Guarantee, obligation: Obligation, failed: date | None) -> date | None:
    """The day of the loss: the due day of what is not paid, or the day of the failed acceptance for what was paid; None when there is none."""
    if guarantee.protects == "licensor":
        return obligation.due if obligation.trigger and obligation.unpaid and obligation.state == "overdue" else None
    return failed if obligation.paid else None


def _window(cover: Cover, since: date, lost: date) -> tuple[date, date] | None:
    """From when to when a loss of this day may be claimed; None when the cover does not reach it."""
    if lost < since or (cover.until and lost > cover.until):
        return None
    opens = lost + timedelta(days=cover.after_days)
    return opens, opens + timedelta(days=cover.within_days)


def _reached(guarantee: Guarantee, obligations: Sequence[Obligation], failed: date | None) -> dict[str, tuple[date, date]]:
    """Obligation key → when it may be claimed, for the losses that the guarantee's cover reaches."""
    cover = cover_of(guarantee)
    found = {}
    for obligation in obligations:
        lost = lost_on(guarantee, obligation, failed) if obligation.kind in cover.kinds else None
        window = _window(cover, guarantee.since, lost) if lost and guarantee.since else None
        if window:
            found[obligation.key] = window
    return found


def _losses(guarantee: Guarantee, obligations: Sequence[Obligation], lines: Sequence[ClaimLine]) -> list[Loss]:
    """The losses on these obligations, less what standing claims have taken up of them."""
    found = []
    for obligation in obligations:
        same = [line for line in lines if line.key == obligation.key and line.claim.guarantee.protects == guarantee.protects]
        paid_by_guarantors = sum(line.paid for line in lines if line.key == obligation.key and line.claim.state == "settled"
                                 and line.claim.guarantee.protects == "licensor")
        if guarantee.protects == "licensor":
            whole = min(obligation.amount or 0, obligation.unpaid + paid_by_guarantors)
        else:
            whole = max(0, obligation.paid - paid_by_guarantors)
        found.append(Loss(obligation.key, obligation.due or date.max, whole, max(0, whole - sum(_falls(line) for line in same))))
    return found


def _layer(guarantee: Guarantee, covers: Sequence[str], lines: Sequence[ClaimLine]) -> Layer:
    """The guarantee as the waterfall sees it."""
    cover, own = cover_of(guarantee), [line for line in lines if line.claim.guarantee_id == guarantee.id]
    borne: dict[str, int] = {}
    for line in own:
        borne[line.key] = borne.get(line.key, 0) + _falls(line)
    return Layer(
        guarantee.id, cover.rank, cover.share, max(0, cover.maximum - sum(_spent(line) for line in own)),
        max(0, cover.deductible - sum(line.falls - line.amount for line in own)), frozenset(covers), borne,
    )


def claimable(guarantee: Guarantee, today: date, keys: Sequence[str] | None = None) -> list[Claimable]:
    """What can be claimed of the guarantee on this day, of the obligations named or of all; the waterfall runs over every guarantee in
    force for the same side, so that a higher order is asked only for what those below it cannot bear."""
    if guarantee.state != "in_force":
        return []
    obligations = list(session.scalars(select(Obligation).where(Obligation.agreement_id == guarantee.agreement_id)))
    failed = failed_on(guarantee.agreement) if guarantee.protects == "licensee" else None
    windows = _reached(guarantee, obligations, failed)
    chosen = [row for row in obligations if row.key in windows and windows[row.key][0] <= today <= windows[row.key][1]
              and (keys is None or row.key in keys)]
    lines = _standing_lines(guarantee.agreement_id)
    beside = select(Guarantee).where(
        Guarantee.agreement_id == guarantee.agreement_id, Guarantee.protects == guarantee.protects, Guarantee.state == "in_force"
    )
    layers = [_layer(one, list(_reached(one, obligations, failed)), lines) for one in session.scalars(beside)]
    parts = allot(_losses(guarantee, chosen, lines), layers)
    found = [(row, parts.get((guarantee.id, row.key))) for row in chosen]
    return sorted((Claimable(row, part, windows[row.key][1]) for row, part in found if part), key=lambda one: (one.obligation.due, one.obligation.key))


def file_claim(
    actor: Actor, guarantee: Guarantee, keys: Sequence[str], reason: str, key: str, at: datetime | None = None
) -> Claim:
    """Claim the obligations named, as they stand this moment. The same key again gives the claim that is there.

    Refused when one of them cannot be claimed, and when nothing is left of the cover for them.
    """
    require(actor, "guarantee.claim", guarantee)
    moment = at or now()
    guarantee = held(guarantee)
    same = session.scalar(select(Claim).where(Claim.guarantee_id == guarantee.id, Claim.key == key))
    if same is not None:
        return same
    if guarantee.state != "in_force":
        raise Refused(N_("This guarantee is not in force."))
    if not keys:
        raise Refused(N_("Choose at least one payment."), field="obligations")
    ledger.refresh(guarantee.agreement, moment)
    found = claimable(guarantee, ledger.day_of(guarantee.agreement, moment), keys)
    if {one.obligation.key for one in found} != set(keys):
        raise Refused(N_("Not all of these can be claimed any more. Reload the page to see what is left."), field="obligations")
    if not any(one.part.amount for one in found):
        raise Refused(N_("This lies within your own share: there is nothing for the guarantor to pay."), field="obligations")
    claim = Claim(guarantee=guarantee, state="filed", reason=reason.strip(), person_id=actor.id, filed=moment, round=1, key=key)
    claim.lines = [ClaimLine(key=one.obligation.key, falls=one.part.falls, amount=one.part.amount, paid=0) for one in found]
    session.add(claim)
    record(claim, "file", actor, moment, amount=claim.amount)
    return claim


def _held(claim: Claim) -> Claim:
    held(claim.guarantee)
    return claim


def accept_claim(actor: Actor, claim: Claim, at: datetime | None = None) -> Claim:
    """The guarantor's signatory says that it will pay."""
    require(actor, "claim.accept", claim)
    move(_held(claim), "accept", actor, at)
    return claim


def refuse_claim(actor: Actor, claim: Claim, answer: str, at: datetime | None = None) -> Claim:
    """The guarantor's signatory refuses, with a reason. What was claimed can be claimed again; it does not pass to the next order."""
    require(actor, "claim.refuse", claim)
    if not answer.strip():
        raise Refused(N_("Give the reason: whoever claimed is told it and acts on it."), field="answer")
    claim = _held(claim)
    claim.answer = answer.strip()
    move(claim, "refuse", actor, at)
    return claim


def withdraw_claim(actor: Actor, claim: Claim, at: datetime | None = None) -> Claim:
    """The protected side claims this no longer."""
    require(actor, "claim.withdraw", claim)
    move(_held(claim), "withdraw", actor, at)
    return claim


def payable(claim: Claim) -> dict[int, int]:
    """What is to be paid now: line id → at most what was claimed and what is still lost, for it may have been paid meanwhile."""
    own = select(Obligation).where(Obligation.agreement_id == claim.guarantee.agreement_id)
    rows = {row.key: row.unpaid if claim.guarantee.protects == "licensor" else row.paid for row in session.scalars(own)}
    return {line.id: min(line.amount, rows.get(line.key, 0)) for line in claim.lines}


def pay_claim(actor: Actor, claim: Claim, day: date, reference: str, at: datetime | None = None) -> Claim:
    """The guarantor says on which day it paid, and under which reference. Refused when nothing of it is lost any more."""
    require(actor, "claim.pay", claim)
    moment = at or now()
    claim = _held(claim)
    agreement = claim.guarantee.agreement
    if not ledger.day_of(agreement, claim.filed) <= day <= ledger.day_of(agreement, moment):
        raise Refused(N_("The day must lie between the claim and today."), field="day")
    ledger.refresh(agreement, moment)
    amounts = payable(claim)
    if claim.state == "accepted" and not any(amounts.values()):
        raise Refused(N_("Nothing of this is unpaid any more, so there is nothing to pay. The claim can be withdrawn."))
    claim.paid_day, claim.reference = day, reference.strip() or None
    for line in claim.lines:
        line.paid = amounts[line.id]
    move(claim, "pay", actor, moment, amount=claim.paid)
    return claim


def _unpay(claim: Claim) -> None:
    claim.paid_day = claim.reference = None
    for line in claim.lines:
        line.paid = 0


def deny_claim(actor: Actor, claim: Claim, at: datetime | None = None) -> Claim:
    """The protected side says that the payment has not come in: the claim waits for it again."""
    require(actor, "claim.deny", claim)
    claim = _held(claim)
    move(claim, "deny", actor, at)
    _unpay(claim)
    return claim


def settle_claim(actor: Actor, claim: Claim, at: datetime | None = None) -> Claim:
    """The protected side confirms that the money came in. Confirmed twice it counts once.

    What the institute got counts as a payment of the licensee for the obligations named; what the cover says becomes a recourse debt.
    """
    require(actor, "claim.settle", claim)
    moment = at or now()
    claim = _held(claim)
    if claim.state == "settled":
        return claim
    move(claim, "settle", actor, moment, amount=claim.paid)
    if claim.guarantee.protects == "licensor":
        for line in claim.lines:
            if line.paid:
                _enter(claim, line, moment)
    entries.owe(claim, cover_of(claim.guarantee).recourse, moment)
    return claim


def _key(claim: Claim, line: ClaimLine) -> str:
    """The key of the ledger's payment: the same for this line while this payment stands, another after it bounced."""
    return f"claim:{claim.id}:{line.id}:{claim.round}"


def _enter(claim: Claim, line: ClaimLine, at: datetime) -> None:
    amount = f"{from_minor(line.paid, claim.guarantee.currency):f}"
    ledger.enter(
        SYSTEM, claim.guarantee.agreement, "payment", claim.paid_day, _key(claim, line), at, amount=amount, obligation=line.key
    )


def _payments(claim: Claim) -> list[AgreementEvent]:
    """The ledger's payments of this round of the claim."""
    keys = [_key(claim, line) for line in claim.lines]
    own = select(AgreementEvent).where(AgreementEvent.agreement_id == claim.guarantee.agreement_id, AgreementEvent.key.in_(keys))
    return list(session.scalars(own.order_by(AgreementEvent.id)))


def reopen_claim(actor: Actor, claim: Claim, reason: str, at: datetime | None = None) -> Claim:
    """The payment bounced: its entries in the ledger are voided, the recourse debt is cancelled by a mirror row, and the claim waits
    for payment again. One transfer paid all its lines, so that they fall together."""
    require(actor, "claim.reopen", claim)
    if not reason.strip():
        raise Refused(N_("Give the reason."), field="reason")
    moment = at or now()
    claim = _held(claim)
    move(claim, "reopen", actor, moment, reason=reason.strip())
    for event in _payments(claim):
        ledger.void(SYSTEM, event, reason.strip(), moment)
    entries.cancel_debt(actor, claim, reason.strip(), moment)
    claim.round += 1
    _unpay(claim)
    return claim


def notes_of(claim: Claim) -> list[dict[str, Any]]:
    """What happened on the claim beside its steps: payments that the licensee made nevertheless, as events tell it."""
    return [{**facts, "date": date.fromisoformat(facts["day"])} for facts in entries.facts_of(claim, "paid_twice")]
