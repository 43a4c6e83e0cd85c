"""Checks of an offer: what the law refuses and what experience warns of, each with its source.

What a check says, how severe it is, where it holds, its figures and where it comes from are data (`checks.toml`, and an
operator's own files, read by `checklist`). Here are the named conditions that the data refer to, and what they find: an
operator adds a check without touching code. Figures that are held from memory are marked there as unverified and only
warn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from marketplace.terms.payment import Terms, add_months, forms_of
from marketplace.terms.words import Tongue

SEVERITIES = ("refuse", "warn", "inform")
MODES = ("licence", "open_licence", "assignment", "equity", "joint_development", "open_source")
EXCLUSIVITIES = ("ordinary", "sole", "exclusive")
PATENT_KINDS = ("invention", "utility_model", "design")

TEXTS = ("title", "abstract", "advantages", "applications", "field_of_use")
"""The texts of an offer in which words are looked for; each is there once a language."""

FIELDS = (
    "kind", *TEXTS, "patent_kind", "legal_status", "expires_on", "mode", "exclusivity", "territory", "term_months", "sublicensing",
    "exclusive_in_force", "annual_fee", "pledge", "evaluation_report",
    "currency", "effective", "end", "entry_fee", "payment_days", "cap_total", "trial", "conversion", "deferred", "instalments",
    "milestones", "conditional", "royalty", "royalty.tiers", "royalty.per_unit", "royalty.minimum_per_year", "buyout", "late_interest",
)
"""Where a finding can stand: fields of the offer by their names, parts of the payment terms by their paths."""

_CALLED_PATENT = re.compile(
    r"\bZL\s*\d|(?<!非)(?<!申请)(?<!申请中的)专利(?!申请)|\bpatent(?:s|ed)?\b(?![\s-]+(?:application|pending|applied))",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferFacts:
    """What the checks know of an offer beside its payment terms; None is not known, and then nothing is found.

    `texts` has the offer's texts by field and language ("abstract_zh"); `region` is that of the organisation that offers.
    """

    starts_on: date
    """The day from which the term counts where the terms name no day of effect, and whose checks hold: today, for an offer."""
    region: str | None = None
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
    texts: Mapping[str, str] = field(default_factory=dict)
    clauses: tuple[str, ...] = ()
    called_pay_after_use: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check as its data say it. `given` are the figures and words that its condition looks at, `fields` where its
    finding stands unless the condition knows it better, `region` the GB/T 2260 code in which alone it holds."""

    code: str
    when: str
    severity: str
    message: Mapping[str, str]
    source: Mapping[str, str]
    fields: tuple[str, ...]
    unverified: bool = False
    region: str | None = None
    in_force: date | None = None
    modes: tuple[str, ...] = ()
    given: Mapping[str, Any]
    origin: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says of an offer, and at which fields; message and source in both languages, by "zh" and "en"."""

    code: str
    severity: str
    message: dict[str, str]
    source: dict[str, str]
    unverified: bool
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a condition found what it looks for, when that is narrower than the fields of its check, and which words."""

    places: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A named condition: what it needs to be given, and what it finds in an offer."""

    find: Callable[[OfferFacts, Terms | None, Mapping[str, Any]], Found | None]
    needs: tuple[str, ...] = ()


def standing_facts(said: Mapping[str, Any]) -> dict[str, bool | None]:
    """What `OfferFacts` holds of the patent's standing, from what a form or an offer says of it in codes."""
    known = {"paid": True, "unpaid": False, "yes": True, "no": False}
    return {
        "annual_fee_paid": known.get(said.get("annual_fee") or ""),
        "evaluation_report": known.get(said.get("evaluation_report") or ""),
        "pledged": said.get("pledge") in ("consent", "no_consent"),
        "pledgee_consents": said.get("pledge") == "consent",
        "exclusive_in_force": bool(said.get("exclusive_in_force")),
    }


def check(facts: OfferFacts, terms: Terms | None, checks: Iterable[Check]) -> list[Finding]:
    """Everything there is to say about an offer, refusals first. Terms are None where the mode has none."""
    findings = [
        _finding(one, found)
        for one in holding(checks, facts.region, facts.starts_on)
        if (not one.modes or facts.mode in one.modes) and (found := CONDITIONS[one.when].find(facts, terms, one.given))
    ]
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def holding(checks: Iterable[Check], region: str | None, day: date) -> list[Check]:
    """The checks that hold in a region on a day: of each code the region's own before the national one, of these the one
    in force since last, of these the one read last."""
    best: dict[str, Check] = {}
    for one in checks:
        if one.region not in (None, region) or (one.in_force and one.in_force > day):
            continue
        if one.code not in best or _rank(one) >= _rank(best[one.code]):
            best[one.code] = one
    return list(best.values())


def _rank(one: Check) -> tuple[bool, date]:
    return one.region is not None, one.in_force or date.min


def _finding(one: Check, found: Found) -> Finding:
    message = {
        lang: text.format(limit=limit_of(one, lang), words=("、" if lang == "zh" else ", ").join(found.words))
        for lang, text in one.message.items()
    }
    return Finding(one.code, one.severity, message, dict(one.source), one.unverified, found.places or one.fields)


def limit_of(one: Check, lang: str) -> str:
    """The limit of a check as a language writes it; empty where it has none."""
    tongue = Tongue(lang, "CNY")
    for kind, value in one.given.items():
        if kind == "months":
            return tongue.count("month", value)
        if kind in ("money", "rate"):
            return getattr(tongue, kind)(value)
    return ""


def _at(*places: str) -> Found | None:
    """What was found, if it was found anywhere."""
    return Found(places) if places else None


def _if(holds: Any) -> Found | None:
    return Found() if holds else None


def _not_granted(facts: OfferFacts, *_: Any) -> Found | None:
    other = facts.technology_kind not in (None, "patent")
    return _at(*(["kind"] if other else []), *(["legal_status"] if facts.legal_status == "applied" else []))


def _no_report(facts: OfferFacts, _terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    return _if(facts.patent_kind in given["patent_kinds"] and facts.evaluation_report is False)


def _fixed_fee(_facts: OfferFacts, terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    """Whether all fixed fees together are above a limit in CNY; the greatest of them is where it stands."""
    fees = dict(_fixed_fees(terms)) if terms and terms.currency == "CNY" else {}
    total = sum(fees.values())
    if terms and terms.cap_total is not None:
        total = min(total, terms.cap_total)
    return _at(max(fees, key=lambda path: fees[path])) if fees and total > given["money"] else None


def _fixed_fees(terms: Terms) -> Iterator[tuple[str, Decimal]]:
    yield "entry_fee", terms.entry_fee
    yield "conversion.price", terms.decision.price
    for kind in ("deferred", "instalments", "milestones", "conditional"):
        yield from ((f"{kind}[{index}].amount", fee.amount) for index, fee in enumerate(getattr(terms, kind)))


def _royalty_above(_facts: OfferFacts, terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    """The steps in which a greater share of this base is asked than the limit."""
    royalty = terms.royalty if terms and terms.royalty and terms.royalty.base == given["base"] else None
    tiers = royalty.tiers if royalty else ()
    return _at(*(f"royalty.tiers[{index}].rate" for index, tier in enumerate(tiers) if tier.rate > given["rate"]))


def _payment_before(facts: OfferFacts, terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    """The payments that wait for no revenue, result or decision and fall due before so many months have passed.

    An offer is called pay-after-use by its holder, or by the label that we give it.
    """
    if not terms or not (facts.called_pay_after_use or "pay_after_use" in forms_of(terms)):
        return None
    start = terms.effective or facts.starts_on
    limit = _later(start, given["months"])
    return _at(*(place for place, due in _certain_dues(terms, start) if due < limit))


def _certain_dues(terms: Terms, start: date) -> Iterator[tuple[str, date]]:
    """The due dates that come whatever the firm earns, achieves or decides; a trial puts off all but the entry fee."""
    if terms.entry_fee:
        yield "entry_fee", _later(start, days=terms.payment_days)
    if terms.trial and terms.decision.silence == "lapse":
        return
    first = _later(start, terms.trial.months, terms.decision.window_days + 1) if terms.trial else start
    if terms.decision.price:
        yield "conversion.price", _later(first, days=terms.payment_days)
    for index, fee in enumerate(terms.deferred):
        if fee.amount and not (fee.first_revenue and fee.which == "later"):
            yield f"deferred[{index}].months", _later(max(first, _later(start, fee.months)), days=terms.payment_days)
    for index, fee in enumerate(terms.instalments):
        if fee.amount:
            yield f"instalments[{index}].due", fee.due if fee.due >= first else _later(first, days=terms.payment_days)
    if terms.royalty and terms.royalty.minimum_per_year:
        year_end = date((start if terms.trial and terms.trial.sales_counted else first).year, 12, 31)
        due = _later(year_end, days=terms.royalty.statement_days + terms.royalty.payment_days)
        yield "royalty.minimum_per_year", max(first, due)


def _later(day: date, months: int = 0, days: int = 0) -> date:
    """So many months and days later, at most the last day of the calendar."""
    try:
        return add_months(day, months) + timedelta(days)
    except (ValueError, OverflowError):
        return date.max


def _beyond_expiry(facts: OfferFacts, terms: Terms | None, _given: Mapping[str, Any]) -> Found | None:
    end = terms.end if terms else None
    place = "end" if end else "term_months"
    if end is None and facts.term_months is not None:
        end = _later((terms.effective if terms else None) or facts.starts_on, facts.term_months)
    return _at(place) if end and facts.expires_on and end > facts.expires_on else None


def _wording(facts: OfferFacts, _terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    """The words of a list that the offer's texts use, and in which texts."""
    pattern = re.compile("|".join(_whole(word) for word in given["words"]), re.IGNORECASE | re.ASCII)
    used = {name: pattern.findall(text) for name, text in _texts(facts, given["texts"])}
    words = tuple(dict.fromkeys(word for found in used.values() for word in found))
    return Found(tuple(name for name, found in used.items() if found), words) if words else None


def _whole(word: str) -> str:
    """The pattern of a word: a Latin one stands alone, a Chinese one anywhere."""
    return rf"\b{re.escape(word)}\b" if word.isascii() and word[0].isalpha() else re.escape(word)


def _texts(facts: OfferFacts, wanted: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((name, text) for name, text in facts.texts.items() if name.rpartition("_")[0] in wanted)


def _called_patent(facts: OfferFacts, *_: Any) -> Found | None:
    if facts.technology_kind != "patent_application" and facts.legal_status != "applied":
        return None
    return _at(*(name for name, text in _texts(facts, TEXTS) if _CALLED_PATENT.search(text)))


def _clause(facts: OfferFacts, terms: Terms | None, given: Mapping[str, Any]) -> Found | None:
    """Whether the offer has a clause, by its code or by words that people write it in."""
    return _if(given["clause"] in facts.clauses) or _wording(facts, terms, given)


CONDITIONS: dict[str, Condition] = {
    "exclusivity": Condition(lambda facts, _, given: _if(facts.exclusivity in given["exclusivities"]), ("exclusivities",)),
    "exclusive_in_force": Condition(lambda facts, *_: _if(facts.exclusive_in_force)),
    "annual_fee_unpaid": Condition(lambda facts, *_: _if(facts.annual_fee_paid is False)),
    "pledged_without_consent": Condition(lambda facts, *_: _if(facts.pledged and not facts.pledgee_consents)),
    "not_granted": Condition(_not_granted),
    "no_evaluation_report": Condition(_no_report, ("patent_kinds",)),
    "fixed_fee_above": Condition(_fixed_fee, ("money",)),
    "royalty_above": Condition(_royalty_above, ("base", "rate")),
    "payment_before": Condition(_payment_before, ("months",)),
    "term_beyond_expiry": Condition(_beyond_expiry),
    "wording": Condition(_wording, ("words", "texts")),
    "called_patent": Condition(_called_patent),
    "clause": Condition(_clause, ("clause", "words", "texts")),
}
"""The conditions that a check can name in `when`; docs/checks.md says them in words."""
