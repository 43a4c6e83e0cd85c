"""Checks of an offer: what the law refuses and what experience warns of, each with its source.

What a check says, how severe it is, its limit and where it comes from are data (`checks.toml`); here is only when it
applies, a condition for each code. Figures that are held from memory are marked there as unverified and only warn.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

from marketplace.terms.payment import Terms, add_months, forms_of
from marketplace.terms.words import Tongue

CHECKS: list[dict[str, Any]] = tomllib.loads(
    files("marketplace.terms").joinpath("checks.toml").read_text("utf-8")
)["check"]

SEVERITIES = ("refuse", "warn", "inform")

CLAUSES = tuple(check["clause"] for check in CHECKS if "clause" in check)
"""Codes of clauses that are void as an illegal technology monopoly."""

_CALLED_PATENT = re.compile(
    r"\bZL\s*\d|(?<!非)(?<!申请)(?<!申请中的)专利(?!申请)|\bpatent(?:s|ed)?\b(?![\s-]+(?:application|pending|applied))",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """What the checks know of an offer beside its payment terms; None is not known, and then nothing is found."""

    starts_on: date
    """The day from which the term counts where the terms name no day of effect: today, for an offer."""
    mode: str = "licence"
    exclusivity: str | None = None
    technology_kind: str | None = None
    patent_kind: str | None = None
    legal_status: str | None = None
    expires_on: date | None = None
    term_months: int | None = None
    annual_fee_paid: bool | None = None
    pledged: bool = False
    pledgee_consents: bool = False
    exclusive_in_force: bool = False
    evaluation_report: bool | None = None
    declaration_text: str = ""
    title: str = ""
    clauses: tuple[str, ...] = ()
    called_pay_after_use: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of an offer; message and source in both languages, by "zh" and "en"."""

    code: str
    severity: str
    message: dict[str, str]
    source: dict[str, str]
    unverified: bool


Check = dict[str, Any]
Condition = Callable[[OfferFacts, Terms | None, Check], Any]


def check(facts: OfferFacts, terms: Terms | None) -> list[Finding]:
    """Everything there is to say about an offer, refusals first. Terms are None where the mode has none."""
    findings = [
        _finding(item, found)
        for item in CHECKS
        if (found := CONDITIONS[item["code"]](facts, terms, item))
    ]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _finding(item: Check, found: Any) -> Finding:
    words = found if isinstance(found, list) else []
    message = {
        lang: text.format(limit=_limit(item, lang), words=("、" if lang == "zh" else ", ").join(words))
        for lang, text in item["message"].items()
    }
    return Finding(item["code"], item["severity"], message, item["source"], item.get("unverified", False))


def _limit(item: Check, lang: str) -> str:
    """The limit of a check as a language writes it; empty where it has none."""
    tongue = Tongue(lang, "CNY")
    for kind, value in item.get("limit", {}).items():
        number = Decimal(value)
        return tongue.count("month", int(number)) if kind == "months" else getattr(tongue, kind)(number)
    return ""


def _open(facts: OfferFacts) -> bool:
    return facts.mode == "open_licence"


def _only_applied_for(facts: OfferFacts) -> bool:
    return facts.technology_kind == "patent_application" or facts.legal_status == "applied"


def _not_granted(facts: OfferFacts, *_: Any) -> bool:
    return _open(facts) and (_only_applied_for(facts) or facts.technology_kind not in (None, "patent"))


def _no_report(facts: OfferFacts) -> bool:
    return facts.patent_kind in ("utility_model", "design") and facts.evaluation_report is False


def _fixed_fee(facts: OfferFacts, terms: Terms | None, item: Check) -> bool:
    if not (_open(facts) and terms and terms.currency == "CNY"):
        return False
    listed = (*terms.deferred, *terms.instalments, *terms.milestones, *terms.conditional)
    total = terms.entry_fee + terms.decision.price + sum(fee.amount for fee in listed)
    if terms.cap_total is not None:
        total = min(total, terms.cap_total)
    return total > Decimal(item["limit"]["money"])


def _royalty_above(base: str) -> Condition:
    """Whether an open licence asks for a greater share of this base than the limit."""

    def condition(facts: OfferFacts, terms: Terms | None, item: Check) -> bool:
        royalty = terms.royalty if terms and _open(facts) else None
        limit = Decimal(item["limit"]["rate"])
        return bool(royalty and royalty.base == base and any(tier.rate > limit for tier in royalty.tiers))

    return condition


def _early_payment(facts: OfferFacts, terms: Terms | None, item: Check) -> bool:
    """Whether a payment that waits for no revenue, result or decision falls due before the limit.

    An offer is called pay-after-use by its holder, or by the label that we give it.
    """
    if not terms or not (facts.called_pay_after_use or "pay_after_use" in forms_of(terms)):
        return False
    start = terms.effective or facts.starts_on
    limit = _later(start, int(item["limit"]["months"]))
    return any(due < limit for due in _certain_dues(terms, start))


def _certain_dues(terms: Terms, start: date) -> Iterator[date]:
    """The due dates that come whatever the firm earns, achieves or decides; a trial puts off all but the entry fee."""
    if terms.entry_fee:
        yield _later(start, days=terms.payment_days)
    if terms.trial and terms.decision.silence == "lapse":
        return
    first = _later(start, terms.trial.months, terms.decision.window_days + 1) if terms.trial else start
    if terms.decision.price:
        yield _later(first, days=terms.payment_days)
    for fee in terms.deferred:
        if fee.amount and not (fee.first_revenue and fee.which == "later"):
            yield _later(max(first, _later(start, fee.months)), days=terms.payment_days)
    for fee in terms.instalments:
        if fee.amount:
            yield fee.due if fee.due >= first else _later(first, days=terms.payment_days)
    if terms.royalty and terms.royalty.minimum_per_year:
        year_end = date((start if terms.trial and terms.trial.sales_counted else first).year, 12, 31)
        yield max(first, _later(year_end, days=terms.royalty.statement_days + terms.royalty.payment_days))


def _later(day: date, months: int = 0, days: int = 0) -> date:
    """So many months and days later, at most the last day of the calendar."""
    try:
        return add_months(day, months) + timedelta(days)
    except (ValueError, OverflowError):
        return date.max


def _beyond_expiry(facts: OfferFacts, terms: Terms | None, _: Check) -> bool:
    end = terms.end if terms else None
    if end is None and facts.term_months is not None:
        end = _later((terms.effective if terms else None) or facts.starts_on, facts.term_months)
    return bool(end and facts.expires_on and end > facts.expires_on)


def _promotional(facts: OfferFacts, _terms: Terms | None, item: Check) -> list[str]:
    """The promotional words that an open-licence declaration uses."""
    text = facts.declaration_text if _open(facts) else ""
    found = re.findall("|".join(_whole(word) for word in item["words"]), text, re.IGNORECASE | re.ASCII)
    return list(dict.fromkeys(found))


def _whole(word: str) -> str:
    """The pattern of a word: a Latin one stands alone, a Chinese one anywhere."""
    return rf"\b{re.escape(word)}\b" if word.isascii() and word[0].isalpha() else re.escape(word)


def _called_patent(facts: OfferFacts, *_: Any) -> bool:
    return _only_applied_for(facts) and bool(_CALLED_PATENT.search(f"{facts.title}\n{facts.declaration_text}"))


def _has_clause(facts: OfferFacts, _terms: Terms | None, item: Check) -> bool:
    return item["clause"] in facts.clauses


CONDITIONS: dict[str, Condition] = {
    "open_licence_not_ordinary": lambda facts, *_: _open(facts) and facts.exclusivity not in (None, "", "ordinary"),
    "open_licence_exclusive_in_force": lambda facts, *_: _open(facts) and facts.exclusive_in_force,
    "open_licence_annual_fee_unpaid": lambda facts, *_: _open(facts) and facts.annual_fee_paid is False,
    "open_licence_pledged": lambda facts, *_: _open(facts) and facts.pledged and not facts.pledgee_consents,
    "open_licence_not_granted": _not_granted,
    "open_licence_no_evaluation_report": lambda facts, *_: _open(facts) and _no_report(facts),
    "no_evaluation_report": lambda facts, *_: not _open(facts) and _no_report(facts),
    "open_licence_fixed_fee": _fixed_fee,
    "open_licence_sales_royalty": _royalty_above("net_sales"),
    "open_licence_profit_royalty": _royalty_above("profit"),
    "early_payment": _early_payment,
    "term_beyond_expiry": _beyond_expiry,
    "promotional_wording": _promotional,
    "patent_word_on_application": _called_patent,
} | {item["code"]: _has_clause for item in CHECKS if "clause" in item}
