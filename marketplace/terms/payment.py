"""Payment terms as data: what they may say, read exactly and refused with the path of what is wrong.

The one meaning that offers, agreements, the schedule, the words and the checks share. Money, rates and quantities are
`Decimal`, exact as typed; canonical form is made while reading (money with just the places of its currency, other
numbers without trailing zeros), so that `to_dict` only writes and terms that mean the same are equal.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any, TypeVar

from marketplace.errors import N_
from marketplace.terms.reading import Node

MINOR_UNITS = {"CNY": 2, "USD": 2, "EUR": 2, "JPY": 0, "KRW": 0}
BASES = ("net_sales", "profit", "units")
PERIODS = ("month", "quarter", "half", "year")
SCOPES = ("lifetime", "year")
SILENCES = ("lapse", "convert")
WHICH = ("earlier", "later")
FORMS = (
    "upfront", "deferred", "instalments", "milestone", "conditional", "royalty", "trial_then_pay",
    "pay_after_use", "free",
)

DAYS = 30
"""The default of every number of days that has one, and the days for the certificate of non-use."""

NOTHING = Decimal(0)

EXACT = Context(prec=1_000_000, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""For arithmetic on what people typed: Python's usual context would round after 28 digits."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trial:
    """The bounded free use before anything but the entry fee is owed."""

    months: int
    sales_counted: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """The price locked for going on after the trial, how long one may decide, and what silence means."""

    price: Decimal
    window_days: int = DAYS
    silence: str = "lapse"


@dataclass(frozen=True, slots=True)
class Deferred:
    """A fee owed some months after effect, or at first revenue, whichever is agreed."""

    id: str
    amount: Decimal
    months: int
    first_revenue: bool = False
    which: str = "earlier"


@dataclass(frozen=True, slots=True)
class Instalment:
    """A fee due on a day."""

    id: str
    amount: Decimal
    due: date


@dataclass(frozen=True, slots=True)
class Milestone:
    """A fee owed when a milestone is accepted."""

    id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Conditional:
    """A fee owed only if the acceptance criteria are met; with `deemed_days` silence accepts."""

    id: str
    amount: Decimal
    deemed_days: int | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """The rate that applies up to a cumulative base; the last tier has no upper bound."""

    upto: Decimal | None
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Royalty:
    """A share of net sales or profit in tiers, or an amount per unit, stated and paid by period."""

    base: str
    period: str
    tiers: tuple[Tier, ...] = ()
    per_unit: Decimal | None = None
    statement_days: int = DAYS
    payment_days: int = DAYS
    threshold: Decimal = NOTHING
    tier_scope: str = "lifetime"
    minimum_per_year: Decimal = NOTHING


@dataclass(frozen=True, slots=True)
class Buyout:
    """The price that ends the royalty."""

    price: Decimal


@dataclass(frozen=True, slots=True)
class LateInterest:
    """Simple interest a year on what is paid late."""

    annual_rate: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """Payment terms of an offer (no `effective`, no `end`) or of an agreement. Made by `parse` alone."""

    currency: str
    effective: date | None = None
    end: date | None = None
    payment_days: int = DAYS
    entry_fee: Decimal = NOTHING
    trial: Trial | None = None
    conversion: Conversion | None = None
    deferred: tuple[Deferred, ...] = ()
    instalments: tuple[Instalment, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    conditional: tuple[Conditional, ...] = ()
    royalty: Royalty | None = None
    buyout: Buyout | None = None
    cap_total: Decimal | None = None
    late_interest: LateInterest | None = None

    @property
    def decision(self) -> Conversion:
        """How a trial is decided, also where the terms name no conversion: no price, 30 days, silence lapses."""
        return self.conversion or Conversion(NOTHING)


def parse(terms: Any, *, template: bool) -> Terms:
    """Read payment terms from JSON values; raises `TermsError` for anything that terms.md refuses.

    A template is the terms of an offer: the day it takes effect and the end of the term are not known yet and refused.
    """
    known = [field.name for field in fields(Terms) if not (template and field.name in ("effective", "end"))]
    node = Node(terms, "terms").keys(*known)
    places = MINOR_UNITS[node.at("currency").one_of(tuple(MINOR_UNITS))]
    zero = NOTHING.scaleb(-places)

    def money(inner: Node) -> Decimal:
        return inner.money(places)

    effective = None if template else node.at("effective").day()
    trial = node.maybe("trial", _trial, None)
    if trial is None and "conversion" in node.value:
        node.at("conversion").refuse(N_("Conversion needs a trial."))
    return Terms(
        currency=node.value["currency"],
        effective=effective,
        end=node.maybe("end", lambda inner: _not_before(effective, inner), None),
        payment_days=node.maybe("payment_days", Node.whole, DAYS),
        entry_fee=node.maybe("entry_fee", money, zero),
        trial=trial,
        conversion=node.maybe("conversion", lambda inner: _conversion(inner, money), None),
        deferred=_list(node, "deferred", lambda inner: _deferred(inner, money)),
        instalments=_list(node, "instalments", lambda inner: _instalment(inner, money, effective)),
        milestones=_list(node, "milestones", lambda inner: _milestone(inner, money)),
        conditional=_list(node, "conditional", lambda inner: _conditional(inner, money)),
        royalty=node.maybe("royalty", lambda inner: _royalty(inner, money, zero), None),
        buyout=node.maybe("buyout", lambda inner: Buyout(money(inner.keys("price").at("price"))), None),
        cap_total=node.maybe("cap_total", money, None),
        late_interest=node.maybe(
            "late_interest", lambda inner: LateInterest(inner.keys("annual_rate").at("annual_rate").rate()), None
        ),
    )


def _not_before(effective: date | None, node: Node) -> date:
    day = node.day()
    if effective and day < effective:
        node.refuse(N_("This cannot be before the day the agreement takes effect."))
    return day


def _list(node: Node, key: str, read: Callable[[Node], T]) -> tuple[T, ...]:
    """The members of an optional list, each with an id that no other of them has."""
    if key not in node.value:
        return ()
    seen: set[str] = set()
    members = []
    for inner in node.at(key).items():
        members.append(read(inner))
        name = inner.at("id")
        if name.text() in seen:
            name.refuse(N_("This name is used twice in the list."))
        seen.add(name.value)
    return tuple(members)


def _trial(node: Node) -> Trial:
    node.keys("months", "sales_counted")
    return Trial(node.at("months").whole(), node.maybe("sales_counted", Node.flag, False))


def _conversion(node: Node, money: Callable[[Node], Decimal]) -> Conversion:
    node.keys("price", "window_days", "silence")
    return Conversion(
        money(node.at("price")),
        node.maybe("window_days", Node.whole, DAYS),
        node.maybe("silence", lambda inner: inner.one_of(SILENCES), "lapse"),
    )


def _deferred(node: Node, money: Callable[[Node], Decimal]) -> Deferred:
    node.keys("id", "amount", "months", "first_revenue", "which")
    return Deferred(
        node.at("id").text(),
        money(node.at("amount")),
        node.at("months").whole(),
        node.maybe("first_revenue", Node.flag, False),
        node.maybe("which", lambda inner: inner.one_of(WHICH), "earlier"),
    )


def _instalment(node: Node, money: Callable[[Node], Decimal], effective: date | None) -> Instalment:
    node.keys("id", "amount", "due")
    return Instalment(node.at("id").text(), money(node.at("amount")), _not_before(effective, node.at("due")))


def _milestone(node: Node, money: Callable[[Node], Decimal]) -> Milestone:
    node.keys("id", "amount")
    return Milestone(node.at("id").text(), money(node.at("amount")))


def _conditional(node: Node, money: Callable[[Node], Decimal]) -> Conditional:
    node.keys("id", "amount", "deemed_days")
    return Conditional(
        node.at("id").text(), money(node.at("amount")), node.maybe("deemed_days", Node.whole, None)
    )


def _royalty(node: Node, money: Callable[[Node], Decimal], zero: Decimal) -> Royalty:
    node.keys(*(field.name for field in fields(Royalty)))
    base = node.at("base").one_of(BASES)
    unused = "tiers" if base == "units" else "per_unit"
    if unused in node.value:
        node.at(unused).refuse(N_("This does not go with the base of the royalty."))
    return Royalty(
        base=base,
        period=node.at("period").one_of(PERIODS),
        tiers=() if base == "units" else _tiers(node.at("tiers"), money),
        per_unit=node.at("per_unit").number() if base == "units" else None,
        statement_days=node.maybe("statement_days", Node.whole, DAYS),
        payment_days=node.maybe("payment_days", Node.whole, DAYS),
        threshold=node.maybe("threshold", *((Node.number, NOTHING) if base == "units" else (money, zero))),
        tier_scope=node.maybe("tier_scope", lambda inner: inner.one_of(SCOPES), "lifetime"),
        minimum_per_year=node.maybe("minimum_per_year", money, zero),
    )


def _tiers(node: Node, money: Callable[[Node], Decimal]) -> tuple[Tier, ...]:
    """Tiers whose bounds rise and whose last has none."""
    nodes = [inner.keys("upto", "rate") for inner in node.items()]
    if not nodes:
        node.refuse(N_("Give at least one rate."))
    tiers: list[Tier] = []
    for inner in nodes:
        bound = inner.at("upto")
        last = inner is nodes[-1]
        if last and bound.value is not None:
            bound.refuse(N_("Leave the upper bound of the last tier open."))
        upto = None if last else money(bound)
        if tiers and upto is not None and upto <= tiers[-1].upto:
            bound.refuse(N_("This must be above the bound of the tier before."))
        tiers.append(Tier(upto, inner.at("rate").rate()))
    return tuple(tiers)


def to_dict(part: Any) -> dict[str, Any]:
    """The JSON values of terms, defaults written out, what is absent left out; `parse` reads the same terms back."""
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {
        key: _written(value) for key, value in values.items() if value not in (None, ()) or isinstance(part, Tier)
    }


def _written(value: Any) -> Any:
    if isinstance(value, tuple):
        return [to_dict(member) for member in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (str, int)) else to_dict(value)


def forms_of(terms: Terms) -> tuple[str, ...]:
    """The codes of the forms in which payment is agreed, derived from the keys; amounts of zero do not count.

    `pay_after_use` is beside the others when nothing is owed at effect but something may be later; `free` stands alone.
    The codes are the product's names for presets, filters and facets.
    """
    if terms.cap_total is not None and not terms.cap_total:
        return ("free",)
    later = _owed_later(terms)
    found = {
        "upfront": terms.entry_fee > 0,
        "deferred": any(fee.amount for fee in terms.deferred),
        "instalments": any(fee.amount for fee in terms.instalments),
        "milestone": any(fee.amount for fee in terms.milestones),
        "conditional": any(fee.amount for fee in terms.conditional),
        "royalty": bool(terms.royalty and bears(terms.royalty)),
        "trial_then_pay": bool(terms.trial) and later,
        "pay_after_use": later and not terms.entry_fee and not _owed_at_effect(terms),
        "free": not later and not terms.entry_fee,
    }
    return tuple(code for code in FORMS if found[code])


def bears(royalty: Royalty) -> bool:
    """Whether a royalty can ever come to more than nothing."""
    return bool(royalty.per_unit or royalty.minimum_per_year or any(tier.rate for tier in royalty.tiers))


def _owed_later(terms: Terms) -> bool:
    fees = (*terms.deferred, *terms.instalments, *terms.milestones, *terms.conditional)
    price = (terms.conversion and terms.conversion.price) or (terms.buyout and terms.buyout.price)
    return bool(price or any(fee.amount for fee in fees) or (terms.royalty and bears(terms.royalty)))


def _owed_at_effect(terms: Terms) -> bool:
    """Whether a fee beside the entry fee is owed on the very day of effect; a trial puts such fees off."""
    if terms.trial:
        return False
    return any(
        fee.amount and not fee.months and not (fee.first_revenue and fee.which == "later") for fee in terms.deferred
    ) or any(fee.amount and fee.due == terms.effective for fee in terms.instalments)


def add_months(day: date, months: int) -> date:
    """The day so many months later, the same day of the month or that month's last (terms.md "Values").

    Raises `ValueError` past the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not year <= date.max.year:
        raise ValueError(f"{months} months after {day} is past the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def to_minor(amount: Decimal | None, currency: str) -> int | None:
    """An amount in the currency's minor units, rounded half away from zero beyond them."""
    if amount is None:
        return None
    return int(amount.scaleb(MINOR_UNITS[currency], EXACT).to_integral_value("ROUND_HALF_UP"))


def from_minor(minor: int | None, currency: str) -> Decimal | None:
    """The exact amount that so many minor units are."""
    return None if minor is None else Decimal(minor).scaleb(-MINOR_UNITS[currency], EXACT)
