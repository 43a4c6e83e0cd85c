"""The rules of a match: what facts contribute, what speaks against, what a text says beside its problem, how it packs."""

from __future__ import annotations

import json
from datetime import date

import pytest

from marketplace.matching import rules
from marketplace.matching.asides import text_wishes, without_asides
from marketplace.matching.quantities import quantities
from marketplace.matching.rules import NAMES, Amount, Facts, Wishes, against, contributions, figures, level_for, targets

DAY = date(2026, 11, 2)


def share(name: str, wishes: Wishes, facts: Facts) -> float:
    return dict(contributions(wishes, facts))[name]


def wanted(text: str) -> Wishes:
    return Wishes(targets=targets(quantities(text)))


def test_what_is_not_known_says_nothing():
    full = Wishes(
        trl=7, industries=("C3584",), region="330000", modes=("licence",), paid_first=False, budget=Amount(None, 100, "CNY"),
        targets=targets(quantities("毛刺不超过0.02毫米")), deadline=DAY, day=DAY,
    )
    known = Facts(trl=2, industries=("A01",), region="330000", mode="assignment", price=Amount(900, None, "CNY"), first=900,
                  listed=date(2020, 1, 1), figures=figures("毛刺高度5毫米"))
    for wishes, facts in ((Wishes(), known), (full, Facts()), (Wishes(), Facts())):
        assert contributions(wishes, facts) == tuple((name, 0.0) for name in NAMES)
        assert against(wishes, facts) == ()


@pytest.mark.parametrize(("wanted_level", "level", "expected"), [(7, 4, -0.45), (7, 7, 0), (5, 8, 0), (9, 1, -0.75), (None, 3, 0), (7, None, 0)])
def test_maturity_counts_the_levels_below_and_is_bounded(wanted_level, level, expected):
    assert share("maturity", Wishes(trl=wanted_level), Facts(trl=level)) == pytest.approx(expected)


@pytest.mark.parametrize(("industries", "expected"), [(("C3589",), 0.3), (("A01", "C3512"), 0.15), (("C26",), -0.1), (("C",), -0.1), ((), 0)])
def test_industries_by_how_near_they_stand(industries, expected):
    assert share("field", Wishes(industries=("C3584",)), Facts(industries=industries)) == expected


@pytest.mark.parametrize(("price", "expected"), [
    (Amount(30_000, None, "CNY"), -0.3 * 0.5849625), (Amount(10_000_000, None, "CNY"), -0.75), (Amount(10_000, 20_000, "CNY"), 0.1),
    (Amount(10_000, None, "CNY"), 0), (Amount(30_000, 40_000, "USD"), 0), (Amount(0, 0, "CNY"), 0.1),
])
def test_a_price_is_held_against_the_budget_in_its_currency(price, expected):
    wishes = Wishes(budget=Amount(None, 20_000, "CNY"))
    assert share("price", wishes, Facts(price=price)) == pytest.approx(expected)
    assert [one.code for one in against(wishes, Facts(price=price))] == (["price"] if expected < 0 else [])


def test_terms_ways_of_working_and_money_before_use():
    licence = Wishes(modes=("licence",), paid_first=False)
    assert share("terms", licence, Facts(mode="open_licence", forms=("royalty", "pay_after_use"))) == pytest.approx(0.15)
    assert share("terms", licence, Facts(mode="assignment", forms=("upfront",), first=500, price=Amount(500, 500, "CNY"))) == pytest.approx(-0.6)
    assert share("terms", Wishes(modes=("licence", "consulting")), Facts(mode="assignment")) == 0
    found = against(licence, Facts(mode="assignment", first=500, price=Amount(500, 500, "CNY")))
    assert [(one.code, one.facts.get("amount")) for one in found] == [("first", 500), ("mode", None)]


@pytest.mark.parametrize(("region", "home", "territory", "expected"), [
    ("330000", "330000", "CN", 0.1), ("330000", "310000", "CN", 0), ("DE", "310000", "CN", -0.4), ("DE", "DE", "WORLD", 0.1),
    ("330000", "310000", "320000", -0.4), (None, "310000", "CN", 0),
])
def test_regions_and_territories(region, home, territory, expected):
    assert share("region", Wishes(region=region), Facts(region=home, territory=territory)) == expected


@pytest.mark.parametrize(("listed", "expected"), [(date(2026, 12, 1), 0), (date(2026, 1, 1), 0), (date(2024, 6, 1), -0.05), (date(2001, 1, 1), -0.2)])
def test_a_listing_gets_stale_slowly(listed, expected):
    assert share("freshness", Wishes(day=DAY), Facts(listed=listed)) == pytest.approx(expected)


@pytest.mark.parametrize(("target", "text", "expected"), [
    ("毛刺高度不超过0.02毫米", "加工后毛刺高度 15 µm", 0.3),
    ("毛刺高度不超过0.02毫米", "加工后毛刺高度 0.05 毫米", -0.3),
    ("毛刺高度不超过0.02毫米", "毛刺高度不超过 0.05 毫米", -0.3),  # what is promised is not enough
    ("毛刺高度不超过0.02毫米", "工件高度 0.05 毫米", 0),  # another thing's height
    ("毛刺高度不超过0.02毫米", "毛刺长度 0.05 毫米", 0),  # another property
    ("毛刺高度不超过0.02毫米", "毛刺高度 40 毫米", 0),  # so far off that it was measured on something else
    ("毛刺高度不超过0.02毫米", "毛刺去除温度 0.05 秒", 0),
    ("厚度不超过2毫米", "thickness is 3 mm", -0.3),  # across the languages, by the table of properties and by dictionary
    ("tensile strength of at least 300 MPa", "拉伸强度 320 MPa", 0.3),
    ("单件时间10分钟以内", "单件时间由42分钟降到8分钟", 0.3),  # what it was before does not count
    ("毛刺高度不超过0.02毫米", "目前毛刺高度 0.05 毫米", 0),  # as it is today, not as it is offered
    ("能耗降低30%", "能耗降低 35%", 0.3),
    ("能耗降低30%", "能耗 35%", 0),  # a change is no level
    ("到货死亡率不超过2%", "arrival survival 97.1%", 0),
    ("良率不低于95%，毛刺不超过0.02毫米，粗糙度不超过0.8微米", "良率 98%，毛刺 0.01 毫米，粗糙度 0.4 微米", 0.6),  # bounded
])
def test_targets_are_met_or_missed_by_figures_of_the_same_thing(target, text, expected):
    facts = Facts(figures=figures(text))
    assert share("quantity", wanted(target), facts) == pytest.approx(expected)
    assert [one.code for one in against(wanted(target), facts)] == (["target"] if expected < 0 else [])


def test_one_met_figure_excuses_a_missed_one():
    facts = Facts(figures=figures("粗加工毛刺高度 0.05 毫米；精加工毛刺高度 0.01 毫米"))
    assert share("quantity", wanted("毛刺高度不超过0.02毫米"), facts) == 0.3


def test_all_shares_are_small_whatever_the_facts():
    worst = Facts(trl=1, industries=("A01",), region="310000", mode="assignment", forms=("upfront",), price=Amount(10**12, None, "CNY"),
                  first=10**12, territory="320000", listed=date(1990, 1, 1), figures=figures("毛刺高度 0.05 毫米，粗糙度 3 微米，良率 80%"))
    wishes = Wishes(trl=9, industries=("C3584",), region="330000", modes=("licence",), paid_first=False, budget=Amount(None, 1, "CNY"), day=DAY,
                    targets=targets(quantities("毛刺高度不超过0.02毫米，粗糙度不超过0.8微米，良率不低于95%")))
    shares = dict(contributions(wishes, worst))
    assert tuple(shares) == NAMES
    assert all(-0.8 <= value < 0 for value in shares.values()) and sum(shares.values()) > -4


def test_facts_and_wishes_survive_json():
    facts = Facts(trl=6, industries=("C3584",), region="330000", mode="licence", forms=("royalty",), price=Amount(100, None, "CNY"), first=7,
                  territory="CN", listed=DAY, figures=figures("毛刺高度不超过 0.05 毫米，能耗降低 30%，年产 30 万件，约 12 V 电压"))
    wishes = Wishes(trl=6, industries=("C3584",), region="330000", modes=("licence",), paid_first=False, budget=Amount(None, 5, "CNY"),
                    targets=((facts.figures[0], ("毛刺", "burr")),), deadline=DAY, day=DAY)
    assert Facts.unpacked(json.loads(json.dumps(facts.packed()))) == facts
    assert Wishes.unpacked(json.loads(json.dumps(wishes.packed()))) == wishes
    assert Facts.unpacked({}) == Facts() and Facts().packed() == {} == Wishes().packed()
    assert len(json.dumps(facts.packed(), ensure_ascii=False, separators=(",", ":"))) < 330


@pytest.mark.parametrize(("deadline", "modes", "level"), [
    (date(2027, 3, 1), ("licence",), 7), (date(2028, 3, 1), ("licence",), 6), (date(2031, 1, 1), (), 5), (None, ("licence",), None),
    (date(2027, 3, 1), ("licence", "joint_development"), None),
])
def test_the_maturity_it_takes_follows_from_the_deadline(deadline, modes, level):
    assert level_for(DAY, deadline, modes) == level


@pytest.mark.parametrize(("text", "low", "high", "currency"), [
    ("毛刺太多，预算20万元", None, 20_000_000, "CNY"), ("总投资控制在50万以内", None, 50_000_000, "CNY"), ("预算50万以上", 50_000_000, None, "CNY"),
    ("预算20万到30万元", 20_000_000, 30_000_000, "CNY"), ("Budget about $250k.", None, 25_000_000, "USD"),
    ("Budget CNY 100,000, samples soon", None, 10_000_000, "CNY"), ("we can spend 3,000,000 yen, budget is tight", None, 3_000_000, "JPY"),
])
def test_a_budget_is_read_from_a_text(text, low, high, currency):
    assert text_wishes(text).budget == Amount(low, high, currency)


@pytest.mark.parametrize("text", ["单价四百以内", "每片贵四十多块", "一年赔三十万", "毛刺太多"])
def test_other_amounts_are_no_budget(text):
    assert text_wishes(text).budget is None


@pytest.mark.parametrize(("text", "deadline"), [
    ("三个月内交样", date(2027, 2, 1)), ("2027年3月底前完成验收", date(2027, 3, 31)), ("samples by March 2028", date(2028, 3, 31)),
    ("保质期至少十二个月", None), ("去毛刺", None),
])
def test_a_deadline_is_read_from_a_text(text, deadline):
    assert text_wishes(text, DAY).deadline == deadline
    assert text_wishes(text).trl is None


@pytest.mark.parametrize(("text", "left"), [
    ("您好，我们做手术钳，毛刺太多。要求毛刺不超过0.02毫米，预算20万元，三个月内交样。谢谢！", "我们做手术钳，毛刺太多。要求毛刺不超过0.02毫米"),
    ("希望三个月内做出防腐涂层样机，总投资控制在50万以内", "希望做出防腐涂层样机"),
    ("Hello, milling one forceps takes 40 minutes. Budget about $250k, prototypes within three months. Thanks in advance!",
     "milling one forceps takes 40 minutes."),
    ("Each unit costs 40 dollars, which is too much.", "Each unit costs 40 dollars, which is too much."),
    ("预算20万元", "预算20万元"), ("谢谢", "谢谢"), ("", ""), ("？！…", "？！…"),
])
def test_asides_are_left_out_and_quantities_kept(text, left):
    assert without_asides(text) == left


@pytest.mark.parametrize("text", [
    "毛" * 20_000, "1,2;3." * 4_000, "预算" * 5_000 + "20万", "\ud800预算20万", "five thousand and thousand", "2027年13月99日前，9999999999个月内交样",
])
def test_odd_texts_never_raise(text):
    assert isinstance(without_asides(text), str)
    assert text_wishes(text, DAY) is not None and figures(text) is not None


def test_number_words_with_and_in_them():
    assert [one.low for one in quantities("at least five thousand pieces, two hundred and fifty thousand metres")] == [5_000, 250_000]


def test_units_of_one_dimension_have_one_base():
    assert {rules.base_unit(unit)[0] for unit in ("um", "mm", "m", "inch")} == {"mm"}
    assert rules.base_unit("degF")[1:] == pytest.approx((5 / 9, -160 / 9))
    assert rules.base_unit("HRC") == ("HRC", 1.0, 0.0)
