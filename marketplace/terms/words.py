"""Payment terms in words: full sentences and a short one for a card, in Chinese and in English, from the same data.

The phrases are in `words.toml`; here is only the grammar: what is said, in which order, and how money and time are
written (20 万元, ¥200,000). Amounts of zero are not spoken of; defaults that bind are, so that both parties know what
they sign.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from importlib.resources import files
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_name

from marketplace.money import sign_of
from marketplace.terms.payment import DAYS, NOTHING, Conditional, Deferred, Milestone, Royalty, Terms, bears, forms_of

PHRASES = tomllib.loads(files("marketplace.terms").joinpath("words.toml").read_text("utf-8"))

WAN, YI = 10_000, 100_000_000

PRECISION = 500
"""Digits kept while an amount is divided for writing: more than anybody types, so that nothing is rounded."""

MANY = 2
"""More fees of one kind than these are summed up on a card."""

_HAN = re.compile(r"[\u4e00-\u9fff]")
_CODE = re.compile(r"[A-Za-z]?[-_]?[0-9]*")


@dataclass(frozen=True)
class Tongue:
    """One language ("zh" or "en") and one currency: the phrases, and how money, rates, days and lists are written."""

    lang: str
    currency: str

    def say(self, key: str, **values: Any) -> str:
        """A phrase with its places filled."""
        return PHRASES[self.lang]["says"][key].format(**values)

    def mark(self, key: str) -> str:
        """A punctuation mark."""
        return PHRASES[self.lang]["marks"][key]

    def listed(self, items: Sequence[str]) -> str:
        """Several things of one kind."""
        *first, last = items
        return self.mark("last").join([self.mark("comma").join(first), last] if first else [last])

    def number(self, value: Decimal, least_places: int = 0) -> str:
        """Grouped digits, never rounded; a fraction is padded to `least_places`."""
        pattern = "#,##0." + "0" * least_places if value % 1 and least_places else "#,##0.###"
        return format_decimal(value, pattern, locale=self.lang, decimal_quantization=False)

    def money(self, amount: Decimal) -> str:
        """¥200,000 in English; 20 万元, else 1,234,567.80 元, in Chinese."""
        if self.lang == "en":
            return sign_of(self.currency) + self.number(amount, 2)
        name = "元" if self.currency == "CNY" else get_currency_name(self.currency, locale="zh")
        for unit, word in ((YI, "亿"), (WAN, "万")):
            if amount >= unit and not amount % (unit // 100):
                return f"{self.number(amount / unit)} {word}{name}"
        return f"{self.number(amount, 2)} {name}"

    def rate(self, rate: Decimal) -> str:
        """3% in Chinese, 3 % in English."""
        return PHRASES[self.lang]["units"]["percent"].format(n=self.number(rate * 100))

    def day(self, day: date) -> str:
        """2027年6月30日, 30 June 2027."""
        return format_date(day, "long" if self.lang == "zh" else "d MMMM y", locale=self.lang)

    def count(self, unit: str, n: int) -> str:
        """So many days or months."""
        return PHRASES[self.lang]["units"][f"{unit}_{'one' if n == 1 else 'many'}"].format(n=self.number(Decimal(n)))

    def within(self, days: int, event: str) -> str:
        """Within so many days of an event, which is a key of the phrases."""
        key = "within" if days else "within_none"
        return PHRASES[self.lang]["units"][key].format(event=self.say(event), days=self.count("day", days))

    def sentence(self, parts: Sequence[str]) -> str:
        """Parts as one sentence, with the space that a next one wants in English."""
        text = self.mark("semicolon").join(parts)
        return text[:1].upper() + text[1:] + self.mark("stop")


def sentence(terms: Terms, lang: str) -> str:
    """The terms in full sentences of a language, "zh" or "en"."""
    tongue = Tongue(lang, terms.currency)
    with localcontext(prec=PRECISION):
        sentences = [_main(terms, tongue, brief=False), *([detail] for detail in _details(terms, tongue))]
    return "".join(tongue.sentence(parts) for parts in sentences).strip()


def glance(terms: Terms, lang: str) -> tuple[str, str]:
    """What a result card shows: the name of the form of payment and one short sentence."""
    tongue = Tongue(lang, terms.currency)
    with localcontext(prec=PRECISION):
        return _label(terms, lang), tongue.sentence(_main(terms, tongue, brief=True)).strip()


def form_name(code: str, lang: str) -> str:
    """The name of a form of payment, for facets and filters; codes are those of `payment.FORMS`."""
    return PHRASES[lang]["forms"][code]


def _label(terms: Terms, lang: str) -> str:
    forms = forms_of(terms)
    if "upfront" in forms:
        return form_name("upfront" if forms == ("upfront",) else "part_upfront", lang)
    return form_name("pay_after_use" if "pay_after_use" in forms else forms[0], lang)


def _main(terms: Terms, tongue: Tongue, brief: bool) -> list[str]:
    """Who pays what when: the parts of the first sentence, the cap beside a lone fee or after all of them."""
    free = forms_of(terms) == ("free",)
    entry_fee = NOTHING if free else terms.entry_fee
    fees = [] if free else list(_fees(terms, tongue, brief))
    parts = [*_opening(terms, tongue, entry_fee), *fees]
    if terms.trial and not fees:
        parts.append(tongue.say("free_after"))
    if terms.cap_total and not free:
        amount = tongue.money(terms.cap_total)
        if len(parts) == 1 or len(fees) == 1 and not entry_fee:
            parts[-1] += tongue.mark("comma") + tongue.say("cap", amount=amount)
        else:
            parts.append(tongue.say("cap_of_all", amount=amount))
    return parts


def _opening(terms: Terms, tongue: Tongue, entry_fee: Decimal) -> Iterator[str]:
    """What one begins with: a trial, an entry fee, or nothing to pay; silent where another fee is owed at once."""
    forms = forms_of(terms)
    amount = tongue.money(entry_fee)
    if terms.trial:
        months = tongue.count("month", terms.trial.months)
        yield tongue.say("trial_after_fee" if entry_fee else "trial", amount=amount, months=months)
    elif entry_fee:
        yield tongue.say("entry_fee", amount=amount)
    elif "free" in forms or "pay_after_use" in forms:
        yield tongue.say("free" if "free" in forms else "nothing_yet")


def _fees(terms: Terms, tongue: Tongue, brief: bool) -> Iterator[str]:
    """What is owed after the opening, a clause for each kind of fee."""
    if terms.conversion and terms.conversion.price:
        yield tongue.say("conversion", amount=tongue.money(terms.conversion.price))
    fixed = [clause for clause in _fixed(terms, tongue, brief) if clause]
    if terms.trial and fixed:
        fixed[0] = tongue.say("fees_after", clause=fixed[0])
    yield from fixed
    if terms.royalty and bears(terms.royalty):
        clause = _royalty(terms, terms.royalty, tongue, brief)
        yield tongue.say("royalty_after", clause=clause) if terms.trial and not fixed else clause
    if terms.buyout and terms.buyout.price and not brief:
        key = "buyout_of_royalty" if terms.royalty else "buyout"
        yield tongue.say(key, amount=tongue.money(terms.buyout.price))


def _fixed(terms: Terms, tongue: Tongue, brief: bool) -> Iterator[str]:
    """The clauses of the fixed fees, a kind at a time; empty where there is none."""

    def listed(fees: Sequence[Any], many: str, one: Callable[[Any, str], str]) -> str:
        owed = [fee for fee in fees if fee.amount]
        if brief and len(owed) > MANY:
            total = tongue.money(sum(fee.amount for fee in owed))
            return tongue.say(many, amount=total, count=len(owed))
        return tongue.listed([one(fee, tongue.money(fee.amount)) for fee in owed]) if owed else ""

    yield listed(terms.deferred, "deferred_many", lambda fee, amount: tongue.say(
        _deferral(fee), amount=amount, months=tongue.count("month", fee.months)))
    yield listed(terms.instalments, "instalments_many", lambda fee, amount: tongue.say(
        "instalment", amount=amount, day=tongue.day(fee.due)))
    yield listed(terms.milestones, "milestones_many", lambda fee, amount: tongue.say(
        "milestone", amount=amount, name=_name(fee, terms.milestones, "milestone_code", tongue)))
    yield listed(terms.conditional, "conditional_many", lambda fee, amount: tongue.say(
        "conditional", amount=amount, name=_name(fee, terms.conditional, "conditional_code", tongue)) + _deemed(fee, tongue, brief))


def _deferral(fee: Deferred) -> str:
    """The phrase for when a deferred fee is owed."""
    if not fee.first_revenue:
        return "deferred_months" if fee.months else "deferred_at_effect"
    if fee.months:
        return f"deferred_{fee.which}"
    return "deferred_at_effect" if fee.which == "earlier" else "deferred_revenue"


def _name(fee: Milestone | Conditional, fees: Sequence[Any], code: str, tongue: Tongue) -> str:
    """A name is quoted; a mere code such as m1 or 2 is introduced by what it is the code of.

    A name in the other language's script would be a foreign body in the sentence: its place in the list stands for it.
    """
    if _CODE.fullmatch(fee.id):
        return tongue.say(code, id=fee.id)
    if bool(_HAN.search(fee.id)) != (tongue.lang == "zh"):
        return tongue.say(code, id=str(fees.index(fee) + 1))
    return tongue.say("named", id=fee.id.replace("_", " "))


def _deemed(fee: Conditional, tongue: Tongue, brief: bool) -> str:
    if fee.deemed_days is None or brief:
        return ""
    return tongue.say("deemed", within=tongue.within(fee.deemed_days, "submission"))


def _royalty(terms: Terms, royalty: Royalty, tongue: Tongue, brief: bool) -> str:
    """What share is owed of what, less what is free, at least how much."""
    clauses = [_share(royalty, tongue, brief)]
    if royalty.threshold and not brief:
        units = royalty.base == "units"
        clauses.append(
            tongue.say("threshold_units", number=tongue.number(royalty.threshold))
            if units else tongue.say("threshold", amount=tongue.money(royalty.threshold))
        )
    if terms.trial and terms.trial.sales_counted and not brief:
        clauses.append(tongue.say("trial_sales"))
    if royalty.minimum_per_year:
        clauses.append(tongue.say("minimum", amount=tongue.money(royalty.minimum_per_year)))
    return tongue.mark("comma").join(clauses)


def _share(royalty: Royalty, tongue: Tongue, brief: bool) -> str:
    if royalty.per_unit is not None:
        return tongue.say("royalty_per_unit", amount=tongue.money(royalty.per_unit))
    base = tongue.say(royalty.base)
    rates = [tier.rate for tier in royalty.tiers]
    if len(rates) == 1:
        return tongue.say("royalty", base=base, rate=tongue.rate(rates[0]))
    if brief:
        return tongue.say("royalty_between", base=base, low=tongue.rate(min(rates)), high=tongue.rate(max(rates)))
    return tongue.say(f"royalty_{royalty.tier_scope}", base=base, steps=tongue.listed(list(_steps(royalty, tongue))))


def _steps(royalty: Royalty, tongue: Tongue) -> Iterator[str]:
    """Each tier with the cumulative base between whose bounds it applies."""
    above = ""
    for tier in royalty.tiers:
        upto = tongue.money(tier.upto) if tier.upto is not None else ""
        key = "tier_last" if not upto else "tier_next" if above else "tier_first"
        yield tongue.say(key, rate=tongue.rate(tier.rate), above=above, upto=upto)
        above = upto


def _details(terms: Terms, tongue: Tongue) -> Iterator[str]:
    """What else binds, a sentence each: term, decision, statements, days to pay, interest."""
    if terms.effective:
        ends = {"end": tongue.day(terms.end)} if terms.end else {}
        yield tongue.say("from_to" if ends else "from", start=tongue.day(terms.effective), **ends)
    if terms.trial:
        yield from _trial_details(terms, tongue)
    royalty = terms.royalty
    if royalty and bears(royalty):
        then = tongue.within(royalty.payment_days, "statement_day")
        yield tongue.say("statement", within=tongue.within(royalty.statement_days, royalty.period), then=then)
        if royalty.minimum_per_year:
            yield tongue.say("minimum_prorated")
    yield from _payment_details(terms, tongue)
    if terms.late_interest and terms.late_interest.annual_rate:
        yield tongue.say("interest", rate=tongue.rate(terms.late_interest.annual_rate))


def _trial_details(terms: Terms, tongue: Tongue) -> Iterator[str]:
    decision = terms.decision
    yield tongue.say(f"decide_{decision.silence}", within=tongue.within(decision.window_days, "trial_end"))
    yield tongue.say("leave", within=tongue.within(DAYS, "leaving"))
    if {"deferred", "instalments", "milestone", "conditional"} & set(forms_of(terms)):
        yield tongue.say("held")


def _payment_details(terms: Terms, tongue: Tongue) -> Iterator[str]:
    """The days to pay of every fee that has no due date of its own."""
    own = {"royalty", "instalments"} & set(forms_of(terms))
    forms = set(forms_of(terms)) - {"royalty", "trial_then_pay", "pay_after_use", "free"}
    if forms == {"upfront"} and not own and not terms.trial:
        yield tongue.say("pay_at_effect", within=tongue.within(terms.payment_days, "effect"))
    elif forms - own or _price(terms):
        yield tongue.say("pay_others" if own else "pay_all", within=tongue.within(terms.payment_days, "owed"))


def _price(terms: Terms) -> bool:
    """Whether a price is named for converting or for buying out."""
    return bool((terms.conversion and terms.conversion.price) or (terms.buyout and terms.buyout.price))
