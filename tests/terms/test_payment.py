"""Payment terms are read to the letter: what is refused, with which path, and what comes back unchanged."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.terms.payment import (
    MINOR_UNITS,
    Conversion,
    Deferred,
    Instalment,
    Royalty,
    Tier,
    add_months,
    forms_of,
    parse,
    to_dict,
)
from marketplace.terms.reading import TermsError
from marketplace.terms.words import sentence

FULL: dict[str, Any] = {
    "currency": "CNY",
    "effective": "2026-01-15",
    "end": "2031-01-14",
    "payment_days": 45,
    "entry_fee": "1000.5",
    "trial": {"months": 6, "sales_counted": True},
    "conversion": {"price": "200000", "window_days": 20, "silence": "convert"},
    "deferred": [{"id": "d", "amount": "5", "months": 12, "first_revenue": True, "which": "later"}],
    "instalments": [{"id": "i", "amount": "6", "due": "2026-01-15"}],
    "milestones": [{"id": "m", "amount": "7"}, {"id": "n", "amount": "8"}],
    "conditional": [{"id": "c", "amount": "9", "deemed_days": 30}],
    "royalty": {
        "base": "net_sales", "period": "half", "tiers": [{"upto": "100.10", "rate": "0.05"}, {"upto": None, "rate": "0.0300"}],
        "statement_days": 1, "payment_days": 2, "threshold": "3", "tier_scope": "year", "minimum_per_year": "4",
    },
    "buyout": {"price": "500000"},
    "cap_total": "900000",
    "late_interest": {"annual_rate": "0.0435"},
}
UNITS = {"base": "units", "period": "month", "per_unit": "0.00125", "threshold": "1.5"}


def changed(**places: Any) -> dict[str, Any]:
    """FULL with values put at dotted places (`royalty__tiers__0__rate`); `...` takes the key away."""
    terms = copy.deepcopy(FULL)
    for place, value in places.items():
        *way, last = (int(step) if step.isdigit() else step for step in place.split("__"))
        inner: Any = terms
        for step in way:
            inner = inner[step]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return terms


def refused(terms: Any, template: bool = False) -> str:
    with pytest.raises(TermsError) as caught:
        parse(terms, template=template)
    assert caught.value.reason and "%(" not in caught.value.reason
    return caught.value.path


def test_worked_cases_are_read_and_bad_terms_refused_with_their_path(shared: Path) -> None:
    cases = json.loads((shared / "terms_cases.json").read_text("utf-8"))
    paths = {}
    for case in cases:
        path = case["expected"].get("error", {}).get("path", "")
        if path.startswith("terms"):
            paths[refused(case["terms"])] = path
        else:
            terms = parse(case["terms"], template=False)
            assert parse(to_dict(terms), template=False) == terms, case["name"]
    assert paths == {"terms.royality": "terms.royality", "terms.royalty.tiers[0].rate": "terms.royalty.tiers[0].rate"}


def test_everything_is_read() -> None:
    terms = parse(FULL, template=False)
    assert terms.effective == date(2026, 1, 15) and terms.end == date(2031, 1, 14)
    assert terms.conversion == terms.decision == Conversion(Decimal(200000), 20, "convert")
    assert terms.deferred == (Deferred("d", Decimal(5), 12, True, "later"),)
    assert terms.instalments == (Instalment("i", Decimal(6), date(2026, 1, 15)),)
    assert terms.royalty == Royalty(
        "net_sales", "half", (Tier(Decimal("100.10"), Decimal("0.05")), Tier(None, Decimal("0.03"))), None, 1, 2,
        Decimal(3), "year", Decimal(4),
    )


def test_a_figure_longer_than_its_words_are_exact_is_refused() -> None:
    assert refused({"currency": "JPY", "entry_fee": "9" * 301}, template=True) == "terms.entry_fee"
    assert "9" * 300 in sentence(parse({"currency": "JPY", "entry_fee": "9" * 300}, template=True), "en").replace(",", "")


def test_defaults_are_those_of_the_definition() -> None:
    terms = parse({"currency": "JPY", "effective": "2026-01-01", "trial": {"months": 3}, "royalty": UNITS,
                   "deferred": [{"id": "a", "amount": "1", "months": 0}]}, template=False)
    assert to_dict(terms) == {
        "currency": "JPY", "effective": "2026-01-01", "payment_days": 30, "entry_fee": "0",
        "trial": {"months": 3, "sales_counted": False},
        "deferred": [{"id": "a", "amount": "1", "months": 0, "first_revenue": False, "which": "earlier"}],
        "royalty": {**UNITS, "statement_days": 30, "payment_days": 30, "tier_scope": "lifetime", "minimum_per_year": "0"},
    }
    assert terms.decision == Conversion(Decimal(0), 30, "lapse")


def test_money_is_written_with_the_places_of_its_currency() -> None:
    written = to_dict(parse(changed(entry_fee="007", royalty__tiers__0__upto=".5"), template=False))
    assert written["entry_fee"] == "7.00"
    assert written["royalty"]["tiers"] == [{"upto": "0.50", "rate": "0.05"}, {"upto": None, "rate": "0.03"}]
    assert written["royalty"]["threshold"] == "3.00"


@pytest.mark.parametrize(
    ("place", "value", "path"),
    [
        ("royality", {}, "royality"),
        ("currency", "GBP", "currency"), ("currency", ["CNY"], "currency"), ("currency", ..., "currency"),
        ("effective", ..., "effective"), ("effective", "2026-1-15", "effective"), ("effective", "20260115", "effective"),
        ("effective", "2026-02-30", "effective"), ("effective", "2026-01-15T00:00", "effective"), ("effective", 20260115, "effective"),
        ("effective", "２０２６-01-15", "effective"),
        ("end", "2026-01-14", "end"), ("end", None, "end"),
        ("payment_days", -1, "payment_days"), ("payment_days", 10000, "payment_days"), ("payment_days", 30.0, "payment_days"),
        ("payment_days", "30", "payment_days"), ("payment_days", True, "payment_days"),
        ("entry_fee", 1000, "entry_fee"), ("entry_fee", "-1", "entry_fee"), ("entry_fee", "+1", "entry_fee"),
        ("entry_fee", "1e3", "entry_fee"), ("entry_fee", "1,000", "entry_fee"), ("entry_fee", "", "entry_fee"),
        ("entry_fee", ".", "entry_fee"), ("entry_fee", "1.2.3", "entry_fee"), ("entry_fee", " 1", "entry_fee"),
        ("entry_fee", "1\n", "entry_fee"), ("entry_fee", "１", "entry_fee"), ("entry_fee", "NaN", "entry_fee"),
        ("entry_fee", "1.005", "entry_fee"), ("entry_fee", None, "entry_fee"),
        ("trial", [], "trial"), ("trial__months", ..., "trial.months"), ("trial__sales_counted", "no", "trial.sales_counted"),
        ("trial__sales_counted", 0, "trial.sales_counted"), ("trial__month", 3, "trial.month"),
        ("trial", ..., "conversion"),
        ("conversion__price", ..., "conversion.price"), ("conversion__silence", "wait", "conversion.silence"),
        ("conversion__window_days", None, "conversion.window_days"),
        ("deferred", {}, "deferred"), ("deferred__0", "x", "deferred[0]"), ("deferred__0__id", 1, "deferred[0].id"),
        ("deferred__0__id", ..., "deferred[0].id"), ("deferred__0__amount", ..., "deferred[0].amount"),
        ("deferred__0__months", ..., "deferred[0].months"), ("deferred__0__first_revenue", "yes", "deferred[0].first_revenue"),
        ("deferred__0__which", "first", "deferred[0].which"), ("deferred__0__due", "2027-01-01", "deferred[0].due"),
        ("instalments__0__due", "2026-01-14", "instalments[0].due"), ("instalments__0__due", ..., "instalments[0].due"),
        ("milestones__1__id", "m", "milestones[1].id"), ("milestones__0__amount", "7.001", "milestones[0].amount"),
        ("conditional__0__deemed_days", -1, "conditional[0].deemed_days"),
        ("conditional__0__deemed_days", None, "conditional[0].deemed_days"),
        ("royalty__base", "sales", "royalty.base"), ("royalty__base", ..., "royalty.base"),
        ("royalty__period", "week", "royalty.period"), ("royalty__period", ..., "royalty.period"),
        ("royalty__tiers", ..., "royalty.tiers"), ("royalty__tiers", [], "royalty.tiers"),
        ("royalty__tiers__0__upto", None, "royalty.tiers[0].upto"), ("royalty__tiers__1__upto", "200", "royalty.tiers[1].upto"),
        ("royalty__tiers__1__upto", ..., "royalty.tiers[1].upto"),
        ("royalty__tiers__0__upto", "100.101", "royalty.tiers[0].upto"),
        ("royalty__tiers__0__rate", "1.01", "royalty.tiers[0].rate"), ("royalty__tiers__0__rate", "-0.01", "royalty.tiers[0].rate"),
        ("royalty__tiers__0__rate", 0.05, "royalty.tiers[0].rate"), ("royalty__tiers__0__cap", "1", "royalty.tiers[0].cap"),
        ("royalty__per_unit", "1", "royalty.per_unit"), ("royalty__threshold", "3.001", "royalty.threshold"),
        ("royalty__tier_scope", "month", "royalty.tier_scope"), ("royalty__minimum_per_year", "-4", "royalty.minimum_per_year"),
        ("royalty__statement_days", "30", "royalty.statement_days"), ("royalty__payment_days", 1.5, "royalty.payment_days"),
        ("buyout", {}, "buyout.price"), ("buyout__price", "x", "buyout.price"),
        ("cap_total", None, "cap_total"), ("cap_total", "1.999", "cap_total"),
        ("late_interest", {}, "late_interest.annual_rate"), ("late_interest__annual_rate", "4.35", "late_interest.annual_rate"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(place: str, value: Any, path: str) -> None:
    assert refused(changed(**{place: value})) == f"terms.{path}"


def test_bounds_of_tiers_rise() -> None:
    tiers = [{"upto": "10", "rate": "0.1"}, {"upto": "10.00", "rate": "0.2"}, {"upto": None, "rate": "0.3"}]
    assert refused(changed(royalty__tiers=tiers)) == "terms.royalty.tiers[1].upto"


@pytest.mark.parametrize("terms", [None, [], "terms", 3])
def test_terms_are_an_object(terms: Any) -> None:
    assert refused(terms) == "terms"


def test_units_have_an_amount_and_no_tiers_and_quantities_of_any_fineness() -> None:
    assert parse(changed(royalty=UNITS), template=False).royalty.threshold == Decimal("1.5")
    assert refused(changed(royalty={**UNITS, "tiers": []})) == "terms.royalty.tiers"
    assert refused(changed(royalty={"base": "units", "period": "month"})) == "terms.royalty.per_unit"
    assert refused(changed(royalty={**UNITS, "minimum_per_year": "0.001"})) == "terms.royalty.minimum_per_year"


@pytest.mark.parametrize("value", ["1", "0", "1.0", "0.000"])
def test_a_rate_may_be_anything_from_nothing_to_all(value: str) -> None:
    parse(changed(royalty__tiers__0__rate=value), template=False)


def test_yen_have_no_decimal_places() -> None:
    assert refused({"currency": "JPY", "effective": "2026-01-01", "entry_fee": "10.5"}) == "terms.entry_fee"


def test_a_template_knows_no_day_of_effect() -> None:
    template = changed(effective=..., end=...)
    terms = parse(template, template=True)
    assert terms.effective is None and terms.instalments[0].due == date(2026, 1, 15)
    assert refused(changed(end=...), template=True) == "terms.effective"
    assert refused(changed(effective=...), template=True) == "terms.end"
    assert refused({"entry_fee": "1"}, template=True) == "terms.currency"


money = st.integers(0, 10**20)
days = st.integers(0, 9999)
ids = st.text(max_size=8)
rates = st.integers(0, 10**6).map(lambda n: f"{Decimal(n).scaleb(-6):f}")


def amounts(places: int) -> st.SearchStrategy[str]:
    return money.map(lambda n: f"{Decimal(n).scaleb(-places):f}")


def fees(places: int, **more: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries({"id": ids, "amount": amounts(places), **more.pop("needed", {})}, optional=more)
    return st.lists(row, max_size=4, unique_by=lambda fee: fee["id"])


@st.composite
def royalties(draw: st.DrawFn, places: int) -> dict[str, Any]:
    base = draw(st.sampled_from(("net_sales", "profit", "units")))
    more = draw(st.fixed_dictionaries({}, optional={
        "statement_days": days, "payment_days": days, "threshold": amounts(places), "minimum_per_year": amounts(places),
        "tier_scope": st.sampled_from(("lifetime", "year")),
    }))
    period = draw(st.sampled_from(("month", "quarter", "half", "year")))
    if base == "units":
        return {"base": base, "period": period, "per_unit": draw(amounts(5)), **more}
    bounds = sorted(draw(st.sets(st.integers(1, 10**12), max_size=3)))
    tiers = [{"upto": str(bound), "rate": draw(rates)} for bound in bounds] + [{"upto": None, "rate": draw(rates)}]
    return {"base": base, "period": period, "tiers": tiers, **more}


@st.composite
def any_terms(draw: st.DrawFn) -> dict[str, Any]:
    currency = draw(st.sampled_from(sorted(MINOR_UNITS)))
    places = MINOR_UNITS[currency]
    trial = {"trial": st.fixed_dictionaries({"months": days}, optional={"sales_counted": st.booleans()})}
    if draw(st.booleans()):
        trial["conversion"] = st.fixed_dictionaries(
            {"price": amounts(places)}, optional={"window_days": days, "silence": st.sampled_from(("lapse", "convert"))}
        )
    return draw(st.fixed_dictionaries(
        {"currency": st.just(currency), "effective": st.just("2026-01-01"), **(trial if draw(st.booleans()) else {})},
        optional={
            "end": st.dates(date(2026, 1, 1), date(2060, 1, 1)).map(str), "payment_days": days, "entry_fee": amounts(places),
            "deferred": fees(places, needed={"months": days}, first_revenue=st.booleans(), which=st.sampled_from(("earlier", "later"))),
            "instalments": fees(places, needed={"due": st.dates(date(2026, 1, 1), date(2060, 1, 1)).map(str)}),
            "milestones": fees(places), "conditional": fees(places, deemed_days=days), "royalty": royalties(places),
            "buyout": st.fixed_dictionaries({"price": amounts(places)}), "cap_total": amounts(places),
            "late_interest": st.fixed_dictionaries({"annual_rate": rates}),
        },
    ))


@given(any_terms())
def test_what_is_written_is_read_as_the_same(terms: dict[str, Any]) -> None:
    read = parse(terms, template=False)
    written = to_dict(read)
    assert parse(json.loads(json.dumps(written)), template=False) == read
    assert to_dict(parse(written, template=False)) == written


@given(any_terms())
def test_forms_are_a_selection_and_free_stands_alone(terms: dict[str, Any]) -> None:
    forms = forms_of(parse(terms, template=False))
    assert forms and ("free" not in forms or forms == ("free",))
    assert not {"upfront", "pay_after_use"} <= set(forms)


@pytest.mark.parametrize(
    ("terms", "forms"),
    [
        ({}, ("free",)),
        ({"trial": {"months": 6}}, ("free",)),
        ({"entry_fee": "1", "cap_total": "0"}, ("free",)),
        ({"milestones": [{"id": "m", "amount": "0"}]}, ("free",)),
        ({"entry_fee": "1"}, ("upfront",)),
        ({"deferred": [{"id": "a", "amount": "1", "months": 12}]}, ("deferred", "pay_after_use")),
        ({"deferred": [{"id": "a", "amount": "1", "months": 0}]}, ("deferred",)),
        ({"deferred": [{"id": "a", "amount": "1", "months": 0, "first_revenue": True, "which": "later"}]}, ("deferred", "pay_after_use")),
        ({"deferred": [{"id": "a", "amount": "1", "months": 0}], "trial": {"months": 1}}, ("deferred", "trial_then_pay", "pay_after_use")),
        ({"instalments": [{"id": "a", "amount": "1", "due": "2026-01-01"}]}, ("instalments",)),
        ({"instalments": [{"id": "a", "amount": "1", "due": "2026-01-02"}]}, ("instalments", "pay_after_use")),
        ({"milestones": [{"id": "a", "amount": "1"}], "entry_fee": "1"}, ("upfront", "milestone")),
        ({"conditional": [{"id": "a", "amount": "1"}]}, ("conditional", "pay_after_use")),
        ({"royalty": UNITS}, ("royalty", "pay_after_use")),
        ({"trial": {"months": 6}, "conversion": {"price": "1"}}, ("trial_then_pay", "pay_after_use")),
        ({"buyout": {"price": "1"}}, ("pay_after_use",)),
    ],
)
def test_forms_of_payment_follow_from_the_keys(terms: dict[str, Any], forms: tuple[str, ...]) -> None:
    assert forms_of(parse({"currency": "CNY", "effective": "2026-01-01", **terms}, template=False)) == forms


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)), (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)), (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)), (date(2026, 1, 30), 12, date(2027, 1, 30)),
    ],
)
def test_months_are_added_within_the_calendar(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later


def test_no_month_is_past_the_calendar() -> None:
    with pytest.raises(ValueError, match="calendar"):
        add_months(date(9999, 12, 1), 1)
