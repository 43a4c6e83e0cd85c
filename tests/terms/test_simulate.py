"""The simulator's arithmetic: worked cases, and laws that hold for any terms, plan and sales."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from marketplace.terms.comparison import SCENARIOS, Simulation, present_value, simulate
from marketplace.terms.events import Event
from marketplace.terms.payment import Terms, parse, to_dict
from marketplace.terms.plan import EXACT, Plan, Sales, end_of, quarter_of, quarters
from marketplace.terms.reading import TermsError
from marketplace.terms.schedule import schedule
from marketplace.terms.simulate import Outlook, PlanError, Projection

CASES = json.loads(Path(__file__).with_name("simulator_cases.json").read_text("utf-8"))
CENT = Decimal("0.01")


def plan_of(values: dict[str, Any]) -> Plan:
    return Plan(**{
        **values, "start": date.fromisoformat(values["start"]), "margin": Decimal(values["margin"]),
        "investment": Decimal(values["investment"]), "milestone_months": tuple(values["milestone_months"]),
    })


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_worked_cases(case: dict[str, Any]) -> None:
    terms, plan = parse(case["terms"], template=True), plan_of(case["plan"])
    sales = [Decimal(figure) for figure in case["sales"]]
    found = simulate(terms, plan, dict.fromkeys(SCENARIOS, sales), Decimal(case["rate"]), Decimal(case["upfront"]))
    expected, wanted = found.projections["expected"], case["expected"]
    assert [[day.isoformat(), str(amount)] for day, amount in expected.payments] == wanted["payments"]
    assert [
        (row.first.isoformat(), *(Decimal(figure) for figure in (row.sales, row.institute, row.licensee, row.institute_total, row.licensee_total)))
        for row in expected.quarters
    ] == [(row[0], *map(Decimal, row[1:])) for row in wanted["quarters"]]
    assert str(found.comparison.present_values["expected"]) == wanted["present_value"]
    assert str(found.comparison.waiting) == wanted["waiting"]
    failure = found.comparison.failure
    assert (failure.institute, failure.licensee) == tuple(map(Decimal, wanted["failure"].values()))


def test_the_present_value_is_that_of_the_formula() -> None:
    payments = [(149, 15000), (211, 80000), (240, 15000), (332, 15000), (424, 15000)]
    assert f"{sum(amount / 1.08 ** (days / 365) for days, amount in payments):.2f}" == CASES[0]["expected"]["present_value"]


money = st.integers(0, 300_000).map(lambda n: str(Decimal(n * 7)))
rates = st.sampled_from(["0", "0.01", "0.03", "0.055", "0.2"])
months = st.integers(0, 18)


@st.composite
def royalties(draw: st.DrawFn, base: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "base": base, "period": draw(st.sampled_from(["month", "quarter", "half", "year"])),
        "statement_days": draw(st.sampled_from([0, 15, 30, 120])), "payment_days": draw(st.sampled_from([0, 30, 90])),
        "minimum_per_year": draw(st.sampled_from(["0", "0", "20000", "365000"])),
    }
    if base == "units":
        return {**found, "per_unit": draw(st.sampled_from(["0.5", "3", "0.333"])), "threshold": draw(st.sampled_from(["0", "1000"]))}
    bounds = sorted(draw(st.sets(st.integers(1, 40), max_size=2)))
    tiers = [{"upto": str(bound * 50_000), "rate": draw(rates)} for bound in bounds] + [{"upto": None, "rate": draw(rates)}]
    return {**found, "tiers": tiers, "tier_scope": draw(st.sampled_from(["lifetime", "year"])), "threshold": draw(st.sampled_from(["0", "100000"]))}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Terms, Plan, list[Decimal]]:
    """Terms, a plan that goes with them, and sales."""
    base = draw(st.sampled_from(["net_sales", "net_sales", "profit", "units", ""]))
    terms: dict[str, Any] = {"currency": draw(st.sampled_from(["CNY", "JPY"])), "entry_fee": draw(st.sampled_from(["0", "5000"]))}
    if base:
        terms["royalty"] = draw(royalties(base))
    if draw(st.booleans()):
        terms["trial"] = {"months": draw(months), "sales_counted": draw(st.booleans())}
        terms["conversion"] = {"price": draw(money), "window_days": draw(st.sampled_from([0, 30])), "silence": draw(st.sampled_from(["lapse", "convert"]))}
    for key, extra in (("milestones", {}), ("conditional", {"deemed_days": 10}), ("deferred", {"months": 12, "first_revenue": True})):
        if draw(st.booleans()):
            terms[key] = [{"id": str(number), "amount": draw(money), **extra} for number in range(draw(st.integers(1, 2)))]
    if draw(st.booleans()):
        terms["cap_total"] = draw(money)
    if draw(st.booleans()):
        terms["buyout"] = {"price": draw(money)}
    read_terms = parse(terms, template=True)
    count = draw(st.integers(1, 14))
    plan = Plan(
        start=draw(st.dates(date(2026, 1, 1), date(2029, 12, 31))), quarters=count, margin=draw(st.sampled_from([Decimal("0.3"), Decimal("1.255")])),
        investment=Decimal(draw(st.integers(0, 9)) * 10_000), decision=draw(st.sampled_from(["convert", "convert", "decline", "silence"])),
        milestone_months=tuple(draw(st.lists(st.none() | months, max_size=2))), condition_months=tuple(draw(st.lists(st.none() | months, max_size=2))),
        buyout_quarter=draw(st.none() | st.integers(1, count)) if read_terms.buyout else None,
    )
    least = -50_000 if base == "profit" else 0
    sales = draw(st.lists(st.integers(least, 900_000).map(Decimal), min_size=count, max_size=count))
    return read_terms, plan, sales


def total(projection: Projection, name: str) -> Decimal:
    return sum((getattr(row, name) for row in projection.quarters), Decimal(0))


LAWS = settings(max_examples=80, deadline=None)


@LAWS
@given(cases())
def test_what_one_side_pays_the_other_gets(case: tuple[Terms, Plan, list[Decimal]]) -> None:
    terms, plan, sales = case
    found = Outlook(terms, plan).project(sales)
    spent = plan.investment
    institute = licensee = Decimal(0)
    for row in found.quarters:
        assert row.institute == sum(row.fees.values())
        assert row.licensee == row.margin - spent - row.institute
        spent = Decimal(0)
        institute, licensee = institute + row.institute, licensee + row.licensee
        assert (row.institute_total, row.licensee_total) == (institute, licensee)
    assert found.institute == sum(found.fees.values()) == sum(amount for _, amount in found.payments) == found.schedule.totals.fees
    assert found.institute + found.licensee + plan.investment == found.margin
    assert terms.cap_total is None or found.institute <= terms.cap_total
    assert [row.first for row in found.quarters] == list(quarters(plan.start, found.quarters[-1].first))
    event(f"fees {sorted(found.fees)}")


@LAWS
@given(cases())
def test_paid_on_the_due_dates_nothing_is_left_and_no_interest_runs(case: tuple[Terms, Plan, list[Decimal]]) -> None:
    terms, plan, sales = case
    late = parse({**to_dict(terms), "late_interest": {"annual_rate": "0.1"}}, template=True)
    outlook = Outlook(late, plan)
    events = outlook.events(sales)
    payments = [Event("payment", day, len(events) + number, amount=amount) for number, (day, amount) in enumerate(outlook.project(sales).payments)]
    totals = schedule(outlook.terms, (*events, *payments), outlook.as_of).totals
    assert (totals.fees, totals.outstanding, totals.overdue, totals.interest) == (outlook.project(sales).institute, 0, 0, 0)
    assert totals.paid == totals.fees


@LAWS
@given(cases(), st.integers(0, 13), st.integers(0, 500_000))
def test_more_sales_never_bring_the_institute_less(case: tuple[Terms, Plan, list[Decimal]], place: int, more: int) -> None:
    """A unit of money for each payment may be lost to rounding where a quarter is divided into months."""
    terms, plan, sales = case
    higher = [figure + more if number == place % len(sales) else figure for number, figure in enumerate(sales)]
    outlook = Outlook(terms, plan)
    lower, found = outlook.project(sales), outlook.project(higher)
    assert found.institute >= lower.institute - outlook.minor * (len(found.payments) + len(outlook.begun.periods))


@LAWS
@given(cases())
def test_sales_are_divided_without_loss(case: tuple[Terms, Plan, list[Decimal]]) -> None:
    terms, plan, sales = case
    outlook = Outlook(terms, plan)
    spread = Sales(plan, sales, plan.last, outlook.quantum)
    assert spread.up_to(plan.last) == sum(sales) == spread.up_to(date.max)
    firsts = [plan.start, *list(quarters(plan.start, plan.last))[1:]]
    assert list(spread.parts((first, end_of(quarter_of(first))) for first in firsts)) == sales
    periods = outlook.project(sales).schedule.periods
    if periods and min(sales) >= 0:  # of a loss the schedule keeps nothing
        used = Sales(plan, sales, outlook.last, outlook.quantum)
        assert [period.base for period in periods] == list(used.parts((period.first, period.last) for period in periods))
        assert sum(period.base for period in periods) == next(used.parts([(periods[0].first, periods[-1].last)]))


@LAWS
@given(cases(), st.integers(1, 900_000).map(Decimal), st.sampled_from([Decimal(0), Decimal("0.08"), Decimal("0.5")]))
def test_the_comparison_holds_together(case: tuple[Terms, Plan, list[Decimal]], upfront: Decimal, rate: Decimal) -> None:
    terms, plan, sales = case
    columns = {"cautious": [EXACT.multiply(figure, Decimal("0.5")) for figure in sales], "expected": sales, "good": sales}
    found = simulate(terms, plan, columns, rate, upfront)
    plain, outlook = Outlook(terms, plan).project(sales), Outlook(terms, plan)
    assert found.projections["expected"].quarters == found.projections["good"].quarters == plain.quarters
    value = found.comparison.present_values["expected"]
    assert value == plain.institute if rate == 0 else value <= plain.institute
    assert found.comparison.waiting == plain.institute - value
    assert found.comparison.spared == upfront - found.floor
    if plan.buyout_quarter is None:
        assert found.floor <= plain.institute
    _meets(found, outlook, sales, rate)


def _meets(found: Simulation, outlook: Outlook, sales: list[Decimal], rate: Decimal) -> None:
    """At the break-even the fees are worth the upfront fee, or they leap over it within the fineness of the factor."""
    point, upfront = found.comparison.break_even, found.comparison.upfront
    assert point is not None and upfront is not None
    event(f"break-even {point.reason}")

    def value(factor: Decimal) -> Decimal:
        return present_value(outlook, outlook.payments([(figure * factor).quantize(outlook.quantum) for figure in sales]), rate)

    if point.reason == "always":
        assert value(Decimal(0)) >= upfront
    elif point.reason == "never":
        assert value(Decimal(16)) < upfront or not any(sales)
    elif not point.about:
        assert abs(value(point.factor) - upfront) <= upfront * Decimal("0.002") or (
            value(max(Decimal(0), point.factor - Decimal("0.002"))) < upfront <= value(point.factor + Decimal("0.002"))
        )


def test_what_a_plan_asks_and_the_terms_refuse_names_the_part() -> None:
    terms = parse({"currency": "CNY", "trial": {"months": 6}, "conversion": {"price": "1", "window_days": 30}}, template=True)
    plan = Plan(date(2027, 1, 1), 8)
    for part, values in (
        ("decision_month", {"decision_month": 9}), ("decision_month", {"decision": "decline", "decision_month": 9}),
        ("buyout_quarter", {"buyout_quarter": 2}), ("buyout_quarter", {"buyout_quarter": 9}),
    ):
        with pytest.raises(PlanError) as refused:
            Outlook(terms, replace(plan, **values))
        assert refused.value.part == part
    early = parse({"currency": "CNY", "instalments": [{"id": "1", "amount": "5", "due": "2026-12-31"}]}, template=True)
    with pytest.raises(TermsError):
        Outlook(early, plan)


def test_what_follows_a_decline_or_the_end_is_left_out() -> None:
    terms = parse({
        "currency": "CNY", "trial": {"months": 6, "sales_counted": True}, "milestones": [{"id": "late", "amount": "900"}],
        "royalty": {"base": "net_sales", "period": "month", "tiers": [{"upto": None, "rate": "0.1"}]},
    }, template=True)
    plan = Plan(date(2027, 1, 1), 8, Decimal("0.5"), decision="decline", decision_month=4, milestone_months=(12,))
    found = Outlook(terms, plan).project([Decimal(9100)] * 8)
    assert found.institute == 0 and found.sales == 9100 + 9100 * 30 // 91
    assert [mark.kind for mark in found.marks] == ["first_revenue", "declined", "trial_end"]
    lapsed = Outlook(terms, replace(plan, decision="silence")).project([Decimal(9100)] * 8)
    assert lapsed.institute == 0 and ("lapsed", date(2027, 8, 1)) in [(mark.kind, mark.day) for mark in lapsed.marks]


def test_marks_show_cap_minimum_and_buyout() -> None:
    terms = parse({
        "currency": "CNY", "cap_total": "50000", "buyout": {"price": "30000"},
        "royalty": {"base": "net_sales", "period": "quarter", "tiers": [{"upto": None, "rate": "0.01"}], "minimum_per_year": "12000"},
    }, template=True)
    found = Outlook(terms, Plan(date(2027, 1, 1), 12, buyout_quarter=9)).project([Decimal(100_000)] * 12)
    kinds = {mark.kind: mark.day for mark in found.marks}
    assert kinds["buyout"] == date(2029, 3, 31) and kinds["minimum"] and kinds["cap"] >= kinds["buyout"]
    assert found.institute == 50_000
    assert found.sales == 1_200_000


def test_the_guide_quotes_the_worked_example() -> None:
    guide = (Path(__file__).parents[2] / "docs/simulator.md").read_text("utf-8")
    wanted = CASES[0]["expected"]
    for day, amount in wanted["payments"]:
        days = (date.fromisoformat(day) - date(2027, 1, 1)).days
        assert f"{Decimal(amount):,.0f} | {days} | {float(amount) / 1.08 ** (days / 365):,.2f} |" in guide
    for _first, _sales, _institute, licensee, institute_total, licensee_total in wanted["quarters"]:
        assert f"{int(Decimal(licensee)):,} | {int(Decimal(licensee_total)):,} | {int(Decimal(institute_total)):,} |".replace("-", "−") in guide
    assert f"{Decimal(wanted['present_value']):,}" in guide and f"{Decimal(wanted['waiting']):,}" in guide


@pytest.mark.parametrize("tiers", [["0.03"], ["0.05", "0.02"], ["0.01", "0.2"]])
@pytest.mark.parametrize("part", ["0.2", "0.7", "1.3"])
def test_the_break_even_is_found(tiers: list[str], part: str) -> None:
    bounds = [*["3000000"] * (len(tiers) - 1), None]
    steps = [{"upto": upto, "rate": rate} for upto, rate in zip(bounds, tiers, strict=True)]
    terms = parse({"currency": "CNY", "royalty": {"base": "net_sales", "period": "quarter", "tiers": steps}}, template=True)
    sales, rate = [Decimal(500_000)] * 12, Decimal("0.08")
    outlook = Outlook(terms, Plan(date(2027, 1, 1), 12))
    upfront = (present_value(outlook, outlook.payments(sales), rate) * Decimal(part)).quantize(CENT)
    point = simulate(terms, outlook.plan, dict.fromkeys(SCENARIOS, sales), rate, upfront).comparison.break_even
    assert point and point.reason == "found" and point.factor and not point.about
    value = present_value(outlook, outlook.payments([(figure * point.factor).quantize(CENT) for figure in sales]), rate)
    assert abs(value - upfront) <= upfront * Decimal("0.003")
    assert len(tiers) > 1 or abs(point.factor - Decimal(part)) < Decimal("0.002")
