"""What is due of a broker's fee, from the fee in force and the facts of the deal; pure.

The rules, each with an example in docs/fees.md:

- A percentage is taken of what the holder has received (at the first payment or at each), or of the fixed fees of the agreement (at signing or
  at the first payment). A fixed amount falls due at the introduction, at signing, at the first payment, or at each.
- A refund is taken off the latest payments before it, down to nought; a payment that was voided is not among the facts at all.
- Each obligation is rounded half up, once, to the currency's minor unit; where both sides bear it, the firm's part is rounded and the holder's is the rest.
- The cap holds for the sum, in the order of days; money in another currency than the fee's makes nothing due.

The same facts in any order give the same dues; none is negative; less money received never makes more due.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from marketplace.terms.payment import EXACT, MINOR_UNITS

KINDS = ("percent", "fixed", "none")
BASES = ("received", "fixed_fees")
PAYERS = ("firm", "holder", "both")
MOMENTS = ("introduction", "signing", "first_payment", "each_payment")
ALLOWED = {
    ("percent", "received"): ("first_payment", "each_payment"),
    ("percent", "fixed_fees"): ("signing", "first_payment"),
    ("fixed", None): MOMENTS,
}
"""What may make which fee due: a percentage needs its base to be known at that moment."""

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee as agreed. `rate` and `firm_share` are fractions, amounts are in units of the currency."""

    kind: str
    of: str | None = None
    rate: Decimal = NOTHING
    amount: Decimal | None = None
    currency: str = "CNY"
    payer: str | None = None
    firm_share: Decimal = NOTHING
    moment: str | None = None
    due_days: int = 30
    cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that the holder received, or gave back where the amount is negative; `id` orders what falls on one day."""

    id: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """What has happened: the days of introduction and signing, the payments, and the fixed fees of the agreement in `currency`."""

    introduced: date | None = None
    signed: date | None = None
    payments: tuple[Payment, ...] = ()
    fixed_fees: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """One obligation: who owes how much since when, until when, and why. `base` is what a percentage was taken of; `capped` says the cap cut it."""

    id: str
    payer: str
    amount: Decimal
    on: date
    due: date
    why: str
    base: Decimal | None = None
    rate: Decimal | None = None
    share: Decimal | None = None
    capped: bool = False


@dataclass(frozen=True, slots=True)
class _Whole:
    """An obligation before it is capped and shared out."""

    id: str
    on: date
    why: str
    amount: Decimal
    base: Decimal | None = None


def schedule(fee: Fee, facts: Facts) -> tuple[Due, ...]:
    """Every obligation that has arisen, in the order of days."""
    if fee.kind == "none":
        return ()
    owed: list[Due] = []
    before = NOTHING
    for whole in sorted(_arisen(fee, facts), key=lambda one: (one.on, one.id)):
        room = whole.amount if fee.cap is None else max(min(whole.amount, fee.cap - before), NOTHING)
        before += room
        owed += _shared(fee, whole, room, capped=room < whole.amount)
    return tuple(owed)


def _arisen(fee: Fee, facts: Facts) -> Iterator[_Whole]:
    if fee.moment == "introduction" and facts.introduced:
        yield _of(fee, "introduction", facts.introduced, "introduction")
    elif fee.moment == "signing" and facts.signed and _known(fee, facts):
        yield _of(fee, "signing", facts.signed, "signing", facts.fixed_fees)
    elif fee.moment in ("first_payment", "each_payment") and _known(fee, facts):
        payments = kept(facts.payments)
        for payment in payments[:1] if fee.moment == "first_payment" else payments:
            base = facts.fixed_fees if fee.of == "fixed_fees" else payment.amount
            yield _of(fee, f"payment:{payment.id}", payment.day, fee.moment, base)


def _known(fee: Fee, facts: Facts) -> bool:
    """Whether there is money to reckon with, in the fee's own currency; a fixed amount is owed whatever the agreement's currency is."""
    if fee.kind == "fixed":
        return True
    return facts.currency == fee.currency and (fee.of != "fixed_fees" or facts.fixed_fees is not None)


def _of(fee: Fee, key: str, on: date, why: str, base: Decimal | None = None) -> _Whole:
    if fee.kind == "fixed":
        return _Whole(key, on, why, _rounded(fee.amount or NOTHING, fee.currency))
    return _Whole(key, on, why, _rounded(fee.rate * (base or NOTHING), fee.currency), base)


def kept(payments: Sequence[Payment]) -> list[Payment]:
    """The payments that were not given back, oldest first: each refund is taken off the latest payments before it."""
    found: list[Payment] = []
    for payment in sorted(payments, key=lambda one: (one.day, one.amount < 0, one.id)):
        left = -payment.amount
        while left > 0 and found:
            last = found.pop()
            if last.amount > left:
                found.append(Payment(last.id, last.day, last.amount - left))
            left -= last.amount
        if payment.amount > 0:
            found.append(payment)
    return found


def _shared(fee: Fee, whole: _Whole, amount: Decimal, capped: bool) -> Iterator[Due]:
    """The obligation of each side that bears it. What comes to nothing is left out."""
    firm = amount if fee.payer == "firm" else NOTHING if fee.payer == "holder" else _rounded(amount * fee.firm_share, fee.currency)
    for payer, part, share in (("firm", firm, fee.firm_share), ("holder", amount - firm, 1 - fee.firm_share)):
        if part > 0:
            yield Due(
                id=f"{whole.id}:{payer}", payer=payer, amount=part, on=whole.on, due=whole.on + timedelta(days=fee.due_days), why=whole.why,
                base=whole.base, rate=fee.rate if fee.kind == "percent" else None, share=share if fee.payer == "both" else None, capped=capped,
            )


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-MINOR_UNITS[currency]), ROUND_HALF_UP, EXACT)
