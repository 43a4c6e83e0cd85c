"""The cover of a guarantee as data: what it may say, read exactly and refused with the path of what is wrong.

JSON keys: `share` of each covered obligation ("0.8"), `maximum` in all, `kinds` of obligations covered, `rank` (first-loss order, the
lower pays first), `after_days` and `within_days` (a claim may be filed from so many days after the loss, for so many days),
`deductible` (the protected side's own share, once), `until` (the last day on which a loss is covered), `recourse` {share, days}
(what is paid becomes a debt of the other side to the guarantor, due after so many days, without interest), `premium` {payer,
terms} (a fee schedule of its own in the shape of terms.md, without `effective`), `conditions` {zh, en}. Values are those of terms.md.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.errors import N_
from marketplace.licensing.operations import MOST
from marketplace.terms.payment import MINOR_UNITS, from_minor, parse, to_dict, to_minor
from marketplace.terms.reading import Node, TermsError

KINDS = ("entry", "conversion", "deferred", "instalment", "milestone", "conditional", "royalty", "minimum", "buyout")
"""The kinds of obligations that a guarantee can cover: all that are owed in money (terms.md "Output")."""

RANKS = 9
PREMIUM_PARTS = ("currency", "entry_fee", "payment_days", "deferred")
"""The keys of terms that a premium can have: an amount at the start, and amounts some months after it."""


@dataclass(frozen=True, slots=True)
class Recourse:
    """The share of a paid claim that the other side then owes the guarantor, and after how many days."""

    share: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class Premium:
    """Which side pays the guarantor, and its schedule as terms without `effective`."""

    payer: str
    terms: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cover:
    """What a guarantee covers; amounts in minor units. Made by `read` alone."""

    currency: str
    share: Decimal
    maximum: int
    kinds: tuple[str, ...]
    rank: int
    after_days: int
    within_days: int
    deductible: int
    until: date | None
    recourse: Recourse | None
    premium: Premium | None
    conditions: dict[str, str]


def read(values: Any, currency: str) -> Cover:
    """Read a cover from JSON values; raises `TermsError` with the path of what is wrong."""
    node = Node(values, "cover")
    node.keys("share", "maximum", "kinds", "rank", "after_days", "within_days", "deductible", "until", "recourse", "premium", "conditions")
    share, maximum = _above_nothing(node.at("share"), Node.rate), _above_nothing(node.at("maximum"), lambda inner: _minor(inner, currency))
    return Cover(
        currency=currency, share=share, maximum=maximum, kinds=_kinds(node.at("kinds")), rank=_rank(node.at("rank")),
        after_days=node.at("after_days").whole(), within_days=_above_nothing(node.at("within_days"), Node.whole),
        deductible=node.maybe("deductible", lambda inner: _minor(inner, currency), 0),
        until=node.maybe("until", Node.day, None), recourse=node.maybe("recourse", _recourse, None),
        premium=node.maybe("premium", lambda inner: _premium(inner, currency), None), conditions=node.maybe("conditions", _texts, {}),
    )


def _minor(node: Node, currency: str) -> int:
    amount = to_minor(node.money(MINOR_UNITS[currency]), currency) or 0
    if amount > MOST:
        node.refuse(N_("Amounts on this site end at %(most)s."), most=from_minor(MOST, currency))
    return amount


def _above_nothing(node: Node, read_value: Any) -> Any:
    value = read_value(node)
    if not value:
        node.refuse(N_("This must be more than nothing."))
    return value


def _kinds(node: Node) -> tuple[str, ...]:
    chosen = {inner.one_of(KINDS) for inner in node.items()}
    if not chosen:
        node.refuse(N_("Choose at least one kind of payment that is covered."))
    return tuple(kind for kind in KINDS if kind in chosen)


def _rank(node: Node) -> int:
    rank = node.whole()
    if not 1 <= rank <= RANKS:
        node.refuse(N_("Give a whole number from 1 to %(most)s."), most=RANKS)
    return rank


def _recourse(node: Node) -> Recourse:
    node.keys("share", "days")
    return Recourse(_above_nothing(node.at("share"), Node.rate), node.at("days").whole())


def _premium(node: Node, currency: str) -> Premium:
    payer = node.keys("payer", "terms").at("payer").one_of(("licensor", "licensee"))
    terms = node.at("terms").keys(*PREMIUM_PARTS)
    if terms.at("currency").value != currency:
        terms.at("currency").refuse(N_("The premium is paid in the currency of the agreement."))
    if not terms.value.keys() & {"entry_fee", "deferred"}:
        terms.at("entry_fee")
    try:
        return Premium(payer, to_dict(parse(terms.value, template=True)))
    except TermsError as error:
        raise TermsError(f"{node.path}.{error.path}", error.message, **error.values) from error


def _texts(node: Node) -> dict[str, str]:
    node.keys("zh", "en")
    return {language: node.at(language).text() for language in ("zh", "en") if language in node.value}


def written(cover: Cover) -> dict[str, Any]:
    """The JSON values of a cover, defaults written out, what is absent left out; `read` reads the same cover back."""
    values: dict[str, Any] = {
        "share": f"{cover.share:f}", "maximum": f"{from_minor(cover.maximum, cover.currency):f}", "kinds": list(cover.kinds), "rank": cover.rank,
        "after_days": cover.after_days, "within_days": cover.within_days, "deductible": f"{from_minor(cover.deductible, cover.currency):f}",
    }
    if cover.until:
        values["until"] = cover.until.isoformat()
    if cover.recourse:
        values["recourse"] = {"share": f"{cover.recourse.share:f}", "days": cover.recourse.days}
    if cover.premium:
        values["premium"] = {"payer": cover.premium.payer, "terms": cover.premium.terms}
    if any(cover.conditions.values()):
        values["conditions"] = {language: text for language, text in cover.conditions.items() if text}
    return values


def fingerprint(values: dict[str, Any]) -> str:
    """The SHA-256 of JSON values in canonical form, in hex: what an acceptance names."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
