"""Which invoice money pays: from its payment reference, its amount and its payer, with the reason and how sure it is. Pure.

A reference carries a check character (ISO 7064 MOD 37,36), so that no mistyped one is another that is valid: near references
are proposed only when the amount fits too. Nothing here decides: what is not exact is for a person to choose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein
from stdnum.iso7064 import mod_37_36

NEAR = 2  # mistyped characters that are still taken for a slip
ALIKE = 85.0  # likeness of names, of 100, from which a payer may be the customer
SAME_MONEY = timedelta(days=5)  # a bank books what was reported within these days
_REFERENCE = re.compile(r"[0-9A-Z]{4}20[0-9]{2}[0-9]{5,9}[0-9A-Z]")
_LEGAL = re.compile(r"股份有限公司|有限责任公司|有限公司|CO\.?,? ?LTD\.?|LIMITED|LTD\.?|INC\.?|GMBH")


@dataclass(frozen=True)
class Demand:
    """An invoice as money may meet it: `unpaid` in minor units (0: nothing left to pay), `live` unless it was cancelled."""

    reference: str
    agreement: str
    unpaid: int
    currency: str
    payers: tuple[str, ...] = ()
    live: bool = True


@dataclass(frozen=True)
class Known:
    """A payment that is recorded already, reported or confirmed."""

    id: str
    agreement: str
    amount: int
    currency: str
    day: date
    reference: str
    state: str
    transaction: str | None = None
    payers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Money:
    """What came in, in minor units."""

    amount: int
    currency: str
    day: date
    reference: str = ""
    payer: str = ""
    transaction: str | None = None


@dataclass(frozen=True)
class Finding:
    """What the money seems to be. `kind`: exact, partial, over, several, by_name, reported, duplicate, wrong_reference, unknown.

    `demands` are the invoices meant, best first; with `wrong_reference` and `unknown` they are what a person may choose from.
    `why` is the code of the reason, `payment` the one recorded already.
    """

    kind: str
    why: str
    demands: tuple[Demand, ...] = ()
    payment: Known | None = None
    named: str = ""
    candidates: tuple[Demand, ...] = field(default=())


def reference_of(prefix: str, year: int, number: int) -> str:
    """The number of an invoice as people write it: AB3K-2026-00012-7; the last character checks the others."""
    body = f"{prefix}{year:04}{number:05}"
    return f"{prefix}-{year:04}-{number:05}-{mod_37_36.calc_check_digit(body)}"


def plain(text: str) -> str:
    """A reference or memo with width, case, spaces and marks taken away."""
    return re.sub(r"[^0-9A-Z\u4e00-\u9fff]", "", unicodedata.normalize("NFKC", text).upper())


def attribute(money: Money, demands: Sequence[Demand], known: Sequence[Known]) -> Finding:
    """What this money seems to be; the first thing that fits, in the order in which a careful bookkeeper would look."""
    recorded = _recorded(money, known)
    if recorded is not None:
        return recorded
    named = _named(money.reference, demands)
    if named:
        return _of_named(money, named, demands)
    slip = _slip(money, demands)
    if slip is not None:
        return slip
    written = next(_written(money.reference), "")
    candidates = _candidates(money, demands)
    if written:
        return Finding("wrong_reference", "unknown_reference", named=written, candidates=candidates)
    return _by_name(money, candidates)


def _recorded(money: Money, known: Sequence[Known]) -> Finding | None:
    """The payment that this money is already, or may be."""
    for one in known:
        if money.transaction and one.transaction == money.transaction:
            return Finding("duplicate", "same_transaction", payment=one)
    same = [one for one in known if (one.amount, one.currency) == (money.amount, money.currency)]
    for one in same:
        quoted = bool(plain(one.reference)) and plain(one.reference) in plain(money.reference)
        near = abs(one.day - money.day) <= SAME_MONEY
        if one.state == "reported" and near and (quoted or _is_payer(money.payer, one.payers)):
            return Finding("reported", "same_reference" if quoted else "same_amount", payment=one)
        if one.state == "confirmed" and one.day == money.day and (quoted or not plain(money.reference)) and not (money.transaction and one.transaction):
            return Finding("duplicate", "same_day_and_amount", payment=one)
    return None


def _named(text: str, demands: Sequence[Demand]) -> list[Demand]:
    """The invoices whose references stand in the text."""
    memo = plain(text)
    return [demand for demand in demands if plain(demand.reference) in memo]


def _of_named(money: Money, named: Sequence[Demand], demands: Sequence[Demand]) -> Finding:
    wrong = next((why for demand in named if (why := _cannot_be_paid(money, demand))), None)
    if wrong or len({demand.agreement for demand in named}) > 1:
        rest = [demand for demand in demands if demand not in named]
        why = wrong or "several_agreements"
        return Finding("wrong_reference", why, named=named[0].reference, candidates=_candidates(money, named if not wrong else rest))
    owed = sum(demand.unpaid for demand in named)
    kind = "exact" if money.amount == owed else "partial" if money.amount < owed else "over"
    return Finding("several" if len(named) > 1 else kind, f"reference_{kind}", tuple(named), named=named[0].reference)


def _cannot_be_paid(money: Money, demand: Demand) -> str | None:
    if not demand.live:
        return "cancelled"
    if demand.currency != money.currency:
        return "other_currency"
    return None if demand.unpaid else "paid"


def _written(text: str) -> Iterator[str]:
    """What reads like a reference in the text."""
    yield from (match[0] for match in _REFERENCE.finditer(plain(text)))


def _slip(money: Money, demands: Sequence[Demand]) -> Finding | None:
    """The one open invoice over just this amount whose reference was mistyped."""
    memo = plain(money.reference)
    fitting = [demand for demand in _open(money, demands) if demand.unpaid == money.amount and _distance(plain(demand.reference), memo) <= NEAR]
    return Finding("exact", "reference_mistyped", tuple(fitting), named=fitting[0].reference) if len(fitting) == 1 else None


def _distance(reference: str, memo: str) -> int:
    """How many characters the reference differs from the piece of the memo that is most like it."""
    found = fuzz.partial_ratio_alignment(reference, memo) if memo else None
    if found is None:
        return len(reference)
    start, end = (found.dest_start, found.dest_end) if len(memo) > len(reference) else (0, len(memo))
    return min(Levenshtein.distance(reference, memo[start:stop]) for stop in range(max(end - 1, start), end + 2))


def _open(money: Money, demands: Sequence[Demand]) -> list[Demand]:
    return [demand for demand in demands if _cannot_be_paid(money, demand) is None]


def _candidates(money: Money, demands: Sequence[Demand], most: int = 10) -> tuple[Demand, ...]:
    """What a person may choose from: open invoices, those of this payer and of this amount first."""
    found = sorted(_open(money, demands), key=lambda demand: (
        not _is_payer(money.payer, demand.payers), demand.unpaid != money.amount, abs(demand.unpaid - money.amount), demand.reference))
    return tuple(found[:most])


def _by_name(money: Money, candidates: Sequence[Demand]) -> Finding:
    """Without a reference only the payer's name and the amount speak, and only if they speak for one invoice."""
    fitting = [demand for demand in candidates if demand.unpaid == money.amount and _is_payer(money.payer, demand.payers)]
    if len(fitting) == 1:
        return Finding("by_name", "name_and_amount", tuple(fitting), named=fitting[0].reference, candidates=tuple(candidates))
    return Finding("unknown", "several_fit" if fitting else "no_reference", candidates=tuple(candidates))


def _is_payer(payer: str, names: Sequence[str]) -> bool:
    """Whether the payer may be one of these names, legal forms aside."""
    wanted = _core(payer)
    return bool(wanted) and any(fuzz.ratio(wanted, _core(name)) >= ALIKE for name in names if _core(name))


def _core(name: str) -> str:
    text = _LEGAL.sub("", unicodedata.normalize("NFKC", name).upper())
    return re.sub(r"[^0-9A-Z\u4e00-\u9fff]", "", text)
